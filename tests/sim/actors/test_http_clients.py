"""Real HTTP clients against a host of the drill: every fault of the path is the exception that it is in earnest."""

from __future__ import annotations

import socket
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.network import BrokerBadGateway, BrokerRateLimited, BrokerUnreachable, Verdict
from tests.sim.actors.kit import Outage, run

CLIENTS = {
    "requests": "import requests\ndef get(url, timeout): return requests.get(url, timeout=timeout).status_code\n",
    "session": "import requests\ns = requests.Session()\n"
    "def get(url, timeout): return s.get(url, timeout=timeout).status_code\n",
    "urllib3": "import urllib3\np = urllib3.PoolManager(retries=False)\n"
    "def get(url, timeout): return p.request('GET', url, timeout=timeout).status\n",
    "httpx": "import httpx\ndef get(url, timeout): return httpx.get(url, timeout=timeout).status_code\n",
    "urllib": "import urllib.request, urllib.error\n"
    "def get(url, timeout):\n"
    "    try: return urllib.request.urlopen(url, timeout=timeout).status\n"
    "    except urllib.error.HTTPError as error: return error.code\n",
    "http.client": "import http.client\n"
    "def get(url, timeout):\n"
    "    c = http.client.HTTPSConnection('api.test', timeout=timeout)\n"
    "    c.request('GET', '/x'); return c.getresponse().status\n",
    "httpx async": "import asyncio, httpx\n"
    "def get(url, timeout):\n"
    "    async def go():\n"
    "        async with httpx.AsyncClient(timeout=timeout) as c: return (await c.get(url)).status_code\n"
    "    return asyncio.run(go())\n",
    "aiohttp": "import asyncio, aiohttp\n"
    "def get(url, timeout):\n"
    "    async def go():\n"
    "        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as s:\n"
    "            async with s.get(url) as r: await r.read(); return r.status\n"
    "    return asyncio.run(go())\n",
}
ASK = """
import time
time.sleep(60 - (time.monotonic() - 100000))
began = time.monotonic()
try: answer = get('https://api.test/x', 5)
except Exception as error: answer = f'{type(error).__module__}.{type(error).__name__}'
print(answer, round(time.monotonic() - began, 1))
"""


def ask(folder: Path, client: str, verdict: Verdict | None = None) -> str:
    outages: list[Outage] = [] if verdict is None else [(30, 1e5, verdict)]
    (line,) = run(folder, CLIENTS[client] + ASK, outages=outages, until_s=3600).lines()
    return line


@pytest.mark.parametrize("client", CLIENTS)
def test_an_answer(tmp_path: Path, client: str) -> None:
    assert ask(tmp_path, client) in ("200 0.0", "200 0.1")


@pytest.mark.parametrize("client", CLIENTS)
def test_error_statuses(tmp_path: Path, client: str) -> None:
    assert ask(tmp_path, client, Verdict(BrokerRateLimited("rate limit exceeded"))).startswith("429 0")
    assert ask(tmp_path, client, Verdict(BrokerBadGateway("<html>502</html>"))).startswith("502 0")


@pytest.mark.parametrize(
    ("client", "error"),
    [
        ("requests", "requests.exceptions.ConnectionError"), ("session", "requests.exceptions.ConnectionError"),
        ("urllib3", "urllib3.exceptions.NewConnectionError"), ("httpx", "httpx.ConnectError"),
        ("urllib", "urllib.error.URLError"), ("http.client", "builtins.ConnectionRefusedError"),
        ("httpx async", "httpx.ConnectError"), ("aiohttp", "aiohttp.client_exceptions.ClientConnectorError"),
    ],
)  # fmt: skip
def test_refused(tmp_path: Path, client: str, error: str) -> None:
    assert ask(tmp_path, client, Verdict(BrokerUnreachable("refused"))) == f"{error} 0.0"


@pytest.mark.parametrize(
    ("client", "error"),
    [
        ("requests", "requests.exceptions.ConnectTimeout"), ("session", "requests.exceptions.ConnectTimeout"),
        ("urllib3", "urllib3.exceptions.ConnectTimeoutError"), ("httpx", "httpx.ConnectTimeout"),
        ("urllib", "urllib.error.URLError"), ("http.client", "builtins.TimeoutError"),
        ("httpx async", "httpx.ConnectTimeout"), ("aiohttp", "builtins.TimeoutError"),
    ],
)  # fmt: skip
def test_a_black_hole_takes_exactly_the_connect_timeout(tmp_path: Path, client: str, error: str) -> None:
    assert ask(tmp_path, client, Verdict(hang=True)) == f"{error} 5.0"


KEPT = """
import requests, time
s = requests.Session()
s.get('https://api.test/x')
time.sleep(60)
began = time.monotonic()
try: print(s.get('https://api.test/y', timeout=(3, 7)).status_code)
except Exception as error: print(type(error).__name__, round(time.monotonic() - began, 6))
"""


def test_on_an_open_connection_it_is_the_read_timeout(tmp_path: Path) -> None:
    world = run(tmp_path, KEPT, outages=[(30, 1e5, Verdict(hang=True))])
    assert world.lines() == ["ReadTimeout 7.0"]
    assert [r.path for r in world.served] == ["/x"]


def test_a_lost_reply_was_executed(tmp_path: Path) -> None:
    world = run(tmp_path, KEPT, outages=[(30, 1e5, Verdict(lose_reply=True))])
    assert world.lines() == ["ReadTimeout 7.0"]
    assert [r.path for r in world.served] == ["/x", "/y"]


def test_a_slow_answer_and_a_slow_body(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import requests, time
        time.sleep(60)
        for path, timeout in (("/x", 5), ("/x", 3), ("/slow", 2)):
            began = time.monotonic()
            try: answer = len(requests.get("http://api.test" + path, timeout=timeout).content) > 0
            except Exception as error: answer = type(error).__name__
            print(answer, round(time.monotonic() - began, 1))
        """,
        outages=[(30, 1e5, Verdict(delay_us=4_000_000))],
    )
    assert world.lines()[:2] == ["True 4.0", "ReadTimeout 3.0"]


def test_a_body_that_trickles_outlives_the_read_timeout(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        "import requests, time\nbegan = time.monotonic()\n"
        "print(len(requests.get('http://api.test/slow', timeout=2).content), round(time.monotonic() - began))",
    )
    assert world.lines() == ["1000 10"]


def test_an_unknown_host_is_named_and_recorded(tmp_path: Path) -> None:
    world = run(
        tmp_path,
        """
        import requests, socket
        try: requests.get("https://api.alpaca.markets/v2/account")
        except requests.ConnectionError as error: print("api.alpaca.markets is no host of this drill" in str(error))
        try: socket.create_connection(("93.184.216.34", 443))
        except ConnectionRefusedError as error: print(error)
        """,
    )
    assert world.lines() == ["True", "[Errno 111] 93.184.216.34:443 is no host of this drill"]
    assert [(e.get("refused"), e.get("what")) for e in world.history.of("code.refused")] == [
        ("host", "api.alpaca.markets"), ("connection", "93.184.216.34:443"),
    ]  # fmt: skip


def test_a_call_without_a_timeout_into_a_black_hole_is_a_hang_with_the_users_stack(tmp_path: Path) -> None:
    source = """
        import requests
        def fetch():
            return requests.get("https://api.test/positions")
        fetch()
        """
    world = run(tmp_path, source, outages=[(0, 1e6, Verdict(hang=True))])
    hang = world.only("code.hang")
    assert hang["at"] == "bot.py:4"
    assert hang["stack"] == ["bot.py:5 in <module>", "bot.py:4 in fetch"]
    assert hang["waited_s"] == 300.0
    assert not world.history.of("code.exit")


def test_connections_that_are_open_are_reset_when_the_path_is_cut(tmp_path: Path) -> None:
    source = """
        import socket
        s = socket.create_connection(("api.test", 80))
        try: s.recv(100)
        except ConnectionResetError as error: print(error)
        """
    world = run(tmp_path, source, outages=[(30, 40, Verdict(BrokerUnreachable("cut")))])
    assert world.lines() == ["[Errno 104] Connection reset by peer"]


def test_tls_to_a_plain_port_and_plain_to_a_tls_port(tmp_path: Path) -> None:
    source = """
        import requests
        try: requests.get("https://api.test:80/x")
        except requests.exceptions.SSLError as error: print("WRONG_VERSION_NUMBER" in str(error))
        print(requests.get("http://api.test:443/x").status_code)
        """
    assert run(tmp_path, source).lines() == ["True", "400"]


def test_a_server_of_the_program_answers_its_own_client(tmp_path: Path) -> None:
    source = """
        import http.server, threading, requests, socket
        class Health(http.server.BaseHTTPRequestHandler):
            def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
            def log_message(self, *args): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Health)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(requests.get("http://localhost:8080/health", timeout=5).text)
        server.shutdown()
        print(socket.gethostbyname("api.test"), socket.gethostname())
        """
    assert run(tmp_path, source).lines() == ["ok", "198.18.0.1 drill"]


_seen: list[str] = []
_listening = [False]


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _listening[0] and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.bind"):
        _seen.append(event)


def test_no_real_socket_is_opened(tmp_path: Path) -> None:
    sys.addaudithook(_audit)
    _listening[0] = True
    try:
        for name, client in CLIENTS.items():
            run(tmp_path, client + ASK, until_s=3600)
            assert not _seen, (name, _seen)
    finally:
        _listening[0] = False


def test_sockets_and_tls_are_real_again(tmp_path: Path) -> None:
    before = (socket.getaddrinfo, ssl.SSLContext.wrap_socket, "__new__" in vars(socket.socket))
    run(tmp_path, "import requests; requests.get('https://api.test/x')")
    assert before == (socket.getaddrinfo, ssl.SSLContext.wrap_socket, "__new__" in vars(socket.socket))
    a, b = socket.socketpair()
    a.sendall(b"real")
    assert b.recv(10) == b"real"
    a.close()
    b.close()
