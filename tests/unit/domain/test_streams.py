"""Random streams: one per component, independent of all others."""

import numpy as np
import pytest

from penstock.domain import stream, stream_seed


def test_the_same_seed_and_name_give_the_same_numbers() -> None:
    """In every process of every machine: Python's own string hash would not."""
    assert 10606258271524104136 == stream_seed(7, "flow")
    np.testing.assert_array_equal(
        stream(7, "flow").integers(0, 2**63, 10), stream(7, "flow").integers(0, 2**63, 10)
    )


@pytest.mark.parametrize(("seed", "name"), [(8, "flow"), (7, "makers"), (7, "flow/0")])
def test_another_seed_or_name_gives_other_numbers(seed: int, name: str) -> None:
    """Two components with the same luck would look like a law of the market."""
    ours, other = stream(7, "flow").random(8), stream(seed, name).random(8)

    assert (ours != other).all()


def test_seed_and_name_do_not_run_together() -> None:
    """Seed 1 of "1/x" is not seed 11 of "x"."""
    assert stream_seed(1, "1/x") != stream_seed(11, "x")


def test_a_draw_from_one_stream_leaves_the_others_alone() -> None:
    """Paired runs share their luck although one of them draws more."""
    first, second = stream(7, "a"), stream(7, "b")
    expected = stream(7, "b").random(4)
    first.random(1_000)

    np.testing.assert_array_equal(expected, second.random(4))


def test_streams_of_many_components_are_uncorrelated() -> None:
    """
    Names that differ in one digit, the likeliest near collision: the largest of 780 correlations
    of 40 streams of 2,000 draws stays below 5 standard errors (chance 4e-4, fixed seed).
    """
    draws = np.array([stream(7, f"venue {k}").standard_normal(2_000) for k in range(40)])
    correlations = np.corrcoef(draws)[np.triu_indices(40, 1)]

    assert np.abs(correlations).max() < 5 / np.sqrt(2_000)
