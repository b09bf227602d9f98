"""Learning from outcomes: datasets, and outcome models trained on them."""

from penstock.learning.collect import LABEL_HORIZON_NS, dataset_of, outcome_horizon_ns
from penstock.learning.config import MONOTONE, TrainSettings, monotone_constraints
from penstock.learning.dataset import (
    Dataset,
    DatasetError,
    concat_datasets,
    load_dataset,
    save_dataset,
)
from penstock.learning.explore import ExplorePolicy
from penstock.learning.kept_trainings import KeptTrainings
from penstock.learning.privileged import seen_by, train_blind, train_insider
from penstock.learning.split import Split, split_rows
from penstock.learning.train import Progress, train_lightgbm
from penstock.learning.training import Rounds, train_in_markets

__all__ = [
    "LABEL_HORIZON_NS",
    "MONOTONE",
    "Dataset",
    "DatasetError",
    "ExplorePolicy",
    "KeptTrainings",
    "Progress",
    "Rounds",
    "Split",
    "TrainSettings",
    "concat_datasets",
    "dataset_of",
    "load_dataset",
    "monotone_constraints",
    "outcome_horizon_ns",
    "save_dataset",
    "seen_by",
    "split_rows",
    "train_blind",
    "train_insider",
    "train_in_markets",
    "train_lightgbm",
]
