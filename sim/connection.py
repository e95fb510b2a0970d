"""The firm's session with the broker: the stream of order updates, and noticing that it is gone.

A healthy stream costs no events: heartbeats are computed, not sent. When a fault changes the path, the
session looks at it once: a reset ends it at once; silence ends it after `HEARTBEAT_TIMEOUT_US`, as the
heartbeat watch of a client library does. Updates that could not be delivered wait at the broker and are
replayed after the next successful connect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.broker import Broker, Update
from sim.clock import SECOND, VirtualTime
from sim.history import History
from sim.network import BrokerAuthExpired, BrokerError, Link

HEARTBEAT_US = 10 * SECOND
HEARTBEAT_TIMEOUT_US = 3 * HEARTBEAT_US


class Connection:
    """One logical session; `connected` is what the firm believes."""

    def __init__(self, env: VirtualTime, history: History, link: Link, broker: Broker) -> None:
        """A connected session on a healthy path."""
        self._env, self._history, self._link, self._broker = env, history, link, broker
        self.connected = True
        self.on_update: Callable[[Update], None] = lambda update: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self.on_restored: Callable[[], None] = lambda: None
        self.sessions = 1
        """How many sessions there have been."""
        self.late_us = 0
        """Extra delay of order updates (the late-fills fault)."""
        self.on_late: Callable[[], None] = lambda: None
        self._waiting: list[Update] = []
        self._silent_since: int | None = None
        self._holder = 0
        """Number of the process that holds the session: what an earlier one had asked for is answered to nobody."""
        broker.publish = self._publish
        link.on_change = self.path_changed

    @property
    def heartbeat_age_us(self) -> int:
        """Time since the last heartbeat arrived."""
        if self._silent_since is None:
            return int(self._env.now % HEARTBEAT_US)
        return int(self._env.now - self._silent_since)

    def path_changed(self) -> None:
        """Look at the path again: called when the link's rules or the session's validity changed."""
        verdict = self._link.verdict("stream")
        if verdict.error is not None or not self._broker.auth_valid:
            why = "authorisation expired" if not self._broker.auth_valid else str(verdict.error)
            self._env.call_later(self._link.one_way_us(), self.lose, why)
        elif verdict.hang and self._silent_since is None:
            self._silent_since = self._env.now
            self._env.call_later(HEARTBEAT_TIMEOUT_US, self._check_heartbeat)
        elif not verdict.hang and self.connected:
            self._silent_since = None
            self._replay()

    def lose(self, reason: str) -> None:
        """End the session and say so to the firm's code."""
        if not self.connected:
            return
        self.connected = False
        self._silent_since = self._silent_since or self._env.now
        self._history.emit("link.lost", reason=reason)
        self.on_lost(reason)

    def reset(self) -> None:
        """Forget the session without a word, as when the process that held it dies."""
        self._holder += 1
        if self.connected:
            self.connected = False
            self._silent_since = self._env.now
            self._history.emit("link.lost", reason="process ended")

    def connect(
        self, on_reply: Callable[[Any], object], on_error: Callable[[BrokerError], object], timeout_us: int | None
    ) -> None:
        """Log in again; on success the stream is up and missed updates follow.

        Without its stream a session is none: where that is refused, so is the login.
        """
        holder = self._holder

        def opened(_: object) -> None:
            stream = self._link.verdict("stream")
            broken = stream.error if self._broker.auth_valid else BrokerAuthExpired("authorisation expired")
            if broken is not None:
                refused(broken)
            elif holder == self._holder:
                self._open(mute=stream.hang)
                on_reply(None)

        def refused(error: BrokerError) -> None:
            if holder == self._holder:
                self._history.emit("link.connect_failed", error=str(error), status=error.status)
                on_error(error)

        self._link.request("connect", self._broker.login, opened, refused, timeout_us)

    def _open(self, mute: bool) -> None:
        self.sessions += 1
        if mute:  # half-open: the handshake passed, the stream says nothing
            self._silent_since = self._silent_since or self._env.now
            self._env.call_later(HEARTBEAT_TIMEOUT_US, self._check_heartbeat)
        else:
            self._silent_since = None
        if not self.connected:
            self.connected = True
            self._history.emit("link.restored")
            self.on_restored()
        self._replay()

    def _publish(self, update: Update) -> None:
        verdict = self._link.verdict("stream")
        if not self.connected or self._silent_since is not None or verdict.hang or verdict.error:
            self._waiting.append(update)
            return
        if self.late_us:
            self.on_late()
        delay_us = self._link.one_way_us() + verdict.delay_us // 2 + self.late_us
        self._env.call_later(delay_us, self._arrive, update)

    def _arrive(self, update: Update) -> None:
        if self.connected and self._silent_since is None:
            self.on_update(update)
        else:  # on the wire when the session ended
            self._waiting.append(update)

    def _replay(self) -> None:
        if not self.connected or self._silent_since is not None or not self._waiting:
            return
        missed, self._waiting = self._waiting, []
        delay_us = self._link.one_way_us() + self.late_us
        self._history.emit("link.replayed", count=len(missed), delay_us=delay_us)
        for update in missed:
            self._env.call_later(delay_us, self._arrive, update)

    def _check_heartbeat(self) -> None:
        silent = self._silent_since is not None and self._env.now - self._silent_since >= HEARTBEAT_TIMEOUT_US
        if silent and self.connected:
            self.lose("no heartbeat for 30 s")
