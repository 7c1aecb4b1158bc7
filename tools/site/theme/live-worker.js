// The Python of a page, in a thread of its own, so that the page goes on whatever runs here.
import { loadPyodide } from "../live/pyodide.mjs";

const LIVE = new URL("../live/", import.meta.url);
const tell = (kind, text = "") => postMessage({ kind, text });

// Errors are shown as in a terminal, without the lines of what runs the block.
const PRELUDE = `
import sys, traceback, warnings
from pyodide.code import eval_code_async

async def run_block(code):
    try:
        await eval_code_async(code, globals=__main__.__dict__, filename="page.py", return_mode="none")
    except BaseException as error:
        frames = error.__traceback__
        while frames and frames.tb_frame.f_code.co_filename != "page.py":
            frames = frames.tb_next
        lines = traceback.format_exception(type(error), error, frames)
        return "".join(lines)

import __main__
# A page's thread always has an event loop: that it is held up here is not the reader's concern.
warnings.filterwarnings("ignore", "execute blocks the event loop")
import graflow
`;

async function load() {
  const names = (await (await fetch(new URL("archives.txt", LIVE))).text()).trim().split("\n");
  const archives = names.map(async (name) => {
    const answer = await fetch(new URL(name, LIVE));
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    return [name, await answer.arrayBuffer()];
  });
  const pyodide = await loadPyodide({ indexURL: LIVE.href, packageBaseUrl: LIVE.href });
  for (const [name, content] of await Promise.all(archives)) {
    pyodide.unpackArchive(content, name.endsWith(".whl") ? "wheel" : "zip", {
      extractDir: "/lib/python3.14/site-packages",
    });
  }
  const decoder = new TextDecoder();
  const write = (bytes) => (tell("printed", decoder.decode(bytes, { stream: true })), bytes.length);
  pyodide.setStdout({ write });
  pyodide.setStderr({ write });
  const space = pyodide.toPy({ __name__: "live" });
  await pyodide.runPythonAsync(PRELUDE, { globals: space });
  return space.get("run_block");
}

const ready = load();

onmessage = async ({ data: { parts } }) => {
  let run;
  try {
    run = await ready;
  } catch (error) {
    return tell("failed", `Python could not be loaded: ${error.message}`);
  }
  tell("begun");
  let failed = null;
  for (const part of parts) {
    failed = await run(part);
    if (failed) break;
  }
  if (failed) tell("error", failed);
  tell("ended", failed ? "error" : "");
};
