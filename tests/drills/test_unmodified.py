"""Bots as their authors wrote them: own sleeps, own clock, own broker client; drilled without a change."""

from __future__ import annotations

from pathlib import Path

import pytest

from drills.code import load_mitigation
from drills.drill import drills
from drills.options import RunOptions
from drills.runner import run_drill
from sim.errors import BadInput

SCRIPT = """\
import datetime, time
from alpaca.trading.client import TradingClient

client, start = TradingClient("key", "secret", paper=True), None
while True:
    equity = float(client.get_account().equity)
    start = start or equity
    if equity < 0.97 * start:
        client.close_all_positions(cancel_orders=True)
        print("all positions closed", datetime.datetime.now().date())
        break
    time.sleep(5)
"""

HOOKS = """\
import time

def build(desk):
    def look():
        began = time.monotonic()
        time.sleep(2)
        desk.log(f"slept {time.monotonic() - began:.1f} s on {time.strftime('%Y-%m-%d')}")
    return {"every": {60: look}}
"""


def run(project: Path, code: str, case: str = "q1-daily-loss"):
    options = RunOptions(seed=3, code=code, project=project, cases=(case,), responder="none")
    return run_drill(drills()["q1"], options)


def test_a_script_with_its_own_client_says_flat_too_early_and_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(SCRIPT, encoding="utf-8")
    finished = run(tmp_path, "bot.py")
    flat = [f for f in finished.record.findings if f.title.startswith("reported flat")]
    assert flat, [f.title for f in finished.record.findings]
    assert flat[0].source == "bot.py:10"
    assert "all positions closed 2026-03-10" in flat[0].claim


def test_the_same_script_gives_the_same_history_again(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(SCRIPT, encoding="utf-8")
    assert run(tmp_path, "bot.py").record.digest == run(tmp_path, "bot.py").record.digest


def test_hooks_sleep_in_virtual_time_on_the_simulated_day(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(HOOKS, encoding="utf-8")
    history = run(tmp_path, "bot.py:build").histories["q1-daily-loss"]
    said = {event.data["message"] for event in history.of("code.log")}
    assert said == {"slept 2.0 s on 2026-03-10"}


CALLER = """\
import socket

def build(desk):
    def look():
        try:
            socket.create_connection(("api.elsewhere.example", 443), timeout=5)
        except socket.gaierror:
            print("refused")
    return {"every": {600: look}}
"""


BUYER = """\
import time
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest

client = TradingClient("key", "secret", paper=True)
for number in range(21):
    order = LimitOrderRequest(symbol="SPY", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.GTC, limit_price=9,
                              client_order_id=f"b{number}")
    try:
        client.submit_order(order)
    except (APIError, ValueError):
        print("order", number, "failed")
    time.sleep(60)
LOOK
time.sleep(100000)
"""


@pytest.mark.parametrize(("look", "lost"), [("pass", True), ("client.get_orders()", False)])
def test_its_own_orders_are_known_to_the_firm_but_for_those_it_never_heard_of_again(
    tmp_path: Path, look: str, lost: bool
) -> None:
    (tmp_path / "bot.py").write_text(BUYER.replace("LOOK", look), encoding="utf-8")
    options = RunOptions(
        seed=3, code="bot.py", project=tmp_path, cases=("q2-html-502",), responder="none"
    )
    finished = run_drill(drills()["q2"], options)
    history = finished.histories["q2-html-502"]
    mine = [e.subject for e in history.of("order.sent") if e.get("via") == "http"]
    assert len(mine) > 10
    assert not [f for f in finished.record.findings if "unknown to the firm" in f.title]
    never = [f.title for f in finished.record.findings if "never heard of again" in f.title]
    assert bool(never) == lost, never


def test_what_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        load_mitigation("nowhere.py", tmp_path)


def test_a_hook_reaches_no_real_network_without_being_asked(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(CALLER, encoding="utf-8")
    finished = run(tmp_path, "bot:build")
    history = finished.histories["q1-daily-loss"]
    assert [event.data["what"] for event in history.of("code.refused")] == ["api.elsewhere.example"]
    assert {event.data["text"] for event in history.of("code.output")} == {"refused"}
