"""What the adapter says of code of each shape: it follows the code's own state, and drops no call silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drills.drill import drills
from drills.options import RunOptions
from drills.project.candidates import Candidate
from drills.project.survey import survey
from drills.project.tested import open_lines
from drills.project.wiring import adapter, chosen
from drills.runner import run_drill
from tests.drills.project.adapters import SWITCH, body_of, wired
from tests.drills.project.repositories import repository


def test_a_halt_counts_when_the_code_says_that_it_has_stopped(tmp_path: Path) -> None:
    text = wired(tmp_path, safety=SWITCH)
    assert "self.kill_switch.engage(reason=reason)" in body_of(text, "halt")
    assert "self.follow()" in body_of(text, "halt")
    assert "self.desk.halt(reason)" not in body_of(text, "halt")
    assert "if bool(self.kill_switch.halted):" in body_of(text, "follow")


def test_a_reset_that_is_refused_releases_nothing(tmp_path: Path) -> None:
    reset = body_of(wired(tmp_path, safety=SWITCH), "reset")
    assert reset.index('if refused(self.kill_switch.rearm(note="firedrill"))') < reset.index("self.desk.resume()")
    assert "return False  # it is still stopped" in reset


REFUSES = '''
class TradingBreaker:
    def __init__(self):
        self.tripped = False

    def check(self, equity, start_of_day_equity):
        """Returns True when it has tripped."""
        if equity < 0.97 * start_of_day_equity:
            self.trip("loss")
        return self.tripped

    def trip(self, reason):
        self.tripped = True

    def reset(self, operator):
        return False, "not before tomorrow"
'''


def test_a_breaker_that_refuses_its_reset_leaves_the_desk_halted(tmp_path: Path) -> None:
    (tmp_path / "firedrill_adapter.py").write_text(wired(tmp_path, risk=REFUSES))
    options = RunOptions(
        seed=7, code="firedrill_adapter:build", project=tmp_path, cases=("q1-manual",),
        responder="perfect",
    )  # fmt: skip
    run = run_drill(drills()["q1"], options, shorten=False)
    history = run.histories["q1-manual"]
    assert history.first("system.halted") is not None
    assert history.first("system.resumed") is None


def test_a_pair_is_read_by_its_first_and_a_verdict_by_its_field(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        gate='from dataclasses import dataclass\n@dataclass\nclass Verdict:\n    approved: bool\n    why: str\n'
             'class RiskGate:\n    def __init__(self):\n        self.paused = False\n'
             '    def pause_trading(self): self.paused = True\n'
             '    def check_order(self, symbol, quantity) -> Verdict: ...\n',
    )  # fmt: skip
    assert "bool(self.risk_gate.check_order(symbol=order.symbol, quantity=order.qty).approved)" in text
    text = wired(
        tmp_path / "b",
        gate='class RiskManager:\n    def halt(self): ...\n    def can_trade(self, order):\n'
             '        return False, "closed"\n',
    )  # fmt: skip
    assert "return bool(self.risk_manager.can_trade(order=order)[0])" in text


def test_what_cannot_be_called_is_written_down(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        risk="class RiskGuard:\n    def __init__(self, book_id):\n        self.book_id = book_id\n"
             "    def evaluate(self, fills): ...\n    def resume(self, ticket): ...\n    def halt(self): ...\n",
    )  # fmt: skip
    assert "# fill in: self.risk_guard.evaluate(fills=...); what fills is, only you know" in text
    assert "# fill in: self.risk_guard.resume(ticket=...); what ticket is, only you know" in text
    assert "book_id=None,  # fill in" in text
    assert len(open_lines(text)) == 4  # the fourth: nothing tells it how the firm stands


INHERITED = '''
import abc


class Breaker(abc.ABC):
    def __init__(self, max_loss: float):
        self.max_loss = max_loss
        self._tripped = False

    @property
    def is_tripped(self) -> bool:
        return self._tripped

    @abc.abstractmethod
    def evaluate(self, pnl: float): ...

    def trip(self, reason): self._tripped = True


class LossBreaker(Breaker):
    def evaluate(self, pnl: float):
        """True if it must halt."""
        return pnl < -self.max_loss
'''


def test_what_is_inherited_counts_and_what_cannot_be_made_does_not(tmp_path: Path) -> None:
    found = survey(repository(tmp_path, breaker=INHERITED))
    assert [each.name for each in found.candidates] == ["LossBreaker"]
    text = adapter(chosen(found.candidates, found.classes), found.classes)
    assert "self.loss_breaker.trip(reason=reason)" in text
    assert "if bool(self.loss_breaker.is_tripped):" in text


def test_a_switch_that_is_only_thrown_gets_a_judge_beside_it(tmp_path: Path) -> None:
    judge = (
        "class DrawdownMonitor:\n    def check_drawdown(self, equity, peak_equity) -> bool:\n"
        '        """True when the limit is breached."""\n        return equity < 0.9 * peak_equity\n'
    )
    text = wired(tmp_path, safety=SWITCH, judge=judge)
    assert 'if bool(self.drawdown_monitor.check_drawdown(equity=self.desk.figures.equity, peak_equity=' in text
    assert 'self.desk.halt("the mitigation code says stop")' in text


@pytest.mark.parametrize("word", ["command", "app.post('/halt')", "router.get('/x')", "celery.task"])
def test_a_function_that_a_framework_calls_is_none_of_ours(tmp_path: Path, word: str) -> None:
    text = f"import cli\n@cli.{word}\ndef halt_trading(reason): ...\n"
    assert survey(repository(tmp_path, entry=text)).candidates == ()


def named(candidates: tuple[Candidate, ...]) -> list[str]:
    return [each.name for each in candidates]


def test_a_loop_that_runs_while_it_is_told_to_is_started_and_not_called(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        watch="import time\nclass LossWatchdog:\n    def __init__(self):\n        self.running = True\n"
              "    def monitor(self):\n        while self.running:\n            time.sleep(1)\n"
              "    def kill(self): ...\n",
    )  # fmt: skip
    assert "self.loss_watchdog.monitor()" in body_of(text, "run")
    assert "def look" not in text


def test_errors_promises_and_breakers_around_calls_are_not_what_stops_trading(tmp_path: Path) -> None:
    text = (
        "from typing import Protocol\nclass KillSwitchError(Exception):\n    def reset(self): ...\n"
        "class RiskPort(Protocol):\n    def halt(self): ...\n    def reset(self): ...\n"
        "class CircuitBreaker:\n    def call(self, f): ...\n    def record_failure(self): ...\n"
        "    def reset(self): ...\n"
        + SWITCH
    )
    found = survey(repository(tmp_path, risk=text))
    assert named(found.candidates) == ["KillSwitch", "CircuitBreaker"]
    assert [each.name for each in chosen(found.candidates, found.classes)] == ["KillSwitch"]


def test_what_a_loop_asks_of_its_broker_is_bridged(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        recon="import asyncio\nclass PositionReconciler:\n    def __init__(self, connector, interval=30):\n"
              "        self._c, self.interval, self.running = connector, interval, True\n    async def run(self):\n"
              "        while self.running:\n            await self._c.get_positions()\n"
              "            await asyncio.sleep(self.interval)\n",
    )  # fmt: skip
    assert "connector=Broker(desk)" in text
    assert "async def get_positions(self" in text
    assert "asyncio.run(self.position_reconciler.run())" in body_of(text, "run")


@pytest.mark.parametrize(("answers", "noted"), [("return [1]", True), ("print(1)", False)])
def test_a_reconcilers_answer_that_nobody_acts_on_is_noted(tmp_path: Path, answers: str, noted: bool) -> None:
    text = wired(tmp_path, recon=f"class PositionReconciler:\n    def reconcile(self):\n        {answers}\n")
    assert ("# its answer is not acted on" in text) is noted


def test_a_gate_that_says_no_by_raising_lets_through_what_it_says_nothing_of(tmp_path: Path) -> None:
    text = wired(
        tmp_path,
        gate="class Halted(Exception): ...\nclass RiskGuard:\n    def halt(self, why): ...\n"
             "    def check_order(self, symbol, qty) -> None:\n        if qty > 9:\n"
             "            raise Halted('too large')\n",
    )  # fmt: skip
    gate = body_of(text, "on_order")
    assert "except Exception as refusal:" in gate
    assert gate.endswith("return True")
    assert "bool(" not in gate


class OneDesk:
    """As much of a desk as the adapter of a breaker asks for."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
        self.halted: str | None = None
        self.figures = SimpleNamespace(equity=90.0, day_start_equity=100.0)

    def halt(self, reason: str) -> None:
        self.halted = reason

    def resume(self) -> None:
        self.halted = None


def test_a_new_day_is_told_to_the_code_which_may_then_trade_again(tmp_path: Path) -> None:
    rolls = "\n    def reset_daily_stats(self):\n        self.tripped = False\n"
    text = wired(tmp_path, new_day_risk=REFUSES + rolls).replace("from new_day_risk import TradingBreaker", "")
    names: dict[str, Any] = {}
    exec(compile(REFUSES + rolls + text, "adapter.py", "exec"), names)
    desk = OneDesk()
    adapted = names["build"](desk)
    adapted.look()
    assert desk.halted == "stopped by the mitigation code"
    desk.figures.equity = 100.0
    adapted.look()
    assert desk.halted, "a breaker that has tripped stays so within the day"
    desk.time += timedelta(days=1)
    adapted.look()
    assert desk.halted is None
