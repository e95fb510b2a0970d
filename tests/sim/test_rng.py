"""Chance: streams that do not know of each other, all from one seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.rng import Streams, exponential, lognormal, normal, one_by_one, uniform


def test_a_stream_repeats_with_its_seed_and_differs_with_another() -> None:
    one, again, other = Streams(7).stream("x"), Streams(7).stream("x"), Streams(8).stream("x")
    first = one.random(8).tolist()
    assert again.random(8).tolist() == first
    assert other.random(8).tolist() != first


def test_the_run_number_gives_other_chance_on_the_same_seed() -> None:
    assert Streams(7, 0).stream("x").random() != Streams(7, 1).stream("x").random()


def test_a_component_that_draws_more_does_not_shift_another() -> None:
    quiet, greedy = Streams(7), Streams(7)
    greedy.stream("broker/slippage").random(1000)
    assert quiet.stream("market").random(8).tolist() == greedy.stream("market").random(8).tolist()


def test_a_name_is_one_stream_however_often_it_is_asked_for() -> None:
    streams = Streams(7)
    assert streams.stream("x") is streams.stream("x")
    assert streams.stream("x") is not streams.stream("y")


def test_the_numbers_of_a_seed_are_the_numbers_of_ever() -> None:
    # PCG64 on SeedSequence([7, 0, crc32("broker/slippage")]), computed with numpy alone.
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence([7, 0, 1173357118])))  # noqa: TID251
    assert Streams(7).stream("broker/slippage").random() == expected.random()


@pytest.mark.parametrize(("seed", "run"), [(-1, 0), (0, -1)])
def test_negative_seeds_are_refused(seed: int, run: int) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Streams(seed, run)


@given(st.integers(0, 2**32), st.integers(1, 1500))
def test_single_values_are_the_stream_in_its_own_order(seed: int, n: int) -> None:
    draws = Streams(seed).draws("x", uniform())
    single = [draws() for _ in range(n)]
    blocks = Streams(seed).stream("x").uniform(0.0, 1.0, 512 * 3).tolist()
    assert single == blocks[:n]
    assert all(type(value) is float for value in single)


@pytest.mark.parametrize(
    ("sampler", "mean"),
    [
        (uniform(2.0, 4.0), 3.0),
        (normal(5.0, 2.0), 5.0),
        (exponential(12.0), 12.0),
        (lognormal(80.0, 0.5), 80.0 * np.exp(0.125)),
    ],
)
def test_samplers_have_the_mean_of_their_law(sampler: object, mean: float) -> None:
    draws = one_by_one(Streams(1).stream("law"), sampler)  # type: ignore[arg-type]
    assert np.mean([draws() for _ in range(20_000)]) == pytest.approx(mean, rel=0.03)


def test_the_median_of_a_lognormal_is_what_was_asked_for() -> None:
    draws = one_by_one(Streams(1).stream("law"), lognormal(80.0, 0.5))
    assert np.median([draws() for _ in range(20_000)]) == pytest.approx(80.0, rel=0.03)


def test_ids_are_unique_in_a_world_and_alike_in_two() -> None:
    streams = Streams(7)
    order_id, again = streams.ids("ord"), streams.ids("ord")
    assert [order_id(), again(), order_id()] == ["ord-000001", "ord-000002", "ord-000003"]
    assert streams.ids("cli")() == "cli-000001"
    assert Streams(8).ids("ord")() == "ord-000001"
