"""All that the author of a backend writes, and the values that it is asked with: one import.

A backend knows nothing of values, schemas or users: it keeps records under keys.
"""

from graflow.channels.backend.async_in_front import AsyncBackendInFront
from graflow.channels.backend.asynchronous import AsyncBackend
from graflow.channels.backend.extents import Extent
from graflow.channels.backend.fence import Fence
from graflow.channels.backend.in_front import BackendInFront, FencedBackend
from graflow.channels.backend.signals import Signals, Subscription
from graflow.channels.backend.synchronous import Backend
from graflow.channels.codec.codec import Record
from graflow.channels.commits.commit import (
    KEEP,
    Add,
    Answer,
    Change,
    Check,
    Commit,
    Conflict,
    Delete,
    Expire,
    Held,
    Holds,
    KeysAre,
    NotAList,
    NotANumber,
    Pop,
    Push,
    Put,
    Refusal,
    StartsWith,
    Unlocked,
)

__all__ = [
    "KEEP",
    "Add",
    "Answer",
    "AsyncBackend",
    "AsyncBackendInFront",
    "Backend",
    "BackendInFront",
    "Change",
    "Check",
    "Commit",
    "Conflict",
    "Delete",
    "Expire",
    "Extent",
    "Fence",
    "FencedBackend",
    "Held",
    "Holds",
    "KeysAre",
    "NotAList",
    "NotANumber",
    "Pop",
    "Push",
    "Put",
    "Record",
    "Refusal",
    "Signals",
    "StartsWith",
    "Subscription",
    "Unlocked",
]
