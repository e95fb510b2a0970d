"""What pydantic found wrong, as one line for a person: file, line, field, value and the mend."""

from __future__ import annotations

import re
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from scenarios.spec import Mended
from scenarios.yaml_lines import Document, Place
from sim.errors import BadInput


class _Complaint(NamedTuple):
    path: Place
    problem: str
    mend: str
    show: bool = True
    """Whether the offending value belongs into the message."""


def bad_input(error: ValidationError, document: Document, model: type[BaseModel]) -> BadInput:
    """The first complaint in the order of the file, with a count of the others."""
    complaints = [_complain(details, document, model) for details in error.errors(include_url=False)]
    complaints.sort(key=lambda complaint: document.line(complaint.path) or 0)
    first = complaints[0]
    rest = len(complaints) - 1
    more = "" if not rest else f" ({rest} more after it)"
    return BadInput(
        first.problem,
        mend=first.mend + more,
        file=document.file,
        line=document.line(first.path),
        field=dotted(first.path) or None,
        value=_value(document.data, first.path) if first.show else None,
    )


def dotted(path: Place) -> str:
    """`faults[2].for` for ("faults", 2, "for")."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _complain(details: Any, document: Document, model: type[BaseModel]) -> _Complaint:
    kind, context = details["type"], details.get("ctx", {})
    path, fields = _locate(details["loc"], document.data, model)
    if isinstance(context.get("error"), Mended):
        mended = context["error"]
        return _Complaint(
            (*path, *mended.path), mended.problem, mended.mend, _is_plain(document.data, path, mended.path)
        )
    if kind == "extra_forbidden":
        return _Complaint(path, "unknown field", _among(str(path[-1]), fields), show=False)
    if kind == "missing":
        name = str(details["loc"][-1])
        return _Complaint(path, f"{name} is missing", f"add {name}", show=False)
    if kind == "union_tag_not_found":
        tags = _expected(model, details["loc"])
        return _Complaint(path, "has no kind", f"add kind: one of {', '.join(tags)}", show=False)
    if kind in ("union_tag_invalid", "literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", context.get("expected_tags") or context.get("expected", ""))
        if kind == "union_tag_invalid":
            path = (*path, "kind")
        return _Complaint(path, "is not one of the allowed values", _among(_value(document.data, path), allowed))
    return _Complaint(path, *_plain_words(kind, details["msg"], context))


def _plain_words(kind: str, message: str, context: dict[str, Any]) -> tuple[str, str]:
    problem = message.removeprefix("Value error, ")
    problem = problem[:1].lower() + problem[1:]
    limits = {
        "greater_than": ("gt", "above"),
        "greater_than_equal": ("ge", "from"),
        "less_than": ("lt", "below"),
        "less_than_equal": ("le", "up to"),
    }
    if kind in limits:
        key, word = limits[kind]
        return "is out of range", f"give a number {word} {context[key]:g}"
    mends = {
        "string_type": ("is not text", "write it in quotes"),
        "int_type": ("is not a whole number", "write a number without point and quotes"),
        "float_type": ("is not a number", "write a number without quotes"),
        "finite_number": ("is not a finite number", "write an ordinary number"),
        "bool_type": ("is neither true nor false", "write true or false"),
        "tuple_type": ("is not a list", "write it as a list: [a, b]"),
        "dict_type": ("is not a mapping", "write it as lines of name: value"),
        "model_type": ("is not a mapping", "write it as lines of name: value"),
        "model_attributes_type": ("is not a mapping", "write it as lines of name: value"),
        "string_too_short": ("is empty", "write some text"),
        "string_too_long": ("is too long", f"keep it within {context.get('max_length')} characters"),
        "too_short": ("is too short a list", f"give {context.get('min_length')} or more"),
        "too_long": ("is too long a list", f"give at most {context.get('max_length')}"),
        "string_pattern_mismatch": (
            "is not written as a name must be",
            f"match {context.get('pattern')}",
        ),
    }
    return mends.get(kind, (problem, "correct the value"))


def _among(given: Any, allowed: list[str]) -> str:
    near = get_close_matches(given, allowed, n=1) if isinstance(given, str) else []
    if near:
        return f"did you mean {near[0]}?"
    return f"use one of {', '.join(allowed)}"


def _value(data: Any, path: Place) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _is_plain(data: Any, path: Place, rest: Place) -> bool:
    return not isinstance(_value(data, (*path, *rest)), dict | list)


def _locate(location: tuple[int | str, ...], data: Any, model: Any) -> tuple[Place, list[str]]:
    """The path in the file, and the field names allowed at its parent.

    Pydantic's location also holds the tag of a union's member, which is nothing in the file: it is skipped.
    """
    path: Place = ()
    fields: list[str] = _field_names(model)
    for part in location:
        fields = _field_names(model) or fields
        inside = (isinstance(data, dict) and part in data and not _is_tag(model, part)) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        model = _child(model, part)
        if inside:
            path, data = (*path, part), data[part]
    return path, fields


def _bare(annotation: Any) -> list[Any]:
    """The alternatives that an annotation allows, without None and without Annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [bare for arg in get_args(annotation) if arg is not type(None) for bare in _bare(arg)]
    return [annotation]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _tag_of(model: Any) -> str | None:
    field = model.model_fields.get("kind") if _is_model(model) else None
    return None if field is None else field.default


def _is_tag(model: Any, part: int | str) -> bool:
    alternatives = _bare(model)
    return len(alternatives) > 1 and any(_tag_of(item) == part for item in alternatives)


def _field_names(model: Any) -> list[str]:
    alternatives = _bare(model)
    if len(alternatives) != 1 or not _is_model(alternatives[0]):
        return []
    return [field.alias or name for name, field in alternatives[0].model_fields.items()]


def _child(model: Any, part: int | str) -> Any:
    for item in _bare(model):
        if _is_model(item):
            if len(_bare(model)) > 1 and _tag_of(item) == part:
                return item
            for name, field in item.model_fields.items():
                if part in (name, field.alias):
                    return field.annotation
        elif get_origin(item) in (tuple, list) and isinstance(part, int):
            return get_args(item)[0]
    return None


def _expected(model: Any, location: tuple[int | str, ...]) -> list[str]:
    for part in location:
        model = _child(model, part)
    return [tag for tag in map(_tag_of, _bare(model)) if tag]
