"""What every model that a person writes in YAML has in common: durations as text, strict numbers, mends.

A field whose name ends in `_us` holds whole microseconds and is written without the suffix: `at: 90s` becomes
`at_us = 90_000_000`. Under the YAML name a bare number means seconds; under the Python name, microseconds.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, Strict, model_validator

from sim.clock import DAY, HOUR, MINUTE, MS, SECOND, US, parse_duration_us

LONGEST_US = 400 * DAY

_TEXT_UNITS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND), ("ms", MS), ("us", US))
_WORDS = (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", MS), ("us", US))


class Mended(ValueError):
    """A value that cannot be used, with its mend and the field that it sits in.

    Pydantic carries it inside its own error; `scenarios.complaints` turns it into a `BadInput` with a line.
    """

    def __init__(self, problem: str, mend: str, *path: str | int) -> None:
        """Say the `problem` and the `mend` of the field at `path`, relative to the model that complains."""
        self.problem, self.mend, self.path = problem, mend, path
        super().__init__(f"{problem}; {mend}")


def duration_text(t_us: int) -> str:
    """The shortest exact text that reads back as `t_us`: `1h30m`, `90s` as `1m30s`, `0s`."""
    return "".join(f"{n}{unit}" for n, unit in _split(t_us, _TEXT_UNITS)) or "0s"


def duration_words(t_us: int) -> str:
    """`t_us` for people: `2 min`, `1 h 30 min`, `0 s`."""
    return " ".join(f"{n} {unit}" for n, unit in _split(t_us, _WORDS)) or "0 s"


def _split(t_us: int, units: tuple[tuple[str, int], ...]) -> list[tuple[int, str]]:
    parts = []
    for name, size_us in units:
        count, t_us = divmod(t_us, size_us)
        if count:
            parts.append((count, name))
    return parts


def _duration(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        t_us = value
    else:
        try:
            t_us = parse_duration_us(value)
        except (ValueError, OverflowError) as error:
            raise Mended("is not a duration", "write a duration such as 90s, 5m, 1h30m or 250ms") from error
    if not 0 <= t_us <= LONGEST_US:
        raise Mended("is not a usable duration", f"write one from 0s to {duration_text(LONGEST_US)}")
    return t_us


def yaml_name(field: str) -> str:
    """The name of a field in YAML: `at_us` is written `at`."""
    return field.removesuffix("_us")


Duration = Annotated[int, BeforeValidator(_duration), PlainSerializer(duration_text, return_type=str)]
"""Whole microseconds, written as text with units."""
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, le=1_000_000)]
Share = Annotated[float, Strict(), Field(gt=0, le=1)]
"""A fraction above 0, 1 for all."""
ShareOrNone = Annotated[float, Strict(), Field(ge=0, le=1)]
"""A fraction from 0, none, to 1, all."""
Positive = Annotated[float, Strict(), Field(gt=0, le=1e12)]
Percent = Annotated[float, Strict(), Field(gt=0, le=100)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
"""Lower-case words joined by hyphens."""
Symbol = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9.\-]{0,11}$")]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Spec(BaseModel):
    """A frozen model that knows all its fields, so that a misspelt one is an error and not a silence."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=yaml_name,
        populate_by_name=True,
        allow_inf_nan=False,
        str_strip_whitespace=True,
        hide_input_in_errors=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _bare_numbers_are_seconds(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        names = [yaml_name(field) for field in cls.model_fields if field.endswith("_us")]
        numbers = {name: f"{data[name]}s" for name in names if type(data.get(name)) in (int, float)}
        return {**data, **numbers} if numbers else data

    def yaml_data(self, brief: bool = False) -> dict[str, Any]:
        """Plain data under the YAML names; validating it gives an equal model. `brief` leaves defaults out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=brief)
