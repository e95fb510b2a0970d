"""Hypothesis strategies for faults and fault schedules that the models accept.

`fault_schedules()` is for every property test over scenarios: its schedules combine and overlap as they
like, and all of them heal within the hour, so that a world that does not converge afterwards is a finding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from scenarios.faults import FAULTS, AnyFault, Ends, FaultBase
from scenarios.faults.orders import ENDPOINTS
from scenarios.scenario import Scenario
from scenarios.world_options import WorldOptions
from sim.clock import HOUR, MINUTE, SECOND

LATEST_START_US = 20 * MINUTE
LONGEST_US = 30 * MINUTE
SYMBOLS = WorldOptions().symbol_names
WORKLOADS = WorldOptions().workloads

Parameters = st.SearchStrategy[dict[str, Any]]


def seconds(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high).map(lambda s: s * SECOND)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False).map(lambda x: round(x, 3))


def shares() -> st.SearchStrategy[float]:
    return numbers(0.01, 1.0)


def some(names: tuple[str, ...], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=least, unique=True).map(tuple)


def fields(**strategies: st.SearchStrategy[Any]) -> Parameters:
    return st.fixed_dictionaries(strategies)


_feed = {"symbols": some(SYMBOLS)}
_workload = {"workload": st.sampled_from(WORKLOADS)}
_book = {
    "symbol": st.none() | st.sampled_from(SYMBOLS),
    "qty": st.integers(-500, 500).filter(bool),
}
_files = {"file": st.sampled_from(("positions", "orders", "audit", "halt"))}

PARAMETERS: dict[str, Parameters] = {
    "adverse_move": st.one_of(
        fields(loss_pct=numbers(0.5, 30), ramp_us=seconds(0, 600)),
        fields(drawdown_pct=numbers(0.5, 40), ramp_us=seconds(0, 600)),
    ),
    "volatility": fields(multiplier=numbers(1.1, 20)),
    "slippage": fields(mean_bps=numbers(0.1, 200)),
    "manual_kill": fields(),
    "order_rejects": fields(share=shares()),
    "api_errors": st.one_of(
        fields(endpoints=some(ENDPOINTS, 1), consecutive=st.integers(1, 50)),
        fields(endpoints=some(ENDPOINTS, 1), share=shares(), status=st.sampled_from((500, 503, 504))),
    ),
    "fill_delay": fields(delay_us=seconds(1, 120)),
    "partial_fills": fields(share=shares()),
    "broker_refused": fields(),
    "broker_black_hole": fields(),
    "broker_half_open": fields(),
    "broker_auth_expired": fields(needs_renewal=st.booleans()),
    "broker_endpoint_down": st.one_of(
        fields(endpoints=some(ENDPOINTS, 1), status=st.sampled_from((500, 503))),
        fields(endpoints=some(("positions", "orders"), 1), empty=st.just(True)),
    ),
    "broker_rate_limited": fields(limit_per_min=st.integers(1, 100)),
    "broker_html_502": fields(share=shares()),
    "broker_ack_lost": fields(share=shares()),
    "broker_late_fills": fields(delay_us=seconds(1, 300)),
    "broker_flapping": fields(up_us=seconds(1, 30), down_us=seconds(1, 30)),
    "broker_slow": fields(latency_ms=numbers(1, 20_000)),
    "bad_bars": st.one_of(
        fields(fault=st.sampled_from(("spike", "decimal_shift")), bars=st.integers(1, 10), **_feed),
        fields(
            fault=st.sampled_from(("nan", "zero", "negative", "high_below_low", "zero_volume")),
            bars=st.integers(1, 10),
            **_feed,
        ),
    ),
    "feed_frozen": fields(**_feed),
    "feed_stale": fields(lag_us=seconds(1, 900), **_feed),
    "feed_gap": fields(**_feed),
    "feed_duplicate_timestamp": fields(**_feed),
    "feed_out_of_order": fields(**_feed),
    "state_file_truncated": fields(keep_share=numbers(0, 0.99), **_files),
    "state_file_stale": fields(age_us=seconds(1, 900), **_files),
    "duplicate_idempotency_key": fields(times=st.integers(1, 5)),
    "position_mismatch": fields(**_book),
    "unexpected_position": fields(**_book),
    "memory_leak": fields(mib_per_min=numbers(1, 500), **_workload),
    "oom_crash_loop": fields(kills=st.integers(1, 6), **_workload),
    "process_crash": fields(stays_down=st.booleans(), **_workload),
    "process_restart": fields(**_workload),
    "bad_deploy": fields(symptom=st.sampled_from(("crash", "errors")), error_share=shares(), **_workload),
    "node_pressure": fields(slowdown=numbers(1.1, 20)),
    "database_slow": fields(latency_ms=numbers(1, 20_000)),
    "pool_exhausted": fields(),
    "cache_full": fields(),
    "monitoring_dead": fields(),
    "monitoring_late": fields(delay_us=seconds(1, 900)),
    "monitoring_lying": fields(metric=st.just("trading_drawdown_pct"), value=numbers(-10, 10)),
    "pages_lost": fields(share=shares()),
    "calibration_hung": fields(age_us=seconds(0, 200_000)),
    "calibration_diverges": fields(rmse=numbers(2.1, 50)),
    "mode_not_released": fields(mode=st.sampled_from(("paper", "live"))),
}
"""Parameters of each kind, its times left out."""


def faults(kinds: tuple[str, ...] = tuple(FAULTS)) -> st.SearchStrategy[FaultBase]:
    """One fault of any of `kinds`, with a start and, where it has one, an end."""
    return st.sampled_from(kinds).flatmap(_of_kind)


def _of_kind(kind: str) -> st.SearchStrategy[FaultBase]:
    model: Callable[..., FaultBase] = FAULTS[kind]
    times = {"at_us": seconds(0, LATEST_START_US // SECOND)}
    if FAULTS[kind].ends is not Ends.ITSELF:
        times["for_us"] = seconds(60, LONGEST_US // SECOND)
    return st.builds(lambda when, what: model(**when, **what), fields(**times), PARAMETERS[kind])


@st.composite
def fault_schedules(
    draw: st.DrawFn,
    kinds: tuple[str, ...] = tuple(FAULTS),
    max_size: int = 5,
) -> tuple[AnyFault, ...]:
    """Faults that may combine and overlap; of two that cannot be told apart, the first stays."""
    kept: list[Any] = []
    for fault in draw(st.lists(faults(kinds), max_size=max_size)):
        if not any(_alike(fault, other) for other in kept):
            kept.append(fault)
    return tuple(kept)


def _alike(one: FaultBase, other: FaultBase) -> bool:
    return one.identity == other.identity


def scenarios(kinds: tuple[str, ...] = tuple(FAULTS), max_size: int = 5) -> st.SearchStrategy[Scenario]:
    """A whole scenario around a schedule, open about what a good answer would be."""
    return fault_schedules(kinds, max_size).map(
        lambda schedule: Scenario.model_validate(
            {
                "name": "any-schedule",
                "title": "Any schedule",
                "story": "Whatever can go wrong does.",
                "faults": schedule,
                "horizon_us": 4 * HOUR,
                "objectives": {"rto_us": 2 * HOUR},
                "expect": {"alarm": "either"},
            }
        )
    )
