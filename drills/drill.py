"""A drill: the scenarios of one topic, the runbook procedure that answers them, and the pass mark.

A drill runs several cases of one incident, because code that survives a refused connection may still hang
in a black hole. The lead case comes first: it is the one that a plain `firedrill run q1` reports on top.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr, Strict, model_validator

from scenarios.loader import Library, library, load_scenario, looks_like_a_path, unknown_name, validate
from scenarios.scenario import Scenario
from scenarios.spec import Duration, Mended, Name, Spec, Text
from scenarios.yaml_lines import Document, read_document
from sim.errors import BadInput

HERE = Path(__file__).parent
LIBRARY = HERE / "library"
RUNBOOKS = HERE / "runbooks"
QUARTERS = ("q1", "q2", "q3", "q4")
"""The quarterly drills: what `all` stands for."""


class ObjectiveOverrides(Spec):
    """Objectives of the firm that replace those of every case; what is left out stays as the case has it."""

    rto_us: Duration | None = None
    detect_us: Duration | None = None
    contain_us: Duration | None = None
    rpo_count: Annotated[int, Strict(), Field(ge=0)] | None = None
    rpo_notional_usd: Annotated[float, Strict(), Field(ge=0)] | None = None


class Drill(Spec):
    """What is drilled, by which text, and what counts as passed."""

    name: Name
    title: Annotated[str, Field(min_length=1, max_length=120)]
    story: Text | None = None
    """Why it is drilled."""
    topic: Name
    """What a procedure must be about when `runbook` names none, such as kill-switch."""
    runbook: Annotated[str, Field(min_length=1)]
    """A Markdown file, `kill-switch.md`, or one procedure of it, `kill-switch.md#kill-switch-triggered`.

    Looked for beside the drill's own file first, then among the runbooks that come with Firedrill.
    """
    cases: Annotated[tuple[str, ...], Field(min_length=1, max_length=200)]
    """Names of stock scenarios, or paths beside the drill's own file; the lead case first."""
    objectives: ObjectiveOverrides = ObjectiveOverrides()
    pass_mark: Annotated[float, Strict(), Field(ge=0, le=100)] = 85.0
    """Adherence that passes, when no gate is broken."""

    _folder: Path = PrivateAttr(default=LIBRARY)

    @model_validator(mode="after")
    def _each_case_once(self) -> Drill:
        for index, case in enumerate(self.cases):
            if case in self.cases[:index]:
                raise Mended(f"{case} is listed twice", "remove one of them", "cases", index)
        return self

    @property
    def lead(self) -> str:
        """The name of the lead case."""
        return self.cases[0]

    @property
    def procedure(self) -> str | None:
        """The procedure that `runbook` names, or None for the best match of the topic."""
        return self.runbook.partition("#")[2] or None

    def runbook_path(self) -> Path:
        """Where the runbook lies; BadInput when it lies nowhere."""
        name = self.runbook.partition("#")[0]
        for folder in (self._folder, RUNBOOKS):
            if (folder / name).is_file():
                return folder / name
        known = ", ".join(path.name for path in sorted(RUNBOOKS.glob("*.md")))
        raise BadInput(
            f"drill {self.name} names a runbook that is not there",
            mend=f"give a path beside the drill's file, or one of {known}",
            field="runbook",
            value=name,
        )

    def scenario(self, case: str | None = None) -> Scenario:
        """A case (default the lead) under this drill's objectives."""
        case = self.lead if case is None else case
        scenario = load_scenario(self._locate(case))
        overrides = self.objectives.yaml_data()
        if not overrides:
            return scenario
        data = scenario.yaml_data()
        data["objectives"] = {**data["objectives"], **overrides}
        return validate(Document(f"drill {self.name}, case {case}", data), Scenario)

    def scenarios(self) -> dict[str, Scenario]:
        """All cases under this drill's objectives, the lead first."""
        return {case: self.scenario(case) for case in self.cases}

    def _locate(self, case: str) -> str:
        return str(self._folder / case) if looks_like_a_path(case) else case


def read_drill(path: str | Path) -> Drill:
    """The drill in the YAML file at `path`; its cases must exist."""
    document = read_document(path)
    drill = validate(document, Drill)
    drill._folder = Path(path).parent
    for index, case in enumerate(drill.cases):
        _check_case(drill, case, index, document)
    return drill


def _check_case(drill: Drill, case: str, index: int, document: Document) -> None:
    line = document.line(("cases", index))
    if looks_like_a_path(case):
        if not Path(drill._locate(case)).is_file():
            raise BadInput(
                "there is no such file",
                mend="give a path relative to the drill's own file",
                file=document.file,
                line=line,
                field=f"cases[{index}]",
                value=case,
            )
    elif case not in library():
        error = unknown_name("scenario", case, list(library()))
        raise BadInput(
            error.problem,
            mend=error.mend,
            file=document.file,
            line=line,
            field=f"cases[{index}]",
            value=case,
        )


@cache
def drills() -> Library[Drill]:
    """The drills that come with Firedrill: the four quarters, and one for each kind of incident."""
    return Library(LIBRARY, read_drill)


def load_drill(name_or_path: str | Path) -> Drill:
    """A stock drill by its name, or one from a YAML file by its path."""
    text = str(name_or_path)
    if text in drills():
        return drills()[text]
    if looks_like_a_path(text):
        return read_drill(text)
    raise unknown_name("drill", text, list(drills()))
