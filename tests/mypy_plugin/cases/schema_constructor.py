# The constructor of a typed channel is looked at too.

from graflow import Channel, TypedChannel

class Plain:
    pass
def use(channel: Channel) -> None:
    TypedChannel(channel, Plain)  # E: Schema "Plain" can't be stored in a channel: it is a "Plain", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    TypedChannel(channel, schema=list[Plain])  # E: Schema "list[Plain]" can't be stored in a channel: field "[]" is a "Plain", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
