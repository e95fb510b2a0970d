"""The words and number formats that all reports share, so that they say the same thing the same way.

User text (titles, log lines, exceptions) may hold anything; `clean` makes it fit for one line of XML, HTML
or terminal. Escaping is left to each report.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from results.record import CaseRecord, ClockRecord, Finding, Rpo, RunRecord, StepRecord
from sim.clock import SECOND, format_us

INSTANTS = (
    ("t0", "fault", "fault injected"),
    ("t1", "impact", "first service level or invariant broken"),
    ("t2", "detected", "first alert"),
    ("t3", "acknowledged", "someone answered the page"),
    ("t4", "mitigating", "first mitigating action"),
    ("t5", "contained", "no further risk can be added"),
    ("t6", "restored", "every recovery predicate holds from here on"),
    ("t7", "confirmed", "they held for the whole window"),
    ("t8", "closed", "post-incident items done"),
)
"""Field of the clock, short name, meaning."""

SEVERITY_ORDER = {"critical": 0, "warning": 1, "info": 2}

OUTCOMES = {
    "done": "done",
    "late": "late",
    "skipped": "skipped",
    "slip": "done wrongly",
    "not_executable": "cannot be carried out",
    "unbound": "not bound to an action",
}

_RPO_WORDS = (
    ("orders_lost", "order lost", "orders lost"),
    ("orders_duplicated", "order duplicated", "orders duplicated"),
    ("fills_unaccounted", "fill unaccounted", "fills unaccounted"),
    ("positions_unaccounted", "position unaccounted", "positions unaccounted"),
    ("bars_lost", "bar lost", "bars lost"),
)

# What XML 1.0 forbids, and the direction overrides that could reorder the text around them.
_UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)


def clean(text: str) -> str:
    """`text` without characters that no report can carry; line breaks stay."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str, limit: int = 0) -> str:
    """`clean` text on one line, cut at `limit` characters (0: not at all) with an ellipsis."""
    line = " ".join(clean(text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def duration(seconds: float | None) -> str:
    """`4.2 s`, `6 min 12 s`, `1 h 02 min`; `never` for None."""
    return "never" if seconds is None else format_us(seconds * SECOND)


def offset(seconds: float | None, origin_s: float) -> str:
    """The time of an instant from `origin_s`, signed: `+4.2 s`; a dash when it never came."""
    if seconds is None:
        return "–"
    text = format_us((seconds - origin_s) * SECOND)
    if text in {"0 ms", "-0 ms"}:
        return "0 s"
    return text.replace("-", "−") if text.startswith("-") else f"+{text}"


def origin_s(case: CaseRecord) -> float:
    """From when a case's report counts: the fault, or the start of the run when none was injected."""
    return case.clock.t0 if case.clock.t0 is not None else 0.0


def wall(case: CaseRecord, seconds: float, in_full: bool = False) -> str:
    """The firm's local time of an instant: `10:04:12`, with the weekday when it is not the fault's day.

    `in_full` gives `Mon 5 Jan 2026 10:04:12 EST`.
    """
    local, fault = _local(case, seconds), _local(case, origin_s(case))
    if in_full:
        return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S %Z}"
    return f"{local:%H:%M:%S}" if local.date() == fault.date() else f"{local:%a %H:%M:%S}"


def _local(case: CaseRecord, seconds: float) -> datetime:
    return (datetime.fromisoformat(case.epoch) + timedelta(seconds=seconds)).astimezone(ZoneInfo(case.zone))


def instants(clock: ClockRecord) -> list[tuple[str, str, str, float | None]]:
    """`(field, short name, meaning, seconds)` of t0 to t8."""
    return [(field, name, meaning, getattr(clock, field)) for field, name, meaning in INSTANTS]


def number(value: float, decimals: int = 0) -> str:
    """`12,400`, `-0.8`: thousands apart, and never a negative zero."""
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not any(digit in text for digit in "123456789") else text


def count(number_of: int, one: str, many: str | None = None) -> str:
    """`1 case`, `3 cases`."""
    return f"{number_of:,} {one if number_of == 1 else many or one + 's'}"


def lost_items(rpo: Rpo) -> int:
    """How many things were lost, duplicated or left unaccounted."""
    return sum(getattr(rpo, field) for field, *_ in _RPO_WORDS)


def loss(rpo: Rpo) -> str:
    """What was lost in words: `2 orders lost, 1 fill unaccounted; worth 12,400`, or `nothing`."""
    counts = [(getattr(rpo, field), one, many) for field, one, many in _RPO_WORDS]
    parts = [count(n, one, many) for n, one, many in counts if n]
    worth = f"; worth {number(rpo.notional)}" if rpo.notional else ""
    return (", ".join(parts) or "nothing") + worth


def rpo_rows(rpo: Rpo) -> list[tuple[str, str]]:
    """Every kind of loss with its count, zeros included: `("Orders lost", "0")`."""
    rows = [(many.capitalize(), number(getattr(rpo, field))) for field, _, many in _RPO_WORDS]
    return [*rows, ("Notional", number(rpo.notional))]


def rto_sentence(case: CaseRecord) -> str:
    """The outcome of the RTO clock in a sentence."""
    objective = f"the objective is {duration(case.rto_objective_s)}"
    if case.rto_s is not None and case.clock.t1 is None:
        return f"Nothing broke; {objective}."
    if case.rto_s is None:
        broke = "Not restored before the end of the run" if case.clock.t1 is not None else "No recovery measured"
        return f"{broke}; {objective}."
    over = case.rto_s - case.rto_objective_s
    margin = f"missed by {duration(over)}" if over > 0 else f"{duration(-over)} to spare"
    return f"Restored in {duration(case.rto_s)}; {objective}, {margin}."


def rto(case: CaseRecord) -> str:
    """The RTO as a number, or why there is none."""
    if case.rto_s is None:
        return "not restored"
    return "no impact" if case.clock.t1 is None else duration(case.rto_s)


def split_parts(case: CaseRecord) -> list[str]:
    """The clock's split in words: `detect 11.0 s`; a dash for a part that has no end."""
    return [f"{name} {'–' if seconds is None else duration(seconds)}" for name, seconds in case.split.items()]


def cases_sentence(record: RunRecord) -> str:
    """How many cases passed and which one decides."""
    bad = len(not_passed(record))
    of = count(len(record.cases), "case")
    return f"{bad} of {of} did not pass, {record.case} decides" if bad else f"all {of} passed, {record.case} leads"


def by_severity(findings: Sequence[Finding]) -> list[tuple[Finding, list[str]]]:
    """Each finding once with the cases it occurred in; critical first, otherwise as found."""
    alike: dict[tuple[str, str, str], tuple[Finding, list[str]]] = {}
    for finding in findings:
        _, cases = alike.setdefault((finding.id, finding.severity, finding.title), (finding, []))
        if finding.case and finding.case not in cases:
            cases.append(finding.case)
    return sorted(alike.values(), key=lambda item: SEVERITY_ORDER[item[0].severity])


def instant(record: RunRecord, finding: Finding) -> str:
    """When a finding was made, since the fault and by the firm's clock: `+1 min 30 s (10:11:30)`; or nothing."""
    case = next((case for case in record.cases if case.name == finding.case), None)
    if finding.at_s is None or case is None:
        return ""
    return f"{offset(finding.at_s, origin_s(case))} ({wall(case, finding.at_s)})"


def in_cases(cases: Sequence[str], named: int = 3) -> str:
    """`case a`, `cases a, b`, `24 cases: a, b, c and others`."""
    if len(cases) <= named:
        return f"{'case' if len(cases) == 1 else 'cases'} {', '.join(cases)}"
    return f"{len(cases)} cases: {', '.join(cases[:named])} and others"


def not_passed(record: RunRecord) -> list[CaseRecord]:
    """The cases that failed or stayed inconclusive."""
    return [case for case in record.cases if case.verdict != "pass"]


def lateness(step: StepRecord) -> float | None:
    """Seconds over the deadline, or None when there is none, or it was kept, or the step was never done."""
    if step.planned_s is None or step.done_s is None or step.done_s <= step.planned_s:
        return None
    return step.done_s - step.planned_s
