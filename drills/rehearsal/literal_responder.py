"""Somebody who follows the text to the letter and never errs: types each command, does each sentence, waits each wait.

Being paged, acknowledging and doing a sentence by hand are those of `drills.responder`. What is new is that
commands are typed into the firm's own terminal: what they do there, and nothing else, is what happens. Each
line leaves an event (`responder.typed`, `responder.could_not_do`, `responder.effect`), and the verdict is
read from these.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from itertools import groupby
from typing import Any

import simpy

from drills.actions import ACTIONS, Effect
from drills.human import PRESETS, median_s
from drills.operator import Operator, Outcome
from drills.plan import PlannedStep
from drills.rehearsal.keyboard import Answer, Keyboard, OpenTerminal
from drills.rehearsal.placeholders import fill
from drills.rehearsal.promises import AT_ONCE, SETTLE_US, Promise, blocked, promises
from drills.rehearsal.script import Cannot, Do, Part, Script, ScriptStep, Type, Wait
from drills.responder import Responder, Steps
from scenarios.nemesis import Nemesis
from sim.clock import MINUTE, SECOND
from sim.world import World

Went = Generator[simpy.Event, Any, bool]
"""Waits in the World, and tells at its end whether all went well."""

_PRINTED = 2_000
"""So many characters of a command's output are kept."""
_RETRY_US = MINUTE
_PATIENCE_US = 10 * MINUTE
"""A check that fails is typed again for as long as something is broken, and so long after."""
_TYPING_S = {"read": median_s("look_status"), "mutate": median_s("restart"), "unknown": median_s("restart")}
"""Seconds to find, type and read one command, beside the time that it runs."""


class LiteralResponder(Responder):
    """Follows a script; its own judgement is limited to what the text leaves to it."""

    def __init__(
        self, script: Script, open_terminal: OpenTerminal, world: World, nemesis: Nemesis, zero_us: int
    ) -> None:
        """Wait for the first page after `zero_us`, then follow `script`."""
        super().__init__(world, nemesis, script.plan, PRESETS["perfect"], zero_us)
        self._script = script
        self._looker = Operator(world, nemesis)
        self._keyboard = Keyboard(world, open_terminal(world, nemesis))
        self._missed_change = False
        """Whether something that the present step was to change could not be changed."""

    def _work_through(self) -> Steps:
        for assumption in self._keyboard.desk.assumed:
            self._emit("assumed", "", line=0, text=assumption)
        for _, together in groupby(self._script.steps, key=lambda step: step.plan.alternatives or step.plan.id):
            steps = list(together)
            if steps[0].plan.alternatives is None:
                for step in steps:
                    yield from self._follow(step)
            else:
                yield from self._one_way_of(steps)

    # Alternatives.

    def _one_way_of(self, steps: Sequence[ScriptStep]) -> Steps:
        """Option A, B or C: in the order of the text, until one can be carried out."""
        ways = [(name, list(way)) for name, way in groupby(steps, key=lambda step: step.plan.option)]
        taken = None
        for name, way in ways:
            if taken is not None:
                for step in way:
                    self._tell(step.plan, "not_taken", why=f"{taken} was taken")
                continue
            went = True
            for step in way:
                went = (yield from self._follow(step)) and went
            self._emit("option", name or "", line=way[0].plan.line, taken=went, title=way[0].plan.title)
            taken = way[0].plan.title if went else None

    # One step.

    def _follow(self, step: ScriptStep) -> Went:
        planned = step.plan
        self._emit("started", planned.id, line=planned.line, title=planned.title, late=False)
        for note in step.notes:
            self._emit("assumed", planned.id, line=planned.line, text=note)
        went, tried = True, not step.parts
        self._missed_change = False
        for group, together in groupby(step.parts, key=lambda part: getattr(part, "group", None)):
            parts = list(together)
            if group is not None:
                went = (yield from self._one_command_of(parts, planned)) and went
                tried = True
                continue
            for part in parts:
                went = (yield from self._part(part, planned)) and went
                tried = tried or not isinstance(part, Cannot)
        self._watch_effects(step)
        if tried:
            self._tell(planned, "done" if went else "failed" if self._missed_change else "partly", ok=went)
        else:
            yield self._world.env.timeout(round(median_s("look_status") * SECOND))
            self._tell(planned, "not_executable", why=_why(step.parts))
        return went

    def _tell(self, step: PlannedStep, outcome: str, ok: bool = False, why: str = "") -> None:
        kind = {"not_executable": "could_not_do", "not_taken": "not_taken"}.get(outcome, "done")
        effects = [ACTIONS[action].effect for action in step.actions]
        effect = next((e for e in (Effect.MUTATE, Effect.HUMAN) if e in effects), Effect.READ)
        self._emit(
            kind, step.id, line=step.line, title=step.title, ok=ok, text=why, why=why, outcome=outcome,
            actions=list(step.actions), effect=str(effect), late=False,
        )  # fmt: skip

    def _part(self, part: Part, step: PlannedStep) -> Went:
        if isinstance(part, Type):
            return (yield from self._type(part, step))
        if isinstance(part, Wait):
            yield self._world.env.timeout(round(part.seconds * SECOND))
            self._emit("waited", step.id, line=part.line, seconds=part.seconds, text=part.text)
            return True
        if isinstance(part, Do):
            return (yield from self._by_hand(part, step))
        self._missed_change = True
        self._emit("cannot", step.id, line=part.line, text=part.text, why=part.why, meant=list(part.meant))
        return False

    def _by_hand(self, part: Do, step: PlannedStep) -> Went:
        went = True
        for action in part.actions:
            outcome = yield from self._act(action, step)
            went = went and outcome.ok
            if not outcome.ok and ACTIONS[action].effect is Effect.MUTATE:
                self._missed_change = True
            self._emit("by_hand", step.id, line=part.line, action=action, ok=outcome.ok, text=outcome.text)
        return went

    # Typing.

    def _one_command_of(self, parts: Sequence[Part], step: PlannedStep) -> Went:
        """Alternatives among the commands of one step."""
        taken: str | None = None
        missed_before = self._missed_change
        for option, together in groupby(parts, key=lambda part: getattr(part, "option", None)):
            way = [part for part in together if isinstance(part, Type)]
            if taken is not None:
                for part in way:
                    self._typed(part, step, "not_taken", why=f"option {taken} was taken")
                continue
            changing = [part for part in way if part.command.effect != "read"]
            went = True
            for part in way:
                # A look that finds nothing does not rule a way out; a change that cannot be made does.
                typed = yield from self._type(part, step)
                went = went and (typed or (bool(changing) and part not in changing))
            went = went and self._at_once(way)
            self._emit("option", option or "", line=way[0].line, taken=went, title=step.title)
            taken = option if went else None
        if taken is not None:
            self._missed_change = missed_before
        return taken is not None

    def _at_once(self, way: Sequence[Type]) -> bool:
        """Whether what a way brings about at once is so: "not authenticated" may come with exit code 0."""
        asked = [action for part in way for action in part.command.binds_to if action in AT_ONCE]
        return all(promise.kept for promise in promises(tuple(asked), self._world, self._looker))

    def _type(self, part: Type, step: PlannedStep) -> Went:
        env = self._world.env
        names = self._keyboard.desk.name_of
        filled = fill(part.text, self._world, names) if part.command.placeholders else None
        if filled is not None and filled.missing:
            missing = ", ".join(f"<{name}>" for name in filled.missing)
            self._typed(part, step, "not_executable", why=f"nothing says what {missing} stands for")
            return False
        for assumption in filled.assumed if filled is not None else ():
            self._emit("assumed", step.id, line=part.command.line, text=assumption)
        text = part.text if filled is None else filled.text
        patience_us, times = env.now + _PATIENCE_US, 0
        while True:
            times += 1
            yield env.timeout(round(_TYPING_S[part.command.effect] * SECOND))
            answer = yield from self._keyboard.type(part.command, text, step.id)
            if answer.well or answer.code is None or not self._not_yet_so(part):
                break
            if self._nemesis.active():
                patience_us = env.now + _PATIENCE_US
            elif env.now >= patience_us:
                break
            yield env.timeout(_RETRY_US)
        self._answered(part, step, text, answer, times)
        return answer.well

    def _not_yet_so(self, part: Type) -> bool:
        """Whether the command confirms something that is indeed not so yet, and therefore is typed again."""
        if part.command.effect != "read":
            return False
        confirms = [action for action in part.command.binds_to if action.startswith("verify_")]
        seen: list[Outcome] = []
        for action in confirms:
            if action == "verify_halted":
                seen.append(blocked(self._world))
            else:
                self._looker.perform(action, seen.append)  # a look at the World answers at once
        return any(not outcome.ok for outcome in seen)

    def _answered(self, part: Type, step: PlannedStep, text: str, answer: Answer, times: int) -> None:
        if answer.not_here:
            outcome, why = "not_here", answer.not_here
        elif answer.watched:
            outcome, why = "watched", "never ends by itself; it was watched for a while"
        elif answer.given_up:
            outcome, why = "failed", f"no answer after {answer.took_us // MINUTE} min, interrupted"
        else:
            outcome, why = ("ok", "") if answer.well else ("failed", f"exit code {answer.code}")
        self._typed(
            part, step, outcome, why=why, typed=text, took_us=answer.took_us, times=times, code=answer.code,
            out=answer.out[:_PRINTED], err=answer.err[:_PRINTED], noticed=list(answer.noticed),
            effect="mutate" if answer.changed else part.command.effect,
        )  # fmt: skip

    def _typed(self, part: Type, step: PlannedStep, outcome: str, **data: Any) -> None:
        command = part.command
        if outcome in ("failed", "not_executable", "not_here") and command.effect != "read":
            self._missed_change = True
        plain: dict[str, Any] = {
            "typed": None, "took_us": 0, "times": 0, "code": None, "out": "", "err": "", "why": "", "noticed": [],
            "effect": command.effect,
        }  # fmt: skip
        self._emit(
            "typed", command.id, step=step.id, line=command.line, text=command.text, option=part.option,
            binds_to=list(command.binds_to), outcome=outcome, **{**plain, **data},
        )  # fmt: skip

    # What came of it.

    def _watch_effects(self, step: ScriptStep) -> None:
        """Look at what the step's commands were to bring about, now and, where it is not so yet, a little later."""
        if not any(isinstance(part, Type) for part in step.parts):
            return
        for promise in promises(step.meant, self._world, self._looker):
            if promise.kept:
                self._tell_effect(step.plan, promise)
            else:
                self._world.env.call_later(SETTLE_US, self._look_again, step.plan, promise.action)

    def _look_again(self, step: PlannedStep, action: str) -> None:
        for promise in promises((action,), self._world, self._looker):
            self._tell_effect(step, promise)

    def _tell_effect(self, step: PlannedStep, promise: Promise) -> None:
        self._emit("effect", promise.action, step=step.id, line=step.line, ok=promise.kept, text=promise.text)


def _why(parts: Iterable[Part]) -> str:
    return "; ".join(dict.fromkeys(part.why for part in parts if isinstance(part, Cannot)))
