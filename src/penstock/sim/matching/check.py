"""What must hold in every market, and a hash of what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from penstock.sim.matching.far import find_far
from penstock.sim.matching.memory import HIDDEN, MIDPOINT, NO_KEY, PEG, PRIMARY, Market, OrderArray

_CONTENT_FIELDS: Final = (
    "book", "key", "flags", "shares", "reserve_shares", "display_shares", "owner"
)  # fmt: skip


def state_hash(market: Market) -> str:
    """
    Hash of what rests: for each book, best price first, each order in its place in the queue.

    Which row of memory an order uses, what the band covers and which handles were given out do not
    matter: two markets with the same hash trade the same from here on.
    """
    digest = hashlib.sha256()
    digest.update(f"{market.head['increment_ticks'][0]} {len(market.books)}\n".encode())
    resting = resting_orders(market)
    for name in _CONTENT_FIELDS:
        digest.update(resting[name].astype("<i8").tobytes())
    pegs = resting_pegs(market)
    references = market.books["reference_key"]
    if len(pegs) or references.any():
        digest.update(references.astype("<i8").tobytes())
        for name in _CONTENT_FIELDS:
            digest.update(pegs[name].astype("<i8").tobytes())
    return digest.hexdigest()


def resting_pegs(market: Market) -> OrderArray:
    """Copy of all pegs: by book, in order of arrival."""
    found: list[int] = []
    for head in market.books["peg_head"]:
        found.extend(_queue(market, int(head)))
    return market.orders[found]


def resting_orders(market: Market) -> OrderArray:
    """Copy of all resting orders but pegs: by book, best price first, then as they queue."""
    found: list[int] = []
    for row in _used_rows(market):
        for name in ("head", "hidden_head"):
            found.extend(_queue(market, int(market.levels[name][row])))
    resting = market.orders[found]
    # A stable sort: orders of one level stay as they were found, displayed ones first.
    order = np.lexsort((-resting["key"].astype(np.int64), resting["book"]))
    return resting[order]


def problems_of(market: Market) -> list[str]:
    """
    Everything that is wrong with a market; empty when it is whole.

    Checked: queues are linked both ways and hold what their level says; every live order is in
    exactly one queue, every other row is free; each level is where it would be looked for; counts,
    best prices and bands are right; no venue is crossed outside of a call. For tests: it reads all.
    """
    problems: list[str] = []
    seen: set[int] = set()
    keys: dict[int, list[int]] = {book: [] for book in range(len(market.books))}
    n_orders = dict.fromkeys(keys, 0)
    n_far = dict.fromkeys(keys, 0)
    for row in _used_rows(market):
        slots, level_problems = _check_level(market, row)
        problems += level_problems
        problems += [f"order {slot} is in two queues" for slot in slots if slot in seen]
        seen.update(slots)
        first = market.orders[slots[0]]
        book, key = int(first["book"]), int(first["key"])
        keys[book].append(key)
        n_orders[book] += len(slots)
        n_far[book] += row >= market.head["far_start"][0]
        expected_row = _row_of(market, book, key)
        if row != expected_row:
            problems.append(f"level {key} of book {book} is at {row}, not {expected_row}")
    for book in keys:
        slots, peg_problems = _check_pegs(market, book)
        problems += peg_problems
        problems += [f"order {slot} is in two queues" for slot in slots if slot in seen]
        seen.update(slots)
        n_orders[book] += len(slots)
    for book, book_keys in keys.items():
        problems += _check_book(market, book, book_keys, n_orders[book], n_far[book])
    return problems + _check_rows(market, seen)


def _used_rows(market: Market) -> list[int]:
    used = (market.levels["head"] | market.levels["hidden_head"]) != 0
    return [int(row) for row in np.flatnonzero(used)]


def _queue(market: Market, slot: int) -> Iterator[int]:
    for _ in range(len(market.orders)):
        if slot == 0:
            return
        yield slot
        slot = int(market.orders["next"][slot])
    raise AssertionError("a queue runs in a circle")


def _row_of(market: Market, book: int, key: int) -> int:
    size = 1 << int(market.head["band_shift"][0])
    if 0 <= key - int(market.books["low_key"][book]) < size:
        return book * size + key % size
    return int(find_far(market.head, market.books, market.levels, book, key))


def _check_level(market: Market, row: int) -> tuple[list[int], list[str]]:
    level = market.levels[row]
    problems = []
    slots: list[int] = []
    for is_hidden, head, tail, total in (
        (False, "head", "tail", "displayed_shares"),
        (True, "hidden_head", "hidden_tail", "hidden_shares"),
    ):
        queue = list(_queue(market, int(level[head])))
        before = 0
        for slot in queue:
            order = market.orders[slot]
            first = market.orders[queue[0]]
            if (order["book"], order["key"]) != (first["book"], first["key"]):
                problems.append(f"order {slot} is in the queue of another price")
            if bool(order["flags"] & HIDDEN) != is_hidden:
                problems.append(f"order {slot} is in the wrong queue of its level")
            if order["prev"] != before:
                problems.append(f"order {slot} points back at {order['prev']}, not {before}")
            if order["shares"] < 1:
                problems.append(f"order {slot} rests with {order['shares']} shares")
            if order["reserve_shares"] != 0 and order["shares"] > order["display_shares"]:
                problems.append(f"order {slot} displays {order['shares']} and has a reserve")
            before = slot
        if level[tail] != before:
            problems.append(f"row {row}: {tail} is {level[tail]}, the last order is {before}")
        held = sum(int(market.orders["shares"][slot]) for slot in queue)
        if is_hidden:
            held += sum(int(market.orders["reserve_shares"][slot]) for slot in slots)
        if level[total] != held:
            problems.append(f"row {row}: {total} is {level[total]}, its orders hold {held}")
        slots += queue
    return slots, problems


def _check_pegs(market: Market, book: int) -> tuple[list[int], list[str]]:
    state = market.books[book]
    slots = list(_queue(market, int(state["peg_head"])))
    problems = []
    before = 0
    for slot in slots:
        order = market.orders[slot]
        if order["book"] != book or order["flags"] not in (MIDPOINT | HIDDEN, PRIMARY | HIDDEN):
            problems.append(f"order {slot} is no peg of book {book}")
        if order["prev"] != before:
            problems.append(f"peg {slot} points back at {order['prev']}, not {before}")
        if order["shares"] < 1 or order["reserve_shares"] != 0 or order["display_shares"] < 0:
            problems.append(f"peg {slot} rests with impossible sizes")
        before = slot
    references = market.books["reference_key"][[book, book ^ 1]].astype(np.int64)
    is_awake = len(slots) > 0 and references[0] != 0
    expected = {
        "peg_tail": before,
        "n_pegs": len(slots),
        "peg_key2": references[0] - references[1] if is_awake else NO_KEY,
    }
    problems += [
        f"book {book}: {name} is {state[name]}, not {value}"
        for name, value in expected.items()
        if state[name] != value
    ]
    if (references[0] == 0) != (references[1] == 0):
        problems.append(f"venue {book >> 1}: half a reference")
    return slots, problems


def _check_book(
    market: Market, book: int, keys: list[int], n_orders: int, n_far_levels: int
) -> list[str]:
    state = market.books[book]
    size = 1 << int(market.head["band_shift"][0])
    best = max(keys, default=NO_KEY)
    expected = {
        "best_key": best,
        "n_orders": n_orders,
        "n_band_levels": len(keys) - n_far_levels,
        "n_far_levels": n_far_levels,
    }
    problems = [
        f"book {book}: {name} is {state[name]}, not {value}"
        for name, value in expected.items()
        if state[name] != value
    ]
    if keys and not 0 <= best - int(state["low_key"]) < size:
        problems.append(f"book {book}: the best key {best} is outside its band")
    is_crossed = int(state["best_key"]) + int(market.books["best_key"][book ^ 1]) >= 0
    if is_crossed and not state["in_call"]:
        problems.append(f"venue {book >> 1} is crossed")
    if best > state["cap_key"]:
        problems.append(f"book {book}: the best key {best} is outside the price band")
    return problems


def _check_rows(market: Market, live: set[int]) -> list[str]:
    head = market.head[0]
    used = int(head["n_used"])
    free = list(_queue(market, int(head["free_slot"])))
    problems = []
    resting = market.orders[list(live)]
    is_peg = (resting["flags"] & PEG) != 0
    n_icebergs = int(np.count_nonzero((resting["display_shares"] != 0) & ~is_peg))
    n_pegs = int(np.count_nonzero(is_peg))
    for name, n in (("n_live", len(live)), ("n_icebergs", n_icebergs), ("n_pegs", n_pegs)):
        if head[name] != n:
            problems.append(f"{name} is {head[name]}, {n} rest")
    if sorted([*live, *free]) != list(range(1, used + 1)):
        problems.append("queues and free list do not make up the rows used so far")
    is_odd = (market.orders["generation"] & 1) == 1
    if set(np.flatnonzero(is_odd).tolist()) != live:
        problems.append("rows marked as in use are not those that rest")
    levels = market.levels
    is_empty = (levels["head"] | levels["hidden_head"]) == 0
    names = ("displayed_shares", "hidden_shares", "tail", "hidden_tail")
    stale = [name for name in names if np.any(levels[name][is_empty] != 0)]
    return problems + [f"an empty level has {name}" for name in stale]
