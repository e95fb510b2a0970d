"""Decisions: `If X → Y`, `If X: Y`, "Yes: ... / No: ...", decision tables, trees drawn with box characters.

An arrow alone is not a decision ("Rollback Paper → Lab"): a branch needs a leading if, when, yes or no,
or a place that is announced as a decision.
"""

from __future__ import annotations

import functools
import re
from itertools import islice
from typing import NamedTuple

from drills.runbook.vocabulary import actions_in

_IF = r"(?:if|when|in case(?: of)?|should|unless|wenn|falls|sofern|sollte|im fall\w*|si|en caso de(?: que)?|cuando)"
_ARROW = r"(?:→|➔|➜|⇒|⟶|->|=>|-->|==>)"
_ARROWED = re.compile(rf"^(?P<condition>{_IF}\b[^\n]{{1,300}}?)\s*{_ARROW}\s*(?P<action>\S[^\n]*)$", re.I)
_COLONED = re.compile(rf"^(?P<condition>(?:{_IF}|bei)\b[^\n:,]{{1,200}}?)\s*:\s+(?P<action>\S[^\n]*)$", re.I)
_COMMAED = re.compile(
    rf"^(?P<condition>{_IF}\b[^\n,]{{3,200}}?)\s*,\s*(?:then |dann |entonces )?(?P<action>\S[^\n]*)$", re.I
)
_VERB_FIRST = re.compile(
    r"^(?P<condition>(?:wurde|wird|ist|sind|hat|haben|kommt|bleibt|steht|gelingt)\b[^\n:,?]{3,200}?)\s*[:,]\s+"
    r"(?P<action>\S[^\n]*)$",
    re.I,
)
"""German may leave "wenn" out: "Wurde er nicht ausgelöst: Handel stoppen"."""
_DASHED = re.compile(rf"^(?P<condition>{_IF}\b[^\n]{{3,200}}?)\s+[-–—]\s+(?P<action>\S[^\n]*)$", re.I)
_ELSE = re.compile(
    rf"^(?P<condition>else|otherwise|sonst|andernfalls|ansonsten|si no(?=\s*(?:{_ARROW}|[,:–—-]\s))|"
    rf"en caso contrario|de lo contrario)\s*(?:{_ARROW}|[,:–—-])?\s*(?P<action>\S[^\n]*)$",
    re.I,
)
_ANSWER = re.compile(
    rf"^(?P<condition>yes|no|ja|nein|sí|true|false|ok|not ok)\s*(?:{_ARROW}|[:,–—-])\s*(?P<action>\S[^\n]*)$", re.I
)
_MEASURED = re.compile(
    rf"^(?P<condition>[<>≥≤]=?\s*\d[\d.,]*\s*(?:bps?|%|ms|s|min|k|m|usd|eur|points?|ticks?)?)\s*(?::|{_ARROW})\s*"
    rf"(?P<action>\S[^\n]*)$",
    re.I,
)
_PLAIN_ARROW = re.compile(rf"^(?P<condition>[^\n]{{1,300}}?)\s*{_ARROW}\s*(?P<action>\S[^\n]*)$")
BOX_CHARACTERS = re.compile(r"[─│┌┐└┘├┤┬┴┼═║╔╗╚╝╠╣╦╩╬▼▲►◄╭╮╯╰]|\+--+\+|^\s*\|?\s*[+`\\]--+\s", re.M)
_TREE_MARK = re.compile(r"^(?P<indent>[\s│|║]*)(?:[├└╠╚+`\\]+[─═-]{1,6}[►>]?\s*)(?P<text>[^─═┤┐┘│+|\s].*)$")
_DRAWN_ANSWER = re.compile(r"^(yes|no|ja|nein|sí|si)\s*[─═—–-]{1,4}[►>]?\s*(?=\S)", re.I)
"""`YES ── restart`: the answer on the way to what follows from it."""
_ANSWERED_ASIDE = re.compile(
    r"^(?P<asked>[^\n]{3,160}?)\s*-{1,3}\s*(?P<answer>yes|no|ja|nein|sí|si)\s*-{1,3}>\s*(?P<action>\S[^\n]*)$", re.I
)
"""`Exchange open? --no--> done`: one answer leads aside, the other on downwards."""
_BARE_ANSWER = re.compile(r"(?:yes|no|ja|nein|sí|si)", re.I)
_MERMAID_EDGE = re.compile(
    r"^\s*(?P<a>\w+)(?:[\[{(]{1,2}\"?(?P<atext>[^\]})\"]{1,200})\"?[\]})]{1,2})?\s*(?:-->|---|==>|-\.->)\s*(?:\|\s*(?P<label>[^|]{1,100})\|)?\s*(?P<b>\w+)(?:[\[{(]{1,2}\"?(?P<btext>[^\]})\"]{1,200})\"?[\]})]{1,2})?"
    )  # fmt: skip


class Choice(NamedTuple):
    """One branch: what must hold, what is then done, and its line within the text it was read from."""

    condition: str
    action: str
    line: int = 0


@functools.lru_cache(maxsize=8192)
def as_choice(text: str, announced: bool = False) -> Choice | None:
    """`text` as a branch; `announced` when its surroundings say that a decision is made here."""
    words = " ".join(text.split())[:600]
    for pattern in (_ARROWED, _ELSE, _ANSWER, _MEASURED, _COLONED, _VERB_FIRST, _DASHED, _COMMAED):
        match = pattern.match(words)
        # "When it was lost, when it was back" has the form of a branch, but nothing in it is to be done.
        may_be_none = pattern in (_VERB_FIRST, _DASHED, _COMMAED)
        weak = match is not None and may_be_none and not actions_in(match.group("action"))
        if match is not None and not weak:
            return Choice(match.group("condition").strip(), match.group("action").strip(" ."))
    match = _PLAIN_ARROW.match(words) if announced else None
    return Choice(match.group("condition").strip(" :?"), match.group("action").strip(" .")) if match else None


def is_diagram(text: str) -> bool:
    """Whether a block of text is drawn with box characters."""
    return BOX_CHARACTERS.search(text) is not None


def tree_choices(text: str) -> list[Choice]:
    """The branches of a tree drawn with `├──` and `└──`: each leaf with the conditions on its way."""
    choices: list[Choice] = []
    path: list[tuple[int, str]] = []
    asked = ""
    rows = [(number, _TREE_MARK.match(line), line) for number, line in enumerate(text.split("\n"))]
    if sum(match is not None for _, match, _ in rows) < 2:
        return []
    for number, match, line in rows:
        if match is None:
            words = line.strip(" │|║")
            if words and not is_diagram(words):
                way = f"{asked}: {words}" if asked and _BARE_ANSWER.fullmatch(words) else words
                path = [(-1, way.rstrip("?: "))]
            continue
        depth, words = len(match.group("indent")), match.group("text").strip()
        aside = _ANSWERED_ASIDE.match(words)
        if aside is not None:
            asked = aside.group("asked").rstrip("?: ")
            path = [(level, condition) for level, condition in path if level < depth]
            turns = [*path, (depth, asked), (depth, aside.group("answer"))]
            choices.append(Choice(_joined(turns), aside.group("action"), number))
            continue
        path = [(level, condition) for level, condition in path if level < depth]
        choice = as_choice(_DRAWN_ANSWER.sub(r"\1 → ", words), announced=True)
        if choice is not None and choice.action.endswith("?") and not _is_leaf(rows, number, depth):
            path += [(depth, choice.condition), (depth, choice.action.rstrip("?: "))]
        elif choice is not None:
            choices.append(Choice(_joined([*path, (depth, choice.condition)]), choice.action, number))
            path.append((depth, choice.condition))
        elif path and _is_leaf(rows, number, depth):
            choices.append(Choice(_joined(path), words, number))
        else:
            path.append((depth, words.rstrip("?: ")))
    return choices


def _is_leaf(rows: list[tuple[int, re.Match[str] | None, str]], number: int, depth: int) -> bool:
    for _, match, _ in islice(rows, number + 1, None):
        if match is not None:
            return len(match.group("indent")) <= depth
    return True


def _joined(path: list[tuple[int, str]]) -> str:
    words = [condition for _, condition in path]
    return ": ".join(word for at, word in enumerate(words) if at == 0 or word != words[at - 1])


def mermaid_choices(text: str) -> list[Choice]:
    """The labelled edges of a Mermaid flow chart."""
    names: dict[str, str] = {}
    edges: list[tuple[int, str, str, str]] = []
    for number, line in enumerate(text.split("\n")):
        match = _MERMAID_EDGE.match(line)
        if match is None:
            continue
        for key in ("a", "b"):
            if match.group(f"{key}text"):
                names[match.group(key)] = match.group(f"{key}text").strip()
        edges.append((number, match.group("a"), (match.group("label") or "").strip(), match.group("b")))
    return [Choice(f"{names.get(a, a)}: {label}", names.get(b, b), number) for number, a, label, b in edges if label]
