"""The adapter: Python that builds the user's classes and lets the desk call them, proposed from their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from drills.project.answers import UNKNOWN
from drills.project.brokers import Bridge, bridge
from drills.project.candidates import Candidate
from drills.project.classes import Classes
from drills.project.parts import Call, Part
from drills.project.rendering import render
from drills.project.verbs import Verb

_LIKELY = 3
_KINDS = (
    {Verb.HALT, Verb.FLATTEN, Verb.BLOCKED, Verb.ALLOWED, Verb.LOOK, Verb.RESET, Verb.CANCEL},
    {Verb.RECONCILE}, {Verb.RECONNECT},
)  # fmt: skip


def chosen(candidates: Sequence[Candidate], classes: Classes | None = None) -> list[Candidate]:
    """The likeliest candidate for each kind of work: stopping, reconciling, reconnecting.

    Of those that look alike, the one that is made with the least that only its author knows.
    """
    known = classes or Classes()
    found: list[Candidate] = []
    for kind in _KINDS:
        fit = [each for each in candidates if each.verbs & kind and (kind is not _KINDS[0] or _stops(each))]
        best = min(fit, key=lambda each: (-each.weight, Part(each, known).open_places), default=None)
        if best is not None and best not in found:
            found.append(best)
    return found


def _stops(candidate: Candidate) -> bool:
    """Whether it can stop trading, or looks very much like it."""
    return candidate.weight >= _LIKELY or not candidate.name


def adapter(candidates: Sequence[Candidate], classes: Classes | None = None) -> str:
    """The text of the adapter for what `chosen` chose."""
    parts = [Part(each, classes or Classes()) for each in candidates]
    calls = {str(verb): _first(parts, verb, with_order=verb is Verb.ALLOWED) for verb in Verb if verb is not Verb.BLOCKED}
    blocked = next((call for part in parts if (call := part.blocked()) is not None), None)
    built = [line for part in parts for line in part.construction()]
    asked = dict.fromkeys(name for part in parts for name in part.broker_methods)
    awaited = frozenset(name for part in parts for name in part.candidate.awaited)
    bridges = [bridge(name, name in awaited) for name in asked]
    loop = next((text for part in parts if (text := part.loop()) is not None), None)
    text = "\n".join([*built, *(call.text for call in (*calls.values(), blocked) if call), *(b.body for b in bridges)])
    return render(
        "adapter.py.j2", imports=_imports(parts, text, loop), constructions=built, broker=bridges, blocked=blocked,
        loop=loop, waits="self.wait(" in text, quiet="Quiet()" in text, records="Record(" in text, later="later(" in text,
        UNKNOWN=UNKNOWN, **calls,
    )  # fmt: skip


def _imports(parts: Iterable[Part], text: str, loop: str | None) -> list[str]:
    parts = list(parts)
    lines = [line for part in parts for line in part.imports]
    needs_path = "Path(" in text or any(part.candidate.file.startswith("src/") for part in parts)
    standard = {line for line in lines if line.startswith(("from decimal ", "from pathlib "))}
    standard |= {"import logging"} | ({"import asyncio"} if "self.wait(" in text or loop else set())
    standard |= {"from decimal import Decimal"} if "Decimal(" in text else set()
    standard |= {"from pathlib import Path"} if needs_path else set()
    in_source = any(part.candidate.file.startswith("src/") for part in parts)
    standard |= {"import sys"} if in_source else set()
    ordered = sorted(standard, key=lambda line: (line.startswith("from"), line))
    if in_source:
        ordered += ["", 'sys.path.insert(0, str(Path(__file__).parent / "src"))']
    return [*ordered, "", *sorted(dict.fromkeys(line for line in lines if line not in standard))]


def _first(parts: Sequence[Part], verb: Verb, with_order: bool = False) -> Call | None:
    """The first call of that kind that can be written out; else the first whose parameters are open."""
    calls = [call for part in parts if (call := part.call(verb, with_order)) is not None]
    return next((call for call in calls if not call.open), calls[0] if calls else None)


__all__ = ["Bridge", "adapter", "chosen"]
