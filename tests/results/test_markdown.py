"""The Markdown report: verdict first, below the limit, and user text stays text."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from results.markdown import LIMIT_BYTES, escaped, markdown_report
from results.record import CheckRecord, DeviationRecord, Finding, Verdict
from tests.results.builders import exhibit, inconclusive_case, lead_case, missed_case, passing_run, q1_run, run_of

READER = MarkdownIt("commonmark").enable("table")


def rendered(text: str) -> str:
    html: str = READER.render(text)
    return html


def test_it_begins_with_the_verdict_at_the_asked_level() -> None:
    assert markdown_report(q1_run()).startswith("### FAIL: Kill switch fires with orders in flight\n")
    assert markdown_report(passing_run(), level=1).startswith("# PASS: ")
    assert "\n## Cases" in markdown_report(passing_run(), level=1)


def test_it_says_what_a_reviewer_asks() -> None:
    text = re.sub(r"<[^>]+>", " ", rendered(markdown_report(q1_run())))
    words = " ".join(unescape(text).split())
    for part in (
        "Restored in 4 min 24 s; the objective is 5 min 00 s, 36.0 s to spare.",
        "49.0 (86.4 before gates)",
        "Gate broken: The code reported flat while 190 SPY were open.",
        "critical: reported flat, 190 open (+12.0 s (10:00:12), case daily-loss-unacked, bot/kill_switch.py:88 )",
        "Reported: flat. True: 190 SPY long at the broker until 10:02:46.",
        "−4.4 70 escalated 30 s late kill-switch/escalate",
        "−13.6 adherence 86.4",
        "t6 restored +4 min 28 s 10:04:28",
        "api-errors-outage fail not restored 86.4",
        "firedrill run q1 --seed 7 --responder default --code drills.reference.bot:build",
    ):
        assert part in words, part


def test_every_table_has_whole_rows() -> None:
    html = rendered(markdown_report(q1_run()))
    assert html.count("<table>") == 6
    for table in re.findall(r"<table>.*?</table>", html, re.DOTALL):
        widths = {row.count("<td>") + row.count("<th>") for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)}
        assert len(widths) == 1


@pytest.mark.parametrize("lines", [10, 400])
def test_it_stays_below_the_limit_and_says_what_it_left_out(lines: int) -> None:
    long = "an explanation that goes on and on " * 20
    case = lead_case(
        findings=[Finding(id=f"f{i}", severity="warning", title=f"{i} {long}", detail=long) for i in range(lines)],
        deviations=[DeviationRecord(points=0.01, step="s", kind="late", text=long) for _ in range(lines)],
        checks=[CheckRecord(name=f"c{i}", verdict=Verdict.PASS, evidence=[long] * 9) for i in range(lines)],
    )
    text = markdown_report(run_of(case, *(missed_case(name=f"v{i}") for i in range(lines))))
    assert len(text.encode()) < LIMIT_BYTES
    assert text.startswith("### FAIL")
    if lines > 40:
        assert "more lines in the HTML report" in text


def test_a_run_that_nobody_answered_has_no_adherence() -> None:
    text = markdown_report(run_of(inconclusive_case()))
    assert text.startswith("### INCONCLUSIVE")
    assert "| pass | inconclusive | nobody |" in text


def test_a_replay_command_with_backticks_does_not_end_its_fence() -> None:
    text = markdown_report(q1_run(replay="firedrill run '```' x"))
    assert "<pre><code class=\"language-sh\">firedrill run '```' x\n</code></pre>" in rendered(text)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
@settings(max_examples=300, deadline=None)
def test_the_users_words_come_out_as_they_went_in(text: str) -> None:
    said = " ".join(("x" + text).split())
    shown = escaped("x" + text)
    html = READER.renderInline(shown)
    assert re.findall(r"<[^>]*>", html) == []
    cell = rendered(f"| a | b |\n| --- | --- |\n| {shown} | c |\n")
    assert cell.count("<td>") == 2
    if "\N{REPLACEMENT CHARACTER}" not in shown:
        assert unescape(html) == said


def test_a_finding_names_the_shortest_scenario_that_shows_it() -> None:
    words = " ".join(rendered(markdown_report(q1_run(exhibits=[exhibit()]))).split())
    assert "Shown by <code>shortest-ledger.yaml</code>: one fault; 4 min, with nobody responding." in words
