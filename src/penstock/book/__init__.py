"""Books: displayed depth per venue, gaps, and the protected touch across venues."""

from penstock.book.apply import apply_message, apply_messages
from penstock.book.books import Books
from penstock.book.layout import (
    ASK,
    BID,
    BOOK_META_DTYPE,
    MAX_LEVELS,
    NBBO_DTYPE,
    LevelArray,
    MetaArray,
    NbboArray,
)
from penstock.book.levels import (
    best_shares,
    best_ticks,
    level_shares,
    level_ticks,
    n_levels,
    shares_within,
)

__all__ = [
    "ASK",
    "BID",
    "BOOK_META_DTYPE",
    "MAX_LEVELS",
    "NBBO_DTYPE",
    "Books",
    "LevelArray",
    "MetaArray",
    "NbboArray",
    "apply_message",
    "apply_messages",
    "best_shares",
    "best_ticks",
    "level_shares",
    "level_ticks",
    "n_levels",
    "shares_within",
]
