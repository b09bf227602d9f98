"""Venue features: the row's venue and tactic, and how they have served us."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import inlined, kernel
from penstock.book import LevelArray, MetaArray, shares_within
from penstock.domain import NS_PER_S, RowArray, SituationArray
from penstock.features.cards import AckArray, CardArray, estimate
from penstock.features.decay import remaining_frac
from penstock.features.feature import Family, Feature
from penstock.features.flow import PRINT_TAU_NS
from penstock.features.windows import WindowArray, widened

_TRIES_MAX: Final = 20
_SINCE_LAST_S_MAX: Final = 300.0

_CARD_LOOKBACK: Final = "exponential, the scorecard's half-life"
_CARD_IMPUTED: Final = "the tactic's prior, into which little experience is shrunk"

VENUE: Final = (
    Feature(
        name="venue_kind",
        unit="code",
        lookback="none",
        formula="0 internal pool, 1 dark pool, 2 ECN, 3 exchange: from hidden to protected; "
        "2 and 3 are lit",
        source="definition",
        imputed="always defined",
        family=Family.VENUE,
    ),
    Feature(
        name="tactic",
        unit="code",
        lookback="none",
        formula="0 take, 1 midpoint, 2 post: from paying the spread to earning it",
        source="definition",
        imputed="always defined",
        family=Family.VENUE,
    ),
    Feature(
        name="venue_far_shares",
        unit="shares",
        lookback="now",
        formula="displayed at the venue at the NBBO's far price or better; 0 is not at the touch",
        source="definition",
        imputed="0 before the first NBBO, or if the venue's book is not valid",
        family=Family.VENUE,
    ),
    Feature(
        name="fee_bps",
        unit="bps",
        lookback="none",
        formula="1e4 · fee per share / m for the row's tactic; negative is a rebate",
        source="definition",
        imputed="0 where the row has none",
        family=Family.VENUE,
    ),
    Feature(
        name="card_fill_frac",
        unit="fraction",
        lookback=_CARD_LOOKBACK,
        formula="shrunken mean of filled / sent over own children in the row",
        source="definition",
        imputed=_CARD_IMPUTED,
        family=Family.VENUE,
    ),
    Feature(
        name="card_time_to_fill_s",
        unit="s",
        lookback=_CARD_LOOKBACK,
        formula="shrunken mean time to the first fill, of own children that filled",
        source="definition",
        imputed=_CARD_IMPUTED,
        family=Family.VENUE,
    ),
    Feature(
        name="card_partial_frac",
        unit="fraction",
        lookback=_CARD_LOOKBACK,
        formula="shrunken share of own children that filled in part",
        source="definition",
        imputed=_CARD_IMPUTED,
        family=Family.VENUE,
    ),
    Feature(
        name="card_reject_frac",
        unit="fraction",
        lookback=_CARD_LOOKBACK,
        formula="shrunken share of own children that were refused",
        source="definition",
        imputed=_CARD_IMPUTED,
        family=Family.VENUE,
    ),
    Feature(
        name="card_markout_bps",
        unit="bps",
        lookback=_CARD_LOOKBACK,
        formula="shrunken, share-weighted mean of s · move of m, from the decision to 5 s after "
        "the end of an own child that filled in the row: what trading there gives away",
        source="definition",
        imputed=_CARD_IMPUTED,
        family=Family.VENUE,
    ),
    Feature(
        name="ack_latency_ms",
        unit="ms",
        lookback="the scorecard's last acknowledgements",
        formula="moving average of the time from our sending to the venue's acknowledgement",
        source="definition",
        imputed="the prior",
        family=Family.VENUE,
    ),
    Feature(
        name="venue_volume_frac",
        unit="fraction",
        lookback="exponential, 300 s",
        formula="shares traded at the venue, decayed / the same over all venues",
        source="definition",
        imputed="1 / number of venues before the first print",
        family=Family.VENUE,
    ),
    Feature(
        name="own_n_sent",
        unit="children",
        lookback="since arrival",
        formula="children that this parent has sent in the row, at most 20",
        source="definition",
        imputed="always defined",
        family=Family.VENUE,
    ),
    Feature(
        name="own_fill_frac",
        unit="fraction",
        lookback="since arrival",
        formula="filled / sent of this parent in the row",
        source="definition",
        imputed="card_fill_frac if it has not tried",
        family=Family.VENUE,
    ),
    Feature(
        name="own_since_last_s",
        unit="s",
        lookback="300 s",
        formula="now - this parent's last try in the row, at most 300",
        source="definition",
        imputed="300 if it has not tried",
        family=Family.VENUE,
    ),
)

(
    _KIND,
    _TACTIC,
    _FAR_SHARES,
    _FEE,
    _FILL,
    _TIME_TO_FILL,
    _PARTIAL,
    _REJECT,
    _MARKOUT,
    _ACK_LATENCY,
    _VOLUME,
    _OWN_N_SENT,
    _OWN_FILL,
    _OWN_SINCE_LAST,
) = range(len(VENUE))


@kernel
def venue_features(
    levels: LevelArray,
    meta: MetaArray,
    seen: WindowArray,
    k: int,
    venue_kinds: NDArray[np.int64],
    situation: SituationArray,
    rows: RowArray,
    r: int,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write what the row's venue is and shows into row `r`, from column `first` on."""
    out = out_features[r, first:]
    w, side, venue_idx = seen[k], widened(situation[0].side), rows[r].venue_idx
    b = widened(situation[0].instrument_idx) * len(venue_kinds) + venue_idx
    out[_KIND] = venue_kinds[venue_idx]
    out[_TACTIC] = rows[r].tactic
    out[_FAR_SHARES] = 0.0
    if w.mid_x2 > 0 and meta[b].is_valid:
        far_ticks = w.ask_ticks if side > 0 else w.bid_ticks
        out[_FAR_SHARES] = shares_within(levels, meta, b, (1 + side) // 2, far_ticks)
    fee_bps = rows[r].fee_bps
    out[_FEE] = fee_bps if np.isfinite(fee_bps) else 0.0


@kernel
def experience_features(
    table: CardArray,
    acks: AckArray,
    row: int,
    situation: SituationArray,
    rows: RowArray,
    r: int,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write our own experience, everybody's and this parent's, into row `r`, from `first` on."""
    out = out_features[r, first:]
    now_ns = situation[0].now_ns
    fill_frac, time_s, partial_frac, reject_frac, markout_bps = estimate(table, row, now_ns)
    out[_FILL] = fill_frac
    out[_TIME_TO_FILL] = time_s
    out[_PARTIAL] = partial_frac
    out[_REJECT] = reject_frac
    out[_MARKOUT] = markout_bps
    out[_ACK_LATENCY] = acks[rows[r].venue_idx].latency_ms
    out[_OWN_N_SENT] = min(rows[r].n_sent, _TRIES_MAX)
    out[_OWN_FILL] = fill_frac
    out[_OWN_SINCE_LAST] = _SINCE_LAST_S_MAX
    if rows[r].sent_shares > 0:
        out[_OWN_FILL] = min(rows[r].filled_shares / rows[r].sent_shares, 1.0)
    if rows[r].n_sent > 0:
        since_ns = max(now_ns - rows[r].last_sent_ns, 0)
        out[_OWN_SINCE_LAST] = min(since_ns / NS_PER_S, _SINCE_LAST_S_MAX)


@kernel
def volume_features(
    prints: NDArray[Any],
    n_venues: int,
    situation: SituationArray,
    rows: RowArray,
    first: int,
    out_features: NDArray[np.float64],
) -> None:
    """Write each row's share of recent volume, from column `first` on."""
    start = widened(situation[0].instrument_idx) * n_venues
    now_ns = situation[0].now_ns
    all_shares = 0.0
    for v in range(n_venues):
        all_shares += _recent_shares(prints, start + v, now_ns)
    for r in range(len(rows)):
        share_frac = 1.0 / n_venues
        if all_shares > 0.0:
            share_frac = _recent_shares(prints, start + rows[r].venue_idx, now_ns) / all_shares
        out_features[r, first + _VOLUME] = share_frac


@inlined
def _recent_shares(prints: NDArray[Any], b: int, now_ns: int) -> float:
    return float(prints[b].shares) * remaining_frac(now_ns - prints[b].last_ns, PRINT_TAU_NS)
