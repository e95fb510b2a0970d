"""The session with the broker: how its end is noticed, and what is heard after it was opened again."""

from __future__ import annotations

from typing import Any

import pytest

from sim.clock import SECOND
from sim.connection import HEARTBEAT_TIMEOUT_US
from sim.network import BrokerAuthExpired, BrokerTimeout, BrokerUnreachable, Verdict
from sim.venue import Update
from tests.sim.worlds import Firm

REFUSED = Verdict(BrokerUnreachable("connection refused"))
SILENT = Verdict(hang=True)


class Session(Firm):
    """A firm whose code hears of a lost session and does nothing about it."""

    def __init__(self, **config: Any) -> None:
        self.lost: list[tuple[float, str]] = []
        super().__init__(lambda desk: {"on_disconnect": self._heard}, **config)
        self.connection = self.world.connection
        self.heard: list[tuple[int, Update]] = []
        self.connection.on_update = lambda update: self.heard.append((self.env.now, update))

    def _heard(self, reason: str) -> None:
        self.lost.append((self.env.now / SECOND, reason))

    def connect(self, timeout_s: float | None = 10) -> list[Any]:
        outcome: list[Any] = []
        timeout_us = None if timeout_s is None else round(timeout_s * SECOND)
        self.soon(lambda: self.connection.connect(outcome.append, outcome.append, timeout_us))
        self.run(timeout_s or 60)
        return outcome

    def fill(self) -> None:
        """Something happens at the broker that the firm should hear of."""
        self.soon(lambda: self.broker.publish(Update("fill", "o1", f"f{self.env.now}", 5, 590.0, "SPY", 1)))
        self.run(1)


def test_a_healthy_session_hears_of_every_update_within_a_moment() -> None:
    session = Session()
    before = session.env.now
    session.fill()
    ((heard_us, update),) = session.heard
    assert update.qty == 5
    assert heard_us - before < SECOND // 5


def test_heartbeats_come_every_ten_seconds() -> None:
    session = Session()
    ages = []
    for _ in range(25):
        session.run(1)
        ages.append(session.connection.heartbeat_age_us)
    assert max(ages) < 10 * SECOND
    assert min(ages) == 0


class TestRefused:
    """The port closes: the session is cut and nobody can open another."""

    def test_the_firm_is_told_at_once(self) -> None:
        session = Session()
        session.rule(REFUSED)
        session.run(1)
        assert not session.connection.connected
        assert [reason for _, reason in session.lost] == ["connection refused"]
        assert session.lost[0][0] < 1.2

    def test_connecting_fails_and_is_recorded_until_the_path_is_healed(self) -> None:
        session = Session()
        heal = session.rule(REFUSED)
        (error,) = session.connect()
        assert isinstance(error, BrokerUnreachable)
        assert session.history.first("link.connect_failed") is not None
        heal()
        session.run(60)
        assert not session.connection.connected, "healing reconnects nobody"
        assert session.connect() == [None]
        assert session.connection.connected
        assert session.told("link.restored") == ["link.restored"]

    def test_what_happened_meanwhile_is_replayed_once_and_in_order(self) -> None:
        session = Session()
        heal = session.rule(REFUSED)
        session.run(1)
        for _ in range(3):
            session.fill()
        heal()
        session.run(30)
        assert session.heard == []
        session.connect()
        assert [u.fill_id for _, u in session.heard] == sorted(u.fill_id for _, u in session.heard)
        assert len(session.heard) == 3
        (replay,) = session.events("link.replayed")
        assert replay.data["count"] == 3
        session.connect()
        assert len(session.heard) == 3


class TestBlackHole:
    """Packets vanish: only the missing heartbeats tell."""

    def test_the_session_looks_connected_until_three_heartbeats_are_missed(self) -> None:
        session = Session()
        started = session.env.now
        session.rule(SILENT)
        session.run(29.9)
        assert session.connection.connected
        assert session.connection.heartbeat_age_us == pytest.approx(29.9 * SECOND, abs=SECOND)
        session.run(0.2)
        assert not session.connection.connected
        assert session.lost == [((started + HEARTBEAT_TIMEOUT_US) / SECOND, "no heartbeat for 30 s")]

    def test_a_hole_shorter_than_the_watch_is_survived_and_its_updates_replayed(self) -> None:
        session = Session()
        heal = session.rule(SILENT)
        session.fill()
        assert session.heard == []
        session.run(10)
        heal()
        session.run(60)
        assert session.connection.connected
        assert session.lost == []
        assert len(session.heard) == 1

    def test_two_short_holes_are_not_added_up(self) -> None:
        session = Session()
        session.rule(SILENT)()
        heal = session.rule(SILENT)
        session.run(20)
        heal()
        session.run(5)
        again = session.rule(SILENT)
        session.run(20)
        assert session.connection.connected
        session.run(11)
        assert not session.connection.connected
        again()

    def test_connecting_into_it_times_out(self) -> None:
        session = Session()
        session.rule(SILENT)
        session.run(31)
        (error,) = session.connect(timeout_s=10)
        assert isinstance(error, BrokerTimeout)

    def test_connecting_into_it_without_a_timeout_never_answers_even_after_the_heal(self) -> None:
        session = Session()
        heal = session.rule(SILENT)
        session.run(31)
        assert session.connect(timeout_s=None) == []
        heal()
        session.run(600)
        assert not session.connection.connected


class TestStreamOnly:
    """The order stream is struck while every other call works."""

    def test_a_stream_that_is_refused_ends_the_session_and_none_can_be_opened(self) -> None:
        session = Session()
        heal = session.rule(REFUSED, "stream")
        session.run(1)
        assert not session.connection.connected
        (error,) = session.connect()
        assert isinstance(error, BrokerUnreachable)
        assert not session.connection.connected, "a session without its stream is none"
        heal()
        assert session.connect() == [None]

    def test_a_mute_stream_lets_the_handshake_pass_and_is_found_out_by_its_heartbeat(self) -> None:
        session = Session()
        heal = session.rule(SILENT, "stream")
        session.run(31)
        assert not session.connection.connected
        assert session.connect() == [None]
        session.fill()
        assert session.connection.connected
        assert session.heard == []
        session.run(31)
        assert [reason for _, reason in session.lost] == ["no heartbeat for 30 s"] * 2
        heal()
        session.connect()
        assert len(session.heard) == 1

    def test_a_session_opened_while_the_path_was_breaking_does_not_stay_up(self) -> None:
        session = Session()
        heal = session.rule(REFUSED)
        session.run(1)
        heal()
        outcome: list[Any] = []
        session.soon(lambda: session.connection.connect(outcome.append, outcome.append, 10 * SECOND))
        session.after(0.003, lambda: session.rule(REFUSED))
        session.run(5)
        assert not session.connection.connected


class TestAuthorisation:
    """The session's credentials end."""

    def test_the_session_ends_and_a_new_login_opens_it(self) -> None:
        session = Session()
        session.broker.expire_auth(needs_renewal=False)
        session.connection.path_changed()
        session.run(1)
        assert [reason for _, reason in session.lost] == ["authorisation expired"]
        assert session.connect() == [None]

    def test_a_login_fails_until_the_credentials_are_renewed(self) -> None:
        session = Session()
        renew = session.broker.expire_auth(needs_renewal=True)
        session.connection.path_changed()
        session.run(1)
        (error,) = session.connect()
        assert isinstance(error, BrokerAuthExpired)
        renew()
        assert session.connect() == [None]


class TestLateAndUnderWay:
    """Updates that are neither here nor there."""

    def test_held_back_updates_come_after_their_delay_and_say_so(self) -> None:
        session = Session()
        proofs: list[int] = []
        session.connection.late_us = 120 * SECOND
        session.connection.on_late = lambda: proofs.append(session.env.now)
        session.fill()
        assert len(proofs) == 1
        session.run(118)
        assert session.heard == []
        session.run(3)
        assert len(session.heard) == 1

    def test_a_replay_after_an_outage_is_late_too(self) -> None:
        session = Session()
        heal = session.rule(REFUSED)
        session.run(1)
        session.fill()
        session.connection.late_us = 60 * SECOND
        heal()
        session.connect(timeout_s=10)
        assert session.heard == []
        session.run(60)
        assert len(session.heard) == 1

    def test_an_update_on_the_wire_when_the_session_ends_is_replayed(self) -> None:
        session = Session()
        session.soon(lambda: session.broker.publish(Update("fill", "o1", "f1", 5, 590.0, "SPY", 1)))
        session.soon(session.connection.reset)
        session.run(5)
        assert session.heard == []
        session.connect()
        assert [u.fill_id for _, u in session.heard] == ["f1"]

    def test_a_slow_path_delays_updates_by_half_its_round_trip(self) -> None:
        session = Session()
        session.rule(Verdict(delay_us=4 * SECOND))
        session.fill()
        session.run(0.5)
        assert session.heard == []
        session.run(1)
        assert len(session.heard) == 1


class TestProcess:
    """The session belongs to the process that holds it."""

    def test_the_end_of_the_process_ends_the_session_without_a_word(self) -> None:
        session = Session()
        session.connection.reset()
        session.connection.reset()
        session.run(1)
        assert session.lost == []
        assert [e.data["reason"] for e in session.events("link.lost")] == ["process ended"]

    def test_a_login_that_the_dead_process_had_under_way_opens_no_session(self) -> None:
        session = Session()
        heal = session.rule(REFUSED)
        session.run(1)
        session.fill()
        heal()
        outcome: list[Any] = []
        session.soon(lambda: session.connection.connect(outcome.append, outcome.append, 10 * SECOND))
        session.soon(session.connection.reset)
        session.run(5)
        assert not session.connection.connected
        assert outcome == []
        assert session.connect() == [None]
        assert len(session.heard) == 1


def test_a_session_is_lost_and_restored_in_turn_in_the_record_of_a_flapping_path() -> None:
    session = Session()
    for _ in range(5):
        heal = session.rule(REFUSED)
        session.run(2)
        heal()
        session.connect()
    assert session.told("link.lost", "link.restored") == ["link.lost", "link.restored"] * 5
    assert session.connection.sessions == 6
