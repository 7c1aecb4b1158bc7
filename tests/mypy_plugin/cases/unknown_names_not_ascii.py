# The names of constants may have letters of any script.

# === app/schlüssel.py
größe = "größe"
maß = "maß"

# === app/ändern.py
from app import schlüssel

def ändere(wert: str) -> None:
    schlüssel.größe = wert

# === app/use.py
from app import schlüssel
from graflow import TaskExecutionContext

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_channel().get(schlüssel.größe)
    ctx.get_channel().get(schlüssel.maß)  # E: Channel key "maß" is read but never written  [graflow-key-unknown]
