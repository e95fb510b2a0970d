"""What is still broken at the end of a run, in words that a trader understands."""

from __future__ import annotations

from collections.abc import Callable

from drills.measuring import Measured
from sim.history import History
from sim.holdings import book_holdings, ledger_holdings
from sim.predicates import recovery

_MOST_NAMED = 5


def still_broken(measured: Measured) -> list[str]:
    """One sentence for each recovery predicate that does not hold when the run ends."""
    return list(broken_predicates(measured).values())


def broken_predicates(measured: Measured) -> dict[str, str]:
    """Recovery predicates that do not hold when the run ends, each with its sentence."""
    end_us = measured.run.end_us
    return {
        each.name: _WORDS.get(each.name, _said(f"{each.name.replace('_', ' ')} does not hold"))(measured)
        for each in recovery(measured.run.history, measured.demands)
        if each.bad and (each.bad[-1][1] is None or each.bad[-1][1] >= end_us)
    }


def _positions(held: dict[str, float]) -> str:
    shown = [f"{symbol} {qty:,}" for symbol, qty in sorted(held.items())]
    more = f" and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    return ", ".join(shown[:_MOST_NAMED]) + more


def _flat(measured: Measured) -> str:
    return f"positions are open at the broker which should be closed: {_positions(_ledger(measured.run.history))}"


def _books(measured: Measured) -> str:
    ledger, book = _ledger(measured.run.history), book_holdings(measured.run.history).last()
    apart = sorted(s for s in {*ledger, *book} if ledger.get(s, 0) != book.get(s, 0))
    named = [f"{s} {book.get(s, 0):,} in the book, {ledger.get(s, 0):,} at the broker" for s in apart[:_MOST_NAMED]]
    return "the system's book differs from the broker's" + (f": {'; '.join(named)}" if named else "")


def _ledger(history: History) -> dict[str, float]:
    return ledger_holdings(history).last()


def _kill_state(measured: Measured) -> str:
    halts = measured.run.history.of("system.halted", "system.resumed")
    if halts and halts[-1].kind == "system.halted":
        return f"trading is still halted: {halts[-1].data['reason']}"
    return "trading should be halted and is not"


def _feed(measured: Measured) -> str:
    last = {event.subject: event for event in measured.run.history.of("feed.bad", "feed.good")}
    bad = sorted(symbol for symbol, event in last.items() if event.kind == "feed.bad")
    return f"market data is bad or stale: {', '.join(bad[:_MOST_NAMED]) or 'the feed'}"


def _said(words: str) -> Callable[[Measured], str]:
    return lambda _: words


_WORDS: dict[str, Callable[[Measured], str]] = {
    "orders_clean": _said("orders that add risk are live although trading is halted"),
    "books_match": _books,
    "connected": _said("there is no session with the broker"),
    "process_up": _said("the trading system is down"),
    "feed_good": _feed,
    "kill_state": _kill_state,
    "flat": _flat,
    "trading": _said("no new order is accepted"),
    "within_limits": _said("a loss limit is exceeded and nothing stops new risk"),
    "monitoring": _said("monitoring does not see the firm"),
    "responsive": _said("the platform answers too slowly"),
    "calibrated": _said("model parameters are stale, or fitting them fails"),
    "fair_fills": _said("market orders fill worse than they should"),
    "mode_released": _said("the system runs in a mode that it is not released for"),
}
"""Recovery predicate -> what it means when it does not hold."""


RESTORED_BY: dict[str, tuple[str, ...]] = {
    "flat": ("flatten",), "orders_clean": ("cancel_orders", "halt"), "books_match": ("reconcile", "restore_state"),
    "connected": ("reconnect", "renew_credentials"), "process_up": ("start_system", "restart", "rollback"),
    "feed_good": ("refetch_data",), "kill_state": ("reset_halt", "resume"),
    "trading": ("reset_halt", "resume", "restart", "rollback", "reconnect"), "calibrated": ("recalibrate", "relax_fit"),
    "mode_released": ("rollback_mode",), "fair_fills": ("limit_orders",), "responsive": ("kill_query", "scale_up"),
}  # fmt: skip
"""Recovery predicate -> the actions that bring it about."""
