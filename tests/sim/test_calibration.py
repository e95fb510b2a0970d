"""The calibration job: it fits by the hour, keeps what it had when a fit fails, and grows stale without a word."""

from __future__ import annotations

from sim.calibration import EVERY_US, STALE_AFTER_US, TAKES_US, Calibration
from sim.clock import HOUR, MINUTE, VirtualTime
from sim.history import History


class Job:
    """A job in an empty world whose data and process the test controls."""

    def __init__(self) -> None:
        self.env = VirtualTime()
        self.history = History(self.env)
        self.data = self.up = True
        self.job = Calibration(self.env, self.history, data_good=lambda: self.data, up=lambda: self.up)

    def run(self, minutes: float) -> Job:
        self.env.run(until=round(minutes * MINUTE))
        return self

    def told(self, *kinds: str) -> list[float]:
        return [event.t_us / MINUTE for event in self.history.of(*(f"calibration.{kind}" for kind in kinds))]


def test_it_fits_every_hour_and_its_parameters_are_never_older_than_that() -> None:
    firm = Job()
    for minutes in range(1, 600, 7):
        assert firm.run(minutes).job.age_us <= EVERY_US + TAKES_US
    assert firm.told("fitted") == [16.5 + 60 * hour for hour in range(10)]
    assert firm.told("degraded") == []


def test_a_fit_without_data_fails_and_keeps_the_parameters_of_before() -> None:
    firm = Job()
    before_us = firm.run(10).job.fitted_us
    firm.data = False
    firm.run(20)
    assert (firm.job.fitted_us, firm.job.failure) == (before_us, "no market data to fit to")
    firm.data = True
    firm.run(70)
    assert firm.told("degraded", "recovered") == [16.5], "nobody asked for another"
    assert firm.run(80).told("recovered") == [76.5], "the next full hour"


def test_a_forced_fit_does_not_wait_for_the_hour_and_says_how_it_went() -> None:
    firm, answers = Job(), []
    firm.run(20).up = False
    firm.job.fit("on-call", lambda ok, text: answers.append((ok, text)))
    firm.run(22).up = True
    firm.job.fit("on-call", lambda ok, text: answers.append((ok, text)))
    firm.run(24)
    assert answers == [(False, "the calibration service is down"), (True, "calibrated")]
    assert firm.told("degraded", "recovered") == [21.5, 23.5]


def test_a_hung_schedule_is_stale_at_once_or_when_a_day_has_passed() -> None:
    old = Job().run(20)
    old.job.hang(26 * HOUR)
    assert old.told("degraded") == [20]
    assert old.job.stale
    young = Job().run(20)
    young.job.hang(23 * HOUR)
    assert young.run(79).told("degraded") == []
    assert young.run(81).told("degraded") == [80]
    assert young.run(300).told("fitted") == [16.5], "it hangs"


def test_a_restart_or_the_heal_runs_what_was_missed() -> None:
    for mend in ("restart", "heal"):
        firm = Job().run(20)
        heal = firm.job.hang(STALE_AFTER_US)
        if mend == "restart":
            firm.job.restarted()
        else:
            heal()
            heal()
        assert firm.run(30).told("recovered") == [21.5], mend
        assert firm.run(80).told("fitted")[-1] == 76.5, "the schedule runs again"


def test_a_fit_that_does_not_converge_is_rejected_until_the_constraints_are_relaxed() -> None:
    firm, heard = Job().run(20), []
    firm.job.on_failure.append(heard.append)
    heal = firm.job.diverge(7.5)
    firm.run(22)
    firm.job.fit("on-call")
    firm.run(24)
    assert heard == ["not converging, RMSE 7.5"] * 2
    assert firm.job.rmse == 7.5
    heal()
    firm.job.fit("on-call")
    assert firm.run(26).job.good
    assert firm.told("degraded", "recovered") == [21.5, 25.5]
