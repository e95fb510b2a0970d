"""jq, with the real library: the firm's time and variables take the place of the machine's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from drills.shell.program import Failed, Options, Program, joined, keyboard, lines_of, options_of, read_source
from drills.shell.tool import Call, NotHere, Result

_LONG = {
    "raw-output": "r", "compact-output": "c", "null-input": "n", "exit-status": "e", "slurp": "s", "raw-input": "R",
    "sort-keys": "S", "join-output": "j", "tab": "t", "monochrome-output": "M", "color-output": "C",
    "ascii-output": "a",
    "from-file": "f", "indent": "\1", "unbuffered": "\2",
}  # fmt: skip
_REAL_WORLD = re.compile(r"\b(input_filename|inputs?|debug|stderr|get_search_list|import|include|modulemeta)\b|\$__")


def jq(call: Call) -> Result:
    """Query JSON."""
    args, variables = _variables(call)
    options = options_of(call, "rcnesRSjMCaht\2", "fL\1", _LONG, args=args, code=2, unsupported="L")
    words = options.words
    if "f" in options:
        program = read_source(call, options.value("f"))
    elif words:
        program = words.pop(0)
    elif call.input is not None:
        program = "."
    else:
        raise Failed("Usage:\tjq [OPTIONS] FILTER [FILES...]", 2)
    texts, problems = _inputs(call, options, words)
    return _Query(call, options, program, variables).result(texts, problems)


def _variables(call: Call) -> tuple[list[str], dict[str, Any]]:
    """`--arg name value` and its kin, taken out of the arguments."""
    args: list[str] = []
    found: dict[str, Any] = {}
    words = list(call.args)
    while words:
        word = words.pop(0)
        if word in ("--arg", "--argjson", "--slurpfile", "--rawfile"):
            if len(words) < 2:
                raise Failed(f"jq: {word} takes two parameters (e.g. {word} name value)", 2)
            name, value = words.pop(0), words.pop(0)
            if word == "--arg":
                found[name] = value
            elif word == "--rawfile":
                found[name] = read_source(call, value)
            else:
                text = value if word == "--argjson" else f"[{','.join(lines_of(read_source(call, value)))}]"
                try:
                    found[name] = json.loads(text)
                except ValueError:
                    raise Failed(f"jq: Invalid JSON text passed to {word}", 2) from None
        elif word in ("--args", "--jsonargs", "--stream", "--seq"):
            raise NotHere(f"jq: {word} cannot be executed here")
        else:
            args.append(word)
    return args, found


def _inputs(call: Call, options: Options, names: list[str]) -> tuple[list[str], str]:
    if "n" in options:
        return [], ""
    if not names:
        return [keyboard(call)], ""
    texts, problems = [], ""
    for name in names:
        try:
            texts.append(read_source(call, name))
        except OSError as error:
            problems += f"jq: error: Could not open {name}: {error}\n"
    return texts, problems


class _Query:
    def __init__(self, call: Call, options: Options, program: str, variables: dict[str, Any]) -> None:
        import jq as library

        unknown = _REAL_WORLD.search(re.sub(r'"(?:[^"\\]|\\.)*"', '""', program))
        if unknown:
            raise NotHere(f"jq: {unknown.group()} cannot be executed here")
        self._options = options
        now = call.terminal.world.clock.utc().timestamp()
        begin = f"def now: {now!r}; def env: $ENV; "
        sorting = (
            ""
            if "S" not in options
            else (' | walk(if type == "object" then to_entries | sort_by(.key) | from_entries else . end)')
        )
        try:
            self._program = library.compile(
                f"{begin}({program}\n){sorting}" if program.strip() else f"{begin}.{sorting}",
                args={**variables, "ENV": dict(call.env)},
            )
        except ValueError as error:
            said = str(error).replace(begin + "(", "")
            raise Failed(f"jq: error: {said.removeprefix('jq: error: ')}".rstrip(), 3) from None

    def result(self, texts: list[str], problems: str) -> Result:
        out: list[str] = []
        code = 2 if problems else 0
        try:
            for text in self._documents(texts):
                out += self._answers(text)
        except _Broken as broken:
            out += broken.before
            problems, code = problems + f"jq: {broken}\n", broken.code
        if "e" in self._options and not code:
            code = 4 if not out else int(out[-1] in ("null", "false"))
        shown = [self._shown(line) for line in out]
        return Result("".join(shown) if "j" in self._options else joined(shown), problems, code)

    def _documents(self, texts: list[str]) -> Iterator[str]:
        """The inputs one after the other, so that what came before a broken one is still answered."""
        text = "".join(texts)
        if "n" in self._options:
            yield "null"
        elif "R" in self._options:
            if "s" in self._options:
                yield json.dumps(text)
            else:
                yield from (json.dumps(line) for line in lines_of(text))
        elif "s" in self._options:
            yield f"[{','.join(_texts(text))}]"
        else:
            yield from _texts(text)

    def _answers(self, document: str) -> list[str]:
        answers: list[str] = []
        try:
            for value in self._program.input_text(document):
                answers.append(json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":")))
        except ValueError as error:
            said = str(error)
            if "parse error" in said:
                raise _Broken(said.removeprefix("jq: "), 2, answers) from None
            raise _Broken(f"error (at <stdin>:0): {said}", 5, answers) from None
        return answers

    def _shown(self, line: str) -> str:
        options = self._options
        if ("r" in options or "j" in options) and line.startswith('"'):
            return str(json.loads(line))
        if "a" in options and not line.isascii():
            line = re.sub(r"[^\x00-\x7f]", lambda match: json.dumps(match.group())[1:-1], line)
        if "c" in options:
            return line
        step = "\t" if "t" in options else " " * int(options.value("\1", "2") or 2)
        return indented(line, step) if step else line


class _Broken(Exception):
    def __init__(self, message: str, code: int, before: list[str]) -> None:
        super().__init__(message)
        self.code, self.before = code, before


def _finite(value: Any) -> Any:
    """A value as jq prints it: no infinity, no NaN."""
    if isinstance(value, float):
        if value != value:
            return None
        return max(min(value, 1.7976931348623157e308), -1.7976931348623157e308)
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def _texts(text: str) -> Iterator[str]:
    """The JSON documents of a text, as written; the last may be broken."""
    decoder, place = json.JSONDecoder(), 0
    blank = re.compile(r"\s*")
    while True:
        match = blank.match(text, place)
        place = match.end() if match else place
        if place >= len(text):
            return
        try:
            _, end = decoder.raw_decode(text, place)
        except ValueError:
            yield text[place:]
            return
        yield text[place:end]
        place = end


def indented(compact: str, step: str) -> str:
    """Compact JSON spread over lines, its numbers and texts as they stand."""
    out: list[str] = []
    depth, inside, place = 0, False, 0
    while place < len(compact):
        char = compact[place]
        if inside:
            if char == "\\":
                out.append(char)
                place += 1
                char = compact[place]
            elif char == '"':
                inside = False
            out.append(char)
        elif char == '"':
            inside = True
            out.append(char)
        elif char in "{[" and compact[place + 1] not in "}]":
            depth += 1
            out.append(char + "\n" + step * depth)
        elif char in "{[":
            out.append(char + compact[place + 1])
            place += 1
        elif char in "}]":
            depth -= 1
            out.append("\n" + step * depth + char)
        elif char == ",":
            out.append(",\n" + step * depth)
        else:
            out.append(": " if char == ":" else char)
        place += 1
    return "".join(out)


TOOLS = {"jq": Program(jq, "the jq language itself; -r -c -n -e -s -R -S -j, --arg, --argjson")}
