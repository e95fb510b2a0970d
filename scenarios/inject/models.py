"""Faults of the calibration job, and of the mode that the system runs in."""

from __future__ import annotations

from scenarios.faults.models import CalibrationDiverges, CalibrationHung, ModeNotReleased
from scenarios.inject.base import Heal, Strike, injects
from sim.clock import HOUR


@injects("calibration_hung")
def calibration_hung(strike: Strike, fault: CalibrationHung) -> Heal:
    """Let the schedule hang, and the parameters be as old as that."""
    calibration = strike.world.calibration
    heal = calibration.hang(fault.age_us)
    strike.landed(f"the schedule hangs, parameters are {calibration.age_us / HOUR:.0f} h old")
    return heal


@injects("calibration_diverges")
def calibration_diverges(strike: Strike, fault: CalibrationDiverges) -> Heal:
    """Let fits fail; felt once one was rejected."""
    calibration, landed = strike.world.calibration, strike.landed

    def rejected(reason: str) -> None:
        if "not converging" in reason:
            landed(f"a fit was rejected: {reason}")

    calibration.on_failure.append(rejected)
    mend = calibration.diverge(fault.rmse)

    def heal() -> None:
        mend()
        if rejected in calibration.on_failure:
            calibration.on_failure.remove(rejected)

    return heal


@injects("mode_not_released")
def mode_not_released(strike: Strike, fault: ModeNotReleased) -> Heal:
    """Take the release away from a system that trades."""
    heal = strike.world.mode.withdraw_release(fault.mode)
    strike.landed(f"it trades in {fault.mode} mode")
    return heal
