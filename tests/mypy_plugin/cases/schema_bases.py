# A class whose bases say nothing of fields is none that can be stored.

import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from pydantic import BaseModel

from graflow import TaskExecutionContext

class Abstract(ABC):
    @abstractmethod
    def work(self) -> None: ...
class Shape(Protocol):
    size: int
class Name(str): ...
class Failure(ValueError): ...
class Numbers(dict): ...  # type: ignore[type-arg]
class Deep(Abstract):
    def work(self) -> None: ...

@dataclass
class Data(ABC):
    size: int
class Model(BaseModel, ABC):
    size: int
class Color(str, Enum):
    RED = "red"
class Custom(str):
    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: object) -> None: ...

def bad(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Abstract)  # E: Schema "Abstract" can't be stored in a channel: it is a "Abstract", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Shape)  # E: Schema "Shape" can't be stored in a channel: it is a "Shape", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Name)  # E: Schema "Name" can't be stored in a channel: it is a "Name", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Failure)  # E: Schema "Failure" can't be stored in a channel: it is a "Failure", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Numbers)  # E: Schema "Numbers" can't be stored in a channel: it is a "Numbers", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(Deep)  # E: Schema "Deep" can't be stored in a channel: it is a "Deep", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
    ctx.get_typed_channel(logging.Logger)  # E: Schema "Logger" can't be stored in a channel: it is a logger  [graflow-schema]
    ctx.get_typed_channel(list[Failure])  # E: Schema "list[Failure]" can't be stored in a channel: field "[]" is a "Failure", which is not a TypedDict, dataclass or pydantic model  [graflow-schema]
def good(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Data)
    ctx.get_typed_channel(Model)
    ctx.get_typed_channel(Color)
    ctx.get_typed_channel(Custom)
