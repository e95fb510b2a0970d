"""What becomes of one HTTP request: refused, swallowed, cut, answered late, answered.

Each part of the firm has its own fate: the trading system's API is there while its pod serves (an ingress
answers 503 in its place), Prometheus while it lives, the broker as the link's verdict has it. The status page
of a broker is elsewhere, and up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drills.shell.naming import GATEWAY, MARKET_DATA, POSTGRES, REDIS
from drills.shell.tool import NotHere
from drills.shell.tools.firm import Firm, effect, firm_of, settings_changed, wait_for
from drills.shell.tools.web import hosts
from fakes.prometheus.alertmanager import AlertmanagerCore
from fakes.prometheus.core import PrometheusCore
from fakes.trading_api import Asked, Own, TradingApi
from sim.actors.http import Core, Request, Response
from sim.clock import MS, SECOND
from sim.config import TRADING_SYSTEM
from sim.network import BrokerError, BrokerUnreachable, EndpointFailed

if TYPE_CHECKING:
    from drills.shell.tool import Call

_NGINX_503 = (
    "<html>\n<head><title>503 Service Temporarily Unavailable</title></head>\n<body>\n"
    "<center><h1>503 Service Temporarily Unavailable</h1></center>\n<hr><center>nginx</center>\n</body>\n</html>\n"
)
_NGINX_504 = _NGINX_503.replace("503 Service Temporarily Unavailable", "504 Gateway Time-out")
_SWALLOWED_US = 1 << 50
_GATEWAY_PATIENCE_US = 60 * SECOND


@dataclass(frozen=True)
class Fate:
    """How a request went on the wire; `response` is None unless it was answered."""

    kind: str
    """`answered`, `refused`, `swallowed` (no connection comes about), `mute` (connected, no answer), `reset`."""
    response: Response | None = None
    delay_us: int = 0


class Web:
    """Everything that speaks HTTP, kept by the terminal."""

    def __init__(self, firm: Firm) -> None:
        """Set up for one firm."""
        self.firm, world = firm, firm.world
        self.prometheus = PrometheusCore(world.monitoring, world.clock, firm.inventory.metrics)
        self.alertmanager = AlertmanagerCore(world.monitoring, world.pager, world.clock)
        self.api = TradingApi(world, firm.settings, firm.configure)

    def send(self, call: Call, request: Request, host: str, port: int, tls: bool) -> Fate:
        """Send a request and let the time pass that its answer takes beyond the client's own patience."""
        here = self.answering(call, host, port)
        if here in (hosts.FIRM,):
            return self._firm(call, request, host)
        if here == hosts.PROMETHEUS:
            alive = self.firm.world.monitoring.alive
            return Fate("answered", self.prometheus.handle(request), 15 * MS) if alive else Fate("refused")
        if here == hosts.ALERTMANAGER:
            return Fate("answered", self._silenced(call, request), 15 * MS)
        if here in (hosts.BROKER, hosts.BROKER_STATUS, hosts.DATA_PROVIDER, hosts.NOTIFY):
            return self._outside(call, request, host, here)
        if here in self.firm.cluster.deployments:
            return self._service(request, here)
        if here == hosts.GRAFANA and request.path == "/api/health":
            return Fate("answered", Response.of_json({"database": "ok"}), 15 * MS)
        raise NotHere(f"the host {host} is not part of the simulated firm")

    def answering(self, call: Call, host: str, port: int) -> str:
        """Who answers, seen from the machine where the command runs."""
        here = hosts.what_answers(f"{host}:{port}", self.firm.inventory)
        if host in ("localhost", "127.0.0.1", "::1", "0.0.0.0"):
            inside = self.firm.places.get(call.terminal.place)
            if inside is not None:
                return hosts.FIRM if inside == TRADING_SYSTEM else inside
            return hosts.FIRM if here == hosts.LOCAL else here
        if not here:
            here = self.firm.inventory.hosts.get(host, "")
        return here

    # The firm's own API

    def _firm(self, call: Call, request: Request, host: str) -> Fate:
        world = self.firm.world
        if not world.listening:
            return (
                Fate("answered", Response.of_text(_NGINX_503, 503, "text/html"), 10 * MS)
                if "." in host
                else Fate("refused")
            )
        answer = self.api.handle(request)
        if answer is None:
            raise NotHere(f"the firm's API here has no {request.method} {request.path}")
        delay_us = self._api_delay_us()
        if "." in host and delay_us > _GATEWAY_PATIENCE_US:
            return Fate("answered", Response.of_text(_NGINX_504, 504, "text/html"), _GATEWAY_PATIENCE_US)
        if isinstance(answer, Asked):
            before_us = world.env.now
            result = call.terminal.act(answer.action)
            if not result.out and "no answer" in result.err:
                return Fate("mute", delay_us=_SWALLOWED_US)
            answer = answer.answer(result.code == 0, (result.out or result.err).strip())
            delay_us = max(0, delay_us - (world.env.now - before_us))
        elif isinstance(answer, Own):
            answer = self._own(call, answer)
            if answer is None:
                return Fate("mute", delay_us=_SWALLOWED_US)
        elif request.method not in ("GET", "HEAD") and answer.status < 300:
            smaller = "risk" in request.body.decode("utf-8", "replace") or "size" in request.path
            effect(call, "reduce_size" if smaller else "configure", f"{request.method} {request.path}")
            if "config" in request.path or "settings" in request.path:
                settings_changed(call, request.json() or {})
        return Fate("answered", answer, delay_us)

    def _own(self, call: Call, own: Own) -> Response | None:
        told: list[tuple[bool, str]] = []
        try:
            self.firm.world.request_endpoint(own.name, lambda ok, text: told.append((ok, text)), *own.arguments)
        except (EndpointFailed, LookupError) as error:
            return own.answer(False, str(error))
        if not wait_for(call, lambda: bool(told), 60 * SECOND, 20 * MS):
            return None
        call.terminal.changed(f"endpoint {own.name}")
        return own.answer(*told[0])

    def _api_delay_us(self) -> int:
        """A call asks the database a few times and the cache once; it is answered when they are."""
        world = self.firm.world
        query_s, slow = world.database.p99_s(), world.cluster.slowdown(TRADING_SYSTEM)
        own_s = 0.02 * slow
        return round((own_s + (0.3 * 3 * query_s if math.isfinite(query_s) else 5.0)) * SECOND)

    def _silenced(self, call: Call, request: Request) -> Response:
        response = self.alertmanager.handle(request)
        if request.method in ("POST", "DELETE") and response.status < 300:
            effect(call, "", "alert silenced" if request.method == "POST" else "silence ended")
        return response

    def _service(self, request: Request, workload: str) -> Fate:
        """Another service of the firm: a health page, while it serves."""
        if workload in (POSTGRES, REDIS):
            return Fate("mute" if self.firm.cluster.serving(workload) else "refused", delay_us=5 * SECOND)
        if not self.firm.cluster.serving(workload):
            return Fate("refused")
        if request.path.strip("/") in ("health", "healthz", "ping", "status", "api/health", "ready", "live"):
            bad = workload == MARKET_DATA and self.firm.world.feed.bad_symbols
            broken = workload == GATEWAY and not self.firm.world.connection.connected
            return Fate(
                "answered",
                Response.of_json({"status": "degraded" if bad or broken else "ok", "service": workload}),
                20 * MS,
            )
        raise NotHere(f"{workload} here has a health page only, not {request.method} {request.path}")

    # The world around it

    def _outside(self, call: Call, request: Request, host: str, here: str) -> Fate:
        if here == hosts.NOTIFY:
            return self._notified(call, request, host)
        if here == hosts.DATA_PROVIDER:
            bad = self.firm.world.feed.bad_symbols
            state = {"status": "degraded" if bad else "operational", "symbols_affected": bad}
            return Fate("answered", Response.of_json(state), 80 * MS)
        if here == hosts.BROKER_STATUS:
            return Fate("answered", Response.of_json(self._broker_state()), 120 * MS)
        fate = self._broker(request, host)
        if request.method not in ("GET", "HEAD") and fate.response is not None and fate.response.status < 300:
            what = "flatten" if "/positions" in request.path else "cancel_orders" if request.method == "DELETE" else ""
            effect(call, what, f"{request.method} {request.path} at the broker")
        return fate

    def _notified(self, call: Call, request: Request, host: str) -> Fate:
        if request.method == "GET":
            return Fate("answered", Response.of_json({"ok": True}), 100 * MS)
        effect(call, "notify", f"message sent to {host}")
        accepted = "pagerduty" in host or "opsgenie" in host
        response = Response.of_json({"status": "success"}, 202) if accepted else Response.of_text("ok")
        return Fate("answered", response, 150 * MS)

    def _broker_state(self) -> dict[str, Any]:
        verdicts = {name: self.firm.world.link.verdict(name) for name in ("account", "submit", "positions", "stream")}
        failing = [name for name, verdict in verdicts.items() if verdict.error is not None or verdict.hang]
        level = "none" if not failing else "major" if len(failing) > 2 else "minor"
        words = {"none": "All Systems Operational", "minor": "Partial System Outage", "major": "Major Service Outage"}
        return {"page": {"name": "Broker"}, "status": {"indicator": level, "description": words[level]}}

    def _broker(self, request: Request, host: str) -> Fate:
        """A request to the broker itself, along the firm's link."""
        core, request = self._broker_core(host, request)
        link = self.firm.world.link
        connect = link.verdict("connect")
        if connect.hang:
            return Fate("swallowed")
        if isinstance(connect.error, BrokerUnreachable):
            return Fate("refused")
        verdict = link.verdict(core.endpoint(request))
        round_trip_us = link.one_way_us() + link.one_way_us() + verdict.delay_us
        if isinstance(verdict.error, BrokerUnreachable):
            return Fate("reset", delay_us=round_trip_us)
        if verdict.hang or verdict.lose_reply:
            if verdict.lose_reply:
                core.handle(request)
            return Fate("mute", delay_us=_SWALLOWED_US)
        if verdict.error is not None:
            return Fate("answered", core.error(verdict.error, request), round_trip_us)
        if verdict.answer is not None:
            return Fate("answered", Response.of_json(list(verdict.answer())), round_trip_us)
        return Fate("answered", self._asked_of(core, request), round_trip_us)

    def _asked_of(self, core: Core, request: Request) -> Response:
        try:
            return core.handle(request)
        except BrokerError as error:
            return core.error(error, request)

    def _broker_core(self, host: str, request: Request) -> tuple[Core, Request]:
        if "alpaca" in host:
            from fakes.alpaca.core import AlpacaCore

            core: Core = self._core("alpaca", lambda: AlpacaCore(self.firm.world, None))
            return core, request
        from fakes.rest_broker import RestBroker

        path = request.path
        for prefix in ("/api", "/v1", "/v2", "/v3"):
            path = path.removeprefix(prefix)
        if path.strip("/") in ("status", "ping", "time", "system", "health", ""):
            path = "/health"
        plain = Request(request.method, path, request.headers, request.body, host)
        plain.raw_query = request.raw_query
        return self._core("rest", lambda: RestBroker(self.firm.world)), plain

    def _core(self, name: str, make: Any) -> Any:
        cores: dict[str, Any] = self.__dict__.setdefault("_cores", {})
        if name not in cores:
            cores[name] = make()
        return cores[name]


def web_of(call: Call) -> Web:
    """The web of a terminal's firm."""
    return call.terminal.keep(Web, lambda: Web(firm_of(call.terminal)))
