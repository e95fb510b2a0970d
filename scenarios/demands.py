"""From a scenario to what the judges of its run demand."""

from __future__ import annotations

from types import MappingProxyType

from scenarios.scenario import Scenario
from sim.calendar import TradingCalendar
from sim.config import WorldConfig
from sim.demands import Demands


def demands_of(
    scenario: Scenario, config: WorldConfig, calendar: TradingCalendar, automation_only: bool = False
) -> Demands:
    """What a run of `scenario` in a World of `config` is held to."""
    expect = scenario.expect
    opened = config.equity
    return Demands(
        zero_us=scenario.fault_zero_us,
        horizon_us=scenario.length_us,
        halt=expect.halt.value,
        flatten=expect.flatten.value,
        alarm=expect.alarm.value,
        halt_release=expect.halt_release,
        resume=expect.resume,
        may_trade_during=expect.may_trade_during,
        detect_us=scenario.objectives.detect_us,
        contain_us=scenario.objectives.contain_us,
        limits=MappingProxyType(dict(config.limits)),
        automation_only=automation_only,
        sessions=tuple((s.open_us, s.close_us) for s in calendar.sessions),
        day_start_equity=opened,
        peak_equity=opened / (1 - config.start_drawdown_pct / 100),
    )
