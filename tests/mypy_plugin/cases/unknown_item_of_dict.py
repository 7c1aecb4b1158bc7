# A list in a dictionary is no channel.

from collections import defaultdict
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, names: list[str]) -> None:
    groups: dict[str, list[str]] = {}
    more: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[name[0]].append(name)
        more[name[0]].append(name)
        groups.setdefault(name, []).append(name)
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]
