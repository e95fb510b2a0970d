"""The firm's database: a pool of connections, queries that hold them, and what that does to latency.

Nothing is simulated query by query. Callers offer a load in queries a second; by Little's law it keeps
load x service time connections busy. When that is more than the pool has free, the excess waits, and the
queue grows along a straight line until callers give up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from sim.clock import MINUTE, SECOND, VirtualTime
from sim.healing import Heal, once
from sim.history import History
from sim.rng import Streams, lognormal
from sim.timers import Ramp

_Z99 = 2.3263
"""The 99 % quantile of the standard normal distribution."""


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A query that has been running for long, as the list of sessions shows it."""

    pid: int
    text: str
    since_us: int
    holds_up_us: int
    """How long every other query takes because of it; 0 when it only keeps its connection."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to the database, as its list of sessions shows it."""

    pid: int
    holder: str
    state: str
    """`active` while a query runs, `idle in transaction` when it is held without one, else `idle`."""
    text: str
    since_us: int


_FIRST_HELD_PID, _FIRST_QUICK_PID = 5200, 3100


class Database:
    """Load, pool, latency."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        streams: Streams,
        *,
        up: Callable[[], bool] = lambda: True,
        pool_size: int = 20,
        queries_per_s: float = 200.0,
        median_ms: float = 4.0,
        sigma: float = 0.8,
        pool_timeout_s: float = 30.0,
    ) -> None:
        """A healthy database: `up` says whether its workload serves; times of queries are lognormal."""
        self._env, self._history, self._up = env, history, up
        self.pool_size, self.pool_timeout_s = pool_size, pool_timeout_s
        self._median_s, self._sigma = median_ms / 1000, sigma
        self._draw_s = streams.draws("database/query", lognormal(self._median_s, sigma))
        self._loads = {"services": queries_per_s}
        self._slow_downs: list[float] = []
        self._queries: dict[int, RunningQuery] = {}
        self._held: dict[str, dict[int, int]] = {}
        """Since when each connection of a holder is kept, by pid."""
        self._next_held_pid = _FIRST_HELD_PID
        self._next_pid = 4100
        self._queue = Ramp(env, 0.0)
        self._queue_limit = math.inf
        self._rebalance()

    # What it is now

    @property
    def load_per_s(self) -> float:
        """Queries offered each second."""
        return sum(self._loads.values())

    @property
    def in_use(self) -> int:
        """Connections in use."""
        busy = self._taken() + self.load_per_s * self._mean_s()
        return min(self.pool_size, math.ceil(busy))

    @property
    def waiting(self) -> int:
        """Callers that wait for a connection."""
        if self._idle or not self._up():
            return 0
        return int(min(self._queue.value(), self._queue_limit))

    def wait_s(self) -> float:
        """How long a caller waits for a connection; it gives up after the pool's timeout."""
        if self._idle:
            return 0.0
        if self._served_per_s == 0:
            return self.pool_timeout_s
        return min(self.pool_timeout_s, min(self._queue.value(), self._queue_limit) / self._served_per_s)

    def p99_s(self) -> float:
        """99 % of queries are answered within this, waiting included; NaN while it is down."""
        if not self._up():
            return math.nan
        return self._p99_s + self.wait_s()

    def query_us(self) -> int | None:
        """How long one query takes from its call to its answer; None when it gets none."""
        if not self._up() or self.wait_s() >= self.pool_timeout_s:
            return None
        return round((self._stretched(self._draw_s()) + self.wait_s()) * SECOND)

    def error_rate(self) -> float:
        """Share of queries that get no answer."""
        if not self._up():
            return 1.0
        if self.wait_s() < self.pool_timeout_s:
            return 0.0
        return max(0.0, 1.0 - self._served_per_s / self.load_per_s) if self.load_per_s else 0.0

    def queries(self) -> list[RunningQuery]:
        """The long queries that run, oldest first."""
        return list(self._queries.values())

    def sessions(self) -> list[Session]:
        """Every connection of the pool: what runs long, what is held, then the short queries of the services."""
        found = [Session(q.pid, "postgres", "active", q.text, q.since_us) for q in self._queries.values()]
        found += [
            Session(pid, holder, "idle in transaction", "BEGIN", since_us)
            for holder, kept in self._held.items()
            for pid, since_us in kept.items()
        ]
        busy = self.in_use - len(found)
        for place in range(max(0, self.pool_size - len(found))):
            state = "active" if place < busy else "idle"
            text = "SELECT * FROM orders WHERE status = $1"
            found.append(Session(_FIRST_QUICK_PID + place, "trading", state, text, self._env.now))
        return found

    # Operating verbs

    def terminate(self, pid: int) -> bool:
        """End one connection and what runs on it; False when there is none of that pid."""
        if self.kill_query(pid):
            return True
        for holder, kept in self._held.items():
            if kept.pop(pid, None) is not None:
                self._history.emit("database.session_ended", str(pid), holder=holder)
                if not kept:
                    del self._held[holder]
                self._rebalance()
                return True
        return _FIRST_QUICK_PID <= pid < _FIRST_QUICK_PID + self.pool_size  # a short one: its service opens another

    def offer(self, caller: str, queries_per_s: float) -> None:
        """Set the load of one caller."""
        self._loads[caller] = queries_per_s
        self._rebalance()

    def kill_query(self, pid: int) -> bool:
        """End a long query; False when there is none of that pid."""
        query = self._queries.pop(pid, None)
        if query is None:
            return False
        self._history.emit("database.query_ended", str(pid), lasted_us=self._env.now - query.since_us)
        self._rebalance()
        return True

    def release(self, holder: str) -> None:
        """A caller's process ended: the connections that it held come back."""
        if self._held.pop(holder, None):
            self._history.emit("database.released", holder)
            self._rebalance()

    def stopped(self, reason: str = "") -> None:
        """Its process ended: every query, connection and waiting caller is gone. For its workload's `on_stop`."""
        for pid in list(self._queries):
            self.kill_query(pid)
        for holder in list(self._held):
            self.release(holder)
        self._queue.add(-self._queue.value())
        self._rebalance()

    # Faults

    def long_query(self, latency_us: int, text: str = "UPDATE positions SET ... -- full scan") -> Heal:
        """Run a query that makes each other one take `latency_us`, until it is killed or healed."""
        pid = self._next_pid
        self._next_pid += 1
        self._queries[pid] = RunningQuery(pid, text, self._env.now, latency_us)
        self._history.emit("database.long_query", str(pid), text=text, latency_us=latency_us)
        self._rebalance()
        return once(lambda: self.kill_query(pid))

    def slow_down(self, factor: float, cause: str = "missing index") -> Heal:
        """Let each query take `factor` times as long; a restart does not help."""
        self._slow_downs.append(factor)
        self._history.emit("database.slow", cause, factor=float(factor))
        self._rebalance()

        def heal() -> None:
            self._slow_downs.remove(factor)
            self._history.emit("database.slow_healed", cause)
            self._rebalance()

        return once(heal)

    def exhaust_pool(self, connections: int | None = None, holder: str = "api-service") -> Heal:
        """Let `holder` keep so many connections (None: all) until it ends, the database does, or healed."""
        held = self.pool_size if connections is None else connections
        kept = self._held.setdefault(holder, {})
        for _ in range(held):
            kept[self._next_held_pid] = self._env.now
            self._next_held_pid += 1
        self._history.emit("database.pool_held", holder, connections=held, pool_size=self.pool_size)
        self._rebalance()
        return once(lambda: self.release(holder))

    # Inside

    def _taken(self) -> int:
        return min(self.pool_size, sum(len(kept) for kept in self._held.values()) + len(self._queries))

    def _stretched(self, service_s: float) -> float:
        held_up_s = max((query.holds_up_us for query in self._queries.values()), default=0) / SECOND
        return max(service_s * math.prod(self._slow_downs), held_up_s)

    def _mean_s(self) -> float:
        return self._stretched(self._median_s * math.exp(self._sigma**2 / 2))

    def _rebalance(self) -> None:
        """Load or capacity changed: the queue takes another slope from here."""
        beyond = self._queue.value() - self._queue_limit
        if beyond > 0:
            self._queue.add(-beyond)
        # A queue is never longer than what comes in before the first in it gives up.
        self._queue_limit = self.load_per_s * self.pool_timeout_s
        self._served_per_s = (self.pool_size - self._taken()) / self._mean_s()
        self._p99_s = self._stretched(self._median_s * math.exp(_Z99 * self._sigma))
        excess_per_s = self.load_per_s - self._served_per_s
        self._queue.slope(excess_per_s * (MINUTE / SECOND))
        self._idle = excess_per_s <= 0 and self._queue.value() == 0
