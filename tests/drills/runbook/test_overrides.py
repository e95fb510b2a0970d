"""What the author states outranks what is derived; a misspelt word is one line with its mend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drills.runbook.bindings import bind
from drills.runbook.model import Procedure, Runbook
from drills.runbook.reader import read_runbook
from sim.errors import BadInput

PAGE = "# Outage\n1. Halt trading\n2. Reconcile positions\n"


def test_a_comment_on_the_line_of_the_step(one: Callable[[str], Procedure]) -> None:
    step = one(
        "# Outage\n1. Do the thing <!-- id: the-thing critical deadline=60s bind=halt,cancel_orders -->\n"
    ).steps[0]
    assert (step.id, step.title, step.critical, step.weight) == ("the-thing", "Do the thing", True, 3.0)
    assert (bind(step).actions, bind(step).origin) == (("halt", "cancel_orders"), "annotation")
    assert step.deadline is not None
    assert (step.deadline.hi_s, step.deadline.origin) == (60.0, "annotation")


def test_a_comment_below_the_step_and_optional(one: Callable[[str], Procedure]) -> None:
    procedure = one("""
        # Outage
        ### 1. Cancel all orders
        <!-- optional -->
        ### 2. Reconcile
        <!-- weight=2 kind=manual after=cancel -->
        """)
    cancel, reconcile = procedure.steps
    assert (cancel.optional, cancel.critical, cancel.weight) == (True, False, 0.0)
    assert (reconcile.weight, reconcile.kind, reconcile.preds) == (2.0, "manual", ("cancel",))


def test_an_ordinary_remark_is_none(one: Callable[[str], Procedure]) -> None:
    step = one("# Outage\n1. Halt trading <!-- ask Maria whether this still works -->\n").steps[0]
    assert step.override is None
    assert step.title == "Halt trading"


@pytest.mark.parametrize(
    ("comment", "field"),
    [
        ("bind=halt,explode", "bind"),
        ("deadline=soon", "deadline"),
        ("weight=heavy", "weight"),
        ("kind=miracle", "kind"),
        ("id: x bnd=halt", "bnd"),
        ("critical=perhaps", "critical"),
    ],
)
def test_a_word_that_is_not_understood(read: Callable[[str], Runbook], comment: str, field: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(f"# Outage\n1. Halt trading\n2. Reconcile <!-- {comment} -->\n")
    assert (caught.value.line, caught.value.field, caught.value.file) == (3, field, "test.md")


def test_a_sidecar_states_the_same_without_touching_the_document(tmp_path: Path) -> None:
    (tmp_path / "outage.md").write_text(PAGE)
    (tmp_path / "outage.md.drill.yaml").write_text(
        "steps:\n  outage/reconcile-positions:\n    bind: [look_positions]\n    critical: true\n"
    )
    step = read_runbook(tmp_path / "outage.md").procedures[0].steps[1]
    assert (bind(step).actions, step.critical) == (("look_positions",), True)


@pytest.mark.parametrize(
    "sidecar",
    ["steps:\n  outage/nowhere:\n    critical: true\n", "steps: [1]\n", "steps: {", "- x\n", "steps:\n  a: 1\n"],
)
def test_a_sidecar_that_does_not_fit_is_refused(tmp_path: Path, sidecar: str) -> None:
    (tmp_path / "outage.md").write_text(PAGE)
    (tmp_path / "outage.drill.yaml").write_text(sidecar)
    with pytest.raises(BadInput):
        read_runbook(tmp_path / "outage.md")
