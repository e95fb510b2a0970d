"""What must precede what: reads commute, changes and decisions do not, branches do not wait for each other."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from drills.runbook.model import Procedure, Source, Step
from drills.runbook.order import predecessors

HERE = Source(file="test.md", line=1, end=1)


def names(procedure: Procedure) -> dict[str, tuple[str, ...]]:
    return {s.id.rpartition("/")[2]: tuple(p.rpartition("/")[2] for p in s.preds) for s in procedure.walk()}


def test_reads_between_two_barriers_commute(one: Callable[[str], Procedure]) -> None:
    procedure = one("# Outage\n1. Halt trading\n2. Check logs\n3. Check positions\n4. Reconcile\n5. Check orders\n")
    assert names(procedure) == {
        "halt-trading": (),
        "check-logs": ("halt-trading",),
        "check-positions": ("halt-trading",),
        "reconcile": ("check-logs", "check-positions"),
        "check-orders": ("reconcile",),
    }


def test_branches_start_together_and_join(one: Callable[[str], Procedure]) -> None:
    procedure = one("""
        # Kill switch fired
        1. Check logs
        2. **For Daily Loss Trigger**
           - Flatten positions
        3. **For API Error Trigger**
           - Reconnect
        4. **Manual Reset**
        """)
    assert names(procedure) == {
        "check-logs": (),
        "for-daily-loss-trigger": ("check-logs",),
        "for-api-error-trigger": ("check-logs",),
        "manual-reset": ("for-daily-loss-trigger", "for-api-error-trigger"),
    }


def test_communication_has_no_order(one: Callable[[str], Procedure]) -> None:
    procedure = one("# H\n## Communication\n### Internal\n- Notify the desk\n### External\n- Escalate to the lead\n")
    assert procedure.order == "set"
    assert not any(step.preds for step in procedure.walk())


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_every_predecessor_stands_before_its_step(barriers: list[bool]) -> None:
    steps = [Step(src=HERE, id=f"s{n}", title=f"s{n}") for n in range(len(barriers))]
    before = predecessors(steps, {f"s{n}": barrier for n, barrier in enumerate(barriers)})
    for n, barrier in enumerate(barriers):
        earlier = [int(name[1:]) for name in before[f"s{n}"]]
        assert all(m < n for m in earlier)
        if barrier and n:
            assert earlier
