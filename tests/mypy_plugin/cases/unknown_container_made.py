# A container that is made by a call is no channel.

from collections import Counter, defaultdict
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext, names: list[str]) -> None:
    groups: dict[str, list[str]] = defaultdict(list)
    plain = dict(a={"b": 1})
    counts = Counter(names)
    for name in names:
        groups[name[0]].append(name)
        plain.update({name: {}}, c={})
        counts.update([name], b=1)
    ctx.get_channel().get("key")  # E: Channel key "key" is read but never written  [graflow-key-unknown]
