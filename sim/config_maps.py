"""Configuration that the platform keeps beside the workloads: named maps of text.

A running process has read its configuration when it started; a change here reaches it at its next start.
Whoever interprets a map (a size of positions, a flag) does so in `on_apply`, which is called when a workload
starts with maps that changed since its last start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.history import History


class ConfigMaps:
    """Maps by name, and what was changed."""

    def __init__(self, history: History) -> None:
        """No map yet."""
        self._history = history
        self._maps: dict[str, dict[str, str]] = {}
        self._unread: dict[str, dict[str, str]] = {}
        self.on_apply: list[Callable[[str, Mapping[str, str]], object]] = []

    def names(self) -> list[str]:
        """Every map, in the order of creation."""
        return list(self._maps)

    def get(self, name: str) -> dict[str, str] | None:
        """A copy of a map's data; None when there is no such map."""
        return dict(self._maps[name]) if name in self._maps else None

    def declare(self, name: str, data: Mapping[str, str]) -> None:
        """Let a map exist from the start, as the firm was set up; nothing happens by it."""
        self._maps.setdefault(name, dict(data))

    def put(self, name: str, data: Mapping[str, str], by: str) -> None:
        """Create a map, or replace its data as a whole."""
        before = self._maps.get(name)
        self._maps[name] = dict(data)
        if before != data:
            self._unread[name] = dict(data)
            changed = sorted(k for k in {**(before or {}), **data} if (before or {}).get(k) != data.get(k))
            self._history.emit("config.changed", name, keys=changed, by=by)

    def remove(self, name: str, by: str) -> bool:
        """Delete a map; False when there is none."""
        if self._maps.pop(name, None) is None:
            return False
        self._unread.pop(name, None)
        self._history.emit("config.removed", name, by=by)
        return True

    def read_by_a_start(self) -> None:
        """A process starts and reads what was changed since the last one did."""
        unread, self._unread = self._unread, {}
        for name, data in unread.items():
            self._history.emit("config.read", name)
            for apply in self.on_apply:
                apply(name, data)
