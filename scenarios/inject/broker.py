"""Faults of the path to the broker, as rules on the link, and of the session with it."""

from __future__ import annotations

from collections.abc import Callable, Generator

import simpy

from scenarios.faults.broker import (
    BrokerAuthExpired,
    BrokerBlackHole,
    BrokerEndpointDown,
    BrokerFlapping,
    BrokerHalfOpen,
    BrokerHtml502,
    BrokerRateLimited,
    BrokerRefused,
    BrokerSlow,
)
from scenarios.faults.orders import ApiErrors
from scenarios.inject.base import Heal, Strike, injects
from sim.clock import MS
from sim.network import (
    BrokerBadGateway,
    BrokerError,
    BrokerUnavailable,
    BrokerUnreachable,
    Rule,
    Verdict,
)
from sim.network import (
    BrokerRateLimited as TooManyRequests,
)

HTML_502 = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

_SAME_ENDPOINT = {"cancel_all": "cancel", "replace": "submit"}
"""Endpoints that a fault named for another one strikes as well."""


def rule_of(strike: Strike, decide: Callable[[str], Verdict | None]) -> Rule:
    """`decide` as a rule of the link that records its first effect."""

    def rule(endpoint: str) -> Verdict | None:
        verdict = decide(_SAME_ENDPOINT.get(endpoint, endpoint))
        if verdict is not None:
            strike.landed(f"{endpoint} was struck")
        return verdict

    return rule


@injects("broker_refused")
def refused(strike: Strike, fault: BrokerRefused) -> Heal:
    """Refuse every connection and cut the one that is there."""
    rule = rule_of(strike, lambda _: Verdict(BrokerUnreachable("connection refused")))
    return strike.world.link.add(rule, of_path=True)


@injects("broker_black_hole")
def black_hole(strike: Strike, fault: BrokerBlackHole) -> Heal:
    """Swallow everything."""
    return strike.world.link.add(rule_of(strike, lambda _: Verdict(hang=True)), of_path=True)


@injects("broker_half_open")
def half_open(strike: Strike, fault: BrokerHalfOpen) -> Heal:
    """Swallow everything, and keep the session of now dead after the heal, until it is opened anew."""
    world, session, healed = strike.world, strike.world.connection.sessions, [False]

    def decide(endpoint: str) -> Verdict | None:
        if not healed[0]:
            return Verdict(hang=True)
        same_session = world.connection.sessions == session and world.connection.connected
        return Verdict(hang=True) if endpoint == "stream" and same_session else None

    world.link.add(rule_of(strike, decide), of_path=True)

    def heal() -> None:
        healed[0] = True

    return heal


@injects("broker_auth_expired")
def auth_expired(strike: Strike, fault: BrokerAuthExpired) -> Heal:
    """End the session's authorisation."""
    heal = strike.world.broker.expire_auth(fault.needs_renewal)
    strike.world.connection.path_changed()
    strike.landed("the session's authorisation ended")
    return heal


@injects("broker_endpoint_down")
def endpoint_down(strike: Strike, fault: BrokerEndpointDown) -> Heal:
    """Let some endpoints fail, or answer nothing."""

    def decide(endpoint: str) -> Verdict | None:
        if endpoint not in fault.endpoints:
            return None
        if fault.empty:
            return Verdict(answer=dict if endpoint == "positions" else list)
        return Verdict(_http_error(fault.status, endpoint))

    return strike.world.link.add(rule_of(strike, decide))


@injects("broker_rate_limited")
def rate_limited(strike: Strike, fault: BrokerRateLimited) -> Heal:
    """Lower the rate limit."""
    broker, usual = strike.world.broker, strike.world.broker.rate_limit_per_min
    broker.rate_limit_per_min = fault.limit_per_min
    broker.on_limited = lambda: strike.landed("a call was answered 429")

    def heal() -> None:
        broker.rate_limit_per_min, broker.on_limited = usual, lambda: None

    return heal


@injects("broker_html_502")
def html_502(strike: Strike, fault: BrokerHtml502) -> Heal:
    """Answer a share of the calls with a proxy's error page; the broker executed some of them."""
    return _share_fails(strike, fault.share, lambda _: BrokerBadGateway(HTML_502), lands=fault.lands)


@injects("api_errors")
def api_errors(strike: Strike, fault: ApiErrors) -> Heal:
    """Fail the next so many calls, or a share of all calls, to some endpoints."""
    if fault.share is not None:
        return _share_fails(strike, fault.share, lambda e: _http_error(fault.status, e), fault.endpoints)
    left = [fault.consecutive or 0]

    def decide(endpoint: str) -> Verdict | None:
        if endpoint == "stream" or endpoint not in fault.endpoints or not left[0]:
            return None
        left[0] -= 1
        return Verdict(_http_error(fault.status, endpoint))

    return strike.world.link.add(rule_of(strike, decide))


@injects("broker_flapping")
def flapping(strike: Strike, fault: BrokerFlapping) -> Heal:
    """Take the link down and up in turn, starting down."""
    world, stopped = strike.world, [False]
    up = [lambda: None]
    reset = rule_of(strike, lambda _: Verdict(BrokerUnreachable("connection reset")))

    def flap() -> Generator[simpy.Event, None, None]:
        while not stopped[0]:
            up[0] = world.link.add(reset, of_path=True)
            yield world.env.timeout(fault.down_us)
            up[0]()
            yield world.env.timeout(fault.up_us)

    world.env.process(flap())

    def heal() -> None:
        stopped[0] = True
        up[0]()

    return heal


@injects("broker_slow")
def slow(strike: Strike, fault: BrokerSlow) -> Heal:
    """Delay every answer."""
    delay_us = round(fault.latency_ms * MS)
    return strike.world.link.add(rule_of(strike, lambda _: Verdict(delay_us=delay_us)))


def _share_fails(
    strike: Strike, share: float, error: Callable[[str], BrokerError], endpoints: tuple[str, ...] | None = None,
    lands: float = 0.0,
) -> Heal:  # fmt: skip
    chance = strike.world.streams.stream(f"nemesis/{strike.id}")
    fate = strike.world.streams.stream(f"nemesis/{strike.id}/lands")

    def decide(endpoint: str) -> Verdict | None:
        struck = endpoint != "stream" and (endpoints is None or endpoint in endpoints)
        if not struck or chance.random() >= share:
            return None
        return Verdict(error(endpoint), executed=bool(lands) and fate.random() < lands)

    return strike.world.link.add(rule_of(strike, decide))


def _http_error(status: int, endpoint: str) -> BrokerError:
    if status == 429:
        return TooManyRequests(f"{endpoint}: rate limit exceeded")
    return BrokerUnavailable(f"{endpoint}: HTTP {status}", status)
