"""The variables of one shell: values, what is exported, and the scopes of functions."""

from __future__ import annotations

from collections.abc import Mapping

Value = str | list[str]


class Variables:
    """Names and values; `local` ones go when their function returns."""

    def __init__(self, exported: Mapping[str, str]) -> None:
        """Begin with an environment."""
        self._values: dict[str, Value] = dict(exported)
        self._exported = dict.fromkeys(exported)
        self._readonly: set[str] = set()  # membership only
        self._scopes: list[dict[str, tuple[Value | None, bool]]] = []

    def copy(self) -> Variables:
        """The same for a subshell."""
        twin = Variables({})
        twin._values = {name: list(v) if isinstance(v, list) else v for name, v in self._values.items()}
        twin._exported, twin._readonly = dict(self._exported), set(self._readonly)
        twin._scopes = [dict(scope) for scope in self._scopes]
        return twin

    def get(self, name: str) -> Value | None:
        """The value, or None when it is unset."""
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """The value as one text: the first element of an array."""
        value = self._values.get(name)
        return (value[0] if value else None) if isinstance(value, list) else value

    def is_readonly(self, name: str) -> bool:
        """Whether it cannot be set."""
        return name in self._readonly

    def set(self, name: str, value: Value) -> None:
        """Set it, in the scope in which it lives."""
        if isinstance(value, str) and isinstance(self._values.get(name), list):
            array = self._values[name]
            assert isinstance(array, list)
            array[:1] = [value]
            return
        self._values[name] = value

    def unset(self, name: str) -> None:
        """Forget it."""
        self._values.pop(name, None)
        self._exported.pop(name, None)

    def export(self, name: str, on: bool = True) -> None:
        """Hand it on to programs, or no longer."""
        if on:
            self._exported[name] = None
        else:
            self._exported.pop(name, None)

    def protect(self, name: str) -> None:
        """Make it readonly."""
        self._readonly.add(name)

    def environment(self) -> dict[str, str]:
        """What programs see."""
        return {name: v for name in self._exported if isinstance(v := self._values.get(name), str)}

    def names(self) -> list[str]:
        """All that are set, sorted."""
        return sorted(self._values)

    # Functions.

    def enter(self) -> None:
        """A function begins."""
        self._scopes.append({})

    def leave(self) -> None:
        """It returns: what it had for itself is as before."""
        for name, (value, exported) in self._scopes.pop().items():
            if value is None:
                self._values.pop(name, None)
            else:
                self._values[name] = value
            self.export(name, exported)

    @property
    def in_function(self) -> bool:
        """Whether a function runs."""
        return bool(self._scopes)

    def make_local(self, name: str) -> None:
        """From now on the name is the function's own."""
        scope = self._scopes[-1]
        if name not in scope:
            scope[name] = (self._values.pop(name, None), name in self._exported)
