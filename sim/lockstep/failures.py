"""Exceptions on their way between the World and a child."""

from __future__ import annotations

import builtins
from typing import Any


class RemoteFailure(Exception):
    """An exception that user code raised in a process of its own."""

    firedrill_at: str = ""
    """`file:line` of the user's statement that it came from."""
    sent: Any = None
    """As the child described it; sent back, it becomes the same exception object there."""


def raised(sent: dict[str, Any]) -> BaseException:
    """What the child says it raised, as an exception whose type has the same name."""
    if sent["class"] == "SystemExit":
        leaving = SystemExit(sent["fields"].get("code"))
        leaving.sent = sent  # type: ignore[attr-defined]
        return leaving
    failure: RemoteFailure = type(sent["class"], (RemoteFailure,), {})(sent["text"])
    failure.firedrill_at, failure.sent = sent.get("at", ""), sent
    return failure


def described(error: BaseException) -> dict[str, Any]:
    """An exception of the World, for the child to raise: with the built-in classes that it can be caught by."""
    sent = getattr(error, "sent", None)
    if sent is not None:
        return sent  # type: ignore[no-any-return]
    bases = [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]
    fields = {name: value for name, value in vars(error).items() if isinstance(value, str | int | float | None)}
    status = getattr(error, "status", None)
    if isinstance(status, int):
        fields["status"] = status
    module = type(error).__module__
    return {
        "class": type(error).__name__, "module": module if module in ("socket", "ssl", "builtins") else "",
        "bases": bases, "args": [a if isinstance(a, str | int | float | None) else str(a) for a in error.args],
        "text": str(error), "fields": fields,
    }  # fmt: skip
