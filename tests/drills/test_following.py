"""How well the plan was followed, read from a run: what was done, what was not, what came late, what was wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drills.adherence import Adherence
from drills.following import adherence_of, step_records
from drills.plan import Plan
from drills.step_model import Constraint
from sim.clock import SECOND
from sim.desk import Desk
from tests.drills.on_call import NEVER, PERFECT, Chance, OnCall, plan_of, step

LOOK = step("look", "look_status")
STOP = step("stop", "halt", "verify_halted", weight=3.0, critical=True)
TELL = step("tell", "notify")
BOOK = plan_of(LOOK, STOP, TELL)
IN_ORDER = Chance(NEVER, NEVER)
"""The draws for the order of three steps."""


def score(on_call: OnCall, plan: Plan = BOOK, *, forbidden: Any = (), rto_missed: str | None = None) -> Adherence:
    """The adherence of what has happened so far; detected when the page was delivered."""
    return adherence_of(plan, on_call.firm.history, on_call.zero_us, forbidden, rto_missed)


def worked(plan: Plan = BOOK, *draws: float, seconds: float = 1800, **on_call: Any) -> OnCall:
    """An on-call who worked through `plan`, with these draws."""
    made = OnCall(plan, chance=Chance(*draws), **on_call)
    made.firm.run(seconds)
    return made


def test_who_does_as_the_text_says_gets_all_the_points() -> None:
    followed = score(worked())
    assert (followed.score, followed.fitness, followed.gates, followed.ledger) == (100.0, 1.0, (), ())
    assert followed.passed()


def test_a_critical_step_left_out_fails_whatever_the_score() -> None:
    on_call = worked(BOOK, NEVER, NEVER, NEVER, 0.0, preset=replace(PERFECT, omission=0.5))
    followed = score(on_call)
    assert [gate.kind for gate in followed.gates] == ["critical_step"]
    assert followed.score == pytest.approx(100 * (1 - 3 / 5))
    assert not followed.passed(mark=0)
    assert [(record.id, record.outcome) for record in step_records(BOOK, on_call.firm.history, None)] == [
        ("look", "done"), ("stop", "skipped"), ("tell", "done"),
    ]  # fmt: skip


def test_a_required_step_left_out_costs_its_weight() -> None:
    followed = score(worked(BOOK, NEVER, NEVER, NEVER, NEVER, NEVER, 0.0, preset=replace(PERFECT, omission=0.5)))
    assert followed.gates == ()
    assert followed.score == pytest.approx(100 * (1 - 1 / 6)), "5 points of weight, and 1 for the change that was made"
    assert [line.one_line() for line in followed.ledger] == ['-16.7  "tell" was not done. (runbook line 10)']


def test_a_slip_is_a_change_that_nobody_asked_for_and_a_step_that_is_missing() -> None:
    plan = plan_of(LOOK, step("cut", "reduce_size"), TELL)
    on_call = worked(plan, NEVER, NEVER, NEVER, NEVER, 0.0, preset=replace(PERFECT, slip=0.5))
    followed = score(on_call, plan)
    assert on_call.world.strategies.size_factor == 1.0
    assert followed.score == pytest.approx(100 * (1 - 2 / 4))
    assert {(line.kind, line.step) for line in followed.ledger} == {
        ("skipped", "cut"),
        ("unplanned", "slip: reduce_size"),
    }
    assert [record.outcome for record in step_records(plan, on_call.firm.history, None)] == ["done", "slip", "done"]


def test_a_slip_that_was_found_and_mended_costs_only_itself() -> None:
    draws = (NEVER, NEVER, NEVER, NEVER, 0.0, 0.1, NEVER)
    on_call = worked(BOOK, *draws, preset=replace(PERFECT, slip=0.5))
    followed = score(on_call)
    assert on_call.told("slipped", "found_left_out") == ["slipped stop", "found_left_out stop"]
    assert [record.outcome for record in step_records(BOOK, on_call.firm.history, None)] == ["done"] * 3
    assert on_call.world.trading.halted is not None
    assert followed.gates == ()
    assert [line.kind for line in followed.ledger] == ["unplanned"]
    assert 80 < followed.score < 90


class TestDeadlines:
    def plan(self, deadline_s: float) -> Plan:
        return plan_of(LOOK, replace(STOP, deadline_s=deadline_s), TELL)

    def test_time_runs_from_the_detection(self) -> None:
        plan = self.plan(600)
        on_call = worked(plan)
        assert score(on_call, plan).score == 100
        hours_before = adherence_of(plan, on_call.firm.history, on_call.zero_us - 3600 * SECOND, (), None)
        assert [line.kind for line in hours_before.ledger] == ["late"]

    def test_what_came_late_costs_by_how_late_it_was(self) -> None:
        on_call = worked(self.plan(100))
        done_s = on_call.at_s("done", "stop") - on_call.zero_us / SECOND
        followed = score(on_call, self.plan(100))
        assert followed.score == pytest.approx(100 * (1 - 3 * (done_s / 100 - 1) / 9))
        records = step_records(self.plan(100), on_call.firm.history, on_call.zero_us)
        assert [record.outcome for record in records] == ["done", "late", "done"]
        assert records[1].planned_s == on_call.zero_us / SECOND + 100
        assert records[1].done_s == on_call.at_s("done", "stop")

    def test_code_that_halted_in_time_meets_the_deadline_for_the_person(self) -> None:
        def build(desk: Desk) -> Any:
            return {"every": {60: lambda: desk.halt("the code was quicker")}}

        on_call = worked(self.plan(100), hooks=build)
        assert on_call.at_s("done", "stop") - on_call.zero_us / SECOND > 100
        assert score(on_call, self.plan(100)).score == 100

    def test_code_that_was_late_too_does_not(self) -> None:
        def build(desk: Desk) -> Any:
            return {"every": {130: lambda: desk.halt("late")}}

        on_call = worked(self.plan(100), hooks=build)
        assert [line.kind for line in score(on_call, self.plan(100)).ledger] == ["late"]

    def test_looking_cannot_be_done_by_code(self) -> None:
        plan = plan_of(replace(LOOK, deadline_s=60.0), STOP)
        on_call = worked(plan, hooks=lambda desk: {"every": {5: lambda: desk.halt("at once")}})
        assert [line.kind for line in score(on_call, plan).ledger] == ["late"]


class TestWhatIsNotJudged:
    def test_a_step_that_cannot_be_done_is_reported_and_not_counted(self) -> None:
        todo = step("restart", "restart", weight=3.0, critical=True, executable=False, why="only a TODO")
        plan = plan_of(LOOK, todo, step("sing"), TELL)
        on_call = worked(plan)
        followed = score(on_call, plan)
        assert (followed.score, followed.gates) == (100.0, ())
        assert [model.id for model in followed.steps] == ["look", "tell"]
        outcomes = [record.outcome for record in step_records(plan, on_call.firm.history, None)]
        assert outcomes == ["done", "not_executable", "unbound", "done"]

    def test_what_the_run_was_over_before_is_not_missing(self) -> None:
        plan = plan_of(LOOK, step("wait", "monitor", wait_s=86_400.0), STOP)
        on_call = worked(plan)
        followed = score(on_call, plan)
        assert not on_call.responder.finished
        assert (followed.score, followed.gates) == (100.0, ())
        assert [model.id for model in followed.steps] == ["look"]

    def test_but_what_was_left_out_before_is(self) -> None:
        plan = plan_of(STOP, step("wait", "monitor", wait_s=86_400.0), TELL)
        followed = score(worked(plan, NEVER, NEVER, 0.0, preset=replace(PERFECT, omission=0.5)), plan)
        assert [gate.kind for gate in followed.gates] == ["critical_step"]

    def test_of_several_ways_one_is_enough(self) -> None:
        ways = (
            step("a", "look_logs", alternatives="ways", option="a"),
            step("b", "look_data", alternatives="ways", option="b", chosen=False, critical=True, weight=3.0),
        )
        plan = plan_of(LOOK, *ways, TELL)
        on_call = worked(plan)
        assert (score(on_call, plan).score, score(on_call, plan).gates) == (100.0, ())
        assert [record.id for record in step_records(plan, on_call.firm.history, None)] == ["look", "a", "tell"]


class TestWaiting:
    RULE = Constraint("wait", "wait", within_s=600.0, line=12)

    def test_whoever_waited_as_long_as_the_text_says_has_waited(self) -> None:
        plan = plan_of(step("wait", "monitor", wait_s=600.0), STOP, constraints=(self.RULE,))
        assert score(worked(plan), plan).score == 100

    def test_whoever_did_not_has_not(self) -> None:
        plan = plan_of(step("wait", "monitor", wait_s=60.0), STOP, constraints=(self.RULE,))
        assert [(line.kind, line.line) for line in score(worked(plan), plan).ledger] == [("constraint", 12)]


class TestGates:
    def test_an_order_under_the_halt_is_forbidden(self) -> None:
        on_call = worked()
        forbidden = [(on_call.firm.env.now - SECOND, "order sent 8 min after the halt")]
        followed = score(on_call, forbidden=forbidden)
        assert [gate.kind for gate in followed.gates] == ["forbidden_action"]
        assert "order sent 8 min after the halt" in followed.gates[0].text
        assert followed.shown_score <= 49

    def test_a_missed_objective_of_the_persons_own_gates(self) -> None:
        followed = score(worked(), rto_missed="restored after 50 min, objective 45 min")
        assert [(gate.kind, gate.text) for gate in followed.gates] == [
            ("rto_missed", "restored after 50 min, objective 45 min")
        ]
        assert followed.score == 100
        assert not followed.passed()

    def test_a_rule_in_words_counts_where_its_steps_do(self) -> None:
        rule = Constraint("precedence", "tell", "stop", critical=True, line=3)
        plan = replace(BOOK, constraints=(rule, Constraint("precedence", "gone", "stop", critical=True)))
        followed = score(worked(plan), plan)
        assert [(gate.kind, gate.line) for gate in followed.gates] == [("critical_constraint", 3)]

    def test_what_nobody_may_do_counts_although_no_step_does_it(self) -> None:
        plan = replace(BOOK, constraints=(Constraint("absence", "stop_system", line=7),))
        assert score(worked(plan), plan).score == 100


def test_whoever_never_came_did_nothing() -> None:
    on_call = OnCall(BOOK, paged=False)
    on_call.firm.run(60)
    assert score(on_call).steps == ()
    assert [record.outcome for record in step_records(BOOK, on_call.firm.history, None)] == ["skipped"] * 3
