"""Chance: one named stream per (run, component, purpose), all from one seed.

A component that draws once more does not shift another's draws, so two settings compared on one seed meet
the same market and the same faults (common random numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import cast
from zlib import crc32

import numpy as np

Sample = Callable[[np.random.Generator, int], np.ndarray]
"""Draws so many values from a generator."""

_BLOCK = 512


class Streams:
    """All chance of one World."""

    def __init__(self, seed: int, run: int = 0) -> None:
        """Derive every stream from `seed` and `run`, both from 0 up."""
        if seed < 0 or run < 0:
            raise ValueError(f"seed and run must be 0 or more, got {seed} and {run}")
        self.seed, self.run = seed, run
        self._streams: dict[str, np.random.Generator] = {}
        self._counts: dict[str, count[int]] = {}

    def stream(self, name: str) -> np.random.Generator:
        """The generator called `name` ("broker/slippage"); the same object at each call."""
        if name not in self._streams:
            sequence = np.random.SeedSequence([self.seed, self.run, crc32(name.encode())])
            self._streams[name] = np.random.Generator(np.random.PCG64(sequence))
        return self._streams[name]

    def draws(self, name: str, sample: Sample) -> Callable[[], float]:
        """A stream of single values, drawn in blocks by `sample(generator, n)`."""
        return one_by_one(self.stream(name), sample)

    def whole_draws(self, name: str, sample: Sample) -> Callable[[], int]:
        """A stream of single values cut to whole numbers: microseconds, for one."""
        values = one_by_one(self.stream(name), lambda generator, n: sample(generator, n).astype(np.int64))
        return cast(Callable[[], int], values)

    def ids(self, prefix: str) -> Callable[[], str]:
        """A source of ids, `prefix-000001` and up: unique in this World, the same in each run of a seed.

        Two sources of one prefix count on together.
        """
        numbers = self._counts.setdefault(prefix, count(1))
        return lambda: f"{prefix}-{next(numbers):06d}"


def one_by_one(generator: np.random.Generator, sample: Sample) -> Callable[[], float]:
    """Single values at the price of a list's iterator: numpy draws a block, Python hands it out."""

    def values() -> Iterator[float]:
        while True:
            yield from sample(generator, _BLOCK).tolist()

    return values().__next__


def lognormal(median: float, sigma: float) -> Sample:
    """A sampler of lognormal values with this `median` and log standard deviation `sigma`."""
    mu = float(np.log(median))
    return lambda generator, n: generator.lognormal(mu, sigma, n)


def uniform(low: float = 0.0, high: float = 1.0) -> Sample:
    """A sampler of values uniform on [low, high)."""
    return lambda generator, n: generator.uniform(low, high, n)


def normal(mean: float, sd: float) -> Sample:
    """A sampler of normal values."""
    return lambda generator, n: generator.normal(mean, sd, n)


def exponential(mean: float) -> Sample:
    """A sampler of exponential values with this mean."""
    return lambda generator, n: generator.exponential(mean, n)
