"""Whether the platform's API answers in time: a service level that the database decides.

It costs nothing while all is well. A change in the database makes it look; while answers are slow it looks
every few seconds, because a queue shortens along a line and not at an event.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.clock import SECOND, VirtualTime
from sim.history import History

LIMIT_S = 1.0
"""99 % of API calls are answered within this; the default alert rule says the same."""
_AGAIN_US = 5 * SECOND


class Responsiveness:
    """Emits `api.slow` and `api.fast`."""

    def __init__(self, env: VirtualTime, history: History, p99_s: Callable[[], float]) -> None:
        """`p99_s` is the latency of an API call now, NaN when it is not answered at all."""
        self._env, self._history, self._p99_s = env, history, p99_s
        self.slow = False
        self._began = False
        """Whether it was ever fast: what starts up with the firm is no incident."""
        self._looking = False

    def look(self, busy: bool = False) -> None:
        """Note a change; `busy` tells that callers wait, so that it may soon be slow."""
        p99_s = self._p99_s()
        slow = not p99_s <= LIMIT_S
        self._began = self._began or not slow
        if slow != self.slow and self._began:
            self.slow = slow
            self._history.emit("api.slow" if slow else "api.fast", p99_s=None if p99_s != p99_s else float(p99_s))
        if (slow or busy) and not self._looking:
            self._looking = True
            self._env.call_later(_AGAIN_US, self._again)

    def _again(self) -> None:
        self._looking = False
        self.look()
