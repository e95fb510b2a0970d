"""What a team calls its things, and what they are in the simulated firm.

A runbook says `deployment/quant-trader -n production`, `postgres-0`, container `trading_bot`; the World runs
trading-system, execution-gateway, market-data, postgres and redis. The naming is derived from the runbook's
own commands (and a repository's manifests), can be shown row by row, and says for each row why. A name that
means none of these becomes a plain service of its own, which is said as an assumption.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from drills.shell.mentions import Mentions, mentions
from drills.shell.naming import MONITORING, assign, base_name, guess, tokens
from sim.config import TRADING_SYSTEM

if TYPE_CHECKING:
    from drills.runbook.model import Runbook

WORKLOADS = (TRADING_SYSTEM, "execution-gateway", "market-data", "postgres", "redis")
_METRIC_WORDS = {
    "percentage": "pct", "percent": "pct", "pct": "pct", "ratio": "ratio", "seconds": "s", "sec": "s", "total": "",
    "pnl": "loss", "latency": "latency", "count": "", "current": "",
}  # fmt: skip


class Row(NamedTuple):
    """One line of the naming."""

    name: str
    kind: str
    here: str
    """What it is in this firm; "" when it is nothing here."""
    why: str
    assumed: bool = False
    """Whether it is an assumption that a person should read."""


@dataclass
class Inventory:
    """A naming. The one without a runbook knows the World's own names and accepts every namespace."""

    services: dict[str, str] = field(default_factory=lambda: {name: name for name in WORKLOADS})
    """Deployment -> workload here; its own name for a service that only this team has."""
    namespaces: dict[str, str] = field(default_factory=dict)
    """Deployment -> namespace."""
    default_namespace: str = ""
    """The namespace of what is not said otherwise; "" when the runbook names none, and none is checked."""
    pods: dict[str, str] = field(default_factory=dict)
    """Pod name used -> deployment."""
    pod_containers: dict[str, str] = field(default_factory=dict)
    """Deployment -> the container that the runbook names in its pods."""
    containers: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    processes: dict[str, str] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)
    """Host, with its port where one is given -> what answers there (see `drills.shell.tools.web`)."""
    databases: tuple[str, ...] = ("trading",)
    config_maps: tuple[str, ...] = ("trading-config",)
    metrics: dict[str, str] = field(default_factory=dict)
    """Metric name used -> metric here."""
    rows: list[Row] = field(default_factory=list)
    repo: Path | None = None

    def extra_workloads(self) -> list[str]:
        """Services that the World must be given: the team has them and the World has not."""
        own = [*self.services.values(), *self.containers.values(), *self.units.values()]
        return [name for name in dict.fromkeys(own) if name not in WORKLOADS and name != MONITORING]

    def deployment_of(self, workload: str) -> str:
        """What the team calls a workload."""
        return next((name for name, here in self.services.items() if here == workload), workload)

    def namespace_of(self, deployment: str) -> str:
        """Where a deployment lives."""
        return self.namespaces.get(deployment, self.default_namespace or "default")


def derive(
    runbooks: Iterable[Runbook] = (), repo: Path | None = None, metrics: Sequence[str] = (),
    commands: Iterable[tuple[str, int]] = (),
) -> Inventory:  # fmt: skip
    """The naming of these runbooks; `metrics` are the names that the World exports."""
    texts = [*commands, *((text, line) for runbook in runbooks for text, line in _commands(runbook))]
    found = mentions(texts)
    if repo is not None:
        _read_manifests(found, repo)
    inventory = Inventory(repo=repo)
    _name_services(inventory, found)
    _name_others(inventory, found)
    _name_hosts(inventory, found)
    _name_metrics(inventory, found, metrics)
    return inventory


def _commands(runbook: Runbook) -> Iterator[tuple[str, int]]:
    for procedure in runbook.procedures:
        for step in procedure.steps:
            yield from _of_step(step)


def _of_step(step: object) -> Iterator[tuple[str, int]]:
    for command in getattr(step, "commands", ()):
        yield command.text, command.line
    for child in getattr(step, "children", ()):
        yield from _of_step(child)


def _name_services(inventory: Inventory, found: Mentions) -> None:
    """Deployments, pods and namespaces."""
    deployments = [name for name in found.of("deployment") if not _placeholder(name)]
    pods = [name for name in found.of("pod") if not _placeholder(name)]
    known = set(deployments)
    bases = [*deployments, *(base_name(pod) for pod in pods if base_name(pod) not in known)]
    services: dict[str, str] = {}
    for name, guessed in assign(bases).items():
        kind = "deployment" if name in known else "pod"
        line = found.line("deployment", name) or next((found.line("pod", p) for p in pods if base_name(p) == name), 0)
        if guessed is not None and guessed.here in WORKLOADS:
            services[name] = guessed.here
            inventory.rows.append(Row(name, kind, guessed.here, f'{_at(line)}, by the word "{guessed.word}"'))
        else:
            services[name] = name
            why = f"{_at(line)}: a service of its own, healthy unless a command touches it"
            inventory.rows.append(Row(name, kind, name, why, assumed=True))
    taken = set(services.values())
    inventory.services = {
        **services,
        **{here: here for here in WORKLOADS if here not in taken and here not in services},
    }
    for pod in pods:
        base = base_name(pod)
        inventory.pods[pod] = base
        if pod != base:
            here = inventory.services[base]
            why = f"line {found.line('pod', pod)}: stands for the pod of {base} that serves"
            inventory.rows.append(Row(pod, "pod", here, why, assumed=True))
    for container, name in found.containers_of.items():
        inventory.pod_containers.setdefault(inventory.pods.get(name, name), container)
    _name_namespaces(inventory, found)
    inventory.config_maps = tuple(name for name in found.of("configmap") if not _placeholder(name)) or (
        "trading-config",
    )
    for name in found.of("configmap"):
        inventory.rows.append(Row(name, "configmap", name, _at(found.line("configmap", name)), assumed=True))


def _name_namespaces(inventory: Inventory, found: Mentions) -> None:
    used = Counter(name for names in found.namespaces.values() for name in names if name)
    if not used:
        return
    inventory.default_namespace = used.most_common(1)[0][0]
    for name in used:
        line = found.line("namespace", name)
        inventory.rows.append(Row(name, "namespace", name, f"line {line}, named {used[name]} times"))
    for deployment in inventory.services:
        named = [n for name, spaces in found.namespaces.items() if base_name(name) == deployment or name == deployment
                 for n in spaces if n]  # fmt: skip
        if named:
            inventory.namespaces[deployment] = Counter(named).most_common(1)[0][0]
    for name, line in found.without_namespace.items():
        where = inventory.namespace_of(base_name(name) if base_name(name) in inventory.services else name)
        why = f"line {line} names no namespace, so kubectl looks in default; it runs in {where}"
        if where != "default" and not _placeholder(name):
            inventory.rows.append(Row(name, "namespace", where, why))


def _name_others(inventory: Inventory, found: Mentions) -> None:
    """Containers, units, processes and databases."""
    for kind, table in (("container", inventory.containers), ("unit", inventory.units)):
        names = [name for name in found.of(kind) if not _placeholder(name)]
        for name, guessed in assign(names).items():
            line = found.line(kind, name)
            if guessed is not None:
                table[name] = guessed.here
                inventory.rows.append(Row(name, kind, guessed.here, f'{_at(line)}, by the word "{guessed.word}"'))
            else:
                table[name] = base_name(name)
                why = f"{_at(line)}: a service of its own, healthy unless a command touches it"
                inventory.rows.append(Row(name, kind, base_name(name), why, assumed=True))
    for name in (*found.of("process"), *found.of("grepped")):
        guessed = guess(name)
        if guessed is not None and guessed.here in WORKLOADS and not _placeholder(name):
            inventory.processes.setdefault(name, guessed.here)
            line = found.line("process", name) or found.line("grepped", name)
            inventory.rows.append(Row(name, "process", guessed.here, f'{_at(line)}, by the word "{guessed.word}"'))
    if found.of("database"):
        inventory.databases = tuple(found.of("database"))
        for name in inventory.databases:
            inventory.rows.append(Row(name, "database", "postgres", f"line {found.line('database', name)}"))


def _name_hosts(inventory: Inventory, found: Mentions) -> None:
    from drills.shell.tools.web.hosts import what_answers  # what answers is known where it answers

    for host in found.of("host"):
        here = what_answers(host, inventory)
        inventory.hosts[host] = here
        why = f"line {found.line('host', host)}"
        inventory.rows.append(
            Row(host, "host", here, why if here else f"{why}: not in this firm, cannot be reached here")
        )


def _name_metrics(inventory: Inventory, found: Mentions, metrics: Sequence[str]) -> None:
    known = list(dict.fromkeys(metrics))
    for name in found.of("metric"):
        if name in known:
            continue
        here = same_metric(name, known)
        line = found.line("metric", name)
        if here:
            inventory.metrics[name] = here
        why = f"line {line}" if here else f"line {line}: nothing here exports it, queries find nothing"
        inventory.rows.append(Row(name, "metric", here, why, assumed=True))


def same_metric(name: str, known: Sequence[str]) -> str:
    """The metric of `known` whose words are those of `name`; "" when there is none."""

    def words(metric: str) -> frozenset[str]:
        spelt = [_METRIC_WORDS.get(word, word) for word in metric.lower().split("_")]
        return frozenset(word for word in spelt if word)

    wanted = words(name)
    return next((metric for metric in known if words(metric) == wanted), "")


def _at(line: int) -> str:
    return f"line {line}" if line else "a manifest of the repository"


def _placeholder(name: str) -> bool:
    strange = not re.fullmatch(r"[\w.-]+", name) or name.endswith((":", "."))
    return strange or name.upper() == name != name.lower() or "xxx" in name


_KIND_LINE = re.compile(r"^kind:\s*(\w+)", re.M)


def _read_manifests(found: Mentions, repo: Path) -> None:
    """Deployments and config maps of a repository's manifests, with their namespaces; other files are passed."""
    import yaml

    for path in sorted(repo.rglob("*.y*ml")):
        if any(part.startswith(".") or part in ("node_modules", "venv") for part in path.relative_to(repo).parts):
            continue
        try:
            text = path.read_text(encoding="utf-8")
            if not _KIND_LINE.search(text) or len(text) > 1_000_000:
                continue
            documents = [doc for doc in yaml.safe_load_all(text) if isinstance(doc, dict)]
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            continue
        for document in documents:
            _read_manifest(found, document)


def _read_manifest(found: Mentions, document: dict[str, object]) -> None:
    meta = document.get("metadata")
    if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
        return
    kind = {"Deployment": "deployment", "StatefulSet": "deployment", "ConfigMap": "configmap"}.get(
        str(document.get("kind"))
    )
    if kind is not None:
        found.add(kind, meta["name"], 0)
        found.namespaces.setdefault(meta["name"], []).append(str(meta.get("namespace", "")))


__all__ = ["Inventory", "Row", "derive", "tokens"]
