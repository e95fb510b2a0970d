"""The container platform: nodes, the workloads on them, and the verbs that operate or break them.

Operating verbs (deploy, roll back, scale, restart) are what a responder or a script calls; fault verbs do
the damage. Each of them returns a callable that heals it, which may be called twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sim.clock import MINUTE, VirtualTime
from sim.errors import BadInput
from sim.healing import Heal, nothing, once
from sim.history import History
from sim.pods import PENDING, STOPPED, Pod, Revision
from sim.timers import Timer
from sim.workload_faults import Defect
from sim.workloads import Deployment, Workload

EVICTION_MARGIN_MIB = 100.0
"""A node evicts when less than this is free."""


@dataclass(frozen=True, slots=True)
class PodStatus:
    """One row of the status table."""

    workload: str
    pod: str
    state: str
    ready: bool
    version: str
    revision: int
    restarts: int
    last_reason: str
    usage_mib: float
    limit_mib: float
    node: str | None
    age_us: int
    backoff_until_us: int | None


class Node:
    """A machine: a capacity, the pods placed on it, and memory that others take from it."""

    def __init__(self, env: VirtualTime, name: str, capacity_mib: float) -> None:
        """An empty node."""
        self.name, self.capacity_mib = name, capacity_mib
        self.pressure_mib = 0.0
        self.pods: list[Pod] = []
        self.next_eviction = Timer(env)

    def usage_mib(self) -> float:
        """Memory in use now."""
        return self.pressure_mib + sum(pod.usage_mib() for pod in self.pods)

    def free_mib(self) -> float:
        """Memory left before the node evicts."""
        return self.capacity_mib - EVICTION_MARGIN_MIB - self.usage_mib()

    def takes(self, pod: Pod) -> bool:
        """Whether the scheduler may place `pod` here: room for what it reserves, and no pressure now."""
        reserved = sum(other.owner.base_mib for other in self.pods)
        return reserved + pod.owner.base_mib <= self.capacity_mib and self.free_mib() > pod.owner.base_mib


class Cluster:
    """Every workload of the firm, by name."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        workloads: Iterable[Workload] = (),
        nodes: Sequence[tuple[str, float]] = (("node-a", 16384.0), ("node-b", 16384.0)),
    ) -> None:
        """Run `workloads` on `nodes`, each a name and its MiB."""
        self._env, self._history = env, history
        self.nodes = {name: Node(env, name, mib) for name, mib in nodes}
        self.deployments: dict[str, Deployment] = {}
        for workload in workloads:
            self.add(workload)

    def add(self, workload: Workload) -> Deployment:
        """Begin to run `workload`; its pods start at once."""
        deployment = Deployment(self._env, self._history, workload, self._place, self._remeasure)
        self.deployments[workload.name] = deployment
        deployment.reconcile("created")
        return deployment

    def __getitem__(self, name: str) -> Deployment:
        """The workload called `name`."""
        if name not in self.deployments:
            raise BadInput("unknown workload", mend=f"use one of {', '.join(self.deployments)}", value=name)
        return self.deployments[name]

    # Queries

    def ready(self, name: str) -> bool:
        """Whether every wanted replica serves; False when none is wanted."""
        deployment = self[name]
        return 0 < deployment.replicas <= deployment.ready_replicas

    def serving(self, name: str) -> bool:
        """Whether at least one replica serves."""
        return self[name].primary is not None

    def restarts(self, name: str) -> int:
        """Restarts so far."""
        return self[name].restarts

    def last_termination(self, name: str) -> str:
        """Why a pod ended last: OOMKilled, Error, evicted, ..."""
        return self[name].last_termination()

    def memory_ratio(self, name: str) -> float:
        """Memory over limit of the fullest pod."""
        return self[name].memory_ratio()

    def revisions(self, name: str) -> list[Revision]:
        """The revision history, oldest first."""
        return list(self[name].revisions)

    def status(self, name: str | None = None) -> list[PodStatus]:
        """One row per pod, of one workload or of all."""
        chosen = list(self.deployments.values()) if name is None else [self[name]]
        return [_row(pod, self._env.now) for deployment in chosen for pod in deployment.pods]

    def on_start(self, name: str, callback: Callable[[], object]) -> None:
        """Call when the service begins to run."""
        self[name].on_start(callback)

    def on_stop(self, name: str, callback: Callable[[str], object]) -> None:
        """Call with the reason when the service ceases to run and its memory is lost."""
        self[name].on_stop(callback)

    # Operating verbs, each with the way back

    def deploy(self, name: str, version: str, cause: str = "deploy") -> Heal:
        """Roll `version` out; the way back deploys the version before, if this one is still wanted."""
        deployment = self[name]
        previous = deployment.revision.version
        self._history.emit(
            "workload.deployed", name, version=version, previous=previous, revision=_next(deployment)
        )
        deployment.roll_out(version, deployment.revision.limit_mib, cause)

        def heal() -> None:
            if deployment.revision.version == version != previous:
                self.deploy(name, previous, "heal")

        return once(heal)

    def rollback(self, name: str, to: int | None = None) -> None:
        """Return to revision `to` or, without it, to the one before the present."""
        deployment = self[name]
        target = deployment.earlier(to)
        self._history.emit(
            "workload.rolled_back",
            name,
            version=target.version,
            previous=deployment.revision.version,
            restored=target.number,
            revision=_next(deployment),
        )
        deployment.return_to(target)

    def restart(self, name: str) -> None:
        """Replace every pod by a fresh one of the same version, as a new revision."""
        deployment = self[name]
        self._history.emit(
            "workload.restarted", name, version=deployment.revision.version, revision=_next(deployment)
        )
        deployment.roll_out(deployment.revision.version, deployment.revision.limit_mib, "restart")

    def scale(self, name: str, replicas: int) -> Heal:
        """Run this many pods; the way back is the number before."""
        if replicas < 0:
            raise BadInput("cannot run fewer than 0 replicas", mend="give 0 or more", value=replicas)
        deployment = self[name]
        before = deployment.replicas
        self._history.emit("workload.scaled", name, replicas=replicas, previous=before)
        deployment.scale(replicas)

        def heal() -> None:
            if deployment.replicas == replicas != before:
                self.scale(name, before)

        return once(heal)

    def stop(self, name: str) -> Heal:
        """Run none; the way back is the number before."""
        return self.scale(name, 0)

    def start(self, name: str) -> None:
        """Run as many replicas as the workload was defined with, if none is wanted now."""
        if self[name].replicas == 0:
            self.scale(name, max(1, self[name].workload.replicas))

    def set_limit(self, name: str, limit_mib: float) -> Heal:
        """Roll out another memory limit; the way back is the limit before."""
        deployment = self[name]
        if limit_mib <= 0:
            raise BadInput("a memory limit is above 0", mend="give MiB above 0", value=limit_mib)
        before = deployment.revision.limit_mib
        self._history.emit("workload.limit_set", name, limit_mib=float(limit_mib), previous=before)
        deployment.roll_out(deployment.revision.version, float(limit_mib), "limit")

        def heal() -> None:
            if deployment.revision.limit_mib == limit_mib != before:
                self.set_limit(name, before)

        return once(heal)

    # Faults

    def leak(self, name: str, mib_per_min: float) -> Heal:
        """Leak memory in every pod, across restarts, until healed."""
        return self[name].faults.leak(mib_per_min)

    def spike(self, name: str, mib: float) -> Heal:
        """Hold `mib` more in every pod until healed."""
        return self[name].faults.spike(mib)

    def kill(self, name: str, reason: str = "Error") -> Heal:
        """Crash every live pod once. There is nothing to heal: the platform restarts them."""
        for pod in list(self[name].pods):
            pod.crash(reason)
        return nothing

    def crash_on_start(self, name: str, version: str | None = None, reason: str = "Error") -> Heal:
        """Let every start of `version` (None: of any) fail until healed."""
        return self[name].faults.crash_on_start(version, reason)

    def declare_bad(
        self, name: str, version: str, *, crash_after_us: int | None = None, error_rate: float = 0.0
    ) -> Heal:
        """Give `version` a defect that shows once it is deployed."""
        return self[name].faults.declare_bad(version, Defect(crash_after_us, error_rate))

    def node_pressure(self, mib: float, node: str | None = None) -> Heal:
        """Let something outside our workloads take `mib` of a node's memory (None: of each node)."""
        nodes = list(self.nodes.values()) if node is None else [self._node(node)]
        self._press_all(nodes, mib)
        return once(lambda: self._press_all(nodes, -mib))

    # The scheduler and the nodes

    def _node(self, name: str) -> Node:
        if name not in self.nodes:
            raise BadInput("unknown node", mend=f"use one of {', '.join(self.nodes)}", value=name)
        return self.nodes[name]

    def _press_all(self, nodes: list[Node], mib: float) -> None:
        for node in nodes:
            node.pressure_mib += mib
            self._history.emit("workload.node_pressure", node.name, pressure_mib=float(node.pressure_mib))
            self._watch(node)
        self._place_pending()

    def _place(self, pod: Pod) -> None:
        candidates = [node for node in self.nodes.values() if node.takes(pod)]
        if not candidates:
            self._history.emit("workload.pending", pod.owner.name, pod=pod.name)
            return
        node = max(candidates, key=lambda candidate: candidate.free_mib())
        node.pods.append(pod)
        pod.node = node.name
        pod.start()

    def _place_pending(self) -> None:
        for deployment in self.deployments.values():
            for pod in list(deployment.pods):
                if pod.state == PENDING and any(node.takes(pod) for node in self.nodes.values()):
                    self._place(pod)

    def _remeasure(self, pod: Pod) -> None:
        if pod.node is None:
            return
        node = self.nodes[pod.node]
        if pod.state == STOPPED:
            node.pods.remove(pod)
            pod.node = None
        self._watch(node)
        self._place_pending()

    def _watch(self, node: Node) -> None:
        """Find the instant at which the node runs out of memory on the present course."""
        node.next_eviction.cancel()
        free = node.free_mib()
        if free < 0:
            # Not in the midst of a pod's own change: at the same instant, right after it.
            node.next_eviction.set(0, lambda: self._evict(node))
            return
        slope = sum(pod.slope_mib_per_min() for pod in node.pods)
        if slope > 0:
            node.next_eviction.set(round(free / slope * MINUTE) + 1, lambda: self._watch(node))

    def _evict(self, node: Node) -> None:
        if node.free_mib() >= 0 or not node.pods:
            return
        pod = max(node.pods, key=lambda candidate: candidate.usage_mib() - candidate.owner.base_mib)
        self._history.emit(
            "workload.evicted", pod.owner.name, pod=pod.name, node=node.name, usage_mib=pod.usage_mib()
        )
        self[pod.owner.name].remove(pod, "evicted")


def _row(pod: Pod, now_us: int) -> PodStatus:
    return PodStatus(
        pod.owner.name,
        pod.name,
        pod.state,
        pod.ready,
        pod.revision.version,
        pod.revision.number,
        pod.restarts,
        pod.last_reason,
        pod.usage_mib(),
        pod.revision.limit_mib,
        pod.node,
        now_us - pod.created_us,
        pod.backoff_until_us,
    )


def _next(deployment: Deployment) -> int:
    return deployment.revision.number + 1
