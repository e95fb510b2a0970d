"""A shell command as the rules see it: every simple command in it, with its words, quotes, variables and place.

Programs that run another one (sudo, timeout, `kubectl exec ... --`, `bash -c '...'`, watch, ssh) are opened:
what they run is a call of its own, with the wrappers noted. Rows and columns count from 0 within the command.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import tree_sitter
import tree_sitter_bash

from drills.runbook.shell import MAX_SHELL_CHARS, mask

Quoting = Literal["none", "single", "double", "mixed"]

_SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ash"})
_PREFIXES = {
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C"}), "env": frozenset({"-u", "-C"}), "nohup": frozenset[str](),
    "time": frozenset[str](), "nice": frozenset({"-n"}), "ionice": frozenset({"-c", "-n"}), "exec": frozenset[str](),
    "command": frozenset[str](), "stdbuf": frozenset[str](), "doas": frozenset({"-u"}),
    "timeout": frozenset({"-s", "-k", "--signal", "--kill-after"}), "gtimeout": frozenset({"-s", "-k"}),
    "xargs": frozenset({"-n", "-I", "-P", "-L", "-d"}),
}  # fmt: skip
_KUBE_EXEC_VALUED = frozenset({"-n", "--namespace", "-c", "--container", "--context", "--kubeconfig"})
_DOCKER_EXEC_VALUED = frozenset({"-u", "--user", "-w", "--workdir", "-e", "--env", "--index"})
MAX_LAYERS = 4


@dataclass(frozen=True, slots=True)
class Variable:
    """A `$NAME` in a command."""

    name: str
    row: int
    column: int
    quoted: bool
    defaulted: bool


@dataclass(frozen=True, slots=True)
class Word:
    """One argument: as written, and as the program gets it (substitutions left as they are written)."""

    text: str
    value: str
    row: int
    column: int
    quoting: Quoting
    bare: str
    """The parts outside quotes."""


@dataclass(frozen=True, slots=True)
class Call:
    """A simple command; `wrappers` are the programs that run it, outermost first."""

    words: tuple[Word, ...]
    row: int
    column: int
    wrappers: tuple[str, ...] = ()
    background: bool = False
    variables: tuple[Variable, ...] = ()
    heredoc: str | None = None

    @property
    def program(self) -> str:
        """The name of the program without its folder."""
        return self.words[0].value.rsplit("/", 1)[-1] if self.words else ""

    @property
    def values(self) -> list[str]:
        """The words as the program gets them."""
        return [word.value for word in self.words]

    def has(self, *options: str) -> bool:
        """Whether one of the options is among the words (`--follow=true` counts as `--follow`)."""
        return any(value in options or value.split("=")[0] in options for value in self.values)

    def word(self, value: str) -> Word | None:
        """The first word of that value."""
        return next((word for word in self.words if word.value == value), None)


@dataclass(slots=True)
class Statement:
    """What a command's text holds."""

    calls: list[Call] = field(default_factory=list)
    pipelines: list[list[Call]] = field(default_factory=list)
    assigned: dict[str, tuple[int, int]] = field(default_factory=dict)
    exported: dict[str, tuple[int, int]] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    broken: bool = False


@functools.cache
def _parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


@functools.lru_cache(maxsize=16384)
def statement(text: str) -> Statement:
    """The calls, variables and assignments of a shell text; empty for what is too long to be typed."""
    found = Statement()
    if len(text) <= MAX_SHELL_CHARS:
        _Reader(text, found, (), 0, 0).read()
    return found


class _Reader:
    """Walks one tree; `row` and `column` are where its text begins in the outermost one."""

    def __init__(self, text: str, found: Statement, wrappers: tuple[str, ...], row: int, column: int) -> None:
        self.source = text.encode()
        self.found, self.wrappers, self.row, self.column = found, wrappers, row, column
        self.tree = _parser().parse(mask(text).encode())

    def read(self) -> None:
        if not self.wrappers:
            self.found.broken = self.tree.root_node.has_error
        stack = [self.tree.root_node]
        calls: dict[int, Call] = {}
        pipelines: list[tree_sitter.Node] = []
        while stack:
            node = stack.pop()
            match node.type:
                case "command":
                    calls[node.start_byte] = self._call(node)
                case "declaration_command" | "unset_command":
                    self._declared(node)
                case "pipeline":
                    pipelines.append(node)
                case "for_statement":
                    self._loop(node)
                case "variable_assignment":
                    self._assigned(node)
                case "simple_expansion" | "expansion":
                    self._variable(node)
            stack += reversed(node.children)
        for node in pipelines:
            inside = [calls[at] for at in sorted(calls) if node.start_byte <= at < node.end_byte]
            self.found.pipelines.append(inside)

    def _text(self, node: tree_sitter.Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode(errors="replace")

    def _place(self, node: tree_sitter.Node) -> tuple[int, int]:
        """Row and column in characters, in the outermost text."""
        row, column_bytes = node.start_point
        column = len(self.source[node.start_byte - column_bytes : node.start_byte].decode(errors="replace"))
        return self.row + row, column + (self.column if row == 0 else 0)

    def _call(self, node: tree_sitter.Node) -> Call:
        words = []
        for child in node.named_children:
            if child.type == "command_name":
                words.append(self._word(child.named_children[0] if child.named_children else child))
            elif child.type not in {"variable_assignment", "file_redirect", "herestring_redirect", "heredoc_redirect"}:
                words.append(self._word(child))
        row, column = self._place(node)
        following = node.next_sibling
        background = following is not None and following.type == "&"
        call = Call(
            tuple(words), row, column, self.wrappers, background, tuple(self._variables_of(node)), self._heredoc(node)
        )
        self._keep(call)
        return call

    def _keep(self, call: Call) -> None:
        self.found.calls.append(call)
        if call.program in {"read", "mapfile", "readarray"}:
            for word in call.words[1:]:
                if not word.value.startswith("-"):
                    self.found.assigned.setdefault(word.value, (word.row, word.column))
        if len(call.wrappers) < MAX_LAYERS:
            self._open(call)

    def _open(self, call: Call) -> None:
        """Keep what a wrapper runs as a call of its own."""
        opened = _inside(call)
        if opened is None:
            return
        name, words, text = opened
        wrappers = (*call.wrappers, name)
        if text is not None and text.quoting != "none":
            shift = 1 if text.text[:1] in {"'", '"'} else 0
            _Reader(text.value, self.found, wrappers, text.row, text.column + shift).read()
        elif words:
            inner = Call(words, words[0].row, words[0].column, wrappers, call.background, call.variables, call.heredoc)
            self._keep(inner)

    def _heredoc(self, node: tree_sitter.Node) -> str | None:
        parent = node.parent
        if parent is None or parent.type not in {"redirected_statement", "pipeline"}:
            return None
        for child in parent.children:
            if child.type == "heredoc_redirect":
                body = next((c for c in child.children if c.type == "heredoc_body"), None)
                return self._text(body) if body is not None else ""
        return None

    def _word(self, node: tree_sitter.Node) -> Word:
        row, column = self._place(node)
        pieces = node.children if node.type == "concatenation" else [node]
        values, bare = [], []
        kinds: set[Literal["none", "single", "double"]] = set()
        for piece in pieces:
            text = self._text(piece)
            if piece.type == "raw_string":
                kinds.add("single")
                values.append(text[1:-1])
            elif piece.type in {"string", "translated_string", "ansi_c_string"}:
                kinds.add("single" if piece.type == "ansi_c_string" else "double")
                values.append(_unescaped(text.lstrip("$")[1:-1]))
            else:
                kinds.add("none")
                values.append(text if "$" in text or "`" in text else re.sub(r"\\(.)", r"\1", text))
                bare.append(text)
        quoting: Quoting = "mixed" if len(kinds) > 1 else next(iter(kinds), "none")
        return Word(self._text(node), "".join(values), row, column, quoting, "".join(bare))

    def _declared(self, node: tree_sitter.Node) -> None:
        exported = node.children[0].type == "export" if node.children else False
        for child in node.named_children:
            name = child.child_by_field_name("name") if child.type == "variable_assignment" else None
            if name is not None:
                place = self._place(child)
                (self.found.exported if exported else self.found.assigned).setdefault(self._text(name), place)

    def _assigned(self, node: tree_sitter.Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            self.found.assigned.setdefault(self._text(name), self._place(node))

    def _loop(self, node: tree_sitter.Node) -> None:
        variable = node.child_by_field_name("variable")
        if variable is not None:
            self.found.assigned.setdefault(self._text(variable), self._place(variable))

    def _variable(self, node: tree_sitter.Node) -> None:
        found = self._as_variable(node)
        if found is not None:
            self.found.variables.append(found)

    def _variables_of(self, node: tree_sitter.Node) -> Iterator[Variable]:
        stack = [node]
        while stack:
            inner = stack.pop()
            if inner.type in {"simple_expansion", "expansion"}:
                found = self._as_variable(inner)
                if found is not None:
                    yield found
            elif inner.type != "command_substitution":
                stack += reversed(inner.children)

    def _as_variable(self, node: tree_sitter.Node) -> Variable | None:
        name = next((child for child in node.named_children if child.type == "variable_name"), None)
        if name is None:
            return None
        quoted = node.parent is not None and node.parent.type in {"string", "heredoc_body", "variable_assignment"}
        operator = self._text(node)[2 + len(self._text(name)) :] if node.type == "expansion" else ""
        row, column = self._place(node)
        return Variable(self._text(name), row, column, quoted, operator[:1] in {":", "-", "=", "?", "+"})


def _unescaped(text: str) -> str:
    """What is left of a double-quoted text once the shell has read it, substitutions aside."""
    return re.sub(r"\\([\"\\`\n])", lambda m: "" if m.group(1) == "\n" else m.group(1), text)


def _inside(call: Call) -> tuple[str, tuple[Word, ...], Word | None] | None:
    """What a wrapper runs: its name, and the words or the quoted text."""
    program, words = call.program, call.words
    if program in _PREFIXES:
        rest = _after_options(words[1:], _PREFIXES[program])
        if program in {"timeout", "gtimeout"}:
            rest = rest[1:]
        while program == "env" and rest and re.match(r"\w+=", rest[0].value):
            rest = rest[1:]
        return (program, rest, None) if rest else None
    if program in _SHELLS:
        at = next((i for i, w in enumerate(words) if re.fullmatch(r"-\w*c", w.value)), None)
        return (program, (), words[at + 1]) if at is not None and at + 1 < len(words) else None
    if program == "watch":
        rest = _after_options(words[1:], frozenset({"-n", "--interval"}))
        return None if not rest else ("watch", rest, rest[0] if len(rest) == 1 else None)
    if program == "ssh":
        rest = _after_options(words[1:], frozenset({"-i", "-p", "-l", "-o", "-J", "-F", "-L", "-R"}))[1:]
        return None if not rest else ("ssh", rest, rest[0] if len(rest) == 1 else None)
    return _container(call)


def _container(call: Call) -> tuple[str, tuple[Word, ...], Word | None] | None:
    program, words = call.program, call.words
    values = [word.value for word in words]
    if program not in {"kubectl", "oc", "k", "docker", "podman", "docker-compose"} or "exec" not in values[:6]:
        return None
    at = values.index("exec")
    if "--" in values[at:]:
        rest = words[values.index("--", at) + 1 :]
    else:
        valued = _KUBE_EXEC_VALUED if program in {"kubectl", "oc", "k"} else _DOCKER_EXEC_VALUED
        rest = _after_options(words[at + 1 :], valued)[1:]
    return (f"{program} exec", rest, None) if rest else None


def _after_options(words: tuple[Word, ...], valued: frozenset[str]) -> tuple[Word, ...]:
    at = 0
    while at < len(words) and words[at].value.startswith("-"):
        at += 2 if words[at].value in valued else 1
    return words[at:]
