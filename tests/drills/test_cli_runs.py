"""The installed command from end to end, with the user's own code and runbook, in processes of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from results.schema import run_record_schema

FIREDRILL = Path(sys.executable).with_name("firedrill")
BOT = """\
import state

def build(desk):
    state.starts.append(desk.now)
    print("started", len(state.starts))
    return {"every": {5: lambda: desk.log(f"alive, start {len(state.starts)}")}}
"""
BOOK = """\
# Our runbook

## Broker connection lost

1. Acknowledge the alert.
2. Reconnect to the broker.
3. Reconcile positions with the broker.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bot.py").write_text(BOT, encoding="utf-8")
    (tmp_path / "state.py").write_text("starts = []\n", encoding="utf-8")
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    return tmp_path


def firedrill(project: Path, *words: str, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed, "COLUMNS": "80"}
    return subprocess.run([FIREDRILL, *words], cwd=project, env=env, capture_output=True, text=True, check=False)


def test_the_users_code_is_run_replayed_and_guarded(project: Path) -> None:
    words = ("--case", "q2-blip-5s", "--code", "bot:build", "--runbook", "book.md", "--json", "-")
    ran = firedrill(project, "run", "q2", *words, "--seed", "7")
    assert ran.returncode in (0, 1), ran.stderr
    [record] = json.loads(ran.stdout)
    jsonschema.validate(record, run_record_schema())

    again = firedrill(project, "replay", "latest", hash_seed="1")
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[-1] == f"identical: 1 case, {record['digest']}"

    lines = firedrill(project, "show", "latest", "--format", "history").stdout.splitlines()
    assert len(lines) == record["cases"][0]["history_events"]
    assert any("alive, start 1" in line for line in lines)
    assert [line.count("started 1") for line in lines if "code.output" in line] == [1]

    (project / "state.py").write_text("starts = [0]\n", encoding="utf-8")
    refused = firedrill(project, "replay", "latest")
    assert refused.returncode == 2
    assert "the code (bot:build) changed" in refused.stderr
    different = firedrill(project, "replay", "latest", "--anyway")
    assert different.returncode == 1
    assert "q2-blip-5s: first difference at event" in different.stdout
    assert "started 2" in different.stdout


def test_ctrl_c_leaves_nothing_half_written(project: Path) -> None:
    running = subprocess.Popen(
        [FIREDRILL, "run", "all", "--json", "runs.json"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    while "replay" not in running.stdout.readline():
        pass
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert err.splitlines()[-1].startswith("firedrill: interrupted")
    assert not (project / "runs.json").exists()
    assert not list(project.glob("results/runs/.writing-*"))
    assert all((folder / "record.json").is_file() for folder in project.glob("results/runs/*"))
