"""What the firm's services export, and who is paged for it: the wiring of monitoring to the World.

Each gauge is read only at a scrape. The trading system's own figures come from the trading system, so they
vanish when it is down, and they are computed from its own book and the prices it sees, so they can be wrong.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.alerts import Alert, trading_rules
from sim.clock import MINUTE, SECOND
from sim.monitoring import Monitoring
from sim.pager import DeadMansSwitch, Pager

if TYPE_CHECKING:
    from sim.world import World


def watch(world: World) -> tuple[Monitoring, Pager]:
    """Set monitoring and pager up for `world` and start them."""
    monitoring = Monitoring(world.env, world.history, world.config.scrape_us)
    pager = Pager(world.env, world.history, world.streams, off_hours=lambda: _off_hours(world))
    dead_man = DeadMansSwitch(world.env, world.history, pager)
    monitoring.on_scrape(dead_man.heartbeat)
    monitoring.on_alert(pager.handle)
    monitoring.on_alert(partial(_tell_bot, world))
    world.pages.append(partial(_page_from_code, world, pager))
    _trading_metrics(world, monitoring)
    _broker_metrics(world, monitoring)
    _data_metrics(world, monitoring)
    _workload_metrics(world, monitoring)
    monitoring.add_rules(trading_rules())
    monitoring.start()
    return monitoring, pager


def _trading_metrics(world: World, monitoring: Monitoring) -> None:
    system, orders = world.trading, world.orders
    job = "trading-system"
    monitoring.job(job, up=lambda: system.up)
    monitoring.gauge("trading_up", lambda: 1.0, job)
    monitoring.gauge("trading_equity", system.refresh_risk, job)
    monitoring.gauge("trading_daily_loss_pct", lambda: 100 * (1 - system.equity() / system.day_start_equity), job)
    monitoring.gauge("trading_drawdown_pct", lambda: 100 * (1 - system.equity() / system.peak_equity), job)
    monitoring.gauge("trading_halted", lambda: float(system.halted is not None), job)
    monitoring.gauge("kill_switch_fired", lambda: float(system.halted is not None), job)
    monitoring.gauge("trading_safe_mode", lambda: float(system.safe_mode), job)
    monitoring.gauge("trading_order_error_rate", lambda: orders.error_rate(MINUTE), job)
    monitoring.gauge("trading_slippage_bps", system.slippage_bps, job)
    monitoring.gauge("unacked_orders_age_s", lambda: _oldest_unacknowledged_s(world), job)


def _broker_metrics(world: World, monitoring: Monitoring) -> None:
    job = "trading-system"
    monitoring.gauge("broker_connected", lambda: float(world.connection.connected), job)
    monitoring.gauge("broker_heartbeat_age_s", lambda: world.connection.heartbeat_age_us / SECOND, job)
    monitoring.gauge("position_mismatch_count", lambda: _mismatches(world), job)


def _data_metrics(world: World, monitoring: Monitoring) -> None:
    job = "market-data"
    monitoring.job(job, up=lambda: world.cluster.ready("market-data"))
    monitoring.gauge("feed_age_s", lambda: _feed_age_s(world), job)
    monitoring.gauge("feed_bad_symbols", lambda: float(_bad_symbols(world)), job)


def _workload_metrics(world: World, monitoring: Monitoring) -> None:
    monitoring.exporter("platform", *world.cluster.exporter())
    monitoring.gauge("db_pool_waiting", lambda: float(world.database.waiting))
    monitoring.gauge("db_query_p99_s", world.database.p99_s)
    # An API call asks the cache once and the database a few times.
    monitoring.gauge("api_latency_p99_s", lambda: 3 * world.database.p99_s() + world.cache.p99_s())


def _oldest_unacknowledged_s(world: World) -> float:
    now = world.env.now
    return max((now - o.created_us for o in world.orders.live() if not o.acknowledged), default=0) / SECOND


def _mismatches(world: World) -> float:
    """Symbols on which the firm's nightly-style comparison with the broker differs; absent when it cannot ask."""
    if not world.connection.connected:
        return float("nan")
    ledger, book = world.ledger.positions(), world.book.positions
    return float(sum(1 for symbol in world.market.symbols if ledger.get(symbol, 0) != book.get(symbol, 0)))


def _feed_age_s(world: World) -> float:
    """Age of the oldest symbol's last tick; 0 outside the session and in its first minute."""
    session = world.calendar.session_at(world.env.now)
    if session is None or world.env.now - session.open_us < MINUTE:
        return 0.0
    return max(world.feed.age_us(symbol) for symbol in world.market.symbols) / SECOND


def _bad_symbols(world: World) -> int:
    return sum(1 for symbol in world.market.symbols if world.feed.quality(symbol) is not None)


def _off_hours(world: World) -> bool:
    local = world.clock.local()
    return local.weekday() >= 5 or not 8 <= local.hour < 18


def _tell_bot(world: World, alert: Alert) -> None:
    if world.bot is not None and alert.state == "firing":
        world.bot.deliver("on_alert", alert)


def _page_from_code(world: World, pager: Pager, message: str, severity: str, by: str) -> None:
    known = severity if severity in ("info", "warning", "critical", "emergency") else "critical"
    pager.handle(
        Alert(
            name=f"Paged by {by}", state="firing", severity=known, summary=message, series="", value=None,  # type: ignore[arg-type]
            threshold=0.0, since_us=world.env.now, evaluated_us=world.env.now,
        )
    )  # fmt: skip
