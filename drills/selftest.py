"""The drill suite, drilled: planted defects must be caught, and the good bot must pass.

Each defect is planted alone in the reference bot and run through the quarterly drills, the one it was made
for first, until a case fails on it. The clean bot runs every case on every seed; a seed on which any case
does not pass is a false alarm. The on-call makes no mistakes here: what fails is the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from drills.drill import Drill, drills
from drills.options import RunOptions
from drills.reference.defects import DEFECTS, Defect, planted
from drills.runner import Text, run_one, text_of
from results.evidence import Verdict
from results.record import CaseRecord

QUARTERLY = ("q1", "q2", "q3", "q4")
Progress = Callable[[str, int, int], None]
"""Told what was just done, how many units of work are done, and how many there are."""


@dataclass(frozen=True)
class Catch:
    """What became of one planted defect."""

    defect: str
    story: str
    case: str | None
    """The case that failed on it; None when it got through."""
    finding: str = ""

    @property
    def caught(self) -> bool:
        """Whether a drill failed on it."""
        return self.case is not None


@dataclass(frozen=True)
class FalseAlarm:
    """A seed on which the clean bot did not pass."""

    seed: int
    case: str
    finding: str


@dataclass(frozen=True)
class SelftestReport:
    """The whole result."""

    catches: tuple[Catch, ...] = ()
    seeds: int = 0
    false_alarms: tuple[FalseAlarm, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every defect was caught and the clean bot always passed."""
        return all(catch.caught for catch in self.catches) and not self.false_alarms

    def lines(self) -> list[str]:
        """One line for each defect and each false alarm."""
        rows = [
            f"{'caught' if c.caught else 'MISSED':7} {c.defect:24} {f'{c.case}: {c.finding}' if c.caught else c.story}"
            for c in self.catches
        ]
        return rows + [f"false   seed {f.seed:<4} {f.case}: {f.finding}" for f in self.false_alarms]

    def summary(self) -> str:
        """`caught N/M, false N/K`."""
        caught = sum(catch.caught for catch in self.catches)
        wrong = len({alarm.seed for alarm in self.false_alarms})
        return f"caught {caught}/{len(self.catches)}, false {wrong}/{self.seeds}"


def selftest(
    seeds: int = 50, jobs: int = 1, only: Sequence[str] = (), progress: Progress = lambda what, done, of: None
) -> SelftestReport:
    """Run it: `seeds` seeds of the clean bot, every planted defect; `only` restricts it to these drills."""
    names = tuple(only) or QUARTERLY
    wanted = [defect for defect in DEFECTS if defect.drill in names]
    work: list[tuple[str, object]] = [("defect", d.name) for d in wanted] + [("seed", s) for s in range(seeds)]
    catches: dict[str, Catch] = {}
    alarms: list[FalseAlarm] = []
    for number, result in enumerate(_spread(work, names, jobs), start=1):
        if isinstance(result, Catch):
            catches[result.defect] = result
            progress(f"defect {result.defect}", number, len(work))
        else:
            alarms += result[1]
            progress(f"seed {result[0]}", number, len(work))
    ordered = tuple(catches[defect.name] for defect in wanted)
    return SelftestReport(ordered, seeds, tuple(sorted(alarms, key=lambda alarm: (alarm.seed, alarm.case))))


Result = Catch | tuple[int, list[FalseAlarm]]


def _spread(work: list[tuple[str, object]], names: tuple[str, ...], jobs: int) -> Iterator[Result]:
    """Do the work here, or in `jobs` processes; results come as they are ready."""
    if jobs <= 1:
        yield from (_do(item, names) for item in work)
        return
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=jobs, return_as="generator_unordered")
    yield from run(delayed(_do)(item, names) for item in work)


def _do(item: tuple[str, object], names: tuple[str, ...]) -> Result:
    kind, what = item
    if kind == "seed":
        assert isinstance(what, int)
        return what, list(false_alarms(what, names))
    return catch(next(defect for defect in DEFECTS if defect.name == what), names)


def catch(defect: Defect, names: Iterable[str] = QUARTERLY, seed: int = 7, cases: Sequence[str] = ()) -> Catch:
    """Plant `defect` and look for the first case whose code verdict is fail; `cases` restricts it to these."""
    own_first = sorted(names, key=lambda name: name != defect.drill)
    with planted(defect) as mitigation:
        for name in own_first:
            drill, text = _drill(name)
            for case in _restricted(drill, cases):
                record, _ = run_one(drill.scenario(case), seed, mitigation, text, "perfect", pass_mark=drill.pass_mark)
                if record.verdicts.code is Verdict.FAIL:
                    return Catch(defect.name, defect.story, case, _first_finding(record))
    return Catch(defect.name, defect.story, None)


def false_alarms(seed: int, names: Iterable[str] = QUARTERLY, cases: Sequence[str] = ()) -> Iterator[FalseAlarm]:
    """Cases that the clean reference bot does not pass on `seed`; `cases` restricts it to these."""
    with planted(None) as mitigation:
        for name in names:
            drill, text = _drill(name)
            for case in _restricted(drill, cases):
                record, _ = run_one(
                    drill.scenario(case), seed, mitigation, text, "perfect",
                    pass_mark=drill.pass_mark, is_reference=True,
                )  # fmt: skip
                if record.verdict is not Verdict.PASS:
                    yield FalseAlarm(seed, case, f"{record.verdict}: {_first_finding(record)}")


def _restricted(drill: Drill, cases: Sequence[str]) -> list[str]:
    return [case for case in drill.cases if not cases or case in cases]


@cache
def _drill(name: str) -> tuple[Drill, Text]:
    drill = drills()[name]
    return drill, text_of(drill, RunOptions())


def _first_finding(record: CaseRecord) -> str:
    graves = [f for f in record.findings if f.severity == "critical"] or record.findings
    return graves[0].title if graves else "no finding"
