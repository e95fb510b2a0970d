"""What a class of the user's is made with: expressions on the desk, objects of the repository, or an open place.

A parameter's name, annotation and default tell together. `config: RiskConfig` is built from the class RiskConfig,
whose own fields are filled in the same way; `max_drawdown: float = 0.15` is a fraction because its default is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drills.project.brokers import bridged
from drills.project.candidates import Parameter
from drills.project.classes import Classes, Known, bare
from drills.project.values import FIGURE_WORDS, Value, is_broker, limit_in_unit, needs_an_order, value_of
from drills.project.verbs import snake

_DEEPEST = 3
OPEN = "fill in"
"""What marks a place in the adapter that only the one who knows the code can fill."""
_CALLED = re.compile(r"(?P<what>\w+?)_?(fn|func|function|callback|cb|callable|handler|hook|action)s?")
_TEXTS = {"str", "Path", "PathLike", "int", "float", "bool", "Decimal", "Any", ""}
_QUIET = re.compile(
    r".*(notif\w*|alert\w*|telegram\w*|slack\w*|discord\w*|e?mail\w*|metrics|messenger|webhook\w*|audit\w*|event_bus"
    r"|bus|publisher|dashboard|telemetry|reporter|statsd|prometheus\w*)"
)
_SETTINGS = re.compile(r"(\w+_)?(config\w*|cfg|conf|settings|params|parameters|options|limits)")


@dataclass(frozen=True, slots=True)
class Given:
    """What is given for a parameter."""

    text: str
    remark: str = ""
    imports: tuple[str, ...] = ()
    inside: tuple[tuple[str, Given], ...] = ()
    """Where it is an object that is made: what it is given itself. `text` is then the name of its class."""

    def lines(self, name: str) -> Iterator[str]:
        """It as the argument `name`, one argument a line."""
        remark = f"  # {self.remark}" if self.remark else ""
        if not self.inside:
            yield f"{name}={self.text},{remark}"
            return
        yield f"{name}={self.text}({remark}"
        for parameter, part in self.inside:
            yield from (f"    {line}" for line in part.lines(parameter))
        yield "),"

    @property
    def is_open(self) -> bool:
        """Whether somebody has to fill it in."""
        return OPEN in self.remark


def given(parameter: Parameter, classes: Classes, file: str, keys: Sequence[str] = (), depth: int = 0) -> Given | None:
    """What to give for `parameter` of something in `file`; None where its default will do.

    `keys` are the names that the code looks up in it, where it is a mapping of settings.
    """
    known = classes.find(parameter.annotation, file)
    name = snake(parameter.name).lstrip("_")
    if _is_callable(parameter, name):
        return _function(parameter, name)
    if known is None or known.is_no_code:
        found = _plain(parameter, name)
        if found is not None:
            return found
    if not parameter.required:
        return None
    if known is not None and not known.is_no_code and depth < _DEEPEST:
        made = _made(known, classes, depth)
        if made is not None:
            return made
    if known is None and keys and (_SETTINGS.fullmatch(name) or re.match(r"[dD]ict|Mapping", parameter.annotation)):
        return _settings(keys)
    if known is None and _QUIET.fullmatch(name):
        return Given("Quiet()", "takes every call and does nothing")
    if known is None and not keys and re.match(r"[dD]ict\b|(typing\.)?Dict\b", parameter.annotation):
        return Given("{}", "nothing is read from it by name")
    kind = bare(parameter.annotation) if known is not None else ""
    return Given("None", f"{OPEN}: a {kind}" if kind else OPEN)


def _is_callable(parameter: Parameter, name: str) -> bool:
    return "Callable" in parameter.annotation or (not parameter.annotation and bool(_CALLED.fullmatch(name)))


def _function(parameter: Parameter, name: str) -> Given | None:
    """A function in place of a callback: what the desk does under that name."""
    match = _CALLED.fullmatch(name)
    what = match["what"] if match else name
    if re.match(r"(get_)?(now|clock|time|utcnow)", what):
        return Given("lambda: self.desk.time") if parameter.required else None
    value = value_of(what.removeprefix("get_").removeprefix("fetch_"))
    if value is not None and value.text.startswith((FIGURE_WORDS, "self.desk.positions")):
        return Given(f"lambda *args: {value.text}", value.remark)
    body = bridged(what.removeprefix("on_"))
    if body is not None and "args" not in body and body != "None":
        return Given(f"lambda *args, **named: {body}")
    if not parameter.required:
        return None
    return Given("lambda *args, **named: None", f"{OPEN}: what it does")


def _plain(parameter: Parameter, name: str) -> Given | None:
    """By its name alone, where the annotation does not speak against it."""
    value = value_of(name)
    if value is None or needs_an_order(value) or not _fits(parameter.annotation, value):
        return None
    if value.is_limit and parameter.default not in ("0", "0.0", "None"):  # that would be a count that begins
        return _typed(parameter, limit_in_unit(value, name, parameter.default))
    return _typed(parameter, value) if parameter.required else None


def _fits(annotation: str, value: Value) -> bool:
    kind = bare(annotation)
    if kind in ("str", "Path") and value.text.startswith("self.desk."):
        return False
    several = re.match(r"(typing\.)?([dD]ict|[lL]ist|Mapping|Sequence)\b", annotation) is not None
    return several or kind in _TEXTS or kind in ("Logger", "datetime")


def _typed(parameter: Parameter, value: Value) -> Given:
    kind = bare(parameter.annotation)
    if kind == "Decimal":
        return Given(f"Decimal(str({value.text}))", value.remark, ("from decimal import Decimal",))
    if kind == "Path":
        return Given(f"Path({value.text})", value.remark, ("from pathlib import Path",))
    if re.match(r"(typing\.)?[lL]ist\b", parameter.annotation) and value.text == "self.desk.positions":
        return Given('[{"symbol": s, "qty": q} for s, q in self.desk.positions.items()]', "which keys?")
    return Given(value.text, value.remark)


def _made(known: Known, classes: Classes, depth: int) -> Given | None:
    """The expression that makes one; None when a part of it is not known and nothing in the repository makes it."""
    place = (f"from {known.module} import {known.name}",)
    if not classes.is_abstract(known):
        arguments, imports = [], list(place)
        for parameter in classes.init(known):
            part = given(parameter, classes, known.file, depth=depth + 1)
            if part is None:
                continue
            if part.is_open:
                break
            if is_broker(parameter.name) and parameter.required:
                break
            arguments.append((parameter.name, part))
            imports += part.imports
        else:
            text = known.name if arguments else f"{known.name}()"
            return Given(text, "", tuple(imports), tuple(arguments))
    if known.instance:
        return Given(known.instance, imports=(f"from {known.module} import {known.instance}",))
    if known.maker:
        return Given(f"{known.maker}()", imports=(f"from {known.maker_module} import {known.maker}",))
    return None


def _settings(keys: Sequence[str]) -> Given:
    """A mapping with the names that are looked up in it."""
    parts, unknown = [], []
    for key in keys:
        value = value_of(key)
        if value is None or needs_an_order(value):
            unknown.append(key)
            continue
        parts.append(f'"{key}": {_in_unit(value, key).text}')
    remark = f"{OPEN}: {', '.join(unknown)}" if unknown else "units as in your own settings?"
    return Given("{" + ", ".join(parts) + "}", remark)


def _in_unit(value: Value, key: str) -> Value:
    """A limit in the unit that its name says."""
    return limit_in_unit(value, key, "") if value.is_limit else value
