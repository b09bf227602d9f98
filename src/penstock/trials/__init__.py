"""Trials: days in simulated markets, paired comparisons, statistics, pages."""

from penstock.trials.ablation import (
    ABLATED,
    NOTHING,
    Ablations,
    MechanismValue,
    ablate_market,
    ablated_policies,
)
from penstock.trials.compare import (
    Comparison,
    PolicyResult,
    ScenarioResult,
    Versus,
)
from penstock.trials.day import Day, ParentCost, Setting, engine_of, run_day
from penstock.trials.evaluation import (
    MAX_SEEDS,
    TRAINING_SEED,
    Bench,
    days_to_run,
    engine_again,
    evaluate_market,
    kept_day,
)
from penstock.trials.host import Host, Listener
from penstock.trials.insider import (
    WitnessPolicy,
    blind_name,
    check_has_hidden_state,
    load_insider,
    make_insider,
)
from penstock.trials.insider_columns import (
    GROUPS,
    HIDDEN_NAMES,
    INSIDER_VERSION,
    PRICE,
    HiddenColumns,
    columns_of,
    known_to,
    row_of,
)
from penstock.trials.judging import INSIDERS, corrected
from penstock.trials.kept_days import KeptDays, folder_of, read_whole, write_whole
from penstock.trials.live import (
    LiveIntegrity,
    LivePhase,
    LiveQuantiles,
    LiveSession,
    VenueFills,
)
from penstock.trials.live_table import live_table
from penstock.trials.markets import Market, RecordedDay, load_markets, read_scenario
from penstock.trials.page import comparison_page
from penstock.trials.parents import parents_of_day
from penstock.trials.recording import ChildDiary, ChildRecorder, ParentRecorder
from penstock.trials.statistics import Estimate, estimate, excludes_zero, paired_difference
from penstock.trials.table import comparison_tables, plain_table
from penstock.trials.tuned import (
    GENERIC,
    TUNABLE,
    UNTUNED_NOTE,
    Provenance,
    TunedBaselines,
    read_tuned,
    settings_of,
    tuned_for,
    tuned_text,
)
from penstock.trials.tuning import TUNING_SEED, Search, Tuner
from penstock.trials.tuning_space import known_of, start_of
from penstock.trials.warming import warm_up
from penstock.trials.workers import run_tasks

__all__ = [
    "GENERIC",
    "ABLATED",
    "NOTHING",
    "Ablations",
    "MechanismValue",
    "ablate_market",
    "ablated_policies",
    "blind_name",
    "check_has_hidden_state",
    "GROUPS",
    "HIDDEN_NAMES",
    "INSIDERS",
    "INSIDER_VERSION",
    "PRICE",
    "HiddenColumns",
    "WitnessPolicy",
    "columns_of",
    "known_to",
    "load_insider",
    "make_insider",
    "row_of",
    "MAX_SEEDS",
    "TRAINING_SEED",
    "TUNING_SEED",
    "TUNABLE",
    "UNTUNED_NOTE",
    "Bench",
    "ChildDiary",
    "ChildRecorder",
    "Comparison",
    "Day",
    "Estimate",
    "Host",
    "Listener",
    "LiveIntegrity",
    "LivePhase",
    "LiveQuantiles",
    "KeptDays",
    "LiveSession",
    "Market",
    "ParentCost",
    "ParentRecorder",
    "PolicyResult",
    "Provenance",
    "RecordedDay",
    "Search",
    "TunedBaselines",
    "Tuner",
    "ScenarioResult",
    "Setting",
    "VenueFills",
    "Versus",
    "comparison_page",
    "corrected",
    "comparison_tables",
    "days_to_run",
    "engine_again",
    "engine_of",
    "estimate",
    "evaluate_market",
    "kept_day",
    "excludes_zero",
    "live_table",
    "load_markets",
    "paired_difference",
    "plain_table",
    "parents_of_day",
    "read_scenario",
    "run_day",
    "read_tuned",
    "run_tasks",
    "known_of",
    "start_of",
    "settings_of",
    "tuned_for",
    "tuned_text",
    "warm_up",
    "folder_of",
    "read_whole",
    "write_whole",
]
