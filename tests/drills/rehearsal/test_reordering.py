"""A step that is impossible in the state left by the step before: found by typing it earlier."""

from __future__ import annotations

from drills.rehearsal.findings import IMPOSSIBLE_AFTER, NEVER_RECOVERS, rehearsal_findings
from drills.rehearsal.reordering import move
from drills.rehearsal.script import Type
from drills.rehearsal.verdict import verdict_of
from results.evidence import Verdict
from tests.drills.rehearsal.texts import follow
from tests.drills.rehearsal.typist import in_pod, typists

SELF_DEFEATING = """
    # Drawdown emergency

    ## Response

    1. **Emergency shutdown**
       ```bash
       # Stop all trading immediately
       kubectl scale deployment trading-system --replicas=0

       # Close all open positions
       close-all-positions
       ```
    """


def test_a_pod_that_was_scaled_away_cannot_close_positions() -> None:
    shown = follow(SELF_DEFEATING, "q1-drawdown-20", with_code=False)
    [earlier] = shown.earlier
    assert (earlier.line, earlier.before_line) == (11, 8)
    assert verdict_of(shown) is Verdict.FAIL
    found = {finding.id: finding for finding in rehearsal_findings(shown)}
    assert found[IMPOSSIBLE_AFTER].runbook_line == 11
    assert "positions stay open" in found[IMPOSSIBLE_AFTER].detail
    assert "Type line 11 before line 8" in found[IMPOSSIBLE_AFTER].detail
    assert "positions are open at the broker" in found[NEVER_RECOVERS].detail


def test_where_the_code_closed_them_the_text_still_fails_and_says_what_is_masked() -> None:
    late = SELF_DEFEATING.replace("    1. **Emergency", "    1. Wait 10 minutes and watch\n\n    2. **Emergency")
    shown = follow(late, "q1-drawdown-20")
    assert verdict_of(shown) is Verdict.FAIL
    [finding] = [f for f in rehearsal_findings(shown) if f.id == IMPOSSIBLE_AFTER]
    assert "Here the code did it instead" in finding.detail


def test_a_command_that_fails_wherever_it_stands_is_no_matter_of_order() -> None:
    shown = follow(SELF_DEFEATING, "q1-drawdown-20", typists(**{"close-all": in_pod("flatten"), "^never": in_pod("x")}))
    swapped = move(shown.script, "no such command", shown.earlier[0].before)
    assert swapped is None
    broken = follow(SELF_DEFEATING.replace("close-all-positions", "no-such-program"), "q1-drawdown-20")
    assert broken.earlier == ()
    assert any(f.id == "command-failed" for f in rehearsal_findings(broken))


def test_moving_keeps_everything_else_where_it_was() -> None:
    shown = follow(SELF_DEFEATING, "q1-drawdown-20")
    [earlier] = shown.earlier
    moved = move(shown.script, earlier.command, earlier.before)
    assert moved is not None
    order = [part.command.text.split()[0] for step in moved.steps for part in step.parts if isinstance(part, Type)]
    assert order == ["close-all-positions", "kubectl"]


def test_every_recovery_predicate_has_its_words() -> None:
    """A predicate without a sentence of its own would be told by its name in the code."""
    from drills.rehearsal.still_broken import _WORDS
    from sim.levels import LEVELS
    from sim.predicates import PREDICATES

    assert {*PREDICATES, *(level.__name__ for level in LEVELS.values())} <= set(_WORDS)
