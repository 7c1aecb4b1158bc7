// Live blocks: each gets a Run button, and its code can be edited.
// All live blocks of a page share one Python, as the blocks of a page do everywhere else.
"use strict";
(() => {
  const ASSETS = new URL(".", document.currentScript.src);
  const LONGEST = 60; // seconds that a block may run
  let worker = null; // the page's Python, once a block was run
  let running = null; // the panel of the block that runs
  let done = new Set(); // the blocks that this Python has run

  function element(tag, name, text = "") {
    const made = document.createElement(tag);
    made.className = name;
    made.textContent = text;
    return made;
  }

  function equip(block, index, blocks) {
    const code = block.querySelector("code");
    code.contentEditable = "plaintext-only";
    code.spellcheck = false;
    code.setAttribute("aria-label", "Python code, which you can edit");
    const bar = element("div", "live-bar");
    const run = element("button", "md-button live-run", "Run");
    const stop = element("button", "md-button live-stop", "Stop");
    const state = element("span", "live-state", "runs in your browser; you can edit it");
    state.setAttribute("role", "status");
    const output = element("pre", "live-output");
    output.hidden = true;
    stop.hidden = true;
    bar.append(run, stop, state);
    block.append(bar, output);
    const panel = { block, run, stop, state, output };
    run.addEventListener("click", () => start(panel, blocks.slice(0, index + 1)));
    stop.addEventListener("click", () => end(panel, "stopped; what it had defined is gone"));
  }

  function start(panel, blocks) {
    if (running) return;
    running = panel;
    panel.run.disabled = true;
    panel.stop.hidden = false;
    panel.output.hidden = true;
    panel.output.replaceChildren();
    panel.block.dataset.live = "running";
    if (!worker) {
      panel.state.textContent = "loading Python, about 15 MB …";
      worker = new Worker(new URL("live-worker.js", ASSETS), { type: "module" });
      done = new Set();
      worker.onerror = (event) => end(panel, `Python could not be loaded: ${event.message ?? ""}`);
    }
    worker.onmessage = ({ data }) => told(panel, data);
    // What stands above it on the page comes first, unless it has been run.
    const parts = blocks
      .filter((block) => block === panel.block || !done.has(block))
      .map((block) => block.querySelector("code").textContent);
    blocks.forEach((block) => done.add(block));
    worker.postMessage({ parts });
  }

  function told(panel, { kind, text }) {
    if (kind === "begun") {
      panel.state.textContent = "running …";
      panel.timer = setTimeout(() => end(panel, `stopped after ${LONGEST} seconds`), LONGEST * 1000);
    } else if (kind === "printed" || kind === "error") {
      panel.output.hidden = false;
      panel.output.append(element("span", kind === "error" ? "live-error" : "", text));
    } else if (kind === "failed") {
      end(panel, text);
    } else if (kind === "ended") {
      rest(panel, text === "error" ? "an error" : "done");
    }
  }

  // The worker ends with its block, wherever it is; the next block gets a new one.
  function end(panel, why) {
    worker?.terminate();
    worker = null;
    rest(panel, why);
  }

  function rest(panel, why) {
    clearTimeout(panel.timer);
    running = null;
    panel.run.disabled = false;
    panel.stop.hidden = true;
    panel.state.textContent = why;
    panel.block.dataset.live = why === "done" ? "done" : "failed";
  }

  const blocks = [...document.querySelectorAll("div.highlight.live")];
  blocks.forEach(equip);
})();
