"""Exceptions on their way between this process and the World."""

from __future__ import annotations

import builtins
import sys
from typing import Any

from sim.lockstep.agent.places import raised_at
from sim.lockstep.agent.wire import World

_made: dict[str, Any] = {}


def describe(error: BaseException) -> dict[str, Any]:
    """An exception of the user's code; the object itself is kept in case it comes back."""
    token = len(World.kept)
    World.kept[token] = error
    fields = {"code": error.code} if isinstance(error, SystemExit) else {}
    if fields and not isinstance(fields["code"], (int, str, type(None))):
        fields["code"] = str(fields["code"])
    try:
        text = str(error)
    except Exception:  # user code, and it may fail in saying why it failed
        text = ""
    return {"class": type(error).__name__, "text": text, "at": raised_at(error), "fields": fields, "token": token}


def raise_error(sent: dict[str, Any]) -> BaseException:
    """The exception that the World sent."""
    if "token" in sent:
        return World.kept[sent["token"]]
    args, name = sent["args"], sent["class"]
    if sent["module"] == "builtins":
        if name == "TimeoutError" and sys.version_info < (3, 10) and len(args) < 2:
            name, sent = "timeout", {**sent, "module": "socket"}
        else:
            error: BaseException = getattr(builtins, name)(*args)
            return error
    module = sys.modules.get(sent["module"])
    if module is not None:
        return getattr(module, name)(*args)  # type: ignore[no-any-return]
    error = _class_of(sent)(sent["text"])
    for field, value in sent["fields"].items():
        setattr(error, field, value)
    return error


def _class_of(sent: dict[str, Any]) -> Any:
    """A class of that name, caught by what its original is caught by."""
    name = sent["class"]
    if name not in _made:
        bases: Any = []
        for base in (getattr(builtins, each, None) for each in sent["bases"]):
            if base is not None and base is not object and not any(issubclass(known, base) for known in bases):
                bases.append(base)
        _made[name] = type(name, tuple(bases) or (Exception,), {"__module__": "firedrill"})
    return _made[name]


def install() -> None:
    """Let the connection raise and describe."""
    World.raise_error = staticmethod(raise_error)
    World.describe = staticmethod(describe)
