"""YAML as plain data, with the line of every key and item, and nothing that a file could do to us.

It differs from PyYAML's safe loader where people get hurt: a key given twice is an error, `on`, `no` and
`1:30` stay text, dates stay text, and aliases cannot blow a small file up to a large one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sim.errors import BadInput

MAX_BYTES = 262_144
MAX_VALUES = 50_000
"""After aliases are expanded."""
MAX_DEPTH = 40

Place = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """The data of one YAML file, and where in the file it stands."""

    file: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    """1-based line of the key or item at each path; `()` is the first line of content."""

    def line(self, path: Place) -> int | None:
        """The line of `path`, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


class _Loader(yaml.SafeLoader):
    """Plain scalars after YAML 1.2's core schema only."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", ["t", "T", "f", "F"]),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+.0123456789")),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def read_document(path: str | Path) -> Document:
    """Read and parse the YAML file at `path`."""
    file = str(path)
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise BadInput("there is no such file", mend="check the path", file=file) from error
    except IsADirectoryError as error:
        raise BadInput("this is a folder", mend="name a YAML file in it", file=file) from error
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be read ({error})", mend="check path and permissions", file=file) from error
    if len(raw) > MAX_BYTES:
        raise BadInput(
            f"is larger than {MAX_BYTES // 1024} KiB",
            mend="give a YAML file written by hand, a page or two long",
            file=file,
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadInput(
            "is not text in UTF-8", mend="save it as UTF-8, or name a YAML file", file=file, line=line
        ) from error
    return parse_document(text, file)


def parse_document(text: str, file: str = "<text>") -> Document:
    """Parse YAML `text`; `file` names it in complaints."""
    document = Document(file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise BadInput("holds a character that is no text", mend="name a YAML file", file=file, line=line) from error
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, file) from error
    except RecursionError as error:
        raise BadInput("is nested too deeply", mend="write it flatter", file=file) from error
    if node is None:
        raise BadInput("is empty", mend="write the fields into it", file=file, line=1)
    document.lines[()] = node.start_mark.line + 1
    document.data = _Builder(document).build(node, (), 0)
    return document


def _syntax(error: yaml.MarkedYAMLError, file: str) -> BadInput:
    mark = error.problem_mark or error.context_mark
    problem = ": ".join(part for part in (error.context, error.problem) if part)
    mend = "write a tab as spaces" if "'\\t'" in problem else "check indentation, colons and quotes there"
    if "alias" in problem:
        mend = "give the value its &name above, or write it out"
    if "document" in problem:
        mend = "keep one document, without further --- lines"
    return BadInput(f"is not YAML: {problem}", mend=mend, file=file, line=mark.line + 1 if mark else None)


class _Builder:
    """Turns nodes into data, noting lines."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._left = MAX_VALUES

    def build(self, node: yaml.Node, path: Place, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            what = "more values than" if self._left < 0 else "deeper than"
            limit = MAX_VALUES if self._left < 0 else MAX_DEPTH
            raise self._bad(node, f"unfolds to {what} {limit}", "write fewer aliases and levels")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return self._sequence(node, path, depth)
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Place, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._bad(key_node, "a key is not plain text", "write the key as a word")
            key = key_node.value
            if key == "<<" and not key_node.style:
                merged += self._merged(value_node)
                continue
            if key in data:
                first = self._document.lines[(*path, key)]
                raise self._bad(key_node, f"{key} is given twice, first on line {first}", "keep one of them", key)
            self._document.lines[(*path, key)] = key_node.start_mark.line + 1
            data[key] = self.build(value_node, (*path, key), depth + 1)
        for other in merged:
            for key, value in self.build(other, (*path, "<<"), depth + 1).items():
                data.setdefault(key, value)
        return data

    def _merged(self, node: yaml.Node) -> list[yaml.Node]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        for item in nodes:
            if not isinstance(item, yaml.MappingNode):
                raise self._bad(item, "<< merges something that is no mapping", "name an anchored mapping")
        return list(nodes)

    def _sequence(self, node: yaml.SequenceNode, path: Place, depth: int) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            self._document.lines[(*path, index)] = item.start_mark.line + 1
            items.append(self.build(item, (*path, index), depth + 1))
        return items

    def _scalar(self, node: yaml.Node) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text: str = node.value
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int":
            return int(text) if len(text) <= 40 else float(text)
        if kind == "float":
            return float(text)
        if kind == "str":
            return text
        raise self._bad(node, f"uses the tag {kind}", "write plain values, without ! tags")

    def _bad(self, node: yaml.Node, problem: str, mend: str, key: str | None = None) -> BadInput:
        return BadInput(problem, mend=mend, file=self._document.file, line=node.start_mark.line + 1, field=key)
