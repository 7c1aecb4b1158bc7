// The page: its frame, and what the address asks for in it.

import { ask } from "./api.js";
import { showChannels } from "./channels.js";
import { closeDrawer } from "./drawer.js";
import { el, plain, say } from "./dom.js";
import { showKeys } from "./keys.js";
import { follow } from "./live.js";
import { here, to } from "./route.js";
import { showRun } from "./run.js";
import { showRuns } from "./runs.js";

const main = document.getElementById("main");
let leave = () => {};
let about = null;

// The token has become a cookie; nobody needs to see it, or to copy it by mistake.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

// As a link it would lead away: the part after the # is the place in the page.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

function welcome() {
  const text = "Choose a channel to see its runs and its keys.";
  main.replaceChildren(el("p", { class: "welcome", text }));
  return () => {};
}

function show() {
  leave();
  closeDrawer(false);
  const { channel, part, run } = here();
  document.body.toggleAttribute("data-inside", Boolean(channel));
  document.title = channel ? plain(`${channel} · graflow`) : "graflow";
  if (!channel) {
    leave = welcome();
    return;
  }
  const tab = (name, title) =>
    el("a", { href: to("channel", channel, name), "aria-current": part === name || (name === "runs" && part === "run") ? "page" : null, text: title });
  const tabs = el("nav", { class: "tabs", "aria-label": "Parts of the channel" }, tab("runs", "Runs"), tab("keys", "Keys"));
  const trail = el("nav", { class: "trail", "aria-label": "Where you are" }, el("a", { href: "#/", class: "all", text: "Channels" }));
  if (part === "run") trail.append(el("a", { href: to("channel", channel, "runs"), text: "Runs" }), el("span", { class: "mono", text: run }));
  const content = el("div", { class: "content" });
  main.replaceChildren(el("header", { class: "head" }, trail, el("h1", { class: "mono", text: channel }), tabs), content);
  if (part === "run") leave = showRun(content, channel, run);
  else leave = part === "keys" ? showKeys(content, channel, about) : showRuns(content, channel);
}

function begin() {
  say(document.getElementById("place"), about.label);
  document.getElementById("place").title = about.label;
  showChannels(document.getElementById("channels"));
  window.addEventListener("hashchange", () => {
    show();
    main.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  });
  show();
}

const stop = follow("about", async (signal) => {
  about = (await ask("about", {}, { signal })).data;
  stop();
  begin();
});
