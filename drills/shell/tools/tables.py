"""Rows in columns, as kubectl, docker and ps print them."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], gap: int = 3) -> str:
    """Rows with each column as wide as its widest cell; the last one is not padded."""
    if not rows:
        return ""
    count = max(len(row) for row in rows)
    widths = [max((len(row[at]) for row in rows if at < len(row)), default=0) for at in range(count)]
    lines = []
    for row in rows:
        cells = [cell.ljust(widths[at] + gap) if at + 1 < len(row) else cell for at, cell in enumerate(row)]
        lines.append("".join(cells).rstrip())
    return "\n".join(lines) + "\n"
