"""A program of ten modules that use each other's keys, and random edits to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

__all__ = ["Program"]

_KEYS = ("user", "usre", "order", "orders", "logs", "log", "count", "state")
_IDS = ("load", "laod", "store", "report", "clean")
_RETURNS = ("int", "str", "list[int]", "Item", "None", "int | None")
_FIELDS = ("name: str", "price: float", "count: int", "note: NotRequired[str]", "step: Made")
_USES = (
    'ctx.get_channel().set("{key}", {number})',
    'ctx.get_channel().append("{key}", {number})',
    'ctx.get_channel().get("{key}")',
    'ctx.get_channel().atomic_add("{key}")',
    'ctx.get_typed_channel({schema}).set("{key}", given)',
    'ctx.get_typed_channel({schema}).append("{key}", given)',
    'ctx.get_typed_channel({schema}).get("{key}")',
    'ctx.get_typed_channel({schema}).get_list("{key}")',
    "ctx.get_typed_channel({schema}).get({constant})",
    "ctx.get_channel().set({constant}, given)",
    "ctx.get_typed_channel({schema}).get({quiet_constant})",
    "workflow('w').execute(initial_channel=start{number})",
    'ctx.get_channel().set("{key}:" + given, 1)',
    "ctx.get_channel().set(given, 1)",
    'given.set("{key}", 1)',
    'shared{number}(given).set("{key}", given)',
    'reveal_type(ctx.get_result("{id}"))',
    'reveal_type(ctx.get_result("{id}", default=None))',
    'reveal_type(ctx.get_keyed_channel({schema}).get("name"))',
    'ctx.get_keyed_channel({schema}).set("price", given)',
    "workflow('w').execute(start_node=\"{id}\")",
    'fetch{number}(task_id="{id}", {key}="{key}")',
    "fetch{number}(task_id=given) >> fetch{number}",
)

_SHARED = ("KEY", "S", "fetch", "key", "shared", "start")
_TWEAKS = (
    "app.m{n}.key{n} = 'order'",
    "app.m{n}.start{n}['{key}'] = 1",
    "app.m{n}.start{n}.update({key}=1)",
    "print(app.m{n}.start{n}, app.m{n}.key{n})",
    "list(map(print, app.m{n}.start{n}))",
)
"""What a module that has nothing else of interest does to the constants of the others."""


@dataclass
class Module:
    """What a module has; each list is one kind of its lines."""

    schema: list[str] = field(default_factory=list)
    base: int | None = None
    constant: str = "user"
    is_changing: bool = False
    has_alias: bool = True
    tasks: list[tuple[str, str, bool, int | None]] = field(default_factory=list)
    uses: list[str] = field(default_factory=list)
    imports: set[int] = field(default_factory=set)
    is_broken: bool = False
    is_there: bool = True
    blank: int = 0


class Program:
    """A program in a folder, which changes at random; the same seed gives the same edits."""

    def __init__(self, folder: Path, seed: int) -> None:
        """Write the program as it is at first."""
        self._random = Random(seed)
        self._package = folder / "app"
        self._package.mkdir(parents=True)
        (self._package / "__init__.py").touch()
        self._modules = [Module() for _ in range(10)]
        for module in self._modules:
            for _ in range(2):
                self._add_use(module)
            self._change_schema(module)
            self._add_task(module)
        self._tweaks: set[tuple[int, str]] = set()
        self._written: dict[str, str] = {}
        self._time = 1_700_000_000
        self._write()

    def edit(self) -> str:
        """Change something, write it, and return what was done."""
        edits = (
            *(self._add_use, self._drop_use, self._move_use, self._rename),
            *(self._add_task, self._drop_task, self._move_task, self._rename),
            *(self._change_schema, self._change_base, self._change_constant, self._change_alias),
            *(self._import, self._tweak, self._shift, self._break, self._remove),
        )
        for module in self._modules:  # nothing else is seen while something is broken
            is_out = module.is_broken or not module.is_there
            if is_out and self._random.random() < 0.7:
                module.is_broken, module.is_there = False, True
        chosen = self._random.choice(edits)
        number = self._random.randrange(len(self._modules))
        chosen(self._modules[number])
        self._write()
        return f"{chosen.__name__.strip('_')} in m{number}"

    def _add_use(self, module: Module) -> None:
        use = self._random.choice(_USES).format(
            key=self._random.choice(_KEYS),
            id=self._random.choice(_IDS),
            schema=f"S{self._random.randrange(10)}",
            constant=f"KEY{self._random.randrange(10)}",
            quiet_constant=f"key{self._random.randrange(10)}",
            number=self._random.randrange(10),
        )
        module.uses.insert(self._random.randrange(len(module.uses) + 1), use)

    def _drop_use(self, module: Module) -> None:
        if module.uses:
            module.uses.pop(self._random.randrange(len(module.uses)))

    def _move_use(self, module: Module) -> None:
        if module.uses:
            self._random.choice(self._modules).uses.append(module.uses.pop())

    def _rename(self, module: Module) -> None:
        if module.uses:
            at = self._random.randrange(len(module.uses))
            for key in _KEYS:
                if f'"{key}"' in module.uses[at]:
                    other = self._random.choice(_KEYS)
                    module.uses[at] = module.uses[at].replace(f'"{key}"', f'"{other}"')
                    break

    def _add_task(self, module: Module) -> None:
        returns, task_id = self._random.choice(_RETURNS), self._random.choice(_IDS)
        alias = self._random.randrange(10) if self._random.random() < 0.3 else None
        module.tasks.append((task_id, returns, self._random.random() < 0.3, alias))

    def _drop_task(self, module: Module) -> None:
        if module.tasks:
            module.tasks.pop(self._random.randrange(len(module.tasks)))

    def _move_task(self, module: Module) -> None:
        if module.tasks:
            self._random.choice(self._modules).tasks.append(module.tasks.pop(0))

    def _change_schema(self, module: Module) -> None:
        module.schema = self._random.sample(_FIELDS, self._random.randrange(1, 4))

    def _change_base(self, module: Module) -> None:
        mine = self._modules.index(module)
        module.base = self._random.choice((None, *range(mine)))

    def _change_constant(self, module: Module) -> None:
        module.constant = self._random.choice(_KEYS)
        module.is_changing = self._random.random() < 0.2

    def _change_alias(self, module: Module) -> None:
        module.has_alias = not module.has_alias

    def _import(self, module: Module) -> None:
        module.imports ^= {self._random.randrange(10)}

    def _tweak(self, module: Module) -> None:
        number = self._modules.index(module)
        key = self._random.choice(_KEYS)
        if self._random.random() < 0.5:
            line = self._random.choice(_TWEAKS).format(n=number, key=key)
            self._tweaks.add((number, line))
        elif self._tweaks:
            self._tweaks.remove(self._random.choice(sorted(self._tweaks)))

    def _shift(self, module: Module) -> None:
        module.blank = self._random.randrange(3)

    def _break(self, module: Module) -> None:
        module.is_broken = True

    def _remove(self, module: Module) -> None:
        module.is_there = False

    def _write(self) -> None:
        self._time += 1  # mypy takes files of one size and one second for the same
        for number, module in enumerate(self._modules):
            self._put(f"m{number}.py", _source(number, module) if module.is_there else None)
        self._put("tweaks.py", _tweaking(self._tweaks))

    def _put(self, name: str, source: str | None) -> None:
        path = self._package / name
        if source is None:
            path.unlink(missing_ok=True)
            self._written.pop(name, None)
        elif self._written.get(name) != source:
            path.write_text(source)
            os.utime(path, (self._time, self._time))
            self._written[name] = source


def _tweaking(tweaks: set[tuple[int, str]]) -> str:
    modules = sorted({number for number, _ in tweaks})
    # Mypy loses the dependency that is in `from app import m1` when `m1` goes, plugin or not.
    lines = [f"import app.m{number}" for number in modules]
    lines += ["def tweak() -> None:", *(f"    {line}" for _, line in sorted(tweaks)), "    return"]
    return "\n".join(lines) + "\n"


def _shared(number: int) -> str:
    return f"from app.m{number} import {', '.join(f'{each}{number}' for each in _SHARED)}"


def _source(number: int, module: Module) -> str:
    body = "\n".join(module.uses)
    needed = {n for n in range(10) if any(f"{each}{n}" in body for each in _SHARED)}
    aliases = {alias for *_, alias in module.tasks if alias is not None}
    base = "TypedDict" if module.base is None else f"S{module.base}"
    lines = [
        *[""] * module.blank,
        "from typing import Any",
        "from typing_extensions import NotRequired, TypedDict",
        "from graflow import TaskExecutionContext, task, workflow",
        *(_shared(n) for n in sorted(needed - {number})),
        *(f"import app.m{n}" for n in sorted(module.imports)),
        *([f"from app.m{module.base} import S{module.base}"] if module.base is not None else []),
        *(f"from app.m{n} import step{n}" for n in sorted(aliases - {number})),
        *([f"from graflow import task as step{number}"] if module.has_alias else []),
        f'KEY{number} = "{module.constant}"',
        f'key{number} = "{module.constant}"',
        f'start{number}: dict[str, object] = {{"{module.constant}": 1}}',
        "class Made: ...",
        "class Item(TypedDict):",
        f"    field{number % 3}: int",
        f"class S{number}({base}):",
        *(f"    {each}" for each in module.schema),
        f"def shared{number}(channel: Any) -> Any: ...",
        "@task",
        f"def fetch{number}({module.constant}: int, given: S{number} | None = None) -> None: ...",
    ]
    if module.is_changing:
        lines += ["def change() -> None:", f"    global KEY{number}", f"    KEY{number} = ''"]
    for at, (task_id, returns, is_async, alias) in enumerate(module.tasks):
        lines += [f'@{"task" if alias is None else f"step{alias}"}("{task_id}")']
        lines += [f"{'async ' * is_async}def task{at}() -> {returns}: ..."]
    lines += [
        "@task(inject_context=True)",
        f"def run{number}(ctx: TaskExecutionContext, given: Any) -> None:",
        *(f"    {use}" for use in module.uses),
        "    )" if module.is_broken else "    return None",
    ]
    return "\n".join(lines) + "\n"
