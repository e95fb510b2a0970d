"""The machines that pods run on, and the scheduler that places pods on them.

A pod is placed where there is room for what it reserves, on the least slowed and emptiest node. A node whose
memory runs out evicts the pod that has grown most above its reservation, at an instant that is computed from
the slopes of its pods, and then takes no pod for five minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sim.clock import MINUTE, VirtualTime
from sim.errors import BadInput
from sim.healing import Heal, once
from sim.history import History
from sim.pods import PENDING, STOPPED, Pod
from sim.timers import Timer

EVICTION_MARGIN_MIB = 100.0
"""A node evicts when less than this is free."""
NO_NEW_PODS_US = 5 * MINUTE
"""How long a node that has evicted takes no pod: without it, the same pod would come straight back."""


class Node:
    """A machine: a capacity, the pods placed on it, and memory that others take from it."""

    def __init__(self, env: VirtualTime, name: str, capacity_mib: float) -> None:
        """An empty node."""
        self._env, self.name, self.capacity_mib = env, name, capacity_mib
        self.pressure_mib = 0.0
        self.slowdowns: list[float] = []
        self.closed_until_us = 0
        self.cordoned = False
        """Whether somebody has closed it to new pods."""
        self.pods: list[Pod] = []
        self.next_eviction = Timer(env)

    @property
    def slowdown(self) -> float:
        """How many times longer work takes here."""
        return max(self.slowdowns, default=1.0)

    def usage_mib(self) -> float:
        """Memory in use now."""
        return self.pressure_mib + sum(pod.usage_mib() for pod in self.pods)

    def free_mib(self) -> float:
        """Memory left before the node evicts."""
        return self.capacity_mib - EVICTION_MARGIN_MIB - self.usage_mib()

    def takes(self, pod: Pod) -> bool:
        """Whether the scheduler may place `pod` here: room for what it reserves, and no pressure now."""
        if self.cordoned or self._env.now < self.closed_until_us:
            return False
        reserved = sum(other.owner.base_mib for other in self.pods)
        return reserved + pod.owner.base_mib <= self.capacity_mib and self.free_mib() > pod.owner.base_mib


class Nodes(Mapping[str, Node]):
    """All nodes, and the scheduler."""

    def __init__(
        self,
        env: VirtualTime,
        history: History,
        nodes: Sequence[tuple[str, float]],
        pods: Callable[[], list[Pod]],
        evict: Callable[[Pod], None],
    ) -> None:
        """`nodes` are names with their MiB; `pods()` lists every pod, `evict` ends one for good."""
        self._env, self._history, self._pods, self._evict_pod = env, history, pods, evict
        self._nodes = {name: Node(env, name, mib) for name, mib in nodes}

    def __getitem__(self, name: str) -> Node:
        """The node called `name`."""
        if name not in self._nodes:
            raise BadInput("unknown node", mend=f"use one of {', '.join(self._nodes)}", value=name)
        return self._nodes[name]

    def __iter__(self) -> Iterator[str]:
        """All names."""
        return iter(self._nodes)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._nodes)

    def add(self, name: str, capacity_mib: float) -> None:
        """A further node."""
        self._nodes[name] = Node(self._env, name, capacity_mib)
        self._history.emit("workload.node_added", name, capacity_mib=float(capacity_mib))
        self._place_pending()

    def cordon(self, name: str, *, on: bool) -> None:
        """Close a node to new pods, or open it again; the pods on it stay."""
        self[name].cordoned = on
        self._history.emit("workload.node_cordoned", name, on=on)
        if not on:
            self._place_pending()

    def press(self, mib: float, name: str | None, slowdown: float) -> Heal:
        """Take `mib` of a node's memory and slow it down (None: each node of now)."""
        nodes = list(self.values()) if name is None else [self[name]]
        for node in nodes:
            node.slowdowns.append(slowdown)
        self._press(nodes, mib)

        def heal() -> None:
            for node in nodes:
                node.slowdowns.remove(slowdown)
            self._press(nodes, -mib)

        return once(heal)

    def place(self, pod: Pod) -> None:
        """Find a node for a pending pod and start it there, or leave it pending."""
        candidates = [node for node in self.values() if node.takes(pod)]
        if not candidates:
            self._history.emit("workload.pending", pod.owner.name, pod=pod.name)
            return
        node = min(candidates, key=lambda candidate: (candidate.slowdown, -candidate.free_mib()))
        node.pods.append(pod)
        pod.node = node.name
        pod.start()

    def remeasure(self, pod: Pod) -> None:
        """A pod's memory takes another course, or has ended."""
        if pod.node is None:
            return
        node = self[pod.node]
        if pod.state == STOPPED:
            node.pods.remove(pod)
            pod.node = None
        self._watch(node)
        self._place_pending()

    def _press(self, nodes: list[Node], mib: float) -> None:
        for node in nodes:
            node.pressure_mib += mib
            self._history.emit(
                "workload.node_pressure",
                node.name,
                pressure_mib=float(node.pressure_mib),
                slowdown=float(node.slowdown),
            )
            self._watch(node)
        self._place_pending()

    def _place_pending(self) -> None:
        for pod in self._pods():
            if pod.state == PENDING and any(node.takes(pod) for node in self.values()):
                self.place(pod)

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
        self._history.emit("workload.evicted", pod.owner.name, pod=pod.name, node=node.name, usage_mib=pod.usage_mib())
        node.closed_until_us = self._env.now + NO_NEW_PODS_US
        self._env.call_later(NO_NEW_PODS_US, self._place_pending)
        self._evict_pod(pod)
