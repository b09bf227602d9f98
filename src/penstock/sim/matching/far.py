"""Prices outside the bands: for each book a tree of levels, ordered by price."""

from __future__ import annotations

from typing import Final

from penstock._kernels import inlined, kernel
from penstock.sim.matching.memory import NO_KEY, BookArray, HeadArray, LevelArray

# A digital search tree (Knuth, TAOCP 3, section 6.3): a node at depth d has a level of its own, and
# beneath it the levels that agree with it in the first d bits, those with a 0 next on the `low`
# side and those with a 1 on the `high` side. So no path is longer than a key has bits, whatever a
# flood of prices looks like, and there is nothing to balance. Link 0 leads nowhere.
_TOP_BIT: Final = 31
_TO_RANK: Final = 2**31  # keys are negative for sells; ranks are not, and order the same


@inlined
def child_of(levels: LevelArray, row: int, is_high: int) -> int:
    """The node beneath `row` on one side, 0 when there is none."""
    return int(levels[row].high if is_high else levels[row].low)


@inlined
def hang(
    books: BookArray, levels: LevelArray, book: int, parent: int, is_high: int, row: int
) -> None:
    """Put a node, or nothing, beneath `parent`; parent 0 is the book itself."""
    if parent == 0:
        books[book].far_root = row
    elif is_high:
        levels[parent].high = row
    else:
        levels[parent].low = row


@kernel
def find_far(head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int) -> int:
    """Row of a far level; where there is none, the row that is always empty."""
    row = int(books[book].far_root)
    rank = key + _TO_RANK
    bit = _TOP_BIT
    while row != 0:
        if levels[row].key == key:
            return row
        row = child_of(levels, row, (rank >> bit) & 1)
        bit -= 1
    return int(head[0].far_start)


@kernel
def open_far(head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int) -> int:
    """Row of a new level for a far key that has none."""
    row = int(head[0].far_free)
    if row != 0:
        head[0].far_free = levels[row].low
    else:
        head[0].far_used += 1
        row = int(head[0].far_start + head[0].far_used)
    rank = key + _TO_RANK
    parent = 0
    is_high = 0
    bit = _TOP_BIT
    at = int(books[book].far_root)
    while at != 0:
        parent = at
        is_high = (rank >> bit) & 1
        at = child_of(levels, at, is_high)
        bit -= 1
    hang(books, levels, book, parent, is_high, row)
    levels[row].key = key
    levels[row].low = 0
    levels[row].high = 0
    books[book].n_far_levels += 1
    return row


@kernel
def close_far(head: HeadArray, books: BookArray, levels: LevelArray, book: int, row: int) -> None:
    """Take a level that has become empty out of the tree; a leaf from beneath takes its place."""
    rank = int(levels[row].key) + _TO_RANK
    parent = 0
    is_high = 0
    bit = _TOP_BIT
    at = int(books[book].far_root)
    while at != row:
        parent = at
        is_high = (rank >> bit) & 1
        at = child_of(levels, at, is_high)
        bit -= 1
    leaf = row
    leaf_parent = parent
    leaf_is_high = is_high
    while levels[leaf].low != 0 or levels[leaf].high != 0:
        leaf_parent = leaf
        leaf_is_high = 1 if levels[leaf].high != 0 else 0
        leaf = child_of(levels, leaf, leaf_is_high)
    hang(books, levels, book, leaf_parent, leaf_is_high, 0)
    if leaf != row:
        levels[leaf].low = levels[row].low
        levels[leaf].high = levels[row].high
        hang(books, levels, book, parent, is_high, leaf)
    levels[row].low = head[0].far_free
    levels[row].high = 0
    head[0].far_free = row
    books[book].n_far_levels -= 1


@kernel
def best_beneath(levels: LevelArray, row: int) -> int:
    """Best key of the tree that starts at `row`, NO_KEY when that is 0."""
    best = NO_KEY
    while row != 0:
        best = max(best, int(levels[row].key))
        row = int(levels[row].high if levels[row].high != 0 else levels[row].low)
    return best


@kernel
def next_far_key(books: BookArray, levels: LevelArray, book: int, key: int) -> int:
    """Best far key of a book that is worse than `key`, NO_KEY when there is none."""
    rank = key + _TO_RANK
    best = NO_KEY
    turned_off = 0
    bit = _TOP_BIT
    row = int(books[book].far_root)
    while row != 0 and bit >= 0:  # what has no bit left to differ in is `key` itself
        if levels[row].key < key:
            best = max(best, int(levels[row].key))
        # Beneath the low side of the last turn to the high side all keys are worse than `key`, and
        # better than any on the low side of an earlier turn: they agree with it in more bits.
        if (rank >> bit) & 1:
            if levels[row].low != 0:
                turned_off = int(levels[row].low)
            row = int(levels[row].high)
        else:
            row = int(levels[row].low)
        bit -= 1
    return max(best, best_beneath(levels, turned_off))
