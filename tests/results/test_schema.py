"""The published JSON Schema is the models', documented, and what we write satisfies it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from results.schema import PUBLISHED, run_record_schema, schema_text
from tests.results.builders import inconclusive_case, missed_case, q1_run, run_of

SCHEMA = run_record_schema()


def test_the_published_file_is_up_to_date() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text(), "run python -m results.schema"


def test_every_field_says_what_it_means() -> None:
    silent = [name for name, field in _fields(SCHEMA) if not field.get("description")]
    assert silent == []


@pytest.mark.parametrize("record", [q1_run(), run_of(missed_case()), run_of(inconclusive_case())], ids=lambda r: r.case)
def test_what_is_written_satisfies_it(record: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(record.model_dump_json()), SCHEMA)


def test_it_refuses_a_record_that_lacks_a_promised_field() -> None:
    document = json.loads(run_of(inconclusive_case(series={})).model_dump_json())
    for promised in ("schema_version", "drill", "seed", "digest", "verdict", "verdicts", "rto_s", "rpo", "adherence"):
        with pytest.raises(jsonschema.ValidationError, match=promised):
            jsonschema.validate({name: value for name, value in document.items() if name != promised}, SCHEMA)


def _fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for owner, model in [("RunRecord", schema), *schema["$defs"].items()]:
        for name, field in model.get("properties", {}).items():
            yield f"{owner}.{name}", field
