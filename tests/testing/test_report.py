"""The report: one entry for each cause, and how much was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
import redis
from hypothesis import given, settings, strategies
from hypothesis.errors import FlakyFailure
from typing_extensions import override

from graflow.channels.backend import Answer, Change, Check, Conflict, Push
from graflow.exceptions import ChannelServerError, ChannelTypeError
from graflow.testing import Budget, Harness, run
from graflow.testing.checks import CHECKS
from graflow.testing.report import Finding, Result, causes, report
from graflow.testing.runner import StoreGoneError
from graflow.testing.servers import server_harness
from graflow.testing.tally import Tally
from graflow.testing.trials.causes import cause_of, cause_of_difference
from graflow.testing.trials.literals import expression
from graflow.testing.trials.script import ScriptLine, script
from graflow.testing.trials.steps import Step, do
from graflow.testing.trials.trial import Broken, Trial
from tests.servers import Server, run_server
from tests.testing.broken.registry import dict_harness
from tests.testing.dict_channel import DictBackend

QUICK = [check for check in CHECKS if check.capability not in {"threads", "processes"}]


class WithoutPush(DictBackend):
    """Can't add to a list, and says so in words that differ."""

    @override
    def commit(self, checks: Sequence[Check], changes: Sequence[Change]) -> list[Answer] | Conflict:
        for change in changes:
            if isinstance(change, Push):
                raise NotImplementedError(f"can't push to {change.key!r} of {self.name}")
        return super().commit(checks, changes)


def test_one_cause_is_one_entry() -> None:
    """With a count, the checks that met it, and the shortest script."""
    budget = Budget(seed=0, examples=2, shrink=False)
    findings = list(run(dict_harness(WithoutPush), budget=budget, checks=QUICK))
    (cause,) = causes(findings)
    assert len(cause.findings) > 40
    assert all(each.is_error for each in cause.findings)
    text = report(findings, len(CHECKS))
    assert f"broken: {len(cause.findings)} checks by one error: it raised NotImplem" in text
    assert "  what could not be tried because of it:\n" in text
    assert cause.shortest.reason in text
    assert len(text.splitlines()) < 200
    assert cause.shortest.reason not in report(findings, len(CHECKS), shown=[cause.shortest])


@pytest.mark.parametrize("kind", ["redis-6.2", "valkey-9"])
def test_a_right_that_is_missing_is_one_entry(servers: Callable[[str], Server], kind: str) -> None:
    """Of hundreds of checks that fail on a server that lets nobody run scripts."""
    rights = ("+@all", "-eval", "-evalsha")
    with user(servers(kind), *rights) as url, server_harness(url) as harness:
        budget = Budget(seed=0, examples=1, shrink=False)
        findings = list(run(replace(harness, cut_reply=None), budget=budget, checks=QUICK))
    broken = [each for each in findings if each.result is Result.BROKEN]
    assert len(broken) > 300
    assert len(causes(findings)) == 1
    assert len(report(findings, len(CHECKS)).splitlines()) < 60


@contextmanager
def user(server: Server, *rights: str) -> Iterator[str]:
    """Give the URL for a user with these rights, for the length of a `with` block."""
    with redis.Redis(port=server.port) as client:
        client.execute_command("ACL", "SETUSER", "limited", "on", ">secret", "~*", *rights)
        try:
            yield server.url.replace("redis://", "redis://limited:secret@")
        finally:
            client.execute_command("ACL", "DELUSER", "limited")


@pytest.mark.parametrize(
    ("first", "second", "are_one"),
    [
        (ValueError("line 12 of 'a'"), ValueError("line 9 of 'bc'"), True),
        (ValueError("at '\\x00\\x00a' of 7"), ValueError("at '\\x00\\x00b' of 9"), True),
        (ValueError("at 0x7f01"), ValueError("at 0x7f02"), True),
        (ValueError("no command EVAL"), ValueError("no command SCAN"), False),
        (ValueError("no"), TypeError("no"), False),
        (ChannelTypeError("a", key="a"), ChannelTypeError("b", key="b"), False),
        (ChannelTypeError("'a'", key="a"), ChannelTypeError("'b'", key="b"), True),
        (
            OSError("conformance-0123abcd-7/job: gone"),
            OSError("conformance-0123abcd-12/other: gone"),
            True,
        ),
    ],
)
def test_what_varies_is_masked(first: Exception, second: Exception, are_one: bool) -> None:
    """The keys, the channel, numbers and addresses; nothing else."""
    assert (cause_of(first, ["a"]) == cause_of(second, ["bc"])) is are_one


def test_a_message_of_a_key_alone_is_told_apart_by_its_line() -> None:
    """A `KeyError` says nothing else."""

    def one() -> None:
        raise KeyError("a")

    def other() -> None:
        raise KeyError("a")

    found = []
    for function in (one, other, other):
        try:
            function()
        except KeyError as error:
            found.append(cause_of(error, ["a"]))
    assert found[0] != found[1] == found[2]


def test_outcomes_differ_by_fractions_of_a_second_alone() -> None:
    """Times to live pass while they are read."""
    one, other, third = (
        cause_of_difference("ttl", f"returned {left}", "returns None")
        for left in (49.98, 49.7, 48.0)
    )
    assert one == other != third


def test_an_error_that_leaves_a_trial_has_clause_and_script() -> None:
    """Wherever it comes from: a lock, a thread, or the check itself."""
    trial = Trial(dict_harness(DictBackend), "A clause")
    trial.check(do("set", "key", 1))
    error = ChannelServerError("out of memory")
    with pytest.raises(Broken) as caught:
        trial.__exit__(ChannelServerError, error, None)
    assert str(caught.value).startswith("A clause\n\n")
    assert "a.set('key', 1)\n# it raised ChannelServerError: out of memory" in str(caught.value)
    assert caught.value.is_error
    assert isinstance(caught.value.__cause__, ChannelServerError)


def test_a_harness_is_told_for_which_channels_time_passes() -> None:
    """If its function asks for the names: each once, however many handles there are."""
    passed: list[tuple[float, list[str]]] = []

    def advance(seconds: float, names: Sequence[str]) -> None:
        passed.append((seconds, list(names)))

    harness = replace(dict_harness(DictBackend), advance=advance)
    with Trial(harness, "A clause") as trial:
        trial.open("job")
        trial.open("job", 1)
        trial.open("other", 1)
        trial.advance(5)
        assert passed == [(5, [trial.name("job"), trial.name("other")])]


def test_a_failure_that_does_not_repeat_is_shown_as_it_was() -> None:
    """Hypothesis tries it again, and then raises a group of errors that says nothing of it."""
    failures = iter([OSError("the store is busy")])

    @given(strategies.integers())
    @settings(database=None, max_examples=1)
    def once(number: int) -> None:
        for failure in failures:
            raise failure

    with pytest.raises(FlakyFailure) as caught:
        once()
    finding = Finding.broken("mine", "ttl", "ttl: one", caught.value)
    assert finding.reason == "it raised OSError: the store is busy"
    assert finding.cause == "raised OSError: the store is busy"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("k" * 10_000 + "a", "'k' * 10000 + 'a'"),
        ("a'" + "\0" * 300, "\"a'\" + '\\x00' * 300"),
        ("ab" * 300, repr("ab" * 300)),
        ("k" * 20, repr("k" * 20)),
    ],
)
def test_a_script_abbreviates_long_text(text: str, expected: str) -> None:
    """It remains an expression that gives the same text."""
    assert expression(text) == expected
    assert eval(expected) == text
    assert eval(expression({text: [text]})) == {text: [text]}


def test_a_script_abbreviates_long_names_of_channels() -> None:
    """As it does with keys."""
    lines = [ScriptLine(Step("get", ("key",), channel="n" * 10_000))]
    assert "a = open('n' * 10000)\n" in script(lines, "", is_whole=False)


def test_the_report_says_how_much_was_tried() -> None:
    """For each backend."""
    findings = [Finding("mine", "ttl", "ttl: one", Result.HELD)]
    text = report(findings, 1, {"mine": Tally(12_345, 1, 2, 1) + Tally(1, 0, 0, 0)})
    assert text.splitlines()[-1] == (
        "tried: 12,346 operations, 1 interleaving of threads and processes, "
        "2 faults injected, 1 seen"
    )


def test_what_was_tried_is_counted() -> None:
    """Steps of edges, and what threads did at once."""
    harness: Harness = dict_harness(DictBackend)
    names = {"ttl: set without a ttl makes a key last", "threads: sums"}
    chosen = [check for check in CHECKS if str(check) in names]
    assert len(chosen) == 2
    assert all(
        found.result is Result.HELD
        for found in run(harness, budget=Budget(examples=5), checks=chosen)
    )
    assert harness.tally.interleavings >= 2
    assert harness.tally.operations > 50


@pytest.mark.parametrize("kind", ["redis-6.2", "valkey-9"])
def test_a_run_ends_when_its_server_does(kind: str) -> None:
    """At the first check that can't reach it, and its clean-up does not wait for it."""
    found: list[Finding] = []
    with run_server(kind) as server, server_harness(server.url) as harness:

        def begin(check: object) -> None:
            if check is QUICK[20]:
                server.stop()

        budget = Budget(examples=1)
        with pytest.raises(StoreGoneError, match="can't be reached any more since") as caught:
            found.extend(run(harness, budget=budget, checks=QUICK, begin=begin))
    assert caught.value.check == str(QUICK[20])
