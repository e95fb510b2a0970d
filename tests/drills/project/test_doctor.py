"""What of a set-up will work, and why not: each trouble is named with its place and its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.commands.doctor import doctor_command
from drills.project.check import Check
from drills.project.health import examine
from tests.drills.project.repositories import KILL_SWITCH, SCRIPT, repository


def checks(root: Path, settings: str | None = None) -> list[Check]:
    if settings is not None:
        (root / "firedrill.yaml").write_text(settings)
    return list(examine(root))


def troubles(found: list[Check], state: str = "fail") -> list[str]:
    return [f"{check.seen} -> {check.mend}" for check in found if check.state == state]


def test_an_empty_folder_can_be_drilled_with_what_comes_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor_command(tmp_path) == 0
    out = capsys.readouterr().out
    assert "there is none: firedrill run needs all options each time" in out
    assert "-> firedrill init" in out
    assert "A drill can run here; 3 to know about" in out


def test_settings_that_cannot_be_used_end_the_examination(tmp_path: Path) -> None:
    assert troubles(checks(tmp_path, "drils: [q1]\n"))[0].startswith("unknown field")


def test_code_that_does_not_start_is_told_with_its_line(tmp_path: Path) -> None:
    repository(tmp_path, bot="def build(desk):\n    return {'every': {1: lambda: 1 / 0}}\n")
    [trouble] = troubles(checks(tmp_path, "code: bot:build\n"))
    assert "ZeroDivisionError: division by zero in every[1]" in trouble
    assert "bot.py:2" in trouble
    repository(tmp_path, bot="import nothing_of_this_name\n")
    [trouble] = troubles(checks(tmp_path, "code: bot:build\n"))
    assert "nothing_of_this_name" in trouble
    assert "--python" in trouble


def test_a_package_that_only_the_codes_own_environment_has(tmp_path: Path) -> None:
    repository(tmp_path, bot="import nothing_of_this_name\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    [trouble] = troubles(checks(tmp_path, "code: bot:build\n"))
    assert "python: .venv/bin/python in firedrill.yaml" in trouble


def test_what_a_drill_does_not_have_is_named(tmp_path: Path) -> None:
    text = "import multiprocessing\nimport ib_async\nimport requests\nrequests.get('https://feed.ourvendor.io/v1')\n"
    repository(tmp_path, bot=KILL_SWITCH + text, run="import bot\n" + SCRIPT)
    warned = " | ".join(troubles(checks(tmp_path, "code: run.py\n"), "warn"))
    assert "feed.ourvendor.io (bot.py:36) does not exist in a drill" in warned
    assert "ib_async looks for TWS" in warned
    assert "multiprocessing is refused in virtual time (bot.py:" in warned


def test_a_runbook_that_holds_nothing(tmp_path: Path) -> None:
    repository(tmp_path, book_md="Only a sentence.\n")
    assert troubles(checks(tmp_path, "runbook: book.md\n"))[0].startswith("holds no step")
    assert troubles(checks(tmp_path, "runbook: missing.md\n"))


def test_stored_runs_are_kept_out_of_git(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert any("results/runs/" in trouble for trouble in troubles(checks(tmp_path), "warn"))
    (tmp_path / ".gitignore").write_text("results/runs/\n")
    assert not any("results/runs/" in trouble for trouble in troubles(checks(tmp_path), "warn"))


def test_an_emergency_script_is_looked_for(tmp_path: Path) -> None:
    repository(tmp_path, stop_sh="#!/bin/sh\necho stop\n")
    assert [check.state for check in checks(tmp_path, "exec: sh stop.sh\n") if check.what == "exec"] == ["ok"]
    [trouble] = troubles(checks(tmp_path, "exec: ./gone.sh\n"))
    assert trouble.startswith("./gone.sh: ")


def test_a_program_that_ends_by_itself_does_not_run(tmp_path: Path) -> None:
    repository(tmp_path, bot="import argparse\nargparse.ArgumentParser(prog='bot').error('name an action')\n")
    [trouble] = troubles(checks(tmp_path, "code: bot.py\n"))
    assert "ends by itself with exit status 2" in trouble


def test_only_what_the_tested_code_imports_is_looked_at(tmp_path: Path) -> None:
    repository(
        tmp_path, bot="import risk\ndef build(desk):\n    return {'on_tick': print}\n",
        risk='"""See https://broker.ourvendor.io for more."""\ntry:\n    import orjson_of_nobody\nexcept ImportError:\n'
             "    pass\ndef later():\n    import heavy_of_nobody\n",
        train="import sklearn_of_nobody\nURL = 'https://data.ourvendor.io'\n",
    )  # fmt: skip
    found = checks(tmp_path, "code: bot:build\n")
    assert troubles(found) == []
    assert not [check for check in found if check.what == "network" and check.state == "warn"]


def test_a_missing_package_is_named_with_its_place_and_how_it_is_installed(tmp_path: Path) -> None:
    repository(tmp_path, bot="import nothing_of_this_name\n")
    (tmp_path / "requirements.txt").write_text("nothing\n")
    [trouble] = troubles(checks(tmp_path, "code: bot:build\n"))
    assert "nothing_of_this_name (bot.py:1) -> pip install -r requirements.txt where Firedrill is" in trouble


def test_many_hosts_are_one_line(tmp_path: Path) -> None:
    hosts = "\n".join(f"U{n} = 'https://h{n}.ourvendor.io'" for n in range(8))
    repository(tmp_path, bot=f"{hosts}\ndef build(desk):\n    return {{'on_tick': print}}\n")
    [network] = [check for check in checks(tmp_path, "code: bot:build\n") if check.what == "network"]
    assert "h4.ourvendor.io (bot.py:5) and 3 more do not exist in a drill" in network.seen


def test_places_that_are_still_open_are_named(tmp_path: Path) -> None:
    adapter = "import bot\ndef build(desk):\n    bot.go(\n        None,  # fill in: a Store\n    )\n"
    repository(tmp_path, bot="def go(store):\n    store.open()\n", firedrill_adapter=adapter)
    found = checks(tmp_path, "code: firedrill_adapter:build\n")
    [trouble] = troubles(found)
    assert "'NoneType' object has no attribute 'open' (bot.py:2)" in trouble
    assert 'complete firedrill_adapter.py first: "fill in" in line 4' in trouble
    assert any("does not call all of your code yet: line 4" in said for said in troubles(found, "warn"))


def test_code_that_is_no_python_of_today_is_told_why(tmp_path: Path) -> None:
    repository(tmp_path, old="print 'stopping'\n", broken="def halt(:\n")
    old, broken = (said for said in reversed(troubles(checks(tmp_path), "warn")) if "is not valid Python" in said)
    assert "old.py:1" in old
    assert "Python 2 cannot be drilled as code: drill it from outside with --exec" in old
    assert "broken.py:1" in broken
    assert "correct it, or name the interpreter" in broken
