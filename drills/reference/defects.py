"""Defects planted in the reference bot: each one line, each seen in real trading code.

A drill suite that passes everything proves nothing. `firedrill selftest` plants these one at a time; every
one must be caught by a quarterly drill, and the bot without them must pass.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from sim.world import Mitigation

HERE = Path(__file__).parent
MODULES = ("wind_down", "data_guard", "kill_switch", "reconciler", "reconnector", "bot")
"""The bot's modules, those first that others import."""


class Defect(NamedTuple):
    """One line of the bot, replaced."""

    name: str
    story: str
    """What happened where it was seen."""
    module: str
    old: str
    new: str
    drill: str
    """The quarterly drill that is there to catch it."""


DEFECTS: tuple[Defect, ...] = (
    Defect(
        "api-switch-unreachable", "equity reads 0 in the outage, and the check returns before it counts errors",
        "kill_switch",
        '        if self.errors_in_a_row >= self.limits["api_errors"]:',
        '        if getattr(self.count(self.desk.broker.account), "equity", 0.0) <= 0:\n            return\n'
        '        if self.errors_in_a_row >= self.limits["api_errors"]:', "q1",
    ),
    Defect(
        "reset-elsewhere", "the reset runs in a process of its own and releases a kill switch that nobody trades by",
        "bot", 'return self.desk.call("reset")', "return self.kill.release()", "q1",
    ),
    Defect(
        "rollover-zero", "the day rolls over while the account cannot be read, and the day starts from 0",
        "kill_switch", "            self.start_equity = equity\n            self.warned = False",
        "            self.start_equity = getattr(self.count(self.desk.broker.account), 'equity', 0.0) or 1e-9\n"
        "            self.warned = False", "q1",
    ),
    Defect(
        "reconnect-gives-up", "ten attempts, then silence", "reconnector",
        "        if self.desk.now < self.next_attempt:",
        "        if self.desk.now < self.next_attempt or self.attempts >= 10:", "q2",
    ),
    Defect(
        "unacknowledged-survive", "only acknowledged orders are cancelled; the others fill after the halt",
        "wind_down", "        return list(dict.fromkeys(ours + at_broker))",
        "        return [order.id for order in self.desk.orders if order.acknowledged and not order.reducing]", "q1",
    ),
    Defect(
        "flattened-too-early", "closed is reported when the closing orders were created", "wind_down",
        "        held = self.desk.broker.positions(timeout=3)\n",
        "        held = self.desk.broker.positions(timeout=3)\n        self.desk.log(\"all positions closed\")\n", "q1",
    ),
    Defect(
        "no-answer-is-flat", "the positions endpoint is down, and no answer is taken for no positions",
        "reconciler", "            return None\n        self.unanswered = 0\n",
        "            return {}\n        self.unanswered = 0\n", "q2",
    ),
    Defect(
        "guard-blocks-exit", "while the kill switch is on, its own gate refuses the closing orders", "bot",
        "        if order.reducing and order.source != \"strategy\":\n",
        "        if self.kill.reason:\n            return f\"kill switch: {self.kill.reason}\"\n"
        "        if order.reducing and order.source != \"strategy\":\n", "q1",
    ),
    Defect(
        "flatten-becomes-caution", "the flatten level only warns", "kill_switch",
        'self.fire(f"drawdown {drawdown_pct:.1f} %", flatten=True)',
        'self.desk.set_safe_mode(True)', "q1",
    ),
    Defect(
        "restart-flattens", "a restart takes every open position for a leftover and closes it", "bot",
        "        bot.kill.recall()\n", "        bot.kill.recall()\n        bot.wind_down.close_positions()\n", "q4",
    ),
    Defect(
        "loss-by-the-tick", "the loss is measured from the last look, so a slow slide never trips it",
        "kill_switch", "        self.check_loss(equity)\n",
        "        self.check_loss(equity)\n        self.start_equity = equity\n", "q1",
    ),
    Defect(
        "guard-passes-nonsense", "spikes, stale and negative prices pass the data guard", "data_guard",
        "        reason = self.blocked.get(symbol)\n", "        reason = None\n", "q3",
    ),
    Defect(
        "weekend-is-a-gap", "the gap check counts the weekend, and clean data is refused on Monday", "data_guard",
        "        if same_session and bar.start_us - before.end_us > 2 * 60_000_000:",
        "        if bar.start_us - before.end_us > 2 * 60_000_000:", "q3",
    ),
    Defect(
        "empty-is-reconciled", "an empty answer of the broker counts as reconciled", "reconciler",
        "        if not truth and self.desk.positions and not self.account_is_flat():",
        "        if False:", "q2",
    ),
    Defect(
        "halt-forgotten", "the halt is kept in memory and a restart releases it", "bot",
        "        bot.kill.recall()\n", "", "q1",
    ),
)  # fmt: skip


@contextmanager
def planted(defect: Defect | None) -> Iterator[Mitigation]:
    """The reference bot with `defect` in it (or without), loaded beside the real one and unloaded afterwards."""
    package = f"reference_{defect.name.replace('-', '_')}" if defect else "reference_clean"
    loaded: list[str] = []
    try:
        for module in MODULES:
            _load(package, module, defect)
            loaded.append(f"{package}.{module}")
        origin = f"drills/reference with {defect.name if defect else 'no defect'}"
        yield Mitigation(sys.modules[f"{package}.bot"].build, origin)
    finally:
        for name in loaded:
            sys.modules.pop(name, None)


def source_of(module: str, defect: Defect | None) -> str:
    """The text of a module of the bot with `defect` planted; an assertion when the line is not there just once."""
    text = (HERE / f"{module}.py").read_text(encoding="utf-8")
    if defect is not None and defect.module == module:
        assert text.count(defect.old) == 1, f"{defect.name}: the line to replace occurs {text.count(defect.old)} times"
        text = text.replace(defect.old, defect.new)
    return text


def _load(package: str, module: str, defect: Defect | None) -> None:
    name = f"{package}.{module}"
    spec = importlib.util.spec_from_loader(name, loader=None)
    assert spec is not None
    made: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    text = source_of(module, defect).replace("drills.reference.", f"{package}.")
    exec(compile(text, f"{module}.py", "exec"), made.__dict__)
