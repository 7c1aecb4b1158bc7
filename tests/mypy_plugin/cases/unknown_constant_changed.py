# A name that is assigned again, from a function, a class or another module, is no constant.

# === app/keys.py
CURRENT = ""
OTHER = ""
FIXED = "fixed"
def choose(name: str) -> None:
    global CURRENT
    CURRENT = name

lower = "lower"
grown = "grown"
kept_lower = "kept_lower"

class Names:
    user = "user"
    order = "order"
    kept = "kept"
    @classmethod
    def choose(cls, name: str) -> None:
        cls.user = name

class More(Names): ...

# === app/start.py
from app import keys
from app.keys import Names

def start(name: str) -> None:
    keys.OTHER = name
    Names.order = name

# === app/quiet.py
from app import keys as settings

def choose(name: str) -> None:
    settings.lower = name
    settings.grown += name

# === app/more.py
from app.keys import lower as smaller, kept_lower as same

__all__ = ["same", "smaller"]

# === app/use.py
from app.keys import CURRENT, FIXED, More, Names
from app.more import same, smaller
from app import keys
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    channel = ctx.get_channel()
    channel.get(CURRENT)
    channel.get(keys.OTHER)
    channel.get(keys.Names.user)
    channel.get(More.order)
    channel.get(FIXED)  # E: Channel key "fixed" is read but never written  [graflow-key-unknown]
    channel.get(Names.kept)  # E: Channel key "kept" is read but never written  [graflow-key-unknown]
    channel.get(keys.lower)
    channel.get(smaller)
    channel.get("the_" + keys.grown)  # E: Channel key "the_*" is read but never written  [graflow-key-unknown]
    channel.get(same)  # E: Channel key "kept_lower" is read but never written  [graflow-key-unknown]
