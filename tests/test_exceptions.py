"""Exceptions: users see them in one place, whichever module they are written in."""

from __future__ import annotations

import pickle
import pickletools
import traceback

import pytest

from graflow import exceptions
from graflow.exceptions import ChannelKeyError, LockLostError, TaskFailedError

PICKLED_BEFORE = bytes.fromhex(
    "80049557010000000000008c12677261666c6f772e657863657074696f6e73948c0d5f6661696c65645f6167"
    "61696e9493942868008c0f5461736b4661696c65644572726f729493948c0f7461736b20276127206661696c"
    "65649485947d94288c08776f726b666c6f77948c0177948c047461736b948c016194757d94680b8c1c677261"
    "666c6f772e73797374656d2e7061636b65645f6572726f7273948c055f4e6f64659493942843628004955700"
    "0000000000008c12677261666c6f772e657863657074696f6e73948c0f4368616e6e656c4b65794572726f72"
    "9493948c0a6e6f206b657920276b279485947d94288c076368616e6e656c948c0163948c036b6579948c016b"
    "947587942e948c22677261666c6f772e657863657074696f6e732e4368616e6e656c4b65794572726f72948c"
    "1b4368616e6e656c4b65794572726f723a206e6f206b657920276b2794294e4e4e8974948194859473749452"
    "942e"
)
"""A `TaskFailedError` in protocol 4, from when `graflow.exceptions` was one module."""


def failed() -> TaskFailedError:
    """Return the error that was pickled."""
    lost = ChannelKeyError("no key 'k'", channel="c", key="k")
    return TaskFailedError("task 'a' failed", workflow="w", task="a", failures={"a": lost})


@pytest.mark.parametrize("name", exceptions.__all__)
def test_an_error_says_where_to_import_it_from(name: str) -> None:
    """Its class is one of `graflow.exceptions`, for users and in pickles."""
    kind = getattr(exceptions, name)
    assert kind.__module__ == "graflow.exceptions"
    assert pickle.loads(pickle.dumps(kind)) is kind


def test_a_traceback_shows_the_public_name() -> None:
    """The last line of a traceback is what one writes after `except`."""
    shown = traceback.format_exception_only(LockLostError("gone"))
    assert shown == ["graflow.exceptions.LockLostError: gone\n"]


def test_an_earlier_version_reads_the_pickle_of_a_failure() -> None:
    """No module is named in it that there was not before."""
    texts = {str(text) for _, text, _ in pickletools.genops(pickle.dumps(failed(), 4))}
    named = {text for text in texts if text.startswith("graflow") and "Error" not in text}
    assert named == {"graflow.exceptions", "graflow.system.packed_errors"}


def test_the_pickle_of_an_earlier_version_is_read() -> None:
    """A failure comes back with the errors of its tasks."""
    back = pickle.loads(PICKLED_BEFORE)
    assert type(back) is TaskFailedError
    assert (str(back), back.workflow, back.task) == ("task 'a' failed", "w", "a")
    lost = back.failures["a"]
    assert type(lost) is ChannelKeyError
    assert (str(lost), lost.channel, lost.key) == ("no key 'k'", "c", "k")
