"""The recovery predicates: what must hold before trading counts as restored.

They are about trading, not about pods. Each is read from the events alone and says when it did not hold, in
half-open stretches; `drills.rto` finds the first window in which all of them hold. What lasts shorter than
`Demands.settle_us` is a message on its way and no breach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.demands import Demands
from sim.history import History
from sim.holdings import book_holdings, differing, ledger_holdings
from sim.impact import flatten_due_us, halt_due_us
from sim.impairment import impaired
from sim.levels import LEVELS
from sim.reading import bad_feed, broker_orders, disconnected, down, flag_halted, halts, lab, safe_mode, states
from sim.risk_limits import over_limit
from sim.spans import FOREVER, Span, at_least, both, minus, open_ended, union


@dataclass(frozen=True, slots=True)
class Recovery:
    """A condition of healthy trading, and when it did not hold (None: not again within the run)."""

    name: str
    bad: tuple[tuple[int, int | None], ...] = ()


def recovery(history: History, demands: Demands) -> tuple[Recovery, ...]:
    """Every predicate of this run, with its bad stretches from fault zero to the horizon.

    Beside those of trading, the service levels that the incident is about.
    """
    after_zero = [(demands.zero_us, FOREVER)]
    return tuple(
        Recovery(name, open_ended(both(bad(history, demands), after_zero), demands.horizon_us))
        for name, bad in (*PREDICATES.items(), *_levels(demands))
    )


def _levels(demands: Demands) -> list[tuple[str, Callable[[History, Demands], list[Span]]]]:
    return [(level.__name__, level) for name, level in LEVELS.items() if name in demands.levels]


def orders_clean(history: History, demands: Demands) -> list[Span]:
    """Under a halt the broker works no order that adds risk, whether or not it was ever acknowledged."""
    risky = union(order.life for order in broker_orders(history) if order.adds_risk)
    return at_least(both(risky, [halt.span for halt in halts(history)]), demands.settle_us)


def books_match(history: History, demands: Demands) -> list[Span]:
    """The system's book equals the Ledger; while the system is down there is no book to compare."""
    apart = differing(ledger_holdings(history), book_holdings(history))
    lasting = union(*(at_least(spans, demands.settle_us) for spans in apart.values()))
    return minus(lasting, down(history))


def connected(history: History, demands: Demands) -> list[Span]:
    """The firm has a session with its broker."""
    return disconnected(history)


def process_up(history: History, demands: Demands) -> list[Span]:
    """The trading system runs and its mitigation code is built."""
    return down(history)


def feed_good(history: History, demands: Demands) -> list[Span]:
    """The market data of every symbol is fresh and valid while the market trades."""
    return both(union(*bad_feed(history).values()), demands.open_spans())


def kill_state(history: History, demands: Demands) -> list[Span]:
    """The halt is as demanded: set where it must be, released where trading must resume, absent where forbidden."""
    latched = union(halt.span for halt in halts(history))
    if demands.halt == "forbidden":
        return latched
    held_back = latched if demands.resumes else []
    if demands.halt == "either":
        return held_back
    due = [(halt_due_us(history, demands), FOREVER)]
    if demands.resumes:
        return union(_until_first(due, latched), held_back)
    return minus(due, union(flag_halted(history), both(down(history), latched)))


def flat(history: History, demands: Demands) -> list[Span]:
    """Where positions must be closed: they are, from when that was due until a release allows new ones."""
    if demands.flatten != "required":
        return []
    due_us = flatten_due_us(history, demands)
    released = [halt.end_us for halt in halts(history) if halt.end_us > due_us]
    return both([(due_us, released[0] if released else FOREVER)], ledger_holdings(history).open_spans())


def trading(history: History, demands: Demands) -> list[Span]:
    """New risk is accepted again: a strategy's order acknowledged since the last disruption, and few failing."""
    # In lab mode there is nothing to trade with.
    bad = minus(both(impaired(history, demands), demands.open_spans()), lab(history))
    if (
        demands.halt == "required"
    ):  # what failed before the halt was due made the incident harder, it is not the incident
        bad = both(bad, [(halt_due_us(history, demands), FOREVER)])
    first_halt = [halt.start_us for halt in halts(history) if halt.end_us > demands.zero_us]
    if demands.resumes or not first_halt or demands.halt == "forbidden":
        return bad
    return both(bad, [(0, first_halt[0])])


def within_limits(history: History, demands: Demands) -> list[Span]:
    """Loss and drawdown are below the limits, or positions are closed, or new risk is blocked."""
    over = both(over_limit(history, demands), ledger_holdings(history).open_spans())
    blocked = union(flag_halted(history), safe_mode(history), down(history))
    return at_least(minus(over, blocked), demands.settle_us)


def monitoring(history: History, demands: Demands) -> list[Span]:
    """Somebody watches, where that is demanded."""
    return states(history, ["monitoring.dead"], ["monitoring.dead_healed"]) if demands.monitoring else []


PREDICATES: dict[str, Callable[[History, Demands], list[Span]]] = {
    function.__name__: function
    for function in (
        orders_clean, books_match, connected, process_up, feed_good, kill_state, flat, trading,
        within_limits, monitoring,
    )
}  # fmt: skip
"""Name to predicate, in the order of reports."""


def _until_first(due: list[Span], latched: list[Span]) -> list[Span]:
    """From the first instant of `due` until a halt was in force."""
    late = minus(due, latched)
    return late[:1] if late and late[0][0] == due[0][0] else []
