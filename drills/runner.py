"""A drill, run: every case on one seed, judged, and put together into one record.

The lead case is the exercise: the on-call responds with the chosen preset. The other cases are the
regression of the same incident's variants; there the on-call makes no mistakes, so that what goes wrong is
the code's or the text's. Beside each case two more runs are made on the same seed: the text followed to the
letter with the reference bot, which the runbook's own verdict rests on, and the user's code with nobody
responding, because a person who is quick enough hides a kill switch that does not fire.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from drills.blame import unexplained
from drills.case_run import CaseRun, run_case
from drills.code import REFERENCE, load_mitigation
from drills.drill import Drill
from drills.exhibits import exhibits
from drills.human import PRESETS
from drills.judging import judge
from drills.measuring import Compared, Measured, measure_run
from drills.mitigations import mitigation_of, sha256_of, spec_of, walls_of
from drills.options import RunOptions
from drills.plan import Plan
from drills.planning import find, make_plan
from drills.runbook.model import Procedure, Runbook
from results.record import CaseRecord, CodeRecord, Environment, RunbookRecord, RunRecord
from scenarios.loader import unknown_name
from scenarios.scenario import Scenario
from sim.clock import VirtualTime, wall_now, wall_seconds
from sim.history import History
from sim.lockstep.interpreter import interpreter
from sim.world import Mitigation

OnCase = Callable[[str, int, int], None]
"""Told the case's name, its number from 1, and how many there are, before each case."""

_PACKAGES = ("simpy", "numpy", "pydantic", "greenlet", "exchange_calendars", "markdown-it-py")


@dataclass(frozen=True)
class Finished:
    """A drill that was run."""

    record: RunRecord
    histories: dict[str, History]
    """By case."""


@dataclass(frozen=True)
class Text:
    """The runbook of a run and the procedure that is followed."""

    runbook: Runbook
    procedure: Procedure
    note: str | None
    path: Path

    def plan(self, scenario: Scenario) -> Plan:
        """The procedure as it applies to `scenario`."""
        return make_plan(self.runbook, self.procedure, scenario, self.note)


def run_drill(
    drill: Drill, options: RunOptions, on_case: OnCase = lambda name, number, of: None, *, shorten: bool = True
) -> Finished:
    """Run `drill` with `options`; BadInput when a file, a name or the code cannot be used.

    With `shorten`, the shortest scenario is looked for that shows each check which the code failed.
    """
    started_at, start_s = wall_now().isoformat(timespec="seconds"), wall_seconds()
    scenarios = chosen_cases(drill, options)
    text = text_of(drill, options)
    mitigation = mitigation_of(options)
    records: list[CaseRecord] = []
    histories: dict[str, History] = {}
    for number, (name, scenario) in enumerate(scenarios.items(), start=1):
        on_case(name, number, len(scenarios))
        responder = options.responder if name == drill.lead or options.responder == "none" else "perfect"
        record, run = run_one(
            scenario, options.seed, mitigation, text, responder, lead=name == drill.lead,
            pass_mark=drill.pass_mark, is_reference=options.exec is None and options.code in (None, REFERENCE),
        )  # fmt: skip
        records.append(record)
        histories[record.name] = run.history
    shown = list(exhibits(records, scenarios.values(), options, mitigation, text.plan, on_case)) if shorten else []
    run_record = RunRecord.of_cases(
        records, drill=drill.name, title=drill.title, seed=options.seed,
        runbook=RunbookRecord(
            file=_shown(text.path), procedure=text.procedure.id, title=text.procedure.title,
            line=text.procedure.line, sha256=text.runbook.source_sha256, note=text.note,
        ),
        code=CodeRecord(spec=spec_of(options), sha256=sha256_of(options)),
        responder=options.responder, options=options.as_text(),
        environment=environment(options.python, walls_of(options)),
        replay=options.replay_command(drill.name), started_at=started_at,
        duration_s=round(wall_seconds() - start_s, 3), exhibits=shown,
    )  # fmt: skip
    return Finished(run_record, histories)


def run_one(
    scenario: Scenario, seed: int, mitigation: Mitigation, text: Text, responder: str, *,
    lead: bool = True, pass_mark: float = 85.0, is_reference: bool = False,
) -> tuple[CaseRecord, CaseRun]:  # fmt: skip
    """Run and judge one case."""
    plan = text.plan(scenario)
    preset = PRESETS.get(responder)
    run = run_case(scenario, seed, mitigation, None if preset is None else plan, preset)
    measured = measure_run(run, plan, automation_only=preset is None)
    same = is_reference and responder == "perfect"
    literal = measured if same else follow_to_the_letter(scenario, seed, text)
    alone = measured
    if preset is not None:
        alone = measure_run(run_case(scenario, seed, mitigation, None, None), plan, automation_only=True)
    ideal = measured
    if preset is not None and responder != "perfect" and unexplained(measured, literal, alone):
        ideal = measure_run(run_case(scenario, seed, mitigation, plan, PRESETS["perfect"]), plan, automation_only=False)
    compared = Compared(measured, literal, alone, ideal)
    return judge(compared, plan, responder=responder, lead=lead, pass_mark=pass_mark), run


def follow_to_the_letter(scenario: Scenario, seed: int, text: Text) -> Measured:
    """Run the case with the reference bot and a responder who does just what the text says.

    The text and the scenario decide the outcome, not the user's code, so it is computed once and kept.
    """
    key = (text.runbook.source_sha256, text.procedure.id, scenario.model_dump_json(), seed)
    if key not in _LITERAL:
        if len(_LITERAL) >= _MOST_KEPT:
            _LITERAL.pop(next(iter(_LITERAL)))
        plan = text.plan(scenario)
        run = run_case(scenario, seed, load_mitigation(None, None), plan, PRESETS["perfect"])
        measured = measure_run(run, plan, automation_only=False)
        nothing = History(VirtualTime())  # what was measured is kept, what it was read from is not
        _LITERAL[key] = replace(measured, run=replace(run, history=nothing))
    return _LITERAL[key]


_LITERAL: dict[tuple[str, str, str, int], Measured] = {}
_MOST_KEPT = 256


def chosen_cases(drill: Drill, options: RunOptions) -> dict[str, Scenario]:
    """The scenarios to run by name, the lead first; BadInput for a case that the drill does not have."""
    for name in options.cases or ():
        if name not in drill.cases:
            raise unknown_name("case", name, list(drill.cases))
    return {name: drill.scenario(name) for name in drill.cases if options.cases is None or name in options.cases}


def text_of(drill: Drill, options: RunOptions) -> Text:
    """The runbook and procedure of a run: the user's, or the drill's own."""
    if options.runbook is None:
        path, fragment = drill.runbook_path(), drill.procedure
    else:
        name, _, given = options.runbook.partition("#")
        path, fragment = Path(name), given or None
    runbook, procedure, note = find(path, fragment, drill.topic)
    return Text(runbook, procedure, note, path)


def environment(python: Path | None = None, walls: str | None = None) -> Environment:
    """What a run was made with: the interpreter that the code had for itself, the walls around a program."""
    packages = {} if python is None else {"python of the code": interpreter(str(python)).version}
    if walls is not None:
        packages["isolation of the program"] = walls
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    try:
        own = version("firedrill")
    except PackageNotFoundError:
        own = "not installed"
    return Environment(
        firedrill=own, python=platform.python_version(), platform=f"{platform.system()} {platform.machine()}",
        packages=packages,
    )  # fmt: skip


def _shown(path: Path) -> str:
    """The path as reports show it: our own runbooks by their place in the package, others as given."""
    own = Path(__file__).parent
    return path.relative_to(own.parent).as_posix() if path.is_relative_to(own) else path.as_posix()
