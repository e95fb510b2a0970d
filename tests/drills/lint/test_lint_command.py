"""`firedrill lint` as it is typed: exit codes, choices, folders, and what bad input gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from drills import cli
from drills.lint.linter import lint
from drills.lint.registry import all_rules, chosen
from sim.clock import wall_seconds
from sim.errors import BadInput
from tests.drills.lint.pages import TODAY, page_of

Cli = Callable[..., tuple[int, str, str]]
BROKEN = page_of("ps aux | grep bot")
DOUBTFUL = page_of("tail -f bot.log")
GOOD = page_of("deskctl status")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """`firedrill lint` in a folder with three runbooks and a file that is none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    for name, text in {"broken": BROKEN, "doubtful": DOUBTFUL, "good": GOOD, "notes": "Just a few words.\n"}.items():
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")

    def call(*words: str) -> tuple[int, str, str]:
        code = cli.main(["lint", *words])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_errors_are_exit_code_3(run: Cli) -> None:
    code, out, _ = run("broken.md")
    assert code == 3
    assert out.startswith("broken.md:10:1 RB109 error: ")
    assert out.endswith("1 error, 0 warnings in 1 runbook\n")


def test_warnings_fail_only_when_asked(run: Cli) -> None:
    assert run("doubtful.md")[0] == 0
    assert run("doubtful.md", "--fail-on", "warning")[0] == 3
    assert run("good.md", "--fail-on", "warning") == (0, "0 errors, 0 warnings in 1 runbook\n", "")


def test_rules_are_chosen_by_the_start_of_their_id(run: Cli) -> None:
    assert run("broken.md", "--ignore", "RB1")[0] == 0
    assert run("broken.md", "--select", "RB2")[0] == 0
    assert run("broken.md", "--select", "RB10", "--ignore", "RB101,RB102")[0] == 3


def test_a_folder_is_searched_and_what_is_no_runbook_is_told(run: Cli) -> None:
    code, out, err = run(".")
    assert code == 3
    assert "in 3 runbooks" in out
    assert "notes.md skipped: holds no step" in err


def test_formats_for_programs(run: Cli) -> None:
    assert json.loads(run("broken.md", "--format", "json")[1])["errors"] == 1
    assert json.loads(run("broken.md", "--format", "sarif")[1])["version"] == "2.1.0"
    code, out, err = run("broken.md", "--format", "github")
    assert (code, out.count("\n")) == (3, 1)
    assert out.startswith("::error file=broken.md,line=10,col=1,endColumn=3,title=RB109 ")
    assert err.endswith("1 error, 0 warnings in 1 runbook\n")


def test_the_day_can_be_given(run: Cli, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(GOOD + "\n**Next Review:** 2026-06-30\n", encoding="utf-8")
    assert "RB205" in run("good.md", "--today", "2026-07-01")[1]
    assert "RB205" not in run("good.md", "--today", "2026-06-30")[1]


def test_every_rule_is_explained(run: Cli) -> None:
    for rule in all_rules():
        code, out, _ = run("--explain", rule.id.lower())
        assert code == 0
        assert out.startswith(f"{rule.id} ({rule.severity}): {rule.title}\n\n")
        assert max(len(line) for line in out.splitlines()) <= 120
    assert run("--explain", "all")[1].count("\n") == len(all_rules())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "no runbook was named"),
        (["nothing.md"], "nothing.md: no such file"),
        (["notes.md"], "notes.md: holds no step"),
        (["good.md", "--format", "xml"], "--format: unknown format"),
        (["good.md", "--fail-on", "never"], "--fail-on: unknown severity"),
        (["good.md", "--select", "E501"], "--select: no rule begins so"),
        (["good.md", "--today", "tomorrow"], "--today: not a date"),
        (["good.md", "--repo", "nowhere"], "--repo: is no folder"),
        (["--explain", "RB999"], "--explain: no such rule"),
    ],
)
def test_bad_input_is_one_line_with_its_mend(run: Cli, words: list[str], told: str) -> None:
    code, out, err = run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert ";" in err


def test_an_empty_folder_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no Markdown file"):
        lint([tmp_path], chosen([], []), TODAY)


def test_a_file_that_is_named_twice_is_read_once(run: Cli) -> None:
    assert "in 1 runbook\n" in run("good.md", "./good.md")[1]


def test_windows_line_ends_and_marks_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode())
    (tmp_path / "b.md").write_bytes(BROKEN.encode())
    first, second = (lint([tmp_path / name], chosen([], []), TODAY).problems for name in ("a.md", "b.md"))
    assert [(p.line, p.column, p.rule) for p in first] == [(p.line, p.column, p.rule) for p in second]


def test_time_grows_with_the_length_and_not_faster(tmp_path: Path) -> None:
    """Ten times the text may take ten times as long; a quadratic rule would take a hundred."""
    section = "\n## Incident {n}: feed lost\n" + BROKEN.split("## Market data feed lost\n")[1].replace("\n2. ", "\n2. ")
    seconds = []
    for count in (60, 600):
        path = tmp_path / f"{count}.md"
        path.write_text("# Desk\n" + "".join(section.replace("{n}", str(n)) for n in range(count)), encoding="utf-8")
        begin = wall_seconds()
        found = lint([path], chosen([], []), TODAY).problems
        seconds.append(wall_seconds() - begin)
        assert sum(problem.rule == "RB109" for problem in found) == count
    assert seconds[1] < 40 * seconds[0]
