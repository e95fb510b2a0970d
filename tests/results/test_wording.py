"""The words and numbers that every report shares."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from results import wording
from results.record import ClockRecord, Finding, Rpo
from tests.results.builders import T0, lead_case, missed_case, passed_case, passing_run, q1_run, steps


def test_the_outcome_of_the_clock_is_one_sentence() -> None:
    for case, sentence in (
        (lead_case(), "Restored in 4 min 24 s; the objective is 5 min 00 s, 36.0 s to spare."),
        (lead_case(rto_s=360.0), "Restored in 6 min 00 s; the objective is 5 min 00 s, missed by 1 min 00 s."),
        (missed_case(), "Not restored before the end of the run; the objective is 5 min 00 s."),
        (passed_case(clock=ClockRecord(), rto_s=0.0), "Nothing broke; the objective is 5 min 00 s."),
        (passed_case(clock=ClockRecord(), rto_s=None), "No recovery measured; the objective is 5 min 00 s."),
    ):
        assert wording.rto_sentence(case) == sentence


def test_an_rto_is_a_number_or_says_why_not() -> None:
    assert wording.rto(lead_case()) == "4 min 24 s"
    assert wording.rto(missed_case()) == "not restored"
    assert wording.rto(passed_case(clock=ClockRecord(), rto_s=0.0)) == "no impact"


def test_instants_count_from_the_fault_with_a_sign() -> None:
    offsets = [wording.offset(T0 + t, T0) for t in (0, 4, -240, 73, 7200)]
    assert offsets == ["0 s", "+4.0 s", "−4 min 00 s", "+1 min 13 s", "+2 h 00 min"]
    assert wording.offset(None, T0) == "–"


def test_local_time_follows_the_zone_and_names_the_day_when_it_is_another() -> None:
    case = lead_case(epoch="2026-01-05T14:30:00+00:00")
    assert wording.wall(case, T0) == "10:00:00"
    assert wording.wall(case, T0, in_full=True) == "Mon 5 Jan 2026 10:00:00 EST"
    assert wording.wall(case, T0 + 86_400 * 2.5) == "Wed 22:00:00"


def test_local_time_survives_the_change_to_summer_time() -> None:
    case = lead_case(epoch="2026-03-06T20:30:00+00:00", clock=ClockRecord(t0=0.0))
    assert wording.wall(case, 0) == "15:30:00"
    assert wording.wall(case, 86_400 * 3) == "Mon 16:30:00"


def test_losses_are_counted_and_named() -> None:
    assert wording.loss(Rpo()) == "nothing"
    lost = Rpo(orders_lost=2, fills_unaccounted=1, notional=12_400.4)
    assert wording.loss(lost) == "2 orders lost, 1 fill unaccounted; worth 12,400"
    assert wording.lost_items(lost) == 3


def test_equal_findings_of_several_cases_are_told_once() -> None:
    found = [
        Finding(id="late-alert", severity="info", title="late", case="a"),
        Finding(id="open", severity="critical", title="190 open", case="a"),
        Finding(id="open", severity="critical", title="190 open", case="b"),
        Finding(id="open", severity="critical", title="40 open", case="c"),
    ]
    told = [(finding.title, cases) for finding, cases in wording.by_severity(found)]
    assert told == [("190 open", ["a", "b"]), ("40 open", ["c"]), ("late", ["a"])]
    assert wording.in_cases(["a"]) == "case a"
    assert wording.in_cases(["a", "b"]) == "cases a, b"
    assert wording.in_cases(list("abcde")) == "5 cases: a, b, c and others"


def test_a_run_says_how_many_cases_passed() -> None:
    assert wording.cases_sentence(q1_run()) == "3 of 5 cases did not pass, daily-loss-unacked decides"
    assert wording.cases_sentence(passing_run()) == "all 2 cases passed, manual leads"


def test_a_step_is_late_only_when_it_was_done_after_its_deadline() -> None:
    late = {step.id: wording.lateness(step) for step in steps()}
    assert {step: by for step, by in late.items() if by is not None} == {"kill-switch/escalate": 30.0}


def test_numbers_have_no_negative_zero() -> None:
    assert [wording.number(v, 1) for v in (-0.04, 0.0, -0.06, 1234.56)] == ["0.0", "0.0", "-0.1", "1,234.6"]


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(2, 30))
def test_any_text_becomes_one_line_that_every_report_can_hold(text: str, limit: int) -> None:
    line = wording.one_line(text, limit)
    assert len(line) <= limit
    assert line.splitlines() in ([], [line])
    assert line.encode("utf-8").decode("utf-8") == line
    assert not any(ord(character) < 32 for character in line)
