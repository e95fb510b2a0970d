"""What is found in a repository by parsing it: classes, functions, scripts, runbooks; nothing of it is run."""

from __future__ import annotations

from pathlib import Path

from drills.project.survey import survey
from drills.project.verbs import Verb
from tests.drills.project.repositories import FUNCTIONS, GUARD, KILL_SWITCH, RECONCILER, RUNBOOK, SCRIPT, repository


def test_classes_functions_scripts_and_texts_are_told_apart(tmp_path: Path) -> None:
    root = repository(
        tmp_path, bot__risk=KILL_SWITCH, bot__recon=RECONCILER, bot__guard=GUARD, bot__panic=FUNCTIONS, run=SCRIPT,
        scripts__emergency_stop_sh="curl -X DELETE https://broker/orders", docs__runbook_md=RUNBOOK, README_md="# Bot",
        tests__test_risk=KILL_SWITCH, broken="def (:",
    )  # fmt: skip
    found = survey(root)
    assert [(each.file, each.name) for each in found.candidates] == [
        ("bot/risk.py", "KillSwitch"), ("bot/guard.py", "RiskGuard"), ("bot/recon.py", "PositionReconciler"),
        ("bot/panic.py", ""),
    ]  # fmt: skip
    assert found.candidates[0].verbs == {Verb.LOOK, Verb.HALT, Verb.BLOCKED, Verb.RESET}
    assert found.candidates[0].line == 7
    assert dict(found.candidates[0].asked_of)["broker"] == (
        "cancel_all_orders", "close_all_positions", "notify_prime_broker",
    )  # fmt: skip
    assert [parameter.name for parameter in found.candidates[1].init] == ["client", "max_drawdown", "venue_code"]
    assert [(each.code, each.whole) for each in found.programs] == [("run.py", False)]  # its host does not answer
    assert found.emergency == ("scripts/emergency_stop.sh",)
    assert found.runbooks == ("docs/runbook.md",)
    assert found.unreadable == ("broken.py",)


def test_a_source_folder_is_no_part_of_a_modules_name(tmp_path: Path) -> None:
    [found] = survey(repository(tmp_path, src__bot__risk=KILL_SWITCH)).candidates
    assert (found.file, found.module) == ("src/bot/risk.py", "bot.risk")


def test_an_ordinary_class_is_no_candidate(tmp_path: Path) -> None:
    text = "class Chart:\n    def update(self): ...\n    def render(self): ...\n"
    assert survey(repository(tmp_path, chart=text)).candidates == ()


def test_how_a_program_is_started_is_read_from_how_it_imports(tmp_path: Path) -> None:
    loop = (
        "import requests\nURL = 'https://paper-api.alpaca.markets'\n"
        "def main():\n    while True:\n        requests.get(URL)\n"
    )
    root = repository(
        tmp_path, watch____main__="from .loop import main\nmain()\n", watch__loop=loop, watch____init__="",
        src__mon____init__="", src__mon__cli="from .core import main\nif __name__ == '__main__':\n    main()\n",
        src__mon__core=loop, desk_guard="def run(desk):\n    pass\n",
        emergency_flatten=loop + "if __name__ == '__main__': main()",
    )  # fmt: skip
    found = [(each.code, each.whole) for each in survey(root).programs]
    assert found == [
        ("desk_guard:run", True), ("-m watch", True), ("-m mon.cli", True),
    ]  # fmt: skip
    assert survey(root).emergency == ("emergency_flatten.py",)
    (root / "pyproject.toml").write_text('[project.scripts]\nmon = "mon.cli:main"\n')
    assert [each.code for each in survey(root).programs][2] == "mon.cli:main"


def test_a_loop_of_its_own_is_nothing_to_call_once_a_second(tmp_path: Path) -> None:
    text = KILL_SWITCH + "\n    def monitor(self):\n        while True:\n            self.check(1, 1)\n"
    [found] = survey(repository(tmp_path, risk=text)).candidates
    assert "monitor" not in {method.name for method in found.methods}
