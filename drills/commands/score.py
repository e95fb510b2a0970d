"""`firedrill score`: what people did, compared with the runbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal, cast, get_args

from drills.commands.output import STDOUT, check_file, console, write_file
from drills.planning import TOPIC_WORDS
from drills.runbook.durations import read_duration
from drills.runbook.guards import canonical_severity
from drills.runbook.model import Procedure, Runbook
from drills.runbook.reader import read_runbook
from drills.runbook.topics import find_procedure
from drills.score.entries import Written, read_trace
from drills.score.scoring import score_trace
from scenarios.expectations import Cause, GroundTruth
from scenarios.loader import load_scenario
from scenarios.scenario import Scenario
from sim.errors import BadInput

_SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What the user chose."""

    trace: Path
    scenario: str | None = None
    severity: str | None = None
    causes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    overrides: Path | None = None
    rto: str | None = None
    pass_mark: float = 85.0
    json: str | None = None


def score_command(target: str, options: ScoreOptions) -> int:
    """Print the score of a trace; 0 when it passes, 1 when it fails."""
    check_file("--json", options.json)
    file, _, fragment = target.partition("#")
    runbook = read_runbook(Path(file), options.overrides)
    written = read_trace(options.trace)
    scenario = _scenario(options, written)
    procedure, note = _procedure(runbook, fragment or None, scenario)
    facts, level = _facts(runbook, options, written, scenario)
    card = score_trace(runbook, procedure, written, facts, level_id=level, rto_s=_seconds(options.rto), note=note)
    from drills.score.report import as_json, print_card

    if options.json != STDOUT:
        print_card(card, console(), str(options.trace), options.pass_mark)
    if options.json is not None:
        write_file("--json", options.json, as_json(card, str(options.trace), options.pass_mark))
    return 0 if card.adherence.passed(options.pass_mark) else 1


def _scenario(options: ScoreOptions, written: Written) -> Scenario | None:
    name = options.scenario or written.facts.get("scenario")
    return None if name is None else load_scenario(name)


def _procedure(runbook: Runbook, fragment: str | None, scenario: Scenario | None) -> tuple[Procedure, str | None]:
    """The procedure that is named, else the one for the scenario, else the only one there is."""
    if fragment is None and scenario is None and len(runbook.procedures) > 1 and not runbook.single_playbook:
        there = ", ".join(f"#{procedure.id}" for procedure in runbook.procedures)
        raise BadInput("holds several procedures", mend=f"name one of {there}", file=runbook.file, field="procedure")
    topic = "" if scenario is None else TOPIC_WORDS.get(scenario.topic, scenario.topic.replace("-", "_"))
    return find_procedure(runbook, fragment, topic)


def _facts(
    runbook: Runbook, options: ScoreOptions, written: Written, scenario: Scenario | None
) -> tuple[GroundTruth, str | None]:
    """What was really the case: the options, else the trace's own words, else the scenario's truth."""
    known = GroundTruth() if scenario is None else scenario.truth
    severity, level = _severity(runbook, options.severity or written.facts.get("severity"))
    stated = written.facts.get("causes") or written.facts.get("cause") or ""
    causes = options.causes or tuple(part.strip() for part in stated.split(",") if part.strip())
    changed: dict[str, object] = {}
    if severity is not None:
        changed["severity"] = severity
    if causes:
        changed["causes"] = tuple(_cause(name) for name in causes)
    changed["conditions"] = {**known.conditions, **_conditions(options.conditions)}
    changed["measures"] = {**known.measures, **_measures(options.measures)}
    return known.model_copy(update=changed), level


def _severity(runbook: Runbook, word: str | None) -> tuple[str | None, str | None]:
    """A severity as (word of the scenarios, level of the runbook); either may be None."""
    if word is None:
        return None, None
    asked = canonical_severity(word)
    for level in runbook.severities:
        if word.lower() in {level.id.lower(), level.name.lower()} or (asked and canonical_severity(level.id) == asked):
            return None, level.id
    if word.lower() in _SEVERITIES:
        return word.lower(), None
    there = ", ".join([*(level.id for level in runbook.severities), *_SEVERITIES])
    raise BadInput("no such severity", mend=f"use one of {there}", field="--severity", value=word)


def _cause(name: str) -> Cause:
    known = get_args(Cause)
    word = name.lower().replace("-", "_").replace(" ", "_")
    if word in known:
        return cast(Cause, word)
    near = get_close_matches(word, known, n=1)
    mend = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
    raise BadInput("no such cause", mend=mend, field="--cause", value=name)


def _conditions(words: Sequence[str]) -> Mapping[str, bool]:
    found = {}
    for word in words:
        name, mark, value = word.partition("=")
        answer: Literal["true", "false"] | str = value.strip().lower() if mark else "true"
        if answer not in {"true", "yes", "1", "false", "no", "0"}:
            raise BadInput("neither true nor false", mend=f"write {name}=true", field="--condition", value=word)
        found[name.strip()] = answer in {"true", "yes", "1"}
    return found


def _measures(words: Sequence[str]) -> Mapping[str, float]:
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        try:
            found[name.strip()] = float(value.strip().rstrip("%"))
        except ValueError:
            raise BadInput("not a number", mend="write drawdown_pct=16", field="--measure", value=word) from None
    return found


def _seconds(text: str | None) -> float | None:
    span = None if text is None else read_duration(text)
    if text is not None and (span is None or span.hi_s is None):
        raise BadInput("not a time", mend="write it as 45m or 1h", field="--rto", value=text)
    return None if span is None else span.hi_s
