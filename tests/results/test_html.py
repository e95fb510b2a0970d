"""The HTML report: well formed, nothing fetched, nothing of the user's taken for markup, everything in it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results import html
from results.html import DRAWN_CASES, html_report, reported_cases
from results.record import CaseRecord, ClockRecord, RunRecord, Verdict
from tests.results.builders import (
    digest_of,
    exhibit,
    inconclusive_case,
    lead_case,
    missed_case,
    passed_case,
    passing_run,
    q1_run,
    run_of,
)
from tests.results.markup import Page


@pytest.fixture(scope="module")
def report() -> str:
    return html_report(q1_run())


def bare_case(**update: object) -> CaseRecord:
    """A case of which nothing is known but its verdict."""
    empty = {"timeline": [], "spans": [], "series": {}, "steps": [], "checks": [], "faults": [], "findings": []}
    return inconclusive_case(clock=ClockRecord(), split={}, rto_s=None, lead=True, **(empty | update))


@pytest.mark.parametrize(
    "record",
    [q1_run(), passing_run(), run_of(bare_case()), run_of(missed_case(lead=True), passed_case())],
    ids=["q1", "passing", "bare", "censored"],
)
def test_every_tag_is_closed_and_every_link_leads_somewhere(record: RunRecord) -> None:
    page = Page(html_report(record))
    assert len(page.ids) == len(set(page.ids))
    assert {link for link in page.links if link.startswith("#")} <= {f"#{name}" for name in page.ids}
    assert all(link.startswith("#") for link in page.links)


def test_nothing_is_fetched_and_nothing_runs(report: str) -> None:
    for forbidden in ("http:", "https:", "//", "@import", "<script", "<link", "<iframe", "src=", "javascript:"):
        assert forbidden not in report, forbidden
    assert set(re.findall(r"url\((.)", report)) <= {"#"}


def test_the_verdict_and_why_come_first(report: str) -> None:
    text = Page(report).text
    first = text[: text.index("Findings")]
    assert "Kill switch fires with orders in flight" in first
    assert "Restored in 4 min 24 s; the objective is 5 min 00 s, 36.0 s to spare." in first
    assert "Gate broken: The code reported flat while 190 SPY were open." in first
    assert "3 of 5 cases did not pass, daily-loss-unacked decides" in first


def test_it_holds_the_evidence(report: str) -> None:
    text = Page(report).text
    record = q1_run()
    for evidence in (
        "reported flat, 190 open",
        "Reported flat True 190 SPY long at the broker until 10:02:46",
        "bot/kill_switch.py:88",
        "t6 restored every recovery predicate holds from here on +4 min 28 s 10:04:28",
        "acknowledge 58.0 s",
        "70 Escalate as P0 if loss exceeds limits escalate +2 min 00 s +2 min 11 s +2 min 30 s late by 30.0 s",
        "−5.9 83 no notice to stakeholders",
        "100 − 13.6 = 86.4",
        "Shown as 49, because no score can buy back a broken gate",
        "fill f-77 SPY +190 @ 480.02 not in the system's book",
        "Fills unaccounted 1",
        record.replay,
        record.digest,
        record.runbook.sha256,
        str(record.code.sha256),
        digest_of("missed"),
        "numpy 2.4.6",
        "Risk",
        "Compliance",
        "Operations",
    ):
        assert evidence in text, evidence


def test_a_finding_holds_the_shortest_scenario_that_shows_it() -> None:
    page = Page(html_report(q1_run(exhibits=[exhibit()])))
    assert "The shortest scenario that shows it: one fault; 4 min, with nobody responding" in page.text
    assert "as shortest-ledger.yaml beside this report: name: short horizon: 4m" in page.text
    assert all(link.startswith("#") for link in page.links)


def test_the_deciding_the_lead_and_every_case_that_did_not_pass_have_a_chapter(report: str) -> None:
    record = run_of(passed_case("manual", lead=True), passed_case("quiet"), missed_case(), inconclusive_case())
    assert [case.name for case in reported_cases(record)] == ["api-errors-outage", "manual", "slippage"]
    assert {"case-daily-loss-unacked", "case-api-errors-outage", "case-slippage"} <= set(Page(report).ids)
    assert "case-manual" not in Page(report).ids


def test_a_censored_run_says_that_it_was_never_restored() -> None:
    text = Page(html_report(run_of(missed_case()))).text
    assert "Not restored before the end of the run; the objective is 5 min 00 s." in text
    assert "RTO not restored" in text


def test_a_run_without_responder_shows_no_adherence() -> None:
    page = Page(html_report(run_of(bare_case(verdict=Verdict.INCONCLUSIVE))))
    assert "nobody responded" in page.text
    assert "adherence" not in page.ids


def test_the_same_record_gives_the_same_bytes(report: str) -> None:
    assert html_report(q1_run()) == report


def test_many_failing_cases_stay_in_a_file_of_reasonable_size() -> None:
    failing = [missed_case(name=f"variant-{i}") for i in range(20)]
    document = html_report(run_of(lead_case(), *failing))
    assert document.count("<svg") == 2 * (1 + DRAWN_CASES)
    assert "The last 15 cases above have no plots" in Page(document).text
    assert "24 cases" not in document
    assert len(document) < 800_000


def test_one_run_with_three_chapters_stays_below_400_kb(report: str) -> None:
    assert len(report.encode()) < 400_000


@pytest.mark.parametrize("listed", [3])
def test_long_lists_are_cut_and_say_so(monkeypatch: pytest.MonkeyPatch, listed: int) -> None:
    monkeypatch.setattr(html, "LISTED_EVENTS", listed)
    assert f"{len(lead_case().timeline) - listed} later events left out here" in Page(html_report(q1_run())).text


hostile = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</style></title></details>",
            "<!-- ",
            "]]>",
            "{{ 7 * 7 }}{% raw %}",
            '" onload="x',
            "&lt;b&gt; &amp; &#0;",
            "$x^2$ \\alpha_{",
            "\x00\x08\x85\ufffe",
            "取引停止 مرحبا 🙂",
            "a\nb\r\n\tc",
            "#040404",
        ]
    ),
)


def _with_text(text: str) -> RunRecord:
    """A run with `text` wherever a user's words can stand."""
    said = "x" + text
    lead = lead_case()
    case = lead.model_copy(
        update={
            "title": said,
            "severity": said,
            "faults": [said],
            "gates": [gate.model_copy(update={"text": said}) for gate in lead.gates],
            "findings": [
                finding.model_copy(update=dict.fromkeys(("title", "detail", "claim", "truth", "source"), said))
                for finding in lead.findings[:1]
            ],
            "deviations": [d.model_copy(update={"text": said, "step": said}) for d in lead.deviations[:1]],
            "checks": [c.model_copy(update={"name": said, "evidence": [said]}) for c in lead.checks[:1]],
            "steps": [s.model_copy(update={"title": said, "actions": [said]}) for s in lead.steps[:1]],
            "timeline": [lead.timeline[1].model_copy(update={"text": said})],
            "spans": [lead.spans[0].model_copy(update={"text": said})],
            "series": {said: next(iter(lead.series.values())).model_copy(update={"unit": said})},
        }
    )
    record = run_of(case, title=said, replay=said, responder=said, options={said: said})
    return record.model_copy(update={"runbook": record.runbook.model_copy(update={"file": said, "note": said})})


PLAIN = Page(html_report(_with_text("plain")))


@given(hostile)
@settings(max_examples=40, deadline=None)
def test_the_users_words_are_never_taken_for_markup(text: str) -> None:
    page = Page(html_report(_with_text(text)))
    assert page.tags == PLAIN.tags
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
