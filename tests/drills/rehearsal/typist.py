"""A terminal that knows a handful of words, so that a rehearsal can be tested without a shell."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from drills.operator import Operator
from drills.operator import Outcome as Done
from drills.rehearsal.keyboard import OpenTerminal
from drills.shell.session import PATIENCE_US, Outcome, Statement
from drills.shell.tool import NotHere, Result
from scenarios.nemesis import Nemesis
from sim.config import TRADING_SYSTEM
from sim.world import World

Word = Callable[["Typist"], Result]


class Typist:
    """Answers commands by the first pattern that fits; the pods are there while the deployment has replicas."""

    assumed: tuple[str, ...] = ()

    def __init__(self, world: World, nemesis: Nemesis, words: Mapping[str, Word]) -> None:
        self.world, self.nemesis = world, nemesis
        self._words = words
        self._process = world.visitor("shell")

    def name_of(self, workload: str) -> str:
        return workload

    def type(self, text: str, done: Callable[[Outcome], None], **_: Any) -> None:
        began_us = self.world.env.now

        def body() -> None:
            not_here, result = "", Result()
            try:
                result = self.run(text)
            except NotHere as limit:
                not_here = str(limit)
            took_us = self.world.env.now - began_us
            given_up = took_us >= PATIENCE_US
            statement = Statement(
                text,
                1,
                result.code,
                result.out,
                result.err,
                began_us,
                took_us,
                "unknown",
                False,
                given_up,
                not_here,
                (),
            )
            done(Outcome((statement,), result.code, False))

        self._process.start(body, text)

    def run(self, text: str) -> Result:
        self.wait_us(100_000)
        for pattern, word in self._words.items():
            if re.search(pattern, text):
                return word(self)
        return Result(err=f"bash: {text.split()[0]}: command not found\n", code=127)

    def wait_us(self, delay_us: int) -> None:
        self._process.wait(self.world.env.timeout(delay_us))

    def act(self, action: str) -> Result:
        told = self.world.env.event()
        outcomes: list[Done] = []

        def done(outcome: Done) -> None:
            outcomes.append(outcome)
            if not told.triggered:
                told.succeed()

        Operator(self.world, self.nemesis).perform(action, done)
        if not outcomes:
            self._process.wait(told)
        return Result(out=outcomes[0].text + "\n", code=0 if outcomes[0].ok else 1)


def acts(action: str) -> Word:
    """A word that does an action."""
    return lambda typist: typist.act(action)


def says(out: str = "", err: str = "", code: int = 0) -> Word:
    """A word that only talks."""
    return lambda typist: Result(out, err, code)


def in_pod(action: str) -> Word:
    """A word that needs a pod of the trading system."""

    def word(typist: Typist) -> Result:
        if not typist.world.cluster.serving(TRADING_SYSTEM):
            return Result(err='Error from server (NotFound): pods "trading-system-pod" not found\n', code=1)
        return typist.act(action)

    return word


def unknown(why: str) -> Word:
    """A word that the simulated firm does not know."""

    def word(typist: Typist) -> Result:
        raise NotHere(why)

    return word


def hangs() -> Word:
    """A word that takes longer than anybody waits."""

    def word(typist: Typist) -> Result:
        typist.wait_us(PATIENCE_US)
        return Result()

    return word


FIRM: dict[str, Word] = {
    r"^halt": acts("halt"), r"^cancel": acts("cancel_orders"), r"^flatten": acts("flatten"),
    r"^reset": acts("reset_halt"), r"^reconcile": acts("reconcile"), r"^status": says("running\n"),
    r"^stop-all": acts("stop_system"), r"^start-all": acts("start_system"), r"close-all-positions": in_pod("flatten"),
    r"^verify trading": acts("verify_trading"), r"^grep": says(code=1), r"^true": says(),
    r"kill_switches": says("Halt reset\n"), r"^kubectl get": says("NAME READY\n"), r"^sleep-forever": hangs(),
    r"^teleport": unknown("nobody has told the firm what teleport is"),
    r"replicas\"?[:=]\s?0": acts("stop_system"), r"replicas=[12]": acts("start_system"),
    r"safe-mode": acts("safe_mode"),
}  # fmt: skip
"""Words of the firm."""


def typists(**more: Word) -> OpenTerminal:
    """Opens such terminals; `more` words come first."""
    words = {**{pattern.replace("_", " "): word for pattern, word in more.items()}, **FIRM}
    return lambda world, nemesis: Typist(world, nemesis, words)
