"""The firm's calibration job: model parameters that are fitted every hour, grow old, and may fail to fit.

Only what the on-call sees is modelled: when the parameters in use were fitted, how well the last attempt did,
and why it failed. A fit that fails leaves the parameters of before in use, which is a fallback and no cure:
they grow older. Nothing trades on them here; whether they may be relied on is a service level of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.clock import HOUR, MINUTE, SECOND, VirtualTime
from sim.healing import Heal, once
from sim.history import History

EVERY_US = HOUR
TAKES_US = 90 * SECOND
STALE_AFTER_US = 24 * HOUR
"""Parameters older than this must not be used: the limit that desks state as "stale (>24h)"."""
RMSE_LIMIT = 2.0
"""A fit with a larger error, in volatility points, is rejected."""
_GOOD_RMSE = 0.6
_FIRST_US = 15 * MINUTE
_AGE_AT_START_US = 45 * MINUTE

WORKLOAD = "calibration-service"


class Calibration:
    """One job, one set of parameters."""

    def __init__(
        self, env: VirtualTime, history: History, *, data_good: Callable[[], bool] = lambda: True,
        up: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """Parameters fitted before the run; the next fit is due 15 minutes into it, then one an hour.

        `data_good` says whether there is market data to fit to, `up` whether the job's workload runs.
        """
        self._env, self._history, self._data_good, self._up = env, history, data_good, up
        self.fitted_us = env.now - _AGE_AT_START_US
        """When the parameters in use were fitted; below 0 when that was before the run."""
        self.rmse = _GOOD_RMSE
        """Error of the last attempt."""
        self.failure = ""
        """Why the last attempt failed; empty when it did not."""
        self.on_failure: list[Callable[[str], object]] = []
        """Told the reason of each fit that failed."""
        self._hung = 0
        self._diverging: list[float] = []
        self._degraded = False
        env.call_later(_FIRST_US, self._due)
        self._watch_age()

    @property
    def age_us(self) -> int:
        """Age of the parameters in use."""
        return int(self._env.now - self.fitted_us)

    @property
    def stale(self) -> bool:
        """Whether the parameters are too old to be used."""
        return self.age_us >= STALE_AFTER_US

    @property
    def good(self) -> bool:
        """Whether the parameters are fresh and the last attempt to fit them succeeded."""
        return not self.stale and not self.failure

    # Operating verbs.

    def fit(self, by: str = "schedule", done: Callable[[bool, str], object] = lambda ok, text: None) -> None:
        """Fit now, which takes 90 seconds; `done(ok, text)` is told how it went."""
        self._history.emit("calibration.begun", by=by)
        self._env.call_later(TAKES_US, self._end_fit, by, done)

    def restarted(self) -> None:
        """Its process was started again: it hangs no longer, and fits at once."""
        self._hung = 0
        self.fit("start")

    # Faults.

    def hang(self, age_us: int) -> Heal:
        """Let the schedule hang, unnoticed since `age_us` ago: the parameters are that old."""
        self._hung += 1
        self.fitted_us = min(self.fitted_us, self._env.now - age_us)
        self._history.emit("calibration.hung", age_us=self.age_us)
        self._look()
        self._watch_age()

        def heal() -> None:
            if self._hung:
                self._hung -= 1
                self._history.emit("calibration.hung_healed")
                self.fit("missed run")

        return once(heal)

    def diverge(self, rmse: float) -> Heal:
        """Let every fit end with this error, above the limit, beginning with one that starts now."""
        self._diverging.append(rmse)
        self._history.emit("calibration.diverging", rmse=float(rmse))
        self.fit()

        def heal() -> None:
            if rmse in self._diverging:
                self._diverging.remove(rmse)
                self._history.emit("calibration.diverging_healed")

        return once(heal)

    # Inside.

    def _due(self) -> None:
        self._env.call_later(EVERY_US, self._due)
        if not self._hung:
            self.fit()

    def _end_fit(self, by: str, done: Callable[[bool, str], object]) -> None:
        self.rmse = max(self._diverging, default=_GOOD_RMSE)
        self.failure = ""
        if not self._up():
            self.failure = "the calibration service is down"
        elif not self._data_good():
            self.failure = "no market data to fit to"
        elif self.rmse > RMSE_LIMIT:
            self.failure = f"not converging, RMSE {self.rmse:g}"
        if self.failure:
            self._history.emit("calibration.failed", by=by, reason=self.failure)
            for told in list(self.on_failure):
                told(self.failure)
        else:
            self.fitted_us = self._env.now
            self._history.emit("calibration.fitted", by=by, rmse=float(self.rmse))
            self._watch_age()
        self._look()
        done(not self.failure, self.failure or "calibrated")

    def _watch_age(self) -> None:
        left_us = STALE_AFTER_US - self.age_us
        if left_us > 0:
            self._env.call_later(left_us, self._look)

    def _look(self) -> None:
        if self._degraded == self.good:
            self._degraded = not self.good
            why = self.failure or f"parameters are {self.age_us // HOUR} h old"
            if self._degraded:
                self._history.emit("calibration.degraded", reason=why)
            else:
                self._history.emit("calibration.recovered")
