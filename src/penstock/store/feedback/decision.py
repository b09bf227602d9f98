"""Decisions out of the log: the stored bytes again, and a reader's view of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from penstock.domain import (
    BPS_PER_UNIT,
    DecisionRecord,
    Exclusion,
    Ns,
    Shares,
    SituationArray,
    Tactic,
    Versions,
    seconds,
)
from penstock.features import FEATURE_NAMES, FEATURES_VERSION
from penstock.store.feedback.rows import unpacked
from penstock.store.feedback.story import DecisionStory, RowStory, SituationStory


def record_of(stored: Mapping[str, Any], versions: Mapping[str, str]) -> DecisionRecord:
    """The record as the engine made it; its hash is the stored one."""
    return DecisionRecord(
        decision_id=stored["decision_id"],
        parent_id=stored["parent_id"],
        at_ns=Ns(stored["at_ns"]),
        policy=stored["policy"],
        fallback=stored["fallback"],
        route_shares=Shares(stored["route_shares"]),
        situation=unpacked(stored["situation"]),
        rows=unpacked(stored["rows"]),
        features=unpacked(stored["features"]),
        versions=Versions(**versions),
    )


def decision_story(
    record: DecisionRecord,
    *,
    sha256: str,
    row_idx: int,
    mics: Mapping[int, str],
    child_ids: Sequence[int],
    configured_policy: str,
) -> DecisionStory:
    """A decision as a reader sees it, with the features of one of its rows."""
    rows = sorted(_rows(record, mics), key=_order)
    return DecisionStory(
        decision_id=record.decision_id,
        at_ns=record.at_ns,
        policy=record.policy,
        fallback=record.fallback,
        configured_policy=configured_policy,
        situation=_situation(record.situation_array()),
        rows=rows,
        features=_features(record, row_idx),
        child_ids=list(child_ids),
        versions={name: getattr(record.versions, name) for name in Versions.__struct_fields__},
        sha256=sha256,
        is_intact=record.sha256() == sha256,
    )


def _situation(array: SituationArray) -> SituationStory:
    now = array[0]
    has_nbbo = bool(now["has_nbbo"])
    mid_ticks = float(now["mid_ticks_x2"]) / 2 if has_nbbo else None
    spread_ticks = int(now["ask_ticks"]) - int(now["bid_ticks"])
    arrival_mid_ticks = float(now["arrival_mid_ticks_x2"]) / 2
    return SituationStory(
        arrival_mid_ticks=arrival_mid_ticks or None,
        parent_shares=int(now["parent_shares"]),
        filled_shares=int(now["filled_shares"]),
        leaves_shares=int(now["leaves_shares"]),
        route_shares=int(now["route_shares"]),
        worst_ticks=int(now["worst_ticks"]),
        bid_ticks=int(now["bid_ticks"]) if has_nbbo else None,
        ask_ticks=int(now["ask_ticks"]) if has_nbbo else None,
        bid_shares=int(now["bid_shares"]) if has_nbbo else None,
        ask_shares=int(now["ask_shares"]) if has_nbbo else None,
        mid_ticks=mid_ticks,
        spread_bps=BPS_PER_UNIT * spread_ticks / mid_ticks if mid_ticks else None,
        n_decisions=int(now["n_decisions"]),
        time_left_s=seconds(int(now["deadline_ns"]) - int(now["now_ns"])),
        must_complete=bool(now["must_complete"]),
    )


def _rows(record: DecisionRecord, mics: Mapping[int, str]) -> list[RowStory]:
    stories = []
    for row_idx, row in enumerate(record.row_array()):
        excluded = Exclusion(int(row["excluded"]))
        venue_idx = int(row["venue_idx"])
        numbers = {
            name: _finite(row[name])
            for name in (
                *("fee_bps", "slippage_bps", "slippage_bps_sd", "fill_frac", "fill_frac_sd"),
                *("time_to_fill_s", "leakage_bps", "wait_bps", "cost_bps", "score"),
            )
        }
        stories.append(
            RowStory(
                row_idx=row_idx,
                venue=mics.get(venue_idx, f"venue {venue_idx}"),
                tactic=Tactic(int(row["tactic"])).name.lower(),
                excluded="" if excluded is Exclusion.USABLE else excluded.label,
                limit_ticks=int(row["limit_ticks"]),
                size_shares=int(row["size_shares"]),
                available_shares=int(row["available_shares"]),
                rest_s=seconds(int(row["rest_ns"])),
                n_sent=int(row["n_sent"]),
                rank=int(row["rank"]) if row["rank"] >= 0 else None,
                stage=int(row["stage"]) if row["stage"] >= 0 else None,
                alloc_shares=int(row["alloc_shares"]),
                **numbers,
            )
        )
    return stories


def _order(row: RowStory) -> tuple[float, bool, float, int]:
    """By rank; then what could be used, best score first; then the excluded."""
    rank = math.inf if row.rank is None else row.rank
    score = math.inf if row.score is None else row.score
    return (rank, bool(row.excluded), score, row.row_idx)


def _features(record: DecisionRecord, row_idx: int) -> dict[str, float]:
    """The names are this release's: features of another version stay unnamed, and are left out."""
    if not record.features or record.versions.features != FEATURES_VERSION:
        return {}
    matrix = record.feature_matrix(len(FEATURE_NAMES))
    return {name: float(value) for name, value in zip(FEATURE_NAMES, matrix[row_idx], strict=True)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
