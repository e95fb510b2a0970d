"""The path to the broker: what a client sees of each way in which a request can go wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sim.clock import MS, SECOND, VirtualTime
from sim.history import History
from sim.network import (
    BrokerAuthExpired,
    BrokerBadGateway,
    BrokerError,
    BrokerRateLimited,
    BrokerTimeout,
    BrokerUnavailable,
    BrokerUnreachable,
    Link,
    OrderRejected,
    UnknownOrder,
    Verdict,
)
from sim.rng import Streams


class Path:
    """A link, a broker that counts, and what came back."""

    def __init__(self) -> None:
        self.env = VirtualTime()
        self.link = Link(self.env, History(self.env), Streams(7))
        self.executed_us: list[int] = []
        self.replies: list[tuple[int, Any]] = []
        self.errors: list[tuple[int, BrokerError]] = []

    def ask(self, timeout_us: int | None = 5 * SECOND, action: Callable[[], Any] | None = None) -> Path:
        def execute() -> str:
            self.executed_us.append(self.env.now)
            return "done"

        self.link.request(
            "submit",
            action or execute,
            lambda reply: self.replies.append((self.env.now, reply)),
            lambda error: self.errors.append((self.env.now, error)),
            timeout_us,
        )
        self.env.run(until=self.env.now + 60 * SECOND)
        return self

    def under(self, verdict: Verdict) -> Path:
        self.link.add(lambda _: verdict)
        return self


def test_a_healthy_call_takes_a_round_trip() -> None:
    path = Path().ask()
    ((replied_us, reply),) = path.replies
    assert reply == "done"
    assert 0 < path.executed_us[0] < replied_us < 200 * MS
    assert path.errors == []


def test_the_latency_has_the_median_that_was_asked_for() -> None:
    link = Link(VirtualTime(), History(VirtualTime()), Streams(7), median_latency_us=20 * MS)
    draws = sorted(link.one_way_us() for _ in range(4001))
    assert draws[2000] == pytest.approx(10 * MS, rel=0.05)


def test_a_refused_connection_fails_at_once_and_the_broker_never_sees_the_request() -> None:
    path = Path().under(Verdict(BrokerUnreachable("connection refused"))).ask()
    ((failed_us, error),) = path.errors
    assert isinstance(error, ConnectionError)
    assert failed_us < 100 * MS
    assert path.executed_us == path.replies == []


def test_an_error_may_take_its_time() -> None:
    path = Path().under(Verdict(BrokerUnavailable("busy"), delay_us=3 * SECOND)).ask()
    assert 3 * SECOND < path.errors[0][0] < 3.1 * SECOND


def test_a_black_hole_with_a_timeout_ends_at_the_timeout() -> None:
    path = Path().under(Verdict(hang=True)).ask(timeout_us=5 * SECOND)
    ((failed_us, error),) = path.errors
    assert failed_us == 5 * SECOND
    assert isinstance(error, BrokerTimeout)
    assert str(error) == "submit: no answer within 5 s"
    assert path.executed_us == []


def test_a_black_hole_without_a_timeout_never_answers() -> None:
    path = Path().under(Verdict(hang=True)).ask(timeout_us=None)
    assert path.errors == path.replies == path.executed_us == []


def test_a_lost_reply_is_a_timeout_here_and_an_execution_there() -> None:
    path = Path().under(Verdict(lose_reply=True)).ask()
    assert len(path.executed_us) == 1
    assert [type(error) for _, error in path.errors] == [BrokerTimeout]
    assert path.replies == []


def test_a_lost_reply_without_a_timeout_is_silence_although_it_was_executed() -> None:
    path = Path().under(Verdict(lose_reply=True)).ask(timeout_us=None)
    assert len(path.executed_us) == 1
    assert path.errors == path.replies == []


def test_a_slow_broker_answers_after_its_delay_half_of_it_each_way() -> None:
    path = Path().under(Verdict(delay_us=2 * SECOND)).ask()
    assert 1 * SECOND < path.executed_us[0] < 1.1 * SECOND
    assert 2 * SECOND < path.replies[0][0] < 2.2 * SECOND


def test_a_reply_after_the_timeout_is_lost_and_the_caller_is_told_once() -> None:
    path = Path().under(Verdict(delay_us=20 * SECOND)).ask(timeout_us=5 * SECOND)
    assert [(t_us, type(error)) for t_us, error in path.errors] == [(5 * SECOND, BrokerTimeout)]
    assert len(path.executed_us) == 1, "executed at the broker all the same"
    assert path.replies == []


def test_a_slow_broker_is_waited_for_without_a_timeout() -> None:
    path = Path().under(Verdict(delay_us=20 * SECOND)).ask(timeout_us=None)
    assert [reply for _, reply in path.replies] == ["done"]


def test_what_the_broker_refuses_comes_back_after_the_round_trip() -> None:
    def refuse() -> None:
        raise OrderRejected("insufficient buying power", 403)

    path = Path().ask(action=refuse)
    ((failed_us, error),) = path.errors
    assert (str(error), error.status) == ("insufficient buying power", 403)
    assert failed_us > 2 * MS


def test_a_refusal_after_the_timeout_is_told_as_the_timeout_it_was() -> None:
    def refuse() -> None:
        raise OrderRejected("no")

    path = Path().under(Verdict(delay_us=20 * SECOND)).ask(action=refuse)
    assert [type(error) for _, error in path.errors] == [BrokerTimeout]


def test_a_proxy_may_answer_in_the_brokers_place() -> None:
    path = Path().under(Verdict(answer=list)).ask()
    assert [reply for _, reply in path.replies] == [[]]
    assert path.executed_us == []


def test_the_first_rule_that_says_something_wins_and_removal_restores() -> None:
    path = Path()
    changes: list[int] = []
    path.link.on_change = lambda: changes.append(path.env.now)
    pass_all = path.link.add(lambda endpoint: None)
    first = path.link.add(lambda endpoint: Verdict(hang=True) if endpoint == "submit" else None)
    second = path.link.add(lambda endpoint: Verdict(lose_reply=True))
    assert path.link.verdict("submit").hang
    assert path.link.verdict("positions").lose_reply
    first()
    assert path.link.verdict("submit").lose_reply
    first()  # twice is harmless
    second()
    pass_all()
    assert path.link.verdict("submit") == Verdict()
    assert len(changes) == 6, "three added, three removed; the second removal of one changed nothing"


class TestSeveralAtOnce:
    """Faults overlap: what happens first on the way decides."""

    def test_a_slow_broker_that_is_refused_as_well_is_refused(self) -> None:
        path = Path().under(Verdict(delay_us=2 * SECOND)).under(Verdict(BrokerUnavailable("HTTP 503")))
        ((failed_us, error),) = path.ask().errors
        assert isinstance(error, BrokerUnavailable)
        assert 2 * SECOND < failed_us < 2.1 * SECOND

    def test_delays_add_up(self) -> None:
        path = Path().under(Verdict(delay_us=SECOND)).under(Verdict(delay_us=2 * SECOND)).ask()
        assert 3 * SECOND < path.replies[0][0] < 3.2 * SECOND

    def test_an_error_that_comes_after_the_timeout_is_a_timeout(self) -> None:
        path = Path().under(Verdict(delay_us=20 * SECOND)).under(Verdict(BrokerUnavailable("HTTP 503"))).ask()
        assert [(t_us, type(error)) for t_us, error in path.errors] == [(5 * SECOND, BrokerTimeout)]

    @pytest.mark.parametrize(
        "answered", [Verdict(lose_reply=True), Verdict(answer=list), Verdict(BrokerUnavailable("HTTP 503"))]
    )
    def test_what_does_not_arrive_is_answered_by_nobody(self, answered: Verdict) -> None:
        path = Path().under(answered)
        heal = path.link.add(lambda _: Verdict(hang=True), of_path=True)
        path.ask()
        assert [type(error) for _, error in path.errors] == [BrokerTimeout]
        assert path.executed_us == path.replies == []
        heal()
        assert path.link.verdict("submit") == answered


def test_a_request_under_way_is_not_struck_by_a_fault_that_comes_after_it() -> None:
    path = Path()
    replies: list[str] = []
    path.link.request("submit", lambda: "done", replies.append, lambda _: None, SECOND)
    path.link.add(lambda _: Verdict(hang=True))
    path.env.run()
    assert replies == ["done"]


@pytest.mark.parametrize(
    ("error", "status", "caught_as"),
    [
        (BrokerUnreachable("x"), 0, ConnectionError),
        (BrokerTimeout("x"), 0, TimeoutError),
        (BrokerAuthExpired("x"), 401, PermissionError),
        (BrokerRateLimited("x"), 429, BrokerError),
        (BrokerBadGateway("<html>"), 502, BrokerError),
        (BrokerUnavailable("x"), 503, BrokerError),
        (BrokerUnavailable("x", 500), 500, BrokerError),
        (OrderRejected("x"), 422, ValueError),
        (UnknownOrder("x"), 404, LookupError),
    ],
)
def test_user_code_can_catch_what_it_meets_by_pythons_own_names(
    error: BrokerError, status: int, caught_as: type[Exception]
) -> None:
    assert error.status == status
    assert isinstance(error, caught_as)
    assert isinstance(error, BrokerError)
