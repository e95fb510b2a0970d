"""What clients write in queries and bodies, as values; what cannot be read is refused as Alpaca refuses it."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

from fakes.alpaca.errors import AlpacaError, bad_query, malformed
from sim.actors.http import Request
from sim.orders import kept


def instant(text: str) -> datetime:
    """A time, UTC when it names no zone."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise malformed(f"invalid time: {text}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(text: str | None, default: date) -> date:
    """A date."""
    return default if not text else instant(text).date()


def positive(body: dict[str, Any], field: str) -> float | None:
    """A number above 0, given as one or as text; None when it is not given."""
    value = body.get(field)
    if value in (None, ""):
        return None
    try:
        figure = float(value)
    except (TypeError, ValueError):
        raise malformed(f"{field} is invalid: {value}") from None
    if not math.isfinite(figure) or figure <= 0:
        raise malformed(f"{field} must be > 0")
    return figure


def quantity(body: dict[str, Any], field: str = "qty") -> float | None:
    """A number of shares above 0, an int when it is whole."""
    figure = positive(body, field)
    return None if figure is None else kept(figure)


def truth(query: dict[str, str], field: str) -> bool:
    """A flag: clients write true, True or 1."""
    return query.get(field, "").lower() in ("true", "1")


def words(query: dict[str, str], field: str) -> list[str]:
    """A list with commas between."""
    return [word.strip() for word in query.get(field, "").split(",") if word.strip()]


def limit_of(query: dict[str, str], field: str, default: int, most: int, data: bool = False) -> int:
    """How many rows are wanted; refused when it is none, or more than are given at a time."""
    text = query.get(field) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= most:
        message = f"invalid {field}: {text}"
        raise bad_query(message) if data else malformed(message)
    return int(text)


def body_of(request: Request) -> dict[str, Any]:
    """The body, a JSON object."""
    body = request.json()
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise AlpacaError(400, 40010000, "request body format is invalid")
    return body
