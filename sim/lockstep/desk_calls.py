"""The desk of a child: each call goes to the real one, and may wait."""

from __future__ import annotations

from typing import Any

from sim.actors.strand import current
from sim.lockstep.values import Values, members


class DeskCalls:
    """Serves the calls of one program."""

    def __init__(self, desk: Any) -> None:
        """`desk` is None when the program was given none."""
        self._desk = desk
        self.values = Values()

    def described(self) -> Any:
        """What the child's own desk is made of: names of properties and methods, of the desk and of its parts."""
        if self._desk is None:
            return None
        parts = {"": self._desk, "broker": self._desk.broker, "files": self._desk.files}
        described: dict[str, Any] = {path: list(map(list, members(type(part)))) for path, part in parts.items()}
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

    def get(self, path: str) -> Any:
        """The value of a property."""
        return self.values.out(self._find(path))

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
