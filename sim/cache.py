"""The firm's cache: it takes reads off the database while it is warm, and fills up.

After a restart or a flush it is cold and warms up in a few steps; its misses load the database meanwhile.
At its memory limit it either evicts, and misses more, or refuses writes, as its policy says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from sim.clock import MINUTE, VirtualTime
from sim.healing import Heal, once
from sim.history import History
from sim.timers import Ramp, Timer

_WARM_UP = (0.0, 0.5, 0.75, 0.9, 1.0)
"""Share of the usual hits, a step for each quarter of the warm-up."""

_ITEM_MIB = 1 / 64


class Cache:
    """Memory, hits, misses."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        *,
        up: Callable[[], bool] = lambda: True,
        max_mib: float = 192.0,
        used_mib: float = 96.0,
        growth_mib_per_min: float = 0.0,
        policy: Literal["evict", "refuse"] = "refuse",
        reads_per_s: float = 500.0,
        hit_ratio: float = 0.95,
        warm_up_us: int = 2 * MINUTE,
        on_misses: Callable[[float], object] = lambda _: None,
    ) -> None:
        """A warm cache; `on_misses` is told the misses a second whenever they change."""
        self._env, self._history, self._up, self.policy = env, history, up, policy
        self.max_mib, self._working_set_mib = max_mib, used_mib
        self._wanted = Ramp(env, used_mib, growth_mib_per_min)
        self._reads_per_s, self._warm_hit_ratio = reads_per_s, hit_ratio
        self._quarter_us = warm_up_us // (len(_WARM_UP) - 1)
        self._on_misses = on_misses
        self._step = len(_WARM_UP) - 1
        self._warming, self._filling = Timer(env), Timer(env)
        self._full = self._stopped = False
        self._generation = 0
        """Rises when it is emptied."""
        self._evicted_before = 0.0
        self._look()

    # What it is now

    def used_mib(self) -> float:
        """Memory in use."""
        return min(self._wanted.value(), self.max_mib) if self._up() else 0.0

    def evictions(self) -> int:
        """Items evicted so far."""
        beyond_mib = max(0.0, self._wanted.value() - self.max_mib) if self.policy == "evict" else 0.0
        return int((self._evicted_before + beyond_mib) / _ITEM_MIB)

    @property
    def refusing(self) -> bool:
        """Whether it refuses writes because it is full."""
        return self._up() and self._full and self.policy == "refuse"

    def hit_ratio(self) -> float:
        """Share of reads that it answers."""
        if not self._up():
            return 0.0
        # What had to be evicted is missed.
        fits = min(1.0, self.max_mib / max(self._wanted.value(), _ITEM_MIB)) if self.policy == "evict" else 1.0
        return self._warm_hit_ratio * _WARM_UP[self._step] * fits

    def misses_per_s(self) -> float:
        """Reads that go on to the database."""
        return self._reads_per_s * (1.0 - self.hit_ratio())

    def p99_s(self) -> float:
        """99 % of reads that it answers take at most this; NaN while it is down."""
        return 0.002 if self._up() else math.nan

    # Operating verbs

    def flush(self) -> None:
        """Empty it: cold, and no longer full."""
        self._history.emit("cache.flushed", used_mib=float(self.used_mib()))
        self._empty()

    def stopped(self, reason: str = "") -> None:
        """Its process ended: what it held is lost. For its workload's `on_stop`."""
        self._empty()
        self._warming.cancel()
        self._stopped = True

    def started(self) -> None:
        """Its process runs: it begins to warm up if it had stopped. For its workload's `on_start`."""
        if self._stopped:
            self._stopped = False
            self._warming.set(self._quarter_us, self._warm)
        self._look()

    def set_max(self, max_mib: float) -> Heal:
        """Give it another memory limit; the way back is the limit before."""
        before, self.max_mib = self.max_mib, float(max_mib)
        self._history.emit("cache.limit_set", max_mib=float(max_mib), previous=float(before))
        self._look()

        def heal() -> None:
            if self.max_mib == max_mib != before:
                self.set_max(before)

        return once(heal)

    # Faults

    def fill(self) -> Heal:
        """Fill it up to its limit, until it is flushed, restarted, given more memory, or healed."""
        filled_mib = max(0.0, self.max_mib - self._wanted.value())
        generation = self._generation
        self._wanted.add(filled_mib)
        self._history.emit("cache.filled", used_mib=float(self.used_mib()), max_mib=float(self.max_mib))
        self._look()

        def heal() -> None:
            # What was put in went with a flush or a restart since.
            if generation == self._generation:
                self._wanted.add(-filled_mib)
            self._look()

        return once(heal)

    def grow(self, mib_per_min: float) -> Heal:
        """Let what it has to hold grow faster: keys without an expiry."""
        self._wanted.slope(self._wanted.per_min + mib_per_min)
        self._history.emit("cache.growing", mib_per_min=float(self._wanted.per_min))
        self._look()

        def heal() -> None:
            self._wanted.slope(self._wanted.per_min - mib_per_min)
            self._wanted.add(self._working_set_mib - self._wanted.value())
            self._look()

        return once(heal)

    # Inside

    def _empty(self) -> None:
        self._generation += 1
        self._evicted_before += max(0.0, self._wanted.value() - self.max_mib) if self.policy == "evict" else 0.0
        self._wanted.add(-self._wanted.value())
        self._step = 0
        self._warming.set(self._quarter_us, self._warm)
        self._look()

    def _warm(self) -> None:
        self._step += 1
        self._wanted.add(self._working_set_mib * (_WARM_UP[self._step] - _WARM_UP[self._step - 1]))
        if self._step + 1 < len(_WARM_UP):
            self._warming.set(self._quarter_us, self._warm)
        self._look()

    def _look(self) -> None:
        """Something changed: find out whether it is full, when it will be, and how much it misses."""
        self._filling.cancel()
        delay_us = self._wanted.us_until(self.max_mib)
        full = delay_us == 0
        if full != self._full:
            self._full = full
            self._history.emit("cache.full" if full else "cache.not_full", policy=self.policy)
        if delay_us:
            self._filling.set(delay_us, self._look)
        elif full and self.policy == "evict" and self._wanted.per_min > 0:
            # Its hits fall along a curve now: a look a minute is near enough.
            self._filling.set(MINUTE, self._look)
        self._on_misses(self.misses_per_s())
