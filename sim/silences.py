"""Silences: alerts that somebody asked not to be paged for, for a time.

A silenced alert still fires and is still in the History; only its page is not sent. A silence that ends while
the alert fires does not page by itself: the alert has to fire again, which is how incidents get forgotten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.alerts import Alert
from sim.clock import VirtualTime
from sim.history import History


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label of an alert."""

    name: str
    value: str
    regex: bool = False
    equal: bool = True

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether an alert with these labels meets it."""
        found = labels.get(self.name, "")
        same = re.fullmatch(self.value, found) is not None if self.regex else found == self.value
        return same == self.equal


@dataclass(slots=True)
class Silence:
    """Conditions that must all hold, from when until when, by whom and why."""

    id: str
    matchers: tuple[Matcher, ...]
    starts_us: int
    ends_us: int
    by: str
    comment: str


class Silences:
    """Every silence of a World."""

    def __init__(self, env: VirtualTime, history: History) -> None:
        """None yet."""
        self._env, self._history = env, history
        self.all: dict[str, Silence] = {}

    def add(
        self, matchers: tuple[Matcher, ...], starts_us: int, ends_us: int, by: str = "", comment: str = ""
    ) -> Silence:
        """Silence what `matchers` describe."""
        silence = Silence(f"silence-{len(self.all) + 1}", matchers, starts_us, ends_us, by, comment)
        self.all[silence.id] = silence
        self._history.emit(
            "alert.silence", silence.id, until_us=ends_us, by=by, comment=comment,
            matchers=[f"{m.name}{'=' if m.equal else '!'}{'~' if m.regex else ''}{m.value}" for m in matchers],
        )  # fmt: skip
        return silence

    def expire(self, silence_id: str) -> bool:
        """End a silence now; False when there is none of this id."""
        silence = self.all.get(silence_id)
        if silence is None:
            return False
        silence.ends_us = min(silence.ends_us, self._env.now)
        self._history.emit("alert.silence_ended", silence_id)
        return True

    def active(self) -> list[Silence]:
        """Those in force now."""
        return [silence for silence in self.all.values() if silence.starts_us <= self._env.now < silence.ends_us]

    def covering(self, alert: Alert) -> Silence | None:
        """The silence that keeps an alert from being paged, or None."""
        labels = labels_of(alert)
        return next((s for s in self.active() if all(m.matches(labels) for m in s.matchers)), None)


def labels_of(alert: Alert) -> dict[str, str]:
    """The labels of an alert: its name, its severity, and those of its series."""
    series = dict(re.findall(r'(\w+)="([^"]*)"', alert.series))
    return {**series, "alertname": alert.name, "severity": alert.severity}
