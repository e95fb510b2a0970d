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
    BEGIN = "begin"
    """Tells the code that trading begins, and with what."""
    ROLL = "roll"
    """Tells the code that a new day begins."""


_AT_ONCE = r"(emergency_|manual_|force_|hard_|immediate_|global_|execute_|do_|request_|initiate_)*"
_WHAT = r"(_?(all|open|every|the|any))*"
_SWITCH = r"kill_?switch|circuit(_?breaker)?|breaker|halt|emergency(_stop)?|panic|lock(down|out)?|switch|trading"
_BY_NAME: tuple[tuple[Verb, str], ...] = (
    (Verb.BLOCKED, r"(is_|was_|has_)?((kill_?switch|trading|breaker|circuit|system|bot|emergency(_stop)?|panic|risk)_)?"
                   r"(is_|been_)?(halted|triggered|tripped|killed|blocked|locked(_out|_down)?|activated|stopped|engaged"
                   r"|frozen|paused|disabled|suspended)|(is|was|been)_shut_?down"
                   rf"|(is_)?(in_)?({_SWITCH})(_is)?_(active|on|open|engaged)|is_(in_)?(panic|lockdown|emergency_stop)"
                   r"|should_(halt|stop_trading|stop|block|kill|shut_?down|pause)(_trading|_bot)?|check_halted"
                   r"|is_(emergency|trading_)?(halt|stop)(_active)?|halt_active"),
    (Verb.ALLOWED, r"(can|may|is_safe_to|allow(ed|s)?|is_allowed|check|validate|approve|permit|evaluate|authori[sz]e"
                   r"|assess|verify|gate|confirm|check_can|should_allow)(_to)?"
                   r"(_(pre_?)?trade|_new|_order|_new_order|_trading|_allowed|_entry|_trade_entry|_signal|_intent"
                   r"|_open(_new)?(_position|_trade)?|_enter(_position|_trade)?|_place_order|_execute(_trade|_order)?"
                   r"|_proposal|_gate|_pre_?trade(_risk)?|_order_risk|_trade_risk|_risk_for_order)"
                   r"|(is_)?(trading|trade|order|entry|entries)_(is_)?(allowed|permitted|enabled|ok)|allows?|can_open"
                   r"|pre_?trade(_risk)?_check|check_pre_?trade(_risk)?|is_(trading|trade|order)_(allowed|enabled)"
                   r"|is_order_allowed|order_gate|is_tradeable"),
    (Verb.RESET, rf"{_AT_ONCE}(reset|re_?arm|release|clear|resume|deactivate|disengage|unhalt|unlock|re_?enable|unpause"
                 r"|un_?trip|lift|unfreeze|un_?kill|re_?activate|acknowledge|enable|restart)"
                 rf"(_manual|_after)?(_from)?(_({_SWITCH}|drawdown_halt|kill|safe_mode|all|operations))+(_mode)?"
                 r"|(exit|leave|end|close)_(safe_mode|lock_?down|circuit(_breaker)?|breaker|emergency(_mode)?|panic(_mode)?)"
                 rf"|{_AT_ONCE}(reset|re_?arm|release|resume|deactivate|disengage|unhalt|unlock|re_?enable|unpause"
                 r"|un_?trip|unfreeze|un_?kill)|(manual_)?clear"),
    (Verb.FLATTEN, rf"{_AT_ONCE}(flatten|liquidate|unwind|dump|square_?off|sell|exit|close)(_out)?{_WHAT}"
                   r"(_(all|everything|positions|book|trades|portfolio|holdings|open_positions|open_trades))+(_now"
                   r"|_at_market|_market|_immediately|_emergency)*"
                   r"|(emergency_)?(flatten|liquidate|unwind|square_?off|panic_(sell|close)|emergency_(close|exit|sell))"
                   r"|(flatten|exit|close|sell)_?(all|everything)(_\w+)?|kill_(all_)?positions"),
    (Verb.CANCEL, r"(emergency_)?cancel_(all|open|everything|orders|pending)(_open|_pending)?(_orders)*"),
    (Verb.HALT, rf"{_AT_ONCE}(halt|kill|trip|trigger|activate|engage|stop|shut_?down|fire|pause|freeze|block|panic"
                r"|disable|suspend|lock(_down|_out)?|enter|set|arm|disarm|open|raise|quarantine)"
                rf"(_({_SWITCH}|now|all_trading|orders|strategies|new_orders|entries|operations|safe_mode|all|bot|mode"
                r"|everything|system|kill|execution|new_positions|for_the_day|for_day))+"
                rf"|{_AT_ONCE}(halt|kill|trip|trigger|activate|engage|stop|shut_?down|fire|pause|freeze|block|panic"
                r"|suspend|lock_?down|lock_?out|lock|e_?stop|estop|kill_?switch|emergency_(stop|halt|shutdown|kill))"
                r"|(emergency|panic)_(stop|button|shutdown|halt|kill)(_\w+)?|execute_(panic|kill_?switch|emergency\w*)"),
    (Verb.RECONCILE, r"(check_|run_|do_|perform_|force_|auto_)?(reconcile|reconciliation|re_?sync|sync|compare|verify"
                     r"|audit|recover)(_and_\w+)?(_positions|_orders|_state|_all|_once|_now|_with_(broker|exchange)"
                     r"|_position|_open_positions|_portfolio|_book|_fills)+"
                     r"|(check_|run_|do_|perform_)?(reconcile|reconciliation|resync)(_once|_now|_all|_cycle)?"),
    (Verb.RECONNECT, r"(auto_|try_|attempt_|force_)?(re_?connect|reconnection|ensure_connect(ed|ion)"
                     r"|(restore|recover|re_?establish)_(connection|session)|connect_with_(retry|retries|backoff))"
                     r"(_now|_loop|_with_(backoff|retry|retries)|_to_broker|_once|_async|_session)*"
                     r"|on_?disconnect(ed)?|handle_disconnect(ion|ed)?|on_connection_lost|handle_connection_(lost|loss)"),
    (Verb.ROLL, r"(reset|roll(_over)?|clear)_(daily|day|session)(_(stats|metrics|counters?|limits?|loss(es)?|pnl|state"
                r"|tracking|risk|start|values?))*|daily_reset|(on_|start_)?new_(trading_)?day|reset_for_(new_)?day"
                r"|on_day_(start|change|rollover)|day_rollover|reset_day"),
    (Verb.BEGIN, r"arm(_kill_?switch|_switch)?|(set|record|init(ialize)?)_(initial|start(ing)?|session|day|daily"
                 r"|day_start|session_start|baseline|opening)_(balance|equity|capital|value|nav|state)"
                 r"|(start|begin)_(trading_)?(day|session)|on_(session|bot)_start"),
    (Verb.LOOK, r"(auto_|run_|periodic_)?(check|checks|evaluate|update|monitor|poll|assess|inspect|watch|tick|step"
                r"|on_equity|on_pnl|heartbeat|run_once|enforce)"
                r"(_and_(trigger|halt|act|enforce|trip|update|kill))?"
                r"(_(all|limits?|risks?|loss(es)?|daily|drawdown|once|kill|switch(es)?|equity|pnl|account|max"
                r"|thresholds?|conditions?|health|circuit|breakers?|triggers?|state|status|metrics|rules|balance"
                r"|portfolio|exposure|margin|peak|capital|violations?|breach(es)?|killswitch|safety|emergency))*"),
)  # fmt: skip
_COMPILED = tuple((verb, re.compile(pattern)) for verb, pattern in _BY_NAME)
_OF_A_SWITCH: tuple[tuple[Verb, str], ...] = (
    (Verb.BLOCKED, r"is_(open|on|set)|(is_)?(active|blocking|in_cooldown|dead|fired)|halt_reason"),
    (Verb.HALT, r"set|open|turn_on|execute"),
    (Verb.RESET, r"disarm|turn_off|unset"),
    (Verb.ALLOWED, r"evaluate_(order|trade)|check_order|is_ok"),
)
"""What a name means in a class that is itself a switch, a breaker or a lock, and nowhere else."""
_SWITCHES = tuple((verb, re.compile(pattern)) for verb, pattern in _OF_A_SWITCH)
_IS_A_SWITCH = re.compile(r"kill|halt|breaker|emergency|panic|lockout|lock_?down|dead_?man|e_?stop", re.I)
_STATE = re.compile(
    r"_?(is_)?((kill_?switch|trading|breaker|circuit|system|emergency(_stop)?|panic|risk|bot|daily_loss)_)?"
    r"(is_)?(halted|triggered|tripped|killed|blocked|locked(_out)?|engaged|frozen|paused|suspended|stopped|disabled"
    rf"|breached)(_(by|for|due)_\w+|_(drawdown|loss|daily_loss|risk|manually|manual|today|for_day|trading))?"
    rf"|_?(drawdown|loss|daily_loss|risk|trading|entry|manual|daily)_halt(ed)?|_?(is_)?({_SWITCH})(_is)?_(active|on|engaged|open)|_?(halt|emergency_stop|panic|kill_?switch|killed)"
)  # fmt: skip
_STATE_OF_A_SWITCH = re.compile(r"_?(is_)?(active|activated|armed_and_fired|fired|engaged)")
_ENABLED = re.compile(
    r"_?(is_)?(trading|trade|entries|execution|orders)_?(is_)?(enabled|allowed|active|permitted)|_?can_trade"
)

_CLASS = re.compile(
    r"kill|halt|circuit|breaker|emergency|risk|guard|safety|reconnect|session|reconcil|watchdog|flatten|liquidat"
    r"|panic|dead_?man|sentinel|lockout|lockdown|protect|unwind|fail_?safe|e_?stop|loss_?limit|limit(s|er)?(manager"
    r"|checker|monitor|enforcer|guard)|drawdown|connection_?(manager|monitor|supervisor|keeper)|notaus"
    r"|riesgo|risiko|verlust|parada", re.I
)  # fmt: skip
_GUARDS_A_SERVICE = re.compile(r"rate_?limit|api_?(guard|breaker)|cache|retry", re.I)


def verb_of(method: str, class_name: str = "") -> Verb | None:
    """The verb of a method's or function's name; None when it is nothing of the kind.

    `class_name` tells more: `open()` stops trading where the class is a breaker, and opens a file elsewhere.
    """
    name = snake(method)
    if _IS_A_SWITCH.search(class_name):
        known = next((verb for verb, pattern in _SWITCHES if pattern.fullmatch(name)), None)
        if known is not None:
            return known
    return next((verb for verb, pattern in _COMPILED if pattern.fullmatch(name)), None)


def stops_by_itself(attribute: str, class_name: str) -> bool:
    """Whether an attribute of this name holds that trading is stopped."""
    name = snake(attribute)
    if _STATE.fullmatch(name):
        return True
    return bool(_IS_A_SWITCH.search(class_name)) and bool(_STATE_OF_A_SWITCH.fullmatch(name))


def goes_on(attribute: str) -> bool:
    """Whether an attribute of this name holds that trading may go on."""
    return bool(_ENABLED.fullmatch(snake(attribute)))


def sounds_like_mitigation(class_name: str) -> bool:
    """Whether a class is called as mitigation code is: KillSwitch, RiskGuard, PositionReconciler."""
    return bool(_CLASS.search(snake(class_name))) and not _GUARDS_A_SERVICE.search(snake(class_name))


def snake(name: str) -> str:
    """A name in lower case with underscores: `closeAllPositions` is `close_all_positions`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
