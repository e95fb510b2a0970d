"""`firedrill doctor`: what of a set-up will work in a drill, and what is to be mended."""

from __future__ import annotations

from pathlib import Path

from drills.commands.output import console
from drills.project.health import examine

BAD_INPUT = 2
_MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


def doctor_command(root: Path) -> int:
    """Print each check as it is made; exit code 2 when a drill could not run as it is set up."""
    from rich.table import Table
    from rich.text import Text

    screen, count = console(), dict.fromkeys(_MARKS, 0)
    for check in examine(root):
        count[check.state] += 1
        mark, style = _MARKS[check.state]
        line = Table.grid(padding=(0, 1))
        for width in (5, 14, None):
            line.add_column(width=width, overflow="fold")
        line.add_row(Text(mark, style=style), Text(check.what, style="bold"), Text(check.seen))
        if check.mend:
            line.add_row("", "", Text(f"-> {check.mend}", style="dim"))
        screen.print(line)
    screen.print()
    if count["fail"]:
        screen.print(f"{count['fail']} to mend before a drill can run here, {count['warn']} to know about")
        return BAD_INPUT
    screen.print(f"A drill can run here; {count['warn'] or 'nothing'} to know about. Next: firedrill run")
    return 0
