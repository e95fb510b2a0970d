"""What the author states instead of leaving it to be derived: HTML comments and a sidecar file.

`<!-- id: stop-orders critical deadline=60s bind=halt,cancel_orders -->` on the line of a step or directly
below it renders as nothing. `<runbook>.drill.yaml` beside the Markdown does the same by step id, for a
document that is not to be touched. A word that is not understood is an error that names line and mend.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

from drills.actions import ACTIONS
from drills.runbook.durations import read_duration
from drills.runbook.model import Override, StepKind
from sim.errors import BadInput

_WORDS = re.compile(r"(?P<key>[A-Za-z_]+)\s*(?:[:=]\s*(?P<value>\"[^\"]*\"|[^\s]+))?")
KEYS = ("id", "critical", "optional", "weight", "deadline", "bind", "kind", "after")
KINDS: tuple[str, ...] = get_args(StepKind)


def is_override(comment: str) -> bool:
    """Whether a comment is meant for Firedrill: it begins with one of the known words."""
    first = re.match(r"\s*(?:firedrill\s*:?\s*)?([A-Za-z_]+)\s*(?P<mark>[:=])?", comment)
    if first is None or first.group(1).lower() not in KEYS:
        return comment.strip().lower().startswith("firedrill:")
    return bool(first.group("mark")) or (
        first.group(1).lower() in {"critical", "optional"} and len(comment.split()) <= 8
    )


def parse_comment(comment: str, file: str, line: int) -> Override | None:
    """A comment as an override; None when it is an ordinary remark."""
    if not is_override(comment):
        return None
    body = re.sub(r"^\s*firedrill\s*:\s*", "", comment, flags=re.I)
    body = re.sub(r"\s*,\s*", ",", re.sub(r"\s*([:=])\s*", r"\1", body))
    stated: dict[str, Any] = {}
    for match in _WORDS.finditer(body):
        key, value = match.group("key").lower(), (match.group("value") or "").strip('"')
        stated[key] = value if match.group("value") is not None else True
    return override_of(stated, file, line)


def override_of(stated: dict[str, Any], file: str, line: int | None) -> Override:
    """An override from key and value pairs, checked."""
    fields: dict[str, Any] = {}
    for key, value in stated.items():
        match key:
            case "id":
                fields["id"] = str(value)
            case "critical" | "optional":
                fields[key] = _flag(key, value, file, line)
            case "weight":
                fields["weight"] = _weight(value, file, line)
            case "deadline":
                fields["deadline_s"] = _seconds(value, file, line)
            case "bind":
                fields["bind"] = tuple(_action(name, file, line) for name in _list(value))
            case "after":
                fields["after"] = tuple(_list(value))
            case "kind":
                if value not in KINDS:
                    raise BadInput(
                        "unknown step kind",
                        mend=f"use one of {', '.join(KINDS)}",
                        file=file,
                        line=line,
                        field="kind",
                        value=value,
                    )
                fields["kind"] = value
            case _:
                raise BadInput(
                    "unknown word in a step's comment",
                    mend=f"use one of {', '.join(KEYS)}",
                    file=file,
                    line=line,
                    field=str(key),
                    value=value,
                )
    return Override(**fields)


def _list(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(part).strip() for part in value]
    return [part for part in re.split(r"[,\s]+", str(value)) if part]


def _flag(key: str, value: object, file: str, line: int | None) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "yes", "1", "false", "no", "0"}:
        return str(value).lower() in {"true", "yes", "1"}
    raise BadInput(
        "expected true or false", mend=f"write {key} or {key}=false", file=file, line=line, field=key, value=value
    )


def _weight(value: object, file: str, line: int | None) -> float:
    try:
        weight = float(str(value))
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 100:
        raise BadInput(
            "not a weight", mend="give a number from 0 to 100", file=file, line=line, field="weight", value=value
        )
    return weight


def _seconds(value: object, file: str, line: int | None) -> float:
    span = read_duration(f"{value}s" if isinstance(value, int | float) or str(value).isdigit() else str(value))
    if span is None or span.hi_s is None:
        raise BadInput(
            "not a time", mend="write it as 60s, 5min or 2h", file=file, line=line, field="deadline", value=value
        )
    return span.hi_s


def _action(name: str, file: str, line: int | None) -> str:
    if name not in ACTIONS:
        near = [known for known in ACTIONS if known.startswith(name[:4])] or sorted(ACTIONS)
        raise BadInput(
            "no such action",
            mend=f"use an action of drills/actions.py, such as {', '.join(near[:4])}",
            file=file,
            line=line,
            field="bind",
            value=name,
        )
    return name


def merged(first: Override | None, second: Override | None) -> Override | None:
    """Two overrides as one; what `second` states wins."""
    if first is None or second is None:
        return first or second
    return first.model_copy(update={key: value for key, value in second if value is not None})


def read_sidecar(runbook: Path) -> dict[str, Override]:
    """`<runbook>.drill.yaml` (or `<stem>.drill.yaml`) as overrides by step id; empty when there is none."""
    beside = (runbook.with_name(runbook.name + ".drill.yaml"), runbook.with_suffix(".drill.yaml"))
    return next((read_overrides(path) for path in beside if path.is_file()), {})


def read_overrides(path: Path) -> dict[str, Override]:
    """A file of overrides by step id."""
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot be read: {error.strerror}", mend="check the path", file=path) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise BadInput(
            "not valid YAML",
            mend="write `steps:` and below it step ids with their fields",
            file=path,
            line=None if line is None else line + 1,
        ) from error
    steps = loaded.get("steps") if isinstance(loaded, dict) else None
    if not isinstance(steps, dict) or not all(isinstance(fields, dict) for fields in steps.values()):
        raise BadInput(
            "no mapping of step ids",
            mend="write `steps:` and below it step ids with their fields",
            file=path,
            field="steps",
        )
    return {
        str(step_id): override_of({str(k): v for k, v in fields.items()}, str(path), None)
        for step_id, fields in steps.items()
    }
