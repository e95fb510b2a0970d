"""Times as people write them: `< 5 min`, `Minutes 5-30`, `innerhalb von 2 Stunden`, `60+ min`, `sofort`.

`read_duration` takes a phrase that is already known to state a time (a table cell, the bracket of a
heading); `find_deadline` looks for one inside a sentence and demands a word such as "within".
"""

from __future__ import annotations

import re
from typing import NamedTuple

from drills.runbook.model import Deadline, DeadlineKind, DeadlineOrigin, Source

IMMEDIATE_S = 60.0
"""What a person can be held to when the text says "immediately"; automation is held to less by the scorer."""

_UNITS: tuple[tuple[str, float], ...] = (
    (r"ms|milliseconds?|millisekunden?|milisegundos?", 0.001),
    (r"seconds?|secs?|sekunden?|sek|segundos?|seg|s", 1.0),
    (r"minutes?|mins?|minuten?|minutos?|m", 60.0),
    (r"hours?|hrs?|stunden?|std|horas?|h", 3600.0),
    (r"business days?|trading days?|days?|werktage?n?|handelstage?n?|tage?n?|días? hábiles|días?|dias?|d", 86400.0),
    (r"weeks?|wochen?|semanas?|w", 604800.0),
)
_UNIT = "(?P<unit{0}>" + "|".join(pattern for pattern, _ in _UNITS) + r")(?![\w%])"
_NUMBER = r"\d{1,6}(?:[.,]\d{1,3})?"
_BOUND = (
    r"(?:<=|>=|[<≤>≥~≈]|(?:within|under|less than|no more than|at most|up to|max(?:imum)?\.?|in|by|after|"
    r"innerhalb(?: von)?|binnen|"
    r"unter|höchstens|maximal|nach|bis zu|dentro de|en menos de|menos de|máximo|como máximo|en|tras|después "
    r"de|after)\s+)"
)
_RANGE = re.compile(
    rf"(?P<lo>{_NUMBER})\s*(?:{_UNIT.format(1)})?\s*(?:-|–|—|to|bis|a|hasta)\s*(?:t\s*\+\s*)?(?P<hi>{_NUMBER})\s*{_UNIT.format(2)}",
    re.I,
)
_RANGE_UNIT_FIRST = re.compile(
    rf"{_UNIT.format(1)}\s+(?P<lo>{_NUMBER})\s*(?:-|–|—|to|bis|a|hasta)\s*(?P<hi>{_NUMBER})", re.I
)
_FIRST = re.compile(rf"(?:first|ersten?|erste|primer[oa]?s?)\s+(?P<hi>{_NUMBER})\s*{_UNIT.format(1)}", re.I)
_OPEN = re.compile(
    rf"(?:(?P<plus>{_NUMBER})\s*\+\s*{_UNIT.format(1)}|(?P<lo>{_NUMBER})\s*{_UNIT.format(2)}\s*\+)", re.I
)
_SINGLE = re.compile(rf"(?P<bound>{_BOUND})?\s*(?P<hi>{_NUMBER})\s*-?\s*{_UNIT.format(1)}", re.I)
_COLON = re.compile(r"^\D{0,3}(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2}))?\s*(?:h|hh:mm|min)?$", re.I)
_IMMEDIATE = re.compile(
    r"\b(?:immediate(?:ly)?|instant(?:ly)?|at once|right away|asap|sofort(?:ige?r?s?)?|unverzüglich|umgehend|"
    r"inmediat[oa](?:mente)?|de inmediato|al instante)\b",
    re.I,
)
_AT_ONCE = re.compile(
    r"\b(?:immediately|instantly|at once|right away|straight away|asap|sofort|unverzüglich|umgehend|"
    r"inmediatamente|de inmediato|al instante)\b",
    re.I,
)
_VARIES = re.compile(
    r"\b(?:varies|variable|ongoing|as needed|continuous(?:ly)?|best effort|laufend|nach bedarf|variabel|"
    r"fortlaufend|varía|continuo|según)\b",
    re.I,
)
_NEXT_DAY = re.compile(
    r"\b(?:next (?:(?:business|trading|working) )?(?:day|morning)|(?:by )?(?:the )?end of (?:the )?day|eod|same day|"
    r"(?:am )?nächste[nr]? (?:werktag|handelstag|tag|morgen)|bis handelsschluss|(?:al )?(?:día siguiente|"
    r"siguiente día)(?: hábil)?|jour ouvré suivant|próximo dia(?: útil)?)\b",
    re.I,
)
_WITHIN = re.compile(
    rf"(?:\b(?:within|in under|in less than|no later than|at most|under|inside(?: of)?|innerhalb(?: von)?|"
    rf"binnen|spätestens(?: nach)?|"
    rf"in höchstens|dentro de|en menos de|antes de|en un plazo de|en máximo|máximo|max\.?|deadline:?|frist:?|"
    rf"plazo:?)\s+(?:the first\s+)?"
    rf"|[<≤]=?\s*)(?P<hi>{_NUMBER})\s*-?\s*{_UNIT.format(1)}",
    re.I,
)


class Span(NamedTuple):
    """A stated time: its kind and its bounds in seconds."""

    kind: DeadlineKind
    lo_s: float | None
    hi_s: float | None


def unit_seconds(unit: str) -> float:
    """Seconds in one `unit`, which one of the patterns above has matched."""
    return next(seconds for pattern, seconds in _UNITS if re.fullmatch(pattern, unit, re.I))


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def read_duration(phrase: str) -> Span | None:
    """The time stated by `phrase`, or None when it states none."""
    text = " ".join(phrase.split())[:200]
    if match := _RANGE.search(text):
        unit = unit_seconds(match.group("unit2"))
        low_unit = unit_seconds(match.group("unit1")) if match.group("unit1") else unit
        return Span("window", _number(match.group("lo")) * low_unit, _number(match.group("hi")) * unit)
    if match := _RANGE_UNIT_FIRST.search(text):
        unit = unit_seconds(match.group("unit1"))
        return Span("window", _number(match.group("lo")) * unit, _number(match.group("hi")) * unit)
    if match := _FIRST.search(text):
        return Span("window", 0.0, _number(match.group("hi")) * unit_seconds(match.group("unit1")))
    if match := _OPEN.search(text):
        value, name = (match.group("plus"), "unit1") if match.group("plus") else (match.group("lo"), "unit2")
        return Span("open", _number(value) * unit_seconds(match.group(name)), None)
    if match := _SINGLE.search(text):
        return _single(match)
    if match := _COLON.match(text):
        h, m, s = (int(match.group(name) or 0) for name in ("h", "m", "s"))
        return Span("max", None, float(h * 3600 + m * 60 + s))
    if _IMMEDIATE.search(text):
        return Span("immediate", 0.0, IMMEDIATE_S)
    if _NEXT_DAY.search(text):
        return Span("max", None, 86400.0)
    return Span("varies", None, None) if _VARIES.search(text) else None


def _single(match: re.Match[str]) -> Span:
    seconds = _number(match.group("hi")) * unit_seconds(match.group("unit1"))
    bound = (match.group("bound") or "").strip().lower()
    if bound in {">", "≥", ">=", "after", "nach", "tras", "después de"}:
        return Span("open", seconds, None)
    return Span("max" if bound else "budget", None, seconds)


def deadline(phrase: str, src: Source, origin: DeadlineOrigin) -> Deadline | None:
    """`phrase` as a deadline node, when it states a time."""
    span = read_duration(phrase)
    if span is None:
        return None
    return Deadline(src=src, raw=phrase, kind=span.kind, lo_s=span.lo_s, hi_s=span.hi_s, origin=origin)


def find_deadline(sentence: str, src: Source) -> Deadline | None:
    """A deadline stated in passing: "within 5 minutes", "stop new orders immediately"."""
    if match := _WITHIN.search(sentence):
        seconds = _number(match.group("hi")) * unit_seconds(match.group("unit1"))
        return Deadline(src=src, raw=match.group(0).strip(), kind="max", hi_s=seconds)
    if match := _AT_ONCE.search(sentence):
        return Deadline(src=src, raw=match.group(0), kind="immediate", lo_s=0.0, hi_s=IMMEDIATE_S)
    return None


def seconds_in(sentence: str) -> float | None:
    """The upper bound of the first time stated in `sentence`, in seconds."""
    span = read_duration(sentence)
    if span is None or span.kind in {"varies", "immediate"}:
        return None
    return span.hi_s if span.hi_s is not None else span.lo_s
