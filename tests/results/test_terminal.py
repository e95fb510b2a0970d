"""The terminal summary reads the same without colour, in 80 columns, whatever the user's words are."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from results.record import RunRecord
from results.terminal import print_run, print_runs
from tests.results.builders import exhibit, inconclusive_case, lead_case, missed_case, passing_run, q1_run, run_of


def printed(record: RunRecord, report: Path | None = None, width: int = 80, colour: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, legacy_windows=False)
    print_run(console, record, report)
    return out.getvalue()


def test_the_verdict_is_the_first_word_and_the_replay_command_is_near_the_end() -> None:
    printed_lines = printed(q1_run(), Path("results/runs/x/report.html")).splitlines()
    lines = [" ".join(line.split()) for line in printed_lines]
    assert lines[0] == "FAIL q1: Kill switch fires with orders in flight (seed 7)"
    assert lines[1] == "runbook fail code fail responder pass"
    assert lines[-3].startswith("Replay firedrill run q1 --seed 7")
    assert lines[-1] == "Report results/runs/x/report.html"


def test_it_says_why() -> None:
    words = " ".join(printed(q1_run()).split())
    for part in (
        "Cases 3 of 5 cases did not pass, daily-loss-unacked decides",
        "RTO Restored in 4 min 24 s; the objective is 5 min 00 s, 36.0 s to spare.",
        "detect 11.0 s, acknowledge 58.0 s, mitigate 28.0 s contain 2 min 40 s",
        "86.4 of 100, fitness 0.909; shown as 49 because a gate is broken",
        "1 fill unaccounted, 1 position unaccounted; worth 91,205",
        "The code reported flat while 190 SPY were open.",
        "−5.9 83 no notice to stakeholders",
        "critical reported flat, 190 open reported flat; true 190 SPY long at the broker",
        "api-errors-outage fail not restored 86.4 2 items",
    ):
        assert part in words, part


@pytest.mark.parametrize("width", [80, 60, 200])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    for record in (q1_run(), run_of(missed_case(name="a-case-with-a-name-that-goes-on-and-on-" * 3), lead_case())):
        assert max(map(len, printed(record, Path("x" * 100), width).splitlines())) <= width


def test_colour_adds_nothing_but_colour() -> None:
    coloured = printed(q1_run(), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == printed(q1_run())


def test_the_users_brackets_are_not_taken_for_markup() -> None:
    finding = lead_case().findings[0].model_copy(update={"title": "[bold]x[/] [/nonsense] \x1b[31m"})
    text = printed(run_of(lead_case(findings=[finding])))
    assert "[bold]x[/] [/nonsense]" in text
    assert "\x1b" not in text


def test_a_long_ledger_and_many_findings_are_cut_with_their_rest_named() -> None:
    case = lead_case()
    many = case.model_copy(
        update={
            "deviations": case.deviations * 3,
            "findings": [case.findings[0].model_copy(update={"id": f"f{i}"}) for i in range(12)],
        }
    )
    text = printed(run_of(many))
    assert "4 more in the report" in text
    assert "−14.3" in text, "5.9 three times and 4.4 twice are shown; 4.4 and 3.3 three times are the rest"


def test_forty_orders_that_a_halt_left_alive_do_not_hide_that_the_flatten_lied() -> None:
    case = lead_case()
    alive = [
        case.findings[0].model_copy(update={"id": "halt", "checker": "halt", "title": f"ord-{n} live", "claim": None})
        for n in range(40)
    ]
    text = printed(run_of(case.model_copy(update={"findings": [*alive, *case.findings]})))
    assert text.count(" live") == 2
    assert "reported flat, 190 open" in text
    assert "38 more in the report" in text


def test_a_run_that_nobody_answered_says_so() -> None:
    text = printed(run_of(inconclusive_case()))
    assert text.startswith("INCONCLUSIVE")
    assert "not scored: nobody responded" in text


def test_many_runs_get_a_line_each_and_a_count() -> None:
    out = io.StringIO()
    print_runs(Console(file=out, width=80, no_color=True), [q1_run(), passing_run(), run_of(inconclusive_case())])
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert lines == [
        "Drill Seed Verdict Runbook Code Responder RTO Score",
        "q1 7 fail fail fail pass 4 min 24 s 49.0",
        "q1 7 pass pass pass pass 41.5 s 100.0",
        "q1 7 inconclusive pass inconclusive nobody 41.5 s –",
        "1 of 3 drills passed",
    ]


def test_a_finding_comes_with_its_instant_and_the_shortest_scenario_that_shows_it() -> None:
    words = " ".join(printed(q1_run(exhibits=[exhibit()]), Path("runs/x/report.html")).split())
    assert "+12.0 s (10:00:12), bot/kill_switch.py:88" in words
    assert "shown by one fault; 4 min, with nobody responding" in words
    assert "Shortest firedrill run 'runs/x/shortest-ledger.yaml' --seed 7 --responder none" in words
    assert "firedrill run 'runs" not in printed(q1_run(exhibits=[exhibit()]))  # without a store there is no file
