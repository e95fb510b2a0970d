"""The terminal that a rehearsal is typed into: the firm's shell, with the names that the runbook gives its things."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from drills.rehearsal.keyboard import Desk, OpenTerminal
from drills.runner import Text
from drills.shell.firm import Firm
from drills.shell.inventory import Inventory, derive
from drills.shell.session import PATIENCE_US, Outcome, Session
from drills.shell.tools import all_tools, deskctl
from drills.shell.tools.firm import firm_of
from scenarios.nemesis import Nemesis
from sim.world import World

_OWN = {name: program.run for name, program in deskctl.TOOLS.items()}
"""The desk's own tool stands beside what every machine has."""

_PLAIN = ("namespace", "pod", "configmap")
"""Kinds of names whose meaning goes without saying."""


class Workstation:
    """The on-call's own machine, with one terminal open on it."""

    def __init__(self, firm: Firm, inventory: Inventory) -> None:
        """Log in."""
        self._session, self._inventory = Session(firm), inventory
        self.assumed = tuple(_assumed(inventory))
        firm_of(self._session.console).namespace = inventory.default_namespace

    def type(
        self, text: str, done: Callable[[Outcome], None], *, context: Mapping[str, Any] | None = None,
        patience_us: int = PATIENCE_US,
    ) -> None:  # fmt: skip
        """Run `text`; see `drills.shell.session.Session.type`."""
        self._session.type(text, done, context=context, patience_us=patience_us)

    def name_of(self, workload: str) -> str:
        """What the team calls a workload."""
        return self._inventory.deployment_of(workload)


def opener(text: Text, repo: Path | None = None, project: Path | None = None) -> OpenTerminal:
    """Opens terminals in which the text's own names for deployments, hosts and files are known.

    `repo` is where the text's scripts and modules are looked for, `project` where the user's code is; where only
    one is given, it is both.
    """
    return partial(_open, text, repo or project)


def _metrics(world: World) -> list[str]:
    """What monitoring exports; nothing in a bare World."""
    return list(dict.fromkeys(series.name for series in world.monitoring.series)) if world.config.monitored else []


def _assumed(inventory: Inventory) -> Iterator[str]:
    """What the naming takes for granted, and a person should read."""
    where = inventory.default_namespace
    unsaid = [row.name for row in inventory.rows if row.kind == "namespace" and "names no namespace" in row.why]
    if where and unsaid:
        yield f"kubectl without -n looks in {where}, as on a workstation that is set up for it: {_some(unsaid)}"
    for row in inventory.rows:
        if row.assumed and row.kind not in _PLAIN:
            yield f"{row.kind} {row.name} is {row.here or 'nothing that this firm has'}: {row.why}"


def _some(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:4]) + (f" and {len(unique) - 4} more" if len(unique) > 4 else "")


def _open(text: Text, repo: Path | None, world: World, nemesis: Nemesis) -> Desk:
    firm = Firm(world, nemesis, repo=repo, tools={**all_tools(), **_OWN})
    inventory = firm.keep(Inventory, lambda: derive([text.runbook], repo, _metrics(world)))
    return Workstation(firm, inventory)
