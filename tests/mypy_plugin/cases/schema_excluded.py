# A field that is never written can't be read back.

import logging
from typing import Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from graflow import TaskExecutionContext

class Job(BaseModel):
    name: str
    token: str = Field(default="", exclude=True)
class Outer(BaseModel):
    jobs: list[Job]
class Other(BaseModel):
    token: str = pydantic.Field(exclude=True)
class Kept(BaseModel):
    token: str = Field(default="", exclude=False)
class Again(Job):
    token: str = ""
class Configured(BaseModel):
    model_config = ConfigDict(extra="forbid")
    token: str = Field(default="", exclude=True)
class Logging(BaseModel):
    logger: "logging.Logger | None" = None

def use(ctx: TaskExecutionContext) -> None:
    ctx.get_typed_channel(Job)  # E: Schema "Job" can't be stored in a channel: field "token" is left out of what is written, by its exclude=True  [graflow-schema]
    ctx.get_typed_channel(Outer)  # E: Schema "Outer" can't be stored in a channel: field "jobs[].token" is left out of what is written, by its exclude=True  [graflow-schema]
    ctx.get_typed_channel(Other)  # E: Schema "Other" can't be stored in a channel: field "token" is left out of what is written, by its exclude=True  [graflow-schema]
    ctx.get_typed_channel(Kept)
    ctx.get_typed_channel(Again)
    ctx.get_typed_channel(Configured)
    ctx.get_typed_channel(Logging)  # E: Schema "Logging" can't be stored in a channel: field "logger" is a logger  [graflow-schema]
