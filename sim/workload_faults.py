"""What can be wrong with a workload: leaks, held memory, crashes at start, bad versions.

These outlive a restart of its pods, as a bug in the code does. Each verb leaves an event and returns the
callable that heals it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.clock import MINUTE, VirtualTime
from sim.healing import Heal, nothing, once
from sim.history import History
from sim.pods import Pod


@dataclass(frozen=True, slots=True)
class Defect:
    """What is wrong with a version: when it crashes after it is ready, which share of requests it fails."""

    crash_after_us: int | None = None
    error_rate: float = 0.0
    reason: str = "Error"


_SOUND = Defect()


class Surge:
    """An allocation that fills a pod up to `limit_mib` some time after each start."""

    __slots__ = ("filled_mib", "heal", "kills_left", "limit_mib", "survives_us")

    def __init__(self, limit_mib: float, kills: int, survives_us: int) -> None:
        """Nothing filled yet."""
        self.limit_mib, self.kills_left, self.survives_us = limit_mib, kills, survives_us
        self.filled_mib: dict[str, tuple[int, float]] = {}
        self.heal: Heal = nothing


class WorkloadFaults:
    """The faults of one workload, and what they come to for each of its pods."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        name: str,
        growth_mib_per_min: float,
        pods: Callable[[], list[Pod]],
    ) -> None:
        """No fault yet: pods grow by `growth_mib_per_min`."""
        self._env, self._history, self._name, self._pods = env, history, name, pods
        self._growth_mib_per_min = growth_mib_per_min
        self._leaks: list[tuple[float, str | None]] = []
        self._spikes: list[float] = []
        self._start_crashes: list[tuple[str | None, str]] = []
        self._defects: dict[str, Defect] = {}
        self._surges: list[Surge] = []

    def slope_mib_per_min(self, version: str) -> float:
        """Memory growth of a running pod of `version`: its own and every leak's."""
        return self._growth_mib_per_min + sum(rate for rate, only in self._leaks if only in (None, version))

    def spike_mib(self) -> float:
        """Memory that every pod holds on top, right from its start."""
        return sum(self._spikes)

    def error_rate(self, version: str) -> float:
        """Share of requests that `version` fails."""
        return self._defects.get(version, _SOUND).error_rate

    def crashes_after_us(self, version: str) -> tuple[int, str] | None:
        """When a pod of `version` crashes after it is ready, and why; None when it does not."""
        for only_version, reason in self._start_crashes:
            if only_version in (None, version):
                return 0, reason
        defect = self._defects.get(version, _SOUND)
        return None if defect.crash_after_us is None else (defect.crash_after_us, defect.reason)

    def leak(self, mib_per_min: float, version: str | None = None) -> Heal:
        """Grow faster in pods of `version` (None: of any); healing stops it and gives back what leaked."""
        since_us, entry = self._env.now, (mib_per_min, version)
        self._leaks.append(entry)
        self._emit("workload.leak", mib_per_min=float(mib_per_min), version=version or "any")
        self._regrow()

        def heal() -> None:
            self._leaks.remove(entry)
            self._emit("workload.leak_healed", mib_per_min=float(mib_per_min))
            self._regrow()
            for pod in self._pods():
                if pod.running_since_us is not None and version in (None, pod.revision.version):
                    leaked_us = self._env.now - max(since_us, pod.running_since_us)
                    pod.add_memory(-mib_per_min * leaked_us / MINUTE)

        return once(heal)

    def spike(self, mib: float) -> Heal:
        """Hold `mib` more in every pod, restarted ones included."""
        self._spikes.append(mib)
        self._emit("workload.spike", mib=float(mib))
        self._add(mib)

        def heal() -> None:
            self._spikes.remove(mib)
            self._emit("workload.spike_healed", mib=float(mib))
            self._add(-mib)

        return once(heal)

    def oom_loop(self, kills: int, survives_us: int) -> Heal:
        """Fill a pod up to the present limit `survives_us` after each start, until `kills` kills are done.

        A higher limit outlives it, since what is filled is the limit of now.
        """
        limit_mib = max((pod.revision.limit_mib for pod in self._pods()), default=0.0)
        surge = Surge(limit_mib, kills, survives_us)
        self._surges.append(surge)
        self._emit("workload.oom_loop", kills=kills, survives_us=survives_us)
        for pod in self._pods():
            self._arm(surge, pod)
        surge.heal = once(lambda: self._end_surge(surge))
        return surge.heal

    def pod_ready(self, pod: Pod) -> None:
        """A pod began to run."""
        for surge in self._surges:
            self._arm(surge, pod)

    def pod_oomkilled(self) -> None:
        """A pod was killed by memory."""
        for surge in list(self._surges):
            surge.kills_left -= 1
            if surge.kills_left <= 0:
                surge.heal()

    def crash_on_start(self, version: str | None, reason: str) -> Heal:
        """Let every start of `version` (None: of any) fail."""
        entry = (version, reason)
        self._start_crashes.append(entry)
        self._emit("workload.start_broken", version=version or "any", reason=reason)

        def heal() -> None:
            self._start_crashes.remove(entry)
            self._emit("workload.start_mended", version=version or "any")

        return once(heal)

    def declare_bad(self, version: str, defect: Defect) -> Heal:
        """Give `version` a defect: its requests fail now, its pods crash from their next start."""
        self._defects[version] = defect
        self._emit(
            "workload.version_bad",
            version=version,
            crash_after_us=defect.crash_after_us,
            error_rate=float(defect.error_rate),
        )

        def heal() -> None:
            if self._defects.get(version) is defect:
                del self._defects[version]
                self._emit("workload.version_mended", version=version)

        return once(heal)

    def _arm(self, surge: Surge, pod: Pod) -> None:
        started_us = pod.running_since_us
        if started_us is None:
            return

        def fill(_: object) -> None:
            if surge in self._surges and pod.running_since_us == started_us:
                filled_mib = max(0.0, surge.limit_mib - pod.usage_mib())
                surge.filled_mib[pod.name] = (started_us, filled_mib)
                pod.add_memory(filled_mib)

        self._env.timeout(surge.survives_us).callbacks.append(fill)

    def _end_surge(self, surge: Surge) -> None:
        self._surges.remove(surge)
        self._emit("workload.oom_loop_healed", kills_left=surge.kills_left)
        for pod in self._pods():
            started_us, filled_mib = surge.filled_mib.get(pod.name, (None, 0.0))
            if started_us is not None and pod.running_since_us == started_us:
                pod.add_memory(-filled_mib)

    def _regrow(self) -> None:
        for pod in list(self._pods()):
            pod.grow(self.slope_mib_per_min(pod.revision.version))

    def _add(self, mib: float) -> None:
        for pod in list(self._pods()):
            pod.add_memory(mib)

    def _emit(self, kind: str, **data: object) -> None:
        self._history.emit(kind, self._name, **data)
