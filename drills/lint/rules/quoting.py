"""What the shell makes of quotes, brackets and `&` before the program sees them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from drills.lint.page import Entry, Page
from drills.lint.problem import Hit, Severity
from drills.lint.registry import rule
from drills.lint.statements import Call, Word

_EVALUATES = frozenset(
    ["bash", "sh", "zsh", "dash", "ksh", "ssh", "watch", "trap", "eval", "alias", "awk", "gawk", "perl", "ruby", "sed",
        "grep", "egrep", "rg", "parallel", "su", "find", "xargs", "python", "python3", "echo", "printf", "php", "node"]
)  # fmt: skip
_SECOND_SHELL = frozenset({"watch", "bash", "sh", "ssh"})
_SINGLE = re.compile(r"'[^']*'")
_EXPANSION = re.compile(r"\$\([^(]|`[^`]+`")
_JSON_VARIABLE = re.compile(r"\$\{?[A-Z][A-Z0-9_]+\}?")
_RANGE = re.compile(r"\[(?:\d+-\d+(?::\d+)?|[a-z]-[a-z](?::\d+)?|[A-Z]-[A-Z])\]")
_BRACKETS = re.compile(r"\[[^\[\]]*\]")
_BRACES = re.compile(r"(?<!\$)\{[^{}]*\}")
_DESTRUCTIVE_DOCKER = frozenset({"rm", "rmi", "kill", "prune"})


@rule("RB105", Severity.ERROR, "`$()` or a variable in single quotes")
def not_expanded(page: Page) -> Iterator[Hit]:
    """Nothing is expanded inside single quotes: the program gets the characters `$(...)` as they are written.

        kubectl patch configmap flags --patch '{"data":{"f":"$(cat flags.yaml)"}}'

    puts the text `$(cat flags.yaml)` into the map. Build the value first and close the single quotes around it,
    or let a file carry it:

        kubectl create configmap flags --from-file=flags.yaml --dry-run=client -o yaml | kubectl apply -f -
    """
    for entry in page.entries:
        for call, word in _own_words(entry):
            if word.quoting in {"single", "mixed"} and call.program not in _EVALUATES:
                for found in _unexpanded(call, word):
                    row, column = _inside(word, found.start())
                    yield page.in_command(
                        entry, row, column, len(found.group(0).rstrip()),
                        f"{_first_word(word.text[found.start() :])} stands in single quotes and is never expanded",
                        "build the value first, or pass it with --from-file or -d @file",
                    )  # fmt: skip


@rule("RB111", Severity.ERROR, "brackets in a URL that curl expands")
def curl_globbing(page: Page) -> Iterator[Hit]:
    """Curl takes `[...]` and `{...}` in a URL for ranges and lists of its own, whatever the shell quotes.

    `curl -s ".../query?query=rate(errors[5m])"` fails with "bad range", and `-s` hides it: the output is empty.
    Switch that off with `-g`, or better, let curl encode the query:

        curl -sG http://prometheus:9090/api/v1/query --data-urlencode 'query=rate(errors[5m])'
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            if call.program != "curl" or call.has("-g", "--globoff") or any(_short_g(v) for v in call.values):
                continue
            for word in _urls(call):
                found = _globbed(word.value)
                if found is not None:
                    row, column = _inside(word, word.text.find(found[:4]))
                    yield page.in_command(
                        entry, row, column, len(found),
                        f"curl expands {found} itself: it fails, or sends another URL",
                        "use curl -sG URL --data-urlencode 'query=...', or -g",
                    )  # fmt: skip


@rule("RB115", Severity.ERROR, "unquoted variable in a destructive command")
def unquoted_in_destructive(page: Page) -> Iterator[Hit]:
    """An unquoted variable that is empty, or holds a space, makes a deleting command delete something else.

    `rm -rf $STATE/cache` with STATE unset deletes `/cache`. Quote it, and make the command fail when it is empty:

        rm -rf -- "${STATE:?}/cache"
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            if _destroys(call):
                for variable in call.variables:
                    if not variable.quoted:
                        yield page.in_command(
                            entry, variable.row, variable.column, len(variable.name) + 1,
                            f"${variable.name} is unquoted in a command that deletes",
                            f'write "${{{variable.name}:?}}", which stops when it is empty',
                        )  # fmt: skip


@rule("RB121", Severity.WARNING, "`[`, `?` or `*` for the program, left to the shell")
def shell_globbing(page: Page) -> Iterator[Hit]:
    """Outside quotes the shell matches `[0]`, `?` and `*` against file names before the program sees them.

    bash passes the text on when no file matches; zsh, the default on many desks, stops with "no matches found".
    Quote jq filters and URLs:

        curl -s 'http://prometheus:9090/api/v1/query?query=up' | jq '.data.result[0].value[1]'
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            if _SECOND_SHELL & set(call.wrappers):
                continue  # the text is read by sh over there, which passes unmatched patterns on
            for word in _for_the_program(call):
                match = re.search(r"(?<!\\)[\[?*]", word.bare)
                if match is not None:
                    row, column = _inside(word, 0)
                    yield page.in_command(
                        entry, row, column, len(word.text.split("\n")[0]),
                        f"{match.group(0)} outside quotes is matched against file names first",
                        f"quote the {'filter' if call.program in {'jq', 'yq'} else 'URL'}",
                    )  # fmt: skip


@rule("RB126", Severity.ERROR, "`&` in a URL outside quotes")
def background_by_accident(page: Page) -> Iterator[Hit]:
    """An unquoted `&` ends the command and puts it into the background; the rest of the URL is lost.

    Quote the URL.
    """
    for entry in page.entries:
        for call in entry.shell.calls:
            last = call.words[-1] if call.words else None
            if last is None or call.program not in {"curl", "wget", "http"}:
                continue
            behind = page.behind(entry, last.row, last.column + len(last.text))
            if re.match(r"\S*\?\S*=", last.value) and re.match(r"&\w+=", behind):
                yield page.in_command(
                    entry, last.row, last.column + len(last.text), 1, "this & ends the URL: what follows is not sent",
                    "put the URL in quotes",
                )  # fmt: skip


@rule("RB127", Severity.ERROR, "quote that is never closed")
def open_quote(page: Page) -> Iterator[Hit]:
    """The shell waits for the closing quote and takes the lines that follow as text: nothing is run."""
    for entry in page.entries:
        if entry.is_shell and entry.shell.broken:
            try:
                shlex.split(entry.command.text, comments=True)
            except ValueError as error:
                if "quotation" in str(error):
                    yield page.in_command(
                        entry, 0, 0, 1, "a quote is opened and never closed", "close it, or escape the apostrophe"
                    )


def _own_words(entry: Entry) -> Iterator[tuple[Call, Word]]:
    """Each word once, with the innermost program that gets it."""
    seen: set[tuple[int, int]] = set()
    for call in sorted(entry.shell.calls, key=lambda call: -len(call.wrappers)):
        for word in call.words:
            if (word.row, word.column) not in seen:
                seen.add((word.row, word.column))
                yield call, word


def _unexpanded(call: Call, word: Word) -> Iterator[re.Match[str]]:
    for segment in _SINGLE.finditer(word.text):
        pattern = _EXPANSION
        match = pattern.search(word.text, segment.start(), segment.end())
        json = segment.group(0)[1:2] in {"{", "["} and call.program in {"curl", "kubectl", "http", "wget", "oc"}
        if match is None and json:
            match = _JSON_VARIABLE.search(word.text, segment.start(), segment.end())
        if match is not None:
            yield match
            return


def _first_word(text: str) -> str:
    return re.split(r"[\s'\"]", text[:30], maxsplit=1)[0]


def _inside(word: Word, offset: int) -> tuple[int, int]:
    """Row and column of an offset in a word."""
    before = word.text[: max(offset, 0)]
    rows = before.count("\n")
    return word.row + rows, (len(before) - before.rfind("\n") - 1) + (word.column if rows == 0 else 0)


def _short_g(value: str) -> bool:
    return re.fullmatch(r"-[a-zA-Z]*g[a-zA-Z]*", value) is not None


def _urls(call: Call) -> Iterator[Word]:
    data = frozenset({"-d", "--data", "--data-urlencode", "--data-raw", "--data-binary", "-H", "--header", "-o", "-w"})
    for before, word in zip(call.words, call.words[1:], strict=False):
        if before.value not in data and re.match(r"(?:https?://|[\w.-]+(?::\d+)?/)", word.value):
            yield word


def _globbed(url: str) -> str | None:
    plain = _RANGE.sub("", re.sub(r"\$\{[^}]*\}|\$\([^)]*\)", "", url))
    plain = re.sub(r"^\w+://\[[0-9a-fA-F:.]+\]", "", plain)
    match = _BRACKETS.search(plain) or next((m for m in _BRACES.finditer(plain) if "=" in m.group(0)), None)
    return match.group(0) if match else None


def _destroys(call: Call) -> bool:
    values = call.values[1:]
    match call.program:
        case "rm":
            return any(re.fullmatch(r"-\w*[rRf]\w*|--recursive|--force", value) for value in values)
        case "find":
            return "-delete" in values or ("-exec" in values and "rm" in values)
        case "kubectl" | "oc":
            return "delete" in values[:4]
        case "docker" | "podman":
            return any(value in _DESTRUCTIVE_DOCKER for value in values[:2])
        case "shred" | "mkfs" | "truncate":
            return True
        case "chmod" | "chown":
            return "-R" in values
        case "aws" | "gsutil":
            return "rm" in values[:3]
        case "redis-cli":
            return any(value.upper() == "DEL" for value in values)
        case _:
            return False


def _for_the_program(call: Call) -> Iterator[Word]:
    if call.program in {"jq", "yq"}:
        yield from (word for word in call.words[1:2] if word.value.startswith("."))
        yield from (w for b, w in zip(call.words, call.words[1:], strict=False) if b.value == "-r" and "[" in w.bare)
    elif call.program == "curl":
        yield from _urls(call)
