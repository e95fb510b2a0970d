"""Two small tools for models that compute instants instead of stepping: a `Timer` and a `Ramp`.

A leak of 2 MiB a minute needs no event a minute: its curve is a straight line, and the instant at which it
meets the limit is one division. A `Ramp` is that line; a `Timer` is the one call waiting at that instant,
moved whenever the slope changes.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.clock import MINUTE, VirtualTime


class Timer:
    """At most one pending call, which can be moved or cancelled.

    A scheduled call cannot be taken back, so a moved timer leaves the old one in the queue and ignores it.
    """

    __slots__ = ("_env", "_version")

    def __init__(self, env: VirtualTime) -> None:
        """A timer with nothing pending."""
        self._env = env
        self._version = 0

    def set(self, delay_us: int, action: Callable[[], object]) -> None:
        """Call `action` after `delay_us`, in place of whatever was pending."""
        self._version += 1
        self._env.call_later(delay_us, self._fire, self._version, action)

    def cancel(self) -> None:
        """Forget the pending call."""
        self._version += 1

    def _fire(self, version: int, action: Callable[[], object]) -> None:
        if version == self._version:
            action()


class Ramp:
    """A quantity that changes linearly between the instants at which it is changed, never below `floor`."""

    __slots__ = ("_env", "_level", "_since_us", "floor", "per_min")

    def __init__(self, env: VirtualTime, level: float, per_min: float = 0.0, floor: float = 0.0) -> None:
        """Start at `level` now and change by `per_min` a minute."""
        self._env = env
        self._level, self.per_min, self.floor = level, per_min, floor
        self._since_us: int = env.now

    def value(self) -> float:
        """The value now."""
        level = self._level + self.per_min * (self._env.now - self._since_us) / MINUTE
        return level if level > self.floor else self.floor

    def add(self, amount: float) -> None:
        """Step by `amount` now."""
        self._set(self.value() + amount)

    def slope(self, per_min: float) -> None:
        """Change by `per_min` a minute from now on."""
        self._set(self.value())
        self.per_min = per_min

    def us_until(self, target: float) -> int | None:
        """Microseconds until the value has risen to `target`: 0 when it has, None when it never will."""
        if self.value() >= target:
            return 0
        if self.per_min <= 0:
            return None
        # From the last change, not from now: the instant must not depend on when it was asked for.
        reached_us = self._since_us + round((target - self._level) / self.per_min * MINUTE)
        return max(0, reached_us - self._env.now)

    def _set(self, level: float) -> None:
        self._level, self._since_us = max(level, self.floor), self._env.now
