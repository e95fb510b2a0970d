"""The network that programs see: which hosts there are, and what happens to a connection to one.

A host is a name with a service behind it. What is not registered does not exist: its name does not resolve
and the error says so, which is how a drill can never reach a real broker. Faults come from the host's path
(`sim.network.Link`): asked once when a connection is opened (`connect`), and by the service for each request.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sim.clock import MS, VirtualTime
from sim.history import History
from sim.network import PASS, BrokerUnreachable, Link, Verdict

LOCAL_US = 0
NEAR_ONE_WAY_US = 10 * MS
"""One way to a host that has no path of its own."""


class Far(Protocol):
    """The other end of a socket's connection."""

    def send(self, data: bytes) -> None:
        """Bytes leave the socket."""

    def shut(self) -> None:
        """The socket sends no more."""

    def reset(self) -> None:
        """The socket is gone."""


class Near(Protocol):
    """A socket, as the network sees it."""

    def arrive(self, data: bytes) -> None:
        """Bytes reach the socket."""

    def arrive_end(self) -> None:
        """The far side sends no more."""

    def fail(self, error: OSError) -> None:
        """The connection is broken."""


class Receiver(Protocol):
    """A service's side of one connection."""

    def receive(self, data: bytes) -> None:
        """Bytes arrived."""

    def lost(self) -> None:
        """The client has gone."""

    @property
    def owes(self) -> str | None:
        """What the client still waits for, or None."""


class Service(Protocol):
    """Something that listens."""

    def accept(self, pipe: Pipe) -> Receiver:
        """A connection has been opened."""


class Host:
    """A name, its address, and what listens there."""

    def __init__(self, name: str, address: str, link: Link | None) -> None:
        """Nothing listens yet; requests travel over `link`."""
        self.name, self.address, self.link = name, address, link
        self.services: dict[int, Service] = {}
        self.tls_ports: set[int] = set()
        self.pipes: list[Pipe] = []

    def verdict(self, endpoint: str) -> Verdict:
        """The fate of something that is sent to this host now."""
        return PASS if self.link is None else self.link.verdict(endpoint)

    def one_way_us(self) -> int:
        """One draw of the latency."""
        return NEAR_ONE_WAY_US if self.link is None else self.link.one_way_us()


class Pipe:
    """One connection, as its service sees it."""

    def __init__(self, env: VirtualTime, host: Host, port: int, near: Near) -> None:
        """Between `near` and the service on `port` of `host`."""
        self.env, self.host, self.port, self._near = env, host, port, near
        self.open = True
        self.receiver: Receiver = host.services[port].accept(self)
        self._there = _Lane(env, self._deliver)
        self._back_at_us = 0
        host.pipes.append(self)

    # The client's side.

    def send(self, data: bytes) -> None:
        """The client sends; the bytes arrive one latency later, those sent at one instant together."""
        if self.open:
            self._there.send(data, self.host.one_way_us)

    def shut(self) -> None:
        """The client has sent everything."""

    def reset(self) -> None:
        """The client has gone."""
        if self.open:
            self._end()
            self.env.call_later(self.host.one_way_us(), self.receiver.lost)

    # The service's side.

    def reply(self, data: bytes, after_us: int = 0) -> None:
        """Send to the client, in order, `after_us` from now plus the way back."""
        if self.open:
            self._in_order(after_us + self.host.one_way_us(), self._near.arrive, data)

    def close(self, after_us: int = 0) -> None:
        """End the connection in order."""
        if self.open:
            self._end()
            self._in_order(after_us + self.host.one_way_us(), self._near.arrive_end)

    def break_off(self, after_us: int = 0) -> None:
        """End the connection with a reset."""
        if self.open:
            self._end()
            error = ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
            self.env.call_later(after_us + self.host.one_way_us(), self._near.fail, error)

    def _deliver(self, data: bytes) -> None:
        if self.open:
            self.receiver.receive(data)

    def _end(self) -> None:
        self.open = False
        self.host.pipes.remove(self)

    def _in_order(self, delay_us: int, function: Callable[..., None], *args: Any) -> None:
        self._back_at_us = max(self._back_at_us, self.env.now + delay_us)
        self.env.call_at(self._back_at_us, function, *args)


class _Lane:
    """One direction of a connection: what is sent at one instant travels as one piece, and nothing overtakes."""

    def __init__(self, env: VirtualTime, deliver: Callable[[bytes], None]) -> None:
        self._env, self._deliver = env, deliver
        self._piece: bytearray | None = None
        self._sent_us = self._arrives_us = -1

    def send(self, data: bytes, latency_us: Callable[[], int]) -> None:
        now = self._env.now
        if self._piece is not None and self._sent_us == now:
            self._piece += data
            return
        piece = self._piece = bytearray(data)
        self._sent_us, self._arrives_us = now, max(self._arrives_us, now + latency_us())
        self._env.call_at(self._arrives_us, self._arrive, piece)

    def _arrive(self, piece: bytearray) -> None:
        if piece is self._piece:
            self._piece = None
        self._deliver(bytes(piece))


class Hosts:
    """Every host of one World."""

    def __init__(self, env: VirtualTime, history: History) -> None:
        """Only the machine itself."""
        self.env, self._history = env, history
        self._by_name: dict[str, Host] = {}
        self._by_address: dict[str, Host] = {}
        self._listeners: dict[int, Callable[[], Any]] = {}
        self._watched: list[Link] = []

    def add(
        self, name: str, service: Service, ports: Iterable[int] = (80, 443), tls: Iterable[int] = (443,),
        link: Link | None = None,
    ) -> Host:  # fmt: skip
        """Let `service` listen on `ports` of the host called `name`, those in `tls` with TLS."""
        host = self._by_name.get(name.lower())
        if host is None:
            host = Host(name.lower(), f"198.18.{len(self._by_name) // 250}.{len(self._by_name) % 250 + 1}", link)
            self._by_name[host.name] = self._by_address[host.address] = host
        for port in ports:
            host.services[port] = service
        host.tls_ports.update(tls)
        if link is not None and link not in self._watched:
            self._watch(link)
        return host

    def find(self, name: str) -> Host | None:
        """The host with this name or address."""
        return self._by_name.get(name.lower()) or self._by_address.get(name)

    def names(self) -> list[str]:
        """All names, in the order they were added."""
        return list(self._by_name)

    def listen(self, port: int, accept: Callable[[], Any]) -> Callable[[], None]:
        """A program listens on a port of the machine; the returned function ends that."""
        if port in self._listeners:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        self._listeners[port] = accept
        return lambda: self._listeners.pop(port, None) and None

    def listener(self, port: int) -> Callable[[], Any] | None:
        """Who listens on a port of the machine."""
        return self._listeners.get(port)

    def free_port(self) -> int:
        """A port of the machine on which nobody listens."""
        return next(port for port in range(49152, 65536) if port not in self._listeners)

    def open(self, host: Host, port: int, near: Near, done: Callable[[Pipe | OSError], None]) -> None:
        """Connect `near` to a host: `done` gets the connection or the error, or, in a black hole, nothing."""
        verdict = host.verdict("connect")
        round_trip_us = host.one_way_us() + host.one_way_us()  # a slow service is slow to answer, not to connect
        if verdict.hang:
            return
        refused = port not in host.services or isinstance(verdict.error, BrokerUnreachable)

        def arrive() -> None:
            if refused:
                done(ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)))
            else:
                done(Pipe(self.env, host, port, near))

        self.env.call_later(round_trip_us, arrive)

    def _watch(self, link: Link) -> None:
        """Cut what is open when the path to a host is cut, as a gateway that goes down does."""
        self._watched.append(link)
        before = link.on_change

        def changed() -> None:
            before()
            for host in self._by_name.values():
                if host.link is link and isinstance(host.verdict("stream").error, BrokerUnreachable):
                    for pipe in list(host.pipes):
                        pipe.break_off()

        link.on_change = changed


_hosts: WeakKeyDictionary[Any, Hosts] = WeakKeyDictionary()


def hosts_of(world: Any) -> Hosts:
    """The hosts of a World, made at the first asking."""
    if world not in _hosts:
        _hosts[world] = Hosts(world.env, world.history)
    return _hosts[world]
