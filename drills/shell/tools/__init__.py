"""The programs of the simulated firm, one module per family, each with a table of what it offers.

A module has `TOOLS`: name to `Program`. To add a family, write the module and name it in `_families`.
"""

from __future__ import annotations

from collections.abc import Mapping

from drills.shell.program import Program
from drills.shell.tool import Tool


def _families() -> tuple[Mapping[str, Program], ...]:
    from drills.shell.tools import (
        acting,
        awk,
        clocks,
        columns,
        comparing,
        digests,
        filing,
        machine,
        moving,
        printing,
        python,
        querying,
        running,
        searching,
        sed,
        showing,
    )

    return (
        awk.TOOLS, clocks.TOOLS, columns.TOOLS, comparing.TOOLS, digests.TOOLS, filing.TOOLS, machine.TOOLS,
        moving.TOOLS,
        printing.TOOLS, python.TOOLS, querying.TOOLS, running.TOOLS, searching.TOOLS, sed.TOOLS, showing.TOOLS,
        *acting.families(),
    )  # fmt: skip


def programs() -> dict[str, Program]:
    """Every program by its name, sorted."""
    found = {name: program for family in _families() for name, program in family.items()}
    return dict(sorted(found.items()))


def all_tools() -> dict[str, Tool]:
    """What the shell can call, by name."""
    return {name: program.run for name, program in programs().items()}
