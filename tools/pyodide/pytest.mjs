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
const main = pyodide.runPython(`
import sys
from types import ModuleType


def main(root, arguments):
    sys.path[:0] = [root, f"{root}/stubs", f"{root}/.pyodide/site"]
    sys.dont_write_bytecode, sys.pycache_prefix = False, f"{root}/.pyodide/cache"
    for name in ("_multiprocessing", "_posixshmem", "grp", "resource"):
        sys.modules[name] = ModuleType(name)  # so that tests are imported, and those left out counted
    sys.modules["_posixshmem"].shm_unlink = None
    import pytest

    # All tests share one event loop, which some of them shut down.
    shared = "ignore:asynchronous generator .* was scheduled after:ResourceWarning"
    return int(pytest.main([*arguments, "-o", "timeout=0", "-W", shared]))


main
`);
process.exit(await main.callPromising(root, process.argv.slice(2)));
