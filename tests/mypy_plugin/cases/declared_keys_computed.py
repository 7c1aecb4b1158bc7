# A key that is computed where a channel has declared keys is one of those, and may not be any other.
# === app/state.py
from graflow import Key, KeyPattern, Keys, ListKey


class Base(Keys):
    log = Key(list[str])


class State(Base, prefix="st:"):
    user = Key(str)
    jobs = Key(list[int])
    visits = KeyPattern("visits:{id}", int)
    limit = 3

    @property
    def shown(self) -> str:
        return "shown"


class Below(State):
    deep = Key(str)


def chosen(name: str) -> type[State]:
    class Local(State, prefix=f"{name}/"):
        own = Key(str)

    return Local


# === app/main.py
from app.state import Base, State, chosen
from graflow import Key, KeysChannel, ListKey, TaskExecutionContext


def push(channel: KeysChannel[State], key: ListKey[int, State]) -> None:
    channel.append(key, 1)


def store(ctx: TaskExecutionContext, key: Key[str, State]) -> None:
    ctx.get_channel(State).set(key, "x")
    ctx.get_channel(State).set_many({key: "y"})


def of_a_class_that_is_chosen(ctx: TaskExecutionContext) -> None:
    keys = chosen("a")
    ctx.get_channel(keys).set(keys.user, "x")


def read(ctx: TaskExecutionContext, key: Key[str, State]) -> None:
    raw = ctx.get_channel()
    raw.get("st:user")
    raw.get("st:jobs")
    raw.get("st:visits:3")
    raw.get("st:deep")
    raw.get("log")
    raw.get("a/own")  # N: graflow: unknown keys are not judged: app/main.py:16 computes a key, perhaps "a/own" or "st:limit" or "st:usr" or 1 more
    raw.get("user")
    raw.get("st:limit")
    raw.get("st:usr")
    ctx.get_channel(State).get(key)


# === app/other.py
from graflow import Key, Keys, TaskExecutionContext


def made() -> Key[int]:
    return Key(int)


class Unclear(Keys):
    one = made()


class Clear(Keys):
    one = Key(int)
