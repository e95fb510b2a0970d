"""The firm's objects, as this process sees them."""

from __future__ import annotations

import datetime
import numbers
from collections import namedtuple
from typing import Any

from sim.lockstep.agent.wire import World, request

_EMPTY: Any = ("", None)
_tuples: dict[str, Any] = {}
_classes: dict[str, Any] = {}


class Word(str):
    """A word of a set, such as the status of an order."""

    name: str

    @property
    def value(self) -> str:
        """The word."""
        return str(self)


class Live:
    """An object of the firm: what is read of it is what it is now."""

    def __init__(self, number: int, attributes: dict[str, Any]) -> None:
        """Known by `number`; `attributes` are those of this instant."""
        vars(self).update(_number=number, _attributes=attributes, _epoch=World.epoch)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        mine = vars(self)
        if mine["_epoch"] != World.epoch:
            mine["_attributes"] = request("object", mine["_number"], None, [])
            mine["_epoch"] = World.epoch
        if name in mine["_attributes"]:
            return back(mine["_attributes"][name])
        return lambda *args: back(request("object", mine["_number"], name, [out(a) for a in args]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Live) and vars(self)["_number"] == vars(other)["_number"]

    def __hash__(self) -> int:
        return hash(("Live", vars(self)["_number"]))

    def __repr__(self) -> str:
        text: str = back(request("object", vars(self)["_number"], "__repr__", []))
        return text

    def __dir__(self) -> Any:
        return list(vars(self)["_attributes"])


def back(sent: Any) -> Any:
    """The value that the World sent."""
    if isinstance(sent, list):
        return [back(item) for item in sent]
    if not isinstance(sent, dict):
        return sent
    form, content = next(iter(sent.items()), _EMPTY)
    if len(sent) != 1 or not form.startswith("$"):
        return {key: back(item) for key, item in sent.items()}
    if form == "$n":
        return _tuple(*content)
    if form == "$o":
        number, kind, attributes = content
        if kind not in _classes:
            _classes[kind] = type(kind, (Live,), {})
        return _classes[kind](number, attributes)
    if form == "$e":
        word = Word(content[1])
        word.name = content[0]
        return word
    if form == "$t":
        return tuple(back(content))
    if form == "$z":
        return _instant(*content)
    return {_key(back(key)): back(item) for key, item in content}


def _key(key: Any) -> Any:
    return tuple(key) if isinstance(key, list) else key


def _tuple(name: str, fields: Any, values: Any, more: dict[str, Any]) -> Any:
    kind = _tuples.get(name)
    if kind is None or list(kind._fields) != fields:
        base = namedtuple(name, fields)  # type: ignore[misc]
        getters = {each: property(_getter(each)) for each in more}
        kind = _tuples[name] = type(name, (base,), {"firedrill": True, **getters})
    made = kind(*(back(value) for value in values))
    if more:
        made.more = more
    return made


def _getter(name: str) -> Any:
    return lambda self: back(self.__dict__["more"][name])


def _instant(text: str, zone: Any) -> Any:
    instant = datetime.datetime.fromisoformat(text)
    if zone is not None:
        try:
            from zoneinfo import ZoneInfo

            return instant.astimezone(ZoneInfo(zone))
        except Exception:  # before 3.9, or a machine without the zones: the offset of that instant is right
            return instant
    return instant


def out(value: Any) -> Any:
    """`value` as it is sent."""
    if type(value) in (str, int, float, bool, type(None)):
        return value
    if isinstance(value, Live):
        return {"$o": [vars(value)["_number"]]}
    if isinstance(value, tuple):
        items = [out(item) for item in value]
        return {"$n": [type(value).__name__, items]} if hasattr(value, "firedrill") else {"$t": items}
    if isinstance(value, list):
        return [out(item) for item in value]
    if isinstance(value, dict):
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: out(item) for key, item in value.items()}
        return {"$d": [[out(key), out(item)] for key, item in value.items()]}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Number):
        try:
            return float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
    try:
        truth = bool(value)
    except Exception:  # an array, for one, says neither yes nor no
        truth = True
    return {"$r": [repr(value), str(value), truth]}
