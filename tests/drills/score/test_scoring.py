"""Which step an entry names, on which clock it stands, and what becomes of what names nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drills.cli import main
from drills.runbook.reader import read_text
from drills.score.entries import read_trace
from drills.score.naming import Names
from drills.score.scoring import Card, score_trace
from drills.score.tense import imperative
from results.history_file import read_history
from scenarios.expectations import GroundTruth
from sim.errors import BadInput

BOOK = """\
# Broker connection lost

1. Stop new orders immediately
2. **Check the venue**
   1. Query the broker's status page
   2. Compare positions
3. Cancel open orders (SEV1)
4. Call the desk head
5. Close all positions (if needed)
6. Resume trading after approval

## Severity levels

| Level | Response time |
|---|---|
| SEV1 | 5 min |
| SEV2 | 30 min |
"""


def names() -> Names:
    return Names(read_text(BOOK, "book.md").procedures[0])


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("1", "stop-new-orders-immediately"),
        ("step 3", "cancel-open-orders"),
        ("Schritt 3", "cancel-open-orders"),
        ("#4", "call-the-desk-head"),
        ("2b", "check-the-venue/compare-positions"),
        ("2.1", "check-the-venue/query-the-broker-s-status-page"),
        ("stopped new orders", "stop-new-orders-immediately"),
        ("cancelled all open orders", "cancel-open-orders"),
        ("called the desk head (Ann)", "call-the-desk-head"),
        ("4. rang the desk head", "call-the-desk-head"),
        ("compare-positions", "check-the-venue/compare-positions"),
        ("closed positions", "close-all-positions"),
    ],
)
def test_a_step_is_named_in_many_ways(text: str, step: str) -> None:
    found = names().find(text).step
    assert found is not None
    assert found.id == f"broker-connection-lost/{step}"


def test_an_action_is_enough_and_nonsense_has_a_nearest_step() -> None:
    assert names().find("halt").actions == ("halt",)
    assert names().find("escalated to risk").actions == ("escalate",)
    lost = names().find("fed the cat")
    assert (lost.step, lost.actions) == (None, ())
    assert lost.nearest is not None


def test_past_forms_of_the_trades_verbs() -> None:
    spoken = "stopped halted cancelled closed escalated reconciled resumed rolled verified storniert cerradas"
    assert imperative(spoken) == ("stop halt cancel close escalate reconcile resume roll verify stornieren cerrar")


def scored(folder: Path, trace: str, book: str = BOOK, **options: str) -> Card:
    path = folder / "trace.txt"
    path.write_text(trace)
    runbook = read_text(book, "book.md")
    return score_trace(
        runbook, runbook.procedures[0], read_trace(path), GroundTruth(), level_id=options.get("level", "SEV1")
    )


def test_all_done_is_100(tmp_path: Path) -> None:
    card = scored(tmp_path, "0:29:30 alert\n0:30 halt\n0:31 2.1\n0:32 2.2\n0:33 3\n0:34 4\n0:35 approved\n0:36 6\n")
    assert card.adherence.score == 100, card.adherence.ledger
    assert [line.outcome for line in card.lines if line.step.title.startswith("Close")] == ["left open"]
    assert [entry.entry.text for entry in card.unmatched] == []


def test_a_group_named_as_a_whole_counts_for_its_parts(tmp_path: Path) -> None:
    card = scored(tmp_path, "10 1\n20 2\n30 3\n40 4\n50 approved\n60 6\n")
    assert card.adherence.score == 100, card.adherence.ledger


def test_a_reset_without_the_approval_fails(tmp_path: Path) -> None:
    card = scored(tmp_path, "10 1\n20 2\n30 3\n40 4\n60 6\n")
    assert {gate.kind for gate in card.adherence.gates} == {"critical_constraint", "critical_step"}


def test_an_approval_may_stand_in_the_same_line(tmp_path: Path) -> None:
    card = scored(tmp_path, "10 1\n20 2\n30 3\n40 4\n60 6 resumed trading, approved by Ann\n")
    assert card.adherence.gates == ()


def test_a_step_for_another_severity_is_a_change_nobody_asked_for(tmp_path: Path) -> None:
    card = scored(tmp_path, "10 1\n20 2\n30 3\n40 4\n50 approved\n60 6\n", level="SEV2")
    assert [line.kind for line in card.adherence.ledger] == ["unplanned"]
    assert "Cancel open orders" in card.adherence.ledger[0].text


def test_midnight_comes_between_two_entries(tmp_path: Path) -> None:
    card = scored(tmp_path, "23:58 alert\n23:59 halt\n00:05 2\n00:06 3\n00:07 4\n00:08 approved\n00:09 6\n")
    assert card.adherence.score == 100, card.adherence.ledger
    assert [line.done_s for line in card.lines][:2] == [60, 420]


def test_entries_out_of_order_are_sorted(tmp_path: Path) -> None:
    card = scored(tmp_path, "60 6\n50 approved\n10 1\n40 4\n30 3\n20 2\n")
    assert card.adherence.score == 100


def test_clocks_must_not_be_mixed(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="mixed"):
        scored(tmp_path, "14:32 halt\n2026-03-02T14:33Z 2\n")


def test_the_objective_is_judged_where_the_trace_says_when_it_was_restored(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text(BOOK)
    text = "detected: 14:30\nrestored: {}\nentries:\n- [14:30:20, 1]\n- [14:31, 2]\n- [14:32, 3]\n- [14:33, 4]\n"
    text += "- [14:34, approved]\n- [14:35, 6]\n"
    for restored, code in (("14:40", 0), ("15:40", 1)):
        (tmp_path / "t.yaml").write_text(text.format(restored))
        arguments = ["score", str(tmp_path / "b.md"), "--trace", str(tmp_path / "t.yaml"), "--severity", "SEV1"]
        assert main([*arguments, "--rto", "30m"]) == code


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--severity", "SEV9"], "no such severity"),
        (["--cause", "slipage"], "did you mean slippage"),
        (["--measure", "drawdown_pct=lots"], "not a number"),
        (["--condition", "a=maybe"], "neither true nor false"),
        (["--rto", "soon"], "not a time"),
        (["--scenario", "q1-sliipage"], "no scenario of this name"),
        (["--overrides", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_what_the_options_may_not_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    (tmp_path / "b.md").write_text(BOOK)
    (tmp_path / "t.csv").write_text("10,1\n")
    assert main(["score", str(tmp_path / "b.md"), "--trace", str(tmp_path / "t.csv"), *options]) == 2
    assert said in capsys.readouterr().err


def test_the_printed_score_names_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.md").write_text(BOOK)
    (tmp_path / "t.csv").write_text("10,1\n20,fed the cat\n")
    assert main(["score", str(tmp_path / "b.md"), "--trace", str(tmp_path / "t.csv"), "--severity", "SEV1"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL  Broker connection lost  SEV1\n")
    assert "b.md:7" in out.replace("\n", "")
    assert "'fed the cat' names no step" in " ".join(out.split())


def test_the_history_of_a_drill_scores_as_its_run_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = tmp_path / "r.json"
    arguments = ["run", "q1", "--case", "q1-daily-loss", "--seed", "7", "--store", str(tmp_path), "--json", str(record)]
    main(arguments)
    (stored,) = tmp_path.rglob("history-*.parquet")
    run = json.loads(record.read_text())
    run = run[0] if isinstance(run, list) else run
    target = f"{run['runbook']['file']}#{run['runbook']['procedure']}"
    capsys.readouterr()
    main(["score", target, "--trace", str(stored), "--scenario", "q1-daily-loss", "--json", "-"])
    card = json.loads(capsys.readouterr().out)
    assert (card["score"], card["fitness"]) == (run["adherence"], run["fitness"])
    rows = ({"t_us": e.t_us, "kind": e.kind, "subject": e.subject, "data": e.data} for e in read_history(stored))
    (tmp_path / "h.ndjson").write_text("\n".join(map(json.dumps, rows)))
    main(["score", target, "--trace", str(tmp_path / "h.ndjson"), "--scenario", "q1-daily-loss", "--json", "-"])
    assert json.loads(capsys.readouterr().out)["score"] == run["adherence"]
