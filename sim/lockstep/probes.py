"""`nc -z` and `ping`: whether a host of the drill is there."""

from __future__ import annotations

from typing import Any

from sim.actors.hosts import Pipe
from sim.clock import MS, SECOND
from sim.lockstep.durations import seconds_us
from sim.lockstep.requests import Request

_GIVES_UP_US = 127 * SECOND


class _Probe:
    """One attempt to connect."""

    def __init__(self, request: Request, host: str, port: int, limit_us: int, verbose: bool) -> None:
        self._request, self._host, self._port, self._verbose = request, host, port, verbose
        session = request.session
        found = session.hosts.find(host)
        if found is None:
            session.printed.refused("host", f"{host}:{port}")
            text = f'nc: getaddrinfo for host "{host}" port {port}: Name or service not known\n'
            request.finish(1, err=text.encode())
            return
        session.world.env.call_later(limit_us, self._end, False, "timed out: Operation now in progress")
        session.hosts.open(found, port, self, self._opened)

    def arrive(self, data: bytes) -> None:
        """Nothing is read."""

    def arrive_end(self) -> None:
        """Nor is the end of it."""

    def fail(self, error: OSError) -> None:
        """It was about to be closed."""

    def _opened(self, answer: Pipe | OSError) -> None:
        if isinstance(answer, Pipe):
            answer.reset()
        self._end(isinstance(answer, Pipe), "failed: Connection refused")

    def _end(self, ok: bool, why: str) -> None:
        if self._request.answered:
            return
        text = f"Connection to {self._host} {self._port} port [tcp/*] succeeded!\n"
        failed = f"nc: connect to {self._host} port {self._port} (tcp) {why}\n"
        self._request.finish(0 if ok else 1, err=(text if ok else failed).encode() if self._verbose else b"")


def netcat(request: Request) -> None:
    """`nc -z HOST PORT`; anything else would need a real connection."""
    flags, values, words = "", {}, []
    given = iter(request.args)
    for word in given:
        if word.startswith("-") and len(word) > 1:
            for index, letter in enumerate(word[1:], 2):
                if letter in "wiqGx":
                    values[letter] = word[index:] or next(given, "")
                    break
                flags += letter
        else:
            words.append(word)
    if "z" not in flags or len(words) != 2 or not (words[1].isascii() and words[1].isdigit()):
        request.session.printed.refused("command", request.shown)
        request.finish(1, err=f"firedrill: only {request.name} -z HOST PORT is simulated in a drill\n".encode())
        return
    limit_us = seconds_us(values.get("w") or values.get("G") or "") or _GIVES_UP_US
    _Probe(request, words[0], int(words[1]), limit_us, "v" in flags)


def ping(request: Request) -> None:
    """So many echoes, one a second, unless the path swallows them."""
    values: dict[str, str] = {}
    words: list[str] = []
    given = iter(request.args)
    for word in given:
        if word.startswith("-") and len(word) > 1:
            letter = word[1]
            if letter in "cWiwsItQ":
                values[letter] = word[2:] or next(given, "")
        else:
            words.append(word)
    session = request.session
    name = words[-1] if words else ""
    host = session.hosts.find(name)
    if host is None:
        session.printed.refused("host", name)
        request.finish(2, err=f"ping: {name}: Name or service not known\n".encode())
        return
    count = values.get("c", "")
    if not (count.isascii() and count.isdigit()) or int(count) == 0:
        session.printed.refused("command", f"{request.shown}: without -c it never ends")
        request.finish(2, err=b"firedrill: ping without -c never ends\n")
        return
    wait_us = seconds_us(values.get("W", "1")) or SECOND
    _Echoes(request, host, int(count), wait_us).next()


class _Echoes:
    def __init__(self, request: Request, host: Any, count: int, wait_us: int) -> None:
        self._request, self._host, self._count, self._wait_us = request, host, count, wait_us
        self._sent = 0
        self._times_us: list[int] = []
        self._out = [f"PING {host.name} ({host.address}) 56(84) bytes of data."]

    def next(self) -> None:
        """One echo."""
        env = self._request.session.world.env
        if self._request.answered:
            return
        if self._sent == self._count:
            self._finish()
            return
        self._sent += 1
        lost = self._host.verdict("connect").hang
        round_trip_us = self._host.one_way_us() + self._host.one_way_us()
        if lost:
            env.call_later(self._wait_us if self._sent == self._count else SECOND, self.next)
            return
        self._times_us.append(round_trip_us)
        self._out.append(
            f"64 bytes from {self._host.address}: icmp_seq={self._sent} ttl=64 time={round_trip_us / MS:.1f} ms"
        )
        env.call_later(round_trip_us if self._sent == self._count else SECOND, self.next)

    def _finish(self) -> None:
        got = len(self._times_us)
        loss = 100 * (self._sent - got) // self._sent
        self._out += [
            "", f"--- {self._host.name} ping statistics ---",
            f"{self._sent} packets transmitted, {got} received, {loss}% packet loss", "",
        ]  # fmt: skip
        self._request.finish(0 if got else 1, "\n".join(self._out).encode())
