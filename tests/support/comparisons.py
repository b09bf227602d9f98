"""Comparisons and a model card by hand: one generated market, one recorded day, one single day."""

from __future__ import annotations

import msgspec
import numpy as np

from penstock.domain import N_TACTICS, NS_PER_S, Ns
from penstock.models import INFERENCE_FORMAT, CalibrationBin, Head, Link, ModelCard
from penstock.trials.compare import Comparison, DayCosts, ScenarioResult, policy_results
from penstock.trials.day import ParentCost
from penstock.trials.judging import contrast_of
from penstock.trials.markets import GENERATED_NOTES, REPLAY_NOTES

POLICIES = ("static", "sweep", "proportional", "supervised")
# Mean reference cost, seconds to complete, children, fees, leakage: of the order seen in markets.
_LAWS = {
    "static": (1.62, 41.0, 9.3, -0.04, 0.31),
    "sweep": (1.48, 2.1, 6.2, 0.31, 0.22),
    "proportional": (1.71, 18.4, 11.8, 0.12, 0.35),
    "supervised": (1.21, 24.6, 8.1, 0.02, 0.19),
}


def comparison(*, scenarios: dict[str, ScenarioResult] | None = None) -> Comparison:
    """Four policies in a generated market and on a recorded day under one depth assumption."""
    return Comparison(
        scenarios=scenarios
        if scenarios is not None
        else {
            "reference-day": scenario(),
            "ibm-2013-replay[thin]": scenario(mode="replay", n_days=12),
        },
        model="b1946ac92492",
        model_trained_on="reference-day, seeds 2000000 to 2000011",
        machine="2 cores, x86_64, Linux",
        command="penstock evaluate scenarios/reference-day.toml --seeds 20",
    )


def scenario(
    *, mode: str = "generated", n_days: int = 20, policies: tuple[str, ...] = POLICIES
) -> ScenarioResult:
    """
    A scenario whose figures come from the real statistics, over made-up costs of parents.

    A generated market knows its reference price; a recorded day ("replay") does not. With
    `n_days=1` there is no interval.
    """
    is_known = mode == "generated"
    days = [
        DayCosts(seed, policy, _parents(seed, policy, is_known=is_known), f"{seed:04x}")
        for seed in range(1, n_days + 1)
        for policy in policies
    ]
    best_baseline = "sweep" if "sweep" in policies else None
    results = policy_results(days, best_baseline)
    return ScenarioResult(
        description="Two hours of a large-cap stock on five venues"
        if is_known
        else "IBM on 8 October 2013, 09:35 to 15:55: a check of the machine on real prices",
        mode=mode,
        seeds=tuple(range(1, n_days + 1)),
        baseline_seeds=tuple(range(1_000_000, 1_000_010)),
        best_baseline=best_baseline,
        policies=results,
        gap_closed_frac={"supervised": None},
        gaps={},
        contrast=contrast_of(results, best_baseline),
        problems=(),
        notes=GENERATED_NOTES if is_known else REPLAY_NOTES,
        state_hash=("3f" if is_known else "a7") * 32,
    )


def card() -> ModelCard:
    """A model's card with measurements of all parts."""
    head = Head(link=Link.IDENTITY, n_trees=60, scale=1.0, lowest=0.0, highest=1.0)
    rows, errors = (
        41_208.0,
        {
            "slippage_bps": (1.412, 1.655, 0.011),
            "fill_frac": (0.301, 0.372, -0.004),
            "time_to_fill_s": (8.913, 9.702, 0.203),
            "leakage_bps": (2.204, 2.201, -0.018),
        },
    )
    metrics = {
        part: {
            "n_rows": rows,
            "rmse": rmse,
            "baseline_rmse": baseline,
            "r2_vs_baseline": 1 - (rmse / baseline) ** 2,
            "bias": bias,
            "n_trees": 60.0,
        }
        for part, (rmse, baseline, bias) in errors.items()
    }
    metrics["fill_frac"] |= {"log_loss": 0.412, "baseline_log_loss": 0.503}
    return ModelCard(
        name="reference",
        version="1",
        kind="forest",
        inference=INFERENCE_FORMAT,
        feature_names=("spread_bps", "size_top3_frac", "queue_ahead_shares"),
        features_version="1",
        trained_on="reference-day; 12 days, 2000000 to 2000011; 120,400 rows fitted",
        horizon_ns=Ns(10 * NS_PER_S),
        n_rows=120_400,
        seed=7,
        means=(head,) * 4,
        deviations=(head,) * 4,
        sd_by_tactic=((0.5,) * N_TACTICS,) * 4,
        cover_90=(1.6, 1.5, 1.8, 1.7),
        metrics=metrics,
        calibration=tuple(
            CalibrationBin(forecast_frac=x, observed_frac=y, n_rows=4_120)
            for x, y in (
                (0.03, 0.02),
                (0.11, 0.12),
                (0.24, 0.22),
                (0.37, 0.40),
                (0.52, 0.50),
                (0.66, 0.68),
                (0.79, 0.77),
                (0.88, 0.90),
                (0.95, 0.94),
                (0.99, 0.985),
            )
        ),
    )


def renamed(result: ScenarioResult, old: str, new: str) -> ScenarioResult:
    """The same result with a policy called otherwise, wherever its name stands."""
    policies = {
        (new if name == old else name): msgspec.structs.replace(
            policy,
            versus={(new if other == old else other): v for other, v in policy.versus.items()},
        )
        for name, policy in result.policies.items()
    }
    best = new if result.best_baseline == old else result.best_baseline
    return msgspec.structs.replace(result, policies=policies, best_baseline=best)


def _parents(seed: int, policy: str, *, is_known: bool) -> list[ParentCost]:
    """The market's moves are the day's, the same for all; a policy adds its mean and own luck."""
    mean_bps, seconds, children, fees_bps, leakage_bps = _LAWS[policy]
    market = np.random.default_rng(seed)
    own = np.random.default_rng((seed, POLICIES.index(policy)))
    parents = []
    for parent_id in range(1, 21):
        moves_bps = market.normal(scale=9.0) * (0.3 + seconds / 60.0)
        cost_bps = mean_bps + own.normal(scale=1.3)
        parents.append(
            ParentCost(
                parent_id=parent_id,
                shortfall_bps=cost_bps + moves_bps,
                reference_bps=cost_bps if is_known else float("nan"),
                leakage_bps=leakage_bps if is_known else float("nan"),
                fees_bps=fees_bps,
                filled_frac=1.0 if parent_id % 7 else 0.96,
                duration_s=seconds * own.uniform(0.5, 1.5),
                n_children=round(children * own.uniform(0.6, 1.4)),
                n_decisions=round(2 * children),
            )
        )
    return parents
