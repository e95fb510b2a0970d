"""The adapter: Python that builds the user's classes and lets the desk call them, proposed from their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from drills.project.brokers import bridge
from drills.project.candidates import Candidate
from drills.project.classes import Classes
from drills.project.parts import Call, Part
from drills.project.rendering import render
from drills.project.verbs import Verb

_LIKELY = 3
_KINDS = (
    {Verb.HALT, Verb.FLATTEN, Verb.BLOCKED, Verb.ALLOWED, Verb.LOOK, Verb.RESET, Verb.CANCEL},
    {Verb.LOOK}, {Verb.RECONCILE}, {Verb.RECONNECT},
)  # fmt: skip
"""A switch that is only thrown needs something beside it that looks at the losses."""


_ABOUT = {Verb.RECONCILE: re.compile(r"reconcil|sync", re.I), Verb.RECONNECT: re.compile(r"connect|session", re.I)}


def chosen(candidates: Sequence[Candidate], classes: Classes | None = None) -> list[Candidate]:
    """The likeliest candidate for each kind of work: stopping, reconciling, reconnecting.

    Of those that look alike, the one that is made with the least that only its author knows.
    """
    known = classes or Classes()
    found: list[Candidate] = []
    for kind in _KINDS:
        if kind is _KINDS[1] and any(Verb.LOOK in each.verbs or each.loop is not None for each in found):
            continue
        fit = [each for each in candidates if _serves(each, kind) and (kind not in _KINDS[:2] or _stops(each))]
        best = min(fit, key=lambda each: (-each.weight, *_unknown(Part(each, known))), default=None)
        if best is not None and best not in found:
            found.append(best)
    return found


def _unknown(part: Part) -> tuple[int, bool]:
    """How much of it is not known, and whether nothing in it says that trading is stopped."""
    return part.open_places, part.blocked() is None


def _serves(candidate: Candidate, kind: set[Verb]) -> bool:
    if candidate.loop is not None and not candidate.verbs:  # what its loop does, only its name tells
        about = next((each for each, words in _ABOUT.items() if words.search(candidate.name)), None)
        return about in kind if about is not None else kind is _KINDS[0]
    return bool(candidate.verbs & kind)


def _stops(candidate: Candidate) -> bool:
    """Whether it can stop trading, or looks very much like it."""
    acts = candidate.loop is not None or bool(candidate.verbs - {Verb.BLOCKED})
    return acts and (candidate.weight >= _LIKELY or not candidate.name)


def adapter(candidates: Sequence[Candidate], classes: Classes | None = None) -> str:
    """The text of the adapter for what `chosen` chose."""
    parts = [Part(each, classes or Classes()) for each in candidates]
    one = {
        str(verb): _first(parts, verb, with_order=verb is Verb.ALLOWED)
        for verb in (Verb.HALT, Verb.FLATTEN, Verb.ALLOWED, Verb.RECONCILE, Verb.RECONNECT)
    }
    looks = [replace(call, noted=part.blocked() is not None) for part in parts if (call := part.call(Verb.LOOK))]
    resets = [call for part in parts if (call := part.call(Verb.RESET))]
    states = [call for part in parts if (call := part.blocked()) is not None and not call.open]
    blocked = " or ".join(call.answer for call in states)
    looks = [call for call in looks if call.text not in {state.text for state in states}]
    allowed = one["allowed"]
    if allowed is not None and allowed.text in blocked:  # one that is shown the order would know more
        one["allowed"] = next((call for part in parts for call in part.all(Verb.ALLOWED) if call.open), None)
    built = [line for part in parts for line in part.construction()]
    asked = dict.fromkeys(name for part in parts for name in part.broker_methods)
    awaited = frozenset(name for part in parts for name in part.candidate.awaited)
    bridges = [bridge(name, name in awaited) for name in asked]
    begins = [call.text for part in parts for call in part.known(Verb.BEGIN)]
    rolls = [call.text for part in parts for call in part.known(Verb.ROLL)]
    updates = [call.text for part in parts for call in part.updates()]
    loop = next((text for part in parts if (text := part.loop()) is not None), None)
    called = [call.text for call in (*one.values(), *looks, *resets, *states) if call]
    text = "\n".join([*built, *begins, *rolls, *updates, *called, *(each.body for each in bridges)])
    told = any("desk" in line for line in (*built, *begins, *updates, *(look.text for look in looks)))
    return render(
        "adapter.py.j2", imports=_imports(parts, text, loop), constructions=built, broker=bridges, blocked=blocked,
        loop=loop, waits="self.wait(" in text, begins=begins, updates=updates, looks=looks, resets=resets, text=text,
        told=told, rolls=rolls if looks or blocked else [], **one,
    )  # fmt: skip


def _imports(parts: Iterable[Part], text: str, loop: str | None) -> list[str]:
    parts = list(parts)
    lines = [line for part in parts for line in part.imports]
    roots = sorted({part.candidate.root for part in parts if part.candidate.root})
    standard = {line for line in lines if line.startswith(("from decimal ", "from pathlib ", "import importlib"))}
    standard |= {"import logging"} | ({"import asyncio"} if "self.wait(" in text or loop else set())
    standard |= {"from decimal import Decimal"} if "Decimal(" in text else set()
    standard |= {"from pathlib import Path"} if "Path(" in text or roots else set()
    standard |= {"import sys"} if roots else set()
    ordered = sorted(standard, key=lambda line: (line.startswith("from"), line))
    if roots:
        ordered += ["", *(f'sys.path.insert(0, str(Path(__file__).parent / "{root}"))' for root in roots)]
    odd = [line for line in lines if line.startswith("from ") and not _is_importable(line)]
    others = _merged(line for line in lines if line not in standard and line not in odd)
    by_name = [_by_name(line) for line in dict.fromkeys(odd)]
    if by_name:
        ordered.insert(0, "import importlib")
    return [*ordered, "", *others, *by_name]


def _is_importable(line: str) -> bool:
    return all(part.isidentifier() for part in line.split()[1].split("."))


def _by_name(line: str) -> str:
    """The import of a file whose name is no word of Python: `kill-switch.py`."""
    _, module, _, name = line.split()
    return f'{name} = importlib.import_module("{module}").{name}'


def _merged(lines: Iterable[str]) -> list[str]:
    """One import line a module."""
    names: dict[str, set[str]] = {}
    for line in lines:
        module, _, name = line.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).add(name)
    return [
        f"from {module} import {', '.join(sorted(given))}" if given != {""} else module
        for module, given in sorted(names.items())
    ]


def _first(parts: Sequence[Part], verb: Verb, with_order: bool = False) -> Call | None:
    """The first call of that kind that can be written out; else the first whose parameters are open."""
    calls = [call for part in parts if (call := part.call(verb, with_order)) is not None]
    return next((call for call in calls if not call.open), calls[0] if calls else None)
