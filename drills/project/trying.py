"""Whether the user's code starts: it is built on a healthy firm and watched for two minutes of virtual time."""

from __future__ import annotations

from pathlib import Path

from drills.case_run import run_case
from drills.code import load_mitigation
from drills.project.check import Check
from drills.project.settings import Settings, placed
from scenarios.scenario import Scenario
from sim.errors import BadInput
from sim.history import History

HEALTHY = Scenario.model_validate(
    {
        "name": "healthy", "title": "Nothing goes wrong", "story": "Two minutes of an ordinary day.", "warm_up": "1m",
        "horizon": "2m", "objectives": {"rto": "2m", "detect": "2m"}, "truth": {"severity": "none"},
        "expect": {"alarm": "forbidden", "halt": "forbidden", "flatten": "forbidden"},
    }
)  # fmt: skip


def tried(root: Path, settings: Settings) -> Check:
    """Build the code on a healthy firm; what it raises is told with its own file and line."""
    project = root if settings.project is None else Path(placed(root, settings.project))
    spec = settings.code
    try:
        history = run_case(HEALTHY, 7, load_mitigation(spec, project), None, None).history
    except BadInput as error:
        where = f" ({error.file}{f':{error.line}' if error.line else ''})" if error.file else ""
        return Check("fail", "code", f"{spec}: {error.problem}{where}", error.mend)
    wrong = _wrong(history)
    if wrong:
        return Check("fail", "code", f"{spec}: {wrong[0]}", "it should run for two minutes on a healthy firm")
    return Check("ok", "code", f"{spec} starts and runs on a healthy firm")


def _wrong(history: History) -> list[str]:
    """What the code raised, or said on its way out."""
    errors = [f"{e.data['error']} in {e.data['hook']} ({e.data['at']})" for e in history.of("code.error")]
    hangs = [f"hangs in {e.data['endpoint']} ({e.data['at']})" for e in history.of("code.hang")]
    codes = [event.data["code"] for event in history.of("code.exit")]
    return errors + hangs + [f"ends by itself with exit status {code}" for code in codes if code != "0"]
