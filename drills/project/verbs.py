"""What a method of mitigation code does, told by its name: halt, reset, flatten, look, ask, reconcile, reconnect.

Names only propose: the adapter that `firedrill init` writes is read and corrected by the one who knows the code.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Verb(StrEnum):
    """A thing that the desk asks of mitigation code."""

    HALT = "halt"
    RESET = "reset"
    FLATTEN = "flatten"
    CANCEL = "cancel"
    LOOK = "look"
    BLOCKED = "blocked"
    """Answers whether trading is stopped."""
    ALLOWED = "allowed"
    """Answers whether an order may go."""
    RECONCILE = "reconcile"
    RECONNECT = "reconnect"


_BY_NAME: tuple[tuple[Verb, str], ...] = (
    (Verb.BLOCKED, r"(is_|was_)?(halted|triggered|tripped|killed|blocked|locked|activated|stopped|engaged|frozen)"
                   r"|is_active|is_open|should_(halt|stop|block).*|kill_switch_active"),
    (Verb.ALLOWED, r"(can|may|is_safe_to|allow(ed)?|is_allowed|check|validate|approve|permit)(_to)?"
                   r"(_trade|_order|_new_order|_trading|_allowed)|trading_allowed|allows?|pre_trade_check"),
    (Verb.RESET, r"(manual_|force_)?(reset|re_?arm|release|clear|resume|deactivate|disengage|unhalt|unlock|re_?enable)"
                 r"(_halt|_kill_switch|_switch|_trading|_breaker|_all)?"),
    (Verb.FLATTEN, r"(emergency_)?(flatten|liquidate|close_(all|everything)|exit_all|unwind|close_positions|dump)"
                   r"(_all|_positions|_all_positions|_everything|_book)*"),
    (Verb.CANCEL, r"cancel_(all|open|everything|orders)(_orders|_open_orders)*"),
    (Verb.HALT, r"(emergency_|manual_)?(halt|kill|trip|trigger|activate|engage|stop|shut_?down|fire|pause|freeze|block)"
                r"(_all|_trading|_halt|_kill_switch|_switch|_now|_orders|_strategies|_everything)*|emergency_stop"),
    (Verb.RECONCILE, r"(check_|run_|do_)?(reconcile|reconciliation|sync_positions|compare_positions|verify_positions)"
                     r"(_positions|_all|_once|_now|_with_broker)?"),
    (Verb.RECONNECT, r"(re_?connect|ensure_connect(ed|ion)|restore_(connection|session)|attempt_reconnect(ion)?)"
                     r"(_now|_loop|_with_backoff|_to_broker)?|on_disconnect(ed)?|handle_disconnect(ion)?"),
    (Verb.LOOK, r"(check|evaluate|update|monitor|poll|assess|inspect|watch|run_checks?|tick|step|on_equity|on_pnl)"
                r"(_all|_limits?|_risk|_loss(es)?|_daily_loss|_drawdown|_once|_kill_switch(es)?|_equity|_pnl|_account"
                r"|_thresholds?|_conditions?|_health|_circuit_breakers?|_kill_conditions?)*"),
)  # fmt: skip
_COMPILED = tuple((verb, re.compile(pattern)) for verb, pattern in _BY_NAME)

_CLASS = re.compile(
    r"kill|halt|circuit|breaker|emergency|risk|guard|limit|safety|reconnect|session|reconcil|watchdog|flatten|liquidat"
    r"|notaus|riesgo|risiko", re.I
)  # fmt: skip


def verb_of(method: str) -> Verb | None:
    """The verb of a method's or function's name; None when it is nothing of the kind."""
    return next((verb for verb, pattern in _COMPILED if pattern.fullmatch(method)), None)


def sounds_like_mitigation(class_name: str) -> bool:
    """Whether a class is called as mitigation code is: KillSwitch, RiskGuard, PositionReconciler."""
    return bool(_CLASS.search(class_name))
