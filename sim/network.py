"""The path between the firm and its broker: latency, and every way in which a request can go wrong.

A fault is a `Rule`: asked about each request, it passes or gives a `Verdict` (fail with this error after this
delay, hang, deliver but lose the reply, deliver late). Rules of the path itself are asked first, for what does
not arrive is answered by nobody; then the others, each in the order they were added. The first verdict wins,
except that mere delays add up. Whoever adds a rule gets the function that removes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sim.clock import MS, VirtualTime
from sim.history import History
from sim.rng import Streams, lognormal


class BrokerError(Exception):
    """What a broker call raises in the mitigation code; `status` is the HTTP status, 0 when there was none."""

    status = 0

    def __init__(self, message: str, status: int | None = None) -> None:
        """Carry `message`, and the HTTP `status` when it differs from the class's."""
        super().__init__(message)
        if status is not None:
            self.status = status


class BrokerUnreachable(BrokerError, ConnectionError):
    """The connection was refused or reset."""


class BrokerTimeout(BrokerError, TimeoutError):
    """No answer within the caller's timeout; the request may or may not have been executed."""


class BrokerAuthExpired(BrokerError, PermissionError):
    """The session or the key is no longer valid."""

    status = 401


class BrokerRateLimited(BrokerError):
    """Too many requests."""

    status = 429


class BrokerBadGateway(BrokerError):
    """A load balancer answered with an HTML page in the broker's place; what the broker did is not known."""

    status = 502


class BrokerUnavailable(BrokerError):
    """The endpoint answers, with a server error."""

    status = 503


class OrderRejected(BrokerError, ValueError):
    """The broker refuses the order; `reason` says why."""

    status = 422


class UnknownOrder(BrokerError, LookupError):
    """No such order at the broker."""

    status = 404


class EndpointFailed(RuntimeError):
    """A control endpoint of the trading system raised: what `curl` shows as 500."""


class Verdict(NamedTuple):
    """What happens to one request."""

    error: BrokerError | None = None
    """Raised at the caller after `delay_us`; the broker never sees the request, unless it is `executed`."""
    hang: bool = False
    """Neither delivered nor answered."""
    lose_reply: bool = False
    """Executed at the broker, never answered."""
    delay_us: int = 0
    """Added to the round trip (half each way), or the time to the error."""
    answer: Callable[[], Any] | None = None
    """Answered by this in the broker's place (an empty list, for one)."""
    executed: bool = False
    """With `error`: the broker did execute the request, and its answer was replaced by the error on the way."""

    @property
    def only_delays(self) -> bool:
        """Whether the request gets its own answer, if late."""
        return self.error is None and self.answer is None and not (self.hang or self.lose_reply)


Rule = Callable[[str], Verdict | None]
"""Given an endpoint name (`submit`, `positions`, ...), a verdict, or None to pass."""

PASS = Verdict()


class Link:
    """Requests to the broker, each with a latency and a fate."""

    ENDPOINTS = ("submit", "cancel", "cancel_all", "replace", "orders", "positions", "account", "connect", "stream")

    def __init__(
        self, env: VirtualTime, history: History, streams: Streams, median_latency_us: int = 20 * MS
    ) -> None:
        """A healthy path with lognormal one-way latency around half of `median_latency_us`."""
        self._env, self._history = env, history
        self.one_way_us = streams.whole_draws("network/latency", lognormal(median_latency_us / 2, 0.35))
        """One draw of the latency in one direction."""
        self._path_rules: list[Rule] = []
        self._rules: list[Rule] = []
        self.on_change: Callable[[], None] = lambda: None
        """Called after each change of the rules; the connection sets it."""

    def add(self, rule: Rule, *, of_path: bool = False) -> Callable[[], None]:
        """Install `rule`; the returned function removes it and may be called twice.

        `of_path` tells that it strikes the way to the broker, so that no rule about the broker's answers counts.
        """
        rules = self._path_rules if of_path else self._rules
        rules.append(rule)
        self.on_change()

        def remove() -> None:
            if rule in rules:
                rules.remove(rule)
                self.on_change()

        return remove

    def verdict(self, endpoint: str) -> Verdict:
        """The fate of a request sent now."""
        for rule in self._path_rules:
            verdict = rule(endpoint)
            if verdict is not None:
                return verdict
        delay_us = 0
        for rule in self._rules:
            verdict = rule(endpoint)
            if verdict is not None:
                delay_us += verdict.delay_us
                if not verdict.only_delays:
                    return verdict if verdict.delay_us == delay_us else verdict._replace(delay_us=delay_us)
        return Verdict(delay_us=delay_us) if delay_us else PASS

    def request(
        self,
        endpoint: str,
        action: Callable[[], Any],
        on_reply: Callable[[Any], object],
        on_error: Callable[[BrokerError], object],
        timeout_us: int | None,
    ) -> None:
        """Send a request: `action` runs at the broker, then `on_reply(result)` or `on_error(error)` here.

        With `timeout_us` None a hanging request never comes back, as with a client that sets no timeout. A
        reply that would come later than the timeout is lost, although the broker did execute.
        """
        verdict = self.verdict(endpoint) if self._rules or self._path_rules else PASS
        later = self._env.call_later
        if verdict.error is not None:
            after_us = verdict.delay_us + self.one_way_us()
            if verdict.executed:
                later(after_us // 2, self._arrive, action, on_reply, on_error, None)
            if timeout_us is None or after_us <= timeout_us:
                later(after_us, on_error, verdict.error)
            else:
                later(timeout_us, on_error, _timeout(endpoint, timeout_us))
            return
        there_us = self.one_way_us() + verdict.delay_us // 2
        back_us = self.one_way_us() + verdict.delay_us - verdict.delay_us // 2
        answered = not (verdict.hang or verdict.lose_reply)
        in_time = answered and (timeout_us is None or there_us + back_us <= timeout_us)
        if not in_time and timeout_us is not None:
            late = BrokerTimeout(f"{endpoint}: no answer within {timeout_us / 1e6:g} s")
            self._env.call_later(timeout_us, on_error, late)
        if not verdict.hang:
            execute = verdict.answer or action
            self._env.call_later(there_us, self._arrive, execute, on_reply, on_error, back_us if in_time else None)

    def _arrive(
        self,
        execute: Callable[[], Any],
        on_reply: Callable[[Any], object],
        on_error: Callable[[BrokerError], object],
        back_us: int | None,
    ) -> None:
        """Let the broker execute a request; the answer is lost when `back_us` is None."""
        answer: Callable[[Any], object] = on_reply
        try:
            result = execute()
        except BrokerError as refused:
            answer, result = on_error, refused
        if back_us is not None:
            self._env.call_later(back_us, answer, result)


def _timeout(endpoint: str, timeout_us: int) -> BrokerTimeout:
    return BrokerTimeout(f"{endpoint}: no answer within {timeout_us / 1e6:g} s")
