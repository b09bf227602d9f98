"""The page of market findings: a plot and a sentence for each, nothing from outside."""

from __future__ import annotations

import msgspec

from penstock.trials.market_findings import Finding
from penstock.trials.market_page import finding_figure, market_page, said
from penstock.trials.statistics import paired_difference

FOUND = Finding(
    title="Cost of <something>",
    unit="bps",
    by_case={"without": (1.0, 2.0, 3.0), "with": (0.5, 1.0, 1.5)},
    difference=paired_difference((0.5, 1.0, 1.5), (1.0, 2.0, 3.0)),
    sign=-1,
    says="it helps",
)


def test_a_figure_shows_every_seed_and_every_mean() -> None:
    """Two traces a case: its seeds, and its mean with the interval of three seeds."""
    seeds, mean, *_ = finding_figure(FOUND).data

    assert (1.0, 2.0, 3.0) == tuple(seeds.x)
    assert (2.0,) == tuple(mean.x)
    assert round(FOUND.case("without").half_width, 6) == mean.error_x.array[0]
    assert 4 == len(finding_figure(FOUND).data)


def test_the_page_says_what_was_found_and_by_which_command() -> None:
    """Names are escaped; the browser may load nothing."""
    page = market_page([FOUND], command="penstock bench market", machine="a machine")

    assert "Difference -1.00 ± 1.24 bps: not shown here that it helps." == said(FOUND)
    assert said(FOUND) in page
    assert "Cost of &lt;something&gt;, bps" in page
    assert "<code>penstock bench market</code>" in page
    assert "default-src 'none'" in page


def test_a_finding_is_claimed_only_with_its_interval_on_the_expected_side() -> None:
    """Ten seeds that agree show it; the same the other way round do not."""
    less, more = tuple(0.1 * k for k in range(10)), tuple(1.0 + 0.11 * k for k in range(10))
    helps = msgspec.structs.replace(FOUND, difference=paired_difference(less, more))
    hurts = msgspec.structs.replace(FOUND, difference=paired_difference(more, less))

    assert said(helps).endswith("bps: it helps.")
    assert said(hurts).endswith("bps: not shown here that it helps.")
