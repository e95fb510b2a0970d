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
    ],
)
def test_plans_failures_hedges_and_questions_are_none(text: str) -> None:
    assert claims_in(text) == []


def test_each_claim_can_be_made() -> None:
    lines = "flat. no live orders. reconciled. trading halted. trading resumed. reconnected."
    assert claims_in(lines) == list(CLAIMS)
