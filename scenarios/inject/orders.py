"""Faults in the life of an order: what the broker does with it, and what the firm hears of it."""

from __future__ import annotations

from scenarios.faults.broker import BrokerAckLost, BrokerLateFills
from scenarios.faults.orders import FillDelay, OrderRejects, PartialFills
from scenarios.faults.risk import Slippage
from scenarios.inject.base import Heal, Strike, injects
from scenarios.inject.broker import rule_of
from sim.healing import once
from sim.network import Verdict
from sim.venue import Partial


@injects("broker_ack_lost")
def ack_lost(strike: Strike, fault: BrokerAckLost) -> Heal:
    """Take orders and lose a share of the answers."""
    chance = strike.world.streams.stream(f"nemesis/{strike.id}")

    def decide(endpoint: str) -> Verdict | None:
        lost = endpoint == "submit" and chance.random() < fault.share
        return Verdict(lose_reply=True) if lost else None

    return strike.world.link.add(rule_of(strike, decide))


@injects("broker_late_fills")
def late_fills(strike: Strike, fault: BrokerLateFills) -> Heal:
    """Hold order updates back."""
    connection = strike.world.connection
    connection.late_us += fault.delay_us
    connection.on_late = lambda: strike.landed("an order update was held back")

    def heal() -> None:
        connection.late_us = max(0, connection.late_us - fault.delay_us)

    return once(heal)


@injects("order_rejects")
def order_rejects(strike: Strike, fault: OrderRejects) -> Heal:
    """Reject a share of new orders."""
    broker = strike.world.broker
    broker.reject_share, broker.reject_reason = fault.share, fault.reason
    broker.on_reject = lambda: strike.landed("an order was rejected")

    def heal() -> None:
        broker.reject_share = 0.0

    return heal


@injects("fill_delay")
def fill_delay(strike: Strike, fault: FillDelay) -> Heal:
    """Fill later than usual."""
    broker = strike.world.broker
    broker.fill_delay_us += fault.delay_us
    met = _met_by_market_orders(strike, "a market order fills later")

    def heal() -> None:
        broker.fill_delay_us -= fault.delay_us
        met()

    return once(heal)


@injects("partial_fills")
def partial_fills(strike: Strike, fault: PartialFills) -> Heal:
    """Fill a share of orders in part at first and the rest over time."""
    broker = strike.world.broker
    usual = broker.partial_share, broker.partial
    broker.partial_share = fault.share
    broker.partial = Partial(fault.first, fault.pieces, fault.rest_us)
    met = _met_by_market_orders(strike, "market orders fill in parts")

    def heal() -> None:
        broker.partial_share, broker.partial = usual
        met()

    return heal


@injects("slippage")
def slippage(strike: Strike, fault: Slippage) -> Heal:
    """Fill worse than usual."""
    broker, usual = strike.world.broker, strike.world.broker.slippage_mean_bps
    broker.slippage_mean_bps = fault.mean_bps
    met = _met_by_market_orders(strike, "a market order slips more")

    def heal() -> None:
        broker.slippage_mean_bps = usual
        met()

    return heal


def _met_by_market_orders(strike: Strike, proof: str) -> Heal:
    """The fault has landed once a market order met it; returns how to stop listening."""
    listening = strike.world.broker.on_market_order

    def begun() -> None:
        strike.landed(proof)

    listening.append(begun)
    return once(lambda: listening.remove(begun))
