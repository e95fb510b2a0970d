"""Which sections are procedures, which are phases of one, which are steps.

Headings are numbered and nested differently in every team. The rules below ask what a section *owns*
(symptoms, an ordered list, numbered sub-headings, fences) and whether its title names an incident or a
phase; levels and numbers alone decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from drills.runbook import section_shapes as shapes
from drills.runbook.blocks import Block, Fence, ListBlock, Paragraph, Table
from drills.runbook.decisions import as_choice
from drills.runbook.drafts import Found, StepDraft
from drills.runbook.fences import holds_substeps, numbered_fence
from drills.runbook.lexicon import Kind, holds_procedures, is_generic, is_phase, names_incident, role_of
from drills.runbook.model import Role
from drills.runbook.section_shapes import REFERENCE
from drills.runbook.sections import Section
from drills.runbook.steps import StepReader, has_commands, titled
from drills.runbook.tables import columns_of
from drills.runbook.text import plain
from drills.runbook.vocabulary import actions_in, is_look, look_at

ASIDE: frozenset[Kind] = frozenset({"symptoms", "trigger", "objectives", "note", "expected", "checklist"})


_STEP = re.compile(r"(?:step|schritt|paso|étape|etape|passo)\s*\d", re.I)


@dataclass(slots=True)
class ProcedureDraft:
    """A procedure as found."""

    title: str
    section: Section
    role: Role
    order: Literal["sequence", "choice", "set"] = "sequence"
    phases: list[Section] = field(default_factory=list)
    steps: list[StepDraft] = field(default_factory=list)
    asides: list[Section] = field(default_factory=list)
    prose: list[Paragraph] = field(default_factory=list)


class ProcedureFinder:
    """Walks the section tree and drafts the procedures in it."""

    def __init__(self, found: Found) -> None:
        self.reader = StepReader(found)
        self.found = found
        self._owning: dict[int, bool] = {}

    def find(self, root: Section) -> list[ProcedureDraft]:
        """All procedures below `root`, in reading order."""
        found = self._found(root)
        if not any(draft.steps for draft in found):
            return self._told(root)
        return sorted([*found, *self._told_beside(root, found)], key=lambda draft: draft.section.line)

    def _told_beside(self, root: Section, found: Sequence[ProcedureDraft]) -> list[ProcedureDraft]:
        """Sections beside the procedures, with a title of the same kind, whose steps are told in sentences."""
        taken = {id(part) for draft in found for part in draft.section.walk()}
        drafts: list[ProcedureDraft] = []
        for parent in root.walk():
            beside = [child for child in parent.children if any(draft.section is child for draft in found)]
            for child in parent.children if beside else ():
                alone = not child.children and all(isinstance(block, Paragraph) for block in child.blocks)
                if id(child) in taken or child.is_label or not alone or child.kind is not None:
                    continue
                draft = ProcedureDraft(child.title or "Procedure", child, role_of(child.text))
                path = (*child.path, child.text)
                for block in child.blocks:
                    draft.steps += self.reader.from_prose(block, path) if isinstance(block, Paragraph) else []
                changes = {a for step in draft.steps for a in actions_in(step.title) if not a.startswith("look_")}
                if len(draft.steps) >= 2 and changes and not is_phase(child.text):
                    drafts.append(draft)
        return drafts

    def _told(self, root: Section) -> list[ProcedureDraft]:
        """The last resort, for a document that is prose: sentences that ask for a known action are steps."""
        drafts: list[ProcedureDraft] = []
        for section in root.walk():
            if section.kind in REFERENCE | ASIDE:
                continue
            draft = ProcedureDraft(section.title or "Procedure", section, role_of(section.text))
            path = (*section.path, section.text) if section.text else section.path
            for block in section.blocks:
                if isinstance(block, Paragraph):
                    draft.steps += self.reader.from_prose(block, path)
            if draft.steps:
                drafts.append(draft)
        return drafts

    def _found(self, root: Section) -> list[ProcedureDraft]:
        tops = [child for child in root.children if not child.is_label]
        only = tops[0] if len(tops) == 1 and not shapes.owns_steps(root.blocks) else None
        if only is not None and only.level <= 2 and not any(c.level <= only.level for c in tops[1:]):
            return self._whole(only)
        found: list[ProcedureDraft] = []
        if shapes.owns_steps(root.blocks):
            found.append(self._draft(root, whole=False))
        return found + self._under(root)

    def _whole(self, top: Section) -> list[ProcedureDraft]:
        """A document below a single title."""
        parts, direct = self._parts(top), shapes.listed_steps(top.blocks)
        beside = all(is_phase(part.text) or part.is_label or part.kind in {"decision", "checklist"} for part in parts)
        if self._symptoms(top) or self._numbered_steps(top) or not parts or (direct and beside):
            return [self._draft(top)] if self._owns(top) else []
        if len(parts) >= 2 and not is_generic(top.text) and all(self._single_act(part) for part in parts):
            return [self._draft(top)]
        found = [self._draft(top, whole=False)] if direct else []
        return found + self._under(top)

    def _single_act(self, section: Section) -> bool:
        """Whether a heading is one thing to do, with what to type for it: a step, not a procedure of its own."""
        return (
            has_commands(section.blocks)
            and not any(holds_substeps(block) for block in section.blocks)
            and not any(isinstance(block, ListBlock) for block in section.blocks)
            and not any(self._owns(child) for child in section.children)
            and not names_incident(section.text)
            and not is_phase(section.text)
        )

    def _under(self, parent: Section) -> list[ProcedureDraft]:
        found: list[ProcedureDraft] = []
        for child in parent.children:
            if child.kind in REFERENCE and not self._step_like(child, parent):
                continue
            if child.kind in ASIDE and not (child.kind == "checklist" and self._last_resort(parent)):
                continue
            if self._is_procedure(child):
                found.append(self._draft(child))
            else:
                if shapes.ordered(child.blocks):
                    found.append(self._draft(child, whole=False))
                found += self._under(child)
        return found

    def _last_resort(self, parent: Section) -> bool:
        """A checklist is the procedure when nothing else under the parent owns steps."""
        return not any(
            self._owns(other) for other in parent.children if other.kind != "checklist" and other.kind not in REFERENCE
        )

    def _step_like(self, child: Section, parent: Section) -> bool:
        """A numbered "Escalation" between numbered steps is a step, not the escalation table."""
        return (
            child.kind == "escalation"
            and child.number is not None
            and not shapes.sectional_numbers(parent)
            and not child.has(Table)
        )

    # What a section owns ------------------------------------------------------------------------------

    def _owns(self, section: Section) -> bool:
        """Whether a section has steps in any form, at any depth."""
        key = id(section)
        if key not in self._owning:
            self._owning[key] = self._owns_steps(section)
        return self._owning[key]

    def _owns_steps(self, section: Section) -> bool:
        if section.kind in REFERENCE:
            return False
        if section.kind in ASIDE and section.kind != "checklist":
            return False
        if (
            shapes.only_boxes(section.blocks)
            and (section.kind == "checklist" or role_of(section.text) == "post")
            and not section.children
        ):
            return False
        if shapes.owns_steps(section.blocks):
            return True
        return any(
            self._owns(child) or (child.number is not None and shapes.has_content(child)) or shapes.bare_step(child)
            for child in section.children
        )

    def _parts(self, section: Section) -> list[Section]:
        return [child for child in section.children if self._owns(child)]

    def _symptoms(self, section: Section) -> bool:
        return any(child.kind == "symptoms" for child in section.children)

    def _numbered_steps(self, section: Section) -> bool:
        """Whether the numbered children of `section` are steps (not sections, not procedures)."""
        if shapes.sectional_numbers(section):
            return False
        numbered = [child for child in section.children if child.number is not None]
        if not any(shapes.has_content(child) for child in numbered) or (
            len(numbered) < 2 and not names_incident(section.text)
        ):
            return False
        if len(numbered) >= 2 and all(_STEP.match(child.text) for child in numbered):
            return True
        if any(self._symptoms(child) or self._ordered_inside(child) for child in numbered):
            response = names_incident(section.text) or is_phase(section.text)
            own = response and not any(names_incident(child.text) for child in numbered)
            return own and not any(self._symptoms(child) for child in numbered)
        return not all(names_incident(child.text) and not is_phase(child.text) for child in numbered)

    def _ordered_inside(self, section: Section) -> bool:
        return shapes.ordered(section.blocks) or any(shapes.ordered(child.blocks) for child in section.children)

    def _is_procedure(self, section: Section) -> bool:
        if not self._owns(section):
            return False
        if section.is_label and section.number is None and not shapes.ordered(section.blocks):
            return False
        if self._symptoms(section):
            return True
        parts = [child for child in self._parts(section) if child.kind != "checklist"]
        if not parts:
            return True
        if any(self._symptoms(inner) for part in parts for inner in part.walk()):
            return False
        if shapes.ordered(section.blocks) and all(is_phase(part.text) or part.is_label for part in parts):
            return True
        return self._one_response(section, parts)

    def _one_response(self, section: Section, parts: Sequence[Section]) -> bool:
        """Whether the parts are steps or phases of one response, rather than procedures of their own."""
        numbers = [part for part in parts if part.number is not None] if not shapes.sectional_numbers(section) else []
        if numbers:
            return self._numbered_steps(section) or (len(numbers) == 1 and not self._ordered_inside(numbers[0]))
        plain_parts = [part for part in parts if part.kind != "steps"]
        if any(names_incident(part.text) and not is_phase(part.text) and not part.is_label for part in plain_parts):
            return False
        if (
            holds_procedures(section.text)
            and any(shapes.substantial(part) for part in plain_parts)
            and role_of(section.text) != "communication"
        ):
            return all(is_phase(part.text) for part in plain_parts)
        if any(self._ordered_inside(part) and not is_phase(part.text) for part in plain_parts):
            return names_incident(section.text)
        return True

    # Drafting -----------------------------------------------------------------------------------------

    def _draft(self, section: Section, whole: bool = True) -> ProcedureDraft:
        title = section.title or "Procedure"
        draft = ProcedureDraft(title, section, role_of(section.text))
        draft.steps += self._direct(section, draft, None)
        for child in section.children if whole else ():
            self._part(child, section, draft)
        if shapes.alternatives(draft.steps):
            draft.order = "choice"
        elif draft.role == "communication":
            draft.order = "set"
        return draft

    def _part(self, child: Section, parent: Section, draft: ProcedureDraft) -> None:
        kind = child.kind
        if (shapes.only_boxes(child.blocks) and role_of(child.text) == "post" and not child.children) or (
            kind in ASIDE and not (kind == "checklist" and not draft.steps and self._last_resort(parent))
        ):
            draft.asides.append(child)
        elif kind in REFERENCE and not self._step_like(child, parent):
            return
        elif kind == "decision" and not child.children and not shapes.owns_steps(child.blocks):
            step = self.reader.from_section(child)
            if step.choices:
                draft.steps.append(step)
        elif self._is_phase_section(child, parent):
            self._phase(child, draft)
        elif (
            shapes.has_content(child) or shapes.bare_step(child)
            or (child.number is not None and not shapes.sectional_numbers(parent))
        ):  # fmt: skip
            step = self.reader.from_section(child)
            step.guard_loose = child.is_label and child.number is None and step.guard is not None
            draft.steps.append(step)

    def _is_phase_section(self, child: Section, parent: Section) -> bool:
        """Whether a sub-section only groups steps: "Initial Response" with numbered headings below."""
        if child.kind == "steps" and child.number is None:
            return True
        if child.number is not None and not shapes.sectional_numbers(parent):
            return False
        if titled(child.title, 0, 0, ()).guard is not None:
            return False
        if shapes.ordered(child.blocks) or any(isinstance(b, Table) and columns_of(b).steps for b in child.blocks):
            return True
        inner = [
            c for c in child.children if (not c.is_label or c.number is not None) and c.kind not in ASIDE | REFERENCE
        ]
        if any(shapes.has_content(c) for c in inner):
            return True
        return is_phase(child.text) and shapes.only_bullets(child.blocks) and not child.children

    def _phase(self, child: Section, draft: ProcedureDraft) -> None:
        if child.kind != "steps":
            draft.phases.append(child)
        name = None if child.kind == "steps" else child.title
        before = len(draft.steps)
        draft.steps += self._direct(child, draft, name)
        for inner in child.children:
            self._part(inner, child, draft)
        for step in draft.steps[before:]:
            step.phase = step.phase or name

    def _direct(self, section: Section, draft: ProcedureDraft, phase: str | None) -> list[StepDraft]:
        """The steps that stand directly under a title."""
        path = (*section.path, section.text) if section.text else section.path
        blocks = section.blocks
        if not shapes.owns_steps(blocks):
            draft.prose += [block for block in blocks if isinstance(block, Paragraph)]
            return []
        if shapes.ordered(blocks):
            return self._listed(blocks, path, draft)
        tables = [
            block
            for block in blocks
            if isinstance(block, Table) and columns_of(block).steps and not columns_of(block).decides
        ]
        if tables:
            return self._tabled(section, blocks, path)
        if has_commands(blocks) or any(isinstance(block, Table) for block in blocks):
            return self._fenced(section, blocks, path)
        return self._bulleted(blocks, path, section)

    def _tabled(self, section: Section, blocks: Sequence[Block], path: tuple[str, ...]) -> list[StepDraft]:
        """The rows of the tables of steps, and in their place the commands that stand beside them."""
        steps: list[StepDraft] = []
        beside: list[Block] = []
        for block in [*blocks, None]:
            rows = isinstance(block, Table) and columns_of(block).steps and not columns_of(block).decides
            if (rows or block is None) and has_commands(beside):
                steps += self._fenced(section, beside, path)
            if rows and isinstance(block, Table):
                steps += self.reader.from_table(block, path)
            beside = [] if rows else [*beside, *([block] if block is not None else [])]
        return steps

    def _bulleted(self, blocks: Sequence[Block], path: tuple[str, ...], section: Section) -> list[StepDraft]:
        """Bullets as steps; bullets that only answer a question ("Yes: ...", "If ...") are one decision."""
        steps: list[StepDraft] = []
        question: Paragraph | None = None
        for block in blocks:
            if isinstance(block, Paragraph):
                question = block
            elif isinstance(block, ListBlock):
                if len(block.items) >= 2 and all(as_choice(plain(item.raw)) for item in block.items):
                    title = plain(question.raw.split("\n")[-1]) if question is not None else section.title
                    step = titled(
                        title.strip(" :?") or "Decide", question.line if question else block.line, block.end, path
                    )
                    self.reader.fill(step, [block], announced=True)
                    steps.append(step)
                else:
                    asked = plain(question.raw.split("\n")[-1]).rstrip(" :") if question is not None else ""
                    steps += [self._asked(asked, self.reader.from_item(item, None, path)) for item in block.items]
                question = None
        return steps

    def _asked(self, lead: str, step: StepDraft) -> StepDraft:
        """Below "Check:" a bullet that only names a thing is to be checked."""
        if is_look(lead) and len(lead.split()) <= 3 and not actions_in(step.title) and look_at(step.title):
            step.title = f"{lead} {step.title}"
        return step

    def _listed(self, blocks: Sequence[Block], path: tuple[str, ...], draft: ProcedureDraft) -> list[StepDraft]:
        """Ordered lists; what stands between two of them belongs to the step before."""
        steps: list[StepDraft] = []
        for block in blocks:
            if isinstance(block, ListBlock) and block.ordered:
                steps += [self.reader.from_item(item, block.start + i, path) for i, item in enumerate(block.items)]
            elif steps:
                self.reader.fill(steps[-1], [block])
            elif isinstance(block, Paragraph):
                draft.prose.append(block)
            elif isinstance(block, Fence) and has_commands([block]):
                steps.append(self._implicit(path[-1] if path else "Procedure", [block], path))
        return steps

    def _fenced(self, section: Section, blocks: Sequence[Block], path: tuple[str, ...]) -> list[StepDraft]:
        """Fences without a list: one step, or one for each fence that a sentence introduces."""
        groups: list[list[Block]] = [[]]
        for block in blocks:
            begun = any(isinstance(b, Fence) and has_commands([b]) for b in groups[-1])
            opens = isinstance(block, Paragraph) and begun and not shapes.continues(block)
            if opens or (begun and numbered_fence(block) is not None):
                groups.append([])
            groups[-1].append(block)
        groups = shapes.joined(groups)
        if len(groups) == 1:
            return [self._implicit(section.title or "Procedure", groups[0], path)]
        return [self._implicit(shapes.introduction(group) or section.title, group, path) for group in groups]

    def _implicit(self, title: str, blocks: Sequence[Block], path: tuple[str, ...]) -> StepDraft:
        first, last = blocks[0], blocks[-1]
        step = titled(title, first.line, last.end, path)
        self.reader.fill(step, [block for block in blocks if not shapes.introduces(block, title)])
        return step


def is_playbook(title: str, drafts: Sequence[ProcedureDraft]) -> bool:
    """Whether the procedures are the phases of one response to what the document's title names."""
    main = [draft for draft in drafts if draft.role not in {"post", "prevention", "communication"}]
    if len(drafts) < 2 or not main:
        return False
    if any(any(aside.kind == "symptoms" for aside in draft.asides) for draft in main):
        return False
    phases = [is_phase(draft.section.text) for draft in main]
    if all(phases):
        return True
    return not is_generic(title) and not any(names_incident(draft.section.text) for draft in main) and any(phases)
