"""What a run's result is taken from, and what a record refuses."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from results.record import (
    CheckRecord,
    ClockRecord,
    Finding,
    RunRecord,
    Series,
    Verdict,
    combined_digest,
    deciding_case,
    run_id,
)
from tests.results.builders import inconclusive_case, lead_case, missed_case, passed_case, q1_run, run_of

verdicts = st.sampled_from(Verdict)


def test_fail_beats_inconclusive_beats_pass_and_nothing_judged_is_inconclusive() -> None:
    assert Verdict.worst(Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE) is Verdict.FAIL
    assert Verdict.worst(Verdict.PASS, None, Verdict.INCONCLUSIVE) is Verdict.INCONCLUSIVE
    assert Verdict.worst(Verdict.PASS, None) is Verdict.PASS
    assert Verdict.worst(None) is Verdict.INCONCLUSIVE
    assert Verdict.worst() is Verdict.INCONCLUSIVE


@given(st.lists(verdicts, min_size=1), verdicts)
def test_one_more_verdict_never_makes_the_worst_better(judged: list[Verdict], more: Verdict) -> None:
    order = [Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL]
    assert order.index(Verdict.worst(*judged, more)) >= order.index(Verdict.worst(*judged))


def test_the_lead_case_decides_even_when_another_is_equally_good() -> None:
    cases = [passed_case("manual"), passed_case("drawdown", lead=True)]
    assert deciding_case(cases).name == "drawdown"


def test_the_first_of_the_worst_decides_when_it_ended_worse_than_the_lead() -> None:
    lead = passed_case("drawdown", lead=True)
    cases = [lead, inconclusive_case(), missed_case(name="a"), missed_case(name="b")]
    assert deciding_case(cases).name == "a"
    assert deciding_case([lead, inconclusive_case()]).name == "slippage"


def test_a_failed_lead_stays_deciding_beside_another_failure() -> None:
    assert deciding_case([missed_case(), lead_case()]).name == "daily-loss-unacked"


def test_without_a_lead_the_first_case_leads() -> None:
    assert deciding_case([passed_case("one"), passed_case("two")]).name == "one"


def test_the_result_is_the_deciding_cases_and_the_findings_are_everybodys() -> None:
    record = run_of(passed_case("manual", lead=True), missed_case(), inconclusive_case())
    assert (record.case, record.verdict, record.rto_s) == ("api-errors-outage", Verdict.FAIL, None)
    assert record.gates == missed_case().gates
    assert [(f.case, f.id) for f in record.findings] == [
        ("api-errors-outage", "switch-unreachable"),
        ("slippage", "fault-did-not-land"),
    ]
    assert record.deciding == missed_case()


def test_the_name_of_a_run_depends_on_what_shaped_it_and_on_nothing_else() -> None:
    assert q1_run().run_id == run_of(*q1_run().cases).run_id
    assert run_id("q1", 7, "d", {"a": "1", "b": "2"}) == run_id("q1", 7, "d", {"b": "2", "a": "1"})
    assert run_id("q1", 7, "d", {"a": "1"}) != run_id("q1", 7, "d", {"a": "2"})
    assert run_id("q1", 7, "d", {}).startswith("q1-seed7-")


def test_the_digest_of_a_run_changes_with_the_digest_name_or_order_of_a_case() -> None:
    one, two = passed_case("one"), passed_case("two")
    digests = {
        combined_digest(cases)
        for cases in ([one, two], [two, one], [one], [one, two.model_copy(update={"digest": "0"})])
    }
    assert len(digests) == 4


def test_a_record_survives_json() -> None:
    record = q1_run()
    assert RunRecord.model_validate_json(record.model_dump_json()) == record
    assert json.loads(record.model_dump_json())["cases"][1]["rto_s"] is None


def test_never_is_null_and_not_infinity() -> None:
    assert ClockRecord(t5=math.inf, t6=math.nan, t7=3.0) == ClockRecord(t7=3.0)


def test_a_series_with_holes_keeps_them_as_null() -> None:
    assert Series(t_s=[0.0, 1.0], values=[math.nan, 2.0]).values == [None, 2.0]
    with pytest.raises(ValidationError, match="one value for each time"):
        Series(t_s=[0.0], values=[])


def test_a_record_refuses_unknown_fields_twin_names_and_a_foreign_deciding_case() -> None:
    document = q1_run().model_dump()
    for broken, complaint in (
        (document | {"rto": 1}, "rto"),
        (document | {"case": "nowhere"}, "not among the cases"),
        (document | {"cases": document["cases"] * 2}, "two cases have one name"),
        (document | {"cases": []}, "at least 1"),
        (document | {"schema_version": 2}, "schema_version"),
    ):
        with pytest.raises(ValidationError, match=complaint):
            RunRecord.model_validate(broken)


def test_undecodable_bytes_in_a_users_words_do_not_lose_the_record() -> None:
    said = b"caf\xe9".decode("utf-8", "surrogateescape")
    finding = Finding(id="x", severity="info", title=said)
    check = CheckRecord(name="x", verdict=Verdict.PASS, evidence=["fine", said])
    record = run_of(lead_case(findings=[finding], checks=[check]))
    assert (finding.title, check.evidence) == ("caf?", ["fine", "caf?"])
    assert RunRecord.model_validate_json(record.model_dump_json()).findings[0].title == "caf?"
