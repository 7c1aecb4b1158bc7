"""The plugin's section in mypy's configuration, and what can be wrong with it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from mypy.options import Options

from graflow_mypy.options import PluginOptions, read_options
from graflow_mypy.source.files.discovery import find_sources
from graflow_mypy.source.files.neighbours import find_neighbours
from tests.made_once import MadeOnce
from tests.mypy_plugin.runs import run_mypy

SOURCE = """
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get("key")
"""

TASKS = """
from acme.report.keys import USER
from graflow import TaskExecutionContext, task

@task
def load() -> int:
    return 1

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().set(USER, 1)
    ctx.get_channel().get("user")
    ctx.get_channel().get("usre")
    reveal_type(ctx.get_result("load"))
"""


@pytest.fixture(scope="module")
def filled(made_once: MadeOnce) -> Path:
    """A cache of mypy that has graflow and all that it imports, and nothing of the plugin."""

    def fill(folder: Path) -> None:
        said, status = check(folder, "mypy.ini", "[mypy]\nplugins = graflow_mypy\n")
        assert status == 1, said
        shutil.rmtree(folder / "cache/graflow_mypy")

    return made_once("filled", fill) / "cache"


@pytest.fixture
def folder(tmp_path: Path, filled: Path) -> Path:
    """A folder with such a cache."""
    shutil.copytree(filled, tmp_path / "cache")
    return tmp_path


def check(folder: Path, name: str, config: str) -> tuple[str, int]:
    """Return what mypy says with a configuration, and its exit status."""
    (folder / name).write_text(config)
    (folder / "main.py").write_text(SOURCE)
    arguments = ["--config-file", name, "--cache-dir", "cache", "main.py"]
    out, err, status = run_mypy(folder, arguments)
    return out + err, status


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("pathz = main.py", 'unknown option "pathz"; did you mean "paths"?'),
        ("color = red", 'unknown option "color"'),
        ("paths = nowhere", 'paths: there is no "nowhere"'),
        ("exclude = (", 'exclude: "(" is not a regular expression'),
        ("graflow-schema = maybe", 'graflow-schema must be "error" or "off", not "maybe"'),
        ("graflow-schema = note", 'graflow-schema must be "error" or "off", not "note"'),
        (
            "graflow-unjudged = warning",
            'graflow-unjudged must be "error" or "off" or "note", not "warning"',
        ),
    ],
)
def test_a_wrong_option_is_an_error(tmp_path: Path, option: str, message: str) -> None:
    """Mypy stops, and says what is wrong and where, without a traceback."""
    config = f"[mypy]\nplugins = graflow_mypy\n[graflow_mypy]\n{option}\n"
    said, status = check(tmp_path, "mypy.ini", config)
    assert said.startswith(f"mypy.ini: error: [graflow_mypy] {message}")
    assert "Traceback" not in said
    assert status == 2


def test_options_in_toml(folder: Path) -> None:
    """`pyproject.toml` has the same options, as lists."""
    config = '[tool.mypy]\nplugins = ["graflow_mypy"]\n[tool.graflow_mypy]\n'
    said, status = check(folder, "pyproject.toml", config)
    assert "[graflow-key-unknown]" in said
    assert status == 1
    said, status = check(folder, "pyproject.toml", config + 'external_keys = ["k*"]\n')
    assert status == 0, said
    said, status = check(folder, "pyproject.toml", config + "graflow-key-unknown = false\n")
    assert status == 0, said


def test_links_to_the_documentation(folder: Path) -> None:
    """Where mypy is asked for links, each code gets one, to its section; else none."""
    config = "[mypy]\nplugins = graflow_mypy\n"
    assert "docs/mypy.md" not in check(folder, "mypy.ini", config)[0]
    shutil.rmtree(folder / "cache")
    said, status = check(folder, "mypy.ini", config + "show_error_code_links = True\n")
    assert said.count("note: See docs/mypy.md#graflow-key-unknown of graflow for more info") == 1
    assert status == 1


def test_a_code_that_mypy_disables_is_not_reported(folder: Path) -> None:
    """Mypy's own option works for the plugin's codes."""
    config = "[mypy]\nplugins = graflow_mypy\ndisable_error_code = graflow-key-unknown\n"
    assert check(folder, "mypy.ini", config)[1] == 0


def test_an_option_that_changes_is_seen_with_a_cache(folder: Path) -> None:
    """What was said before is said no more."""
    config = "[mypy]\nplugins = graflow_mypy\n[graflow_mypy]\n"
    assert check(folder, "mypy.ini", config)[1] == 1
    assert check(folder, "mypy.ini", config + "graflow-key-unknown = off\n")[1] == 0
    assert check(folder, "mypy.ini", config)[1] == 1


@pytest.mark.parametrize("content", [b"def f(:\n", b"\xff\xfe\x00", b"x = '\\ud800'\n", b"\0"])
def test_a_file_that_cannot_be_read_does_not_stop_the_plugin(folder: Path, content: bytes) -> None:
    """It is scanned, and may write any key; mypy is not asked to check it."""
    (folder / "broken.py").write_bytes(content)
    (folder / "gone.py").symlink_to(folder / "nowhere")
    config = "[mypy]\nplugins = graflow_mypy\n[graflow_mypy]\npaths = .\n"
    said, status = check(folder, "mypy.ini", config)
    assert status in {0, 1}, said
    assert "Traceback" not in said


def test_files_that_are_not_here_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Mypy may be told by its arguments what to check; the current folder is what is known then."""
    monkeypatch.chdir(tmp_path)
    options = Options()
    options.config_file, options.files = "mypy.ini", ["elsewhere"]
    assert read_options(options) == PluginOptions((".",))
    said = capsys.readouterr().err
    assert (
        said == f'mypy.ini: note: [graflow_mypy] files: there is no "elsewhere" in "{tmp_path}"\n'
    )
    (tmp_path / "here").mkdir()
    options.files = ["here", "elsewhere"]
    assert read_options(options) == PluginOptions(("here",))


def test_the_whole_file_system_is_no_program(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is never walked; what mypy was asked to check is, if its arguments say so."""
    monkeypatch.chdir("/")
    monkeypatch.setattr("sys.argv", ["/bin/mypy", "--strict", str(tmp_path)])
    (tmp_path / "main.py").write_text(SOURCE)
    options = Options()
    found = find_sources(options, read_options(options))
    assert [each.path for each in found] == [str(tmp_path / "main.py")]
    assert not capsys.readouterr().err
    for paths in ("/",), (".",), ("/../",):
        assert find_sources(options, PluginOptions(paths)) == []
    monkeypatch.setattr("sys.argv", ["/bin/mypy", "-c", "pass"])
    assert find_sources(options, read_options(options)) == []
    assert 'set "paths" to those of your program' in capsys.readouterr().err


def test_an_import_of_the_root_of_the_file_system_is_not_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`import tmp` in `/` names no package."""
    monkeypatch.chdir("/")
    assert not find_neighbours(["tmp", "usr"], [], Options(), PluginOptions(), {}).sources


@pytest.mark.timeout(60)
def test_a_configuration_that_comes_by_a_pipe_keeps_no_one(tmp_path: Path) -> None:
    """As in `mypy --config-file <(...)`: mypy has read it, and nobody writes it again."""
    pipe = tmp_path / "mypy.ini"
    os.mkfifo(pipe)
    options = Options()
    options.config_file = str(pipe)
    assert read_options(options) == PluginOptions((".",))


def test_modules_have_the_names_that_imports_have_for_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those below `mypy_path` are named from there, as `mypy -p acme.report` does it."""
    for name in ("src/acme/report/__init__.py", "src/acme/loose.py", "src/not-a-name/other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    options = Options()
    options.mypy_path = ["src"]
    found = {each.name: each.base for each in find_sources(options, PluginOptions((".",)))}
    src = str(tmp_path / "src")
    assert found == {"acme.report": src, "acme.loose": src, "other": f"{src}/not-a-name"}


def test_a_package_below_mypy_path_is_not_external(folder: Path) -> None:
    """`mypy -p acme.report`: the keys and the types of its own modules are known."""
    package = folder / "src/acme/report"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "keys.py").write_text("USER = 'user'\n")
    (package / "tasks.py").write_text(TASKS)
    config = "[mypy]\nplugins = graflow_mypy\nmypy_path = src\n"
    (folder / "mypy.ini").write_text(config)
    out, err, _ = run_mypy(folder, ["--cache-dir", "cache", "-p", "acme.report"])
    assert not err
    lines = out.replace("builtins.", "").splitlines()  # mypy 1 says it
    assert [line.partition(": ")[2] for line in lines[:-1]] == [
        (
            'error: Channel key "usre" is read but never written; did you mean "user"?'
            "  [graflow-key-unknown]"
        ),
        'note: Revealed type is "int"',
    ]


def test_a_cache_that_is_broken_is_made_again(folder: Path) -> None:
    """The plugin's own files beside mypy's cache may be lost or damaged."""
    config = "[mypy]\nplugins = graflow_mypy\n"
    before = check(folder, "mypy.ini", config)
    kept = list((folder / "cache/graflow_mypy").rglob("*.json"))
    for damage in ("[1, {", "[]", "{}", "3"):
        for path in kept:
            path.write_text(damage)
        assert check(folder, "mypy.ini", config) == before
