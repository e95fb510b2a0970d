"""The quarterly drills name their cases, their runbook and their objectives, or say what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.drill import drills, load_drill
from scenarios.loader import library
from sim.clock import MINUTE
from sim.errors import BadInput

MINE = """\
name: mine
title: Mine
topic: kill-switch
runbook: book.md#the-procedure
cases:
  - q1-manual
  - own.yaml
objectives:
  rto: 30m
"""
OWN = "name: own\ntitle: Own\nstory: An own case.\nfaults: [{kind: manual_kill}]\n"


def write(folder: Path, text: str = MINE) -> Path:
    (folder / "own.yaml").write_text(OWN, encoding="utf-8")
    (folder / "book.md").write_text("# Book\n", encoding="utf-8")
    path = folder / "drill.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_quarters_and_the_procedures_are_there_with_their_lead_cases() -> None:
    assert {name: drills()[name].lead for name in drills()} == {
        "calibration": "calibration-stale",
        "data-sla": "data-sla-missing-bars",
        "degraded-fills": "fills-12-bps",
        "deployment": "deploy-crash",
        "drawdown": "q1-drawdown-15",
        "execution-failures": "execution-rejects",
        "high-latency": "latency-slow-queries",
        "memory": "memory-leak",
        "mode-rollback": "mode-unreleased-paper",
        "position-mismatch": "position-missed-fill",
        "q1": "q1-daily-loss",
        "q2": "q2-refused",
        "q3": "q3-spike",
        "q4": "q4-total",
        "system-down": "down-falling-market",
        "system-unavailable": "unavailable-bad-version",
        "unexpected-position": "position-hand-trade",
    }


def test_every_stock_scenario_is_a_case_of_some_drill() -> None:
    cases = [case for name in drills() for case in drills()[name].cases]
    assert sorted(set(cases)) == list(library())
    borrowed = {case for case in cases if cases.count(case) > 1}
    assert borrowed == {
        "q1-drawdown-8", "q1-drawdown-15", "q1-drawdown-20", "q3-position-mismatch", "q3-gap", "q3-stale",
        "q4-bad-deploy",
    }  # fmt: skip


@pytest.mark.parametrize("name", list(drills()))
def test_a_stock_drill_is_about_one_topic(name: str) -> None:
    drill = load_drill(name)
    assert drill.name == name
    assert drill.pass_mark == 85
    topics = {case: scenario.topic for case, scenario in drill.scenarios().items()}
    own = {case for case, topic in topics.items() if topic == drill.topic}
    assert all(case.startswith(("q1-", "q3-", "q4-")) for case in set(topics) - own), "only quarters lend cases"
    assert own or name == "drawdown"


def test_a_drill_of_ones_own_finds_its_case_and_runbook_beside_it(tmp_path: Path) -> None:
    drill = load_drill(write(tmp_path))
    assert drill.runbook_path() == tmp_path / "book.md"
    assert drill.procedure == "the-procedure"
    assert list(drill.scenarios()) == ["q1-manual", "own.yaml"]
    assert drill.scenario("own.yaml").name == "own"


def test_the_firms_objectives_replace_those_of_the_case(tmp_path: Path) -> None:
    drill = load_drill(write(tmp_path))
    before, after = library()["q1-manual"].objectives, drill.scenario().objectives
    assert (before.rto_us, after.rto_us) == (45 * MINUTE, 30 * MINUTE)
    assert before.contain_us == after.contain_us


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "problem"),
    [
        ("- q1-manual", "- q1-manuel", 6, "cases[0]", "no scenario of this name"),
        ("- own.yaml", "- gone.yaml", 7, "cases[1]", "no such file"),
        ("- own.yaml", "- q1-manual", 7, "cases[1]", "listed twice"),
        ("topic: kill-switch\n", "", 1, None, "topic is missing"),
        ("  rto: 30m", "  rtoo: 30m", 9, "objectives.rtoo", "unknown field"),
        ("title: Mine", "title: Mine\npass_mark: 101", 3, "pass_mark", "out of range"),
        ("  - q1-manual\n  - own.yaml\n", "  []\n", 5, "cases", "too short"),
    ],
)
def test_a_broken_drill_is_refused_where_it_is_broken(
    tmp_path: Path, old: str, new: str, line: int, field: str | None, problem: str
) -> None:
    with pytest.raises(BadInput) as caught:
        load_drill(write(tmp_path, MINE.replace(old, new)))
    assert (caught.value.line, caught.value.field) == (line, field)
    assert problem in caught.value.problem


def test_objectives_that_contradict_a_case_are_refused(tmp_path: Path) -> None:
    drill = load_drill(write(tmp_path, MINE.replace("rto: 30m", "rto: 10h")))
    with pytest.raises(BadInput, match="drill mine, case q1-manual: horizon: the run ends after 3h, before rto 10h"):
        drill.scenario()


def test_a_runbook_that_lies_nowhere_is_named(tmp_path: Path) -> None:
    drill = load_drill(write(tmp_path, MINE.replace("book.md", "lost.md")))
    with pytest.raises(BadInput, match=r"names a runbook that is not there \(got 'lost.md'\)"):
        drill.runbook_path()


def test_an_unknown_drill_is_answered_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"use one of calibration, .*, q1, q2, q3, q4, "):
        load_drill("zebra")
