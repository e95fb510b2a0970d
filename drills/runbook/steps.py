"""Steps from what stands under a heading, in a list item, in a table row.

A list item with nested content is read like a small section, so that a step means the same however it was
written. What is bulleted below a step are its actions, "If ..." bullets its branches, fences its commands,
labelled groups ("**If pod crashes:**") its guarded sub-steps.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drills.runbook.blocks import Block, Fence, Html, ListBlock, ListItem, Paragraph, Table
from drills.runbook.decisions import Choice, as_choice, is_diagram, tree_choices
from drills.runbook.drafts import CommandDraft, Found, Line, StepDraft
from drills.runbook.durations import read_duration
from drills.runbook.fences import UNTOLD, holds_commands, read_fence
from drills.runbook.guards import SEVERITY_ID, is_optional, severity_ids
from drills.runbook.lexicon import kind_of
from drills.runbook.names import looks_like_command
from drills.runbook.sections import BARE_STEP, LABEL_LEVEL, Section, as_label
from drills.runbook.shell import PROMPT
from drills.runbook.tables import Columns, columns_of
from drills.runbook.text import (
    MAX_INLINE_CHARS,
    bold_lead,
    checkbox,
    code_spans,
    comments,
    no_pictographs,
    numbered,
    plain,
    sentences,
)
from drills.runbook.vocabulary import actions_in

_BRACKET = re.compile(r"[(\[]([^()\[\]]{1,120})[)\]]")
_OPTION = re.compile(r"^(?:option|alternative|variante|opción|opcion|möglichkeit)\s+(?P<name>[A-Z0-9])\b", re.I)
_CONDITIONAL = re.compile(
    r"^(?:for|if|when|in case(?: of)?|should|bei|wenn|falls|für|sofern|im fall\w*|si|para|en caso de|cuando|"
    r"after|nach|tras)\b",
    re.I,
)
_CONDITIONAL_BRACKET = re.compile(r"^(?:if|when|only|after|wenn|falls|nur|nach|si|solo|sólo|tras|cuando)\b", re.I)
_FOR_BRACKET = re.compile(r"^(?:after|nach|tras|después de)\b", re.I)
_TIME_LABEL = re.compile(
    r"^(?:deadline|time ?limit|target(?: time)?|max(?:imum)? time|frist|zeit(?:limit|vorgabe|ziel)?|plazo|"
    r"tiempo(?: (?:máximo|límite|objetivo))?)\s*:\s*(?P<time>.{1,60})$",
    re.I,
)
_RUN = re.compile(
    r"\b(?:run|execute|type|enter|invoke|issue|use|ausführen|ausfuehren|starte|eingeben|führe|ejecut\w+|"
    r"lanzar|teclear|correr)\b",
    re.I,
)
_COMMAND_LABEL = re.compile(
    r"^(?:commands?|cmd|run|befehl|kommando|comando|ejecutar)\s*:\s*$|^(?:commands?|cmd|run|befehl|kommando|"
    r"comando)\s*:",
    re.I,
)
_BARE_COMMAND = re.compile(
    r"[:>]\s+(?P<code>(?:sudo|ssh|kubectl|docker|systemctl|journalctl|curl|psql|redis-cli)\s+[\w'\"./@-].{2,300})$"
)
"""A command at the end of a line whose author sets no marks around it."""
_OPTION_WORD = re.compile(r"\s--?[a-z]")
_COMMAND_TITLE = re.compile(r"^(?:commands?|cmd|run|how to|instructions|befehle?|kommandos?|comandos?)$", re.I)
_VERIFY_LABEL = re.compile(
    r"^(?:verify|verification|validate|validation|check|success criteria|prüfung|überprüfung|verificar|"
    r"verificación|comprobación)$",
    re.I,
)
_UNDO_LABEL = re.compile(
    r"^(?:roll-?back|undo|revert|if (?:this|it) fails|fallback|rückgängig|zurück|deshacer|revertir)\b", re.I
)
_EXPECTED_LEAD = re.compile(
    r"\b(?:expected|response|returns|answer|antwort|respuesta|should (?:print|show|return|see|look)|output|"
    r"erwartet\w*|ausgabe|sollte|esperad[oa]|"
    r"salida|debería)\b",
    re.I,
)
_APPROVAL = re.compile(r"approv|sign-?off|freigabe|genehmigung|aprobaci|autorizaci", re.I)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜÁÉÍÓÚÑ¿¡])")


class StepReader:
    """Builds drafts of steps; what it finds beside them (templates, problems) goes to `found`."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def from_section(self, section: Section, ordinal: int | None = None) -> StepDraft:
        """A heading (or label) as one step, its sub-headings and labels as sub-steps."""
        title, lead = section.title, section.lead
        if lead and not section.raw.rstrip(" *_").endswith(":") and lead[:1].islower():
            title, lead = f"{title} {plain(lead)}", ""
        step = titled(
            title, section.line, max(section.line, _last_line(section)), section.path, ordinal or section.number
        )
        step.label = section.is_label
        step.comments += comments(section.raw)
        if lead:
            self._lead(step, section)
        if section.is_label and section.number is not None:
            self._inline_commands(step, section.raw, section.line)
            choice = as_choice(step.title)
            if choice is not None and not lead:
                step.choices.append(choice._replace(line=section.line))
        self.fill(step, section.blocks)
        for child in section.children:
            self._child(step, child)
        return step

    def _lead(self, step: StepDraft, section: Section) -> None:
        """The words after a label on its own line."""
        words = plain(section.lead)
        choice = as_choice(f"{step.title}: {words}")
        if choice is not None and not section.blocks:
            step.choices.append(choice._replace(line=section.line))
        else:
            step.notes.append(Line(section.line, section.line, words))
        self._inline_commands(step, section.lead, section.line)
        for offset, line in enumerate(section.lead.split("\n")):
            prompt = PROMPT.match(line)
            if prompt is not None and prompt.group(0).strip() in {"$", ">", "%"}:
                at = section.line + section.raw.count("\n") + offset
                step.commands.append(CommandDraft(at, at, "bash", line[prompt.end() :].strip()))

    def _child(self, step: StepDraft, child: Section) -> None:
        kind = child.kind
        if child.is_label and _VERIFY_LABEL.match(child.text):
            self._verification(step, child)
        elif kind in {"steps", "note", "decision", "checklist"} and child.number is None:
            self.fill(step, child.blocks, announced=kind == "decision", asked=bool(_COMMAND_TITLE.match(child.text)))
            for inner in child.children:
                self._child(step, inner)
        elif kind == "expected":
            for block in child.blocks:
                if isinstance(block, Fence):
                    read_fence(block, step, self.found, expected=True)
        elif (
            kind in {"symptoms", "overview", "trigger", "references", "metadata", "objectives"} and child.number is None
        ):
            return
        elif kind == "templates":
            self.fill(step, child.blocks)
        else:
            below = self.from_section(child)
            below.guard_loose = child.is_label and child.number is None and not actions_in(below.title)
            if child.is_label and _UNDO_LABEL.match(child.text):
                below.guard = "if needed"
            step.children.append(below)
        step.end = max(step.end, child.end)

    def _verification(self, step: StepDraft, child: Section) -> None:
        """`**Verify:**` below a step: its commands confirm what the step has done."""
        before = len(step.commands)
        self.fill(step, child.blocks, asked=True)
        for command in step.commands[before:]:
            command.title = command.title or child.text

    def from_item(self, item: ListItem, ordinal: int | None, path: tuple[str, ...]) -> StepDraft:
        """An entry of a list as a step."""
        raw = checkbox(item.raw)[1]
        label, rest = split_title(raw)
        step = titled(label, item.line, item.end, path, ordinal)
        step.comments += comments(item.raw)
        if rest:
            step.notes.append(Line(item.line, item.line, plain(rest)))
        choice = as_choice(plain(raw))
        if choice is not None:
            step.choices.append(choice._replace(line=item.line))
        self._inline_commands(step, raw, item.line)
        section = Section(LABEL_LEVEL, raw, item.line, item.end, path)
        groups = list(_grouped(item.rest, (*path, step.title)))
        self.fill(step, groups[0].blocks if groups and groups[0].raw == "" else section.blocks)
        for group in groups:
            if group.raw:
                self._child(step, group)
        return step

    def from_prose(self, block: Paragraph, path: tuple[str, ...]) -> list[StepDraft]:
        """The sentences of a paragraph that ask for something known."""
        steps = []
        for line, raw in sentences(block.raw[:MAX_INLINE_CHARS], block.line):
            words = plain(raw)
            choice = as_choice(words)
            if choice is not None or actions_in(words):
                step = titled(words.rstrip(" ."), line, block.end, path)
                step.choices += [choice._replace(line=line)] if choice is not None else []
                self._inline_commands(step, raw, line)
                steps.append(step)
        return steps

    def fill(self, step: StepDraft, blocks: Sequence[Block], announced: bool = False, asked: bool = False) -> None:
        """Add what stands below a step's title to it."""
        announced = announced or bool(re.search(r"decision|entscheidung|decisi[oó]n|choose|check if", step.title, re.I))
        expected = False
        for block in blocks:
            match block:
                case Paragraph():
                    opens = block.raw.rstrip("*_ \n").endswith(":")
                    asked = asked or (opens and bool(_RUN.search(block.raw[-120:])))
                    expected = opens and bool(_EXPECTED_LEAD.search(block.raw))
                    self._paragraph(step, block, announced)
                case ListBlock() if block.ordered:
                    for offset, item in enumerate(block.items):
                        step.children.append(self.from_item(item, block.start + offset, (*step.path, step.title)))
                case ListBlock():
                    for item in block.items:
                        self._bullet(step, item, announced)
                case Fence():
                    read_fence(block, step, self.found, expected, asked and not expected)
                    expected = False
                case Table():
                    self._table(step, block)
                case Html():
                    step.comments += comments(block.raw)
            step.end = max(step.end, block.end)

    def _paragraph(self, step: StepDraft, block: Paragraph, announced: bool) -> None:
        step.comments += comments(block.raw)
        for line, raw in sentences(block.raw[:MAX_INLINE_CHARS], block.line):
            words = plain(raw)
            if words:
                self._sentence(step, raw, words, line, announced, step.notes)

    def _sentence(self, step: StepDraft, raw: str, words: str, line: int, announced: bool, into: list[Line]) -> None:
        time = _TIME_LABEL.match(words)
        choice = as_choice(words, announced)
        if time is not None and read_duration(time.group("time")):
            step.deadline = time.group("time")
        elif choice is not None:
            step.choices.append(choice._replace(line=line))
        else:
            into.append(Line(line, line, words, done=checkbox(raw)[0]))
        self._inline_commands(step, raw, line)

    def _bullet(self, step: StepDraft, item: ListItem, announced: bool) -> None:
        raw = checkbox(item.raw)[1]
        step.comments += comments(item.raw)
        words = plain(raw)
        if words:
            before = len(step.choices)
            self._sentence(step, raw, words, item.line, announced, step.actions)
            if checkbox(item.raw)[0] is not None and step.actions and step.actions[-1].line == item.line:
                step.actions[-1] = step.actions[-1]._replace(done=checkbox(item.raw)[0])
            if _opens_choice(words) and len(step.choices) == before and item.rest:
                step.actions.pop()
                self._conditional_bullet(step, item, words)
                return
        for block in item.rest:
            self._below_bullet(step, block, announced)

    def _conditional_bullet(self, step: StepDraft, item: ListItem, words: str) -> None:
        """`- If X:` with the actions below it: a guarded sub-step."""
        below = titled(words.rstrip(" :"), item.line, item.end, (*step.path, step.title))
        below.label = below.guard_loose = True
        self.fill(below, item.rest)
        step.children.append(below)

    def _below_bullet(self, step: StepDraft, block: Block, announced: bool) -> None:
        if isinstance(block, ListBlock) and not block.ordered:
            for item in block.items:
                self._bullet(step, item, announced)
        else:
            self.fill(step, [block], announced)

    def _inline_commands(self, step: StepDraft, raw: str, line: int) -> None:
        """Inline code that is something to type, on a line that is not already a fence's title."""
        asked = bool(_RUN.search(plain(raw))) or bool(_COMMAND_LABEL.match(plain(raw)))
        spans = code_spans(raw)
        only = len(spans) > 1 and " ".join(plain(raw).split()) == " ".join(" ".join(spans).split())
        if not spans and (bare := _BARE_COMMAND.search(plain(raw))) is not None:
            step.commands.append(CommandDraft(line, line, "inline", bare.group("code"), plain(raw)))
        for code in code_spans(raw):
            if re.search(rf"`{re.escape(code)}`\s+(?:was|were|has been|had been|wurde|fue)\b", raw):
                continue  # it is told that somebody has typed it
            words = code.split()
            alone = plain(raw).strip() == code and not code.endswith((".", ":"))
            means = re.search(rf"\b(?:with|via|using|mit|con|avec|com) `{re.escape(code)}`", raw)
            likely = asked or alone or only or f": `{code}`" in raw or bool(_OPTION_WORD.search(code) or means)
            typed = likely and len(words) >= 2 and re.fullmatch(r"[A-Za-z_.~/][\w./-]*", words[0])
            if looks_like_command(code) or (typed and "=" not in words[1]):
                title = None if plain(raw).strip(" :.") == code else plain(raw)
                step.commands.append(CommandDraft(line, line, "inline", code, title))

    def _table(self, step: StepDraft, table: Table) -> None:
        columns = columns_of(table)
        if columns.decides:
            for line, cells in table.rows:
                condition, action = columns.get(cells, "condition"), columns.get(cells, "action")
                if condition and action:
                    step.choices.append(Choice(plain(condition), plain(action), line))
        elif columns.steps:
            step.children += self.from_table(table, (*step.path, step.title))

    def from_table(self, table: Table, path: tuple[str, ...]) -> list[StepDraft]:
        """The rows of a table with an action column as steps."""
        columns = columns_of(table)
        return [
            self._row(columns, cells, line, index, path)
            for index, (line, cells) in enumerate(table.rows, 1)
            if any(c.strip() for c in cells)
        ]

    def _row(self, columns: Columns, cells: Sequence[str], line: int, index: int, path: tuple[str, ...]) -> StepDraft:
        raw = columns.get(cells, "action") or columns.get(cells, "command") or " ".join(cells)
        number = re.match(r"\D{0,10}(?:\d{1,3}\.){0,3}(\d{1,3})", plain(columns.get(cells, "number")))
        label, rest = split_title(raw)
        step = titled(label, line, line, path, int(number.group(1)) if number else index)
        step.comments += comments(" ".join(cells))
        if rest:
            step.notes.append(Line(line, line, plain(rest)))
        self._inline_commands(step, raw, line)
        self._cell_command(step, columns.get(cells, "command"), line)
        time = plain(columns.get(cells, "time"))
        if time and read_duration(time):
            step.deadline = time
        expected = plain(columns.get(cells, "expected"))
        if expected and step.commands:
            step.commands[-1].expected = expected
        elif expected:
            step.notes.append(Line(line, line, expected))
        condition = plain(columns.get(cells, "condition"))
        if condition and condition not in {"-", "–", "—"}:
            step.guard, step.guard_loose = condition, True
        for code in comments(" ".join(cells)):
            step.comments.append(code)
        return step

    def _cell_command(self, step: StepDraft, raw: str, line: int) -> None:
        codes = code_spans(raw) or ([plain(raw)] if looks_like_command(plain(raw)) else [])
        known = {command.text for command in step.commands}
        step.commands += [CommandDraft(line, line, "inline", code) for code in codes if code not in known and code]


def split_title(raw: str) -> tuple[str, str]:
    """The title of a step and what is said after it: bold words first, else the first sentence."""
    bold = bold_lead(raw.strip())
    if bold is not None and BARE_STEP.match(plain(bold[0])) and plain(bold[1]).strip(" :–—-.)"):
        counted = plain(bold[0]).rstrip(" .:)")
        return split_title(f"{counted}. {bold[1].lstrip(' :–—-.)')}")
    if bold is not None and plain(bold[0]):
        label, rest = bold
        bracket = re.match(r"\s*(\([^()\n]{1,80}\))\s*:?\s*", rest)
        if bracket:
            label, rest = f"{label} {bracket.group(1)}", rest[bracket.end() :]
        rest = rest.lstrip(" :–—-").strip()
        return plain(label).rstrip(" :"), rest if plain(rest) else ""
    words = no_pictographs(plain(raw))
    if len(words) <= 120:
        return words.rstrip(" :"), ""
    first, *more = _SENTENCE_END.split(words, maxsplit=1)
    return first.rstrip(" :"), more[0] if more else ""


def titled(raw_title: str, line: int, end: int, path: tuple[str, ...], ordinal: int | None = None) -> StepDraft:
    """A draft with its brackets read: "(2 min)", "(Level 2+)", "(if needed)"."""
    number, words = numbered(no_pictographs(raw_title))
    step = StepDraft(
        words or raw_title.strip() or "untitled", line, end, path, ordinal if ordinal is not None else number
    )
    option = _OPTION.match(step.title)
    if option:
        step.option = option.group("name").upper()
    for bracket in _BRACKET.findall(step.title):
        if _APPROVAL.search(bracket):
            continue  # "(after approval)" is a rule, not a case
        if severity_ids(bracket) and not as_time(bracket) and SEVERITY_ID.search(bracket):
            step.guard = bracket
        elif is_optional(bracket) or _FOR_BRACKET.match(bracket) or _CONDITIONAL_BRACKET.match(bracket):
            step.guard = step.guard or bracket
        elif as_time(bracket):
            step.deadline = bracket
    if step.guard is None and _CONDITIONAL.match(step.title) and as_choice(step.title) is None:
        step.guard = _BRACKET.sub("", step.title).strip()
    return step


def as_time(bracket: str) -> bool:
    """Whether the bracket of a heading states a time: "(2 min)", "(varies)", not "(8-15% drawdown)"."""
    if re.search(r"\w\s*[<>≥≤]", bracket):
        return False  # "(p99 > 2s)" is a measurement, "(< 2 min)" a time
    span = read_duration(bracket)
    return span is not None and (span.kind != "immediate" or len(bracket.split()) <= 2)


def _opens_choice(words: str) -> bool:
    return words.endswith(":") and bool(
        re.match(r"(?:if|when|in case|wenn|falls|bei|sofern|si|en caso|cuando)\b", words, re.I)
    )


def _grouped(blocks: Sequence[Block], path: tuple[str, ...]) -> list[Section]:
    """The blocks of a list item cut at bold labels; the first group, without a label, has an empty title."""
    groups = [Section(LABEL_LEVEL, "", 0, 0, path)]
    for index, block in enumerate(blocks):
        label = as_label(block, blocks[index + 1] if index + 1 < len(blocks) else None)
        if label is None:
            groups[-1].blocks.append(block)
            groups[-1].end = block.end
        else:
            groups.append(Section(LABEL_LEVEL, label[0], block.line, block.end, path, lead=label[1]))
    return groups


def _last_line(section: Section) -> int:
    ends = [block.end for block in section.blocks] + [_last_line(child) for child in section.children]
    return max([section.line, *ends])


def is_action_list(block: Block) -> bool:
    """Whether a block is a bulleted list that could be steps."""
    return isinstance(block, ListBlock) and not block.ordered


def has_commands(blocks: Sequence[Block]) -> bool:
    """Whether a fence among `blocks` holds commands."""
    return any(isinstance(block, Fence) and (holds_commands(block) or _tree(block)) for block in blocks)


def _tree(fence: Fence) -> bool:
    return fence.lang == "mermaid" or (
        fence.lang in UNTOLD and is_diagram(fence.text) and bool(tree_choices(fence.text))
    )


def is_kind(title: str, *kinds: str) -> bool:
    """Whether the title is of one of `kinds`."""
    return kind_of(title) in kinds
