"""Cross references: "see P0 step 4", `[reset](#manual-reset)`, resolved to the id of a step or procedure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from drills.runbook.guards import severity_ids
from drills.runbook.model import Finding, Procedure, Step
from drills.runbook.text import anchor, slug

_POINTER = re.compile(r"\b(?:see|refer to|go to|goto|continue with|follow|jump to|as in|siehe|vgl\.?|weiter mit|weiter bei|véase|ver|ir al?|seguir con)\s+(?P<target>[^()\n;.]{2,80})", re.I)
_STEP = re.compile(r"\b(?:step|schritt|paso)\s*#?(?P<number>\d{1,3})\b", re.I)


def resolve(procedures: Sequence[Procedure]) -> tuple[tuple[Procedure, ...], tuple[Finding, ...]]:
    """The procedures with their references filled in, and a finding for each that leads nowhere."""
    findings: list[Finding] = []
    resolved = tuple(
        procedure.model_copy(update={"steps": tuple(_resolve_step(step, procedure, procedures, findings) for step in procedure.steps)})
        for procedure in procedures
    )
    return resolved, tuple(findings)


def _resolve_step(step: Step, own: Procedure, procedures: Sequence[Procedure], findings: list[Finding]) -> Step:
    refs: list[str] = []
    for text in _texts(step):
        for pointer in _POINTER.finditer(text):
            target = _target(pointer.group("target"), own, procedures)
            if target is not None:
                refs.append(target)
            elif _STEP.search(pointer.group("target")):
                findings.append(Finding(src=step.src, rule="unresolved-reference", message=f"{pointer.group(0)!r} leads nowhere"))
    branches = tuple(branch.model_copy(update={"target": _target(branch.action, own, procedures, bare=False)}) for branch in step.branches)
    children = tuple(_resolve_step(child, own, procedures, findings) for child in step.children)
    return step.model_copy(update={"refs": tuple(dict.fromkeys(refs)), "branches": branches, "children": children})


def _texts(step: Step) -> Iterator[str]:
    yield step.title
    for item in (*step.actions, *step.notes):
        yield item.text
    for branch in step.branches:
        yield branch.action


def _target(words: str, own: Procedure, procedures: Sequence[Procedure], bare: bool = True) -> str | None:
    number = _STEP.search(words)
    wanted = [name for name, _ in severity_ids(words)]
    named = _by_title(words, procedures)
    if number is None:
        return named.id if named is not None and bare else None
    if wanted:
        owners = [p for p in procedures if wanted[0] in [name for name, _ in severity_ids(p.title)]]
    else:
        owners = [named] if named is not None else [own]
    for owner in owners:
        for index, step in enumerate(owner.steps, 1):
            if (step.ordinal or index) == int(number.group("number")):
                return step.id
    return None


def _by_title(words: str, procedures: Sequence[Procedure]) -> Procedure | None:
    if "#" in words:
        fragment = words.partition("#")[2].strip(" )")
        return next((p for p in procedures if fragment in {p.anchor, p.id}), None)
    asked = slug(re.sub(r"\b(?:section|abschnitt|sección|procedure|runbook)\b|[\"“”']", "", words, flags=re.I))
    return next((p for p in procedures if len(asked) >= 6 and (slug(p.title).startswith(asked) or asked.startswith(p.id) or anchor(p.title) == asked)), None)
