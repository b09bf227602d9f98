"""Each estimator finds again what its data were drawn from, within what chance allows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from penstock.domain import NS_PER_S
from penstock.trials.calibration import figures_and_sample
from penstock.trials.calibration.activity import SCALES_S, dispersion, fit_spells
from penstock.trials.calibration.bursts import fit_bursts, sign_memory
from penstock.trials.calibration.distances import _ks, _wasserstein
from penstock.trials.calibration.impact import Aggressors, aggressors, autocorrelation
from penstock.trials.calibration.order_figures import cut_geometric_mean
from penstock.trials.calibration.sample import NO_DEPTH
from penstock.trials.calibration.statistics_of import Distribution, depth_shape
from penstock.trials.calibration.tails import fit_tail
from penstock.trials.calibration.volatility import two_scale_volatility
from penstock.wire.databento_csv import read_mbo_csv
from tests.support.order_files import OrderLaw, Row, mbo_file, poisson_orders


@pytest.mark.parametrize("exponent", [1.5, 2.2, 3.5])
def test_a_tails_exponent_is_found_above_an_ordinary_body(exponent: float) -> None:
    """
    Sizes are uniform up to five lots and a power law beyond, in whole lots: the threshold is
    not known, and the exponent must not depend on what lies below it.
    """
    rng = np.random.default_rng(11)
    body = rng.integers(1, 5, 20_000) * 100
    tail = np.round(450 * (1.0 - rng.uniform(size=20_000)) ** (-1.0 / exponent) / 100) * 100

    found = fit_tail(np.concatenate([body, tail]).astype(np.int64), 100)

    assert found is not None
    assert abs(found.exponent - exponent) < max(4 * found.error, 0.05 * exponent)
    assert 400 <= found.above_shares


def test_sizes_of_one_lot_have_no_tail() -> None:
    """Any exponent fits a single value."""
    assert fit_tail(np.full(500, 100), 100) is None
    assert fit_tail(np.arange(20), 1) is None


@pytest.mark.parametrize("bounce_bps", [0.0, 0.5, 2.0])
def test_two_scales_take_out_the_bouncing_of_quotes(bounce_bps: float) -> None:
    """
    A random walk of 0.5 bps a second, seen through independent noise of up to four times that:
    realised variance at one second is off by a factor of 33 then.
    """
    rng = np.random.default_rng(5)
    walk = np.cumsum(rng.normal(0.0, 0.5, 23_400))
    seen = walk + rng.normal(0.0, bounce_bps, len(walk)) if bounce_bps else walk

    found = two_scale_volatility(seen, 300)

    assert pytest.approx(0.5, rel=0.15) == found


def alternating(calm_s: float, busy_s: float, multiplier: float, seed: int) -> np.ndarray:
    """Times of a flow that is busier in some spells, one a second while calm, over a day; ns."""
    rng = np.random.default_rng(seed)
    times, at_s, is_busy = [], 0.0, False
    while at_s < 23_400.0:
        length_s = rng.exponential(busy_s if is_busy else calm_s)
        rate = multiplier if is_busy else 1.0
        times.append(at_s + rng.uniform(0.0, length_s, rng.poisson(rate * length_s)))
        at_s, is_busy = at_s + length_s, not is_busy
    return (np.sort(np.concatenate(times)) * NS_PER_S).astype(np.int64)


def test_spells_are_found_again() -> None:
    """A quarter of the time is busy, as the estimator assumes where the data leave it open."""
    times_ns = alternating(30.0, 10.0, 5.0, seed=3)

    found = fit_spells(times_ns, 0, 23_400 * NS_PER_S)

    assert found is not None
    assert pytest.approx(5.0, rel=0.35) == found.busy_multiplier
    assert pytest.approx(10.0, rel=0.4) == found.busy_mean_s
    assert pytest.approx(30.0, rel=0.4) == found.calm_mean_s
    assert pytest.approx(2.0, rel=0.15) == found.mean_activity


def test_a_poisson_flow_has_no_spells() -> None:
    """Chance alone must not look like crowds."""
    rng = np.random.default_rng(8)
    times_ns = np.sort(rng.integers(0, 23_400 * NS_PER_S, 20_000))

    assert np.allclose(1.0, dispersion(times_ns, 0, 23_400 * NS_PER_S)[:4], atol=0.1)
    found = fit_spells(times_ns, 0, 23_400 * NS_PER_S)
    assert found is None or found.mean_activity < 1.2
    assert len(SCALES_S) == len(dispersion(times_ns, 0, 23_400 * NS_PER_S))


def test_bursts_within_a_second_are_no_spells() -> None:
    """One order that is split over venues is many prints at once, not a busy market."""
    rng = np.random.default_rng(8)
    starts = np.sort(rng.integers(0, 23_400 * NS_PER_S, 5_000))
    times_ns = np.sort(np.repeat(starts, 4))

    found = fit_spells(times_ns, 0, 23_400 * NS_PER_S)

    assert found is None or found.mean_activity < 1.3


def test_a_cut_geometric_law_keeps_its_mean() -> None:
    """With a mean of 15, a quarter of all orders is beyond the cut at 20: they are not lost."""
    rng = np.random.default_rng(2)
    distances = (rng.geometric(1.0 / 16.0, 50_000) - 1).astype(np.float64)

    assert pytest.approx(15.0, rel=0.03) == cut_geometric_mean(distances)


def test_signs_that_persist_are_correlated() -> None:
    """
    A chain that repeats its sign with probability 0.8 has correlation 0.6 to the power of the
    lag.
    """
    rng = np.random.default_rng(4)
    flips = np.where(rng.uniform(size=60_000) < 0.8, 1, -1)
    signs = np.cumprod(flips)

    assert np.allclose([0.6, 0.36, 0.216], autocorrelation(signs, (1, 2, 3)), atol=0.03)


def test_distances_of_distributions_are_the_textbooks() -> None:
    """Against scipy's, and zero from itself."""
    rng = np.random.default_rng(6)
    one, other = (
        Distribution("x", "", rng.normal(mean, 1.0, 400), is_log=False) for mean in (0.0, 1.0)
    )

    assert pytest.approx(stats.ks_2samp(one.values, other.values).statistic) == _ks(one, other)
    assert pytest.approx(1.0, abs=0.15) == _wasserstein(one, other, 1.0)
    assert 0.0 == _ks(one, one)
    assert 0.0 == _wasserstein(one, one, 1.0)


LAW = OrderLaw()


def test_rates_lives_and_distances_of_orders_are_found_again() -> None:
    """Within four standard errors; lives are longer than they look, because the stretch ends."""
    log = read_mbo_csv(mbo_file(poisson_orders(LAW, 1_800.0, seed=1)))
    start_ns = int(log.session_start_ns)

    found, sample = figures_and_sample(log, start_ns, start_ns + 1_800 * NS_PER_S)

    n_orders = LAW.add_per_s * 1_800.0
    assert pytest.approx(LAW.add_per_s, rel=4 / n_orders**0.5) == found.add_per_s
    assert pytest.approx(LAW.life_s, rel=4 / n_orders**0.5) == found.order_life_s
    assert pytest.approx(LAW.mean_steps, rel=0.08) == found.depth_increments
    assert pytest.approx(0.25, abs=0.12) == found.hidden_frac
    assert [500_000] == np.unique(sample.quotes.bid_ticks).tolist()


def test_the_shape_of_depth_is_that_of_the_books_once_a_second() -> None:
    """Three prices of bids for three seconds, then two; offers at one price, one side each."""
    rows = [Row(0.0, "A", "A", 10.02, 400, 1, 1)]
    rows += [Row(0.0, "A", "B", 10.0 - 0.01 * k, 100 * (k + 1), 2 + k, 2 + k) for k in range(3)]
    rows += [Row(3.5, "C", "B", 9.99, 200, 3, 9), Row(6.5, "C", "B", 10.00, 100, 2, 10)]
    log = read_mbo_csv(mbo_file(rows))
    start_ns = int(log.session_start_ns)

    sample = figures_and_sample(log, start_ns, start_ns + 6 * NS_PER_S)[1]
    sample = sample.between(start_ns + NS_PER_S, start_ns + 6 * NS_PER_S)
    bids, asks = sample.depth.shares[::2], sample.depth.shares[1::2]
    first = sample.between(start_ns + NS_PER_S, start_ns + 3 * NS_PER_S).depth

    assert 3 * [[100, 200, 300, 0, 0]] + 2 * [[100, 300, 0, 0, 0]] == bids.tolist()
    assert 5 * [[400, 0, 0, 0, 0]] == asks.tolist()
    expected = np.array([250.0, 120.0, 90.0, 0.0, 0.0]) / 250.0
    assert expected == pytest.approx(depth_shape(sample.depth))
    assert 4 == len(first.time_ns)
    assert np.isnan(depth_shape(NO_DEPTH)).all()


def test_prints_of_one_order_are_one_order() -> None:
    """A taker that met three resting orders in one stamp took once."""
    rows = [Row(0.0, "A", "A", 10.02, 300, 1, 1), Row(0.0, "A", "B", 10.00, 100, 2, 2)]
    rows += [Row(1.0, "T", "B", 10.02, 10, 0, 3 + k) for k in range(3)]
    rows += [Row(2.0, "T", "A", 10.00, 10, 0, 9), Row(3.0, "C", "B", 10.00, 100, 2, 10)]
    log = read_mbo_csv(mbo_file(rows))
    start_ns = int(log.session_start_ns)

    taken = aggressors(figures_and_sample(log, start_ns, start_ns + 10 * NS_PER_S)[1])

    assert [30, 10] == taken.shares.tolist()
    assert [1, -1] == taken.side.tolist()


def test_the_branching_of_a_self_exciting_flow_is_found() -> None:
    """A crowd made family by family: each order brings n = 0.5 more, a hundredth of a second on."""
    luck = np.random.default_rng(11)
    generation_s = np.sort(luck.uniform(0.0, 20_000.0, 10_000))
    side = luck.choice([-1, 1], len(generation_s))
    times, sides = [generation_s], [side]
    while len(generation_s):
        n_children = luck.poisson(0.5, len(generation_s))
        generation_s = np.repeat(generation_s, n_children)
        generation_s = generation_s + luck.exponential(0.01, len(generation_s))
        side = np.repeat(side, n_children)
        times.append(generation_s)
        sides.append(side)
    time_ns = np.round(np.concatenate(times) * NS_PER_S).astype(np.int64)
    order = np.argsort(time_ns)
    n = len(order)
    taken = Aggressors(
        time_ns[order],
        np.full(n, 100),
        np.concatenate(sides)[order],
        np.zeros(n, dtype=np.int64),
    )

    counts = np.bincount(taken.time_ns // (10 * NS_PER_S))
    found = fit_bursts(taken, float(counts.var() / counts.mean()) - 1.0)

    assert found is not None
    assert found.excitation_frac == pytest.approx(0.5, abs=0.07)
    assert found.excitation_tau_s == pytest.approx(0.01, rel=0.5)
    assert found.excitation_same_frac > 0.8
    assert fit_bursts(taken, 0.0) is None


def test_the_memory_of_signs_is_their_correlation_far_apart() -> None:
    """Runs of two hundred of one side remember over tens of orders; coins do not."""
    luck = np.random.default_rng(3)
    coins = luck.choice([-1, 1], 20_000)
    runs = np.repeat(luck.choice([-1, 1], 100), 200)

    assert sign_memory(coins) < 0.02
    assert sign_memory(runs) == pytest.approx(1.0 - 24.5 / 200.0, abs=0.05)
    assert sign_memory(coins[:100]) == 0.0
