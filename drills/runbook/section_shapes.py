"""What a section looks like from outside: a list of steps, bare boxes, an introduction to what follows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from drills.runbook.blocks import Block, Fence, ListBlock, Paragraph, Table
from drills.runbook.drafts import StepDraft
from drills.runbook.fences import numbered_fence
from drills.runbook.lexicon import Kind, kind_of
from drills.runbook.sections import Section
from drills.runbook.steps import has_commands, is_action_list
from drills.runbook.tables import columns_of
from drills.runbook.text import checkbox, plain
from drills.runbook.vocabulary import actions_in

REFERENCE: frozenset[Kind] = frozenset(
    {"severity", "contacts", "escalation", "templates", "drills", "overview", "metadata", "references"}
)


def joined(groups: Sequence[list[Block]]) -> list[list[Block]]:
    """Groups without commands belong to the group before (or, at the beginning, to the one after)."""
    joined: list[list[Block]] = []
    for group in groups:
        if joined and (not has_commands(group) or not has_commands(joined[-1])):
            joined[-1] += group
        else:
            joined.append(list(group))
    return joined


def introduction(group: Sequence[Block]) -> str:
    """What a group of blocks is called by its first line; nothing when that is no sentence."""
    first = group[0]
    counted = next((words for block in group if (words := numbered_fence(block)) is not None), None)
    if counted is not None and not isinstance(first, Paragraph):
        return counted
    return plain(first.raw.strip().split("\n")[0]).rstrip(" :")[:120] if isinstance(first, Paragraph) else ""


def introduces(block: Block, title: str) -> bool:
    """Whether the block is the paragraph that gave the group its title."""
    return isinstance(block, Paragraph) and plain(block.raw.strip()).rstrip(" :")[:120] == title


_CONTINUES = re.compile(
    r"^(?:expected|output|note|this |it should|you should|erwartet|ausgabe|hinweis|das |salida|nota|esto|"
    r"debería|example|beispiel|ejemplo|sample|if |wenn |si )",
    re.I,
)


def continues(block: Block) -> bool:
    """Whether a paragraph between fences still speaks of the fence above."""
    return isinstance(block, Paragraph) and bool(_CONTINUES.match(plain(block.raw)))


def owns_steps(blocks: Sequence[Block]) -> bool:
    """Whether steps stand among `blocks`: a list, a fence with commands, a table of steps."""
    return any(
        isinstance(b, ListBlock) or (isinstance(b, Table) and (columns_of(b).steps or columns_of(b).decides))
        for b in blocks
    ) or has_commands(blocks)


def ordered(blocks: Sequence[Block]) -> bool:
    """Whether a numbered list stands among `blocks`."""
    return any(isinstance(block, ListBlock) and block.ordered for block in blocks)


def listed_steps(blocks: Sequence[Block]) -> bool:
    """Steps that cannot be taken for a table of contents: an ordered list, a table of steps, commands."""
    tables = any(isinstance(block, Table) and columns_of(block).steps for block in blocks)
    return tables or ordered(blocks) or has_commands(blocks)


def only_bullets(blocks: Sequence[Block]) -> bool:
    """Whether `blocks` are bullets that say what to do, and no fence or table."""
    return any(is_action_list(block) for block in blocks) and not any(
        isinstance(block, Fence | Table) for block in blocks
    )


def only_boxes(blocks: Sequence[Block]) -> bool:
    """Whether `blocks` are boxes to tick and nothing that can be typed."""
    items = [item for block in blocks if isinstance(block, ListBlock) for item in block.items]
    return bool(items) and all(checkbox(item.raw)[0] is not None for item in items) and not has_commands(blocks)


def bare_step(section: Section) -> bool:
    """A heading with nothing below it that asks for something: "### Cancel open orders"."""
    return not section.blocks and not section.children and section.kind is None and bool(actions_in(section.title))


def has_content(section: Section) -> bool:
    """Whether anything stands below the heading, at any depth."""
    return bool(section.blocks or section.lead or any(has_content(child) for child in section.children))


def substantial(section: Section) -> bool:
    """A fence or a list: more than a remark."""
    return (
        any(isinstance(block, Fence | Table) for block in section.blocks)
        or any(isinstance(b, ListBlock) and len(b.items) > 1 for b in section.blocks)
        or bool(section.children)
    )


def alternatives(steps: Sequence[StepDraft]) -> bool:
    """Whether the steps are options of which one is taken."""
    return len(steps) >= 2 and all(step.option is not None for step in steps)


def sectional_numbers(parent: Section) -> bool:
    """Whether the numbers of the children number the sections of a document: one of them is a reference section."""
    return any(
        child.number is not None and kind_of(child.text) in REFERENCE - {"escalation"} for child in parent.children
    )
