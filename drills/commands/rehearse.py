"""`firedrill rehearse`: the runbook on trial, its text followed to the letter in the simulated firm."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from drills.code import REFERENCE, code_sha256, load_mitigation
from drills.commands.output import STDOUT, check_file, check_store, console, write_file
from drills.commands.run import EXIT_CODES, records_json
from drills.documents.papers import papers, text_of_file
from drills.planning import find
from drills.progress import ProgressLine
from drills.rehearsal.choosing import choose_case
from drills.rehearsal.options import RehearseOptions
from drills.rehearsal.records import case_record
from drills.rehearsal.rehearse import Stage, rehearse
from drills.rehearsal.terminals import opener
from drills.runbook.model import Procedure, Runbook
from drills.runbook.reader import read_runbook
from drills.runbook.topics import by_fragment, whole
from drills.runner import Text, environment
from results.record import CodeRecord, RunbookRecord, RunRecord
from results.rehearsal_terminal import print_rehearsal
from results.store import HTML, Store
from scenarios.loader import load_scenario
from scenarios.scenario import Scenario
from sim.clock import wall_now, wall_seconds
from sim.errors import BadInput
from sim.history import History

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Shown:
    """What is kept and told of a rehearsal."""

    store: Path | None
    json: str | None = None
    commands: bool = False
    """Whether every command is listed, or only what did not go well."""


@dataclass(frozen=True)
class Finished:
    """A rehearsal that was run."""

    record: RunRecord
    history: History
    runbook: Runbook
    path: Path


def rehearse_command(options: RehearseOptions, shown: Shown) -> int:
    """Rehearse and tell; returns the exit code."""
    check_file("--json", shown.json)
    if shown.store is not None:
        check_store(shown.store)
    text, scenario = text_and_scenario(options)
    screen = console(to_stderr=shown.json == STDOUT)
    _announce(screen, text, scenario, options)
    finished = run_rehearsal(text, scenario, options)
    report = None
    if shown.store is not None:
        report = store_rehearsal(finished, shown.store) / HTML
    screen.print()
    print_rehearsal(screen, finished.record, report, commands=shown.commands)
    if shown.json is not None:
        write_file("--json", shown.json, records_json([finished.record]))
    return EXIT_CODES[finished.record.verdict]


def store_rehearsal(finished: Finished, folder: Path) -> Path:
    """Keep the record, its reports, its events and its papers; returns the folder."""
    record = finished.record
    written = papers(record, record.deciding, finished.history, finished.runbook, text_of_file(finished.path))
    return Store(folder).save(record, {record.case: finished.history.rows}, written)


def text_and_scenario(options: RehearseOptions) -> tuple[Text, Scenario]:
    """What is followed and in which incident; BadInput when either cannot be told."""
    runbook = read_runbook(options.file)
    if options.scenario is not None:
        scenario = _scenario(options.scenario)
        _, procedure, note = find(options.file, options.procedure, scenario.topic)
        return Text(runbook, procedure, note, options.file), scenario
    procedure = by_fragment(runbook, options.procedure) if options.procedure else _only(runbook)
    chosen = choose_case(runbook, procedure)
    note = f"no scenario was named; {chosen.case} of drill {chosen.drill.name} was taken, because {chosen.why}"
    return Text(runbook, procedure, note, options.file), chosen.drill.scenario(chosen.case)


def _scenario(name: str) -> Scenario:
    """A stock scenario, the lead case of a stock drill, or a YAML file."""
    from drills.drill import drills

    return drills()[name].scenario() if name in drills() else load_scenario(name)


def _only(runbook: Runbook) -> Procedure:
    """The one procedure that a document without a fragment means."""
    if runbook.single_playbook:
        return whole(runbook)
    if len(runbook.procedures) == 1:
        return runbook.procedures[0]
    there = ", ".join(f"#{procedure.id}" for procedure in runbook.procedures) or "none"
    raise BadInput(
        "it has several procedures, and no scenario that would choose one", file=runbook.file, field="procedure",
        mend=f"name one of {there}, or a scenario with --scenario",
    )  # fmt: skip


def run_rehearsal(text: Text, scenario: Scenario, options: RehearseOptions) -> Finished:
    """Follow the text to the letter, judge it, and put the record together."""
    started_at, start_s = wall_now().isoformat(timespec="seconds"), wall_seconds()
    mitigation = load_mitigation(options.code, options.project)
    stage = Stage(scenario, options.seed, mitigation, opener(text, options.repo, options.project))
    with ProgressLine() as progress, redirect_stdout(sys.stderr):
        rehearsed = rehearse(text, stage, lambda what, number, of: progress(what, number - 1, of))
    case = case_record(rehearsed)
    record = RunRecord.of_cases(
        [case], drill=f"rehearsal-{scenario.name}", title=f"{text.procedure.title}, followed to the letter",
        seed=options.seed,
        runbook=RunbookRecord(
            file=text.path.as_posix(), procedure=text.procedure.id, title=text.procedure.title,
            line=text.procedure.line, sha256=text.runbook.source_sha256, note=text.note,
        ),
        code=CodeRecord(spec=options.code or REFERENCE, sha256=code_sha256(options.code, options.project)),
        responder="literal", options=options.as_text(), environment=environment(), replay=options.replay_command(),
        started_at=started_at, duration_s=round(wall_seconds() - start_s, 3),
    )  # fmt: skip
    return Finished(record, rehearsed.measured.run.history, text.runbook, text.path)


def _announce(screen: Console, text: Text, scenario: Scenario, options: RehearseOptions) -> None:
    """What will be done, before it is, so that a rehearsal that is cut off can be repeated."""
    lines = {
        "rehearse": f"{text.path}#{text.procedure.id}",
        "scenario": f"{scenario.name} ({scenario.title})",
        "seed": str(options.seed),
        "code": options.code or f"{REFERENCE} (the reference bot)",
        "project": None if options.project is None else str(options.project),
        "repo": None if options.repo is None else str(options.repo),
        "replay": options.replay_command(),
    }
    screen.print(f"Firedrill {version('firedrill')}", soft_wrap=True)
    for name, said in lines.items():
        if said is not None:
            screen.print(f"  {name:<11}{said}", soft_wrap=True)
