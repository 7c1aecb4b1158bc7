"""The plugin itself: mypy's hooks, which report what is known of the module being checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

from mypy.errors import CompileError
from mypy.nodes import CallExpr, Context, MemberExpr, MypyFile, NameExpr, OpExpr, StrExpr
from mypy.options import Options
from mypy.plugin import (
    CheckerPluginInterface,
    FunctionSigContext,
    MethodSigContext,
    Plugin,
    ReportConfigContext,
)
from mypy.types import AnyType, FunctionLike, Type, get_proper_type

from graflow_mypy.hooks.declared_values import DECLARED_CHANNELS, check_values
from graflow_mypy.hooks.keyed_channels import (
    KEYED_CHANNELS,
    METHODS,
    ON_SEVERAL,
    keyed_signature,
    several_signature,
)
from graflow_mypy.hooks.mypy_types import returned, type_of, with_result
from graflow_mypy.hooks.owned_keys import KEYS, owned_signature
from graflow_mypy.hooks.reports import report_error, report_note
from graflow_mypy.hooks.task_calls import TASK_CALL, call_signature
from graflow_mypy.index.facts import Span
from graflow_mypy.index.index import Index
from graflow_mypy.messages import UNREAD
from graflow_mypy.options import PluginOptions, read_options
from graflow_mypy.source.placements import OPERATION

__all__ = ["GraflowPlugin"]

_CONTEXTS: Final = {
    "graflow.core.context.ExecutionContext",
    "graflow.core.context.TaskExecutionContext",
}
_TYPED_CHANNELS: Final = {
    "graflow.channels.aio.async_keys_channel.AsyncKeysChannel",
    "graflow.channels.aio.async_typed_channel.AsyncTypedChannel",
    "graflow.channels.typed.TypedChannel",
}
_CHANNELS: Final = {
    "graflow.channels.aio.async_channel.AsyncChannel",
    "graflow.channels.aio.async_transaction.AsyncTransaction",
    "graflow.channels.base.Channel",
    "graflow.channels.keys_channel.KeysChannel",
    "graflow.channels.memory_channel.MemoryChannel",
    "graflow.channels.redis_channel.RedisChannel",
    "graflow.channels.sqlite_channel.SQLiteChannel",
    "graflow.channels.transactions.Transaction",
    *_TYPED_CHANNELS,
    *KEYED_CHANNELS,
}
_JUDGED_CALLS: Final = {
    *_TYPED_CHANNELS,
    *KEYED_CHANNELS,
    "graflow.core.task.composition.chain",
    "graflow.core.task.composition.parallel",
}
_WORKFLOWS: Final = {
    "graflow.core.launch.async_runs.AsyncRuns",
    *(f"graflow.core.task.composition.{name}" for name in ("Chain", "Composed", "Group", "Node")),
    "graflow.core.task.task.Task",
    "graflow.core.workflow.Workflow",
}
_PRIORITY: Final = 10  # of an import that is at the top of a module


class GraflowPlugin(Plugin):
    """Checks of channels and tasks across the whole program."""

    version = ""

    def __init__(self, options: Options) -> None:
        """Read the options, and scan the program."""
        super().__init__(options)
        self._problem: CompileError | None = None
        self._mine = PluginOptions()
        try:
            self._mine = read_options(options)
        except CompileError as problem:
            self._problem = problem
        self._index = Index(options, self._mine, self.version)

    def set_modules(self, modules: dict[str, MypyFile]) -> None:
        """Take the modules that mypy has, and report a wrong option: only now can mypy show it."""
        if self._problem is not None:
            raise self._problem
        super().set_modules(modules)

    def report_config_data(self, ctx: ReportConfigContext) -> Any:
        """Return the digest of the facts about a module; mypy checks it again when this differs."""
        return self._index.of(ctx.path).digest

    def get_additional_deps(self, file: MypyFile) -> list[tuple[int, str, int]]:
        """Return the modules of the tasks whose results a module asks for."""
        if not file.path:
            return []
        self._index.note_change(file.path)
        source = self._index.source(file.path)
        if source is None:
            return []
        needs = self._index.of(file.path).needs
        return [
            (_PRIORITY, module, -1)
            for module in needs
            if module != file.fullname and self._index.has(module, source)
        ]

    def get_method_signature_hook(
        self, fullname: str
    ) -> Callable[[MethodSigContext], FunctionLike] | None:
        """Report what is wrong with a use of a key or a result."""
        if not fullname.startswith("graflow."):
            return None
        if fullname == TASK_CALL:
            return self._check_task_call
        owner, _, method = fullname.rpartition(".")
        if owner in KEYS and method == "__get__":
            return owned_signature
        if owner in KEYED_CHANNELS and method in METHODS:
            return partial(self._check_keyed, method)
        if owner in KEYED_CHANNELS and method in ON_SEVERAL:
            return partial(self._check_several, method)
        if owner in DECLARED_CHANNELS and method == "set_many":
            return self._check_values
        if owner in _CONTEXTS and method == "get_result":
            return self._check_result
        is_judged = owner in _CHANNELS or owner in _CONTEXTS or owner in _WORKFLOWS
        return self._check_method if is_judged and self._index.has_messages else None

    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], FunctionLike] | None:
        """Report a schema that can't be stored, and parameters that nothing writes."""
        return self._check_call if fullname in _JUDGED_CALLS else None

    def _check_keyed(self, method: str, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        return keyed_signature(method, ctx, self._mine.off)

    def _check_several(self, method: str, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        return several_signature(method, ctx, self._mine.off)

    def _check_values(self, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        check_values(ctx, self._mine.off)
        return ctx.default_signature

    def _check_task_call(self, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        return call_signature(ctx)

    def _check_method(self, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        return ctx.default_signature

    def _check_call(self, ctx: FunctionSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        return ctx.default_signature

    def _report(self, context: Context, api: CheckerPluginInterface) -> None:
        facts = self._index.of(api.path)
        if facts.unread is not None:
            report_error(api, Context(facts.unread.line, 0), UNREAD, facts.unread.message)
        messages = facts.messages
        if messages:
            for span in _spans(context):
                for message in messages.get(span, ()):
                    report = report_note if message.is_note else report_error
                    report(api, context, message.code, message.text)

    def _check_result(self, ctx: MethodSigContext) -> FunctionLike:
        self._report(ctx.context, ctx.api)
        signature = ctx.default_signature
        # There is one signature for each overload: that for an id returns `Any`.
        is_for_id = isinstance(get_proper_type(signature.ret_type), AnyType)
        kind = self._result(ctx.context, ctx.api) if is_for_id else None
        if kind is None:
            return signature
        has_default = len(ctx.args) > 1 and bool(ctx.args[1])
        return with_result(signature, kind, ctx.api, has_default=has_default)

    def _result(self, context: Context, api: CheckerPluginInterface) -> Type | None:
        """Return the type of the result that a call asks for, if it is known."""
        results = self._index.of(api.path).results
        found = next((results[at] for at in _spans(context) if at in results), None)
        if found is None:
            return None
        module = found.module
        source = self._index.source(api.path)
        if source is not None and source.name == module:
            module = source.module
        if found.form is None:
            return returned(self.lookup_fully_qualified(f"{module}.{found.name}"))
        return type_of(found.form, self.lookup_fully_qualified, api)


def _spans(context: Context) -> Iterator[Span]:
    """Yield the spans under which the scan may have noted a call."""
    line, end_line = context.line, context.end_line or 0
    yield line, end_line, context.end_column or 0
    if isinstance(context, CallExpr) and isinstance(context.callee, MemberExpr | NameExpr):
        first = context.args[0] if context.args else None
        text = first.value if isinstance(first, StrExpr) else ""
        yield line, end_line, f"{context.callee.name} {text}"
    elif isinstance(context, OpExpr):
        yield line, end_line, OPERATION
