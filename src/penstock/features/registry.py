"""The registry: every feature, in the order of the matrix's columns."""

from __future__ import annotations

from typing import Final

from penstock.features.derived import DERIVED
from penstock.features.feature import Feature
from penstock.features.market import MARKET
from penstock.features.order import ORDER
from penstock.features.venue import VENUE

FEATURES: Final[tuple[Feature, ...]] = (*MARKET, *VENUE, *ORDER, *DERIVED)
FEATURE_NAMES: Final[tuple[str, ...]] = tuple(feature.name for feature in FEATURES)
N_FEATURES: Final = len(FEATURES)

FEATURES_VERSION: Final = "1"
"""
What a model was trained on. Raised by hand whenever a value could change: a column, a formula, a
window, an imputation. A test holds it to the registry's text; a change of a kernel alone is the
author's to notice.
"""

FIRST_MARKET: Final = 0
FIRST_VENUE: Final = FIRST_MARKET + len(MARKET)
FIRST_ORDER: Final = FIRST_VENUE + len(VENUE)
FIRST_DERIVED: Final = FIRST_ORDER + len(ORDER)
