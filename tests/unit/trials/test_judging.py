"""What a comparison may claim, from figures by day that are written here."""

from __future__ import annotations

import msgspec
import pytest

from penstock.trials.compare import DayCosts, PolicyResult, ScenarioResult, policy_results
from penstock.trials.day import ParentCost
from penstock.trials.judging import contrast_of, corrected, gaps_of, problems_of
from penstock.trials.page_words import contrast_sentence, disagreement_sentence, gap_sentences
from penstock.trials.table import comparison_tables
from tests.support.comparisons import comparison, scenario

# Costs of each day, the same raw and against the reference price unless a test says otherwise.
STATIC = (1.0, 1.2, 0.8, 1.1, 0.9)
BETTER = (0.6, 0.9, 0.4, 0.6, 0.5)
BEST = (0.1, 0.3, 0.0, 0.2, -0.1)


def results(**by_day: tuple[float, ...]) -> dict[str, PolicyResult]:
    """Policies with these costs, `static` being the baseline."""
    days = [
        DayCosts(seed, policy, [_cost(bps)], "")
        for policy, values in by_day.items()
        for seed, bps in enumerate(values, start=1)
    ]
    return policy_results(days, "static")


def _cost(bps: float, reference_bps: float | None = None) -> ParentCost:
    reference_bps = bps if reference_bps is None else reference_bps
    return ParentCost(
        parent_id=1, shortfall_bps=bps, reference_bps=reference_bps,
        leakage_bps=0.0, fees_bps=0.0, filled_frac=1.0, duration_s=1.0, n_children=1, n_decisions=1,
    )  # fmt: skip


def test_the_contrast_is_the_models_and_the_strongest_baselines() -> None:
    """Fixed beforehand: no other policy's luck can take its place."""
    contrast = contrast_of(results(static=STATIC, sweep=BEST, supervised=BETTER), "static")

    assert contrast is not None
    assert ("supervised", "static", 5) == (contrast.policy, contrast.against, contrast.n_days)
    assert pytest.approx(-0.4) == contrast.diff_bps
    assert contrast.p_value is not None
    assert contrast.p_value < 0.05
    assert contrast_of(results(static=STATIC, sweep=BEST), "static") is None


def test_several_scenarios_are_several_questions() -> None:
    """Two contrasts with p = 0.03 and 0.04 are no finding at 5 %."""
    contrast = contrast_of(results(static=STATIC, supervised=BETTER), "static")
    assert contrast is not None
    replace = msgspec.structs.replace
    asked: dict[str, ScenarioResult] = {
        name: replace(scenario(), contrast=replace(contrast, p_value=p, p_holm=p))
        for name, p in (("a", 0.03), ("b", 0.04))
    } | {"c": replace(scenario(), contrast=None)}
    found = corrected(asked)

    assert [0.06, 0.06, None] == [
        None if one.contrast is None else pytest.approx(one.contrast.p_holm)
        for one in found.values()
    ]


def test_a_difference_that_is_always_the_same_has_no_p_and_says_so() -> None:
    """It is no question for Holm either: the others are corrected as if it were not there."""
    equal = tuple(bps - 0.5 for bps in (1.0, 1.5, 2.0))
    contrast = contrast_of(results(static=(1.0, 1.5, 2.0), supervised=equal), "static")
    assert contrast is not None
    replace = msgspec.structs.replace
    known = replace(contrast, p_value=0.03, p_holm=0.03)
    found = corrected(
        {
            "a": replace(scenario(), contrast=contrast),
            "b": replace(scenario(), contrast=known),
        }
    )

    assert [None, 0.03] == [one.contrast and one.contrast.p_holm for one in found.values()]
    assert (contrast_sentence(found["a"]) or "").endswith(
        "p not known: the difference is the same on all 3 days"
    )


def test_the_gap_is_measured_from_the_baseline_to_the_insider() -> None:
    """0.4 of 0.9 bps, and the insider itself has no gap."""
    gaps = gaps_of(results(static=STATIC, supervised=BETTER, venue_insider=BEST), "static")

    assert {"venue_insider": {"supervised"}} == {k: set(v) for k, v in gaps.items()}
    gap = gaps["venue_insider"]["supervised"]
    assert gap.closed_frac == pytest.approx(0.4 / 0.9)
    assert gap.ci95 is not None
    assert gap.ci95[0] < 0.4 / 0.9 < gap.ci95[1]


def test_an_insider_without_a_gain_closes_nothing() -> None:
    """The denominator may be zero: no share is given, and people read why."""
    idle = (1.1, 1.1, 0.9, 1.0, 0.9)
    by_policy = results(static=STATIC, supervised=BETTER, insider=idle)
    gaps = gaps_of(by_policy, "static")
    shown = msgspec.structs.replace(scenario(), gaps=gaps)

    assert gaps["insider"]["supervised"].closed_frac is None
    assert ["What insider gains over the baseline may be nothing here"] == gap_sentences(shown)


def test_an_insider_that_is_beaten_spoils_the_comparison() -> None:
    """Whoever knows less and pays less proves that the insider is no bound."""
    (problem,) = problems_of(results(static=STATIC, supervised=BEST, venue_insider=BETTER))

    assert problem.startswith("supervised beats venue_insider by 0.5")
    table = comparison_tables(
        comparison(scenarios={"a": msgspec.structs.replace(scenario(), problems=(problem,))})
    )[0]
    assert "INVALID: supervised beats venue_insider" in str(table.caption)


def test_a_few_days_do_not_prove_an_insider_wrong() -> None:
    """The strongest verdict of all needs as many days as the others."""
    assert () == problems_of(results(static=(0.1, 0.12), venue_insider=(0.6, 0.63)))


def test_the_full_insider_may_beat_the_venue_insider_and_not_the_reverse() -> None:
    """It knows more."""
    assert () == problems_of(results(static=STATIC, venue_insider=BETTER, insider=BEST))
    (problem,) = problems_of(results(static=STATIC, venue_insider=BEST, insider=BETTER))
    assert problem.startswith("venue_insider beats insider")


def test_raw_and_reference_differences_that_part_are_named() -> None:
    """They share their mean; a lasting distance is a fault of the measure."""
    days = [
        DayCosts(seed, policy, [_cost(raw, reference)], "")
        for seed in range(1, 9)
        for policy, raw, reference in (
            ("static", 1.0, 1.0),
            ("supervised", 0.5 + 0.01 * seed, 0.9),
        )
    ]
    parted = msgspec.structs.replace(
        scenario(), best_baseline="static", policies=policy_results(days, "static")
    )

    assert disagreement_sentence(parted) is not None
    assert "supervised" in str(disagreement_sentence(parted))
    assert disagreement_sentence(scenario(mode="replay")) is None


def test_the_contrast_is_a_sentence() -> None:
    """With what could have been seen at all."""
    said = contrast_sentence(scenario())

    assert said is not None
    assert "supervised against sweep on reference cost" in said
    assert "80 %" in said
    assert contrast_sentence(scenario(n_days=1)) is None
