"""`firedrill run` in a folder with settings: what is typed wins, what is not is theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drills.options import RunOptions
from drills.project.defaults import Chosen, chosen
from drills.project.settings import NAME
from sim.errors import BadInput

TEXT = "drills: [q1, q2]\nrunbook: docs/book.md\ncode: bot:build\nseed: 7\nresponder: perfect\n"
NOTHING = dict.fromkeys(("seed", "runbook", "code", "project", "python", "responder", "exec"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).write_text(TEXT)
    return tmp_path


def asked(*words: str, **typed: Any) -> Chosen:
    return chosen(words, {**NOTHING, **typed})


def test_without_a_word_the_settings_say_everything(folder: Path) -> None:
    run = asked()
    assert (run.drills, run.settings) == (["q1", "q2"], Path(NAME))
    assert run.options == RunOptions(
        seed=7, runbook="docs/book.md", code="bot:build", responder="perfect"
    )


def test_what_is_typed_wins(folder: Path) -> None:
    run = asked("q3", seed=0, responder="none", runbook="other.md")
    assert run.drills == ["q3"]
    assert (run.options.seed, run.options.responder, run.options.runbook) == (0, "none", "other.md")
    assert run.options.code == "bot:build"


def test_other_code_takes_nothing_of_the_settings_code(folder: Path) -> None:
    run = asked(code="mine:build")
    assert run.options.code == "mine:build"
    assert asked(exec="./stop.sh").options.code is None


def test_paths_count_from_the_folder_of_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    run = asked(project=Path(".."))
    assert (run.options.runbook, run.options.project) == ("../docs/book.md", Path(".."))
    assert run.settings == Path("..") / NAME


def test_without_settings_a_drill_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="firedrill init"):
        asked()
    assert asked("q1").options == RunOptions()


def test_settings_that_are_wrong_are_told_with_their_line(folder: Path) -> None:
    (folder / NAME).write_text("drills: [q1]\nseed: seven\n")
    with pytest.raises(BadInput, match=r"firedrill\.yaml:2"):
        asked("q1")
