"""From words to actions, in three languages, and where words mislead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drills.actions import ACTIONS
from drills.runbook.phrases_more import ALL_PHRASES
from drills.runbook.vocabulary import actions_in, look_at


@pytest.mark.parametrize(
    ("words", "actions"),
    [
        ("Stop new orders immediately", ("halt",)),
        ("Stop and assess - don't rush to restart", ("halt",)),
        ("Cancel all open orders and flatten positions", ("cancel_orders", "flatten")),
        ("Close any orphaned positions", ("close_orphans",)),
        ("Manual close via TWS", ("close_orphans",)),
        ("Close all positions", ("flatten",)),
        ("Unerwartete Position schließen", ("close_orphans",)),
        ("Cerrar posiciones huérfanas", ("close_orphans",)),
        ("Consider switching to limit orders", ("limit_orders",)),
        ("Auf Limit-Orders umstellen", ("limit_orders",)),
        ("Cambiar a órdenes limitadas", ("limit_orders",)),
        ("Force recalibration", ("recalibrate",)),
        ("Modell neu kalibrieren", ("recalibrate",)),
        ("Forzar la calibración", ("recalibrate",)),
        ("Re-fetch data", ("refetch_data",)),
        ("Relax the constraints of the fit", ("relax_fit",)),
        ("Nebenbedingungen lockern", ("relax_fit",)),
        ("Ampliar las tolerancias del ajuste", ("relax_fit",)),
        ("Roll back to lab mode", ("rollback_mode",)),
        ("Volver al modo laboratorio", ("rollback_mode",)),
        ("Roll back to the last good version", ("rollback",)),
        ("Verify no live connections", ("verify_disconnected",)),
        ("Check broker connections are disabled", ("verify_disconnected",)),
        ("Verify that latency is back to normal", ("verify_latency",)),
        ("Confirm that slippage is back below 10 bps", ("verify_fills",)),
        ("Verify that the parameters are fresh", ("verify_calibrated",)),
        ("Query exchange for actual positions", ("look_positions",)),
        ("Reconcile with local state", ("reconcile",)),
        ("Check exchange status page", ("look_broker",)),
        ("Check API credentials still valid", ("look_broker",)),
        ("Check what triggered it (drawdown, error rate, manual)", ("look_logs",)),
        ("Restart adapter", ("reconnect",)),
        ("Restart with reduced position sizes", ("restart", "reduce_size")),
        ("Verify rollback", ("verify_health",)),
        ("Check memory and restarts", ("look_resources",)),
        ("Verify no new orders are being placed", ("verify_halted",)),
        ("Confirm at the broker that positions are closed", ("verify_flat",)),
        ("Fix root cause before restarting", ("root_cause",)),
        ("Escalate to management for Level 3 incidents", ("escalate",)),
        ("Update runbook if needed", ("improve",)),
        ("Handel sofort stoppen", ("halt",)),
        ("Alle offenen Orders stornieren", ("cancel_orders",)),
        ("Positionen glattstellen", ("flatten",)),
        ("Kill-Switch zurücksetzen", ("reset_halt",)),
        ("Freigabe einholen", ("approve",)),
        ("Netzwerkverbindung prüfen", ("look_network",)),
        ("Detener la operativa", ("halt",)),
        ("Cancelar todas las órdenes", ("cancel_orders",)),
        ("Cerrar todas las posiciones", ("flatten",)),
        ("Conciliar posiciones con el bróker", ("reconcile",)),
        ("Avisar a la mesa", ("notify",)),
    ],
)
def test_what_a_sentence_asks_for(words: str, actions: tuple[str, ...]) -> None:
    assert actions_in(words) == actions


@pytest.mark.parametrize("words", ["High market volatility", "Recovery", "Possible Causes", "Log file corrupted", ""])
def test_what_asks_for_nothing(words: str) -> None:
    assert actions_in(words) == ()


def test_bare_nouns_say_what_to_look_at() -> None:
    assert [look_at(words) for words in ("EODHD API status", "Network connectivity", "Disk space", "Weather")] == [
        "look_data", "look_network", "look_resources", None,
    ]  # fmt: skip


def test_every_action_of_the_tables_is_in_the_vocabulary() -> None:
    assert {action for action, _ in ALL_PHRASES} <= set(ACTIONS)


@given(st.text(max_size=300))
def test_any_text_gives_known_actions_without_repetition(text: str) -> None:
    actions = actions_in(text)
    assert set(actions) <= set(ACTIONS)
    assert len(actions) == len(set(actions))
