"""Redis Cluster: which node has a channel's slot, and the route to that node; without I/O."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from redis.crc import key_slot
from redis.exceptions import ClusterDownError

from graflow.channels.redis.errors import REDIRECTIONS, code_of
from graflow.channels.redis.retrying import BROKEN, Effort, NotExecuted
from graflow.channels.redis.sending.requests import Acquaintance, Attempt, Link, Part, Sending
from graflow.system.clock import monotonic

__all__ = ["ASKED_IN_TIME", "Address", "Cluster", "ClusterRoute", "NodesRoute"]

Address = tuple[str, int]
"""Host and port of a node."""

ASKED_IN_TIME: Final = 5
"""How many nodes an operation can ask for what it needs to know, if none but the last answers."""

_REDIRECTION = re.compile(r"(\d+) (\S*):(\d+)$")


class Cluster:
    """What is known of a cluster, shared by channels: nodes and their slots.

    It learns as the nodes tell: all of the table when an owner is unknown or out of reach, and
    one slot when a node says that the slot has moved.
    """

    def __init__(
        self,
        nodes: Iterable[Address],
        connect: Callable[[Address], Link],
        remap: Callable[[Address], Address] | None = None,
    ) -> None:
        """Begin with what is known.

        Args:
            nodes: Some nodes of the cluster, of which one must answer.
            connect: Returns a link to one node; it does no I/O yet.
            remap: Returns where a node can be reached that goes by this address in the cluster.
        """
        self._known = tuple(nodes)
        self._connect = connect
        self._remap = remap
        self._links: dict[Address, Link] = {}
        self._ranges: Sequence[tuple[int, int, Address]] = ()
        self._moved: dict[int, Address] = {}

    def node(self, address: Address) -> Link:
        """Return the link to a node."""
        link = self._links.get(address)
        if link is None:
            link = self._links.setdefault(address, self._connect(address))
        return link

    def owner(self, slot: int) -> Address | None:
        """Return the node that has the slot, as far as is known."""
        owner = self._moved.get(slot)
        if owner is None:
            for first, last, owner in self._ranges:
                if first <= slot <= last:
                    return owner
            return None
        return owner

    @property
    def primaries(self) -> list[Address]:
        """The nodes that have slots, as far as is known."""
        return sorted({owner for _, _, owner in self._ranges})

    def address(self, host: str, port: int, asked: Address) -> Address:
        """Return where a node can be reached that `asked` told about, maybe without a host."""
        address = (host or asked[0], port)
        return address if self._remap is None else self._remap(address)

    def move(self, slot: int, owner: Address) -> None:
        """Take a node's word that the slot has moved."""
        self._moved[slot] = owner

    def refresh(
        self, effort: Effort | None, deadline: float, avoid: Address | None
    ) -> Sending[None]:
        """Ask one node after the other for the table of slots, until one answers.

        Args:
            effort: As for an attempt.
            deadline: When the operation must have ended. Each node has a share of the time.
            avoid: The node to ask last.

        Raises:
            NotExecuted: No node answered.
        """
        nodes = random.sample(self._known, len(self._known))
        nodes.sort(key=lambda node: node == avoid)
        for left, asked in zip(range(len(nodes), 0, -1), nodes, strict=True):
            now = monotonic()
            until = now + max(0.0, deadline - now) / (min(left, ASKED_IN_TIME) + 1)
            question = ("CLUSTER", "SLOTS")
            try:
                table = yield Attempt(self.node(asked), question, effort, until, shared=True)
            except (*BROKEN, NotExecuted) as error:
                if left == 1 or monotonic() > deadline:
                    cause = error.__cause__ if isinstance(error, NotExecuted) else error
                    raise NotExecuted from cause
            else:
                self._learn(table, asked)
                return

    def _learn(self, table: Sequence[Any], asked: Address) -> None:
        ranges = []
        known = set()
        for first, last, *nodes in table:
            addresses = [
                self.address((host or b"").decode(), port, asked) for host, port, *_ in nodes
            ]
            ranges.append((first, last, addresses[0]))
            known.update(addresses)
        if ranges:
            self._known, self._ranges, self._moved = tuple(known), ranges, {}
            for gone in self._links.keys() - known:
                self._links.pop(gone, None)


class ClusterRoute:
    """The route of the commands of one channel, whose keys are all in one slot.

    While the slot is on its way from one node to another, a command goes to the new one if the
    old one says so (`ASK`), and waits if its keys are divided between both (`TRYAGAIN`).
    """

    repeats: Final = False

    def __init__(self, cluster: Cluster, key: bytes) -> None:
        """Send to the node of `key`."""
        self._cluster = cluster
        self._slot = key_slot(key)
        self._unknown = Acquaintance()

    @property
    def link(self) -> Link | None:
        """The way to the owner of the slot, as far as is known."""
        owner = self._cluster.owner(self._slot)
        return None if owner is None else self._cluster.node(owner)

    @property
    def acquaintance(self) -> Acquaintance:
        """What is known of the owner of the slot."""
        link = self.link
        return self._unknown if link is None else link.acquaintance

    def attempt(
        self,
        command: Sequence[Part],
        effort: Effort | None,
        deadline: float,
        writes: bool,
        *,
        shared: bool = False,
    ) -> Sending[Any]:
        """Send the command to the owner of the slot, or where the attempt before was sent on."""
        cluster, failure = self._cluster, None if effort is None else effort.failure
        owner = cluster.owner(self._slot)
        code = code_of(failure)
        if code in REDIRECTIONS:
            target = self._target(str(failure), owner)
            if code == "ASK":
                link = cluster.node(target)
                return (yield Attempt(link, command, effort, deadline, writes, asking=True))
            cluster.move(self._slot, target)
            owner = target
        elif owner is None or (failure is not None and code not in ("TRYAGAIN", "BUSY")):
            yield from cluster.refresh(effort, deadline, avoid=owner)
            owner = cluster.owner(self._slot)
        if owner is None:
            raise NotExecuted from ClusterDownError("no node has the channel's slot")
        link = cluster.node(owner)
        return (yield Attempt(link, command, effort, deadline, writes, shared=shared))

    def _target(self, redirection: str, owner: Address | None) -> Address:
        found = _REDIRECTION.search(redirection)
        if found is None:
            raise ClusterDownError(f"a node redirects to an unknown address: {redirection}")
        return self._cluster.address(found[2], int(found[3]), owner or ("", 0))


class NodesRoute:
    """The route to whichever node answers, for the question which nodes there are."""

    repeats: Final = False
    link: Final = None

    def __init__(self, cluster: Cluster) -> None:
        """Ask the nodes that are known."""
        self._cluster = cluster
        self.acquaintance = Acquaintance()

    def attempt(
        self,
        command: Sequence[Part],
        effort: Effort | None,
        deadline: float,
        writes: bool,
        *,
        shared: bool = False,
    ) -> Sending[list[Address]]:
        """Ask for the table of slots, which is the command, and return the primaries in it."""
        yield from self._cluster.refresh(effort, deadline, avoid=None)
        return self._cluster.primaries
