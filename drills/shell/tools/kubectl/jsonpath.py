"""kubectl's JSONPath templates: text, `{.path}`, `{range}`...`{end}`, filters, indices and slices."""

from __future__ import annotations

import json
import re
from typing import Any

from drills.shell.tools.kubectl.errors import ServerError

_TOKEN = re.compile(
    r"\.\.(?P<deep>[\w-]+)|\.(?P<key>(?:[\w/-]|\\.)+|\*)|\[\?\(@(?P<field>[^=!<>)]+?)\s*(?:(?P<op>==|!=|>=|<=|>|<)\s*(?P<value>[^)]+))?\)\]"
    r"|\['(?P<quoted>[^']+)'\]|\[\"(?P<double>[^\"]+)\"\]|\[(?P<index>-?\d+|\*)\]|\[(?P<from>-?\d*):(?P<to>-?\d*)\]"
)


def render(template: str, document: Any) -> str:
    """The text that `template` makes of `document`; ServerError when it is not understood."""
    if "{" not in template:
        template = "{" + template + "}"
    pieces = re.findall(r"\{((?:\"[^\"]*\"|'[^']*'|[^{}])*)\}|([^{]+)", template)
    text, rest = _render(list(pieces), document)
    if rest:
        raise _bad("not in range, nothing to end")
    return text


def _render(pieces: list[tuple[str, str]], document: Any) -> tuple[str, list[tuple[str, str]]]:
    out = ""
    while pieces:
        expression, literal = pieces.pop(0)
        expression = expression.strip()
        if literal:
            out += literal
        elif expression == "end":
            return out, [("end", "")]
        elif expression.startswith("range"):
            body, pieces = _body(pieces)
            for item in _find(expression.removeprefix("range").strip(), document):
                out += _render(list(body), item)[0]
        elif expression[:1] in "\"'":
            out += json.loads('"' + expression[1:-1].replace('"', '\\"') + '"')
        else:
            out += " ".join(_shown(value) for value in _find(expression, document))
    return out, []


def _body(pieces: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    depth = 0
    for at, (expression, _) in enumerate(pieces):
        if expression.strip().startswith("range"):
            depth += 1
        elif expression.strip() == "end":
            if depth == 0:
                return pieces[:at], pieces[at + 1 :]
            depth -= 1
    raise _bad("unterminated range")


def values(path: str, document: Any) -> list[Any]:
    """What a path finds."""
    return _find(path.strip().removeprefix("{").removesuffix("}"), document)


def _find(path: str, document: Any) -> list[Any]:
    path = path.strip().removeprefix("$").removeprefix("@")
    if path and path[0] not in ".[":
        path = "." + path
    found, at = [document], 0
    if path == ".":
        return found
    while at < len(path):
        token = _TOKEN.match(path, at)
        if token is None:
            raise _bad(f"unrecognized character in action: {path[at : at + 10]!r}")
        at = token.end()
        found = [value for item in found for value in _step(token, item)]
    return found


def _step(token: re.Match[str], item: Any) -> list[Any]:
    group = token.groupdict()
    if group["deep"]:
        return _deep(item, group["deep"])
    key = group["key"] or group["quoted"] or group["double"]
    if key is not None:
        if key == "*":
            return list(item.values()) if isinstance(item, dict) else list(item) if isinstance(item, list) else []
        key = key.replace("\\.", ".")
        return [item[key]] if isinstance(item, dict) and key in item else []
    if not isinstance(item, list):
        return []
    if group["field"] is not None:
        return [each for each in item if _holds(each, group["field"], group["op"], group["value"])]
    if group["index"] is not None:
        if group["index"] == "*":
            return list(item)
        place = int(group["index"])
        if not -len(item) <= place < len(item):
            raise ServerError(
                f"error: error executing jsonpath: array index out of bounds: index {place}, length {len(item)}"
            )
        return [item[place]]
    start, stop = (int(group[name]) if group[name] else None for name in ("from", "to"))
    return item[start:stop]


def _deep(item: Any, key: str) -> list[Any]:
    found = []
    if isinstance(item, dict):
        found += [item[key]] if key in item else []
        found += [value for inner in item.values() for value in _deep(inner, key)]
    elif isinstance(item, list):
        found += [value for inner in item for value in _deep(inner, key)]
    return found


def _holds(item: Any, field: str, op: str | None, text: str | None) -> bool:
    found = _find(field.strip(), item)
    if op is None or text is None:
        return bool(found)
    if not found:
        return False
    try:
        wanted = json.loads(text.strip().replace("'", '"'))
    except ValueError:
        wanted = text.strip()
    value = found[0]
    if op in ("==", "!="):
        return bool(value == wanted) == (op == "==")
    try:
        return bool({">": value > wanted, "<": value < wanted, ">=": value >= wanted, "<=": value <= wanted}[op])
    except TypeError:
        return False


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def _bad(why: str) -> ServerError:
    return ServerError(f"error: error parsing jsonpath: {why}")
