"""The text decides: what its commands do, and nothing else, is what happens."""

from __future__ import annotations

import pytest

from drills.measuring import Measured
from drills.rehearsal.rehearse import Rehearsed
from drills.rehearsal.verdict import verdict_of
from results.evidence import Verdict
from tests.drills.rehearsal.texts import follow, step
from tests.drills.rehearsal.typist import acts, hangs, in_pod, says, typists, unknown

RELEASE = """
    # Kill switch

    ## Kill switch triggered

    1. **Check why**
       ```bash
       status
       ```

    2. **Get approval from the risk officer**

    3. **Reset the kill switch**
       ```bash
       # Reset the halt
       {reset}
       ```
    """


def _released(shown: Measured) -> bool:
    events = shown.run.history.of("system.halted", "system.resumed")
    return events[-1].kind == "system.resumed"


def test_commands_that_work_restore_the_firm() -> None:
    shown = follow(RELEASE.format(reset="reset"))
    assert verdict_of(shown) is Verdict.PASS
    assert [s.outcome for s in shown.steps] == ["done", "done", "done"]
    assert _released(shown.measured)
    assert shown.unaided.rto_us is None, "the reference bot does not release its own halt"


def test_a_command_that_only_says_so_leaves_the_halt() -> None:
    """The title says reset, the command is an echo: the bound action must not be done behind the text's back."""
    shown = follow(RELEASE.format(reset='python -c "from kill_switches import KillSwitches"'))
    assert verdict_of(shown) is Verdict.FAIL
    assert not _released(shown.measured)
    reset = step(shown, "Reset")
    assert reset.outcome == "done"
    assert reset.commands[0].exit_code == 0
    assert reset.broken_promises == ["reset_halt: still halted: daily loss 3.0 %"]


def test_a_todo_is_not_carried_out_by_what_it_would_have_meant() -> None:
    shown = follow(RELEASE.format(reset="# TODO: Implement reset command"))
    assert verdict_of(shown) is Verdict.FAIL
    assert step(shown, "Reset").outcome == "not_executable"
    assert not _released(shown.measured)


def test_a_sentence_without_a_command_is_done_by_hand() -> None:
    shown = follow("""
        # Kill switch triggered

        1. Get approval from the risk officer
        2. Reset the kill switch
        """)
    assert step(shown, "Reset").by_hand[0].startswith("reset_halt")
    assert verdict_of(shown) is Verdict.PASS


def test_a_bullet_below_which_a_command_stands_is_that_command() -> None:
    """The bullet that is followed by a command is how the command is introduced; the other one is done by hand."""
    shown = follow("""
        # Kill switch triggered

        1. **Get approval from the risk officer**
        2. **Release**
           - Reset the kill switch:
             ```bash
             true
             ```
           - Notify the desk
        """)
    release = step(shown, "Release")
    assert [command.text for command in release.commands] == ["true"]
    assert release.by_hand == ["notify"]
    assert not _released(shown.measured)


OPTIONS = """
    # Kill switch triggered

    1. **Get approval from the risk officer**
    2. **Reset the kill switch**
       ```bash
       # Option A
       {first}

       # Option B
       {second}
       ```
    """


def _taken(shown: Rehearsed) -> list[tuple[str, bool]]:
    return [(e.subject, e.data["taken"]) for e in shown.measured.run.history.of("responder.option")]


def test_options_are_tried_in_the_order_of_the_text() -> None:
    shown = follow(OPTIONS.format(first="no-such-program", second="reset"))
    assert _taken(shown) == [("A", False), ("B", True)]
    assert verdict_of(shown) is Verdict.PASS
    assert [c.outcome for c in step(shown, "Reset").commands] == ["failed", "ok"]


def test_an_option_that_works_leaves_the_others_alone() -> None:
    shown = follow(OPTIONS.format(first="reset", second="stop-all"))
    assert _taken(shown) == [("A", True)]
    assert [c.outcome for c in step(shown, "Reset").commands] == ["ok", "not_taken"]
    assert shown.measured.run.history.first("system.stopped") is None


def test_an_option_that_reports_success_and_changes_nothing_was_not_carried_out() -> None:
    shown = follow(OPTIONS.format(first="reset --dry-run", second="reset"), open_terminal=typists(dry=says("ok\n")))
    assert _taken(shown)[-1] == ("B", True)
    assert _released(shown.measured)


def test_a_stated_wait_is_waited() -> None:
    shown = follow("""
        # Kill switch triggered

        1. Get approval from the risk officer
        2. Wait 20 minutes before the reset
        3. **Reset the kill switch**
           ```bash
           reset
           ```
        """)
    wait, reset = step(shown, "Wait"), step(shown, "Reset")
    assert wait.waited_s == 1200
    assert reset.started_s is not None
    assert wait.started_s is not None
    assert reset.started_s - wait.started_s == pytest.approx(1200)


def test_a_text_that_says_to_wait_for_a_day_does_not_recover_in_time() -> None:
    shown = follow("""
        # Kill switch triggered

        1. Wait 24 hours for the automatic reset
        2. **Reset the kill switch**
           ```bash
           reset
           ```
        """)
    assert verdict_of(shown) is Verdict.FAIL
    assert step(shown, "Reset").outcome == "not_reached"


def test_a_placeholder_that_nothing_explains_cannot_be_typed() -> None:
    shown = follow(RELEASE.format(reset="reset --strategy <strategy_id>"))
    [command] = step(shown, "Reset").commands
    assert (command.outcome, command.typed, command.times) == ("not_executable", None, 0)
    assert "<strategy_id>" in command.why
    assert verdict_of(shown) is Verdict.FAIL


def test_a_placeholder_that_the_firm_makes_clear_is_filled_and_said() -> None:
    shown = follow(RELEASE.format(reset="reset --pod <pod-name>"))
    [command] = step(shown, "Reset").commands
    assert command.typed is not None
    assert command.typed.startswith("reset --pod trading-system")
    assumed = [e.data["text"] for e in shown.measured.run.history.of("responder.assumed")]
    assert any(text.startswith("<pod-name> is trading-system") for text in assumed)
    assert verdict_of(shown) is Verdict.PASS


def test_what_the_firm_does_not_know_makes_no_verdict() -> None:
    shown = follow(RELEASE.format(reset="teleport"))
    assert step(shown, "Reset").commands[0].outcome == "not_here"
    assert verdict_of(shown) is Verdict.INCONCLUSIVE


def test_a_command_that_never_answers_is_interrupted() -> None:
    shown = follow(RELEASE.format(reset="sleep-forever"), open_terminal=typists(sleep=hangs()))
    [command] = step(shown, "Reset").commands
    assert (command.outcome, command.exit_code) == ("failed", None)
    assert "interrupted" in command.why


def test_a_check_is_typed_again_until_it_holds() -> None:
    """The pods need a while; a person who is told to verify that trading goes on looks again."""
    shown = follow(
        """
        # Kill switch triggered

        1. Get approval from the risk officer
        2. **Restart**
           ```bash
           # Stop the trading system
           stop-all

           # Start the trading system
           start-all

           # Reset the halt
           reset

           # Verify that trading has resumed
           verify trading
           ```
        """,
        open_terminal=typists(**{"^reset": in_pod("reset_halt"), "^verify_trading": acts("verify_trading")}),
    )
    check = step(shown, "Restart").commands[-1]
    assert check.text == "verify trading"
    assert check.times >= 1


@pytest.mark.parametrize("seed", [0, 3])
def test_the_same_seed_gives_the_same_history(seed: int) -> None:
    from dataclasses import replace

    from drills.code import load_mitigation
    from drills.rehearsal.rehearse import Stage
    from drills.rehearsal.script import write_script
    from scenarios.loader import load_scenario
    from tests.drills.rehearsal.texts import text_of

    scenario = load_scenario("q1-daily-loss")
    text = text_of(RELEASE.format(reset="reset"))
    script = write_script(text.runbook, text.procedure, text.plan(scenario), scenario)
    stage = Stage(scenario, seed, load_mitigation(None, None), typists(teleport=unknown("x")))
    digest = stage.play(script).run.history.digest()
    assert stage.play(script).run.history.digest() == digest
    assert replace(stage, seed=seed + 1).play(script).run.history.digest() != digest
