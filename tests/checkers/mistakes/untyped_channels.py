"""Channels without a schema."""

from graflow import TaskExecutionContext


class Owner:
    name = "Ann"


def store(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.set("status", "ready")  # right: misspelled operation
    channel.put("status", "ready")  # mistake: misspelled operation
    channel.set("greeting", "hello")  # right: missing value
    channel.set("greeting")  # mistake: missing value
    channel.set("token", "abc", ttl=60)  # right: TTL
    channel.set("token", "abc", ttl="60")  # mistake: TTL
    channel.atomic_add("visits", 2)  # right: amount
    channel.atomic_add("visits", "2")  # mistake: amount
    channel.append("log", "started")  # right: list is a value elsewhere
    channel.append("steps", "started")  # mistake: list is a value elsewhere
    channel.set("steps", "")  # beside: list is a value elsewhere
    channel.touch("token", 60)  # right: missing TTL
    channel.touch("token")  # mistake: missing TTL
    channel.set("owner", {"name": "Ann"})  # right: value that can't be stored
    channel.set("owner", Owner())  # mistake: value that can't be stored
    channel.set_many({"width": 3, "height": 4})


def read(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    print(channel.get("status"))  # right: misspelled key
    print(channel.get("staus"))  # mistake: misspelled key
    print(channel.get("log"))  # right: misspelled key of a list
    print(channel.pop("lgo"))  # mistake: misspelled key of a list
    print(channel.get_many(["width", "height"]))  # right: brackets around several keys
    print(channel.get_many("width", "height"))  # mistake: brackets around several keys
    print(channel.get("token"))  # right: type of a key
    print(channel.get(1))  # mistake: type of a key
    print(list(channel.keys()))  # right: iteration
    print(list(channel))  # mistake: iteration
    print((channel.ttl("token") or 0) < 60)  # right: TTL is None
    print(channel.ttl("token") < 60)  # mistake: TTL is None
    print(channel.get("greeting"))  # right: subscript
    print(channel["greeting"])  # mistake: subscript
    print(ctx.get_typed_channel(str).get("greeting"))  # right: schema of what is read
    print(ctx.get_typed_channel(int).get("width in words"))  # mistake: schema of what is read
    channel.set("width in words", "three")  # beside: schema of what is read
