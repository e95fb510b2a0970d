"""Cross references: "see P0 step 4", `[reset](#manual-reset)`, resolved to the id of a step or procedure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from drills.runbook.guards import severity_ids
from drills.runbook.model import Finding, Procedure, Step
from drills.runbook.text import slug

_POINTER = re.compile(
    r"\b(?:see|refer to|go to|goto|continue with|follow|jump to|as in|siehe|vgl\.?|weiter mit|weiter bei|"
    r"véase|ver|ir al?|seguir con)\s+(?P<target>[^()\n;.]{2,80})",
    re.I,
)
_NOISE = re.compile(r"\b(?:section|abschnitt|sección|procedure|runbook)\b|[\"“”']", re.I)
_STEP = re.compile(r"\b(?:step|schritt|paso)\s*#?(?P<number>\d{1,3})\b", re.I)


class _Index:
    """The procedures by what a reference may call them."""

    def __init__(self, procedures: Sequence[Procedure]) -> None:
        self.fragments: dict[str, Procedure] = {}
        self.levels: dict[str, list[Procedure]] = {}
        self.titles: list[tuple[str, Procedure]] = []
        for procedure in procedures:
            for name in (procedure.anchor, procedure.id):
                self.fragments.setdefault(name, procedure)
            for level, _ in severity_ids(procedure.title):
                self.levels.setdefault(level, []).append(procedure)
            self.titles += [(slug(procedure.title), procedure), (procedure.id, procedure)]
        self.titles.sort(key=lambda entry: entry[0])
        self.names = [name for name, _ in self.titles]

    def called(self, words: str) -> Procedure | None:
        """The procedure whose title the words begin, or that begins the words."""
        if "#" in words:
            return self.fragments.get(words.partition("#")[2].strip(" )"))
        asked = slug(_NOISE.sub("", words))
        if len(asked) < 6:
            return None
        at = bisect_left(self.names, asked)
        if at < len(self.names) and self.names[at].startswith(asked):
            return self.titles[at][1]
        shorter = self.titles[at - 1] if at else None
        return shorter[1] if shorter is not None and len(shorter[0]) >= 6 and asked.startswith(shorter[0]) else None


def resolve(procedures: Sequence[Procedure]) -> tuple[tuple[Procedure, ...], tuple[Finding, ...]]:
    """The procedures with their references filled in, and a finding for each that leads nowhere."""
    findings: list[Finding] = []
    index = _Index(procedures)
    resolved = tuple(
        procedure.model_copy(
            update={"steps": tuple(_resolve_step(step, procedure, index, findings) for step in procedure.steps)}
        )
        for procedure in procedures
    )
    return resolved, tuple(findings)


def _resolve_step(step: Step, own: Procedure, index: _Index, findings: list[Finding]) -> Step:
    refs: list[str] = []
    for text in _texts(step):
        for pointer in _POINTER.finditer(text):
            target = _target(pointer.group("target"), own, index)
            if target is not None:
                refs.append(target)
            elif _STEP.search(pointer.group("target")):
                findings.append(
                    Finding(src=step.src, rule="unresolved-reference", message=f"{pointer.group(0)!r} leads nowhere")
                )
    branches = tuple(
        branch.model_copy(update={"target": _target(branch.action, own, index, bare=False)}) for branch in step.branches
    )
    children = tuple(_resolve_step(child, own, index, findings) for child in step.children)
    return step.model_copy(update={"refs": tuple(dict.fromkeys(refs)), "branches": branches, "children": children})


def _texts(step: Step) -> Iterator[str]:
    yield step.title
    for item in (*step.actions, *step.notes):
        yield item.text
    for branch in step.branches:
        yield branch.action


def _target(words: str, own: Procedure, index: _Index, bare: bool = True) -> str | None:
    number = _STEP.search(words)
    if number is None:
        named = index.called(words) if bare else None
        return None if named is None else named.id
    wanted = severity_ids(words)
    if wanted:
        owners = index.levels.get(wanted[0][0], [])
    else:
        named = index.called(_STEP.sub("", words))
        owners = [named] if named is not None else [own]
    for owner in owners:
        for position, step in enumerate(owner.steps, 1):
            if (step.ordinal or position) == int(number.group("number")):
                return step.id
    return None
