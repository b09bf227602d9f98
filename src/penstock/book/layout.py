"""Layout of the books: which array holds what."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_LEVELS: Final = 128  # per side, 4 KB a book; nearly all messages are within ten of the touch
BID: Final = 0
ASK: Final = 1

BOOK_META_DTYPE = np.dtype(
    [
        ("n_bids", np.int64),  # levels in use
        ("n_asks", np.int64),
        ("is_valid", np.int64),  # 1: every price query can be believed
        ("is_lost", np.int64),  # something was missed: only a snapshot can mend it
        ("in_snapshot", np.int64),  # between CLEAR and SNAPSHOT_END
        ("is_halted", np.int64),
        ("is_withheld", np.int64),  # its feed is late or broken, says the host
        ("last_seq", np.int64),  # 0 before the first numbered message
        ("last_event_ns", np.int64),
        ("last_recv_ns", np.int64),
        ("n_gaps", np.int64),
        ("n_crossed", np.int64),  # messages after which bid >= ask in continuous trading
        ("n_dropped", np.int64),  # levels that were too far from the touch to be kept
        ("forgotten_bid_ticks", np.int64),  # best bid that was dropped; 0 if none was
        ("forgotten_ask_ticks", np.int64),
    ]
)
"""One venue's book of one instrument; row instrument_idx * n_venues + venue_idx."""

NBBO_DTYPE = np.dtype(
    [
        ("bid_ticks", np.int64),
        ("ask_ticks", np.int64),
        ("bid_shares", np.int64),  # displayed at bid_ticks, summed over protected venues
        ("ask_shares", np.int64),
        ("n_bid_venues", np.int64),
        ("n_ask_venues", np.int64),
        ("is_valid", np.int64),  # both sides are there and bid < ask
        ("recv_ns", np.int64),  # when the touch of one of its venues last moved
    ]
)
"""Best protected quotes of one instrument."""

LevelArray = NDArray[np.int64]
"""Shape (n_books, 2, MAX_LEVELS, 2): [book, BID or ASK, level, (ticks, shares)]; best is last."""

MetaArray = NDArray[Any]
"""Shape (n_books,), BOOK_META_DTYPE."""

NbboArray = NDArray[Any]
"""Shape (n_instruments,), NBBO_DTYPE."""
