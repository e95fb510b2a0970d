"""`--python`: a drill of code in the interpreter of its own environment, and what is told when that cannot be."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from drills.cli import main
from drills.code import load_mitigation
from drills.commands.replay import replay_command
from drills.drill import drills
from drills.options import RunOptions
from drills.runner import run_drill
from sim.errors import BadInput
from tests.drills.test_unmodified import HOOKS

HERE = Path(sys.executable)
CASE = "q1-daily-loss"
SCRIPT = """\
import datetime, json, time, urllib.request

def ask(method, path):
    url, headers = "https://paper-api.alpaca.markets/v2" + path, {"APCA-API-KEY-ID": "k", "APCA-API-SECRET-KEY": "s"}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers, method=method), timeout=10) as answer:
        return json.load(answer)

start = float(ask("GET", "/account")["equity"])
while float(ask("GET", "/account")["equity"]) >= 0.97 * start:
    time.sleep(5)
ask("DELETE", "/positions?cancel_orders=true")
print("all positions closed", datetime.datetime.now().date())
"""
REFERENCE = Path(__file__).parents[2] / "drills" / "reference"


def run(project: Path, code: str, python: Path | None, responder: str = "none"):
    options = RunOptions(
        seed=3, code=code, python=python, project=project, cases=(CASE,), responder=responder
    )
    return run_drill(drills()["q1"], options)


def test_the_same_verdict_the_same_findings_the_same_history(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(SCRIPT, encoding="utf-8")
    own, ours = (run(tmp_path, "bot.py", python).record for python in (HERE, None))
    assert own.digest == ours.digest
    assert own.verdict is ours.verdict
    assert own.findings == ours.findings
    assert [f.source for f in own.findings if f.title.startswith("reported flat")] == ["bot.py:12"]
    assert own.environment.packages["python of the code"].startswith("CPython 3.")


def test_the_reference_bot_in_a_process_of_its_own(tmp_path: Path) -> None:
    """Its name is changed, because in our own process it is part of Firedrill."""
    (tmp_path / "refbot").mkdir()
    for file in REFERENCE.glob("*.py"):
        text = file.read_text("utf-8").replace("drills.reference", "refbot")
        (tmp_path / "refbot" / file.name).write_text(text, encoding="utf-8")
    own, ours = (run(tmp_path, "refbot.bot:build", python) for python in (HERE, None))
    assert not own.histories[CASE].of("code.error")
    assert own.histories[CASE].of("system.halted")
    assert own.record.digest == ours.record.digest


def test_a_stored_run_repeats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bot.py").write_text(HOOKS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    words = ["run", "q1", "--seed", "3", "--case", CASE, "--code", "bot.py:build", "--responder", "none"]
    assert main([*words, "--python", str(HERE), "--json", "run.json"]) in (0, 1)
    [record] = json.loads(Path("run.json").read_text())
    assert record["options"]["python"] == str(HERE)
    assert f"--python {HERE}" in record["replay"]
    assert "--unmodified" not in record["replay"]
    assert replay_command(Path("results/runs"), "latest", anyway=False) == 0


def test_the_option_is_read_back() -> None:
    options = RunOptions(seed=3, code="bot.py", python=Path("env/bin/python"))
    assert RunOptions.from_text(options.as_text()) == options
    assert options.replay_command("q1").endswith("--code bot.py --python env/bin/python")


def test_what_cannot_be_run_is_told_before_anything_happens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", "q1", "--python", str(HERE)]) == 2
    assert "--python: no code to run in it; name it with --code" in capsys.readouterr().err
    assert main(["run", "q1", "--code", "bot.py", "--python", "env/bin/python"]) == 2
    assert "--python: there is no such file" in capsys.readouterr().err
    with pytest.raises(BadInput, match="no such file"):
        load_mitigation("nowhere.py", tmp_path, python=HERE)


def test_a_missing_package_ends_the_run_with_the_users_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.py").write_text("import time\nimport surely_not_installed\n", encoding="utf-8")
    words = ["run", "q1", "--case", CASE, "--code", "bot.py", "--python", str(HERE), "--no-report"]
    assert main(words) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert "bot.py:2: cannot be imported by" in told
    assert "No module named 'surely_not_installed'" in told
    assert "-m pip install surely_not_installed" in told
