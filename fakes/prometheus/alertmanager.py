"""The HTTP API of Alertmanager, version 2: alerts, and the silences that keep them from paging."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sim.actors.http import Request, Response, plain_error
from sim.clock import Clock
from sim.monitoring import Monitoring
from sim.network import BrokerError
from sim.pager import Pager
from sim.silences import Matcher, Silence, labels_of


class AlertmanagerCore:
    """Answers for one World's pager."""

    def __init__(self, monitoring: Monitoring, pager: Pager, clock: Clock) -> None:
        """Alerts come from `monitoring`, silences go to `pager`."""
        self._monitoring, self._pager, self._clock = monitoring, pager, clock

    def endpoint(self, request: Request) -> str:
        """Faults of the broker's path do not know it."""
        return "other"

    def error(self, error: BrokerError, request: Request) -> Response:
        """Of a path that Alertmanager is not on."""
        return plain_error(error)

    def handle(self, request: Request) -> Response:
        """The answer to a request."""
        path = request.path.rstrip("/")
        if path in ("/-/healthy", "/-/ready"):
            return Response.of_text("OK")
        if path == "/api/v2/alerts" and request.method == "GET":
            return Response.of_json([self._alert(alert) for alert in self._monitoring.firing()])
        if path == "/api/v2/silences" and request.method == "GET":
            return Response.of_json([self._shown(silence) for silence in self._pager.silences.all.values()])
        if path == "/api/v2/silences" and request.method == "POST":
            return self._silence(request)
        if path.startswith("/api/v2/silence/"):
            return self._one(path.rpartition("/")[2], request.method)
        return Response.of_text("404 page not found\n", 404)

    def _alert(self, alert: Any) -> dict[str, Any]:
        silence = self._pager.silences.covering(alert)
        return {
            "labels": labels_of(alert), "annotations": {"summary": alert.summary},
            "startsAt": self._stamp(alert.since_us),
            "status": {"state": "suppressed" if silence else "active", "silencedBy": [silence.id] if silence else []},
        }  # fmt: skip

    def _one(self, silence_id: str, method: str) -> Response:
        silence = self._pager.silences.all.get(silence_id)
        if silence is None:
            return Response.of_text("", 404)
        if method == "DELETE":
            self._pager.silences.expire(silence_id)
            return Response.of_text("")
        return Response.of_json(self._shown(silence))

    def _silence(self, request: Request) -> Response:
        try:
            body = request.json()
            matchers = tuple(
                Matcher(str(m["name"]), str(m["value"]), bool(m.get("isRegex")), bool(m.get("isEqual", True)))
                for m in body["matchers"]
            )
            starts_us, ends_us = self._us(body.get("startsAt")), self._us(body["endsAt"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Response.of_json({"code": 400, "message": f"bad request: {error!r}"}, 400)
        if not matchers or ends_us <= starts_us:
            why = "at least one matcher required" if not matchers else "end time must be after start time"
            return Response.of_json(f"silence invalid: {why}", 400)
        by, comment = str(body.get("createdBy", "")), str(body.get("comment", ""))
        return Response.of_json({"silenceID": self._pager.silences.add(matchers, starts_us, ends_us, by, comment).id})

    def _us(self, text: Any) -> int:
        if text is None:
            return self._clock.now_us
        moment = datetime.fromisoformat(str(text))
        return self._clock.us_at(moment if moment.tzinfo else moment.replace(tzinfo=UTC))

    def _shown(self, silence: Silence) -> dict[str, Any]:
        active = silence.starts_us <= self._clock.now_us < silence.ends_us
        return {
            "id": silence.id, "createdBy": silence.by, "comment": silence.comment,
            "startsAt": self._stamp(silence.starts_us), "endsAt": self._stamp(silence.ends_us),
            "status": {"state": "active" if active else "expired"},
            "matchers": [
                {"name": m.name, "value": m.value, "isRegex": m.regex, "isEqual": m.equal} for m in silence.matchers
            ],
        }  # fmt: skip

    def _stamp(self, t_us: int) -> str:
        return self._clock.utc(t_us).isoformat().replace("+00:00", "Z")
