"""The alignment is the cheapest one, by comparison with a search through every set of done steps."""

from __future__ import annotations

import heapq
from dataclasses import replace
from itertools import chain, combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.actions import Effect
from drills.alignment import Alignment, align
from drills.step_model import ModelStep, TraceEvent, barrier_order, followers
from sim.clock import wall_seconds
from sim.errors import BadInput

READ, MUTATE = Effect.READ, Effect.MUTATE


def cheapest_by_search(
    steps: list[ModelStep], trace: list[TraceEvent], loops: dict[str, int], preds: dict[str, set[str]]
) -> float:
    """Dijkstra over (steps done or skipped, steps really done, position in the trace)."""
    queue: list[tuple[float, tuple[frozenset[str], frozenset[str], int]]] = [(0.0, (frozenset(), frozenset(), 0))]
    settled = set()
    while queue:
        cost, state = heapq.heappop(queue)
        if state in settled:
            continue
        settled.add(state)
        passed, performed, at = state
        if len(passed) == len(steps) and at == len(trace):
            return cost
        enabled = [s for s in steps if s.id not in passed and preds[s.id] <= passed]
        for step in enabled:
            heapq.heappush(queue, (cost + step.weight, (passed | {step.id}, performed, at)))
        if at == len(trace):
            continue
        event = trace[at]
        attempt = sum(1 for e in trace[: at + 1] if e.label == event.label and not e.forbidden)
        retry = not event.forbidden and event.label in performed and attempt <= loops.get(event.label, 0)
        alone = cost + (0.0 if retry else event.unasked_cost)
        heapq.heappush(queue, (alone, (passed, performed, at + 1)))
        able = [s for s in enabled if not event.forbidden and event.label in (s.id, *s.actions)]
        for together in chain.from_iterable(combinations(able, n) for n in range(1, len(able) + 1)):
            ids = {s.id for s in together}
            heapq.heappush(queue, (cost, (passed | ids, performed | ids, at + 1)))
    raise AssertionError("the end is always reachable")


def cheapest(steps: list[ModelStep], trace: list[TraceEvent], loops: dict[str, int]) -> float:
    """The least cost over every choice of alternatives."""
    groups: dict[str, list[str]] = {}
    for step in steps:
        if step.alternatives:
            groups.setdefault(step.alternatives, []).append(step.id)
    after = followers(steps)
    costs = []
    for choice in product(*groups.values()):
        kept = [n for n, s in enumerate(steps) if not s.alternatives or s.id in choice]
        preds = {steps[n].id: {steps[m].id for m in kept if after[m] >> n & 1} for n in kept}
        costs.append(cheapest_by_search([steps[n] for n in kept], trace, loops, preds))
    return min(costs)


@st.composite
def incidents(draw: st.DrawFn) -> tuple[list[ModelStep], list[TraceEvent], dict[str, int]]:
    names = [f"s{n}" for n in range(draw(st.integers(1, 6)))]
    steps = [
        ModelStep(
            name,
            name,
            draw(st.sampled_from([0, 1, 3, 0.5])),
            tuple(draw(st.lists(st.sampled_from(names[:n]), unique=True, max_size=2))) if n else (),
            alternatives=draw(st.sampled_from([None, None, None, None, "g"])),
            actions=draw(st.sampled_from([(), (), ("look",)])),
        )
        for n, name in enumerate(names)
    ]
    effects = {name: draw(st.sampled_from([READ, MUTATE])) for name in [*names, "stray"]}
    words = draw(st.lists(st.sampled_from([*names, "look", "stray"]), max_size=10))
    trace = [
        TraceEvent(
            word,
            float(n),
            effects.get(word, MUTATE if word == "stray" else READ),
            draw(st.integers(0, 9)) == 0,
        )
        for n, word in enumerate(words)
    ]
    repeatable = [s.id for s in steps if not s.actions]
    loops = {s: draw(st.integers(1, 3)) for s in repeatable if draw(st.integers(0, 3)) == 0}
    return steps, trace, loops


@settings(max_examples=300, deadline=None)
@given(incidents())
def test_no_search_through_all_runs_finds_a_cheaper_explanation(
    incident: tuple[list[ModelStep], list[TraceEvent], dict[str, int]],
) -> None:
    steps, trace, loops = incident
    assert align(steps, trace, loops).cost == pytest.approx(cheapest(steps, trace, loops))


@settings(deadline=None)
@given(incidents())
def test_the_moves_are_a_legal_run_of_the_steps_and_tell_the_whole_trace(
    incident: tuple[list[ModelStep], list[TraceEvent], dict[str, int]],
) -> None:
    steps, trace, loops = incident
    found = align(steps, trace, loops)
    run = [move.step for move in found.moves if move.step is not None]
    assert sorted(run) == sorted(step.id for step in found.steps)
    place = {step: n for n, step in enumerate(run)}
    assert all(place[pred] < place[step.id] for step in found.steps for pred in step.preds)
    told = [move.event for move in found.moves if move.event is not None]
    assert told == sorted(told)
    assert set(told) == set(range(len(trace)))


def explain(steps: list[ModelStep], *labels: str) -> Alignment:
    return align(steps, [TraceEvent(label, float(n), MUTATE) for n, label in enumerate(labels)], {})


def sequence(*names: str) -> list[ModelStep]:
    order = barrier_order((name, True) for name in names)
    return [ModelStep(name, name, 1, order[name]) for name in names]


def test_of_two_swapped_steps_the_heavier_one_counts() -> None:
    halt, cancel, flatten = sequence("halt", "cancel", "flatten")
    found = explain([halt, replace(cancel, weight=3), flatten], "halt", "flatten", "cancel")
    assert found.cost == 2
    assert [(m.kind, m.step, m.event) for m in found.moves] == [
        ("sync", "halt", 0),
        ("log", None, 1),
        ("sync", "cancel", 2),
        ("model", "flatten", None),
    ]


def test_the_second_try_counts_when_the_first_came_too_early() -> None:
    found = explain(sequence("halt", "flatten"), "flatten", "halt", "flatten")
    assert found.performed_by == {"halt": 1, "flatten": 2}
    assert found.cost == 1


def test_the_first_of_two_equal_performances_counts() -> None:
    assert explain(sequence("halt", "flatten"), "halt", "halt", "flatten").performed_by["halt"] == 0


def test_looks_between_two_barriers_commute() -> None:
    order = barrier_order([("halt", True), ("orders", False), ("positions", False), ("flatten", True)])
    assert order == {
        "halt": (),
        "orders": ("halt",),
        "positions": ("halt",),
        "flatten": ("orders", "positions"),
    }
    steps = [ModelStep(name, name, 1, preds) for name, preds in order.items()]
    assert explain(steps, "halt", "positions", "orders", "flatten").cost == 0


def test_a_step_that_waits_for_itself_is_named_with_its_line() -> None:
    steps = [ModelStep("a", "A", 1, ("b",), line=7), ModelStep("b", "B", 1, ("a",), line=8)]
    with pytest.raises(BadInput, match=r"step 'a' waits, through others, for itself.*remove one"):
        align(steps, [], {})


def test_a_predecessor_that_does_not_exist_is_named() -> None:
    with pytest.raises(BadInput, match=r"step 'a' comes after a step that does not exist \(got 'ghost'\)"):
        align([ModelStep("a", "A", 1, ("ghost",), line=7)], [], {})


def test_two_steps_of_one_id_are_refused() -> None:
    with pytest.raises(BadInput, match="same id"):
        align([ModelStep("a", "A", 1), ModelStep("a", "B", 1)], [], {})


def seconds_to_align(size: int) -> float:
    """The best of three, for a trace of 500 acts around each step's turn, nearly backwards: the hard case."""
    steps = sequence(*(f"s{n}" for n in range(size)))
    labels = [f"s{size - 1 - min(size - 1, max(0, n * size // 500 + 7 * n % 5 - 2))}" for n in range(500)]
    times = []
    for _ in range(3):
        start = wall_seconds()
        explain(steps, *labels)
        times.append(wall_seconds() - start)
    return min(times)


def test_four_times_the_steps_do_not_take_exponentially_longer() -> None:
    assert seconds_to_align(40) < 40 * seconds_to_align(10)
