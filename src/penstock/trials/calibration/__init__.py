"""A scenario from recorded data, and how far the two are apart, statistic by statistic."""

from penstock.trials.calibration.calibration import Calibrated, Calibration, calibrate, n_steps
from penstock.trials.calibration.distances import Distance, distances
from penstock.trials.calibration.draft import Draft
from penstock.trials.calibration.evidence import Evidence, evidence_of
from penstock.trials.calibration.fitting import SHORTEST_S, first_draft
from penstock.trials.calibration.order_figures import OrderFigures, figures_and_sample
from penstock.trials.calibration.page import calibration_page
from penstock.trials.calibration.sample import Sample, sample_of_tape
from penstock.trials.calibration.simulated import simulated_sample
from penstock.trials.calibration.statistics_of import Figures, figures_of
from penstock.trials.calibration.table import calibration_tables
from penstock.trials.calibration.writing import scenario_text

__all__ = [
    "SHORTEST_S",
    "Calibrated",
    "Calibration",
    "Distance",
    "Draft",
    "Evidence",
    "Figures",
    "OrderFigures",
    "Sample",
    "calibrate",
    "calibration_page",
    "calibration_tables",
    "distances",
    "evidence_of",
    "figures_and_sample",
    "figures_of",
    "first_draft",
    "n_steps",
    "sample_of_tape",
    "scenario_text",
    "simulated_sample",
]
