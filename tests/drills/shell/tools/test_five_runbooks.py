"""Every bash fence of five real runbooks, typed in order into a healthy firm: what is executed, what fails, and why.

Each line of the table was judged by reading: a command that is not named in it is executed and succeeds. `not here`
stands for what the simulated firm cannot know without the team's repository, or what a person was to fill in.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt

from drills.reference.bot import build
from drills.runbook.reader import read_text
from drills.shell.inventory import Inventory, derive
from drills.shell.session import Outcome, Statement
from tests.drills.runbook.conftest import SHARED
from tests.drills.shell.terminals import Typist

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the five runbooks lie beside the checkout, not in it")

NO_POD = 'pods "{}" not found'
NOT_HERE = 126

FAILS: dict[str, dict[int, tuple[int, str]]] = {
    "high-drawdown": {
        # No namespace is given, so kubectl looks in `default`; the firm runs in `production`.
        28: (1, NO_POD.format("postgres-pod")), 43: (1, NO_POD.format("trading-system-pod")),
        49: (1, NO_POD.format("trading-system-pod")), 58: (1, NO_POD.format("trading-system-pod")),
        61: (1, NO_POD.format("execution-gateway-pod")), 69: (1, NO_POD.format("trading-system-pod")),
        78: (1, NO_POD.format("postgres-pod")), 98: (1, NO_POD.format("trading-system-pod")),
        99: (1, NO_POD.format("execution-gateway-pod")), 114: (1, NO_POD.format("trading-system-pod")),
        126: (1, NO_POD.format("trading-system-pod")), 157: (1, NO_POD.format("postgres-pod")),
        160: (1, NO_POD.format("trading-system-pod")), 172: (1, NO_POD.format("trading-system-pod")),
        # The quotes end in the middle of the patch, which is no JSON then.
        130: (1, "unable to parse"),
        169: (NOT_HERE, "scripts/incident-analysis.sh"),
    },
    "sev-levels": {
        22: (1, ""),  # grep finds no error in the log of a healthy firm
        21: (NOT_HERE, "health_check.sh"), 37: (NOT_HERE, "emergency_stop.sh"), 40: (NOT_HERE, "<strategy_id>"),
        43: (NOT_HERE, "rollback.sh"), 53: (NOT_HERE, "<service_name>"), 64: (NOT_HERE, "export_logs.sh"),
    },
    "quarterly-drills": {
        59: (1, "No such file or directory"),  # a folder of somebody's own machine
        60: (1, ""),  # grep finds no kill switch
        138: (NOT_HERE, "--repo"), 139: (NOT_HERE, "--repo"),
        185: (NOT_HERE, "risk.yml.backup"), 191: (NOT_HERE, "--repo"),
    },
    "platform-outage": {
        80: (1, "no rollout history found"),  # nothing was deployed in this run
        89: (NOT_HERE, "<pod-name>"), 92: (NOT_HERE, "<pod-name>"), 113: (NOT_HERE, "<pod-name>"),
        116: (NOT_HERE, "<pod-name>"), 123: (NOT_HERE, "quant_trading.database"),
        200: (NOT_HERE, "reconcile_positions"), 217: (NOT_HERE, "quant_trading.execution"),
        304: (NOT_HERE, "quant_trading.database"), 334: (NOT_HERE, "test_calibration"),
        214: (1, "No resources found"),  # the line before has scaled it to zero
        245: (3, ""),  # curl takes [5m] for a range of URLs, and -s hides that it says so
        248: (1, 'column "mean_time" does not exist'),
        352: (1, "IndentationError"),
    },
    "paper-trading": {
        37: (NOT_HERE, "src.execution.alpaca_adapter"), 53: (NOT_HERE, "run_paper_trading.py"),
        82: (NOT_HERE, "src.execution.alpaca_adapter"), 97: (NOT_HERE, "src.monitoring.kill_switches"),
        118: (NOT_HERE, "src.execution.fill_tracker"),
    },
}  # fmt: skip
"""By runbook and line: the exit code, and what is said; `NOT_HERE` with a part of the reason."""

FINDINGS = {
    "high-drawdown": {"not_found", "literal"},
    "platform-outage": {"curl_glob", "http_error", "python_does_not_compile"},
    "sev-levels": set(), "quarterly-drills": set(), "paper-trading": {"new_object"},
}  # fmt: skip

READS_ON_S = 30
"""How long somebody reads what came out before they type the next fence."""

COUNTS = {"high-drawdown": 32, "sev-levels": 9, "quarterly-drills": 13, "platform-outage": 46, "paper-trading": 8}
"""Top-level statements of the bash fences: 108 in all, as counted by hand."""


class Typed(NamedTuple):
    """One statement and the line of the runbook that it stands on."""

    line: int
    statement: Statement


def typed(name: str) -> tuple[Typist, list[Typed]]:
    """Type every fence of a runbook in order."""
    text = (SHARED / f"{name}.md").read_text(encoding="utf-8")
    who = Typist(build, monitored=True)
    metrics = [series.name for series in who.world.monitoring.series]
    naming = derive([read_text(text, name)], metrics=metrics)
    who.firm.keep(Inventory, lambda: naming)
    who.hands.firm.run(30)
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "fence" and token.info.strip() == "bash" and token.map is not None:
            outcome: Outcome = who.type(token.content)
            who.hands.firm.run(READS_ON_S)
            found += [Typed(token.map[0] + 1 + each.line, each) for each in outcome.statements]
    return who, found


@needs_shared
@pytest.mark.parametrize("name", FAILS)
def test_each_command_is_executed_or_fails_as_it_really_would(name: str) -> None:
    who, found = typed(name)
    wrong = []
    for line, each in found:
        code, words = FAILS[name].get(line, (0, ""))
        said = each.not_here if code == NOT_HERE else each.err
        if each.code != code or words not in said or bool(each.not_here) != (code == NOT_HERE):
            wrong.append(f"{line}: {each.text.splitlines()[0][:60]!r} gave {each.code}, {each.err or each.not_here!r}")
    assert not wrong, "\n".join(wrong)
    assert set(FAILS[name]) <= {line for line, _ in found}
    assert len(found) == COUNTS[name]
    assert {event.subject for event in who.history.of("shell.finding")} == FINDINGS[name]


@needs_shared
def test_the_emergency_of_the_drawdown_runbook_leaves_every_position_open() -> None:
    who, found = typed("high-drawdown")
    (close,) = [each for line, each in found if line == 58]
    assert "trading-system was scaled to 0 replicas, so it has no pod" in close.findings[0]
    before = {event.get("symbol"): event.get("position") for event in who.history.of("ledger.fill")
              if event.t_us <= close.began_us + close.duration_us}  # fmt: skip
    assert all(before.values()), "each symbol is still held when the command has failed"


@needs_shared
def test_pausing_the_strategies_does_not_pause_them_without_the_token() -> None:
    _, found = typed("platform-outage")
    (pause,) = [each for line, each in found if line == 189]
    assert (pause.code, pause.out) == (0, '{"detail":"Not authenticated"}')
    assert "was answered 401, and the command succeeds all the same" in pause.findings[0]
