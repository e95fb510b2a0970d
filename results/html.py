"""The HTML report: one file per run that needs nothing else, on screen (light and dark), on paper, in an archive.

Style and drawings are inlined, there is no script, and nothing is fetched, so that a record attached to an
audit reads the same in ten years. Jinja2 escapes every value; only our own SVG is passed as markup.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from results import wording
from results.plots import Timeline, series_plot, timeline_plot
from results.record import CaseRecord, RunRecord, StepRecord
from results.rehearsed import COMMAND_WORDS, STEP_WORDS, RehearsedCommand, RehearsedStep

_TEMPLATES = Path(__file__).parent / "templates"
DRAWN_CASES = 5
"""Cases beside the deciding one that get plots: each adds some 50 KB."""
LISTED_EVENTS = 400
LISTED_EVIDENCE = 40
_TONES = {
    "done": "pass", "ok": "pass", "watched": "pass", "partly": "inconclusive", "not_here": "inconclusive",
    "not_reached": "inconclusive", "not_taken": "none",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with its drawings, ready for the template."""

    case: CaseRecord
    timeline: Timeline | None
    series: Any
    """Markup, or None."""

    @property
    def origin_s(self) -> float:
        """From when its times count."""
        return wording.origin_s(self.case)

    @property
    def split(self) -> list[tuple[str, str, float]]:
        """Name, duration and share of the longest of each part of the clock's split."""
        known = {name: seconds for name, seconds in self.case.split.items() if seconds is not None}
        longest = max(known.values(), default=0.0)
        return [
            (
                name,
                "–" if seconds is None else wording.duration(seconds),
                100 * max(seconds, 0) / longest if seconds and longest else 0.0,
            )
            for name, seconds in self.case.split.items()
        ]

    @property
    def lost_points(self) -> float:
        """Sum of the deviation ledger."""
        return sum(deviation.points for deviation in self.case.deviations)

    def since(self, seconds: float | None) -> str:
        """An instant as time since the fault."""
        return wording.offset(seconds, self.origin_s)

    def local(self, seconds: float | None) -> str:
        """An instant as the firm's local time."""
        return "–" if seconds is None else wording.wall(self.case, seconds)

    def outcome(self, step: StepRecord) -> str:
        """What became of a step: `late by 30.0 s`."""
        late = wording.lateness(step)
        return wording.OUTCOMES[step.outcome] + (f" by {wording.duration(late)}" if late else "")

    def step_word(self, step: RehearsedStep) -> str:
        """What came of a step of a rehearsed text."""
        return STEP_WORDS[step.outcome]

    def command_word(self, command: RehearsedCommand) -> str:
        """What came of a command: `exit 1` where it ended so."""
        if command.exit_code not in (None, 0):
            return f"exit {command.exit_code}"
        return COMMAND_WORDS[command.outcome]

    def tone(self, outcome: str) -> str:
        """The colour of an outcome, by the name of a verdict."""
        return _TONES.get(outcome, "fail")


def html_report(record: RunRecord) -> str:
    """The whole report as one HTML document."""
    from markupsafe import Markup

    deciding, *others = reported_cases(record)
    views = [_view(deciding, drawn=True)]
    views += [_view(case, drawn=row < DRAWN_CASES) for row, case in enumerate(others)]
    template = _environment().get_template("report.html.j2")
    document: str = template.render(
        record=record,
        deciding=views[0],
        others=views[1:],
        undrawn=max(0, len(others) - DRAWN_CASES),
        style=Markup((_TEMPLATES / "report.css").read_text(encoding="utf-8")),
        listed_events=LISTED_EVENTS,
        listed_evidence=LISTED_EVIDENCE,
        words=wording,
    )
    return document


def reported_cases(record: RunRecord) -> list[CaseRecord]:
    """The cases worth their own chapter: the deciding one, the lead, and whatever did not pass."""
    deciding = record.deciding
    others = [case for case in record.cases if case.name != deciding.name and (case.lead or case.verdict != "pass")]
    return [deciding, *others]


def _view(case: CaseRecord, drawn: bool) -> CaseView:
    from markupsafe import Markup

    if not drawn:
        return CaseView(case, None, None)
    series = series_plot(case)
    return CaseView(case, timeline_plot(case), None if series is None else Markup(series))


@cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: wording.clean(value) if type(value) is str else value,
    )
    environment.filters["anchor"] = lambda name: "case-" + "".join(c if c.isalnum() else "-" for c in name)
    return environment
