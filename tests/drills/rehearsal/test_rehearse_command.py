"""`firedrill rehearse` and `firedrill documents` as a user meets them: exit codes, files, complaints."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from drills.cli import main
from results.schema import run_record_schema

BOOK = """\
# Runbook

## Severity Levels

| Severity | Meaning | Response Time |
|---|---|---|
| P1 | Critical | 5 minutes |

## Kill switch triggered

1. **Check why**
   ```bash
   deskctl status
   ```
2. **Get approval from the risk officer**
3. **Reset the kill switch**
   ```bash
   # Reset the halt
   {reset}
   ```

## Broker connection lost

1. Reconnect to the broker

## Communication template

```
Severity: [P1/P2]
Status: [Investigating/Resolved]
```
"""
GOOD, TODO, UNKNOWN = "deskctl reset --approval latest", "# TODO: find out how", "python ops/reset.py"


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a runbook whose reset works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    file = tmp_path / "book.md"
    file.write_text(BOOK.format(reset=GOOD), encoding="utf-8")
    return file


def test_a_text_that_leads_to_recovery_passes_and_is_kept(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rehearse", "book.md#kill", "--json", "out.json", "--commands"]) == 0
    said = capsys.readouterr().out
    assert "PASS Kill switch triggered: followed to the letter, it leads to recovery" in " ".join(said.split())
    assert all(len(line) <= 80 for line in said.splitlines() if "replay" not in line), said
    assert "$ deskctl reset --approval latest  ok" in said
    [record] = json.loads(Path("out.json").read_text(encoding="utf-8"))
    jsonschema.validate(record, run_record_schema())
    steps = record["cases"][0]["rehearsal"]["steps"]
    assert [step["outcome"] for step in steps] == ["done", "done", "done"]
    assert steps[2]["commands"][0]["exit_code"] == 0

    [folder] = Path("results/runs").iterdir()
    assert {path.name for path in folder.iterdir()} >= {"record.json", "report.html", "report.md", "documents"}
    assert "Severity: P1\nStatus: Resolved" in (folder / "documents" / "messages.md").read_text(encoding="utf-8")
    assert "The text, followed to the letter" in (folder / "report.html").read_text(encoding="utf-8")

    assert main(["replay", "latest"]) == 0
    assert "identical: 1 case" in capsys.readouterr().out
    assert main(["show"]) == 0
    assert "Reset the kill switch" in capsys.readouterr().out


def test_a_todo_fails_with_its_line(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book.write_text(BOOK.format(reset=TODO), encoding="utf-8")
    assert main(["rehearse", "book.md#kill", "--no-report"]) == 1
    said = capsys.readouterr().out
    assert "book.md:19" in said
    assert "RB302" in said
    assert "trading is still halted" in said
    assert not Path("results").exists()


def test_a_script_that_was_not_given_leaves_it_open(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book.write_text(BOOK.format(reset=UNKNOWN), encoding="utf-8")
    assert main(["rehearse", "book.md#kill", "--no-report"]) == 5
    assert "cannot be executed here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.md"], "nowhere.md"),
        (["book.md#volcano"], "no such procedure"),
        (["book.md"], "it has several procedures"),
        (["book.md#kill", "--scenario", "q1-daily-los"], "did you mean q1-daily-loss?"),
        (["book.md#kill", "--seed", "-1"], "--seed"),
        (["book.md#kill", "--repo", "nowhere"], "--repo"),
        (["book.md#kill", "--json", "nowhere/x.json"], "--json"),
        (["book.md#kill", "--code", "nothing:build"], "nothing"),
    ],
)
def test_what_cannot_be_rehearsed_is_said_in_one_line(
    book: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["rehearse", *words]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.strip().splitlines()) == 1
    assert not Path("results").exists()


def test_papers_of_a_stored_run_are_the_same_as_those_beside_its_report(
    book: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rehearse", "book.md#kill"]) == 0
    assert main(["documents", "--out", "papers"]) == 0
    [folder] = Path("results/runs").iterdir()
    names = {path.name for path in Path("papers").iterdir()}
    assert names == {"drill-record.md", "messages.md", "post-mortem.md"}
    for name in names:
        assert Path("papers", name).read_bytes() == (folder / "documents" / name).read_bytes()

    book.write_text(BOOK.format(reset=TODO), encoding="utf-8")
    capsys.readouterr()
    assert main(["documents"]) == 2
    assert "the runbook changed since run" in capsys.readouterr().err
    assert main(["documents", "--anyway", "--out", "later"]) == 0
    book.unlink()
    assert main(["documents"]) == 2
    assert "--runbook" in capsys.readouterr().err


def test_a_run_keeps_its_papers_too(book: Path) -> None:
    assert main(["run", "q2", "--case", "q2-blip-5s", "--runbook", "book.md#broker"]) in (0, 1)
    [folder] = Path("results/runs").iterdir()
    assert (folder / "documents" / "drill-record.md").is_file()
