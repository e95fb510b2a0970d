"""`firedrill doctor`: what of a set-up will work in a drill, and what is to be mended."""

from __future__ import annotations

from pathlib import Path

from drills.commands.output import console
from drills.project.health import examine

BAD_INPUT = 2
_MARKS = {"ok": ("ok  ", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "red")}


def doctor_command(root: Path) -> int:
    """Print each check as it is made; exit code 2 when a drill could not run as it is set up."""
    from rich.padding import Padding
    from rich.text import Text

    screen, count = console(), dict.fromkeys(_MARKS, 0)
    for check in examine(root):
        count[check.state] += 1
        mark, style = _MARKS[check.state]
        screen.print(Text.assemble((mark, style), "  ", (f"{check.what:<15}", "bold"), check.seen))
        if check.mend:
            screen.print(Padding(Text(f"-> {check.mend}", style="dim"), (0, 0, 0, 21)))
    screen.print()
    if count["fail"]:
        screen.print(f"{count['fail']} to mend before a drill can run here, {count['warn']} to know about")
        return BAD_INPUT
    screen.print(f"A drill can run here; {count['warn'] or 'nothing'} to know about. Next: firedrill run")
    return 0
