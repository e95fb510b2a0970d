"""The on-call: how long the steps take, what is left out, done wrong, found again, and when a check is given up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drills.human import ACK_MEDIAN_S, ACTIONS, MEDIAN_S, NOTICE_AFTER_S, PRESETS, Preset, median_s, sigma
from sim.clock import MINUTE, SECOND
from sim.desk import Desk
from sim.network import BrokerUnreachable, Verdict
from tests.drills.on_call import NEVER, PERFECT, Chance, OnCall, plan_of, step

LOOK, HALT, CLOSE = step("look", "look_status"), step("stop", "halt"), step("close", "flatten", "verify_flat")
ERRING = Preset("erring", 0.5, 0.5, 0.5, 0.5, scatter=False)
"""Errs wherever the draw is below a half."""


class TestTiming:
    def test_the_perfect_on_call_takes_the_sum_of_the_medians(self) -> None:
        wait = step("wait", "monitor", wait_s=120.0)
        on_call = OnCall(plan_of(LOOK, HALT, step("ask", "approve"), step("tell", "notify"), wait))
        on_call.firm.run(1800)
        called = on_call.at_s("acknowledged")
        assert on_call.at_s("done", "look") == called + 30
        assert on_call.at_s("done", "stop") == called + 60
        assert on_call.at_s("done", "ask") == called + 360
        assert on_call.at_s("done", "tell") == called + 420
        assert on_call.at_s("done", "wait") == called + 540
        assert on_call.at_s("closed") == called + 540
        assert on_call.responder.finished

    def test_the_page_is_acknowledged_a_minute_after_it_came(self) -> None:
        on_call = OnCall(plan_of(LOOK))
        on_call.firm.run(300)
        (delivered,) = on_call.firm.events("page.delivered")
        assert on_call.at_s("acknowledged") == delivered.t_us / SECOND + ACK_MEDIAN_S
        assert on_call.firm.events("page.acknowledged")

    def test_a_change_takes_effect_at_the_end_of_its_step(self) -> None:
        on_call = OnCall(plan_of(HALT))
        on_call.firm.run(600)
        (halted,) = on_call.firm.events("system.halted")
        assert halted.t_us / SECOND == on_call.at_s("started", "stop") + median_s("halt")

    def test_people_scatter_and_the_same_seed_scatters_alike(self) -> None:
        def times(seed: int) -> list[float]:
            on_call = OnCall(plan_of(LOOK, HALT, CLOSE), preset=PRESETS["trained"], seed=seed)
            on_call.firm.run(3600)
            return [event.t_us / SECOND for event in on_call.of("started", "done")]

        assert times(1) == times(1)
        assert times(1) != times(2)

    def test_every_action_has_a_median_and_a_scatter(self) -> None:
        assert set(MEDIAN_S) - {"read", "mutate", "human"} <= set(ACTIONS)
        assert all(median_s(action) > 0 and sigma(action) > 0 for action in ACTIONS)
        assert (median_s("look_logs"), median_s("halt"), median_s("notify"), median_s("decide")) == (30, 30, 60, 45)

    def test_presets_err_more_the_worse_they_are(self) -> None:
        order = [PRESETS[name] for name in ("perfect", "trained", "default", "crisis", "no-runbook")]
        for field in ("omission", "wrong_choice", "slip", "swap"):
            rates = [getattr(preset, field) for preset in order]
            assert rates == sorted(rates), field
        assert not PERFECT.scatter


class TestBeingCalled:
    def test_nobody_moves_before_fault_zero(self) -> None:
        on_call = OnCall(plan_of(LOOK), paged=False)
        on_call.responder._zero_us = on_call.firm.env.now + 10 * MINUTE
        on_call.firm.soon(lambda: on_call.world.page("early", "critical", "test"))
        on_call.firm.run(500)
        assert on_call.told("acknowledged") == []

    def test_a_first_page_that_is_missed_is_escalated_to_the_next(self) -> None:
        on_call = OnCall(plan_of(LOOK), preset=replace(PERFECT, scatter=True), chance=Chance(0.0))
        on_call.firm.run(1800)
        assert [(event.data["role"]) for event in on_call.of("missed_page")] == ["primary"]
        assert [event.data["role"] for event in on_call.of("acknowledged")] == ["secondary"]
        assert on_call.at_s("acknowledged") - on_call.at_s("missed_page") > 300
        assert "done look" in on_call.told("done")

    def test_only_the_first_page_is_missed(self) -> None:
        on_call = OnCall(plan_of(LOOK), preset=replace(PERFECT, scatter=True), chance=Chance(0.0, 0.0))
        on_call.firm.after(60, lambda: on_call.world.page("still broken", "critical", "test"))
        on_call.firm.run(300)
        assert len(on_call.of("missed_page")) == 1

    def test_without_a_page_somebody_notices_what_has_been_broken_for_a_while(self) -> None:
        on_call = OnCall(plan_of(LOOK), paged=False)
        mute(on_call)
        on_call.firm.soon(lambda: on_call.world.trading.halt("loss", by="test"))
        on_call.firm.run(NOTICE_AFTER_S - 60)
        assert on_call.told("noticed") == []
        on_call.firm.run(180)
        assert on_call.told("noticed") == ["noticed"]
        on_call.firm.run(60)
        assert on_call.told("done") == ["done look"]

    def test_what_breaks_later_is_noticed_later(self) -> None:
        on_call = OnCall(plan_of(LOOK), paged=False)
        mute(on_call)
        on_call.firm.after(3000, lambda: on_call.world.trading.halt("loss", by="test"))
        on_call.firm.run(3000 + NOTICE_AFTER_S - 60)
        assert on_call.told("noticed") == []
        on_call.firm.run(180)
        assert on_call.told("noticed") == ["noticed"]

    def test_what_is_not_broken_is_not_noticed(self) -> None:
        on_call = OnCall(plan_of(LOOK), paged=False)
        mute(on_call)
        on_call.firm.after(300, lambda: on_call.world.trading.halt("a test", by="test"))
        on_call.firm.after(600, lambda: on_call.world.trading.resume(by="test"))
        on_call.firm.run(7200)
        assert not on_call.responder.called

    def test_rows_of_the_escalation_table_fall_due_while_the_incident_lasts(self) -> None:
        table = ((0.0, "engineer"), (120.0, "lead"), (3600.0, "officer"), (None, "compliance"))
        on_call = OnCall(plan_of(step("ask", "approve"), escalation=table))
        on_call.firm.run(7200)
        assert [event.data["role"] for event in on_call.of("escalated_by_table")] == ["lead"]


class TestErrors:
    def test_a_step_may_be_left_out_and_be_found_when_the_list_is_read_once_more(self) -> None:
        on_call = OnCall(plan_of(LOOK, HALT), preset=ERRING, chance=Chance(NEVER, 0.1, NEVER, NEVER, 0.1))
        on_call.firm.run(900)
        assert on_call.told() == [
            "left_out look", "started stop", "done stop", "found_left_out look", "started look", "done look",
        ]  # fmt: skip
        assert [event.data["late"] for event in on_call.of("done")] == [False, True]

    def test_what_nobody_finds_stays_undone(self) -> None:
        on_call = OnCall(plan_of(LOOK, HALT), preset=replace(PERFECT, omission=1.0), chance=Chance(*[NEVER, 0.1, 0.1]))
        on_call.firm.run(900)
        assert on_call.told("left_out", "done") == ["left_out look", "left_out stop"]
        assert on_call.world.trading.halted is None
        assert on_call.responder.finished

    def test_a_slip_looks_done_and_changes_nothing(self) -> None:
        on_call = OnCall(plan_of(HALT), preset=replace(PERFECT, slip=1.0), chance=Chance(NEVER, 0.0, NEVER))
        on_call.firm.run(600)
        assert on_call.told("slipped", "done") == ["slipped stop", "done stop"]
        (done,) = on_call.of("done")
        assert (done.data["ok"], done.data["text"]) == (True, "done (to the wrong object)")
        assert on_call.world.trading.halted is None

    def test_a_check_that_fails_uncovers_the_slip_and_it_is_done_again_late(self) -> None:
        check = step("check", "verify_halted")
        on_call = OnCall(
            plan_of(HALT, check), preset=replace(PERFECT, slip=0.5), chance=Chance(NEVER, NEVER, 0.0, NEVER, 0.1)
        )
        on_call.firm.run(900)
        assert on_call.told("slipped", "found_left_out", "done") == [
            "slipped stop", "done stop", "found_left_out stop", "done stop", "done check",
        ]  # fmt: skip
        assert on_call.world.trading.halted is not None
        assert on_call.of("done")[-1].data["ok"]

    def test_two_slips_in_one_step_are_mended_once(self) -> None:
        twice = step("both", "safe_mode", "reduce_size")
        on_call = OnCall(
            plan_of(twice), preset=replace(PERFECT, slip=0.5), chance=Chance(NEVER, 0.0, 0.0, 0.1, NEVER, NEVER, 0.1)
        )
        on_call.firm.run(900)
        assert on_call.told("slipped", "found_left_out") == ["slipped both", "slipped both", "found_left_out both"]
        assert on_call.world.trading.safe_mode

    def test_neighbours_may_be_swapped(self) -> None:
        on_call = OnCall(
            plan_of(LOOK, HALT, step("tell", "notify")), preset=replace(PERFECT, swap=0.5), chance=Chance(0.1, NEVER)
        )
        on_call.firm.run(900)
        assert on_call.told("done") == ["done stop", "done look", "done tell"]

    def test_a_wrong_option_may_be_taken_and_only_one_is(self) -> None:
        ways = (
            step("by-system", "flatten", alternatives="ways", option="a"),
            step("by-phone", "call_broker", alternatives="ways", option="b", chosen=False),
            step("hang-up", "document", alternatives="ways", option="b", chosen=False),
        )
        right = OnCall(plan_of(LOOK, *ways), chance=Chance(NEVER))
        wrong = OnCall(plan_of(LOOK, *ways), preset=replace(PERFECT, wrong_choice=0.5), chance=Chance(0.1))
        for on_call in (right, wrong):
            on_call.firm.run(1200)
        assert right.told("done") == ["done look", "done by-system"]
        assert wrong.told("done") == ["done look", "done by-phone", "done hang-up"]
        (decided,) = wrong.of("decided_wrongly")
        assert (decided.subject, decided.data["instead_of"]) == ("by-phone", "by-system")

    def test_an_unclear_text_doubles_the_chance_of_it(self) -> None:
        ways = (
            step("a", "look_logs", alternatives="ways", option="a", complex=True),
            step("b", "look_data", alternatives="ways", option="b", chosen=False),
        )
        on_call = OnCall(plan_of(*ways), preset=replace(PERFECT, wrong_choice=0.3), chance=Chance(0.5))
        on_call.firm.run(600)
        assert on_call.told("done") == ["done b"]

    def test_what_the_text_only_promises_cannot_be_done(self) -> None:
        todo = step("restart", "restart", executable=False, why="only a TODO stands there")
        unbound = step("sing", why="no action is known")
        on_call = OnCall(plan_of(todo, unbound, LOOK))
        on_call.firm.run(900)
        assert on_call.told() == [
            "started restart", "could_not_do restart", "started sing", "could_not_do sing", "started look", "done look",
        ]  # fmt: skip
        assert on_call.firm.events("system.stopped") == []

    def test_information_is_read_and_not_done(self) -> None:
        on_call = OnCall(plan_of(LOOK, step("causes", kind="info")))
        on_call.firm.run(600)
        assert on_call.told("started") == ["started look"]


class TestVerifying:
    def test_a_check_is_repeated_for_as_long_as_the_outage_lasts(self) -> None:
        outage = {"kind": "broker_refused", "at": "1s", "for": "15m"}
        on_call = OnCall(plan_of(step("check", "verify_connected")), outage)
        on_call.firm.run(1500)
        looks = [event for event in on_call.of("action") if event.subject == "verify_connected"]
        assert len(looks) > 10
        assert [event.data["ok"] for event in looks] == [False] * (len(looks) - 1) + [True]
        (done,) = on_call.of("done")
        assert done.data["ok"]
        assert done.t_us / SECOND - 15 * 60 < 120

    def test_it_is_given_up_when_nothing_is_broken_any_more_and_it_still_fails(self) -> None:
        on_call = OnCall(plan_of(step("check", "verify_flat"), LOOK))
        on_call.firm.run(1200)
        looks = [event for event in on_call.of("action") if event.subject == "verify_flat"]
        assert (looks[-1].t_us - looks[0].t_us) / SECOND == 10 * 60
        assert [event.data["ok"] for event in on_call.of("done")] == [False, True]

    def test_a_fault_that_nobody_outside_ends_is_not_waited_for(self) -> None:
        stays = {"kind": "process_crash", "at": "1s", "workload": "redis", "stays_down": True}
        on_call = OnCall(plan_of(step("check", "verify_flat")), stays)
        on_call.firm.run(1500)
        assert on_call.responder.finished


class TestCommands:
    def test_a_command_without_an_answer_is_given_up_after_three_minutes(self) -> None:
        def build(desk: Desk) -> Any:
            return {"endpoints": {"halt": lambda: desk.broker.positions(timeout=3600)}}

        on_call = OnCall(plan_of(HALT, LOOK), hooks=build)
        on_call.firm.rule(Verdict(hang=True), "positions")
        on_call.firm.run(1200)
        (action, _) = on_call.of("action")
        assert (action.data["ok"], action.data["text"]) == (False, "no answer, given up")
        assert on_call.at_s("done", "stop") == on_call.at_s("started", "stop") + 30 + 180

    def test_a_command_that_answers_later_is_waited_for(self) -> None:
        def build(desk: Desk) -> Any:
            return {"endpoints": {"halt": lambda: desk.sleep(50) or "halted after all"}}

        on_call = OnCall(plan_of(HALT), hooks=build)
        on_call.firm.run(600)
        (action,) = on_call.of("action")
        assert (action.data["ok"], action.data["text"]) == (True, "halted after all")
        assert round(action.t_us / SECOND - on_call.at_s("started", "stop")) == 30 + 50

    def test_what_failed_is_told_as_it_was_said(self) -> None:
        on_call = OnCall(plan_of(step("cancel", "cancel_orders")))
        on_call.firm.rule(Verdict(error=BrokerUnreachable("connection refused")))
        on_call.firm.run(600)
        (done,) = on_call.of("done")
        assert (done.data["ok"], done.data["text"]) == (False, "cancel failed: connection refused")

    def test_approval_names_who_gave_it(self) -> None:
        on_call = OnCall(plan_of(step("ask", "approve")))
        on_call.firm.run(900)
        (approval,) = on_call.of("approval")
        assert approval.data["by"] == "risk officer"

    @pytest.mark.parametrize(
        ("actions", "effect"),
        [(("look_logs", "notify"), "human"), (("look_logs", "halt"), "mutate"), (("look_logs",), "read")],
    )
    def test_a_step_is_as_grave_as_the_gravest_thing_in_it(self, actions: tuple[str, ...], effect: str) -> None:
        on_call = OnCall(plan_of(step("it", *actions)))
        on_call.firm.run(600)
        (done,) = on_call.of("done")
        assert (done.data["effect"], done.data["actions"]) == (effect, list(actions))


def mute(on_call: OnCall) -> None:
    """Let no page reach anybody."""
    on_call.world.pager._on_page.clear()
