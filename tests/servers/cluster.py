"""A Redis Cluster: three masters, one of them with a replica, and slots that can move."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import redis
from redis.crc import key_slot

from tests.servers.server import Server, wait_until

__all__ = ["Cluster", "run_cluster"]

_SLOTS = 16384


class ClusterNode(Server):
    """A server that is a node of a cluster."""

    def __init__(self, kind: str, *options: str, silence: int) -> None:
        """Choose a port whose neighbour 10,000 above, for the bus, is free as well.

        Args:
            kind: The kind of the server.
            options: Further options of its command line.
            silence: Milliseconds without an answer after which it gives another node up.
        """
        super().__init__(kind, *options)
        self._silence = silence
        while not _is_free(self.port) or not _is_free(self.port + 10_000):
            self.port = random.randrange(20_000, 50_000)
        self.client: Any = redis.Redis(port=self.port, decode_responses=True, protocol=2)

    def _arguments(self) -> list[str]:
        cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(self._silence)]
        quick = ["--cluster-replica-validity-factor", "0", "--repl-diskless-sync-delay", "0"]
        return [*super()._arguments(), *cluster, *quick]

    @property
    def id(self) -> str:
        """The name that the cluster has given it."""
        name: str = self.client.execute_command("CLUSTER", "MYID")
        return name

    def knows(self, count: int) -> bool:
        """Tell whether it finds the cluster well, with so many nodes."""
        lines: str = self.client.execute_command("CLUSTER", "INFO")
        info = dict(line.split(":") for line in lines.split())
        return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(count)

    @property
    def has_moved_all(self) -> bool:
        """Whether every slot that it was to move has moved (Valkey 9 alone)."""
        jobs = self.client.execute_command("CLUSTER", "GETSLOTMIGRATIONS")
        return all("success" in job for job in jobs)

    @property
    def view(self) -> frozenset[tuple[str, ...]]:
        """What it believes of each node: its id, the epoch of its slots, and the slots."""
        nodes: str = self.client.execute_command("CLUSTER", "NODES")
        lines = [line.split() for line in nodes.splitlines()]
        return frozenset(
            (line[0], line[6], *(slots for slots in line[8:] if slots[0] != "[")) for line in lines
        )

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.client.close()
        super().remove()


class Cluster:
    """Three masters that share the slots, and maybe a replica of the first.

    Attributes:
        masters: The nodes that were the masters at first.
        replica: The replica, if there is one.
    """

    def __init__(self, masters: list[ClusterNode], replica: ClusterNode | None) -> None:
        self.masters = masters
        self.replica = replica

    @property
    def nodes(self) -> list[ClusterNode]:
        """All nodes."""
        return self.masters if self.replica is None else [*self.masters, self.replica]

    @property
    def url(self) -> str:
        """The URL of one node."""
        return f"redis://127.0.0.1:{self.masters[-1].port}"

    def form(self) -> None:
        """Let the nodes share the slots and meet, and wait until all agree."""
        share = _SLOTS // len(self.masters) + 1
        for i, master in enumerate(self.masters):
            slots = range(i * share, min((i + 1) * share, _SLOTS))
            master.client.execute_command("CLUSTER", "ADDSLOTS", *slots)
        wait_until("the cluster is formed", self._meet)
        wait_until("the nodes agree", self._agree)
        if self.replica is not None:
            first = self.masters[0].id
            self.replica.client.execute_command("CLUSTER", "REPLICATE", first)
            replica = self.replica.client
            wait_until(
                "the replica is in sync",
                lambda: replica.info("replication").get("master_link_status") == "up",
            )

    def _meet(self) -> bool:
        """Let the nodes meet, and tell whether they do: a machine that pauses can prevent it."""
        for node in self.nodes:
            for other in self.nodes:
                if node is not other:
                    node.client.execute_command("CLUSTER", "MEET", "127.0.0.1", other.port)
        with suppress(TimeoutError):
            wait_until("all know all", self._is_complete, timeout=5)
        return self._is_complete()

    def _is_complete(self) -> bool:
        return all(node.knows(len(self.nodes)) for node in self.nodes)

    def name_on(self, master: ClusterNode) -> str:
        """Return a name of a channel whose slot is on this master at first."""
        share = _SLOTS // len(self.masters) + 1
        return next(
            name
            for name in map(str, range(1000))
            if key_slot(name.encode()) // share == self.masters.index(master)
        )

    def begin_move(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Let a slot be on its way; its keys are moved one by one with `move_keys`."""
        target.client.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.client.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)

    def move_keys(self, *keys: str, source: ClusterNode, target: ClusterNode) -> None:
        """Move keys of a slot that is on its way."""
        command = ("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        source.client.execute_command(*command)

    def keys_in(self, slot: int, node: ClusterNode) -> list[str]:
        """Return keys of the slot that this node still has."""
        found: list[str] = node.client.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1000)
        return found

    def end_move(self, slot: int, target: ClusterNode) -> None:
        """Give the slot to its new node, and wait until all nodes know of it."""
        name = target.id
        for node in [target, *(master for master in self.masters if master is not target)]:
            node.client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)
        wait_until("the nodes agree", self._agree)

    def move_slot(self, slot: int, source: ClusterNode, target: ClusterNode) -> None:
        """Let the nodes move a slot by themselves, and wait until all know of it."""
        command = ("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", target.id)
        source.client.execute_command(*command)
        wait_until("the slot has moved", lambda: source.has_moved_all)
        wait_until("the nodes agree", self._agree)

    def _agree(self) -> bool:
        return len({node.view for node in self.nodes}) == 1

    def restart(self) -> None:
        """Kill all nodes, start them again, and wait until the cluster serves every slot."""
        for node in self.nodes:
            node.stop()
        for node in self.nodes:
            node.start()
        wait_until("the cluster is back", self._is_complete)

    def flush(self) -> None:
        """Empty the masters."""
        for master in self.masters:
            master.client.flushall()


@contextmanager
def run_cluster(
    kind: str, *options: str, replica: bool = False, silence: int = 1_000
) -> Iterator[Cluster]:
    """Run a cluster of servers of this kind for the length of a `with` block.

    Args:
        kind: The kind of the servers.
        options: Further options of their command line.
        replica: Whether the first master has a replica.
        silence: Milliseconds after which nodes give each other up; on a busy machine a second may
            pass without a fault.
    """
    with ExitStack() as stack:
        nodes = []
        for _ in range(3 + replica):
            node = ClusterNode(kind, *options, silence=silence)
            stack.callback(node.remove)
            nodes.append(node.start())
        cluster = Cluster(nodes[:3], nodes[3] if replica else None)
        cluster.form()
        yield cluster


def _is_free(port: int) -> bool:
    if port > 65_535:
        return False
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
