# Classes that hold themselves are no endless search.

# === app/models.py
from typing import TypedDict

class Node(TypedDict):
    children: "list[Node]"
    size: int

# === app/make.py
from app.models import Node
from graflow import TaskExecutionContext

def make(ctx: TaskExecutionContext, node: Node) -> None:
    ctx.get_typed_channel(Node).set("node", node)  # E: Channel key "node" is used as "app.models.Node" here, but as "app.shop.Node" in app.shop.show (app.models.Node.size: int, app.shop.Node.size: str)  [graflow-key-type]

# === app/shop.py
from typing import TypedDict

from graflow import TaskExecutionContext

class Node(TypedDict):
    children: "list[Node]"
    size: str

def show(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Node).get("node")  # E: Channel key "node" is used as "app.shop.Node" here, but as "app.models.Node" in app.make.make (app.shop.Node.size: str, app.models.Node.size: int)  [graflow-key-type]
