"""The pager: brings alerts to people by severity, and escalates while nobody acknowledges.

A page goes to the first role of its severity's rota, is delivered some seconds later, and moves on to the
next role each time the escalation delay passes without an acknowledgement. Alerts of one rule share a page
while it is open. Beside it stands a dead man's switch: a watchdog outside of monitoring that pages when
monitoring has been silent for some minutes, since a blind monitoring system raises no alert itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from sim.alerts import SEVERITIES, Alert, AlertState, Severity
from sim.clock import MINUTE, SECOND, VirtualTime
from sim.errors import BadInput
from sim.healing import Heal, once
from sim.history import History
from sim.rng import Streams, lognormal, uniform
from sim.silences import Silences
from sim.timers import Timer

ROTA = ("primary", "secondary", "lead", "manager")

ROUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"info": (), "warning": ("primary",), "critical": ROTA, "emergency": ROTA}
)
"""Roles by severity, first to last: a warning waits for its only reader, and info pages nobody."""


class Page:
    """One page and what has become of it."""

    __slots__ = (
        "acknowledged_by", "acknowledged_us", "alert", "closed_us", "delivered_us", "escalation",
        "id", "level", "off_hours", "roles", "sent_us",
    )  # fmt: skip

    def __init__(self, page_id: str, alert: Alert, roles: tuple[str, ...], off_hours: bool, escalation: Timer) -> None:
        """A page about `alert` for the first of `roles`."""
        self.id, self.alert, self.roles, self.off_hours = page_id, alert, roles, off_hours
        self.escalation = escalation
        self.level = 0
        self.sent_us: int | None = None
        self.delivered_us: int | None = None
        self.acknowledged_us: int | None = None
        self.acknowledged_by: str | None = None
        self.closed_us: int | None = None

    @property
    def to(self) -> str:
        """The role that is being paged."""
        return self.roles[self.level]

    @property
    def open(self) -> bool:
        """Whether somebody still has to acknowledge it."""
        return self.acknowledged_us is None and self.closed_us is None


class Pager:
    """Routes, delivers, escalates."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        streams: Streams,
        *,
        routes: Mapping[str, tuple[str, ...]] = ROUTES,
        escalate_after_us: int = 300 * SECOND,
        delivery_median_s: float = 4.0,
        off_hours: Callable[[], bool] = lambda: False,
    ) -> None:
        """Page by `routes`; `off_hours()` is recorded on each page, for whoever answers it."""
        missing = [severity for severity in SEVERITIES if severity not in routes]
        if missing:
            raise BadInput(f"no route for severity {missing[0]}", mend="give its roles, or () for nobody")
        self._env, self._history = env, history
        self._routes, self.escalate_after_us, self._off_hours = dict(routes), escalate_after_us, off_hours
        self._delivery_s = streams.draws("pager/delivery", lognormal(delivery_median_s, 0.4))
        self._chance = streams.draws("pager/loss", uniform())
        self._new_id = streams.ids("page")
        self.pages: dict[str, Page] = {}
        self._by_rule: dict[str, Page] = {}
        self._firing: dict[str, int] = {}
        self._losses: list[float] = []
        self._on_page: list[Callable[[Page, str], object]] = []
        self.silences = Silences(env, history)

    def on_page(self, callback: Callable[[Page, str], object]) -> None:
        """Call with the page and the role when it is delivered."""
        self._on_page.append(callback)

    def handle(self, alert: Alert) -> None:
        """Take an alert from monitoring: page when it fires, close the page when all of its rule resolved."""
        count = self._firing.get(alert.name, 0) + (1 if alert.state == "firing" else -1)
        self._firing[alert.name] = max(0, count)
        page = self._by_rule.get(alert.name)
        if alert.state == "firing" and page is None:
            silence = self.silences.covering(alert) if self.silences.all else None
            if silence is None:
                self.page(alert)
            else:
                self._history.emit("page.silenced", alert.name, silence=silence.id)
        elif count <= 0 and page is not None:
            self._close(page)

    def page(self, alert: Alert) -> Page | None:
        """Page about `alert` now; None when its severity pages nobody."""
        roles = self._routes[alert.severity]
        if not roles:
            return None
        page = Page(self._new_id(), alert, roles, bool(self._off_hours()), Timer(self._env))
        self.pages[page.id] = self._by_rule[alert.name] = page
        self._send(page)
        return page

    def acknowledge(self, page_id: str, by: str) -> bool:
        """Stop the escalation; False when it was acknowledged or closed before."""
        page = self.pages.get(page_id)
        if page is None:
            raise BadInput("unknown page", mend="take the id from the page.sent event", value=page_id)
        if not page.open:
            return False
        page.acknowledged_us, page.acknowledged_by = self._env.now, by
        page.escalation.cancel()
        self._emit("page.acknowledged", page, by=by)
        return True

    def open_pages(self) -> list[Page]:
        """Pages that somebody still has to acknowledge, oldest first."""
        return [page for page in self.pages.values() if page.open]

    def lose(self, share: float = 1.0) -> Heal:
        """Lose this share of pages on the way to the person, until healed."""
        if not 0.0 <= share <= 1.0:
            raise BadInput("share of lost pages is not between 0 and 1", mend="use 1 for all", value=share)
        self._losses.append(share)
        self._history.emit("pager.losing", share=float(share))

        def heal() -> None:
            self._losses.remove(share)
            self._history.emit("pager.losing_healed", share=float(share))

        return once(heal)

    def _send(self, page: Page) -> None:
        page.sent_us, to = self._env.now, page.to
        self._emit("page.sent", page, severity=page.alert.severity, off_hours=page.off_hours)
        # The same draws for each page, lost or not: a fault does not shift the delivery of later pages.
        delay_us, chance = round(self._delivery_s() * SECOND), self._chance()
        if chance < max(self._losses, default=0.0):
            self._emit("page.lost", page)
        else:
            self._env.call_later(delay_us, self._deliver, page, to)
        page.escalation.set(self.escalate_after_us, lambda: self._escalate(page))

    def _deliver(self, page: Page, to: str) -> None:
        if page.delivered_us is None:
            page.delivered_us = self._env.now
        self._history.emit("page.delivered", page.id, alert=page.alert.name, to=to)
        for told in self._on_page:
            told(page, to)

    def _escalate(self, page: Page) -> None:
        if page.level + 1 == len(page.roles):
            self._emit("page.unanswered", page)
            return
        before = page.to
        page.level += 1
        self._emit("page.escalated", page, previous=before, level=page.level)
        self._send(page)

    def _close(self, page: Page) -> None:
        page.closed_us = self._env.now
        page.escalation.cancel()
        del self._by_rule[page.alert.name]
        self._emit("page.closed", page)

    def _emit(self, kind: str, page: Page, **data: object) -> None:
        self._history.emit(kind, page.id, alert=page.alert.name, to=page.to, **data)


class DeadMansSwitch:
    """Pages when `heartbeat` has not been called for `silence_us`: the watchdog outside of monitoring."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        pager: Pager,
        silence_us: int = 5 * MINUTE,
        severity: Severity = "critical",
    ) -> None:
        """Begin to wait now."""
        self._env, self._history, self._pager = env, history, pager
        self._silence_us, self._severity = silence_us, severity
        self._last_us: int = env.now
        self._silent = False
        self._timer = Timer(env)
        self._timer.set(silence_us, self._look)

    def heartbeat(self) -> None:
        """Monitoring is alive. Called at each scrape, so it only notes the time."""
        self._last_us = self._env.now
        if self._silent:
            self._resume()

    def _look(self) -> None:
        # One look every few minutes, at the earliest instant the silence could be long enough.
        remaining_us = self._last_us + self._silence_us - self._env.now
        if remaining_us > 0:
            self._timer.set(remaining_us, self._look)
            return
        self._silent = True
        self._tell("firing")

    def _resume(self) -> None:
        self._silent = False
        self._tell("resolved")
        self._timer.set(self._silence_us, self._look)

    def _tell(self, state: AlertState) -> None:
        alert = Alert(
            "MonitoringSilent",
            state,
            self._severity,
            "monitoring has sent no heartbeat",
            "watchdog",
            (self._env.now - self._last_us) / SECOND,
            self._silence_us / SECOND,
            self._last_us,
            self._env.now,
        )
        self._history.emit(f"alert.{state}", alert.name, **alert.data())
        self._pager.handle(alert)
