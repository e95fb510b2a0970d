"""Small Worlds for tests that read as incidents: a firm, a desk, something that breaks, a few minutes.

A bare firm (no infrastructure, no monitoring, no strategies) has its trading system up from virtual 0 and
does nothing by itself, so that what a test sees is what the test did. `Firm.call` makes a call as the
trading system's own code would make it, in virtual time, and writes down what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drills.reference.bot import build as reference_bot
from sim.actors.process import Process
from sim.clock import SECOND
from sim.config import WorldConfig
from sim.desk import Desk
from sim.history import Event
from sim.network import Rule, Verdict
from sim.strategies import StrategyConfig
from sim.world import Mitigation, World
from tests.sim.market_kit import ny

QUIET = StrategyConfig(orders_per_hour=0.0)
BUSY = StrategyConfig(orders_per_hour=300.0)
REFERENCE = Mitigation(reference_bot, "drills.reference.bot:build")

Build = Callable[[Desk], Any]


class Answer:
    """What became of a call: a value or an error, and when; neither while it waits."""

    def __init__(self, asked_us: int) -> None:
        self.asked_us = asked_us
        self.value: Any = None
        self.error: BaseException | None = None
        self.came_us: int | None = None

    @property
    def came(self) -> bool:
        return self.came_us is not None

    @property
    def took_us(self) -> int:
        assert self.came_us is not None, "no answer yet"
        return self.came_us - self.asked_us


class Firm:
    """A World and the desk of its trading system."""

    def __init__(self, hooks: Build | None = None, *, seed: int = 7, strategies: StrategyConfig = QUIET,
                 monitored: bool = False, **config: Any) -> None:  # fmt: skip
        """Let `hooks(desk)` be the mitigation code; without it the code only sits there."""
        self.desk: Desk

        def build(desk: Desk) -> Any:
            if desk._in_system:
                self.desk = desk
            return {"endpoints": {"ping": lambda: "pong"}} if hooks is None else hooks(desk)

        configuration = WorldConfig(strategies=strategies, monitored=monitored, **config)
        self.world = World(configuration, seed, mitigation=Mitigation(build, "tests:build"))
        self.env, self.history, self.broker = self.world.env, self.world.history, self.world.broker
        self.run(1 if not monitored else 15)

    @property
    def bot(self) -> Process:
        assert self.world.bot is not None
        return self.world.bot

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run(self.env.now + round(seconds * SECOND))

    def run_to(self, when: tuple[int, ...]) -> None:
        """Let time pass until an instant by the firm's wall clock."""
        self.world.run(self.world.clock.us_at(ny(*when)))

    def call(self, function: Callable[[Desk], Any], process: Process | None = None) -> Answer:
        """Make a call as the trading system's code, as soon as time passes."""
        answer, desk = Answer(self.env.now), self.desk

        def body() -> None:
            try:
                answer.value = function(desk)
            except BaseException as error:
                answer.error = error
                if not isinstance(error, Exception):
                    raise
            finally:
                answer.came_us = self.env.now

        self.soon(lambda: (process or self.bot).start(body, "test"))
        return answer

    def ask(self, function: Callable[[Desk], Any], seconds: float = 60) -> Answer:
        """Make a call and let time pass."""
        answer = self.call(function)
        self.run(seconds)
        return answer

    def soon(self, function: Callable[[], object]) -> None:
        """Do something inside the World, now."""
        self.after(0, function)

    def after(self, seconds: float, function: Callable[[], object]) -> None:
        """Do something inside the World after some time."""
        self.env.timeout(round(seconds * SECOND)).callbacks.append(lambda _: function())

    def rule(self, verdict: Verdict, *endpoints: str) -> Callable[[], None]:
        """Break the link for some endpoints (none named: all); returns the heal."""

        def decide(endpoint: str) -> Verdict | None:
            return verdict if not endpoints or endpoint in endpoints else None

        rule: Rule = decide
        return self.world.link.add(rule)

    def events(self, *kinds: str) -> list[Event]:
        """What the History has of these kinds since the first second."""
        return self.history.of(*kinds)

    def told(self, *kinds: str) -> list[str]:
        """The same events as `kind subject` words."""
        return [f"{event.kind} {event.subject}".rstrip() for event in self.history.of(*kinds)]

    def books_agree(self) -> bool:
        """Whether the firm's book equals the Ledger, and the Ledger its own arithmetic."""
        return self.world.book.held() == self.world.ledger.positions() and self.world.ledger.balanced()
