"""Faults of the models and of the mode: how they show, how they end, and what a person can do about them."""

from __future__ import annotations

from typing import Any

import pytest

from drills.operator import Operator, Outcome
from scenarios.faults import FAULTS
from sim.clock import HOUR
from sim.errors import BadInput
from tests.scenarios.incidents import STILL, Incident


def still(kind: str, **fault: Any) -> Incident:
    return Incident({"kind": kind, "at": "1m", **fault}, world=STILL, code=None)


def ask(incident: Incident, action: str, minutes: float) -> Outcome | None:
    """What the on-call's hands are told, within so many minutes of now."""
    answers: list[Outcome] = []
    operator = Operator(incident.world, incident.nemesis)
    incident.soon(lambda: operator.perform(action, answers.append))
    incident.run_to((incident.world.env.now - incident.zero_us) / 60e6 + minutes)
    return answers[0] if answers else None


class TestCalibration:
    """Parameters grow old, or do not fit."""

    def test_parameters_turn_out_to_be_a_day_old_and_somebody_is_told(self) -> None:
        incident = still("calibration_hung", age="26h").run_to(3)
        assert incident.proof() == "the schedule hangs, parameters are 26 h old"
        assert [e.subject for e in incident.events("alert.firing")] == ["CalibrationStale"]
        looked = ask(incident, "verify_calibrated", 0.1)
        assert looked is not None
        assert not looked.ok

    @pytest.mark.parametrize("cure", ["recalibrate", "restart_service"])
    def test_a_forced_fit_or_a_restart_makes_them_fresh(self, cure: str) -> None:
        incident = still("calibration_hung").run_to(3)
        ask(incident, cure, 3)
        assert incident.world.calibration.age_us < HOUR
        looked = ask(incident, "verify_calibrated", 0.1)
        assert looked is not None
        assert looked.ok

    def test_what_does_not_converge_needs_wider_bounds_before_another_try(self) -> None:
        incident = still("calibration_diverges", rmse=8.0).run_to(4)
        assert incident.proof() == "a fit was rejected: not converging, RMSE 8"
        tried = ask(incident, "recalibrate", 3)
        assert tried == Outcome(False, "not converging, RMSE 8")
        ask(incident, "relax_fit", 0.1)
        assert ask(incident, "recalibrate", 3) == Outcome(True, "calibrated")
        assert [e.subject for e in incident.events("alert.firing")] == ["CalibrationFailing"]

    def test_it_fails_in_a_gap_of_the_feed_and_with_its_own_service(self) -> None:
        gap = Incident({"kind": "feed_gap", "at": "1m", "for": "20m"}, world=STILL, code=None).run_to(14)
        assert [e.data["reason"] for e in gap.events("calibration.failed")] == ["no market data to fit to"]
        own = {**STILL, "workloads": ["trading-system", "market-data", "calibration-service"]}
        crash = {"kind": "process_crash", "at": "1m", "workload": "calibration-service", "stays_down": True}
        down = Incident(crash, world=own, code=None).run_to(14)
        assert [e.data["reason"] for e in down.events("calibration.failed")] == ["the calibration service is down"]
        ask(down, "restart_service", 5)
        assert down.world.calibration.good

    def test_an_error_that_would_be_accepted_is_refused(self) -> None:
        with pytest.raises((ValueError, BadInput), match="give more than 2"):
            FAULTS["calibration_diverges"].model_validate({"kind": "calibration_diverges", "rmse": 1.5})


class TestMode:
    """The system trades in a mode that nobody released it for."""

    def test_somebody_is_told_and_a_release_ends_it(self) -> None:
        incident = still("mode_not_released", mode="paper").run_to(3)
        assert [e.subject for e in incident.events("alert.firing")] == ["ModeNotReleased"]
        incident.heal().run_to(5)
        assert [e.subject for e in incident.events("alert.resolved")] == ["ModeNotReleased"]
        assert incident.world.connection.connected

    def test_back_in_the_lab_there_is_no_way_to_a_broker(self) -> None:
        incident = Incident({"kind": "mode_not_released", "at": "1m"}).run_to(3)
        before = ask(incident, "verify_disconnected", 0.1)
        assert before is not None
        assert not before.ok
        ask(incident, "rollback_mode", 3)
        after = ask(incident, "verify_disconnected", 10)
        assert after == Outcome(True, "no way to the broker is open")
        sent = len(incident.events("order.sent"))
        incident.run_to(40)
        assert len(incident.events("order.sent")) == sent
        assert incident.lately("order.denied"), "strategies go on and are held back"
        assert not incident.world.connection.connected
        assert incident.world.trading.up
        quiet = {"BrokerDisconnected", "BrokerSilent", "ModeNotReleased"}
        assert quiet.isdisjoint(alert.name for alert in incident.world.monitoring.firing())

    def test_what_was_sent_before_stays_at_the_broker(self) -> None:
        incident = Incident({"kind": "mode_not_released", "at": "1m"}).run_to(3)
        resting = {order.id for order in incident.world.broker.working()}
        ask(incident, "rollback_mode", 1)
        assert {order.id for order in incident.world.broker.working()} & resting
