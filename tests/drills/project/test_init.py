"""A newcomer's first minute: what `firedrill init` writes works, and what it cannot know it says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from drills.commands.doctor import doctor_command
from drills.commands.init import init_command
from drills.drill import drills
from drills.options import RunOptions
from drills.project.files import ADAPTER
from drills.project.settings import NAME, read_settings
from drills.runner import run_drill
from sim.errors import BadInput
from tests.drills.project.repositories import (
    ASYNC_BREAKER,
    FUNCTIONS,
    GUARD,
    KILL_SWITCH,
    RECONCILER,
    RUNBOOK,
    SCRIPT,
    WATCH,
    repository,
)


def init(root: Path) -> str:
    assert init_command(root, yes=True, force=False) == 0
    file = root / ADAPTER
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def test_a_kill_switch_is_wired_and_can_be_drilled_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = repository(tmp_path, src__bot__risk=KILL_SWITCH, bot__recon=RECONCILER, docs__runbook_md=RUNBOOK)
    text = init(root)
    assert "self.kill_switch.check(equity=self.desk.figures.equity, starting_equity=" in text
    assert "self.kill_switch.trigger(reason=reason)" in text
    assert "self.wait(self.position_reconciler.reconcile())" in text
    assert 'fill in: what notify_prime_broker of the broker does' in text
    settings = read_settings(root)
    assert settings is not None
    assert settings.code == "firedrill_adapter:build"
    assert settings.runbook == "docs/runbook.md"
    assert doctor_command(root) == 0
    assert "firedrill_adapter:build starts and runs on a healthy firm" in capsys.readouterr().out
    options = RunOptions(
        seed=7, code=settings.code, project=root, cases=("q1-daily-loss",), responder="none"
    )
    record = run_drill(drills()["q1"], options, shorten=False).record
    assert "code-health" in {finding.checker for finding in record.findings}  # the bridge says what it does not know


def test_what_the_names_do_not_tell_is_marked(tmp_path: Path) -> None:
    text = init(repository(tmp_path, guard=GUARD))
    assert 'client=TradingClient("key", "secret", paper=True)' in text
    assert "venue_code=None,  # fill in" in text
    assert 'max_drawdown=self.desk.limits["drawdown_halt_pct"] / 100,  # as a fraction; percent?' in text
    assert "return bool(self.risk_guard.can_trade(order=order))" in text


@pytest.mark.parametrize("files", [{"bot": KILL_SWITCH}, {"a__b": RECONCILER}, {"g": GUARD}, {"panic": FUNCTIONS}])
def test_the_adapter_is_valid_python_with_a_build(tmp_path: Path, files: dict[str, str]) -> None:
    tree = ast.parse(init(repository(tmp_path, **files)))
    assert any(isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "build" for node in tree.body)


def test_a_script_is_run_as_it_is_and_needs_no_adapter(tmp_path: Path) -> None:
    assert init(repository(tmp_path, run=SCRIPT)) == ""
    settings = read_settings(tmp_path)
    assert settings is not None
    assert settings.code == "run.py"


def test_a_bot_with_a_loop_and_a_broker_of_its_own_is_drilled_as_it_is(tmp_path: Path) -> None:
    main = "from . import limits\n" + WATCH
    adapter = init(repository(tmp_path, bot____init__="", bot__limits="", bot____main__=main))
    settings = read_settings(tmp_path)
    assert settings is not None
    assert settings.code == "-m bot"
    assert 'client=TradingClient("key", "secret", paper=True)' in adapter
    assert "# code: firedrill_adapter:build" in (tmp_path / NAME).read_text()
    assert doctor_command(tmp_path) == 0


def test_what_is_awaited_of_the_broker_can_be_awaited(tmp_path: Path) -> None:
    text = init(repository(tmp_path, breaker=ASYNC_BREAKER))
    assert "async def cancel_all(self, *args" in text
    assert "async def close_all(self, *args" in text
    options = RunOptions(
        seed=7, code="firedrill_adapter:build", project=tmp_path, cases=("q1-manual",),
        responder="default",
    )  # fmt: skip
    record = run_drill(drills()["q1"], options, shorten=False).record
    assert "code-health" not in {finding.checker for finding in record.findings}


def test_an_emergency_script_alone_is_what_is_drilled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(repository(tmp_path, ops__emergency_stop_sh="curl -X DELETE https://broker/orders"))
    settings = read_settings(tmp_path)
    assert settings is not None
    assert (settings.code, settings.exec) == (None, "bash ops/emergency_stop.sh")
    assert "ops/emergency_stop.sh  <- drilled as it is" in capsys.readouterr().out


def test_where_nothing_is_found_the_reference_bot_is_drilled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    init(tmp_path)
    assert "Nothing that looks like mitigation code" in capsys.readouterr().out
    settings = read_settings(tmp_path)
    assert settings is not None
    assert settings.code is None
    assert settings.drills == ("q1", "q2", "q3", "q4")


def test_what_is_there_is_not_overwritten_and_nothing_is_written_half(tmp_path: Path) -> None:
    repository(tmp_path, bot=KILL_SWITCH)
    (tmp_path / NAME).write_text("drills: [q2]\n")
    with pytest.raises(BadInput, match="--force"):
        init_command(tmp_path, yes=True, force=False)
    assert not (tmp_path / ADAPTER).exists()
    assert (tmp_path / NAME).read_text() == "drills: [q2]\n"
    assert init_command(tmp_path, yes=True, force=True) == 0
    assert (tmp_path / ADAPTER).exists()


def test_nobody_to_ask_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(BadInput, match="--yes"):
        init_command(tmp_path, yes=False, force=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("gitlab", "file"), [(False, ".github/workflows/firedrill.yml"), (True, "firedrill.gitlab-ci.yml")]
)
def test_the_first_ci_file_runs_the_drills(tmp_path: Path, gitlab: bool, file: str) -> None:
    repository(tmp_path, bot=KILL_SWITCH, docs__runbook_md=RUNBOOK)
    (tmp_path / "requirements.txt").write_text("requests\n")
    if gitlab:
        (tmp_path / ".gitlab-ci.yml").write_text("stages: [test]\n")
    init(tmp_path)
    text = (tmp_path / file).read_text()
    assert isinstance(yaml.safe_load(text), dict)
    for command in ("pip install -r requirements.txt", "firedrill lint docs/runbook.md", "firedrill run --junit"):
        assert command in text


def test_asked_a_second_time_it_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository(tmp_path, bot=KILL_SWITCH, docs__runbook_md=RUNBOOK)
    init(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    init(tmp_path)
    assert "All files are there already" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_adapter_that_was_edited_is_kept_and_nothing_is_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository(tmp_path, bot=KILL_SWITCH)
    init(tmp_path)
    (tmp_path / ADAPTER).write_text("# mine\n")
    capsys.readouterr()
    with pytest.raises(BadInput, match="nothing was written"):
        init_command(tmp_path, yes=True, force=False)
    assert "To be written" not in capsys.readouterr().out
    assert (tmp_path / ADAPTER).read_text() == "# mine\n"


def test_an_emergency_tool_in_python_is_run_when_it_is_called_for(tmp_path: Path) -> None:
    tool = "import requests\nif __name__ == '__main__':\n    requests.delete('https://api.exchange.io/orders')\n"
    init(repository(tmp_path, ops__emergency_close=tool))
    settings = read_settings(tmp_path)
    assert settings is not None
    assert (settings.code, settings.exec) == (None, "python ops/emergency_close.py")


def test_a_bot_whose_broker_no_drill_has_is_said_to_be_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = "import streamlit\nimport requests\nif __name__ == '__main__':\n    print(requests)\n"
    init(repository(tmp_path, dashboard=SCRIPT, admin=screen, live_bot=SCRIPT, optimize=SCRIPT))
    said = capsys.readouterr().out
    assert "live_bot.py  <- drilled as it is" in said
    assert "No broker that live_bot.py talks to exists in a drill" in said
    assert not any(word in said for word in ("dashboard.py", "admin.py", "optimize.py"))


def test_a_service_among_several_is_found_and_imported_from_its_folder(tmp_path: Path) -> None:
    repository(tmp_path, svc__risk__app____init__="", svc__risk__app__limits="LOSS = 2.0\n")
    (tmp_path / "svc" / "risk" / "requirements.txt").write_text("")
    text = f"from app.limits import LOSS\n{KILL_SWITCH}"
    (tmp_path / "svc" / "risk" / "app" / "kill.py").write_text(text)
    adapter = init(tmp_path)
    assert 'sys.path.insert(0, str(Path(__file__).parent / "svc/risk"))' in adapter
    assert "from app.kill import KillSwitch" in adapter
    assert doctor_command(tmp_path) == 0


def test_the_first_ci_file_says_what_is_to_be_set(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nrequires-python = ">=3.11,<3.12"\n')
    init(repository(tmp_path, bot=KILL_SWITCH))
    job = yaml.safe_load((tmp_path / ".github/workflows/firedrill.yml").read_text())["jobs"]["drill"]
    assert job["env"] == {"FIREDRILL": "${{ vars.FIREDRILL }}"}
    versions = [step["with"].get("python-version") for step in job["steps"] if "with" in step]
    assert "3.11" in versions
    assert any("FIREDRILL is not set" in step.get("run", "") for step in job["steps"])
