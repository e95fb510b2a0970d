"""`firedrill run`: say what will be run, run it, tell and store what came of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from drills.code import REFERENCE
from drills.commands.output import STDOUT, check_file, check_store, console, write_file
from drills.commands.targets import Target, check_cases, targets
from drills.mitigations import mitigation_of, walls_of
from drills.options import RunOptions
from drills.progress import ProgressLine
from drills.runner import Finished, run_drill, text_of
from results.record import RunRecord, Verdict
from results.store import HTML, Store
from results.terminal import print_run, print_runs
from sim.errors import BadInput
from sim.lockstep.interpreter import interpreter

if TYPE_CHECKING:
    from rich.console import Console

EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 5}


@dataclass(frozen=True, slots=True)
class Output:
    """What is kept of the runs, beside what is printed."""

    store: Path | None
    """Folder of the stored runs; None stores nothing."""
    json: str | None = None
    """File for the records, or `-`."""
    junit: str | None = None
    """File for JUnit XML, or `-`."""

    @property
    def takes_stdout(self) -> bool:
        """Whether stdout carries a document, so that people must read stderr."""
        return STDOUT in (self.json, self.junit)

    @property
    def keeps(self) -> bool:
        """Whether anything is kept: the shortest scenarios, which take a while to find, would have no place."""
        return self.store is not None or self.json is not None

    def check(self) -> None:
        """BadInput for a place that cannot be written, before anything is run."""
        if self.json == STDOUT and self.junit == STDOUT:
            raise BadInput(
                "only one of them can go to stdout", mend="write the other to a file", field="--json, --junit"
            )
        check_file("--json", self.json)
        check_file("--junit", self.junit)
        if self.store is not None:
            check_store(self.store)


def run_command(words: Sequence[str], options: RunOptions, output: Output, settings: Path | None = None) -> int:
    """Run the drills that `words` name; returns the exit code. `settings`: the file that some options are from."""
    chosen = targets(words, options.runbook)
    for target in chosen:
        check_cases(target.drill, options.cases)
        text_of(target.drill, options)
    mitigation_of(options)
    output.check()
    screen = console(to_stderr=output.takes_stdout)
    _announce(screen, words, chosen, options, settings)
    done = [_run_one(screen, target, replace(options, drill=target.named), output) for target in chosen]
    records = [record for record, _ in done]
    if len(done) > 1:
        _sum_up(screen, done)
    _write(records, output)
    _repeat_failures(screen, records)
    return exit_code(records)


def exit_code(records: Sequence[RunRecord]) -> int:
    """That of the worst verdict: a failure beats what stayed inconclusive."""
    return EXIT_CODES[Verdict.worst(*(record.verdict for record in records))]


def finish(target: Target, options: RunOptions, *, shorten: bool = True) -> Finished:
    """Run one drill, with a progress line; what the user's code prints goes to stderr."""
    with ProgressLine() as progress, redirect_stdout(sys.stderr):
        return run_drill(
            target.drill, options, lambda case, number, of: progress(case, number - 1, of), shorten=shorten
        )


def _run_one(screen: Console, target: Target, options: RunOptions, output: Output) -> tuple[RunRecord, Path | None]:
    finished = finish(target, options, shorten=output.keeps)
    record, report = finished.record, None
    if output.store is not None:
        histories = {case: history.rows for case, history in finished.histories.items()}
        report = Store(output.store).save(record, histories, _papers(target, options, finished)) / HTML
    screen.print()
    print_run(screen, record, report)
    return record, report


def _papers(target: Target, options: RunOptions, finished: Finished) -> dict[str, str]:
    """The documents of the exercise itself: the lead case, or the only one that was run."""
    from drills.documents.papers import papers, text_of_file

    record, text = finished.record, text_of(target.drill, options)
    case = next((case for case in record.cases if case.lead), record.deciding)
    return papers(record, case, finished.histories[case.name], text.runbook, text_of_file(text.path))


def _announce(
    screen: Console, words: Sequence[str], chosen: Sequence[Target], options: RunOptions, settings: Path | None
) -> None:
    """Seed and options before anything happens, so that a run that is cut off can be repeated."""
    own = ", ".join(dict.fromkeys(target.drill.runbook for target in chosen))
    lines = {
        "drill": ", ".join(f"{target.drill.name} ({target.drill.title})" for target in chosen),
        "seed": str(options.seed),
        "runbook": options.runbook or own,
        "code": _code(options),
        "project": None if options.project is None else str(options.project),
        "python": None if options.python is None else f"{options.python} ({interpreter(str(options.python)).version})",
        "responder": options.responder,
        "settings": None if settings is None else str(settings),
        "cases": None if options.cases is None else ", ".join(options.cases),
        "replay": options.replay_command(*words),
    }
    _line(screen, f"Firedrill {version('firedrill')}")
    for name, text in lines.items():
        if text is not None:
            _line(screen, f"  {name:<11}{text}")


def _code(options: RunOptions) -> str:
    if options.exec is None:
        return options.code or f"{REFERENCE} (the reference bot)"
    from drills.executable import DEFAULT_ON

    walls = {"netns": "in namespaces without a network", "shim": "behind shims, without namespaces"}
    return f"{options.exec}, started on {options.exec_on or DEFAULT_ON}, {walls[walls_of(options) or 'shim']}"


def _sum_up(screen: Console, done: Sequence[tuple[RunRecord, Path | None]]) -> None:
    screen.print()
    print_runs(screen, [record for record, _ in done])
    screen.print()
    for record, report in done:
        if report is not None:
            _line(screen, f"{record.drill:<10} {report}")


def _write(records: Sequence[RunRecord], output: Output) -> None:
    if output.json is not None:
        write_file("--json", output.json, records_json(records))
    if output.junit is not None:
        from results.junit import junit_xml

        write_file("--junit", output.junit, junit_xml(records))


def records_json(records: Sequence[RunRecord]) -> str:
    """A list of records, each as the published schema says."""
    return "[" + ",\n".join(record.model_dump_json(indent=1) for record in records) + "]\n"


def _repeat_failures(screen: Console, records: Sequence[RunRecord]) -> None:
    failed = [record for record in records if record.verdict is not Verdict.PASS]
    if failed:
        screen.print()
        _line(screen, "To repeat what did not pass:")
    for record in failed:
        _line(screen, record.replay)


def _line(screen: Console, text: str) -> None:
    screen.print(text, soft_wrap=True)  # a command that is wrapped cannot be copied
