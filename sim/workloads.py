"""A workload: some replicas of one service, kept at the wanted number and version.

It rolls a new version out pod by pod (or all at once, for a service that must not run twice) and remembers
its revisions. It also tells the World when the service begins and ceases to run, so that the user's code
lives and dies with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sim.clock import SECOND, VirtualTime
from sim.errors import BadInput
from sim.history import History
from sim.pods import OOM_REASON, RUNNING, STOPPED, Pod, Revision
from sim.workload_faults import WorkloadFaults


@dataclass(frozen=True, slots=True)
class Workload:
    """What a service needs: the part of its manifest that a drill can feel."""

    name: str
    replicas: int = 1
    version: str = "1.0.0"
    base_mib: float = 256.0
    """Memory right after a start; also what the scheduler sets aside on a node."""
    limit_mib: float = 512.0
    growth_mib_per_min: float = 0.0
    startup_us: int = 15 * SECOND
    strategy: Literal["rolling", "recreate"] = "rolling"
    """`recreate` stops the old pods before it starts new ones: two trading systems at once would be worse."""

    def __post_init__(self) -> None:
        """Refuse what could never run."""
        if not 0 < self.base_mib < self.limit_mib:
            raise BadInput(
                f"workload {self.name} starts with {self.base_mib} MiB but may use {self.limit_mib} MiB",
                mend="give base_mib above 0 and below limit_mib",
            )
        if self.replicas < 0 or self.startup_us < 0:
            raise BadInput(f"workload {self.name} has negative replicas or startup_us", mend="give 0 or more")


class Deployment:
    """A workload at run time. `Cluster` makes it and passes the verbs on."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        workload: Workload,
        place: Callable[[Pod], None],
        remeasure: Callable[[Pod], None],
    ) -> None:
        """Run `workload`; `place` finds a node for a pending pod, `remeasure` looks at a pod's node again."""
        self._env, self._history = env, history
        self.name, self.workload = workload.name, workload
        self.base_mib, self.startup_us = workload.base_mib, workload.startup_us
        self._place, self._remeasure = place, remeasure
        self.replicas = workload.replicas
        self.pods: list[Pod] = []
        self.revisions = [Revision(1, workload.version, workload.limit_mib, env.now, "created")]
        self.environment: dict[str, str] = {}
        self.incarnations = 0
        self.primary: Pod | None = None
        self._on_start: list[Callable[[], object]] = []
        self._on_stop: list[Callable[[str], object]] = []
        self.faults = WorkloadFaults(env, history, self.name, workload.growth_mib_per_min, lambda: list(self.pods))
        self.restarts = 0
        """Restarts of all its pods, gone ones included, so that it never falls."""
        self.ready_replicas = 0
        """Pods that serve."""
        self._steady: tuple[float, float, float] | None = None
        """What `exported` is while nothing changes and no pod grows: it is read at every scrape."""
        self._last_termination: tuple[int, str] | None = None
        self._pods_made = 0
        self._rolling_out = False
        self._cause = "created"
        """Why pods are being replaced: what the user's code is told when it is stopped for it."""
        self._reconciling = self._reconcile_again = False

    # What it is now

    @property
    def revision(self) -> Revision:
        """The wanted revision: the newest."""
        return self.revisions[-1]

    def usage_mib(self) -> float:
        """Memory of all its pods."""
        return sum(pod.usage_mib() for pod in self.pods)

    def memory_ratio(self) -> float:
        """Memory over limit of the pod that is closest to its limit; 0 when none runs."""
        return self.exported()[2]

    def exported(self) -> tuple[float, float, float]:
        """What monitoring scrapes: whether every wanted replica serves, restarts, memory over limit."""
        if self._steady is not None:
            return self._steady
        ratio = max((pod.usage_mib() / pod.revision.limit_mib for pod in self.pods), default=0.0)
        exported = (float(0 < self.replicas <= self.ready_replicas), float(self.restarts), ratio)
        if not any(pod.slope_mib_per_min() for pod in self.pods):
            self._steady = exported
        return exported

    def error_rate(self) -> float:
        """Share of requests that fail because of the versions that serve; 1 when none serves."""
        rates = [self.faults.error_rate(pod.revision.version) for pod in self.pods if pod.state == RUNNING]
        return sum(rates) / len(rates) if rates else 1.0

    def last_termination(self) -> str:
        """Why a pod of it ended last, or "" when none has."""
        ended = [(pod.last_ended_us, pod.last_reason) for pod in self.pods if pod.last_ended_us is not None]
        if self._last_termination is not None:
            ended.append(self._last_termination)
        return max(ended)[1] if ended else ""

    @property
    def fate(self) -> WorkloadFaults:
        """What its faults come to for a pod."""
        return self.faults

    # Who listens

    def on_start(self, callback: Callable[[], object]) -> None:
        """Call when the service begins to run, in its first pod or in another one that takes over."""
        self._on_start.append(callback)

    def on_stop(self, callback: Callable[[str], object]) -> None:
        """Call with the reason when the pod that runs the service ends: its memory is lost."""
        self._on_stop.append(callback)

    # Replicas and revisions

    def scale(self, replicas: int) -> None:
        """Run this many pods."""
        self.replicas, self._steady = replicas, None
        self._want("scaled")

    def roll_out(self, version: str, limit_mib: float, cause: str) -> None:
        """Make a revision and replace the pods by it."""
        number = self.revision.number + 1
        self.revisions.append(Revision(number, version, limit_mib, self._env.now, cause))
        self._rolling_out = True
        self._want(cause)

    def revive(self) -> None:
        """Replace pods that went down for good."""
        for pod in [pod for pod in self.pods if pod.state == STOPPED]:
            self.remove(pod, pod.last_reason)
        self.reconcile()

    def earlier(self, number: int | None) -> Revision:
        """Revision `number`, by default the one before the present."""
        earlier = {revision.number: revision for revision in self.revisions[:-1]}
        if not earlier or (number is not None and number not in earlier):
            raise BadInput(
                f"workload {self.name} has no earlier revision {'' if number is None else number}",
                mend=f"roll back to one of {sorted(earlier)}" if earlier else "deploy a second version first",
            )
        return earlier[max(earlier) if number is None else number]

    def return_to(self, revision: Revision) -> None:
        """Want an earlier revision again: it becomes the newest, under a new number, and keeps its pods."""
        number = self.revision.number + 1
        self.revisions.remove(revision)
        self.revisions.append(revision)
        revision.number = number
        self._rolling_out = True
        self._want("rollback")

    def _want(self, cause: str) -> None:
        self._cause = cause
        self.reconcile()

    def reconcile(self) -> None:
        """Bring the pods to the wanted number and revision, as far as can be done at this instant."""
        if self._reconciling:
            self._reconcile_again = True
            return
        self._reconciling = True
        try:
            self._reconcile_again = True
            while self._reconcile_again:
                self._reconcile_again = False
                self._remove_surplus()
                self._create_missing()
        finally:
            self._reconciling = False
        self._report_rollout()

    def pod_changed(self, pod: Pod, reason: str) -> None:
        """A pod became ready or ceased to be."""
        self.ready_replicas = sum(pod.state == RUNNING for pod in self.pods)
        self._steady = None
        if pod is self.primary and not pod.ready:
            self.primary = None
            for stopped in self._on_stop:
                stopped(reason)
        if pod.ready:
            self.faults.pod_ready(pod)
        elif reason == OOM_REASON:
            self.faults.pod_oomkilled()
        self._elect_primary()
        self.reconcile()

    def remeasure(self, pod: Pod) -> None:
        """A pod's memory takes another course: its node has to look again."""
        self._steady = None
        self._remeasure(pod)

    def remove(self, pod: Pod, reason: str) -> None:
        """End a pod for good; `reconcile` replaces it when it is missed."""
        self.pods.remove(pod)
        pod.stop(reason)
        self._last_termination = (self._env.now, reason)

    # The controller's steps

    def _split(self) -> tuple[list[Pod], list[Pod]]:
        current = [pod for pod in self.pods if pod.revision is self.revision]
        return current, [pod for pod in self.pods if pod.revision is not self.revision]

    def _remove_surplus(self) -> None:
        current, old = self._split()
        keep = 0
        if self.workload.strategy == "rolling":
            # An old pod is let go only when a new one serves in its place.
            keep = max(0, self.replicas - sum(pod.ready for pod in current))
        # Those that do not serve go first, then the oldest.
        old.sort(key=lambda pod: pod.ready)
        for pod in old[: max(0, len(old) - keep)]:
            self._discard(pod)
        for pod in current[self.replicas :]:
            self._discard(pod)

    def _discard(self, pod: Pod) -> None:
        # A callback of an earlier one may have taken it already.
        if pod in self.pods:
            self.remove(pod, self._cause)

    def _create_missing(self) -> None:
        current, old = self._split()
        surge = self.replicas + (1 if old else 0)
        while len(current) < self.replicas and len(current) + len(old) < surge:
            self._pods_made += 1
            name = f"{self.name}-{self.revision.number}-{self._pods_made}"
            pod = Pod(self._env, self._history, name, self, self.revision)
            self.pods.append(pod)
            current.append(pod)
            self._place(pod)

    def _elect_primary(self) -> None:
        if self.primary is not None:
            return
        self.primary = next((pod for pod in self.pods if pod.ready), None)
        if self.primary is not None:
            self.incarnations += 1
            for started in self._on_start:
                started()

    def _report_rollout(self) -> None:
        current, old = self._split()
        if self._rolling_out and not old and sum(pod.ready for pod in current) >= self.replicas:
            self._rolling_out = False
            self._history.emit(
                "workload.rolled_out",
                self.name,
                version=self.revision.version,
                revision=self.revision.number,
            )
