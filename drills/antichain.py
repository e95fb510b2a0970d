"""The heaviest set of mutually incomparable elements of a finite partial order.

Adherence needs it because two performances of steps contradict each other exactly when they are comparable
in the product of "must come before" and "came after", see `drills.alignment`. Dilworth's theorem in its
weighted form turns the question into a maximum flow, so that it stays polynomial where a search through
sets of done steps would double with every step.
"""

from __future__ import annotations

from collections.abc import Sequence

_UNBOUNDED = 1 << 62


def heaviest_antichain(weights: Sequence[int], above: Sequence[Sequence[int]]) -> list[int]:
    """Indices of an antichain of greatest total weight, rising.

    `above[v]` lists elements that are greater than `v`; the order is their transitive closure, so covering
    pairs suffice. Weights are positive integers.
    """
    network = _Network(2 * len(weights) + 2)
    source, sink = 2 * len(weights), 2 * len(weights) + 1
    for v, weight in enumerate(weights):
        network.connect(source, 2 * v, weight)
        network.connect(2 * v + 1, sink, weight)
        # A chain may pass through an element that another chain already covers.
        network.connect(2 * v + 1, 2 * v, _UNBOUNDED)
        for w in above[v]:
            network.connect(2 * v, 2 * w + 1, _UNBOUNDED)
    network.saturate(source, sink)
    level = network.levels(source)
    # The minimum cut: an element is in the antichain when the cut spares both of its halves.
    return [v for v in range(len(weights)) if level[2 * v] >= 0 and level[2 * v + 1] < 0]


class _Network:
    """Maximum flow by Dinic's method; arc `a` and its reverse `a ^ 1` are neighbours in the arrays."""

    def __init__(self, size: int) -> None:
        self.arcs: list[list[int]] = [[] for _ in range(size)]
        self.head: list[int] = []
        self.room: list[int] = []

    def connect(self, tail: int, head: int, capacity: int) -> None:
        self.arcs[tail].append(len(self.head))
        self.arcs[head].append(len(self.head) + 1)
        self.head += (head, tail)
        self.room += (capacity, 0)

    def levels(self, source: int) -> list[int]:
        """Distance of each node from `source` over arcs with room left; -1 where none leads."""
        level = [-1] * len(self.arcs)
        level[source] = 0
        queue = [source]
        head, room = self.head, self.room
        for node in queue:
            next_level = level[node] + 1
            for arc in self.arcs[node]:
                if room[arc] and level[head[arc]] < 0:
                    level[head[arc]] = next_level
                    queue.append(head[arc])
        return level

    def saturate(self, source: int, sink: int) -> None:
        """Push flow until no path from `source` to `sink` has room."""
        while (level := self.levels(source))[sink] >= 0:
            untried = [len(arcs) for arcs in self.arcs]
            while path := self._path(source, sink, level, untried):
                amount = min(self.room[arc] for arc in path)
                for arc in path:
                    self.room[arc] -= amount
                    self.room[arc ^ 1] += amount

    def _path(self, source: int, sink: int, level: list[int], untried: list[int]) -> list[int]:
        path: list[int] = []
        node = source
        while node != sink:
            arcs = self.arcs[node]
            while untried[node]:
                arc = arcs[untried[node] - 1]
                if self.room[arc] and level[self.head[arc]] == level[node] + 1:
                    path.append(arc)
                    node = self.head[arc]
                    break
                untried[node] -= 1
            else:
                if not path:
                    return []
                node = self.head[path.pop() ^ 1]
                untried[node] -= 1
        return path
