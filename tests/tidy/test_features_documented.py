"""docs/features.md against the registry, and the registry against its version."""

from __future__ import annotations

from pathlib import Path

from penstock.features import FEATURES_VERSION, features_fingerprint, features_page

ROOT = Path(__file__).parents[2]

# One line a version, kept: a model's card names the version it was trained on.
# Of version 1 the words on `card_markout_bps` were corrected; what it computes is the same.
FINGERPRINTS = {"1": "5380189280619a46"}


def test_the_page_is_what_the_registry_says() -> None:
    """
    A feature that is documented otherwise than computed is worse than one not documented.

    To write the page anew:
        python -c "from penstock.features import features_page; print(features_page(), end='')"
    """
    assert features_page() == (ROOT / "docs/features.md").read_text(encoding="utf-8")


def test_another_registry_is_another_version() -> None:
    """
    A model must not be fed columns that mean something else than those it learned from.

    When this fails: raise FEATURES_VERSION, and add its fingerprint here.
    """
    assert FINGERPRINTS[FEATURES_VERSION] == features_fingerprint()
