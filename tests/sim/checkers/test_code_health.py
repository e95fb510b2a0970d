"""The mitigation code itself: hangs, storms of errors, starts that fail."""

from __future__ import annotations

from tests.sim.checkers.kit import check, failures
from tests.sim.chronicle import Chronicle

NAME = "code-health"


def error(story: Chronicle, hook: str) -> Chronicle:
    """Something the code did not catch."""
    return story.note("code.error", "trading-system", hook=hook, error="KeyError: 'SPY'", at="bot.py:33")


def test_a_call_without_a_timeout_that_never_came_back() -> None:
    story = Chronicle().at(900).note("code.hang", "trading-system", endpoint="account", at="bot.py:7", waited_s=300.0)
    [evidence] = check(NAME, story).evidence
    assert (evidence.title, evidence.source) == ("a call never came back", "bot.py:7")


def test_one_error_is_shown_and_a_storm_fails() -> None:
    story = error(Chronicle().at(700), "every[1]")
    assert check(NAME, story).verdict == "pass"
    for t in (710, 720, 730, 740):
        error(story.at(t), "every[1]")
    assert failures(NAME, story) == ["unhandled error in every[1]"]


def test_errors_far_apart_are_no_storm() -> None:
    story = Chronicle()
    for t in (700, 1200, 1700, 2200, 2700):
        error(story.at(t), "on_bar")
    assert failures(NAME, story) == []


def test_a_start_that_dies_on_a_broken_file_fails_at_once() -> None:
    story = error(Chronicle().at(700).stopped().at(720).note("system.started", positions={}), "build")
    assert failures(NAME, story) == ["build failed", "code not ready after the start"]


def test_a_process_that_is_killed_again_while_it_builds_is_not_slow() -> None:
    story = (
        Chronicle().at(700).stopped().at(720).note("system.started", positions={}).at(740).stopped().at(760).started()
    )
    assert failures(NAME, story) == []


def test_a_program_that_dies_of_an_error_is_gone_and_one_that_lives_on_is_shown() -> None:
    dead = Chronicle().at(700).note("code.error", "trading-system", hook="-m bot", error="KeyError: 'x'", at="bot.py:7")
    dead.note("code.exit", "trading-system", hook="-m bot", code="1")
    assert failures(NAME, dead) == ["-m bot died"]
    thread = Chronicle().at(700).note("code.error", "trading-system", hook="thread x", error="KeyError: 'x'", at="")
    assert failures(NAME, thread) == []


def leaves(story: Chronicle) -> Chronicle:
    """A program ends by itself, and says that all is well."""
    return story.note("code.exit", "trading-system", hook="reconnector.py", code="0")


def test_one_that_leaves_while_the_broker_is_out_has_given_up() -> None:
    story = leaves(Chronicle().at(640).fault("broker_refused").at(700))
    assert failures(NAME, story, halt="either") == ["reconnector.py gave up during the incident"]
    assert "while the broker was still in trouble" in check(NAME, story, halt="either").evidence[0].detail


def test_one_that_leaves_after_its_work_is_shown_and_not_judged() -> None:
    outage = Chronicle().at(640).fault("broker_refused")
    halted = leaves(outage.at(690).note("system.halted", "trading-system", reason="loss", by="bot").at(700))
    for story, changes in (
        (halted, {"halt": "either"}),
        (leaves(Chronicle().at(640).fault("broker_refused").at(700)), {"halt": "required"}),
        (leaves(Chronicle().at(640).fault("price_shock", component="feed").at(700)), {"halt": "either"}),
    ):
        assert failures(NAME, story, **changes) == []
        assert [e.title for e in check(NAME, story, **changes).evidence] == ["reconnector.py ended during the incident"]
    healed = leaves(Chronicle().at(640).fault("broker_refused").at(680).healed("broker_refused").at(700))
    assert check(NAME, healed, halt="either").evidence == ()
    assert check(NAME, Chronicle().at(700).note("code.exit", "somebody", hook="reset", code="0")).evidence == ()


def test_what_the_drill_does_not_have_is_shown_once_and_fails_nobody() -> None:
    """An alert to a chat, a price from another vendor: the code went on as if the host could not be found."""
    story = Chronicle()
    for t, kind, what in ((700, "host", "chat.example.org"), (760, "host", "chat.example.org"), (800, "process", "ls")):
        story.at(t).note("code.refused", "trading-system", refused=kind, what=what, at="alerts.py:8")
    result = check(NAME, story)
    assert result.verdict == "pass"
    assert [(evidence.title, evidence.severity) for evidence in result.evidence] == [
        ("not part of a drill: host chat.example.org", "warning"), ("not part of a drill: process ls", "warning"),
    ]  # fmt: skip


def test_one_that_had_done_its_work_before_the_incident_is_shown_with_the_way_to_drill_it() -> None:
    story = Chronicle().at(30).note("code.exit", "trading-system", hook="flatten.py", code="0")
    story.at(640).fault("broker_refused")
    [evidence] = check(NAME, story).evidence
    assert (evidence.title, evidence.severity) == ("flatten.py ended before the incident", "warning")
    assert "--exec" in evidence.detail
