"""Alpaca's errors on the wire: an HTTP status, a numeric code, a message, sometimes the figures behind it."""

from __future__ import annotations

from typing import Any

from sim.actors.http import Response
from sim.network import BrokerAuthExpired, BrokerError, BrokerRateLimited, OrderRejected, UnknownOrder


class AlpacaError(Exception):
    """An answer that refuses."""

    def __init__(self, status: int, code: int | None, message: str, **more: Any) -> None:
        """`code` is Alpaca's own number, which market data leaves out; `more` are further fields of the body."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message, **more} if code is None else {
            "code": code, "message": message, **more
        }  # fmt: skip

    def response(self) -> Response:
        """As it goes over the wire."""
        return Response.of_json(self.body, self.status)


def unauthorized() -> AlpacaError:
    """No key, or one that is not valid any more."""
    return AlpacaError(401, 40110000, "request is not authorized")


def forbidden(message: str, **more: Any) -> AlpacaError:
    """The account may not do that, or not now."""
    return AlpacaError(403, 40310000, message, **more)


def not_found(what: str) -> AlpacaError:
    """No such thing."""
    return AlpacaError(404, 40410000, what)


def invalid(message: str, **more: Any) -> AlpacaError:
    """The request cannot be done, or not now."""
    return AlpacaError(422, 42210000, message, **more)


def malformed(message: str) -> AlpacaError:
    """A field is missing or makes no sense."""
    return AlpacaError(422, 40010001, message)


def duplicate() -> AlpacaError:
    """A client order id that was used before."""
    return AlpacaError(422, 40010001, "client_order_id must be unique")


def bad_query(message: str) -> AlpacaError:
    """A query that market data does not understand; it has no numeric codes."""
    return AlpacaError(400, None, message)


def of_broker(error: BrokerError) -> AlpacaError:
    """How Alpaca words what the broker (or a fault in its place) answers."""
    text = str(error)
    if isinstance(error, BrokerAuthExpired):
        return unauthorized()
    if isinstance(error, BrokerRateLimited):
        return AlpacaError(429, 42910000, "rate limit exceeded")
    if isinstance(error, UnknownOrder):
        return not_found(text)
    if isinstance(error, OrderRejected):
        if "unique" in text:
            return duplicate()
        return forbidden(text) if error.status == 403 else invalid(text)
    status = error.status or 500
    return AlpacaError(status, status * 100_000 + 10_000, text)


def response_to(error: BrokerError) -> Response:
    """The answer to an error, in JSON or in the HTML of a load balancer."""
    if error.status == 502 or str(error).lstrip().startswith("<"):
        text = str(error) if str(error).lstrip().startswith("<") else "<html><h1>502 Bad Gateway</h1></html>"
        return Response.of_text(text, error.status or 502, "text/html")
    return of_broker(error).response()
