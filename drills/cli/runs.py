"""Running drills, and what is kept of the runs: list, run, show, replay, documents, selftest, schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drills.cli.root import STORE, Run, StoreOption, app
from drills.options import RESPONDERS


@app.command("list", short_help="The drills and their cases.")
def list_drills(
    json: Annotated[bool, typer.Option("--json", help="As JSON, with every objective.")] = False,
) -> int:
    """List the drills with their cases, and the runbooks that come with Firedrill."""
    from drills.commands.listing import list_command

    return list_command(as_json=json)


@app.command(short_help="Run drills: code, runbook and responder, each with a verdict.")
def run(
    drills: Annotated[
        list[str] | None,
        typer.Argument(metavar="DRILL", help="A drill (see list), all (q1 to q4), a case's name, or a YAML file."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Where all chance comes from, from 0 up; default 0.")
    ] = None,
    runbook: Annotated[
        str | None,
        typer.Option("--runbook", metavar="FILE[#PROCEDURE]", help="Your runbook; default: the drill's own."),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="CODE", help="Your mitigation code (see above); default: the reference bot."),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="Folder that your code is imported from; default: here."),
    ] = None,
    unmodified: Annotated[  # what every run does; commands of earlier versions say it
        bool, typer.Option("--unmodified", hidden=True)
    ] = False,
    exec_: Annotated[
        str | None,
        typer.Option("--exec", metavar="COMMAND", help="A script or program of any language, in place of --code."),
    ] = None,
    exec_on: Annotated[
        str | None,
        typer.Option("--exec-on", metavar="WHEN", help="What starts it; default: alert,halt (see above)."),
    ] = None,
    isolation: Annotated[
        str | None, typer.Option("--isolation", metavar="HOW", help="How it is shut in: auto, netns or shim.")
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(
            "--python",
            metavar="PATH",
            help="Run the code in this interpreter (an environment's bin/python, 3.8 or later).",
        ),
    ] = None,
    responder: Annotated[
        str | None, typer.Option("--responder", metavar="WHO", help=f"Who is on call: {', '.join(RESPONDERS)}.")
    ] = None,
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="NAME", help="Only this case; may be repeated.")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the records as JSON; - is stdout.")
    ] = None,
    junit: Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML; - is stdout.")] = None,
    store: StoreOption = STORE,
    no_report: Annotated[bool, typer.Option("--no-report", help="Store nothing, only print the summary.")] = False,
) -> int:
    """Run drills and say whether the firm recovered in time, by the runbook, with code that told the truth.

    What is not said here is taken from firedrill.yaml, where there is one (firedrill init writes it).

    \b
    Examples:
      firedrill run q1 --seed 7
      firedrill run all --json runs.json --junit junit.xml
      firedrill run q2 --case q2-half-open --responder none
      firedrill run q1 --runbook ops/incidents.md#kill-switch
      firedrill run q1 --code mybot.drill:build --project ../mybot
      firedrill run q1 --code bot.py --python ../mybot/.venv/bin/python

    \b
    Your code is a function that takes the desk and returns hooks:
      def build(desk):
          return {"every": {5: lambda: desk.log("alive")}}
    or a script (bot.py), -m package.bot, or module:main. It runs as it is: its
    sleeps, clocks, threads and HTTP calls are the World's, and no unknown host
    is reached. A whole bot to read: drills/reference/bot.py

    \b
    Or a program in processes of its own, in virtual time (Linux):
      firedrill run q2 --exec ./emergency_stop.sh --project ../ops
    sleep, date, timeout, curl, wget, nc -z and ping are the World's. It runs in
    a copy of the project, with no network and no credentials. --exec-on, with
    commas:
      alert        once, at the first critical alert
      alert:NAME   each time that alert fires
      halt         as that action of the runbook; its exit status is the
                   outcome (also flatten, reconnect, reconcile, reset)
      start        with the trading system, as its daemon
    """
    from drills.commands.run import Output, run_command
    from drills.project.defaults import chosen

    run = chosen(
        drills or [],
        {
            "seed": seed, "runbook": runbook, "code": code, "project": project,
            "python": python, "responder": responder, "cases": tuple(case) if case else None, "exec": exec_,
            "exec_on": exec_on, "isolation": isolation,
        },
    )  # fmt: skip
    return run_command(run.drills, run.options, Output(None if no_report else store, json, junit), run.settings)


@app.command(short_help="Show a stored run again.")
def show(
    run: Run = "latest",
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="terminal, markdown, json or history.")
    ] = "terminal",
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Only this case of the run.")] = None,
    store: StoreOption = STORE,
) -> int:
    """Show a stored run again.

    \b
    Examples:
      firedrill show
      firedrill show q1-seed7 --format markdown >> $GITHUB_STEP_SUMMARY
      firedrill show latest --format history --case q1-manual
    """
    from drills.commands.show import show_command

    return show_command(store, run, form, case)


@app.command(short_help="Repeat a stored run and compare every event.")
def replay(
    run: Run = "latest",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also when the runbook or the code has changed since.")
    ] = False,
    store: StoreOption = STORE,
) -> int:
    """Run a stored run again and compare every event; exit code 1 when something differs.

    \b
    Examples:
      firedrill replay latest
      firedrill replay q1-seed7-3f2a91c0 --anyway
    """
    from drills.commands.replay import replay_command

    return replay_command(store, run, anyway=anyway)


@app.command(short_help="Write a run's papers: drill record, messages, post-mortem.")
def documents(
    run: Run = "latest",
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Of this case; default: the lead.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder to write to; default: beside the report.")
    ] = None,
    runbook: Annotated[
        Path | None, typer.Option("--runbook", metavar="FILE", help="Where the runbook lies now, if it was moved.")
    ] = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also when the runbook has changed since.")] = False,
    store: StoreOption = STORE,
) -> int:
    """Write the papers of a run: drill record, messages and post-mortem, filled from what happened.

    The severity and its clock, the escalation table, the checklists and the targets are the runbook's own; so
    are the templates. What the run does not know stays marked as not known.

    \b
    Examples:
      firedrill documents
      firedrill documents q1-seed7 --out incident-2026-03
      firedrill documents latest --case q1-manual
    """
    from drills.commands.documents import documents_command

    return documents_command(store, run, case, out, runbook, anyway)


@app.command(short_help="Test the drills themselves with planted defects.")
def selftest(
    seeds: Annotated[
        int, typer.Option("--seeds", metavar="N", min=1, help="Seeds that the unharmed bot must pass.")
    ] = 50,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=0, help="Processes at work; 0 takes one for each core.")
    ] = 0,
    drill: Annotated[
        list[str] | None, typer.Option("--drill", metavar="DRILL", help="Only this drill; may be repeated.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Only list the planted defects.")] = False,
) -> int:
    """Test the drills themselves: each planted defect must be caught, the unharmed bot must pass.

    \b
    Examples:
      firedrill selftest
      firedrill selftest --seeds 5 --drill q1
    """
    from drills.commands.selftest import selftest_command

    return selftest_command(seeds, jobs, tuple(drill or ()), list_only=list_only)


@app.command(short_help="Print the JSON Schema of a run's record.")
def schema() -> int:
    """Print the JSON Schema of a run's record."""
    from results.schema import schema_text

    typer.echo(schema_text(), nl=False)
    return 0
