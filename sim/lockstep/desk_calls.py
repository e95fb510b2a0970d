"""The desk of a child: each call goes to the real one, and may wait."""

from __future__ import annotations

from typing import Any

from sim.actors.strand import current
from sim.lockstep.values import Values, members

FORESEEN = frozenset(
    ("positions", "orders", "halted", "safe_mode", "broker.connected", "broker.heartbeat_age_s", "price", "price_age",
     "order_error_rate", "orders_sent", "orders_unanswered", "slippage_bps", "time", "market_open",
     "seconds_since_open")
)  # fmt: skip
"""What may be read before anybody asks for it, because reading it has no effect whatever (`figures` has one)."""

_MOST_FORESEEN = 40


def _members_of(part: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    kind: Any = type(part)
    return members(kind)


class DeskCalls:
    """Serves the calls of one program."""

    def __init__(self, desk: Any) -> None:
        """`desk` is None when the program was given none."""
        self._desk = desk
        self.values = Values()
        self._read: dict[str, dict[str, tuple[str, Any]]] = {}

    def described(self) -> Any:
        """What the child's own desk is made of: names of properties and methods, of the desk and of its parts."""
        if self._desk is None:
            return None
        parts = {"": self._desk, "broker": self._desk.broker, "files": self._desk.files}
        described: dict[str, Any] = {path: [list(names) for names in _members_of(part)] for path, part in parts.items()}
        described[""][0].append("limits")
        return described

    def call(self, path: str, arguments: list[Any], keywords: dict[str, Any], at: str) -> Any:
        """Call a method of the desk or of one of its parts; `at` is the user's statement that calls it."""
        method = self._find(path)
        back = self.values.back
        me = current()
        assert me is not None
        outer, me.remote_at = me.remote_at, at
        try:
            return self.values.out(method(*back(arguments), **{k: back(v) for k, v in keywords.items()}))
        finally:
            me.remote_at = outer

    def read(self, key: str, path: str, arguments: list[Any]) -> Any:
        """The value of a property, or the answer of a method that changes nothing; the child keeps it under `key`."""
        me = current()
        assert me is not None
        if me.channel.hook is not None and path in FORESEEN:
            self._read.setdefault(me.channel.hook, {})[key] = path, arguments
        return self._value(path, arguments)

    def foreseen(self, hook: str) -> dict[str, Any]:
        """What `hook` will read, if it reads what it read before; what cannot be read is left out."""
        values: dict[str, Any] = {}
        before = self._read.get(hook)
        if before is None:
            return values
        if len(before) > _MOST_FORESEEN:
            before.clear()
        for key, (path, arguments) in before.items():
            try:
                values[key] = self._value(path, arguments)
            except Exception:  # then the hook will ask, and get that as its answer
                continue
        return values

    def _value(self, path: str, arguments: list[Any]) -> Any:
        found = self._find(path)
        if arguments:
            positional, keywords = self.values.back(arguments)
            found = found(*positional, **keywords)
        return self.values.out(found)

    def object(self, number: int, name: str | None, arguments: list[Any]) -> Any:
        """The attributes of a live object now, or, with a name, what that method of it answers."""
        found = self.values.object(number)
        if name is None:
            return self.values.attributes(found)
        return self.values.out(getattr(found, name)(*self.values.back(arguments)))

    def _find(self, path: str) -> Any:
        found = self._desk
        for name in path.split("."):
            if name.startswith("_"):
                raise AttributeError(name)
            found = getattr(found, name)
        return found
