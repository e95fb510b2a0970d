"""Every kind of fault can be written, says what it does, and refuses what makes no sense."""

from __future__ import annotations

import pytest
from hypothesis import given
from pydantic import TypeAdapter, ValidationError

from scenarios.faults import FAULTS, AnyFault, Ends, Fault, FaultBase
from scenarios.faults.broker import BrokerEndpointDown, BrokerFlapping, BrokerRefused
from scenarios.faults.data import BadBars
from scenarios.faults.orders import ApiErrors
from scenarios.faults.risk import AdverseMove, ManualKill
from scenarios.faults.state import PositionMismatch
from sim.clock import MINUTE, SECOND
from tests.scenarios.strategies import PARAMETERS, fault_schedules, faults

ANY_FAULT: TypeAdapter[AnyFault] = TypeAdapter(Fault)
COMPONENTS = ("market", "broker", "feed", "state", "infrastructure", "monitoring", "operator", "calibration", "mode")


def test_the_incidents_of_all_four_quarters_have_a_fault() -> None:
    assert len(FAULTS) == 46
    assert list(PARAMETERS) == list(FAULTS)


@pytest.mark.parametrize("kind", FAULTS)
def test_each_kind_documents_itself_and_names_its_component(kind: str) -> None:
    model = FAULTS[kind]
    assert model.__doc__ is not None
    assert model.component in COMPONENTS
    if model.ends is not Ends.ITSELF:
        assert any(word in model.__doc__ for word in ("eal", "ends it"))


@given(faults())
def test_any_fault_describes_itself_in_one_plain_line(fault: FaultBase) -> None:
    text = fault.describe()
    assert text == text.strip()
    assert "\n" not in text
    assert "None" not in text
    assert text[:1].islower() or text[:1].isdigit()


@given(faults())
def test_any_fault_survives_the_way_through_plain_data(fault: FaultBase) -> None:
    assert ANY_FAULT.validate_python(fault.yaml_data()) == fault


@given(fault_schedules(max_size=8))
def test_schedules_end_within_the_hour(schedule: tuple[FaultBase, ...]) -> None:
    assert all(fault.end_us is not None and fault.end_us <= 60 * MINUTE for fault in schedule)


def test_a_refused_broker_is_told_as_people_would_tell_it() -> None:
    assert BrokerRefused(for_us=120 * SECOND).describe() == "the broker refuses connections for 2 min"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (AdverseMove(loss_pct=4), "the book loses 4 % of the day's equity within 2 min"),
        (AdverseMove(drawdown_pct=21.5), "the book falls 21.5 % below its peak within 2 min"),
        (ApiErrors(endpoints=("orders", "submit"), consecutive=5), "the next 5 calls to orders and submit answer 500"),
        (ApiErrors(endpoints=("account",), share=1), "100% of the calls to account answer 500"),
        (BrokerEndpointDown(endpoints=("positions",), empty=True), "the broker's positions answers an empty list"),
        (BadBars(fault="spike", symbols=("SPY",)), "3 bars of SPY come with a price spike of x10"),
        (BadBars(fault="decimal_shift", bars=5), "5 bars of every symbol come with a shifted decimal point of x100"),
        (BadBars(fault="nan", symbols=("SPY", "QQQ")), "3 bars of SPY and QQQ come with no price (NaN)"),
        (ManualKill(), "the risk officer presses the kill switch (precaution)"),
        (PositionMismatch(symbol="SPY", qty=-7), "the broker's position in SPY differs from the system's by -7 shares"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_fault(fault: FaultBase, text: str) -> None:
    assert fault.describe() == text


def test_times_are_text_with_units_or_seconds_in_yaml_and_microseconds_in_python() -> None:
    from_text = ANY_FAULT.validate_python({"kind": "broker_refused", "at": "1h30m", "for": "250ms"})
    assert (from_text.at_us, from_text.for_us) == (5_400_000_000, 250_000)
    assert ANY_FAULT.validate_python({"kind": "broker_refused", "at": 90}).at_us == 90 * SECOND
    assert BrokerRefused(at_us=90).at_us == 90


def test_a_move_ends_with_its_ramp_and_an_instant_at_once() -> None:
    assert AdverseMove(at_us=MINUTE, loss_pct=4, ramp_us=3 * MINUTE).end_us == 4 * MINUTE
    assert ManualKill(at_us=MINUTE).end_us == MINUTE
    assert BrokerRefused(at_us=MINUTE).end_us is None
    assert BrokerRefused(at_us=MINUTE, for_us=SECOND).end_us == MINUTE + SECOND


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"kind": "adverse_move"}, "neither loss_pct nor drawdown_pct is given; add one of them"),
        ({"kind": "adverse_move", "loss_pct": 1, "drawdown_pct": 1}, "exclude each other; keep one"),
        ({"kind": "api_errors"}, "neither consecutive nor share"),
        ({"kind": "manual_kill", "for": "5m"}, "manual_kill ends by itself; remove `for`"),
        ({"kind": "broker_refused", "for": "0s"}, "never lands; give a duration above 0s"),
        ({"kind": "broker_flapping", "for": "50s"}, "takes 1 min, longer than the fault lasts"),
        ({"kind": "broker_flapping", "up": "0s"}, "give more than 0s"),
        ({"kind": "broker_endpoint_down", "endpoints": ["submit"], "empty": True}, "submit answers no list"),
        ({"kind": "bad_bars", "fault": "nan", "factor": 3}, "nan has no factor"),
        ({"kind": "bad_bars", "fault": "spike", "factor": 1}, "leaves the price as it is"),
        ({"kind": "feed_stale", "lag": "0s"}, "not stale"),
        ({"kind": "position_mismatch", "qty": 0}, "0 shares change no book"),
        ({"kind": "order_rejects", "share": True}, "valid number"),
        ({"kind": "order_rejects", "share": 1.5}, "less than or equal to 1"),
        ({"kind": "feed_gap", "symbols": ["spy"]}, "match pattern"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(data: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ANY_FAULT.validate_python(data)
    assert problem in str(caught.value)


def test_flapping_may_last_one_cycle() -> None:
    assert BrokerFlapping(for_us=60 * SECOND).up_us == 20 * SECOND


def test_faults_cannot_be_changed() -> None:
    fault = BrokerRefused()
    with pytest.raises(ValidationError, match="frozen"):
        fault.at_us = 5  # type: ignore[misc]
