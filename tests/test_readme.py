"""What the README shows is what happens: its bot runs, its scenario runs, its first screen is the real output."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fence(language: str, containing: str) -> str:
    """The one fenced block of `language` with these words."""
    blocks = re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return found


def firedrill(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, 80 columns wide."""
    program = "import sys; from drills.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=cwd, capture_output=True, text=True, check=False, timeout=300,
        env={"PATH": "", "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.slow
def test_the_first_screen_is_what_make_drill_prints(tmp_path: Path) -> None:
    done = firedrill("run", "q1", "--seed", "7", "--store", str(tmp_path / "runs"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    shown = fence("", "PASS  q1").split("Replay")[0]
    for paragraph in shown.strip().split("\n"):
        assert " ".join(paragraph.split()) in printed, paragraph


def test_the_readmes_bot_halts_on_the_loss_and_is_found_wanting_after_the_reset(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(fence("python", "class Bot"), encoding="utf-8")
    done = firedrill("run", "q1", "--case", "q1-daily-loss", "--code", "bot:build", "--seed", "7", cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "code fail" in done.stdout
    assert "runbook pass" in done.stdout


def test_the_readmes_scenario_runs_and_is_judged(tmp_path: Path) -> None:
    (tmp_path / "my-outage.yaml").write_text(fence("yaml", "my-outage"), encoding="utf-8")
    done = firedrill("run", "my-outage.yaml", "--responder", "perfect", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS  my-outage" in done.stdout


def test_every_file_that_the_readme_names_is_there() -> None:
    for name in re.findall(r"`((?:drills|sim|scenarios|results|fakes|tests)/[\w/]*(?:\.py)?)`", README):
        assert (ROOT / name).exists(), name


def test_the_readmes_desk_and_hooks_exist() -> None:
    from sim.actors.process import HOOKS, TABLES
    from sim.broker_client import BrokerClient
    from sim.desk import Desk

    for hook in (*HOOKS, *TABLES):
        assert f"`{hook}" in README, hook
    broker, desk = re.search(r"The desk: `broker` \(`(.*?)`.*?\), `(.*?)`, `price", README, re.DOTALL).groups()  # type: ignore[union-attr]
    assert all(hasattr(BrokerClient, name.strip()) for name in broker.split(","))
    own = inspect.getsource(Desk)
    assert all(hasattr(Desk, name.strip()) or f"self.{name.strip()}:" in own for name in desk.split(","))
