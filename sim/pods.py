"""One replica of a workload, as a container platform runs it.

It waits for a node, starts, runs, and may be killed: by its own crash, by the memory limit, by the node, or
on request. After a crash or a kill by memory the platform restarts it after a delay that doubles, 10 s to
300 s, and is forgiven after ten minutes of running. Memory is lost at each restart; what is on disk stays,
which is why disk is no part of a Pod.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sim.clock import MINUTE, SECOND, VirtualTime
from sim.history import History
from sim.timers import Ramp, Timer

FIRST_BACKOFF_US = 10 * SECOND
LONGEST_BACKOFF_US = 300 * SECOND
FORGIVEN_AFTER_US = 10 * MINUTE

PENDING, STARTING, RUNNING = "pending", "starting", "running"
OOMKILLED, CRASHLOOP, STOPPED = "oomkilled", "crashloop", "stopped"
ALIVE = (STARTING, RUNNING)
OOM_REASON = "OOMKilled"


@dataclass(slots=True, eq=False)
class Revision:
    """One template of a workload: what a pod of it runs. `number` rises again when it is rolled back to."""

    number: int
    version: str
    limit_mib: float
    created_us: int
    cause: str


class PodFate(Protocol):
    """What the faults of a workload come to for one pod."""

    def slope_mib_per_min(self, version: str) -> float:
        """Memory growth of a running pod of `version`."""

    def spike_mib(self) -> float:
        """Memory held above the base right from the start."""

    def crashes_after_us(self, version: str) -> tuple[int, str] | None:
        """How long after it is ready a pod of `version` crashes, and why; None when it does not."""


class PodOwner(Protocol):
    """What a pod asks of the workload it belongs to."""

    name: str
    base_mib: float
    startup_us: int
    restarts: int

    @property
    def fate(self) -> PodFate:
        """What its faults come to."""

    def pod_changed(self, pod: Pod, reason: str) -> None:
        """A pod became ready, or stopped being so for `reason`."""

    def remeasure(self, pod: Pod) -> None:
        """A pod's memory took another course."""


class Pod:
    """One replica: state, memory, restarts."""

    def __init__(self, env: VirtualTime, history: History, name: str, owner: PodOwner, revision: Revision) -> None:
        """A pending pod of `owner` that runs `revision` once it is placed on a node."""
        self._env, self._history = env, history
        self.name, self.owner, self.revision = name, owner, revision
        self.state = PENDING
        self.node: str | None = None
        self.created_us: int = env.now
        self.running_since_us: int | None = None
        self.restarts = 0
        self.last_reason = ""
        self.last_ended_us: int | None = None
        self.backoff_until_us: int | None = None
        self._failures = 0
        self._memory: Ramp | None = None
        self._next = Timer(env)
        self._out_of_memory = Timer(env)

    @property
    def ready(self) -> bool:
        """Whether it serves."""
        return self.state == RUNNING

    def usage_mib(self) -> float:
        """Memory now: 0 without a process, and never above the limit."""
        return 0.0 if self._memory is None else min(self._memory.value(), self.revision.limit_mib)

    def slope_mib_per_min(self) -> float:
        """Memory growth now."""
        return 0.0 if self._memory is None else self._memory.per_min

    def start(self) -> None:
        """Start the process: ready after the start-up time, unless this version does not get that far."""
        self.state, self.backoff_until_us = STARTING, None
        self._emit("workload.started", version=self.revision.version, restarts=self.restarts)
        self._memory = Ramp(self._env, self.owner.base_mib + self.owner.fate.spike_mib())
        self._next.set(self.owner.startup_us, self._become_ready)
        self.memory_changed()

    def stop(self, reason: str) -> None:
        """End it for good."""
        if self.state == STOPPED:
            return
        was_alive = self.state in ALIVE
        self._end(STOPPED, reason)
        if was_alive:
            self._emit("workload.stopped", reason=reason)
        self.owner.pod_changed(self, reason)

    def crash(self, reason: str, *, stays_down: bool = False) -> None:
        """The process ends by itself or is killed; the platform restarts it unless it `stays_down`."""
        if self.state not in ALIVE:
            return
        self._emit("workload.crashed", reason=reason, version=self.revision.version)
        if stays_down:
            self._end(STOPPED, reason)
            self.owner.pod_changed(self, reason)
        else:
            self._restart_later(CRASHLOOP, reason)

    def add_memory(self, mib: float) -> None:
        """Take (or give back) memory in one step."""
        if self._memory is not None:
            self._memory.add(mib)
            self.memory_changed()

    def grow(self, mib_per_min: float) -> None:
        """Grow by `mib_per_min` from now on."""
        if self._memory is not None and self.state == RUNNING:
            self._memory.slope(mib_per_min)
            self.memory_changed()

    def memory_changed(self) -> None:
        """Find the instant at which the limit is met on the present course."""
        self._out_of_memory.cancel()
        if self._memory is None:
            return
        delay_us = self._memory.us_until(self.revision.limit_mib)
        if delay_us == 0:
            self._kill_for_memory()
        elif delay_us is not None:
            self._out_of_memory.set(delay_us, self._kill_for_memory)
        self.owner.remeasure(self)

    def _become_ready(self) -> None:
        fate = self.owner.fate.crashes_after_us(self.revision.version)
        if fate is not None and fate[0] == 0:
            self.crash(fate[1])
            return
        self.state, self.running_since_us = RUNNING, self._env.now
        if fate is not None:
            self._next.set(fate[0], self._crash_if_still_bad)
        self._emit("workload.ready", version=self.revision.version, revision=self.revision.number)
        self.grow(self.owner.fate.slope_mib_per_min(self.revision.version))
        self.owner.pod_changed(self, "ready")

    def _crash_if_still_bad(self) -> None:
        fate = self.owner.fate.crashes_after_us(self.revision.version)
        if fate is not None:
            self.crash(fate[1])

    def _kill_for_memory(self) -> None:
        self._emit("workload.oomkilled", usage_mib=self.usage_mib(), limit_mib=self.revision.limit_mib)
        self._restart_later(OOMKILLED, OOM_REASON)

    def _restart_later(self, state: str, reason: str) -> None:
        if self.running_since_us is not None and self._env.now - self.running_since_us >= FORGIVEN_AFTER_US:
            self._failures = 0
        # The platform shows the kill itself once; from the second failure in a row it shows the loop.
        self._end(state if self._failures == 0 else CRASHLOOP, reason)
        delay_us = min(FIRST_BACKOFF_US << min(self._failures, 5), LONGEST_BACKOFF_US)
        self._failures += 1
        self.backoff_until_us = self._env.now + delay_us
        self._emit("workload.backoff", delay_us=delay_us, failures=self._failures, reason=reason)
        self._next.set(delay_us, self._restart)
        self.owner.pod_changed(self, reason)

    def _restart(self) -> None:
        self.restarts += 1
        self.owner.restarts += 1
        self.start()

    def _end(self, state: str, reason: str) -> None:
        self.state, self.last_reason, self.last_ended_us = state, reason, self._env.now
        self.running_since_us, self.backoff_until_us, self._memory = None, None, None
        self._next.cancel()
        self._out_of_memory.cancel()
        self.owner.remeasure(self)

    def _emit(self, kind: str, **data: object) -> None:
        self._history.emit(kind, self.owner.name, pod=self.name, **data)
