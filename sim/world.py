"""One simulated firm: it owns time, chance, topology and the History.

Nothing is module-global, so several Worlds run side by side. A World is built, given the user's mitigation
code, and driven in slices by `run`; whoever breaks it (the nemesis) or works in it (the on-call) does so
through its parts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, NamedTuple

from sim.actors.process import Hooks, Process, origin_of
from sim.book import Book
from sim.broker import Broker
from sim.broker_client import BrokerClient
from sim.calendar import TradingCalendar
from sim.calibration import WORKLOAD as CALIBRATION
from sim.calibration import Calibration
from sim.claims import claims_in
from sim.clock import Clock, VirtualTime
from sim.cluster import Cluster
from sim.config import GATEWAY, TRADING_SYSTEM, WorldConfig
from sim.connection import Connection
from sim.corruption import Bar, Tick
from sim.desk import Desk
from sim.disk import Disk
from sim.errors import BadInput
from sim.feed import Feed
from sim.history import History
from sim.ledger import Ledger
from sim.market import Market
from sim.marks import Marks
from sim.metrics import watch
from sim.mode import Mode
from sim.network import Link
from sim.opening import open_positions
from sim.order_manager import OrderManager
from sim.orders import Order
from sim.outside_orders import OutsideOrders
from sim.responsiveness import Responsiveness
from sim.rng import Streams, uniform
from sim.series import record_series
from sim.stores import stores
from sim.strategies import Strategies
from sim.trading_system import TradingSystem
from sim.visitors import Told, Visitors

Build = Callable[[Desk], object]
"""The user's factory: it is given a desk and returns its hooks."""


class Mitigation(NamedTuple):
    """The code under test, ready to be started as often as its process is."""

    build: Build
    origin: str
    """Where it comes from, for messages: `package.module:build`."""
    unmodified: bool = False
    """Whether it runs as it is, so that its own clocks, sleeps, threads and sockets must be the World's."""
    around: Callable[[Any], AbstractContextManager[None]] | None = None
    """Entered with the World around its run, by code that needs something prepared and cleared away."""


class World:
    """The simulated firm of one run."""

    def __init__(self, config: WorldConfig, seed: int, run: int = 0, mitigation: Mitigation | None = None) -> None:
        """Build the firm; nothing happens before `run`."""
        self.config, self.seed, self.mitigation = config, seed, mitigation
        self.env = VirtualTime()
        self.clock = Clock(self.env, config.start, config.zone)
        self.streams = Streams(seed, run)
        self.history = History(self.env)
        self.marks = Marks(self.env)
        self.hub = self.marks.hub
        self.calendar = TradingCalendar(self.clock, config.exchange, config.span_us)
        self.market = Market(self.env, self.calendar, self.streams, self.history, config.prices, config.tick_us)
        self.bot: Process | None = None
        """The running process of the trading system; a dead one until the next start."""
        self.feed = Feed(self.env, self.market, self.streams, self.history)
        for minutes in config.bar_minutes:
            self.feed.subscribe_bars(minutes, self._deliver_bar)
        self.disk = Disk(self.env, self.history)
        self.ledger = Ledger(self.history, config.equity)
        self.broker = Broker(
            self.env, self.history, self.streams, self.market, self.calendar, self.ledger, config.broker
        )
        self.link = Link(self.env, self.history, self.streams)
        self.mode = Mode(self.history, self.link)
        self.connection = Connection(self.env, self.history, self.link, self.broker)
        targets = open_positions(self)
        self.book = Book(self.history, self.ledger.cash, self.ledger.positions())
        self.orders = OrderManager(self.env, self.history, self.link, self.broker, self.book, self.streams.ids("ord"))
        self.outside_orders = OutsideOrders(self.env, self.history, self.orders)
        self.trading = TradingSystem(
            self.env, self.clock, self.history, self.disk, self.feed, self.orders, self.connection, config.equity,
            self.mode,
        )
        self.trading.peak_equity = config.equity / (1 - config.start_drawdown_pct / 100)
        self.strategies = Strategies(
            self.env, self.streams, self.calendar, self.feed, self.orders, config.strategies, targets
        )
        self.strategies.active = lambda: self.trading.up and self._booted
        self.orders.gates.append(self._ask_bot)
        self._booted = False
        self._visitors = Visitors(self)
        self.cluster = Cluster(self.env, self.history)
        self.pages: list[Callable[[str, str, str], None]] = []
        self._add_infrastructure()

    def run(self, until_us: int) -> None:
        """Let time pass up to and including `until_us`."""
        self.marks.run(until_us)

    def finish(self) -> None:
        """End the run: the code's processes are killed and the series recorded."""
        self._visitors.end()
        if self.bot is not None:
            self.bot.kill()
        record_series(self)

    # The mitigation code and its process.

    def _add_infrastructure(self) -> None:
        if not self.config.monitored:
            self.env.timeout(0).callbacks.append(lambda _: self._start_system())
            return
        for workload in self.config.workloads:
            self.cluster.add(workload)
        self.cluster.on_start(TRADING_SYSTEM, self._start_system)
        self.cluster.on_stop(TRADING_SYSTEM, self._stop_system)
        self._version_chance = self.streams.draws("system/version", uniform())
        self.orders.breaks = self._version_fails
        self.orders.gates.append(self._no_gateway)
        self.database, self.cache = stores(self)
        self.responsiveness = Responsiveness(self.env, self.history, self.api_p99_s)
        self.database.on_change = lambda: self.responsiveness.look(busy=self.database.queueing)
        self._add_calibration()
        self.monitoring, self.pager = watch(self)

    def _add_calibration(self) -> None:
        """The job lives in a workload of its own where the firm runs one, else somewhere that never fails."""
        own = CALIBRATION in self.cluster.deployments
        self.calibration = Calibration(
            self.env, self.history, data_good=self._data_to_fit,
            up=lambda: not own or self.cluster.ready(CALIBRATION),
        )  # fmt: skip
        if own:
            self.cluster.on_start(CALIBRATION, self._calibration_started)

    def _calibration_started(self) -> None:
        if self.env.now > 0 and self._booted:  # the first start of all finds parameters that are in order
            self.calibration.restarted()

    def _data_to_fit(self) -> bool:
        """Whether the market data of every symbol can be fitted to."""
        serves = "market-data" not in self.cluster.deployments or self.cluster.ready("market-data")
        return serves and all(self.feed.quality(symbol) is None for symbol in self.market.symbols)

    def api_p99_s(self) -> float:
        """99 % of the platform's API calls are answered within this; NaN while they are not.

        A call asks the cache once and the database a few times.
        """
        return 3 * self.database.p99_s() + self.cache.p99_s()

    def _start_system(self) -> None:
        process = Process(self.env, self.hub, self.history, TRADING_SYSTEM)
        first = self.bot is None
        self.bot, self._booted = process, False
        self.trading.start(process)
        if self.config.monitored:
            self.cluster.config_maps.read_by_a_start()
        process.start(partial(self._boot, process, first), "build")

    def _boot(self, process: Process, first: bool) -> None:
        """Build the hooks of a fresh process; it may wait for the broker in the middle."""
        if self.mitigation is not None:
            try:
                hooks = Hooks(self.mitigation.build(Desk(self, process, in_system=True)), self.mitigation.origin)
            except BadInput:
                raise
            except Exception as error:
                if not first:
                    raise
                what = f"{type(error).__name__}: {error} ({origin_of(error)})"
                raise BadInput(
                    f"build(desk) failed: {what}", file=self.mitigation.origin,
                    mend="make it build on a healthy firm first",
                ) from error  # fmt: skip
            process.hooks = hooks
            self._attach(process, hooks)
        self._booted = True
        self.history.emit("code.started", process.name, first=first)

    def _attach(self, process: Process, hooks: Hooks) -> None:
        for period_us, call in hooks.every.items():
            self.marks.every(process, f"every[{period_us / 1e6:g}]", period_us, call)
        if "on_tick" in hooks.single:
            deliver = partial(self._deliver_ticks, hooks.single["on_tick"])
            self.marks.every(process, "on_tick", self.market.mark_us, deliver)
        if "run" in hooks.single:
            process.start(hooks.single["run"], "run")

    def _deliver_ticks(self, on_tick: Callable[[Tick], object]) -> None:
        many = getattr(on_tick, "__dict__", {}).get("firedrill_many")  # set by us alone; a mock has every attribute
        if many is not None:  # code in another process: one crossing for all
            many(self.feed.ticks(self.env.now))
            return
        for tick in self.feed.ticks(self.env.now):
            on_tick(tick)

    def _deliver_bar(self, bar: Bar) -> None:
        if self.bot is not None:
            self.bot.deliver("on_bar", bar)

    def _stop_system(self, reason: str) -> None:
        if self.bot is not None:
            self.marks.drop(self.bot)
            self.bot.kill()
        self.trading.stop(reason)
        self._booted = False

    def _ask_bot(self, order: Order) -> str | None:
        """Why the mitigation code denies an order; a gate that fails has allowed nothing."""
        if self.bot is None or self.bot.hooks is None or not self.bot.has("on_order"):
            return None
        answered, answer = self.bot.serve("on_order", self.bot.hooks.single["on_order"], order)
        if not answered:
            return "on_order failed"
        if answer is None or answer is True:
            return None
        return answer if isinstance(answer, str) and answer else "denied by on_order"

    def _no_gateway(self, order: Order) -> str | None:
        """Orders leave through the gateway: while somebody keeps it at zero replicas, none does."""
        gateway = self.cluster.deployments.get(GATEWAY)
        return "no execution gateway" if gateway is not None and gateway.replicas == 0 else None

    def _version_fails(self, order: Order) -> str | None:
        """Whether the deployed version fails on this order."""
        share = self.cluster[TRADING_SYSTEM].error_rate()
        if share and self._version_chance() < share:
            return f"internal error in version {self.cluster[TRADING_SYSTEM].revision.version}"
        return None

    def broker_client(self, process: Process) -> BrokerClient:
        """A client whose calls belong to `process`; one that is not the system's has an order manager of its own."""
        in_system, orders = process is self.bot, self.orders
        if not in_system:
            orders = OrderManager(self.env, self.history, self.link, self.broker, self.book, self.streams.ids("ord"))
        return BrokerClient(
            self.env, self.history, process, self.link, self.broker, self.connection, orders, self.calendar,
            holds_session=in_system,
        )  # fmt: skip

    # Ways into the running code from outside.

    @property
    def listening(self) -> bool:
        """Whether the system's control endpoints can be reached, should its thread be free."""
        return self.bot is not None and self.bot.alive and self.trading.up and self._booted

    def call_endpoint(self, caller: Process, endpoint: str, *args: Any) -> Any:
        """Call a control endpoint of the running system on behalf of `caller`.

        Waits for the system's thread as an HTTP client would; ConnectionError when nothing listens there,
        TimeoutError when the thread stays stuck, LookupError when the code has no such endpoint, EndpointFailed
        when it has one that failed.
        """
        return self._visitors.call_endpoint(caller, endpoint, *args)

    def request_endpoint(self, endpoint: str, done: Told, *args: Any) -> None:
        """Call a control endpoint from outside, as a person with curl; `done(ok, text)` is told how it went."""
        self._visitors.request_endpoint(endpoint, done, *args)

    def run_command(self, name: str, done: Told) -> None:
        """Run an operator command in a process of its own: fresh memory, same files, same broker.

        `done(ok, text)` is called when it ends; not at all when it hangs.
        """
        self._visitors.run_command(name, done)

    def visitor(self, name: str) -> Process:
        """A process of the firm beside the trading system: somebody's shell. It ends with the run."""
        return self._visitors.enter(name)

    def commands(self) -> tuple[str, ...]:
        """Operator commands that the mitigation code offers."""
        return () if self.bot is None or self.bot.hooks is None else tuple(self.bot.hooks.commands)

    def endpoints(self) -> tuple[str, ...]:
        """Control endpoints that the mitigation code offers."""
        return () if self.bot is None or self.bot.hooks is None else tuple(self.bot.hooks.endpoints)

    # What the code says.

    def note_claim(self, claim: str, text: str, by: str, at: str) -> None:
        """Record that the code claims something, with what the Ledger and the book show at this instant."""
        self.history.emit(
            "code.claim", claim, text=text, by=by, at=at, ledger=self.ledger.positions(), book=self.book.held(),
            live=[order.id for order in self.broker.working()], connected=self.connection.connected,
            halted=self.trading.halted is not None,
        )  # fmt: skip

    def note_answer(self, answer: object, by: str) -> None:
        """Record the claims in what an endpoint or a command answered."""
        if isinstance(answer, str):
            for claim in claims_in(answer):
                self.note_claim(claim, answer, by, "")

    def page(self, message: str, severity: str, by: str) -> None:
        """The mitigation code pages the on-call itself."""
        self.history.emit("code.page", by, message=message, severity=severity)
        for listener in self.pages:
            listener(message, severity, by)
