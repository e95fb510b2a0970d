"""Connections are picked up by what they say, whenever they come; who dies before is not waited for."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from sim.lockstep.channel import Channel, Gone
from sim.lockstep.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()
    assert not made.folder.exists()


def connect(server: Server, key: str, pid: int = 7) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(str(server.path))
    made.sendall(json.dumps({"hello": key, "pid": pid, "ppid": 1, "argv": ["x"]}).encode() + b"\n")
    return made


def test_the_order_of_arrival_does_not_show(server: Server) -> None:
    for key in ("a", "b", "b/t1"):
        server.expect(key)
    ends = {key: connect(server, key) for key in ("b/t1", "b", "a")}
    for key, end in ends.items():
        hello, channel = server.accept(key, lambda: True, 5)
        assert hello.key == key
        channel.ok(12, {"key": key})
        assert json.loads(end.recv(100)) == [12, "ok", {"key": key}]
        channel.close()
        end.close()


def test_strangers_are_kept_apart_in_the_order_of_their_numbers(server: Server) -> None:
    ends = [connect(server, f"pid{pid}", pid) for pid in (9, 3, 5)]
    server.look()
    assert [hello.pid for hello, _ in server.strangers] == [3, 5, 9]
    for end in ends:
        end.close()


def test_noise_is_dropped(server: Server) -> None:
    noise = socket.socket(socket.AF_UNIX)
    noise.connect(str(server.path))
    noise.sendall(b"GET / HTTP/1.1\n")
    server.look()
    assert not server.strangers
    assert noise.recv(10) == b""
    noise.close()


def test_who_has_died_is_not_waited_for(server: Server) -> None:
    with pytest.raises(Gone):
        server.accept("a", lambda: False, 60)
    with pytest.raises(TimeoutError, match=r"no connection within 0\.1 s"):
        server.accept("a", lambda: True, 0.1)


def test_messages_come_whole_however_they_are_cut() -> None:
    near, far = socket.socketpair()
    channel = Channel(near.detach())
    far.sendall(b'[["sleep",')
    far.sendall(b'1.5]]\n[["end"]]\n[')
    assert channel.receive() == [["sleep", 1.5]]
    assert channel.receive() == [["end"]]
    far.close()
    with pytest.raises(Gone):
        channel.receive()
    channel.close()
    channel.close()


def test_silence_is_told_of_and_the_wait_goes_on() -> None:
    near, far = socket.socketpair()
    told: list[float] = []

    def silent(silent_s: float) -> None:
        told.append(silent_s)
        if len(told) == 2:
            far.sendall(b"[1]\n")

    channel = Channel(near.detach(), silent)
    assert channel.receive() == [1]
    assert told[0] < told[1]
    channel.close()
    far.close()
