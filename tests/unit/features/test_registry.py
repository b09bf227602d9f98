"""The registry: complete, in order, and what BENCHMARKS' workload says it is."""

from __future__ import annotations

from penstock.features import FEATURE_NAMES, FEATURES, N_FEATURES, Family

UNIT_ENDINGS = {
    "bps": "_bps",
    "s": "_s",
    "ms": "_ms",
    "shares": "_shares",
}


def test_a_row_has_forty_features() -> None:
    """The published decision latency is that of 36 rows with 40 features."""
    assert 40 == N_FEATURES == len(FEATURES)


def test_names_are_unique() -> None:
    """A model finds its columns by name."""
    assert len(set(FEATURE_NAMES)) == N_FEATURES


def test_families_stand_together_in_their_order() -> None:
    """Each family's kernel writes one run of columns."""
    families = [feature.family for feature in FEATURES]

    assert sorted(families, key=list(Family).index) == families
    assert set(Family) == set(families)


def test_every_entry_says_everything() -> None:
    """Unit, look-back, formula, source and imputation: a blank one explains nothing."""
    blank = [
        f.name for f in FEATURES if not all((f.unit, f.lookback, f.formula, f.source, f.imputed))
    ]

    assert [] == blank


def test_the_unit_is_in_the_name() -> None:
    """A reader should not have to look it up."""
    wrong = [
        feature.name
        for feature in FEATURES
        if not feature.name.endswith(UNIT_ENDINGS.get(feature.unit, ""))
    ]

    assert [] == wrong
