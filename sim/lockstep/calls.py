"""What a child asks for, done on its behalf by a strand: the same code that serves programs in our own process."""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.actors import names, tls
from sim.actors.selecting import VirtualSelector
from sim.actors.sockets import VirtualSocket
from sim.actors.strand import Strand, current
from sim.actors.vtime import delay_us
from sim.lockstep.protocol import bytes_of, text_of

if TYPE_CHECKING:
    from sim.lockstep.remote_program import RemoteProgram


def _me() -> Strand:
    me = current()
    assert me is not None
    return me


# Time.


def _sleep(program: RemoteProgram, seconds: float) -> None:
    me, wait_us = _me(), delay_us(seconds)
    if wait_us:
        me.park(wait_us)
    else:
        me.park(0)  # how often that happens in a row is counted in the child


def _park(program: RemoteProgram, seconds: float | None) -> bool:
    return _me().park(None if seconds is None else delay_us(max(seconds, 0)))


def _thread(program: RemoteProgram, daemon: bool) -> dict[str, int]:
    return program.new_thread()


def _random(program: RemoteProgram, count: int) -> str:
    return text_of(program.random_bytes(count))


# Signals.


def _handler(program: RemoteProgram, number: int, kind: str) -> None:
    handlers: dict[str, Any] = {"call": program.on_signal, "ignore": signal.SIG_IGN, "default": signal.SIG_DFL}
    program.signals.set_handler(number, handlers[kind])


def _alarm(program: RemoteProgram, seconds: float, interval: float) -> tuple[float, float]:
    return program.signals.set_alarm(delay_us(seconds), delay_us(interval))


def _pause(program: RemoteProgram) -> None:
    me = _me()
    me.until_signal = True
    me.park()


def _kill(program: RemoteProgram, number: int) -> None:
    program.signals.deliver(number)
    program.check(_me())


def _wakeup(program: RemoteProgram, number: int) -> int:
    before, program.signals.wakeup_fd = program.signals.wakeup_fd, number
    return before


# The network.


def _resolve(program: RemoteProgram, name: str) -> str:
    return names.resolve(program, name)


def _address_of(program: RemoteProgram, address: str) -> str | None:
    host = program.hosts.find(address)
    return None if host is None else host.name


def _socket(program: RemoteProgram, family: int, kind: int, proto: int) -> int:
    return int(VirtualSocket(family, kind, proto)._fd)


def _pair(program: RemoteProgram) -> list[int]:
    a, b = socket.socketpair()
    return [a._fd, b._fd]  # type: ignore[attr-defined]


def _accept(near: VirtualSocket) -> list[Any]:
    accepted: Any
    accepted, peer = near.accept()
    return [accepted._fd, peer, accepted.getsockname()]


SOCKET: dict[str, Callable[..., Any]] = {
    "bind": lambda near, address: (near.bind(_tuple(address)), near.getsockname())[1],
    "listen": lambda near, backlog: (near.listen(backlog), near.getsockname())[1],
    "accept": _accept,
    "connect": lambda near, address: near.connect(_tuple(address)),
    "connect_ex": lambda near, address: near.connect_ex(_tuple(address)),
    "send": lambda near, data: near.send(bytes_of(data)),
    "sendto": lambda near, data: near.sendto(bytes_of(data)),
    "recv": lambda near, size, flags: text_of(near.recv(size, flags)),
    "shutdown": lambda near, how: near.shutdown(how),
    "timeout": lambda near, seconds: near.settimeout(seconds),
    "option": lambda near, level, option: near.getsockopt(level, option),
    "names": lambda near: [near.getsockname(), near._peer],
    "peer": lambda near: near.getpeername(),
    "pending": lambda near: near.pending(),
}
"""Operations on a socket: bind, listen, accept, connect, connect_ex, send, recv, shutdown, timeout and so on."""


def _tuple(address: Any) -> Any:
    return tuple(address) if isinstance(address, list) else address


def _sock(program: RemoteProgram, number: int, operation: str, *args: Any) -> Any:
    near = program.socket_of(number)
    if near is None:
        raise OSError(9, os.strerror(9))
    return SOCKET[operation](near, *args)


def _tls(program: RemoteProgram, number: int, name: str | None, handshake: bool) -> None:
    near = program.socket_of(number)
    if near is None:
        raise OSError(9, os.strerror(9))
    tls._wrap_socket(None, near, server_hostname=name, do_handshake_on_connect=handshake)  # type: ignore[arg-type]


def _stir(program: RemoteProgram, watched: list[list[int]], seconds: float | None, at_once: bool) -> list[list[int]]:
    """The same; `at_once` waits for no more than that the family rests."""
    if at_once:
        return _select(program, watched, 0)
    return program.stirred(lambda: _select(program, watched, seconds))  # type: ignore[no-any-return]


def _select(program: RemoteProgram, watched: list[list[int]], seconds: float | None) -> list[list[int]]:
    selector = VirtualSelector()
    for number, events in watched:
        selector.register(number, events)
    return [[key.fd, events] for key, events in selector.select(seconds)]


# Notes.


def _wake(program: RemoteProgram, suffix: str) -> None:
    strand = program.speakers.get(suffix)
    if strand is not None and not strand.dead:
        strand.wake()


def _close(program: RemoteProgram, number: int) -> None:
    near = program.socket_of(number)
    if near is not None:
        near.close()


def _set_timeout(program: RemoteProgram, number: int, seconds: float | None) -> None:
    near = program.socket_of(number)
    if near is not None:
        near.settimeout(seconds)


def _out(program: RemoteProgram, stream: str, text: str, at: str) -> None:
    program.note_at = at
    program.output.write(stream, text)
    program.note_at = None


def _log(program: RemoteProgram, level: str, message: str, at: str, logger: str) -> None:
    program.output.log_line(level, message, at, logger)


def _error(program: RemoteProgram, hook: str, text: str, at: str) -> None:
    program.history.emit("code.error", program.name, hook=hook, error=program.output.plain(text), at=at)


def _answer(program: RemoteProgram, text: str) -> None:
    program.runtime.note_answer(program, text)


def _refuse(program: RemoteProgram, kind: str, what: str, at: str) -> None:
    program.note_at = at
    program.refuse(kind, what)
    program.note_at = None


def _gone(program: RemoteProgram, path: str, is_gone: bool) -> None:
    gone = program.runtime.shadow._gone
    (gone.add if is_gone else gone.discard)(path)


REQUESTS: dict[str, Callable[..., Any]] = {
    "sleep": _sleep, "park": _park, "thread": _thread, "random": _random, "handler": _handler, "alarm": _alarm,
    "alarm_left": lambda program: program.signals.alarm_left(), "pause": _pause, "kill": _kill, "wakeup": _wakeup,
    "resolve": _resolve, "name_of": _address_of, "socket": _socket, "socketpair": _pair, "sock": _sock, "tls": _tls,
    "select": _select, "stir": _stir,
    "desk": lambda program, *args: program.desk_calls.call(*args),
    "read": lambda program, *args: program.desk_calls.read(*args),
    "object": lambda program, *args: program.desk_calls.object(*args),
    "sync": lambda program: None,
}  # fmt: skip
"""By name: what takes the program and the request's arguments, and answers."""

NOTES: dict[str, Callable[..., None]] = {
    "wake": _wake, "out": _out, "log": _log, "error": _error, "answer": _answer, "refuse": _refuse, "close": _close,
    "timeout": _set_timeout, "gone": _gone,
}  # fmt: skip
"""By name: what takes the program and the note's arguments."""

assert select.POLLIN == 1, "the events of a selector travel as they are"
