"""The firm's objects on their way to another process and back: plain data by value, live ones by number.

    named tuples    {"$n": [class, fields, values, properties]}
    orders, alerts  {"$o": [number, class, attributes]}: the attributes as they are now; asked for again later
    words of a set  {"$e": [name, value]}
    instants        {"$z": [text in ISO form, zone]}
    tuples          {"$t": [...]};  other mappings {"$d": [[key, value], ...]}

From the child come the same forms, and {"$r": [shown, text, truth]} for what only the child understands.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

_EMPTY: tuple[str, Any] = ("", None)
_PLAIN = (str, int, float, bool, type(None))


class Foreign:
    """A value of the child that means nothing here, but can be shown and asked whether it is true."""

    def __init__(self, shown: str, text: str, truth: bool) -> None:
        """`shown` is its repr, `text` its str."""
        self._shown, self._text, self._truth = shown, text, truth

    def __repr__(self) -> str:
        return self._shown

    def __str__(self) -> str:
        return self._text

    def __bool__(self) -> bool:
        return self._truth


class Values:
    """What one child has been shown."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._objects: list[Any] = []
        self._numbers: dict[int, int] = {}  # id of an object that is kept alive by the list above
        self._tuples: dict[str, Any] = {}

    def object(self, number: int) -> Any:
        """The live object with this number."""
        return self._objects[number]

    def out(self, value: Any) -> Any:
        """`value` as it is sent."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, Enum):
            return {"$e": [value.name, value.value]}
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            return [self.out(item) for item in value]
        if isinstance(value, tuple):
            return self._tuple(value)
        if isinstance(value, datetime):
            return {"$z": [value.isoformat(), getattr(value.tzinfo, "key", None)]}
        if isinstance(value, bool | int | float | str):  # a subclass, such as numpy's float
            return next(kind(value) for kind in (bool, int, float, str) if isinstance(value, kind))
        return {"$o": [self._number(value), type(value).__name__, self.attributes(value)]}

    def attributes(self, value: Any) -> dict[str, Any]:
        """The public attributes of a live object, as they are now."""
        kind: Any = type(value)
        names = [*getattr(kind, "__slots__", ()), *getattr(value, "__dict__", ()), *_properties(kind)]
        return {name: self.out(getattr(value, name)) for name in names if not name.startswith("_")}

    def back(self, sent: Any) -> Any:
        """The value that the child sent."""
        if isinstance(sent, list):
            return [self.back(item) for item in sent]
        if not isinstance(sent, dict):
            return sent
        form, content = next(iter(sent.items()), _EMPTY)
        if len(sent) != 1 or not form.startswith("$"):
            return {key: self.back(item) for key, item in sent.items()}
        if form == "$o":
            return self._objects[content[0]]
        if form == "$n":
            values = self.back(content[1])
            known = self._tuples.get(content[0])
            return tuple(values) if known is None else known(*values)
        if form == "$t":
            return tuple(self.back(content))
        if form == "$e":
            return content[1]
        if form == "$d":
            return {self.back(key): self.back(item) for key, item in content}
        return Foreign(*content)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: self.out(item) for key, item in value.items()}
        return {"$d": [[self.out(key), self.out(item)] for key, item in value.items()]}

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        fields = getattr(value, "_fields", None)
        if fields is None:
            return {"$t": [self.out(item) for item in value]}
        kind: Any = type(value)
        self._tuples[kind.__name__] = kind
        more = {name: self.out(getattr(value, name)) for name in _properties(kind)}
        return {"$n": [kind.__name__, list(fields), [self.out(item) for item in value], more]}

    def _number(self, value: Any) -> int:
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self._objects)
            self._objects.append(value)
        return number


@cache
def _properties(kind: type) -> tuple[str, ...]:
    """The public properties of a class, those of its bases included."""
    return tuple(n for n, v in inspect.getmembers_static(kind) if isinstance(v, property) and not n.startswith("_"))


@cache
def members(kind: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the public properties and of the public methods of a class."""
    methods = tuple(
        n for n, v in inspect.getmembers_static(kind) if inspect.isfunction(v) and not n.startswith("_")
    )  # fmt: skip
    return _properties(kind), methods
