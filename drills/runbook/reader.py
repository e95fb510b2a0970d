"""Reading a runbook: `read_runbook(path)` and `read_text(text, file)` give the frozen tree.

Order of work: text to blocks, blocks to sections, sections to procedures and reference material, drafts to
frozen nodes, then cross references. What a file can do wrong is one `BadInput` line; what a document leaves
unclear is a finding in the tree.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drills.runbook.attachments import read_checklists, read_drills, read_meta, read_objectives, read_templates
from drills.runbook.blocks import Block, ListBlock, parse_blocks
from drills.runbook.constraints import constraint_in
from drills.runbook.drafts import Found, StepDraft
from drills.runbook.finish import Finisher
from drills.runbook.lexicon import is_generic, is_phase, kind_of
from drills.runbook.model import Constraint, Finding, Override, Runbook, Source
from drills.runbook.overrides import read_overrides, read_sidecar
from drills.runbook.people import read_contacts, read_escalation
from drills.runbook.procedures import ProcedureDraft, ProcedureFinder, is_playbook
from drills.runbook.references import resolve
from drills.runbook.sections import Section, section_tree, unfolded
from drills.runbook.severities import read_severities
from drills.runbook.text import anchor, checkbox, no_pictographs, plain
from sim.errors import BadInput

MAX_BYTES = 5 * 1024 * 1024
MAX_LINE_CHARS = 20_000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<body>(?:[^\n]{0,2000}\n){0,200}?)(?:---|\.\.\.)[ \t]*(?:\n|\Z)")


def read_runbook(path: Path, overrides: Path | None = None) -> Runbook:
    """The runbook in a Markdown file, with the overrides of its sidecar file, or of the file `overrides`."""
    path = Path(path)
    text = _decoded(path)
    stated = read_sidecar(path) if overrides is None else read_overrides(overrides)
    return _read(text, str(path), stated, path.stem)


def read_text(text: str, file: str = "<text>", overrides: Mapping[str, Override] | None = None) -> Runbook:
    """The runbook in a string; `file` is the name its nodes carry."""
    return _read(text, file, overrides or {}, Path(file).stem)


def _decoded(path: Path) -> str:
    if path.is_dir():
        raise BadInput("is a directory", mend="name one Markdown file", file=path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadInput(
                "too large for a runbook",
                mend=f"split it: the limit is {MAX_BYTES // 1024 // 1024} MB",
                file=path,
                value=f"{size / 1e6:.1f} MB",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise BadInput("no such file", mend="check the path of the runbook", file=path) from None
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", mend="check the file's permissions", file=path) from None
    if not raw.strip():
        raise BadInput("is empty", mend="write the runbook first", file=path)
    return _text_of(raw, path)


def _text_of(raw: bytes, path: Path) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            try:
                return raw.decode(name)
            except UnicodeDecodeError:
                raise BadInput("is not text", mend="give a Markdown file in UTF-8", file=path) from None
    if b"\0" in raw:
        raise BadInput("is a binary file", mend="give a Markdown file in UTF-8", file=path)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        text = raw.decode("cp1252", errors="replace")
        if sum(character < " " and character not in "\t\n\r\f" for character in text) or "�" in text:
            line = raw.count(b"\n", 0, error.start) + 1
            raise BadInput("is not text in UTF-8", mend="save it as UTF-8", file=path, line=line) from None
        return text


def _read(text: str, file: str, overrides: Mapping[str, Override], stem: str) -> Runbook:
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    found = Found(file)
    text, meta = _normalised(text, found)
    if not text.strip():
        raise BadInput("is empty", mend="write the runbook first", file=file)
    last = text.count("\n") + 1
    root = section_tree(unfolded(parse_blocks(text)), last)
    title, top = _title(root, stem)
    drafts = ProcedureFinder(found).find(root)
    drafts = [draft for draft in drafts if draft.steps]
    if not drafts:
        raise BadInput(
            "holds no step", mend="write steps as a numbered list, numbered headings or fenced commands", file=file
        )
    if top is not None:
        _name_after_document(drafts, title)
    return _Assembly(root, top, title, drafts, found, overrides).runbook(digest, last, meta)


def _name_after_document(drafts: Sequence[ProcedureDraft], title: str) -> None:
    """A document's only response is called what the document is called, not "Response"."""
    main = [draft for draft in drafts if draft.role not in {"post", "prevention", "communication"}]
    if len(main) != 1 or is_generic(title):
        return
    if is_phase(main[0].section.text) or kind_of(main[0].section.text) == "steps":
        main[0].title = title


def _normalised(text: str, found: Found) -> tuple[str, dict[str, str]]:
    """One kind of line end, no marks in front, no line of a megabyte, front matter set apart."""
    text = (
        text.encode("utf-8", errors="replace")
        .decode("utf-8")
        .lstrip("\ufeff")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
    text = re.sub("[\0\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", text)
    if len(text) > MAX_LINE_CHARS:
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if len(line) > MAX_LINE_CHARS:
                lines[number] = line[:MAX_LINE_CHARS]
                found.problems.append(
                    (
                        number + 1,
                        "long-line",
                        f"a line of {len(line)} characters: only the first {MAX_LINE_CHARS} are read",
                    )
                )
        text = "\n".join(lines)
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, {}
    blank = "\n" * text.count("\n", 0, match.end())
    return blank + text[match.end() :], _front_matter(match.group("body"), found)


def _front_matter(body: str, found: Found) -> dict[str, str]:
    import yaml

    try:
        loaded: Any = yaml.safe_load(body)
    except yaml.YAMLError:
        found.problems.append((1, "front-matter", "the front matter is not valid YAML and is not read"))
        return {}
    if not isinstance(loaded, dict):
        return {}
    return {str(key): str(value) for key, value in loaded.items() if not isinstance(value, dict | list | tuple | set)}


def _title(root: Section, stem: str) -> tuple[str, Section | None]:
    """The document's title: its first level-1 heading, else its only top heading, else the file's name."""
    headings = [child for child in root.children if not child.is_label]
    first = next((section for section in headings if section.level == 1), None)
    if first is None and len(headings) == 1:
        first = headings[0]
    if first is not None and first.text:
        return re.sub(r"\s+[0-9a-f]{32}$", "", first.text), first  # an export's page id is no part of the title
    return no_pictographs(stem.replace("-", " ").replace("_", " ")).strip() or "Runbook", None


class _Assembly:
    """Puts the parts of one document together."""

    def __init__(
        self,
        root: Section,
        top: Section | None,
        title: str,
        drafts: list[ProcedureDraft],
        found: Found,
        overrides: Mapping[str, Override],
    ) -> None:
        self.root, self.top, self.title, self.drafts, self.found = root, top, title, drafts, found
        self.file = found.file
        self.overrides = overrides
        self.sections = list(root.walk())
        self.severities = read_severities(self._of_kind("severity"), self.file, self.sections)

    def runbook(self, digest: str, last_line: int, meta: dict[str, str]) -> Runbook:
        finisher = Finisher(self.file, self.severities, self.overrides, self.top if len(self.drafts) == 1 else None)
        procedures, unresolved = resolve([finisher.procedure(draft) for draft in self.drafts])
        unknown = [name for name in self.overrides if name not in finisher.applied]
        if unknown:
            raise BadInput(
                "the sidecar names a step that is not there",
                mend="use a step id as `firedrill runbook show` prints it",
                file=self.file,
                field="steps",
                value=unknown[0],
            )
        templates = {
            t.line: t for t in (*self.found.templates, *read_templates(self._of_kind("templates"), self.found))
        }
        src = Source(file=self.file, line=1, end=last_line)
        heads = [self.root, *([self.top] if self.top else []), *self._of_kind("objectives"), *self._of_kind("overview")]
        return Runbook(
            src=src, title=self.title, anchor=anchor(self.title), source_sha256=digest,
            single_playbook=is_playbook(self.title, self.drafts), severities=self.severities, procedures=procedures,
            checklists=read_checklists(self._unused(), self._step_lines(), self.file), escalation=read_escalation(
                self._of_kind("escalation"), self.file),
            contacts=read_contacts(self._of_kind("contacts"), self.file), templates=tuple(
                templates[line] for line in sorted(templates)),
            drills=read_drills(self._of_kind("drills"), self.file),
            objectives=tuple(o for head in heads for o in read_objectives(head, self.file)),
            constraints=tuple(self._constraints()), meta={**meta, **self._meta()},
            findings=(*self._findings(), *unresolved),
        )  # fmt: skip

    def _of_kind(self, kind: str) -> list[Section]:
        """The outermost sections of a kind that were not read as steps."""
        lines = {line for draft in self.drafts for step in draft.steps for line in _lines_of(step)}
        found: list[Section] = []
        inside: set[int] = set()
        for section in self.sections:
            if section.kind == kind and id(section) not in inside and section.line not in lines:
                found.append(section)
                inside |= {id(inner) for inner in section.walk()}
        return found

    def _unused(self) -> list[Section]:
        templates = {id(inner) for section in self._of_kind("templates") for inner in section.walk()}
        return [section for section in self.sections if id(section) not in templates]

    def _step_lines(self) -> frozenset[int]:
        return frozenset(line for draft in self.drafts for step in draft.steps for line in _lines_of(step))

    def _constraints(self) -> list[Constraint]:
        """Rules stated outside the procedures: in checklists of what follows an incident."""
        used = self._step_lines()
        found: list[Constraint] = []
        for section in self._unused():
            for block in section.blocks:
                for line, text in _boxed(block):
                    if line not in used:
                        rule = constraint_in(text, Source(file=self.file, line=line, end=line, path=section.path))
                        found += [rule] if rule is not None else []
        return found

    def _meta(self) -> dict[str, str]:
        ends = [self.root, *([self.top] if self.top else []), *self._of_kind("metadata")]
        return read_meta([*ends, *self.sections[-1:]])

    def _findings(self) -> list[Finding]:
        return [
            Finding(src=Source(file=self.file, line=line, end=line), rule=rule, message=message)
            for line, rule, message in sorted(self.found.problems)
        ]


def _lines_of(step: StepDraft) -> list[int]:
    own = [step.line, *(line.line for line in step.actions)]
    return own + [line for child in step.children for line in _lines_of(child)]


def _boxed(block: Block) -> list[tuple[int, str]]:
    if isinstance(block, ListBlock):
        return [(item.line, plain(checkbox(item.raw)[1])) for item in block.items if checkbox(item.raw)[0] is not None]
    return []
