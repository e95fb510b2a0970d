"""The run of all checkers: a crash is never a pass, a flood is cut, and nothing crashes on any story."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sim.checkers.base import CannotTell, CheckResult, Evidence, worst
from sim.checkers.suite import CHECKS, run_checks
from sim.demands import Demands
from sim.history import History
from sim.moments import moments
from sim.predicates import recovery
from tests.sim.chronicle import END_S, Chronicle, demands, us


def crash(history: History, demands: Demands) -> list[Evidence]:
    """A checker with a mistake in it."""
    raise KeyError("position")


def unseen(history: History, demands: Demands) -> list[Evidence]:
    """A checker that has not seen enough."""
    raise CannotTell("the market was closed")


def flood(history: History, demands: Demands) -> list[Evidence]:
    """A checker that finds the same thing hundreds of times, and one grave thing last."""
    return [*(Evidence(n, "again", "", "info") for n in range(300)), Evidence(999, "grave", "")]


def test_a_checker_that_crashes_is_inconclusive_and_says_where() -> None:
    [result] = run_checks(Chronicle().history, demands(), {"broken": crash})
    assert result.verdict == "inconclusive"
    assert result.reason.startswith("checker crashed at test_suite.py:")
    assert "KeyError: 'position'" in result.reason


def test_a_checker_that_cannot_tell_says_why() -> None:
    assert run_checks(Chronicle().history, demands(), {"shut": unseen}) == (
        CheckResult("shut", "inconclusive", (), "the market was closed"),
    )


def test_a_flood_is_cut_but_never_its_gravest_part() -> None:
    [result] = run_checks(Chronicle().history, demands(), {"flood": flood})
    assert result.verdict == "fail"
    assert len(result.evidence) == 21
    assert "grave" in {evidence.title for evidence in result.evidence}
    assert result.evidence[-1].title == "and 281 more"


def test_fail_beats_inconclusive_beats_pass() -> None:
    assert worst(["pass", "fail", "inconclusive"]) == "fail"
    assert worst(["pass", "inconclusive"]) == "inconclusive"
    assert worst(["pass"]) == "pass"
    assert worst([]) == "inconclusive"


def test_an_ordinary_hour_passes_everything() -> None:
    story = Chronicle(SPY=100)
    for n in range(20):
        story.at(620 + 100 * n).order(f"o{n}", 1 if n % 2 else -1, 5, reducing=n % 2 == 0).at(621 + 100 * n).filled(
            f"o{n}"
        )
    assert {result.verdict for result in run_checks(story.history, demands())} == {"pass"}
    assert [result.name for result in run_checks(story.history, demands())] == list(CHECKS)


# Any story at all: the verbs in any order, whether or not they make sense together.

symbols = st.sampled_from(["SPY", "QQQ"])
ids = st.sampled_from(["o1", "o2", "o3"])
flags = st.booleans()
sources = st.sampled_from(["strategy", "mitigation"])
sides = st.sampled_from([1, -1])
sizes = st.integers(1, 300)
reasons = st.sampled_from(["no broker session", "halted: loss", "data guard: gap", ""])
texts = st.sampled_from(["all positions closed", "SPY flattened", ""])

verbs = st.one_of(
    st.tuples(st.just("fault"), st.sampled_from(["broker_refused", "bad_bars", "manual_kill", "adverse_move"])),
    st.tuples(st.just("healed"), st.sampled_from(["broker_refused", "bad_bars"])),
    st.tuples(st.just("sent"), ids, sides, sizes, symbols, sources, flags),
    st.tuples(st.just("taken"), ids),
    st.tuples(st.just("acked"), ids),
    st.tuples(st.just("canceled"), ids),
    st.tuples(st.just("filled"), ids, sizes, flags),
    st.tuples(st.just("booked"), ids, sizes),
    st.tuples(st.just("by_hand"), symbols, sizes),
    st.tuples(st.just("adopted"), symbols, st.integers(-300, 300)),
    st.tuples(st.just("denied"), ids, reasons, sides, sizes, symbols, sources, flags),
    st.tuples(st.just("bad_data"), symbols, st.sampled_from(["nan", "gap", "frozen", "out_of_order", "unheard_of"])),
    st.tuples(st.just("good_data"), symbols),
    st.tuples(st.just("claim"), st.sampled_from(["flat", "no_live_orders", "reconciled", "halted"]), texts),
    st.tuples(st.just("alert"), st.sampled_from(["A", "B"]), st.sampled_from(["info", "critical"])),
    st.tuples(st.sampled_from(["halted", "resumed", "approved", "stopped", "started", "lost", "restored"])),
)

needs = st.sampled_from(["required", "forbidden", "either"])


@given(
    steps=st.lists(st.tuples(st.integers(0, 200), verbs), max_size=40),
    halt=needs, flatten=needs, alarm=needs, resume=flags, automation_only=flags, priced=flags,
    release=st.sampled_from(["approval", "next_session", "never"]), closes_s=st.integers(1, END_S),
)  # fmt: skip
@settings(deadline=None)
def test_no_judge_crashes_whatever_happened(
    steps: list[tuple[int, tuple[object, ...]]], halt: str, flatten: str, alarm: str, resume: bool,
    automation_only: bool, priced: bool, release: str, closes_s: int,
) -> None:  # fmt: skip
    story, t = Chronicle(SPY=100), 500
    for order_id in ("o1", "o2", "o3"):
        story.sent(order_id, 1, 10)
    for wait, (verb, *args) in steps:
        t = min(t + wait, END_S)
        getattr(story.at(t), str(verb))(*args)
    if priced:
        story.equity((0, 1_000_000), (900, 960_000), (1500, 990_000))
    wanted = demands(
        halt=halt, flatten=flatten, alarm=alarm, resume=resume, automation_only=automation_only, halt_release=release,
        sessions=((0, us(closes_s)), (us(closes_s + 100), us(9_000))),
    )  # fmt: skip
    results = run_checks(story.history, wanted)
    assert not [result.reason for result in results if "crashed" in result.reason]
    for predicate in recovery(story.history, wanted):
        previous = -1
        for start, end in predicate.bad:
            assert previous < start < wanted.horizon_us
            assert end is None or start < end < wanted.horizon_us
            previous = wanted.horizon_us if end is None else end
    seen = moments(story.history, wanted)
    assert seen.detected_us is None or seen.impact_us is None or seen.detected_us >= seen.impact_us
