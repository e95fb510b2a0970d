"""`firedrill`: the commands, their options, their help, and what becomes of errors.

Commands live in `drills.commands` and are imported when they are called, so that `--help` costs little more
than Typer itself. Whatever goes wrong is told in one line on stderr; the exit code says which kind it was.
"""

from __future__ import annotations

import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from drills.options import RESPONDERS
from sim.errors import FiredrillError

INTERRUPTED, BROKEN_PIPE, INTERNAL = 130, 141, 4
_STORE = Path("results/runs")

app = typer.Typer(
    name="firedrill",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
runbooks = typer.Typer(rich_markup_mode=None, help="Read runbooks.")
app.add_typer(runbooks, name="runbook")

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, the start of it, its folder, or latest.", show_default=False)
]
StoreOption = Annotated[Path, typer.Option("--store", metavar="DIR", help="Folder of the stored runs.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    words = [word for word in given if word != "--debug"]  # taken at any place, unlike Typer's own options
    try:
        code = app(words, prog_name="firedrill", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except SystemExit:  # Typer leaves so when nobody reads stdout any more
        return BROKEN_PIPE
    except Exception as error:
        if "--debug" in given:
            traceback.print_exc()
        return _complain(error, words)
    if code == INTERRUPTED:
        typer.echo("firedrill: interrupted; what was stored before is whole", err=True)
    return code if isinstance(code, int) else 0


def _complain(error: Exception, words: list[str]) -> int:
    """One line on stderr; returns the exit code."""
    usage = getattr(error, "format_message", None)  # Typer's own complaints; their class differs by version
    if isinstance(error, FiredrillError):
        line, code = str(error), error.exit_code
    elif usage is not None:
        path = getattr(getattr(error, "ctx", None), "command_path", "firedrill")
        line, code = f"{usage().rstrip('.')}; see {path} --help", 2
    else:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        at = f"{Path(frame.filename).name}:{frame.lineno}"
        again = shlex.join(["firedrill", "--debug", *words])
        line = f"internal error, please report it: {type(error).__name__}: {error} at {at}; for details: {again}"
        code = INTERNAL
    typer.echo("firedrill: " + " ".join(line.split()), err=True)
    return code


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"firedrill {version('firedrill')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def firedrill(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,
) -> None:
    """Drill incident runbooks, and the mitigation code behind them, in a simulated trading firm.

    \b
    Begin with:
      firedrill list              the drills and what goes wrong in each
      firedrill run q1 --seed 7   break the firm, watch it recover, get a report
      firedrill show              the latest run again

    \b
    Exit codes: 0 pass, 1 fail, 2 bad input, 3 lint errors, 4 internal error, 5 inconclusive.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_drills(
    json: Annotated[bool, typer.Option("--json", help="As JSON, with every objective.")] = False,
) -> int:
    """List the drills with their cases, and the runbooks that come with Firedrill."""
    from drills.commands.listing import list_command

    return list_command(as_json=json)


@app.command()
def run(
    drills: Annotated[
        list[str],
        typer.Argument(metavar="DRILL", help="A drill (see list), all (q1 to q4), a case's name, or a YAML file."),
    ],
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Where all chance comes from, from 0 up.")] = 0,
    runbook: Annotated[
        str | None,
        typer.Option("--runbook", metavar="FILE[#PROCEDURE]", help="Your runbook; default: the drill's own."),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option("--code", metavar="MODULE:NAME", help="Your mitigation code; default: the reference bot."),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="Folder that your code is imported from; default: here."),
    ] = None,
    unmodified: Annotated[
        bool,
        typer.Option(
            "--unmodified",
            help="Run the code as it is (script, -m module, hooks): its clocks, sleeps and HTTP are the World's.",
        ),
    ] = False,
    responder: Annotated[
        str, typer.Option("--responder", metavar="WHO", help=f"Who is on call: {', '.join(RESPONDERS)}.")
    ] = "default",
    case: Annotated[
        list[str] | None, typer.Option("--case", metavar="NAME", help="Only this case; may be repeated.")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the records as JSON; - is stdout.")
    ] = None,
    junit: Annotated[str | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML; - is stdout.")] = None,
    store: StoreOption = _STORE,
    no_report: Annotated[bool, typer.Option("--no-report", help="Store nothing, only print the summary.")] = False,
) -> int:
    """Run drills and say whether the firm recovered in time, by the runbook, with code that told the truth.

    \b
    Examples:
      firedrill run q1 --seed 7
      firedrill run all --json runs.json --junit junit.xml
      firedrill run q2 --case q2-half-open --responder none
      firedrill run q1 --runbook ops/incidents.md#kill-switch
      firedrill run q1 --code mybot.drill:build --project ../mybot

    \b
    Your code is a function that takes the desk and returns hooks:
      def build(desk):
          return {"every": {5: lambda: desk.log("alive")}}
    A whole bot to read: drills/reference/bot.py
    """
    from drills.commands.run import Output, run_command
    from drills.options import RunOptions

    options = RunOptions(
        seed, runbook, code, unmodified, responder, tuple(case) if case else None, project
    )
    return run_command(drills, options, Output(None if no_report else store, json, junit))


@app.command()
def show(
    run: Run = "latest",
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="terminal, markdown, json or history.")
    ] = "terminal",
    case: Annotated[str | None, typer.Option("--case", metavar="NAME", help="Only this case of the run.")] = None,
    store: StoreOption = _STORE,
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


@app.command()
def replay(
    run: Run = "latest",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also when the runbook or the code has changed since.")
    ] = False,
    store: StoreOption = _STORE,
) -> int:
    """Run a stored run again and compare every event; exit code 1 when something differs.

    \b
    Examples:
      firedrill replay latest
      firedrill replay q1-seed7-3f2a91c0 --anyway
    """
    from drills.commands.replay import replay_command

    return replay_command(store, run, anyway=anyway)


@app.command()
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


@app.command()
def schema() -> int:
    """Print the JSON Schema of a run's record."""
    from results.schema import schema_text

    typer.echo(schema_text(), nl=False)
    return 0


@app.command()
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


@app.command()
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
    unmodified: Annotated[
        bool, typer.Option("--unmodified", help="Run the code as it is, in the World's time.")
    ] = False,
    commands: Annotated[bool, typer.Option("--commands", help="List every command and what it printed.")] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the record as JSON; - is stdout.")
    ] = None,
    store: StoreOption = _STORE,
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

    options = RehearseOptions(runbook, scenario, seed, code, unmodified, project, repo)
    return rehearse_command(options, Shown(None if no_report else store, json, commands))


@app.command()
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
    store: StoreOption = _STORE,
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


@app.command("match")
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
