"""The command line's root, and the options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
STORE = Path("results/runs")
"""Where runs are stored unless another folder is named."""
Project = Annotated[Path, typer.Option("--project", metavar="DIR", help="Folder of your code; default: here.")]


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
    With your own code and runbook:
      firedrill init              wire your repository to the drills
      firedrill doctor            see whether all of it will work
      firedrill run               run the drills of firedrill.yaml
      firedrill lint FILE         find what is wrong with a runbook
      firedrill rehearse FILE     type its commands into the simulated firm

    \b
    Exit codes: 0 pass, 1 fail, 2 bad input, 3 lint errors, 4 internal error, 5 inconclusive.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
