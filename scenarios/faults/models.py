"""Faults of the models that strategies trade by, and of the stage that the system was promoted to."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import field_validator

from scenarios.faults.base import Ends, FaultBase
from scenarios.spec import Duration, Mended, Positive, duration_words
from sim.calibration import RMSE_LIMIT, STALE_AFTER_US
from sim.clock import HOUR


class _CalibrationFault(FaultBase):
    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "calibration"
    service_level: ClassVar[str] = "calibration"


class CalibrationHung(_CalibrationFault):
    """The calibration schedule hangs, and nobody noticed: the parameters in use turn out to be `age` old.

    A restart of the service or a forced calibration makes them fresh; healing lets the schedule run again.
    """

    kind: Literal["calibration_hung"] = "calibration_hung"
    age_us: Duration = 26 * HOUR
    """How old the parameters are when it strikes; from 24 h on they are stale at once."""

    def what(self) -> str:
        """The age."""
        age = duration_words(self.age_us)
        verb = "are stale" if self.age_us >= STALE_AFTER_US else "grow old"
        return f"the calibration schedule hangs and model parameters {verb}, {age} old"


class CalibrationDiverges(_CalibrationFault):
    """Each fit ends with an error above the limit and is rejected; the parameters of before stay in use.

    Loosening the constraints of the fit, or healing, lets the next one converge.
    """

    kind: Literal["calibration_diverges"] = "calibration_diverges"
    rmse: Positive = 6.0
    """Error of each fit, in volatility points; the limit is 2."""

    @field_validator("rmse")
    @classmethod
    def _is_above_the_limit(cls, rmse: float) -> float:
        if rmse <= RMSE_LIMIT:
            raise Mended("a fit with this error is accepted", f"give more than {RMSE_LIMIT:g}")
        return rmse

    def what(self) -> str:
        """The error."""
        return f"the calibration does not converge, RMSE {self.rmse:g}"


class ModeNotReleased(FaultBase):
    """The system runs in a mode that nobody released it for: a promotion that a gate should have stopped.

    Taking it back to lab mode ends it, and so does a release after all, which is its healing.
    """

    ends: ClassVar[Ends] = Ends.MITIGATED
    component: ClassVar[str] = "mode"
    service_level: ClassVar[str] = "mode"

    kind: Literal["mode_not_released"] = "mode_not_released"
    mode: Literal["paper", "live"] = "paper"

    def what(self) -> str:
        """The mode."""
        return f"the system trades in {self.mode} mode without being released for it"


ModelFault = CalibrationHung | CalibrationDiverges | ModeNotReleased
