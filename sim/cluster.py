"""The container platform: every workload by name, and the verbs that operate or break them.

Operating verbs (deploy, roll back, scale, restart) are what a responder or a script calls; fault verbs do
the damage. Each of them returns a callable that heals it, which may be called twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sim.clock import SECOND, VirtualTime
from sim.config_maps import ConfigMaps
from sim.errors import BadInput
from sim.healing import Heal, once
from sim.history import History
from sim.nodes import Nodes
from sim.pods import Pod, Revision
from sim.samples import Series
from sim.workload_faults import Defect
from sim.workloads import Deployment, Workload


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
        self.deployments: dict[str, Deployment] = {}
        self.config_maps = ConfigMaps(history)
        self.nodes = Nodes(env, history, nodes, self._pods, self._evict)
        for workload in workloads:
            self.add(workload)

    def add(self, workload: Workload) -> Deployment:
        """Begin to run `workload`; its pods start at once."""
        deployment = Deployment(self._env, self._history, workload, self.nodes.place, self.nodes.remeasure)
        self.deployments[workload.name] = deployment
        deployment.reconcile()
        return deployment

    def __getitem__(self, name: str) -> Deployment:
        """The workload called `name`."""
        if name not in self.deployments:
            raise BadInput("unknown workload", mend=f"use one of {', '.join(self.deployments)}", value=name)
        return self.deployments[name]

    # Queries

    def ready(self, name: str) -> bool:
        """Whether every wanted replica serves; False when none is wanted."""
        return self[name].exported()[0] == 1.0

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

    def exporter(self) -> tuple[list[Series], Callable[[], list[float]]]:
        """For `Monitoring.exporter`: ready, restarts and memory ratio of every workload there is now."""
        deployments = list(self.deployments.values())
        series = [
            Series(name, (("workload", deployment.name),), counts=name == "workload_restarts")
            for deployment in deployments
            for name in ("workload_ready", "workload_restarts", "workload_memory_ratio")
        ]
        return series, lambda: [value for deployment in deployments for value in deployment.exported()]

    def on_start(self, name: str, callback: Callable[[], object]) -> None:
        """Call when the service begins to run."""
        self[name].on_start(callback)

    def on_stop(self, name: str, callback: Callable[[str], object]) -> None:
        """Call with the reason when the service ceases to run and its memory is lost."""
        self[name].on_stop(callback)

    def slowdown(self, name: str) -> float:
        """How many times longer the work of a workload takes, for the node that its first pod is on."""
        primary = self[name].primary
        return 1.0 if primary is None or primary.node is None else self.nodes[primary.node].slowdown

    # Operating verbs, each with the way back

    def add_node(self, name: str, capacity_mib: float) -> None:
        """Give the scheduler a further node."""
        self.nodes.add(name, capacity_mib)

    def deploy(self, name: str, version: str, cause: str = "deploy") -> Heal:
        """Roll `version` out; the way back deploys the version before, if this one is still wanted."""
        deployment = self[name]
        previous = deployment.revision.version
        self._history.emit("workload.deployed", name, version=version, previous=previous, revision=_next(deployment))
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
        self._history.emit("workload.restarted", name, version=deployment.revision.version, revision=_next(deployment))
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
        """Bring a workload back that was stopped, or whose process went down for good."""
        if self[name].replicas == 0:
            self.scale(name, max(1, self[name].workload.replicas))
        self[name].revive()

    def delete_pod(self, pod_name: str) -> None:
        """End one pod; its workload replaces it."""
        for deployment in self.deployments.values():
            for pod in deployment.pods:
                if pod.name == pod_name:
                    deployment.remove(pod, "deleted")
                    deployment.reconcile()
                    return
        names = ", ".join(row.pod for row in self.status())
        raise BadInput("unknown pod", mend=f"use one of {names}", value=pod_name)

    def set_environment(self, name: str, changes: Mapping[str, str | None]) -> None:
        """Roll out with other environment variables; None takes one away."""
        deployment = self[name]
        for variable, value in changes.items():
            if value is None:
                deployment.environment.pop(variable, None)
            else:
                deployment.environment[variable] = value
        self._history.emit("workload.environment_set", name, variables=sorted(changes))
        deployment.roll_out(deployment.revision.version, deployment.revision.limit_mib, "environment")

    def cordon(self, node: str, *, on: bool = True) -> None:
        """Let a node take no new pod, or take them again."""
        self.nodes.cordon(node, on=on)

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

    def leak(self, name: str, mib_per_min: float, version: str | None = None) -> Heal:
        """Leak memory in every pod of `version` (None: of any), across restarts, until healed."""
        return self[name].faults.leak(mib_per_min, version)

    def oom_loop(self, name: str, kills: int = 5, survives_us: int = 20 * SECOND) -> Heal:
        """Kill by memory `survives_us` after each start, `kills` times, unless the limit is raised."""
        return self[name].faults.oom_loop(kills, survives_us)

    def spike(self, name: str, mib: float) -> Heal:
        """Hold `mib` more in every pod until healed."""
        return self[name].faults.spike(mib)

    def kill(self, name: str, reason: str = "Error", *, stays_down: bool = False) -> Heal:
        """Crash every live pod once. The platform restarts them unless they are to stay down."""
        deployment = self[name]
        for pod in list(deployment.pods):
            pod.crash(reason, stays_down=stays_down)
        return once(deployment.revive)

    def node_pressure(self, mib: float, node: str | None = None, slowdown: float = 1.0) -> Heal:
        """Let others take `mib` of a node's memory and its processor (None: of each node of now).

        Work on it takes `slowdown` times as long; new pods avoid it where they can.
        """
        return self.nodes.press(mib, node, slowdown)

    def crash_on_start(self, name: str, version: str | None = None, reason: str = "Error") -> Heal:
        """Let every start of `version` (None: of any) fail until healed."""
        return self[name].faults.crash_on_start(version, reason)

    def declare_bad(
        self, name: str, version: str, *, crash_after_us: int | None = None, error_rate: float = 0.0
    ) -> Heal:
        """Give `version` a defect that shows once it is deployed."""
        return self[name].faults.declare_bad(version, Defect(crash_after_us, error_rate))

    def _pods(self) -> list[Pod]:
        return [pod for deployment in self.deployments.values() for pod in deployment.pods]

    def _evict(self, pod: Pod) -> None:
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
