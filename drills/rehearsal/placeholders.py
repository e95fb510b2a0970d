"""Placeholders filled in as somebody in the room would: `<pod-name>` is the pod that is in trouble.

Only what the firm itself makes clear is filled in, and each time it is said as an assumption. A placeholder
that could mean several things (`<strategy_id>`, `<amount>`) stays, and its command cannot be typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from drills.runbook.shell import PLACEHOLDER
from sim.config import TRADING_SYSTEM
from sim.world import World


class Filled(NamedTuple):
    """A command ready to be typed, or the names that nobody could fill in."""

    text: str
    assumed: tuple[str, ...]
    missing: tuple[str, ...]


def fill(text: str, world: World, name_of: Callable[[str], str] = str) -> Filled:
    """`text` with every placeholder replaced that the firm makes clear; `name_of` is what the team calls a workload."""
    assumed: list[str] = []
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        name = match.group("name") or match.group(0).strip("{} ")
        value = meaning(name, world, name_of)
        if value is None:
            missing.append(name)
            return match.group(0)
        said = f"<{name}> is {value}"
        if said not in assumed:
            assumed.append(said)
        return value

    return Filled(PLACEHOLDER.sub(put, text), tuple(assumed), tuple(dict.fromkeys(missing)))


def meaning(name: str, world: World, name_of: Callable[[str], str] = str) -> str | None:
    """What a placeholder of this name stands for in the firm as it is now; None when it is not clear."""
    words = " ".join(re.findall(r"[a-z]+", name.lower()))
    found = next((found for pattern, found in _MEANINGS if pattern.fullmatch(words)), None)
    value = None if found is None else found(world)
    return name_of(value) if found is _workload and value is not None else value


def _pod(world: World) -> str | None:
    """The pod in trouble: not ready before ready, more restarts before fewer; else one of the trading system."""
    rows = world.cluster.status()
    if not rows:
        return None
    worst = min(rows, key=lambda row: (row.ready, -row.restarts, row.workload != TRADING_SYSTEM, row.pod))
    return worst.pod


def _workload(world: World) -> str | None:
    """The workload in trouble, else the trading system."""
    rows = world.cluster.status()
    if not rows:
        return None
    return min(rows, key=lambda row: (row.ready, -row.restarts, row.workload != TRADING_SYSTEM, row.pod)).workload


def _node(world: World) -> str | None:
    """The node that the trading system runs on."""
    return next((row.node for row in world.cluster.status(TRADING_SYSTEM) if row.node is not None), None)


def _revision(world: World) -> str | None:
    """The revision before the present one."""
    deployment = world.cluster[TRADING_SYSTEM]
    older = [r for r in deployment.revisions if r.version != deployment.revision.version]
    return str(older[-1].number) if older else None


def _version(world: World) -> str | None:
    """The version before the present one."""
    deployment = world.cluster[TRADING_SYSTEM]
    older = [r for r in deployment.revisions if r.version != deployment.revision.version]
    return older[-1].version if older else None


def _symbol(world: World) -> str | None:
    """The symbol with bad data, else the only one that is held."""
    bad = [symbol for symbol in world.market.symbols if world.feed.quality(symbol) is not None]
    held = sorted(world.ledger.positions())
    return bad[0] if bad else held[0] if len(held) == 1 else None


def _order(world: World) -> str | None:
    """The only order that the broker still works."""
    working = list(world.broker.working())
    return working[0].id if len(working) == 1 else None


_MEANINGS: tuple[tuple[re.Pattern[str], Callable[[World], str | None]], ...] = tuple(
    (re.compile(pattern), found)
    for pattern, found in (
        (r"(?:the |your |crashed |failing |problematic )?pod(?: name| id)?", _pod),
        (r"(?:the |your |affected )?(?:deployment|service|container|workload|app)(?: name)?", _workload),
        (r"(?:the |affected )?node(?: name)?", _node),
        (r"(?:previous |last |good |last good |stable )*revision(?: number)?", _revision),
        (r"(?:previous |last |good |last good |last known good |stable )+(?:version|tag|release|image)", _version),
        (r"(?:the |affected )?(?:symbol|ticker|instrument)", _symbol),
        (r"(?:the )?order(?: id)?", _order),
    )
)  # fmt: skip
"""The words of a placeholder's name -> what is looked for in the firm."""
