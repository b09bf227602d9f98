"""The page of market findings: a plot and a sentence for each, nothing from outside."""

from __future__ import annotations

import msgspec

from penstock.trials.evidence import (
    Finding,
    QueuePlace,
    finding_figure,
    market_page,
    queue_figure,
    said,
)
from penstock.trials.statistics import paired_difference

FOUND = Finding(
    title="Cost of <something>",
    unit="bps",
    by_case={"without": (1.0, 2.0, 3.0), "with": (0.5, 1.0, 1.5)},
    difference=paired_difference((0.5, 1.0, 1.5), (1.0, 2.0, 3.0)),
    sign=-1,
    says="it helps",
)

PLACES = [
    QueuePlace(n_ahead=5, n_days=100, expected_prob=0.9, filled_frac=0.88, ci95=(0.86, 0.89)),
    QueuePlace(n_ahead=20, n_days=100, expected_prob=0.5, filled_frac=0.51, ci95=(0.48, 0.54)),
]


def test_a_figure_shows_every_seed_and_every_mean() -> None:
    """Two traces a case: its seeds, and its mean with the interval of three seeds."""
    seeds, mean, *_ = finding_figure(FOUND).data

    assert (1.0, 2.0, 3.0) == tuple(seeds.x)
    assert (2.0,) == tuple(mean.x)
    assert round(FOUND.case("without").half_width, 6) == mean.error_x.array[0]
    assert 4 == len(finding_figure(FOUND).data)


def test_the_page_says_what_was_found_and_by_which_command() -> None:
    """Names are escaped; the browser may load nothing."""
    page = market_page(
        [FOUND], PLACES, about="reference-day, seeds 1 to 8", command="penstock bench market",
        machine="m",
    )  # fmt: skip

    assert "Difference -1.00 ± 1.24 bps: not shown here that it helps." == said(FOUND)
    assert said(FOUND) in page
    assert "Cost of &lt;something&gt;, bps" in page
    assert "<code>penstock bench market</code>" in page
    assert "default-src 'none'" in page
    assert "reference-day, seeds 1 to 8" in page


def test_places_in_the_queue_are_drawn_with_the_closed_form() -> None:
    """A line for what is expected, points with intervals for what was measured."""
    line, points = queue_figure(PLACES).data

    assert (0.9, 0.5) == tuple(line.y)
    assert (0.88, 0.51) == tuple(points.y)
    assert (0.02, 0.03) == tuple(points.error_y.array)


def test_a_finding_is_claimed_only_with_its_interval_on_the_expected_side() -> None:
    """Ten seeds that agree show it; the same the other way round do not."""
    less, more = tuple(0.1 * k for k in range(10)), tuple(1.0 + 0.11 * k for k in range(10))
    helps = msgspec.structs.replace(FOUND, difference=paired_difference(less, more))
    hurts = msgspec.structs.replace(FOUND, difference=paired_difference(more, less))

    assert said(helps).endswith("bps: it helps.")
    assert said(hurts).endswith("bps: not shown here that it helps.")
