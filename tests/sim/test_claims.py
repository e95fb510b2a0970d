"""What counts as a claim: a statement about the firm that can be confirmed or refuted now."""

from __future__ import annotations

import pytest

from sim.claims import CLAIMS, claims_in


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("All positions flattened", ["flat"]),
        ("closed all positions, no open orders", ["flat", "no_live_orders"]),
        ("positions are now closed", ["flat"]),
        ("account is FLAT", ["flat"]),
        ("cancelled all open orders", ["no_live_orders"]),
        ("all orders have been canceled", ["no_live_orders"]),
        ("positions reconciled: book was {...}, broker has {...}", ["reconciled"]),
        ("books match", ["reconciled"]),
        ("KILL SWITCH TRIGGERED: daily loss 3.1 %", ["halted"]),
        ("trading is halted: manual", ["halted"]),
        ("halt reset, trading is resumed", ["resumed"]),
        ("reconnected after 3 attempts", ["connected"]),
        ("broker session is restored", ["connected"]),
        ("Done. All positions have been successfully closed.", ["flat"]),
        ("all 5 positions closed", ["flat"]),
        ("all positions closed 2026-03-10 10:14:00", ["flat"]),
        ("all positions closed: 5", ["flat"]),
        ("todas las posiciones cerradas (5)", ["flat"]),
        ("liquidated all open positions", ["flat"]),
        ("verified: no positions left at the broker", ["flat"]),
        ("Liquidation complete", ["flat"]),
        ("everything is closed, all 12 open orders cancelled", ["flat", "no_live_orders"]),
        ("book flat after 12.4 s", ["flat"]),
        ('{"event": "confirmed flat", "level": "info"}', ["flat"]),
        ("Canceled every working order", ["no_live_orders"]),
        ("positions in sync with broker", ["reconciled"]),
        ("reconciliation passed", ["reconciled"]),
        ("trading has been halted", ["halted"]),
        ("kill-switch tripped: 2.1 % loss", ["halted"]),
        ("kill switch reset by jo", ["resumed"]),
        ("connection re-established after 40 s", ["connected"]),
        ("Alle Positionen geschlossen", ["flat"]),
        ("alle 5 offenen Positionen wurden glattgestellt, keine offenen Aufträge", ["flat", "no_live_orders"]),
        ("Keine offenen Positionen mehr", ["flat"]),
        ("Sämtliche Orders storniert", ["no_live_orders"]),
        ("Positionen stimmen überein", ["reconciled"]),
        ("Positionen stimmen mit dem Broker überein", ["reconciled"]),
        ("NOT-AUS ausgelöst: Handel ist gestoppt", ["halted"]),
        ("Handel wieder aufgenommen", ["resumed"]),
        ("Verbindung wiederhergestellt", ["connected"]),
        ("todas las posiciones cerradas", ["flat"]),
        ("Posiciones cerradas, órdenes canceladas", ["flat", "no_live_orders"]),
        ("no hay posiciones abiertas", ["flat"]),
        ("las posiciones coinciden con el bróker", ["reconciled"]),
        ("operativa suspendida", ["halted"]),
        ("La operativa ha sido reanudada", ["resumed"]),
        ("Conexión restablecida", ["connected"]),
    ],
)
def test_statements_about_the_firm(text: str, claims: list[str]) -> None:
    assert claims_in(text) == claims


@pytest.mark.parametrize(
    "text",
    [
        "",
        "equity 1,000,123",
        "flattening 5 positions",
        "not flat yet",
        "could not confirm that all positions are closed",
        "failed: all orders cancelled?",
        "will resume once positions match",
        "waiting until the session is restored",
        "closing orders sent, 3 still open",
        "positions do not match",
        "are all positions closed?",
        "reconciled: mismatch in SPY",
        "trying to get the session restored",
        "attempt 3: reconnected?",
        "attempting a halt: trading halted soon",
        "kill switch armed",
        "going flat: daily loss 3 %",
        "all positions must be closed by hand",
        "positions to be flattened: 5",
        "status flat=False orders=3",
        '{"halted": false, "flat": false}',
        "2 positions closed, 3 remaining",
        "positions closed: 3 of 5",
        "3 positions were closed",
        "make sure all positions are closed",
        "[dry-run] all positions closed",
        "flat fee of 0.35 a share",
        "alle Positionen werden geschlossen",
        "konnte nicht alle Positionen schließen",
        "Es sind noch nicht alle Positionen geschlossen",
        "Fehler: alle Positionen geschlossen?",
        "Handel soll gestoppt werden",
        "intentando cerrar todas las posiciones",
        "no todas las posiciones cerradas",
        "3 posiciones cerradas, 2 pendientes",
        "posiciones cerradas parcialmente",
        "posiciones cerradas: 3",
        "no positions to hand: 503",
        "sin conexión con el bróker",
    ],
)
def test_plans_failures_hedges_and_questions_are_none(text: str) -> None:
    assert claims_in(text) == []


def test_each_claim_can_be_made() -> None:
    lines = "flat. no live orders. reconciled. trading halted. trading resumed. reconnected."
    assert claims_in(lines) == list(CLAIMS)
