// Runs pytest on the CPython of Pyodide, with these arguments, and ends with its exit code.
import { loadPyodide } from "../../.pyodide/node_modules/pyodide/pyodide.mjs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const pyodide = await loadPyodide({ env: { HOME: "/home/pyodide", PYTHONHASHSEED: "0" } });
pyodide.FS.mkdirTree(root); // the same path as outside, for tracebacks
pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, root);
pyodide.FS.chdir(root);
pyodide.setStdin({ error: true });
for (const name of ["setStdout", "setStderr"]) {
  const stream = name === "setStdout" ? process.stdout : process.stderr;
  pyodide[name]({ write: (bytes) => (stream.write(bytes), bytes.length), isatty: stream.isTTY });
}
pyodide.globals.set("root", root);
pyodide.globals.set("arguments", pyodide.toPy(process.argv.slice(2)));
process.exitCode = await pyodide.runPythonAsync(`
import sys

sys.path[:0] = [root, f"{root}/stubs", f"{root}/.pyodide/site"]
sys.dont_write_bytecode, sys.pycache_prefix = False, f"{root}/.pyodide/cache"
import pytest

int(pytest.main([*arguments, "-o", "timeout=0"]))
`);
process.exit();
