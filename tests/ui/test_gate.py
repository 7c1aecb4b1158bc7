"""Who may read the page: whoever has its address, on this machine, through no other page."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException

import pytest

from graflow import ChannelTypeError, ChannelValueError, MemoryChannel
from graflow.ui import ServedPage
from graflow.ui.server.gate import Gate
from graflow.ui.server.handler import PageHandler
from tests.ui.reader import Reader

PATHS = [
    "/",
    "/main.js",
    "/style.css",
    "/icon.svg",
    "/api/about",
    "/api/keys?channel=orders",
    "/no",
]
STATES = ["/", "/main.js", "/api/about", "/api/no", "/no", "/?token=wrong"]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_the_token(reader: Reader, path: str) -> None:
    """Neither a value nor a file, nor whether there is such a path."""
    without = reader.get(path, Cookie="")
    assert without.status == 403
    assert b"orders" not in without.body
    wrong = f"{reader.cookie.partition('=')[0]}={'x' * 32}"
    for cookie in (wrong, reader.cookie[:-1], f"{reader.cookie}x", f"other_{reader.cookie}"):
        assert reader.get(path, Cookie=cookie).status == 403


def test_the_token_becomes_a_cookie(reader: Reader) -> None:
    """No script sees it, no other site has it sent, and it suffices from then on."""
    got = reader.get(f"/?{reader.address.query}", Cookie="")
    assert got.status == 200
    assert got.body.startswith(b"<!doctype html>")
    value, *attributes = got.headers["Set-Cookie"].split("; ")
    assert value == reader.cookie
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert all(reader.get(path).status == 200 for path in PATHS[:-1])


def test_only_the_page_itself_takes_the_token(reader: Reader) -> None:
    """Elsewhere it would end up in addresses that are copied and logged."""
    assert reader.get(f"/api/about?{reader.address.query}", Cookie="").status == 403
    assert reader.get("/?token=", Cookie="").status == 403
    assert reader.get(f"/?{reader.address.query}x", Cookie="").status == 403
    assert reader.get("/?token=%ff%00%C3%A9", Cookie="").status == 403


def test_cookies_of_other_programs_do_no_harm(reader: Reader) -> None:
    """Those of all ports of a machine are sent, whatever is in them."""
    for other in ('a="b;c', "=;;=", "x=\xe9", "a=b=c", reader.cookie.partition("=")[0]):
        assert reader.get("/api/about", Cookie=f"{other}; {reader.cookie}; {other}").status == 200


def test_pages_have_cookies_of_their_own(read: Callable[..., Reader]) -> None:
    """Two on one machine don't take each other's away."""
    one, other = read(MemoryChannel("one")), read(MemoryChannel("other"))
    both = f"{one.cookie}; {other.cookie}"
    assert one.get("/api/channels", Cookie=both).data == {"channels": ["one"]}
    assert other.get("/api/channels", Cookie=both).data == {"channels": ["other"]}
    assert one.get("/api/channels", Cookie=other.cookie).status == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:9000", 200),  # a tunnel
        ("LocalHost", 200),
        ("127.9.9.9:1", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:80", 403),
        ("user@evil.example", 403),
        ("192.0.2.1", 403),
        ("[", 403),
        (" ", 403),
    ],
)
def test_a_name_that_a_stranger_can_own_is_refused(reader: Reader, host: str, status: int) -> None:
    """So no other site can make itself a part of the page by letting its name point here."""
    assert reader.get("/api/about", Host=host).status == status
    entered = reader.get(f"/?{reader.address.query}", Host=host, Cookie="")
    assert entered.status == status
    assert ("Set-Cookie" in entered.headers) == (status == 200)


def test_pages_on_other_ports_get_nothing(reader: Reader) -> None:
    """Browsers send the cookie there and on their behalf, too; but they say who asks."""
    for site in ("same-site", "cross-site"):
        assert reader.get("/api/about", Sec_Fetch_Site=site, Sec_Fetch_Mode="cors").status == 403
        assert reader.get("/main.js", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors").status == 403
        assert reader.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate").status == 200
    assert (
        reader.get("/api/about", Sec_Fetch_Site="same-origin", Sec_Fetch_Mode="cors").status == 200
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_but_reading_is_possible(reader: Reader, method: str) -> None:
    """Every other method is refused, with and without the cookie."""
    for cookie in (reader.cookie, ""):
        got = reader.send(method, "/api/value?channel=orders&key=a", Cookie=cookie)
        assert got.status == 405
        assert got.headers["Allow"] == "GET, HEAD"
        assert got.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", STATES)
def test_every_answer_has_the_headers_that_protect_it(reader: Reader, path: str) -> None:
    """It loads nothing from elsewhere, is in no frame, and leaves nothing behind."""
    for cookie in (reader.cookie, ""):
        headers = reader.get(path, Cookie=cookie).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in policy
        assert not any(each in policy for each in ("unsafe", "http", "*", "data:"))
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in headers
        assert "Python" not in headers["Server"]


def test_head_tells_what_get_would(reader: Reader) -> None:
    """The same headers, and no body."""
    got, head = reader.get("/style.css"), reader.send("HEAD", "/style.css")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["Content-Length"] == str(len(got.body))


@pytest.mark.parametrize(
    "path",
    [
        *("/../serving.py", "/%2e%2e/serving.py", "/..%2fserving.py", "//etc/passwd", "/static/"),
        *("/index.html/", "/.", "/%00", "/main.js%00.css", "/http://127.0.0.1/", "/style.css/.."),
    ],
)
def test_only_files_of_the_page_are_there(reader: Reader, path: str) -> None:
    """No way leads out of its folder."""
    assert reader.get(path).status == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\xff\x00 rubbish\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"505"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /?token HTTP/1.0\r\n\r\n", b"403"),
        (b"GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"403"),
    ],
)
def test_rubbish_is_refused(reader: Reader, sent: bytes, status: bytes) -> None:
    """Politely, with the headers of any answer, and the page goes on."""
    with socket.create_connection((reader.address.hostname, reader.address.port)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] == status
    assert b"Content-Security-Policy" in answer
    assert reader.ask("channels") == {"channels": ["orders"]}


@pytest.mark.parametrize("header", ["Content-Length: 60", "Transfer-Encoding: chunked"])
def test_a_body_is_not_taken_for_a_request(reader: Reader, header: str) -> None:
    """The connection ends with the answer to the request that brought it."""
    asked = f"GET /api/about HTTP/1.1\r\nHost: localhost\r\nCookie: {reader.cookie}\r\n"
    with socket.create_connection((reader.address.hostname, reader.address.port)) as connection:
        connection.sendall(f"{asked}{header}\r\n\r\n{asked}\r\n".encode())
        answer = b""
        with suppress(ConnectionError):  # what was not read is thrown away
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") <= 1


def test_a_body_does_not_wait_for_its_headers() -> None:
    """They go out at once: the other end may take its time before it says that it has them."""
    assert PageHandler.disable_nagle_algorithm


def test_silent_connections_make_room(reader: Reader) -> None:
    """Whoever opens more and more of them takes a limited number of threads and files."""
    place = reader.address.hostname, reader.address.port
    with ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(place)) for _ in range(150)]
        for each in silent[:50]:
            assert each.recv(1) == b""
        assert reader.ask("channels") == {"channels": ["orders"]}


def test_the_token_is_nowhere_but_in_the_url(
    orders: MemoryChannel, open_page: Callable[..., ServedPage], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in what is logged nor in what a prompt shows; and no two pages share one."""
    caplog.set_level(logging.DEBUG)
    one, other = open_page(orders), open_page(orders)
    tokens = {page.url.partition("token=")[2] for page in (one, other)}
    assert len(tokens) == 2
    assert all(len(token) >= 32 for token in tokens)
    Reader(one).get("/?token=wrong")
    assert not any(token in f"{one!r}{other!r}{caplog.text}" for token in tokens)


def test_a_token_can_be_chosen(orders: MemoryChannel, read: Callable[..., Reader]) -> None:
    """If nobody can guess it, and no URL has to quote it."""
    assert read(orders, token="a-Token_of_16-ch").ask("channels")
    for wrong in ("", "short", "a b c d e f g h i j", "x" * 15, "é" * 20, "a&token=aaaaaaaaaaaaa"):
        with pytest.raises(ChannelValueError, match="token"):
            read(orders, token=wrong)
    with pytest.raises(ChannelTypeError, match="token"):
        read(orders, token=12)


def test_other_machines_come_in_only_if_that_was_asked_for(
    orders: MemoryChannel, open_page: Callable[..., ServedPage], caplog: pytest.LogCaptureFixture
) -> None:
    """By default the page is on the loopback alone; elsewhere it says so, and logs a warning."""
    page = open_page(orders)
    assert page.url.startswith("http://127.0.0.1:")
    assert not page.is_exposed
    assert not caplog.records
    exposed = open_page(orders, host="0.0.0.0")
    assert exposed.is_exposed
    assert exposed.url.startswith(f"http://{socket.gethostname()}:")
    assert "can be reached by other machines" in caplog.text


def test_a_page_for_others_still_refuses_names_of_strangers() -> None:
    """It has addresses and this machine's own name."""
    gate = Gate("t" * 32, "0.0.0.0", 8080)
    for host in (
        "192.0.2.1:8080",
        "[2001:db8::1]:8080",
        f"{socket.gethostname()}:8080",
        "localhost",
    ):
        assert gate.knows_host(host)
    assert not gate.knows_host("evil.example:8080")
    assert Gate("t" * 32, "box.lan", 1).knows_host("BOX.lan:8080")


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_it_speaks_ipv6(orders: MemoryChannel, read: Callable[..., Reader]) -> None:
    """On its loopback, too."""
    try:
        reader = read(orders, host="::1")
    except OSError:
        pytest.skip("there is no IPv6 on the loopback")
    assert reader.ask("channels") == {"channels": ["orders"]}


def test_a_port_that_is_taken_is_said_at_once(
    orders: MemoryChannel, open_page: Callable[..., ServedPage]
) -> None:
    """Nothing is left behind by the attempt."""
    taken = Reader(open_page(orders)).address.port
    with pytest.raises(OSError, match="in use"):
        open_page(orders, port=taken)


def test_a_closed_page_is_gone(orders: MemoryChannel, open_page: Callable[..., ServedPage]) -> None:
    """Its channels stay open, and whoever waits for its end goes on."""
    page = open_page(orders)
    reader = Reader(page)
    assert reader.address.hostname
    kept = HTTPConnection(reader.address.hostname, reader.address.port)
    kept.request("GET", "/api/about", headers={"Cookie": reader.cookie})
    assert kept.getresponse().read()
    page.close()
    page.wait()
    kept.auto_open = 0
    with suppress(ConnectionError):
        kept.request("GET", "/api/about", headers={"Cookie": reader.cookie})
    with pytest.raises((ConnectionError, HTTPException)):
        kept.getresponse()
    with pytest.raises(ConnectionRefusedError):
        reader.get("/")
    orders.set("a", 1)
