"""Runbooks: reading, linting, matching with drills, rehearsing, and scoring what people did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drills.cli.root import STORE, StoreOption, app, runbooks


@runbooks.command("show")
def show_runbook(
    file: Annotated[str, typer.Argument(metavar="FILE[#PROCEDURE]", help="A Markdown file, or one procedure of it.")],
    json: Annotated[bool, typer.Option("--json", help="The whole tree as JSON.")] = False,
) -> int:
    """Show how a runbook is read: procedures, steps, decisions, deadlines, and what each step binds to.

    \b
    Examples:
      firedrill runbook show ops/incidents.md
      firedrill runbook show ops/incidents.md#kill-switch
    """
    from drills.commands.runbook import show_command

    return show_command(file, as_json=json)


@app.command(short_help="Find what is wrong with runbooks.")
def lint(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|DIR...", help="Runbooks, or folders of them.", show_default=False),
    ] = None,
    repo: Annotated[
        Path | None,
        typer.Option("--repo", metavar="DIR", help="Compare with this code: scripts, modules, metrics, manifests."),
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text, json, sarif or github.")] = "text",
    select: Annotated[
        list[str] | None, typer.Option("--select", metavar="IDS", help="Only these rules, or the start of their ids.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option("--ignore", metavar="IDS", help="Without these rules.")] = None,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="SEVERITY", help="Exit code 3 from this severity on: error or warning.")
    ] = "error",
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="Judge review dates as of this day.")
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="ID", help="The help page of a rule; all lists the rules.")
    ] = None,
) -> int:
    """Find what is wrong with runbooks; exit code 3 when a step, followed literally, would fail or mislead.

    \b
    Examples:
      firedrill lint docs/runbooks
      firedrill lint ops/incidents.md --repo . --fail-on warning
      firedrill lint docs/runbooks --format sarif > lint.sarif
      firedrill lint --explain RB105
    """
    from drills.commands.lint import LintOptions, explain_command, lint_command

    if explain is not None:
        return explain_command(explain)
    options = LintOptions(form, tuple(select or ()), tuple(ignore or ()), fail_on, today, repo)
    return lint_command(paths or [], options)


@app.command("match", short_help="Which drills exercise which procedure of a runbook.")
def match_drills(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A runbook in Markdown.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="As JSON, with the commands to run.")] = False,
) -> int:
    """Propose which stock drills exercise which procedure of a runbook, and say which have none.

    \b
    Examples:
      firedrill match ops/incidents.md
      firedrill match ops/incidents.md --json
    """
    from drills.commands.match import match_command

    return match_command(file, as_json=json)


@app.command(short_help="Follow a runbook to the letter; does it lead to recovery?")
def rehearse(
    runbook: Annotated[
        str, typer.Argument(metavar="FILE[#PROCEDURE]", help="The text to be followed.", show_default=False)
    ],
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="S", help="Scenario, drill or YAML file; default: what fits the text."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where all chance comes from, from 0 up.")] = 0,
    repo: Annotated[
        Path | None,
        typer.Option("--repo", metavar="DIR", help="Where the text's scripts, modules and files are looked for."),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="MODULE:NAME", help="The code beside the text; default: the reference bot."),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="Folder of your own code: what python -c imports."),
    ] = None,
    commands: Annotated[bool, typer.Option("--commands", help="List every command and what it printed.")] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the record as JSON; - is stdout.")
    ] = None,
    store: StoreOption = STORE,
    no_report: Annotated[bool, typer.Option("--no-report", help="Store nothing, only print the outcome.")] = False,
) -> int:
    """Follow a runbook to the letter in the simulated firm, and say whether the text leads to recovery.

    Somebody who never errs types every command as it stands, does each sentence without a command by hand,
    and waits where it says to wait. The verdict is on the text alone: pass 0, fail 1, inconclusive 5.

    \b
    Examples:
      firedrill rehearse ops/incidents.md#kill-switch
      firedrill rehearse ops/drawdown.md --scenario q1-drawdown-20 --commands
      firedrill rehearse ops/outage.md#execution-failures --scenario q4 --repo .
      firedrill rehearse ops/paper.md#p1 --code mybot.drill:build --project ../mybot
    """
    from drills.commands.rehearse import Shown, rehearse_command
    from drills.rehearsal.options import RehearseOptions

    options = RehearseOptions(runbook, scenario, seed, code, project, repo)
    return rehearse_command(options, Shown(None if no_report else store, json, commands))


@app.command(short_help="Score what people did against the runbook.")
def score(
    target: Annotated[str, typer.Argument(metavar="FILE[#PROCEDURE]", help="The runbook, and what was followed.")],
    trace: Annotated[Path, typer.Option("--trace", metavar="FILE", help="Who did what when: YAML, CSV, notes, JSON.")],
    scenario: Annotated[
        str | None, typer.Option("--scenario", metavar="NAME", help="What was really the case: a scenario's truth.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", metavar="LEVEL", help="The runbook's own level, or critical to low.")
    ] = None,
    cause: Annotated[
        list[str] | None, typer.Option("--cause", metavar="NAME", help="A cause, such as slippage; may be repeated.")
    ] = None,
    condition: Annotated[
        list[str] | None, typer.Option("--condition", metavar="NAME=BOOL", help="A fact, as loss_over_limit=true.")
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option("--measure", metavar="NAME=NUMBER", help="A number, as drawdown_pct=16.")
    ] = None,
    overrides: Annotated[
        Path | None, typer.Option("--overrides", metavar="FILE", help="Deadlines, weights and bindings by step id.")
    ] = None,
    rto: Annotated[
        str | None, typer.Option("--rto", metavar="TIME", help="The objective, when the trace says `restored:`.")
    ] = None,
    pass_mark: Annotated[
        float, typer.Option("--pass-mark", metavar="N", min=0, max=100, help="The score that passes.")
    ] = 85.0,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the score as JSON; - is stdout.")
    ] = None,
) -> int:
    """Score what people did against the runbook; exit code 1 when it fails.

    \b
    A trace is a list of times and steps. Times: 14:32, 14:32:10, an ISO date,
    seconds, or +5m. Steps: an id, a number (3, 2b), words of the title, or an
    action such as halt. The History of a drill is a trace too.
      detected: 14:30
      entries:
        - {time: 14:31, step: stopped all strategies}
        - {time: 14:35, step: 2b, note: broker says 190 short}

    \b
    Examples:
      firedrill score ops/incidents.md#kill-switch --trace monday.yaml
      firedrill score ops/incidents.md#broker --trace t.csv --severity SEV1
      firedrill score ops/incidents.md --trace t.csv --scenario q1-slippage
    """
    from drills.commands.score import ScoreOptions, score_command

    return score_command(
        target,
        ScoreOptions(
            trace, scenario, severity, tuple(cause or ()), tuple(condition or ()), tuple(measure or ()), overrides,
            rto, pass_mark, json,
        ),
    )  # fmt: skip
