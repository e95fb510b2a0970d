"""One rehearsal: the text followed to the letter, beside what happens with no text at all, on one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from drills.case_run import CaseRun, run_case
from drills.measuring import Measured, measure_run
from drills.plan import Plan
from drills.rehearsal.attempts import rehearsed_steps
from drills.rehearsal.keyboard import OpenTerminal
from drills.rehearsal.literal_responder import LiteralResponder
from drills.rehearsal.reordering import Earlier, tried_earlier
from drills.rehearsal.script import Script, write_script
from drills.rto import RtoClock
from drills.runner import Text
from drills.shell.firm import time_of as time_of_shell
from drills.world_time import time_of as time_of_code
from results.rehearsed import RehearsedStep
from scenarios.scenario import Scenario
from sim.world import Mitigation, World

OnRun = Callable[[str, int, int], None]
"""Told what is run now, its number from 1, and how many there may be."""


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal showed, before it is judged."""

    script: Script
    measured: Measured
    """With the text followed to the letter."""
    alone: Measured
    """With nobody responding, judged as code is that nobody helps: a halt may stay latched."""
    unaided: RtoClock
    """The same run, judged as the firm is: a halt that stays is no recovery."""
    bare: Measured
    """With the text followed, and no mitigation code beside it."""
    steps: tuple[RehearsedStep, ...]
    earlier: tuple[Earlier, ...] = ()
    """Commands that failed, and would have worked before another one of the same text."""

    @property
    def plan(self) -> Plan:
        """The procedure as it applies to the incident."""
        return self.script.plan


@dataclass(frozen=True)
class Stage:
    """Where a text is rehearsed: the incident, its chance, the code beside it, the terminal."""

    scenario: Scenario
    seed: int
    mitigation: Mitigation | None
    open_terminal: OpenTerminal

    def play(self, script: Script) -> Measured:
        """Follow `script` once."""
        attend = partial(LiteralResponder, script, self.open_terminal)
        run = run_case(self.scenario, self.seed, self.mitigation, None, None, attend, _live)
        return measure_run(run, script.plan, automation_only=False)

    def without(self) -> CaseRun:
        """The same incident with nobody responding."""
        return run_case(self.scenario, self.seed, self.mitigation, None, None)


@contextmanager
def _live(world: World) -> Iterator[None]:
    """The code under test and what the text's `python -c` starts live in the time of `world`."""
    with time_of_code(world), time_of_shell(world):
        yield


def rehearse(text: Text, stage: Stage, on_run: OnRun = lambda what, number, of: None) -> Rehearsed:
    """Follow `text` to the letter on `stage`; what failed is tried again in another order, to see why."""
    plan = text.plan(stage.scenario)
    script = write_script(text.runbook, text.procedure, plan, stage.scenario)
    on_run("the text followed to the letter", 1, 3)
    measured = stage.play(script)
    steps = tuple(rehearsed_steps(script, measured.run.history))
    on_run("nobody responding", 2, 3)
    alone = stage.without()
    on_run("the text without code beside it", 3, 3)
    bare = measured if stage.mitigation is None else replace(stage, mitigation=None).play(script)
    shown = Rehearsed(
        script, measured, measure_run(alone, plan, automation_only=True),
        measure_run(alone, plan, automation_only=False).clock, bare, steps,
    )  # fmt: skip
    return replace(shown, earlier=tuple(tried_earlier(script, measured, stage.play, on_run)))
