"""What a person can do in the simulated firm: the words that runbook steps are bound to.

A runbook step says "Stop new orders immediately"; the world knows the action `halt`. The table below is the
whole vocabulary: `drills.runbook.bindings` derives an action from a step's words and commands, the
responder performs it on the World, and the adherence score compares the two. An explicit
`<!-- bind=halt -->` in the Markdown overrides what was derived.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Effect(StrEnum):
    """What an action does to the firm."""

    READ = "read"
    """Looks; changes nothing; may be repeated freely."""
    MUTATE = "mutate"
    """Changes orders, positions, services or limits."""
    HUMAN = "human"
    """Something between people: page, notify, approve, decide, write down."""


class Action(NamedTuple):
    """One verb of the on-call."""

    name: str
    effect: Effect
    meaning: str


_READ, _MUTATE, _HUMAN = Effect.READ, Effect.MUTATE, Effect.HUMAN

ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action("look_status", _READ, "status of the trading system: running, halted, safe mode, connected"),
        Action("look_logs", _READ, "log and audit lines, and why a kill switch fired"),
        Action("look_positions", _READ, "positions in the system's own book and at the broker"),
        Action("look_orders", _READ, "open and recent orders, fills, slippage"),
        Action("look_account", _READ, "equity, daily profit and loss, drawdown"),
        Action("look_broker", _READ, "the broker's status page, API health and our session with it"),
        Action("look_network", _READ, "network path and name resolution"),
        Action("look_data", _READ, "market data: freshness, gaps, bad bars, SLA report"),
        Action("look_market", _READ, "market conditions: volatility, halts, news"),
        Action("look_metrics", _READ, "dashboards and metric queries"),
        Action("look_resources", _READ, "memory, processor, pods, nodes, disk"),
        Action("look_deploys", _READ, "recent deployments and configuration changes"),
        Action("look_database", _READ, "database and cache: connections, slow queries, memory"),
        Action("verify_halted", _READ, "confirm that no new order leaves"),
        Action("verify_orders", _READ, "confirm that no order is live which should be dead"),
        Action("verify_flat", _READ, "confirm at the broker that positions are closed"),
        Action("verify_reconciled", _READ, "confirm that the system's book equals the broker's"),
        Action("verify_connected", _READ, "confirm that the broker session is up"),
        Action("verify_data", _READ, "confirm that market data is fresh and valid"),
        Action("verify_health", _READ, "confirm that services are up and healthy"),
        Action("verify_latency", _READ, "confirm that the platform answers in time again"),
        Action("verify_fills", _READ, "confirm that fills cost what they should"),
        Action("verify_calibrated", _READ, "confirm that model parameters are fresh and fit"),
        Action("verify_disconnected", _READ, "confirm that no broker session is open, nor can be"),
        Action("verify_trading", _READ, "confirm that a new order is accepted again"),
        Action("monitor", _READ, "watch for a stated time before the next step"),
        Action("halt", _MUTATE, "stop all trading: kill switch, emergency stop, pause all"),
        Action("safe_mode", _MUTATE, "block new risk, allow exits"),
        Action("reduce_size", _MUTATE, "smaller positions or risk per trade"),
        Action("cancel_orders", _MUTATE, "cancel every open order, un-acknowledged ones included"),
        Action("flatten", _MUTATE, "close all positions"),
        Action("close_orphans", _MUTATE, "close the positions at the broker that no strategy owns, and no others"),
        Action("limit_orders", _MUTATE, "trade by limit orders only"),
        Action("reconnect", _MUTATE, "restart the broker connection or adapter"),
        Action("renew_credentials", _MUTATE, "renew or rotate broker credentials"),
        Action("reconcile", _MUTATE, "bring the system's book into line with the broker"),
        Action("quarantine_data", _MUTATE, "block trading on the bad data"),
        Action("refetch_data", _MUTATE, "fetch, repair or backfill market data"),
        Action("restore_state", _MUTATE, "repair or restore a damaged state file"),
        Action("stop_system", _MUTATE, "stop the trading system's processes"),
        Action("start_system", _MUTATE, "start the trading system's processes"),
        Action("restart", _MUTATE, "restart the trading system"),
        Action("restart_service", _MUTATE, "restart another service, database or cache"),
        Action("raise_limits", _MUTATE, "raise a memory limit"),
        Action("scale_up", _MUTATE, "add replicas or nodes"),
        Action("rollback", _MUTATE, "roll the deployment back to the last good version"),
        Action("kill_query", _MUTATE, "end a long-running database query"),
        Action("recalibrate", _MUTATE, "fit the model parameters anew"),
        Action("relax_fit", _MUTATE, "loosen the constraints of a fit that does not converge"),
        Action("rollback_mode", _MUTATE, "take the system back to lab mode, without a broker"),
        Action("restore_monitoring", _MUTATE, "bring metrics and alerts back"),
        Action("configure", _MUTATE, "change a threshold, flag or parameter"),
        Action("reset_halt", _MUTATE, "release the kill switch"),
        Action("resume", _MUTATE, "let strategies trade again"),
        Action("acknowledge", _HUMAN, "acknowledge the page"),
        Action("declare_severity", _HUMAN, "classify the incident and start its timer"),
        Action("notify", _HUMAN, "tell stakeholders, post in the channel, update the status page"),
        Action("escalate", _HUMAN, "bring in the next level"),
        Action("call_broker", _HUMAN, "phone or write to the broker's support"),
        Action("approve", _HUMAN, "ask for and get approval"),
        Action("decide", _HUMAN, "choose a branch of the runbook"),
        Action("root_cause", _HUMAN, "find out why it happened"),
        Action("document", _HUMAN, "write the incident down"),
        Action("postmortem", _HUMAN, "hold the review and assign the follow-ups"),
        Action("improve", _HUMAN, "better monitoring, code or runbook for the next time"),
    )
}
