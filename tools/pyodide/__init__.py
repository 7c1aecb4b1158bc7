"""Pyodide, which is CPython as WebAssembly: what fetches it, and runs tests in it on Node."""
