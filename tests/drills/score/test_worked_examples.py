"""The worked examples of the adherence model, traced by hand and scored on the real runbooks.

F and A are the published figures of the model. What the texts leave open stands in the overrides: positions are
closed only after reconciling, and an escalation is due within five minutes. Reconciling is meant as comparing
there, and escalating and approving as acts that bind the firm, so the traces state those effects.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from drills.cli import main
from tests.drills.runbook.conftest import SHARED

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")

MISMATCH = f"{SHARED / 'sev-levels.md'}#position-mismatch"
RECONCILE_FIRST = """\
steps:
  position-mismatch/close-any-orphaned-positions:
    critical: true
    after: [position-mismatch/reconcile-with-local-state]
"""
KILL_SWITCH = f"{SHARED / 'quarterly-drills.md'}#kill-switch-triggered"
ESCALATE_IN_TIME = "steps:\n  kill-switch-triggered/decision-point: {deadline: 300s}\n"


@pytest.fixture
def scored(tmp_path: Path) -> Any:
    def score(target: str, overrides: str, trace: str, *options: str) -> tuple[int, dict[str, Any]]:
        (tmp_path / "overrides.yaml").write_text(overrides)
        (tmp_path / "trace.yaml").write_text(trace)
        out = tmp_path / "score.json"
        code = main(["score", target, "--trace", str(tmp_path / "trace.yaml"), "--json", str(out), "--overrides",
                     str(tmp_path / "overrides.yaml"), *options])  # fmt: skip
        return code, json.loads(out.read_text())

    return score


def ledger(card: dict[str, Any]) -> list[tuple[float, int]]:
    return [(round(line["points"], 1), line["line"]) for line in card["ledger"]]


ALL_IN_ORDER = """\
- {time: 40, step: stop new orders}
- {time: 60, step: query exchange for positions}
- {time: 120, step: reconciled with local state, effect: read}
- {time: 160, step: closed orphaned positions}
- {time: 300, step: investigated cause}
"""


class TestPositionMismatch:
    def test_a_everything_in_order_and_in_time(self, scored: Any) -> None:
        code, card = scored(MISMATCH, RECONCILE_FIRST, ALL_IN_ORDER)
        assert (code, card["fitness"], card["score"], card["ledger"], card["gates"]) == (0, 1.0, 100.0, [], [])
        assert card["unmatched"] == []

    def test_b_asked_too_early_stopped_late_and_never_investigated(self, scored: Any) -> None:
        code, card = scored(MISMATCH, RECONCILE_FIRST, """\
- {time: 50, step: 2}
- {time: 95, step: 1}
- {time: 130, step: 3, effect: read}
- {time: 170, step: 4}
""")  # fmt: skip
        assert (code, round(card["fitness"], 3), round(card["score"], 1)) == (1, 0.818, 77.9)
        assert ledger(card) == [(10.3, 139), (5.9, 140), (5.9, 143)]
        assert "35 s late" in card["ledger"][0]["text"]
        assert card["gates"] == []

    def test_c_closed_before_reconciling(self, scored: Any) -> None:
        code, card = scored(MISMATCH, RECONCILE_FIRST, """\
- {time: 40, step: halt}
- {time: 70, step: closed orphaned positions}
- {time: 110, step: queried the exchange for actual positions}
- {time: 150, step: reconcile, effect: read}
""")  # fmt: skip
        assert (code, round(card["fitness"], 3), round(card["score"], 1)) == (1, 0.727, 64.7)
        assert card["shown_score"] == 49
        assert sorted(ledger(card)) == [(5.9, 140), (5.9, 141), (5.9, 143), (17.6, 142)]
        assert [gate["kind"] for gate in card["gates"]] == ["critical_constraint"]

    def test_d_an_order_left_after_the_stop(self, scored: Any) -> None:
        order = "- {time: 45, step: strategy orb sent an order, note: 50 SPY, forbidden: yes}\n"
        code, card = scored(MISMATCH, RECONCILE_FIRST, ALL_IN_ORDER + order)
        assert (code, round(card["fitness"], 3), round(card["score"], 1)) == (1, 0.786, 85.0)
        assert card["shown_score"] == 49
        assert ledger(card) == [(15.0, 0)]
        assert [gate["kind"] for gate in card["gates"]] == ["forbidden_action"]


class TestKillSwitch:
    TRUTH = ("--severity", "P0", "--condition", "loss_over_limit=true", "--condition", "within_range=false")

    def test_followed_to_the_letter(self, scored: Any) -> None:
        code, card = scored(KILL_SWITCH, ESCALATE_IN_TIME, """\
detected: 14:30
entries:
- {time: "14:30:30", step: 2}
- {time: "14:31:00", step: 1}
- {time: "14:33:20", step: escalated to P0}
- {time: 14:45, step: root cause analysis}
- {time: 14:50, step: got approval}
- {time: 14:52, step: reset the kill switch}
""", *self.TRUTH)  # fmt: skip
        assert (code, card["fitness"], card["score"], card["gates"]) == (0, 1.0, 100.0, [])

    def test_b_the_other_arm_and_a_reset_without_approval(self, scored: Any) -> None:
        code, card = scored(KILL_SWITCH, ESCALATE_IN_TIME, """\
- {time: 30, step: verify trigger reason}
- {time: 60, step: check portfolio state}
- {time: +15m, step: root cause analysis}
- {time: +16m, step: reset_halt}
""", *self.TRUTH)  # fmt: skip
        assert (code, round(card["fitness"], 3), round(card["score"], 1)) == (1, 0.538, 36.8)
        assert [points for points, _ in ledger(card)] == [15.8] * 4
        assert sorted(gate["kind"] for gate in card["gates"]) == [
            "critical_constraint", "critical_step", "critical_step"
        ]  # fmt: skip

    def test_c_everything_right_and_escalated_late(self, scored: Any) -> None:
        code, card = scored(KILL_SWITCH, ESCALATE_IN_TIME, """\
- {time: 30, step: 1}
- {time: 60, step: 2}
- {time: 420, step: escalate, effect: mutate}
- {time: 900, step: 4}
- {time: 1200, step: approve, effect: mutate}
- {time: 1300, step: 5}
""", *self.TRUTH)  # fmt: skip
        assert (code, card["fitness"], round(card["score"], 1)) == (0, 1.0, 94.3)
        assert ledger(card) == [(5.7, 72)]
        assert "2 min late" in card["ledger"][0]["text"]
