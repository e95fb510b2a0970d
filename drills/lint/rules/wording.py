"""Sentences that two people read differently, and numbers that contradict each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from drills.lint.page import Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.runbook.bindings import bind
from drills.runbook.durations import read_duration
from drills.runbook.guards import severity_ids
from drills.runbook.model import Runbook, Step
from drills.runbook.text import plain

_VAGUE = re.compile(
    "|".join([
        r"(?:within|in|outside|inside)?\s*(?:an? |the )?(?:acceptable|reasonable|normal|usual|expected|tolerable) "
        r"(?:range|levels?|limits?|bounds?|values?)",
        r"exceeds? (?:the )?(?:limits?|thresholds?)\b(?! of)",
        r"(?:is|are|seems?|looks?|becomes?) (?:too|very|unusually) (?:high|low|large|small|slow|big|long)\b",
        r"looks? (?:ok|okay|fine|good|bad|wrong|normal|suspicious|odd)\b",
        r"(?:is|are) (?:significant|unreasonable|excessive|abnormal|serious)\b",
        r"conditions? (?:to )?(?:stabili[sz]e|normali[sz]e|calm down|improve)",
        r"(?:im|in einem) (?:akzeptablen|normalen|üblichen|vertretbaren) (?:bereich|rahmen)",
        r"(?:zu|sehr|ungewöhnlich) (?:hoch|groß|langsam|niedrig)\b",
        r"(?:überschreitet|übersteigt) (?:die|das|den) (?:limits?|grenzen?|grenzwerte?|schwellen?)\b",
        r"sieht (?:gut|schlecht|normal) aus",
        r"(?:dentro|fuera) (?:de(?:l)? )?(?:un |el |lo |los )?(?:rango|margen|nivel|límites?)? ?"
        r"(?:aceptables?|normal(?:es)?|razonables?)",
        r"(?:supera|excede) (?:el|los) (?:límites?|umbral(?:es)?)\b",
        r"(?:es|son|está) (?:demasiado|muy) (?:alt|baj|grande|lent)\w*",
    ]),
    re.I,
)  # fmt: skip
_BEYOND_LIMIT = re.compile(r"exceed|überschreit|übersteig|supera|excede", re.I)
_LOSS_NUMBER = re.compile(r"(?:loss|drawdown|verlust|pérdida)[^.|]{0,30}\d", re.I)
_CONDITIONAL = re.compile(
    r"^(?:if|when|unless|once|wait|falls|wenn|sobald|sofern|warten?|si|cuando|en caso|esperar|hasta)\b|→|->|=>|"
    r"\b(?:wait|until|if|falls|wenn|bis|hasta|si)\b",
    re.I,
)
_NUMBER = re.compile(r"\d")
_IF_NEEDED = re.compile(
    r"\b(?:if|when|where|as) (?:needed|necessary|required|appropriate)\b|"
    r"\b(?:falls|wenn) (?:nötig|notwendig|erforderlich)\b|\bbei bedarf\b|\bsi (?:es |fuera )?(?:necesario|preciso)\b",
    re.I,
)
_GRAVE = frozenset(
    {"halt", "flatten", "cancel_orders", "stop_system", "rollback", "reset_halt", "restore_state", "resume"}
)
_LETTERS = "[A-Za-zÄÖÜäöüßáéíóúñ]"
_LIMIT = re.compile(
    rf"(?P<name>(?:{_LETTERS}+[ -]){{0,2}}?{_LETTERS}{{3,}})[ -]"
    r"(?:limit|threshold|cap|ceiling|grenze|grenzwert|schwelle|obergrenze)\s*"
    r"(?:is|are|of|at|=|:|ist|von|bei|liegt bei)?\s*(?P<value>\d+(?:[.,]\d+)?)\s*"
    r"(?P<unit>%|bps|bp|ms|s|sec|seconds|min|minutes|minuten|h|hours|stunden|usd|eur|\$|€)(?!\w)"
    rf"|(?:límite|umbral)\s+(?:de|del)\s+(?P<name2>(?:{_LETTERS}+ ){{0,2}}?{_LETTERS}{{3,}})\s*(?:es|de|=|:|del)?\s*"
    r"(?P<value2>\d+(?:[.,]\d+)?)\s*(?P<unit2>%|bps|ms|s|min|minutos|h|horas|usd|eur|\$|€)(?!\w)",
    re.I,
)
_ARTICLE = re.compile(
    r"^(?:the|our|a|an|this|that|and|of|if|when|with|its|wenn|falls|sobald|bei|ab|das|die|der|den|dem|ein\w*|"
    r"unser\w*|el|la|los|un|una|si|cuando|con)\s+",
    re.I,
)
_RESPOND = re.compile(
    r"\b(?:respond|response|acknowledge|reaction|reagier\w+|reaktion\w*|quittier\w+|responder|respuesta|atender)\b",
    re.I,
)


@rule("RB209", Severity.WARNING, "decision without a criterion")
def vague_decision(page: Page) -> Iterator[Hit]:
    """Two people on call decide differently, and neither is wrong: "if the loss is within the acceptable range".

    Name the number, or the dashboard or command that shows it: "if the loss is below 2 % of equity".
    """
    told: set[int] = set()
    limits_stated = _states_limits(page)
    for step in page.runbook.walk():
        for line, text in _sentences(step):
            match = _VAGUE.search(text)
            if match and limits_stated and _BEYOND_LIMIT.search(match.group(0)):
                continue
            if match and line not in told and not _NUMBER.search(text) and _CONDITIONAL.search(text):
                told.add(line)
                words = match.group(0).strip()
                yield page.in_line(
                    line, words, f"{words!r} is not a criterion", "name the number or the check that decides"
                )
        needed = _IF_NEEDED.search(step.title)
        if needed and step.line not in told and set(bind(step).actions) & _GRAVE and not step.branches:
            told.add(step.line)
            yield page.in_line(
                step.line, needed.group(0), f"{needed.group(0)!r}: nobody can tell when this grave step is needed",
                "say in which case, with a number",
            )  # fmt: skip


@rule("RB211", Severity.WARNING, "two statements of one threshold that differ")
def contradicting_thresholds(page: Page) -> Iterator[Hit]:
    """The same limit, response time or number of attempts is stated twice with different numbers.

    One of the two is out of date, and nobody knows which.

    State it once, and refer to it elsewhere.
    """
    first: dict[tuple[str, ...], _Statement] = {}
    for statement in _statements(page):
        known = first.setdefault(statement.about, statement)
        if known.value != statement.value:
            yield page.in_line(
                statement.line, statement.text,
                f"{statement.text!r} here, but {known.text!r} in line {known.line}", "state it once",
            )  # fmt: skip


class _Statement(NamedTuple):
    about: tuple[str, ...]
    value: float
    line: int
    text: str


def _sentences(step: Step) -> Iterator[tuple[int, str]]:
    yield step.line, step.title
    for item in (*step.actions, *step.notes):
        yield item.line, item.text
    for branch in step.branches:
        yield branch.line, f"if {branch.condition}"
    for command in step.commands:
        if command.title:
            yield command.line - 1, command.title


def _states_limits(page: Page) -> bool:
    """Whether the runbook says somewhere what its limits are."""
    levels = page.runbook.severities
    if any(_LOSS_NUMBER.search(" ".join([level.name, *level.criteria, page.line(level.line)])) for level in levels):
        return True
    return any(_LIMIT.search(text) for _, text in page.prose)


def _statements(page: Page) -> Iterator[_Statement]:
    for number, text in page.prose:
        for match in _LIMIT.finditer(plain(text)):
            name = (match.group("name") or match.group("name2")).lower()
            while (bare := _ARTICLE.sub("", name)) != name:
                name = bare
            value = float((match.group("value") or match.group("value2")).replace(",", "."))
            unit = (match.group("unit") or match.group("unit2")).lower()
            yield _Statement(
                ("limit", " ".join(name.replace("-", " ").split()), unit[:3]), value, number, match.group(0).strip()
            )
    yield from _response_times(page, page.runbook)


def _response_times(page: Page, runbook: Runbook) -> Iterator[_Statement]:
    """The severity table, and sentences elsewhere that repeat one of its times."""
    for level in runbook.severities:
        if level.response is not None and level.response.hi_s:
            yield _Statement(("response", level.id.upper()), level.response.hi_s, level.line, level.response.raw)
    stated = {line for level in runbook.severities for line in range(level.line, level.end + 1)}
    known = {level.id.upper() for level in runbook.severities}
    for number, text in page.prose:
        words = plain(text)
        if number in stated or "|" in text or not _RESPOND.search(words):
            continue
        ids = severity_ids(words)
        span = read_duration(words.split(":", 1)[-1])
        if (
            len(ids) == 1
            and ids[0][0].upper() in known
            and span is not None
            and span.kind in {"max", "budget"}
            and span.hi_s
        ):
            about = ("response", ids[0][0].upper())
            if re.search(r"\b(?:within|in|innerhalb|binnen|dentro de|en menos de|<)\b|<", words):
                yield _Statement(about, span.hi_s, number, words[:60])
