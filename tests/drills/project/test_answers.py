"""How an answer is read as yes or no."""

from __future__ import annotations

import ast

import pytest

from drills.project.answers import FIRST, RAISES, UNKNOWN, YES, answer_of, means_stop, negated

FIELDS = {"Verdict": frozenset({"approved", "why"}), "Check": frozenset({"is_blocked"}), "Report": frozenset({"rows"})}


def function(text: str) -> ast.FunctionDef:
    [node] = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    return node


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("def f() -> bool: ...", YES),
        ("def f() -> 'bool': ...", YES),
        ("def f() -> Tuple[bool, str]: ...", FIRST),
        ("def f() -> tuple[bool, list[str], float]: ...", FIRST),
        ("def f() -> Verdict: ...", "bool({}.approved)"),
        ("def f() -> Check: ...", "not {}.is_blocked"),
        ("def f() -> Report: ...", UNKNOWN),
        ("def f() -> dict: ...", UNKNOWN),
        ("def f():\n    return True", YES),
        ("def f():\n    return False, 'closed'", FIRST),
        ("def f():\n    return {'ok': 1}", UNKNOWN),
        ("def f():\n    if x:\n        raise Halted", RAISES),
        ("def f() -> None:\n    if x:\n        return\n    raise Halted", RAISES),
        ("def f():\n    def g():\n        return 1, 2\n    return g", YES),
    ],
)
def test_from_the_annotation_the_class_or_the_returns(text: str, answer: str) -> None:
    assert answer_of(function(text), FIELDS.get) == answer


def test_the_opposite() -> None:
    assert [negated(a) for a in (YES, FIRST, "bool({}.ok)", "not {}.blocked", UNKNOWN)] == [
        "not {}", "not {}[0]", "not {}.ok", "{}.blocked", UNKNOWN,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("Returns True if trading must halt.", True), ("True when the limit is breached", True),
        ("Return (tripped, reason).", True), ("Returns True if it is safe to trade.", False),
        ("True: within limits, False if the limit is exceeded.", False), ("Looks at the loss.", None),
    ],
)  # fmt: skip
def test_its_own_description_tells_what_true_means(said: str, stop: bool | None) -> None:
    assert means_stop(function(f'def f():\n    """{said}"""')) is stop
