"""What sending a row would lead to: forest inference, model cards, files that prove themselves."""

from penstock.models.card import (
    INFERENCE_FORMAT,
    N_PARTS,
    PARTS,
    CalibrationBin,
    Head,
    Link,
    ModelCard,
)
from penstock.models.check import check_model
from penstock.models.forest import FlatForest
from penstock.models.lightgbm_dump import forest_from_dump
from penstock.models.model import (
    ForestModel,
    OutcomeModel,
    dump_model,
    load_model,
    read_card,
)
from penstock.models.synthetic import synthetic_model

__all__ = [
    "INFERENCE_FORMAT",
    "N_PARTS",
    "PARTS",
    "CalibrationBin",
    "FlatForest",
    "ForestModel",
    "Head",
    "Link",
    "ModelCard",
    "OutcomeModel",
    "check_model",
    "dump_model",
    "forest_from_dump",
    "load_model",
    "read_card",
    "synthetic_model",
]
