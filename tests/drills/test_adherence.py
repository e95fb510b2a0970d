"""The worked drills of two real runbooks, to the printed digit, and what must hold for any drill."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drills.actions import Effect
from drills.adherence import Adherence, GateHit, score_adherence
from drills.step_model import Constraint, Deadline, ModelStep, TraceEvent

Drill = tuple[list[ModelStep], list[TraceEvent], list[Constraint], list[Deadline]]
READ, MUTATE = Effect.READ, Effect.MUTATE

POSITION_MISMATCH = (
    ModelStep("stop", "Stop strategies", 3, line=86, critical=True),
    ModelStep("query", "Query broker positions", 1, ("stop",), line=91),
    ModelStep("reconcile", "Reconcile", 1, ("query",), line=97),
    ModelStep("close", "Close orphaned positions", 3, ("reconcile",), line=101, critical=True),
    ModelStep("investigate", "Investigate the cause", 1, ("reconcile",), line=105),
)
RECONCILE_FIRST = Constraint("precedence", "reconcile", "close", critical=True, line=99)
STOP_AT_ONCE = Deadline("stop", 60, 3)
EFFECTS = {"stop": MUTATE, "query": READ, "reconcile": READ, "close": MUTATE, "investigate": READ}

KILL_SWITCH = (
    ModelStep("reason", "Verify the reason", 1),
    ModelStep("portfolio", "Check the portfolio", 1),
    ModelStep("escalate", "Escalate to P0", 3, ("reason", "portfolio"), critical=True),
    ModelStep("cause", "Find the root cause", 1, ("escalate",)),
    ModelStep("approve", "Get approval", 3, ("cause",), critical=True),
    ModelStep("reset", "Reset the kill switch", 3, ("approve",), critical=True),
)
KILL_SWITCH_EFFECTS = {
    "reason": READ, "portfolio": READ, "escalate": MUTATE, "cause": READ, "approve": MUTATE, "reset": MUTATE,
}  # fmt: skip


def mismatch(*done: tuple[str, float], order_after_stop: bool = False) -> Adherence:
    trace = [TraceEvent(label, at, EFFECTS[label]) for label, at in done]
    if order_after_stop:
        trace.append(TraceEvent("submit_order", 45, MUTATE, forbidden=True, detail="strategy orb, 50 SPY"))
    return score_adherence(POSITION_MISMATCH, trace, constraints=[RECONCILE_FIRST], deadlines=[STOP_AT_ONCE])


def kill_switch(*done: tuple[str, float]) -> Adherence:
    trace = [TraceEvent(label, at, KILL_SWITCH_EFFECTS.get(label, READ)) for label, at in done]
    approval_first = Constraint("precedence", "approve", "reset", critical=True)
    return score_adherence(KILL_SWITCH, trace, constraints=[approval_first], deadlines=[Deadline("escalate", 300, 3)])


def points(result: Adherence) -> list[tuple[float, str]]:
    return [(round(line.points, 1), line.text) for line in result.ledger]


ALL_IN_ORDER = (("stop", 40), ("query", 60), ("reconcile", 120), ("close", 160), ("investigate", 300))


AFTER_ESCALATION = (("cause", 900), ("approve", 1200), ("reset", 1300))


def test_everything_in_order_and_in_time_scores_100() -> None:
    result = mismatch(*ALL_IN_ORDER)
    assert (result.fitness, result.score, result.shown_score) == (1.0, 100.0, 100.0)
    assert result.passed()
    assert result.gates == result.ledger == ()


def test_late_stop_early_query_and_no_investigation() -> None:
    result = mismatch(("query", 50), ("stop", 95), ("reconcile", 130), ("close", 170))
    assert round(result.fitness, 3) == 0.818
    assert round(result.score, 1) == 77.9
    assert not result.passed()
    assert result.gates == ()
    assert points(result) == [
        (10.3, '"Stop strategies" was 35 s late: done at 1 min 35 s, due within 1 min.'),
        (5.9, '"Query broker positions" was done too early to count: before "Stop strategies".'),
        (5.9, '"Investigate the cause" was not done.'),
    ]
    assert [line.line for line in result.ledger] == [86, 91, 105]
    assert result.ledger[0].one_line().startswith("-10.3  ")
    assert result.ledger[0].one_line().endswith("(runbook line 86)")


def test_positions_closed_before_reconciling_fail_whatever_the_points() -> None:
    result = mismatch(("stop", 40), ("close", 70), ("query", 110), ("reconcile", 150))
    assert round(result.fitness, 3) == 0.727
    assert round(result.score, 1) == 64.7
    assert result.shown_score == 49
    assert points(result) == [
        (17.6, '"Close orphaned positions" was done before "Reconcile".'),
        (5.9, '"Query broker positions" was done too late to count: only after "Close orphaned positions".'),
        (5.9, '"Reconcile" was done too late to count: only after "Close orphaned positions".'),
        (5.9, '"Investigate the cause" was not done.'),
    ]
    assert [(gate.kind, gate.line) for gate in result.gates] == [("critical_constraint", 99)]


def test_an_order_after_the_stop_costs_15_points_and_the_drill() -> None:
    result = mismatch(*ALL_IN_ORDER, order_after_stop=True)
    assert round(result.fitness, 3) == 0.786
    assert round(result.score, 1) == 85.0
    assert result.shown_score == 49
    assert not result.passed()
    assert points(result) == [(15.0, 'Forbidden: "submit order" was done (strategy orb, 50 SPY).')]
    assert [gate.kind for gate in result.gates] == ["forbidden_action"]


def test_kill_switch_followed_to_the_letter() -> None:
    result = kill_switch(
        ("portfolio", 30),
        ("reason", 60),
        ("escalate", 200),
        ("cause", 900),
        ("approve", 1200),
        ("reset", 1300),
    )
    assert (result.fitness, result.score) == (1.0, 100.0)


def test_kill_switch_reset_without_escalation_and_approval() -> None:
    result = kill_switch(("reason", 30), ("portfolio", 60), ("note_in_range", 90), ("cause", 900), ("reset", 950))
    assert round(result.fitness, 3) == 0.538
    assert round(result.score, 1) == 36.8
    assert points(result) == [
        (15.8, '"Escalate to P0" was not done.'),
        (15.8, '"Get approval" was not done.'),
        (15.8, '"Escalate to P0" was due within 5 min and never done.'),
        (15.8, '"Reset the kill switch" was done without "Get approval" before it.'),
    ]
    assert sorted(gate.kind for gate in result.gates) == [
        "critical_constraint",
        "critical_step",
        "critical_step",
    ]
    assert result.shown_score == result.score


def test_kill_switch_with_everything_right_but_a_late_escalation() -> None:
    result = kill_switch(
        ("reason", 30),
        ("portfolio", 60),
        ("escalate", 420),
        ("cause", 900),
        ("approve", 1200),
        ("reset", 1300),
    )
    assert result.fitness == 1.0
    assert round(result.score, 1) == 94.3
    assert result.passed()
    assert points(result) == [(5.7, '"Escalate to P0" was 2 min late: done at 7 min, due within 5 min.')]


def test_a_missed_rto_is_judged_elsewhere_and_caps_the_score_here() -> None:
    missed = GateHit("rto_missed", "Restored after 20 min, RTO 15 min.")
    result = score_adherence(
        POSITION_MISMATCH, [TraceEvent(n, t, EFFECTS[n]) for n, t in ALL_IN_ORDER], extra_gates=[missed]
    )
    assert result.score == 100
    assert result.shown_score == 49
    assert result.gates == (missed,)


def test_without_constraints_and_deadlines_the_score_is_100_times_fitness() -> None:
    trace = [
        TraceEvent("close", 5, MUTATE),
        TraceEvent("scale_up", 9, MUTATE),
        TraceEvent("stop", 20, MUTATE),
    ]
    result = score_adherence(POSITION_MISMATCH, trace)
    assert result.score == pytest.approx(100 * result.fitness)


def test_any_one_of_the_options_is_enough_and_a_second_one_is_a_change_nobody_asked_for() -> None:
    steps = (
        ModelStep("halt", "Halt", 3),
        ModelStep("api", "Stop by API", 3, ("halt",), alternatives="how"),
        ModelStep("kubectl", "Scale to zero", 3, ("halt",), alternatives="how"),
        ModelStep("verify", "Verify", 1, ("api", "kubectl")),
    )
    halt, verify = TraceEvent("halt", 1, MUTATE), TraceEvent("verify", 9, READ)
    api, kubectl = TraceEvent("api", 2, MUTATE), TraceEvent("kubectl", 3, MUTATE)
    assert score_adherence(steps, [halt, kubectl, verify]).score == 100
    both = score_adherence(steps, [halt, api, kubectl, verify])
    assert [line.text for line in both.ledger] == ['"Scale to zero" was done although another option was taken.']
    assert both.fitness == pytest.approx(1 - 1 / 10)
    neither = score_adherence(steps, [halt, verify])
    assert [line.text for line in neither.ledger] == ['"Stop by API" was not done.']


def test_an_option_of_two_steps_is_taken_or_left_as_a_whole() -> None:
    steps = (
        ModelStep("undo", "Undo the rollout", 3, alternatives="back"),
        ModelStep("tag", "Set the old tag", 1, alternatives="back", option="manual"),
        ModelStep("apply", "Apply", 3, ("tag",), alternatives="back", option="manual"),
    )
    result = score_adherence(steps, [TraceEvent("apply", 2, MUTATE)])
    assert [line.text for line in result.ledger] == ['"Set the old tag" was not done.']


def test_attempts_within_the_limit_are_free_and_one_more_is_not() -> None:
    steps = (ModelStep("reconnect", "Reconnect", 3, line=12),)
    limit = Constraint("retry_max", "reconnect", attempts=3, line=13)
    three = [TraceEvent("reconnect", t, MUTATE) for t in (1, 2, 3)]
    assert score_adherence(steps, three, constraints=[limit]).score == 100
    result = score_adherence(steps, [*three, TraceEvent("reconnect", 4, MUTATE)], constraints=[limit])
    assert [line.text for line in result.ledger] == [
        '"Reconnect" was done once more than asked.',
        '"Reconnect" was tried 4 times, at most 3 are allowed.',
    ]


def test_code_that_acts_is_matched_by_the_action_of_the_step() -> None:
    steps = (
        ModelStep("s1", "Stop trading", 3, actions=("halt",)),
        ModelStep("s2", "Check", 1, ("s1",), actions=("look",)),
    )
    assert score_adherence(steps, [TraceEvent("halt", 1, MUTATE), TraceEvent("look", 2, READ)]).score == 100


def test_two_steps_with_one_action_need_two_acts_when_one_follows_the_other() -> None:
    steps = (
        ModelStep("before", "Look before", 1, actions=("look",)),
        ModelStep("stop", "Stop", 3, ("before",), actions=("halt",)),
        ModelStep("after", "Look after", 1, ("stop",), actions=("look",)),
    )
    trace = [TraceEvent("look", 1, READ), TraceEvent("halt", 2, MUTATE)]
    assert [line.text for line in score_adherence(steps, trace).ledger] == ['"Look after" was not done.']
    assert score_adherence(steps, [*trace, TraceEvent("look", 3, READ)]).score == 100


def test_a_forbidden_act_never_counts_as_the_step_it_resembles() -> None:
    result = score_adherence(
        POSITION_MISMATCH[:1], [TraceEvent("stop", 1, MUTATE, forbidden=True)], deadlines=[STOP_AT_ONCE]
    )
    assert result.score == 0
    assert [gate.kind for gate in result.gates] == ["forbidden_action", "critical_step"]


def test_changes_that_no_step_asks_for_are_counted_together_and_looking_is_free() -> None:
    trace = [TraceEvent("scale_up", t, MUTATE) for t in (1, 2)] + [TraceEvent("look_logs", 3, READ)]
    result = score_adherence(POSITION_MISMATCH[:1], [TraceEvent("stop", 0, MUTATE), *trace])
    assert [line.text for line in result.ledger] == ['"scale up" was done 2 times: the runbook does not ask for it.']
    assert result.score == pytest.approx(100 - 100 * 2 / 6)


def test_nothing_asked_and_nothing_done_is_no_deviation() -> None:
    assert score_adherence((), ()).score == 100
    assert score_adherence((), [TraceEvent("resume", 1, MUTATE)]).score == 0


@st.composite
def drills(draw: st.DrawFn) -> Drill:
    names = [f"s{n}" for n in range(draw(st.integers(1, 7)))]
    steps = [
        ModelStep(
            name,
            name.upper(),
            draw(st.sampled_from([0, 1, 3, 0.5])),
            tuple(draw(st.lists(st.sampled_from(names[:n]), unique=True, max_size=2))) if n else (),
            alternatives=draw(st.sampled_from([None, None, None, "group"])),
            critical=draw(st.booleans()),
        )
        for n, name in enumerate(names)
    ]
    words = [*names, "stray", "other"]
    trace = draw(
        st.lists(
            st.builds(
                TraceEvent,
                st.sampled_from(words),
                st.integers(0, 600).map(float),
                st.sampled_from(Effect),
                st.sampled_from([False, False, False, True]),
            ),
            max_size=12,
        )
    )
    constraints = draw(
        st.lists(
            st.builds(
                Constraint,
                st.sampled_from(["precedence", "response", "absence", "not_until", "exists", "retry_max", "wait"]),
                st.sampled_from(words),
                st.sampled_from(words),
                st.sampled_from([None, 30.0, 300.0]),
                st.booleans(),
                implied=st.booleans(),
                attempts=st.integers(1, 3),
            ),
            max_size=3,
        )
    )
    deadlines = draw(
        st.lists(
            st.builds(Deadline, st.sampled_from(names), st.sampled_from([0.0, 60.0, 300.0]), st.just(3.0)),
            max_size=2,
        )
    )
    return steps, trace, constraints, deadlines


def score(drill: Drill) -> Adherence:
    steps, trace, constraints, deadlines = drill
    return score_adherence(steps, trace, constraints=constraints, deadlines=deadlines)


@settings(deadline=None)
@given(drills())
def test_scores_stay_in_range_and_the_ledger_accounts_for_every_point(
    drill: Drill,
) -> None:
    result = score(drill)
    assert 0 <= result.fitness <= 1
    assert 0 <= result.shown_score <= result.score <= 100
    assert math.fsum(line.points for line in result.ledger) == pytest.approx(100 - result.score, abs=1e-9)
    assert all(line.points > 0 and line.text.endswith(".") for line in result.ledger)
    assert result == score(drill)


@settings(deadline=None)
@given(drills(), st.floats(0, 600), st.sampled_from(["s0", "s1", "stray"]))
def test_a_forbidden_act_never_raises_the_score(drill: Drill, at: float, label: str) -> None:
    steps, trace, constraints, deadlines = drill
    worse = [*trace, TraceEvent(label, at, MUTATE, forbidden=True)]
    result = score((steps, worse, constraints, deadlines))
    assert result.score <= score(drill).score + 1e-9
    assert result.shown_score <= 49


@settings(deadline=None)
@given(drills(), st.data())
def test_leaving_out_a_needed_act_never_raises_fitness(drill: Drill, data: st.DataObject) -> None:
    steps = [ModelStep(s.id, s.label, s.weight, s.preds) for s in drill[0]]
    trace = [TraceEvent(s.id, float(10 * n), data.draw(st.sampled_from(Effect))) for n, s in enumerate(steps)]
    trace += [event for event in drill[1] if event.label in ("stray", "other")]
    needed = data.draw(st.integers(0, len(steps) - 1))
    assert score_adherence(steps, trace[:needed] + trace[needed + 1 :]).fitness <= score_adherence(steps, trace).fitness


@settings(deadline=None)
@given(drills())
def test_doing_every_step_in_order_scores_100(
    drill: Drill,
) -> None:
    chosen: dict[str, str] = {}
    for step in drill[0]:
        if step.alternatives:
            chosen.setdefault(step.alternatives, step.id)
    trace = [
        TraceEvent(s.id, float(n), MUTATE)
        for n, s in enumerate(drill[0])
        if not s.alternatives or chosen[s.alternatives] == s.id
    ]
    result = score_adherence(drill[0], trace, deadlines=[Deadline(trace[-1].label, 60, 3)])
    assert (result.fitness, result.score, result.ledger, result.gates) == (1, 100, (), ())
