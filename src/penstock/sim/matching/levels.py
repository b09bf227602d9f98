"""Where a price lives: in a dense band of levels around the best, or in the tree of far ones."""

from __future__ import annotations

from penstock._kernels import inlined, kernel
from penstock.sim.matching.far import best_beneath, close_far, find_far, next_far_key, open_far
from penstock.sim.matching.memory import NO_KEY, BookArray, HeadArray, LevelArray

# The band is a ring: key k sits at k modulo its size, so moving the window copies nothing that
# stays inside. The best key of a side is always inside its band, and far keys are all below it:
# a trade never looks into the tree.


@inlined
def is_empty(levels: LevelArray, row: int) -> bool:
    """No order rests at this row of `levels`."""
    return bool((levels[row].head | levels[row].hidden_head) == 0)


@inlined
def band_row(head: HeadArray, book: int, key: int) -> int:
    """Row of `levels` for a key inside the band of a book."""
    shift = int(head[0].band_shift)
    return (book << shift) + (key & ((1 << shift) - 1))


@inlined
def level_of(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int
) -> int:  # fmt: skip
    """Row of `levels` for a key; a row that is always empty when it is far and nothing is there."""
    if 0 <= key - int(books[book].low_key) < (1 << int(head[0].band_shift)):
        row = band_row(head, book, key)
    else:
        row = find_far(head, books, levels, book, key)
    return row


@kernel
def move_level(levels: LevelArray, source: int, target: int) -> None:
    """Move a level's queues to another row. Orders link to each other, not to it, and stay put."""
    levels[target].displayed_shares = levels[source].displayed_shares
    levels[target].hidden_shares = levels[source].hidden_shares
    levels[target].head = levels[source].head
    levels[target].tail = levels[source].tail
    levels[target].hidden_head = levels[source].hidden_head
    levels[target].hidden_tail = levels[source].hidden_tail
    levels[source].displayed_shares = 0
    levels[source].hidden_shares = 0
    levels[source].head = 0
    levels[source].tail = 0
    levels[source].hidden_head = 0
    levels[source].hidden_tail = 0


@kernel
def move_band(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, best_key: int
) -> None:
    """
    Lay the band of a book anew, so that `best_key` has three quarters of it behind and one ahead.

    Levels that fall out join the tree, those that come in leave it, each with its queues as they
    are. Cost: one pass over the band, and a few steps for each level that moves.
    """
    size = 1 << head[0].band_shift
    old_low = int(books[book].low_key)
    new_low = best_key - (size - size // 4)
    if books[book].n_band_levels > 0:
        # Nothing rests above the best, so levels can only fall out at the bottom.
        for key in range(old_low, min(old_low + size, new_low)):
            row = band_row(head, book, key)
            if not is_empty(levels, row):
                move_level(levels, row, open_far(head, books, levels, book, key))
                books[book].n_band_levels -= 1
    books[book].low_key = new_low
    key = best_beneath(levels, int(books[book].far_root))
    while key >= new_low:
        row = find_far(head, books, levels, book, key)
        move_level(levels, row, band_row(head, book, key))
        close_far(head, books, levels, book, row)
        books[book].n_band_levels += 1
        key = best_beneath(levels, int(books[book].far_root))


@kernel
def next_key(head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int) -> int:
    """The best key worse than `key` at which anything rests, NO_KEY when there is none."""
    low = int(books[book].low_key)
    for at in range(min(key, low + (1 << head[0].band_shift)) - 1, low - 1, -1):
        if not is_empty(levels, band_row(head, book, at)):
            return at
    return next_far_key(books, levels, book, key)


@inlined
def before_first_order(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int
) -> None:
    """Make a key that beats the best the new best, band included; the order is linked after."""
    if key > books[book].best_key:
        above = key - int(books[book].low_key)
        if above < 0 or above >= 1 << head[0].band_shift:  # < 0 only when the side is empty
            move_band(head, books, levels, book, key)
        books[book].best_key = key


@kernel
def after_last_order(
    head: HeadArray, books: BookArray, levels: LevelArray, book: int, key: int, row: int
) -> None:
    """Restore what must hold when the last order of a level is gone: counts, best key, band."""
    if row >= head[0].far_start:
        close_far(head, books, levels, book, row)
        return
    books[book].n_band_levels -= 1
    if key != books[book].best_key:
        return
    if books[book].n_band_levels == 0:
        best = best_beneath(levels, int(books[book].far_root))
        if best != NO_KEY:
            move_band(head, books, levels, book, best)
    else:
        best = key - 1
        while is_empty(levels, band_row(head, book, best)):
            best -= 1
        # Slide down before the best comes near the bottom. Then it is half a band away from the
        # next slide, so the cost per increment of drift stays small.
        if best - int(books[book].low_key) < (1 << head[0].band_shift) >> 2:
            move_band(head, books, levels, book, best)
    books[book].best_key = best
