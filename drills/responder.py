"""The simulated on-call: is paged, acknowledges, and works through the plan as people do.

Each step costs time and may be left out, done wrong or swapped with its neighbour, with the rates of
`drills.human`. Mutations happen at the end of their step. A verification that fails is repeated for as long
as the outage is visibly going on; it also uncovers, as a rule, what was left out before, which is then done
late. The perfect responder makes no error and takes the median time: it tests the text, not the person.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import simpy

from drills.actions import ACTIONS, Effect
from drills.human import (
    ACK_MEDIAN_S,
    ACK_OFF_MEDIAN_S,
    ACK_OFF_SIGMA,
    ACK_SIGMA,
    FINDS_OWN_SLIP,
    MISS_FIRST_PAGE,
    NOTICE_AFTER_S,
    Preset,
    median_s,
    sigma,
)
from drills.operator import Operator, Outcome
from drills.plan import Plan, PlannedStep
from scenarios.nemesis import Nemesis
from sim.clock import MINUTE, SECOND
from sim.pager import Page
from sim.world import World

_GLANCE_US = MINUTE
"""How often somebody looks at the screens."""
_RETRY_US = 60 * SECOND
_PATIENCE_US = 10 * MINUTE
"""How long a failing verification is repeated once nothing is broken any more."""
_COMMAND_PATIENCE_US = 3 * MINUTE
"""After this long without an answer, a person gives up on a command."""

Steps = Generator[simpy.Event, Any, None]


class Responder:
    """One on-call engineer with one plan."""

    def __init__(self, world: World, nemesis: Nemesis, plan: Plan, preset: Preset, zero_us: int) -> None:
        """Wait for the first page after `zero_us`, or notice by oneself."""
        self._world, self._nemesis, self._plan, self._preset = world, nemesis, plan, preset
        self._operator = Operator(world, nemesis)
        self._zero_us = zero_us
        self._chance = world.streams.stream("responder/chance")
        self._times = world.streams.stream("responder/times")
        self._called = world.env.event()
        self._missed_one = False
        self._left_out: list[PlannedStep] = []
        self.finished = False
        """Whether the plan has been worked through."""
        world.pager.on_page(self._paged)
        world.env.process(self._life())

    @property
    def called(self) -> bool:
        """Whether somebody has been reached."""
        return bool(self._called.triggered)

    def _emit(self, kind: str, subject: str = "", **data: Any) -> None:
        self._world.history.emit(f"responder.{kind}", subject, **data)

    # Being called.

    def _paged(self, page: Page, role: str) -> None:
        if self._world.env.now < self._zero_us:
            return
        if not self._missed_one and not self._called.triggered:
            self._missed_one = True
            if self._preset.scatter and self._chance.random() < MISS_FIRST_PAGE:
                self._emit("missed_page", page.id, role=role)
                return
        off = page.off_hours
        delay_us = self._draw_us(ACK_OFF_MEDIAN_S if off else ACK_MEDIAN_S, ACK_OFF_SIGMA if off else ACK_SIGMA)
        self._world.env.call_later(delay_us, self._acknowledge, page, role)

    def _acknowledge(self, page: Page, role: str) -> None:
        if page.open:
            self._world.pager.acknowledge(page.id, role)
            self._emit("acknowledged", page.id, role=role, alert=page.alert.name)
        if not self._called.triggered:
            self._called.succeed()

    def _watch(self, patience_us: int) -> Steps:
        """Nobody was paged, but in session somebody sees, after a while, that trading stands still."""
        env = self._world.env
        since_us: int | None = None
        while since_us is None or env.now - since_us < patience_us:
            yield env.timeout(_GLANCE_US)
            if self.called:
                return
            if not self._stands_still():
                since_us = None
            elif since_us is None:
                since_us = env.now
        self._emit("noticed", text="somebody on the desk noticed")
        self._called.succeed()

    def _stands_still(self) -> bool:
        system = self._world.trading
        broken = not system.up or system.halted is not None or not self._world.connection.connected
        return broken and self._world.calendar.is_open(self._world.env.now)

    def _life(self) -> Steps:
        env = self._world.env
        yield env.at(self._zero_us)
        env.process(self._watch(self._draw_us(NOTICE_AFTER_S, 0.3)))
        yield self._called
        for at_s, role in self._plan.escalation:
            if at_s:
                env.call_later(round(at_s * SECOND), self._escalate_by_table, role)
        yield from self._work_through()
        self.finished = True
        self._emit("closed")

    def _escalate_by_table(self, role: str) -> None:
        if not self.finished:
            self._emit("escalated_by_table", role=role)

    # Working.

    def _work_through(self) -> Steps:
        for step in self._order():
            if step.kind == "info":
                continue
            if self._chance.random() < self._preset.omission:
                self._left_out.append(step)
                self._emit("left_out", step.id, line=step.line, title=step.title)
            else:
                yield from self._do(step)
        # Reading the list once more at the end finds what is still missing, most of the time.
        yield from self._catch_up()

    def _order(self) -> list[PlannedStep]:
        """The steps to take, with now and then two neighbours swapped."""
        taken = self._options()
        steps = [s for s in self._plan.steps if s.alternatives is None or taken[s.alternatives] == s.option]
        for i in range(len(steps) - 1):
            if self._chance.random() < self._preset.swap:
                steps[i], steps[i + 1] = steps[i + 1], steps[i]
        return steps

    def _options(self) -> dict[str, str | None]:
        """Which way is taken where the text offers several: the one that works, or, by error, another."""
        groups: dict[str, list[PlannedStep]] = {}
        for step in self._plan.steps:
            if step.alternatives is not None:
                groups.setdefault(step.alternatives, []).append(step)
        return {group: self._option(steps) for group, steps in groups.items()}

    def _option(self, steps: list[PlannedStep]) -> str | None:
        right = next(step for step in steps if step.chosen)
        others = [step for step in steps if step.option != right.option]
        unclear = any(step.complex for step in steps)
        if not others or self._chance.random() >= self._preset.wrong_choice * (2 if unclear else 1):
            return right.option
        wrong = others[int(self._chance.integers(len(others)))]
        self._emit("decided_wrongly", wrong.id, line=wrong.line, title=wrong.title, instead_of=right.id)
        return wrong.option

    def _do(self, step: PlannedStep, late: bool = False) -> Steps:
        self._emit("started", step.id, line=step.line, title=step.title, late=late)
        if not step.counts:
            yield self._world.env.timeout(self._draw_us(median_s("look_status"), sigma("look_status")))
            self._emit("could_not_do", step.id, line=step.line, title=step.title, why=step.why)
            return
        ok, said = True, ""
        for action in step.actions:
            outcome = yield from self._act(action, step)
            ok, said = ok and outcome.ok, said or outcome.text
        self._emit(
            "done", step.id, line=step.line, title=step.title, ok=ok, text=said, actions=list(step.actions),
            effect=str(_effect(step)), late=late,
        )  # fmt: skip

    def _act(self, action: str, step: PlannedStep) -> Generator[simpy.Event, Any, Outcome]:
        if action == "monitor" and step.wait_s is not None:
            yield self._world.env.timeout(round(step.wait_s * SECOND))
        else:
            yield self._world.env.timeout(self._draw_us(median_s(action), sigma(action)))
        effect = ACTIONS[action].effect
        if effect is Effect.MUTATE and self._chance.random() < self._preset.slip:
            self._emit("slipped", step.id, action=action, line=step.line)
            if step not in self._left_out:
                self._left_out.append(step)
            return Outcome(True, "done (to the wrong object)")
        outcome = yield from self._perform(action, step)
        if action.startswith("verify_"):
            outcome = yield from self._verify(action, step, outcome)
        if action == "approve":
            self._emit("approval", step.id, by="risk officer", line=step.line)
        elif effect is Effect.HUMAN:
            self._emit(action, step.id, line=step.line)
        return outcome

    def _perform(self, action: str, step: PlannedStep) -> Generator[simpy.Event, Any, Outcome]:
        env, answered = self._world.env, self._world.env.event()
        answers: list[Outcome] = []

        def done(outcome: Outcome) -> None:
            answers.append(outcome)
            if not answered.triggered:
                answered.succeed()

        self._operator.perform(action, done)
        if not answers:
            yield answered | env.timeout(_COMMAND_PATIENCE_US)
        outcome = answers[0] if answers else Outcome(False, "no answer, given up")
        self._emit(
            "action", action, step=step.id, line=step.line, ok=outcome.ok, text=outcome.text,
            effect=str(ACTIONS[action].effect),
        )  # fmt: skip
        return outcome

    def _verify(self, action: str, step: PlannedStep, outcome: Outcome) -> Generator[simpy.Event, Any, Outcome]:
        """Repeat a check that fails: while something is broken, and for a while after."""
        if not outcome.ok:
            found = yield from self._catch_up()
            if found:
                outcome = yield from self._perform(action, step)
        calm_since: int | None = None
        while not outcome.ok:
            if self._nemesis.active():
                calm_since = None
            elif calm_since is None:
                calm_since = self._world.env.now
            elif self._world.env.now - calm_since >= _PATIENCE_US:
                break
            yield self._world.env.timeout(_RETRY_US)
            outcome = yield from self._perform(action, step)
        return outcome

    def _catch_up(self) -> Generator[simpy.Event, Any, bool]:
        """Find, more often than not, what was left out or done wrong, and do it late; whether there was something."""
        found = [step for step in self._left_out if self._chance.random() < FINDS_OWN_SLIP]
        self._left_out = [step for step in self._left_out if step not in found]
        for step in found:
            self._emit("found_left_out", step.id, line=step.line)
            yield from self._do(step, late=True)
        return bool(found)

    def _draw_us(self, median: float, scatter: float) -> int:
        if not self._preset.scatter:
            return round(median * SECOND)
        return round(median * math.exp(scatter * float(self._times.standard_normal())) * SECOND)


def _effect(step: PlannedStep) -> Effect:
    """What a step does on the whole: a mutation outweighs a conversation, which outweighs a look."""
    effects = [ACTIONS[action].effect for action in step.actions]
    for effect in (Effect.MUTATE, Effect.HUMAN):
        if effect in effects:
            return effect
    return Effect.READ
