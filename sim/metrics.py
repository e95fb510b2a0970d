"""What the firm's services export, and who is paged for it: the wiring of monitoring to the World.

Metrics are read only at a scrape, those of one service together. The trading system's own figures come from
the trading system, so they vanish when it is down, and they are computed from its own book and the prices it
sees, so they can be wrong.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sim.alerts import Alert, trading_rules
from sim.clock import MINUTE, SECOND
from sim.ledger import FIRM
from sim.monitoring import Monitoring
from sim.orders import Status
from sim.pager import DeadMansSwitch, Pager
from sim.samples import ABSENT, Row, Series

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
    _data_metrics(world, monitoring)
    _workload_metrics(world, monitoring)
    monitoring.add_rules(trading_rules())
    monitoring.start()
    return monitoring, pager


def _trading_metrics(world: World, monitoring: Monitoring) -> None:
    names = (
        "trading_up", "trading_equity", "trading_daily_loss_pct", "trading_drawdown_pct", "trading_halted",
        "kill_switch_fired", "trading_safe_mode", "trading_order_error_rate", "trading_slippage_bps",
        "unacked_orders_age_s", "broker_connected", "broker_heartbeat_age_s", "position_mismatch_count",
        "trading_mode_released",
    )  # fmt: skip
    system, orders, connection, mode = world.trading, world.orders, world.connection, world.mode

    def read() -> Row:
        equity = system.refresh_risk()
        halted = float(system.halted is not None)
        return [
            1.0, equity, 100 * (1 - equity / system.day_start_equity), 100 * (1 - equity / system.peak_equity), halted,
            halted, float(system.safe_mode), orders.error_rate(MINUTE), system.slippage_bps(),
            _oldest_unacknowledged_s(world),
            # In lab mode there is no session to be missed.
            ABSENT if mode.lab else float(connection.connected),
            ABSENT if mode.lab else connection.heartbeat_age_us / SECOND,
            _mismatches(world), float(mode.released or mode.lab),
        ]  # fmt: skip

    monitoring.exporter("trading-system", [Series(name) for name in names], read, up=lambda: system.up)


def _data_metrics(world: World, monitoring: Monitoring) -> None:
    series = [Series("feed_age_s"), Series("feed_bad_symbols")]

    def read() -> Row:
        return [_feed_age_s(world), float(world.feed.bad_symbols)]

    monitoring.exporter("market-data", series, read, up=lambda: world.cluster.ready("market-data"))


def _workload_metrics(world: World, monitoring: Monitoring) -> None:
    names = (
        "db_pool_waiting", "db_query_p99_s", "api_latency_p99_s", "calibration_age_s", "calibration_ok",
        "calibration_rmse",
    )  # fmt: skip
    database, calibration = world.database, world.calibration

    def read() -> Row:
        return [
            float(database.waiting), database.p99_s(), world.api_p99_s(), calibration.age_us / SECOND,
            float(not calibration.failure), calibration.rmse,
        ]  # fmt: skip

    monitoring.exporter("infrastructure", [Series(name) for name in names], read)
    monitoring.exporter("platform", *world.cluster.exporter())


def _oldest_unacknowledged_s(world: World) -> float:
    waiting = [order.created_us for order in world.orders.live() if order.status is Status.PENDING_NEW]
    return (world.env.now - min(waiting)) / SECOND if waiting else 0.0


def _mismatches(world: World) -> float:
    """Symbols on which the firm's nightly-style comparison with the broker differs; absent when it cannot ask."""
    if not world.connection.connected:
        return ABSENT
    ledger, book = world.ledger.shares[FIRM], world.book.positions
    if ledger == book:
        return 0.0
    return float(sum(1 for symbol in world.market.symbols if ledger.get(symbol, 0) != book.get(symbol, 0)))


def _feed_age_s(world: World) -> float:
    """Age of the oldest symbol's last tick; 0 outside the session and in its first minute."""
    session = world.calendar.session_at(world.env.now)
    if session is None or world.env.now - session.open_us < MINUTE:
        return 0.0
    return world.feed.oldest_age_us() / SECOND


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
