"""A recorded day becomes background flow: what the tape says is shown, and nothing before it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    NS_PER_MS,
    NS_PER_S,
    ChildFill,
    ChildOrder,
    ConfigError,
    Ns,
    PegKind,
    SendChild,
    Shares,
    Side,
    Tactic,
    TapeArray,
    TapeError,
    TapeFlag,
    TapeKind,
    Ticks,
    Tif,
    TradingDay,
    VenueCommand,
    empty_tape,
    parse_toml,
)
from penstock.sim import Scenario, ScriptArray, ScriptOp, World, check_script
from penstock.sim.replay.day import CompiledReplay, compile_replay

ROOT = Path(__file__).parents[3]
CODES = tuple("NQPZKJYBXCWMD")
NYSE, NASDAQ, EDGX, TRF = CODES.index("N"), CODES.index("Q"), CODES.index("K"), CODES.index("D")
POOL, ECN, EXCHANGE_A, EXCHANGE_B = 1, 2, 3, 4  # what stands for them in the scenario file
BUY, SELL = 1, -1


def the_scenario() -> Scenario:
    """The scenario that ships with the project, shortened to a minute."""
    file = ROOT / "scenarios" / "ibm-2013-replay.toml"
    scenario = parse_toml(file.read_text(), Scenario, file=file.name)
    about = msgspec.structs.replace(scenario.scenario, duration_s=60.0)
    return msgspec.structs.replace(scenario, scenario=about)


SCENARIO = the_scenario()


def message(at_ms: float, kind: TapeKind, side: int, ticks: int, shares: int, code: int) -> Any:
    """One row of a tape; times from the start of the session."""
    row = empty_tape(1)
    row["event_ns"] = row["recv_ns"] = SCENARIO.start_ns + round(at_ms * NS_PER_MS)
    row["kind"], row["side"], row["venue_idx"] = int(kind), side, code
    row["price_ticks"], row["shares"] = ticks, shares
    if code == TRF:
        row["flags"] = int(TapeFlag.OFF_EXCHANGE)
    return row


def quote(at_ms: float, bid: tuple[int, int, int], ask: tuple[int, int, int]) -> TapeArray:
    """Both sides of an NBBO: (ticks, shares, venue code)."""
    return np.concatenate(
        [message(at_ms, TapeKind.NBBO, BUY, *bid), message(at_ms, TapeKind.NBBO, SELL, *ask)]
    )


def trade(at_ms: float, side: int, ticks: int, shares: int, code: int, flags: int = 0) -> TapeArray:
    """One print."""
    row: TapeArray = message(at_ms, TapeKind.TRADE, side, ticks, shares, code)
    row["flags"] |= flags
    return row


def tape_of(*parts: TapeArray) -> TapeArray:
    """The parts, one after the other."""
    return np.concatenate(parts)


def compiled(tape: TapeArray, scenario: Scenario = SCENARIO, depth: str = "thin") -> CompiledReplay:
    """The replay of a tape with the same luck each time."""
    generator = np.random.default_rng(11)
    return compile_replay(tape, CODES, scenario, generator, depth=depth)


def with_replay(**changes: Any) -> Scenario:
    """The scenario with another replay table."""
    assert SCENARIO.replay is not None
    replay = msgspec.structs.replace(SCENARIO.replay, **changes)
    return msgspec.structs.replace(SCENARIO, replay=replay)


def random_tape(seed: int, n_messages: int = 400, from_ms: int = -500) -> TapeArray:
    """A walk of quotes, locked and crossed ones among them, and prints all around them."""
    rng = np.random.default_rng(seed)
    mid, at_ms = 1_800_000, float(from_ms)
    parts = [quote(at_ms, (mid - 100, 300, NYSE), (mid + 100, 200, NASDAQ))]
    for _ in range(n_messages):
        at_ms += int(rng.integers(0, 40))
        mid += 100 * int(rng.integers(-3, 4))
        code = int(rng.integers(0, len(CODES) - 1))
        shares = 100 * int(rng.integers(1, 20))
        if rng.random() < 0.5:
            half = 100 * int(rng.integers(-1, 4))
            parts.append(quote(at_ms, (mid - half, shares, code), (mid + half, 300, NYSE)))
        else:
            side, code = int(rng.choice([BUY, SELL])), TRF if rng.random() < 0.4 else code
            ticks = mid + 50 * int(rng.integers(-4, 5))
            parts.append(trade(at_ms, side, ticks, shares + 7, code))
    return tape_of(*parts)


class Shown:
    """What a script displays if nobody else trades: a slow book of its lit orders."""

    def __init__(self) -> None:
        self.orders: dict[int, list[int]] = {}  # id: venue_idx, side, ticks, shares

    def apply(self, row: Any) -> None:
        """Carry out one command; an order that would trade on arrival is a fault."""
        op, order_id, shares = int(row["op"]), int(row["script_id"]), int(row["shares"])
        if op == ScriptOp.ADD:
            side, ticks = int(row["side"]), int(row["price_ticks"])
            theirs = self.best(-side)
            assert theirs is None or side * (theirs - ticks) > 0, f"{row} locks or crosses {theirs}"
            self.orders[order_id] = [int(row["venue_idx"]), side, ticks, shares]
        elif op == ScriptOp.CANCEL and order_id in self.orders:
            self.orders[order_id][3] -= shares or self.orders[order_id][3]
            if self.orders[order_id][3] <= 0:
                del self.orders[order_id]
        elif op == ScriptOp.MARKET:
            self.take(int(row["venue_idx"]), int(row["side"]), int(row["price_ticks"]), shares)

    def take(self, venue_idx: int, side: int, limit_ticks: int, shares: int) -> None:
        """A market order: best price first, then the oldest."""
        for order_id, order in sorted(
            self.orders.items(), key=lambda item: (side * item[1][2], item[0])
        ):
            is_in_reach = side * (limit_ticks - order[2]) >= 0
            if order[:2] == [venue_idx, -side] and is_in_reach and shares > 0:
                taken = min(shares, order[3])
                order[3] -= taken
                shares -= taken
                if order[3] == 0:
                    del self.orders[order_id]

    def best(self, side: int) -> int | None:
        """Best price of a side over all venues."""
        prices = [side * ticks for _, its, ticks, _ in self.orders.values() if its == side]
        return side * max(prices) if prices else None

    def shares(self, venue_idx: int, side: int, ticks: int) -> int:
        """Displayed size at a price of a venue."""
        return sum(
            order[3] for order in self.orders.values() if order[:3] == [venue_idx, side, ticks]
        )


def shown_after(script: ScriptArray) -> Shown:
    """The book when all commands are carried out."""
    shown = Shown()
    for row in script:
        shown.apply(row)
    return shown


def rows_of(script: ScriptArray, op: ScriptOp) -> list[tuple[int, int, int, int]]:
    """Venue, side, price and size of the commands of one kind."""
    found = script[script["op"] == int(op)]
    names = ("venue_idx", "side", "price_ticks", "shares")
    return [tuple(int(row[name]) for name in names) for row in found]  # type: ignore[misc]


QUOTE = quote(0, (1_799_900, 500, NYSE), (1_800_100, 300, NASDAQ))


def test_who_sets_a_quote_shows_its_size() -> None:
    """It is the one thing about depth that the tape does say."""
    shown = shown_after(compiled(QUOTE).script)

    assert 500 == shown.shares(EXCHANGE_A, BUY, 1_799_900)
    assert 300 == shown.shares(EXCHANGE_B, SELL, 1_800_100)


@pytest.mark.parametrize(("depth", "at_touch"), [("thin", 0), ("matched", 500), ("deep", 700)])
def test_others_show_what_the_assumption_says(depth: str, at_touch: int) -> None:
    """Before any print all venues are equally busy; nobody shows more than who sets the quote."""
    shown = shown_after(compiled(QUOTE, depth=depth).script)

    assert at_touch == shown.shares(ECN, BUY, 1_799_900)
    assert 100 <= shown.shares(ECN, BUY, 1_799_800)


def test_busier_venues_show_more() -> None:
    """Volume so far is all that the tape says about where liquidity is."""
    prints = [trade(1 + n, BUY, 1_800_100, 9_000, NASDAQ) for n in range(10)]
    again = quote(50, (1_800_000, 600, NYSE), (1_800_100, 300, NASDAQ))
    shown = shown_after(compiled(tape_of(QUOTE, *prints, again), depth="matched").script)

    assert 600 == shown.shares(EXCHANGE_B, BUY, 1_800_000)
    assert 0 == shown.shares(ECN, BUY, 1_800_000)


def test_a_print_takes_what_its_venue_displays_and_the_rest_is_printed() -> None:
    """What a print found beyond the displayed size was hidden, or the assumption was too thin."""
    script = compiled(tape_of(QUOTE, trade(5, BUY, 1_800_100, 450, NASDAQ))).script

    assert [(EXCHANGE_B, BUY, 1_800_100, 450)] == rows_of(script, ScriptOp.MARKET)
    assert [(EXCHANGE_B, BUY, 1_800_100, 150)] == rows_of(script, ScriptOp.PRINT)
    assert 0 == shown_after(script).shares(EXCHANGE_B, SELL, 1_800_100)


def test_an_order_that_a_print_used_up_is_cancelled_as_well() -> None:
    """If ours had the print instead, an order that the tape knows no more of must not stay."""
    script = compiled(tape_of(QUOTE, trade(5, BUY, 1_800_100, 300, NASDAQ))).script
    last = script[-1]

    assert (ScriptOp.CANCEL, 0) == (last["op"], last["shares"])
    assert last["script_id"] in script["script_id"][script["op"] == int(ScriptOp.ADD)]


def test_limits_of_prints_between_increments_are_rounded_towards_the_aggressor() -> None:
    """A buyer who paid 180.005 would not have paid 180.01."""
    tape = tape_of(
        QUOTE, trade(5, BUY, 1_800_050, 100, NASDAQ), trade(6, SELL, 1_799_950, 100, NYSE)
    )

    assert [(EXCHANGE_B, BUY, 1_800_000, 100), (EXCHANGE_A, SELL, 1_800_000, 100)] == rows_of(
        compiled(tape).script, ScriptOp.MARKET
    )


def test_auction_prints_touch_no_book() -> None:
    """A single-price cross does not walk through the continuous book."""
    auction = trade(5, BUY, 1_800_100, 80_000, NYSE, int(TapeFlag.AUCTION))
    script = compiled(tape_of(QUOTE, auction)).script

    assert [] == rows_of(script, ScriptOp.MARKET)
    assert [(EXCHANGE_A, BUY, 1_800_100, 80_000)] == rows_of(script, ScriptOp.PRINT)


def test_suspicious_rows_move_nothing_and_are_counted() -> None:
    """A price that nobody believes must not fill an order."""
    bad_quote = quote(5, (1_500_000, 100, NYSE), (1_900_000, 100, NYSE))
    bad_quote["flags"] = int(TapeFlag.SUSPICIOUS)
    bad_print = trade(6, BUY, 1_900_000, 100, NYSE, int(TapeFlag.SUSPICIOUS))
    result = compiled(tape_of(QUOTE, bad_quote, bad_print))

    assert compiled(QUOTE).script.tobytes() == result.script.tobytes()
    assert (2, 1) == (result.report.n_quotes_skipped, result.report.n_prints_skipped)


def test_a_locked_quote_is_shown_one_increment_apart() -> None:
    """The side that moved last gives way, as an exchange would have it."""
    locked = quote(5, (1_800_100, 700, NYSE), (1_800_100, 300, NASDAQ))
    result = compiled(tape_of(QUOTE, locked))
    shown = shown_after(result.script)

    assert (1_800_000, 1_800_100) == (shown.best(BUY), shown.best(SELL))
    assert 700 == shown.shares(EXCHANGE_A, BUY, 1_800_000)
    assert 1 == result.report.n_quotes_slid


def test_off_exchange_prints_are_printed_and_leave_interest_by_chance() -> None:
    """About one in five prints does, as the scenario says; each is withdrawn again."""
    prints = [trade(10 + 20 * n, BUY, 1_800_000, 200, TRF) for n in range(400)]
    script = compiled(tape_of(QUOTE, *prints), with_replay(hidden_life_s=0.005)).script
    adds = rows_of(script, ScriptOp.DARK_ADD)

    assert 400 == len(rows_of(script, ScriptOp.PRINT))
    assert 60 <= len(adds) <= 100  # binomial(400, 0.2): mean 80, standard deviation 8
    assert {0, POOL} == {venue_idx for venue_idx, _, _, _ in adds}
    assert {BUY, SELL} == {side for _, side, _, _ in adds}
    assert len(adds) == len(rows_of(script, ScriptOp.DARK_CANCEL))


def test_a_pool_has_interest_on_one_side_at_a_time() -> None:
    """Else the script would trade with itself, and print what the tape does not have."""
    prints = [trade(10 + n, BUY, 1_800_000, 200, TRF) for n in range(500)]
    script = compiled(tape_of(QUOTE, *prints), with_replay(hidden_life_s=0.05)).script
    live: dict[int, tuple[int, int]] = {}
    for row in script:
        if row["op"] == ScriptOp.DARK_ADD:
            live[int(row["script_id"])] = (int(row["venue_idx"]), int(row["side"]))
        elif row["op"] == ScriptOp.DARK_CANCEL:
            del live[int(row["script_id"])]
        sides = set(live.values())

        assert len(sides) == len({venue_idx for venue_idx, _ in sides})


def test_prints_outside_the_quote_leave_no_interest() -> None:
    """They tell about another time or another deal."""
    prints = [trade(10 + n, BUY, 1_800_300, 200, TRF) for n in range(100)]

    assert [] == rows_of(compiled(tape_of(QUOTE, *prints)).script, ScriptOp.DARK_ADD)


def test_the_reference_price_is_the_midpoint_of_now() -> None:
    """Later prices would be a better one, and would tell the trial's cost what is to come."""
    moved = quote(5, (1_800_000, 500, NYSE), (1_800_100, 300, NASDAQ))
    script = compiled(tape_of(QUOTE, moved)).script
    references = script[script["op"] == int(ScriptOp.REFERENCE)]

    assert [1_800_000, 1_800_050] == references["price_ticks"].tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("depth", ["thin", "matched", "deep"])
def test_the_script_alone_never_locks_or_crosses(seed: int, depth: str) -> None:
    """Over all venues together; `Shown` refuses an order that would trade on arrival."""
    tape = random_tape(seed)
    result = compiled(tape, depth=depth)

    check_script(result.script, SCENARIO)
    shown = shown_after(result.script)
    bid, ask = shown.best(BUY), shown.best(SELL)
    assert bid is not None
    assert ask is not None
    assert bid < ask


@pytest.mark.parametrize("seed", range(4))
def test_no_command_knows_what_comes_later(seed: int) -> None:
    """The tape cut anywhere gives the same commands up to the cut."""
    tape = random_tape(seed)
    whole = compiled(tape, depth="matched").script
    for n_messages in (60, 200, 333):
        cut_ns = tape["recv_ns"][n_messages]
        part = compiled(tape[:n_messages], depth="matched").script
        n_whole, n_part = (int(np.searchsorted(s["time_ns"], cut_ns)) for s in (whole, part))

        assert whole[:n_whole].tobytes() == part[:n_part].tobytes()


def test_same_luck_same_script() -> None:
    """The one source of chance is the generator that is passed in."""
    tape = random_tape(5)

    assert compiled(tape).script.tobytes() == compiled(tape).script.tobytes()


def test_a_script_longer_than_the_buffer_is_the_same_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel stops when its buffer is full and goes on where it stopped."""
    tape = random_tape(6)
    whole = compiled(tape, depth="deep").script
    monkeypatch.setattr("penstock.sim.replay.day._BUFFER_COMMANDS", 1)

    assert whole.tobytes() == compiled(tape, depth="deep").script.tobytes()


def test_nothing_happens_before_the_session() -> None:
    """What came before only informs: the first quote is up when the session starts."""
    early = quote(-2_000, (1_799_900, 500, NYSE), (1_800_100, 300, NASDAQ))
    script = compiled(tape_of(early, trade(5, BUY, 1_800_100, 100, NASDAQ))).script

    assert SCENARIO.start_ns == script["time_ns"][0]
    assert 500 == shown_after(script).shares(EXCHANGE_A, BUY, 1_799_900)


def test_a_world_lives_through_the_tape() -> None:
    """The volume of each venue is the tape's, and the touch at the end is the last quote's."""
    tape = random_tape(7, n_messages=300)
    last = quote(20_000, (1_799_900, 500, NYSE), (1_800_100, 300, NASDAQ))
    tape = tape_of(tape[tape["recv_ns"] < last["recv_ns"][0]], last)
    world = World(SCENARIO, 3, script=compiled(tape, depth="matched").script)
    n_shares = np.zeros(5, dtype=np.int64)
    while world.now_ns < SCENARIO.end_ns:
        market, _ = world.advance(Ns(SCENARIO.end_ns))
        prints = market.tape[market.lo : market.hi]
        prints = prints[prints["kind"] == int(TapeKind.TRADE)]
        np.add.at(n_shares, prints["venue_idx"], prints["shares"])
    session = tape[(tape["recv_ns"] >= SCENARIO.start_ns) & (tape["kind"] == int(TapeKind.TRADE))]
    at_venue = [
        ECN if code in "KJYBCW" else EXCHANGE_A if code == "N" else EXCHANGE_B for code in CODES
    ]
    at_venue[TRF] = POOL
    expected = np.zeros(5, dtype=np.int64)
    np.add.at(expected, np.array(at_venue)[session["venue_idx"]], session["shares"])

    assert expected.tolist() == n_shares.tolist()
    assert [] == world.problems()
    assert 1_800_000.0 == world.reference_price_ticks()


def fills_of(order: ChildOrder, tape: TapeArray) -> list[tuple[int, int]]:
    """Price and size of what a resting order got, sent as the session starts (thin depth)."""
    world = World(SCENARIO, 3, script=compiled(tape).script)
    commands: list[VenueCommand] = [SendChild(at_ns=world.now_ns, order=order)]
    fills: list[tuple[int, int]] = []
    while world.now_ns < SCENARIO.end_ns:
        _, events = world.advance(Ns(SCENARIO.end_ns), commands)
        commands = []
        fills += [(e.price_ticks, e.size_shares) for e in events if isinstance(e, ChildFill)]
    return fills


def test_a_print_reaches_ours_after_the_orders_ahead_of_it() -> None:
    """Of 650 shares sold to a bid of 500 and then ours, ours gets 150; a later print, the rest."""
    order = ChildOrder(
        child_id=1,
        parent_id=1,
        venue_idx=EXCHANGE_A,
        instrument_idx=0,
        side=Side.BUY,
        size_shares=Shares(200),
        limit_ticks=Ticks(1_799_900),
        tactic=Tactic.POST,
        tif=Tif.DAY,
        peg=PegKind.NONE,
        min_shares=Shares(0),
    )
    first = trade(1_000, SELL, 1_799_900, 650, NYSE)
    second = trade(2_000, SELL, 1_799_900, 400, NYSE)

    assert [(1_799_900, 150), (1_799_900, 50)] == fills_of(order, tape_of(QUOTE, first, second))


@pytest.mark.parametrize(
    ("changes", "where", "expected"),
    [
        ({"venue_map": {"Q": "PNYB"}}, "replay.venue_map.N", "a lit venue"),
        ({"venue_map": {"N": "PDRK", "Q": "PNYB"}}, "replay.venue_map.N", "a lit venue"),
        ({"venue_map": {"N": "PNYA", "Q": "XXXX"}}, "replay.venue_map.Q", "a lit venue"),
        ({"pool_frac": {"PNYA": 0.1}}, "replay.pool_frac.PNYA", "a part between 0 and 1"),
        ({"pool_frac": {"PINT": 0.6, "PDRK": 0.6}}, "replay.pool_frac", "add up to 1"),
        ({"hidden_life_s": 0.0}, "replay.hidden_life_s", "more than 0"),
        ({"depth": (), "depth_levels": 99}, "depth_levels", "1 to 16"),
        ({"depth": (), "touch_frac": 0.0}, "touch_frac", "more than 0"),
        ({"depth": (), "others_frac": -0.5}, "others_frac", "0 to 100"),
    ],
)
def test_a_replay_table_that_cannot_be_is_refused(
    changes: dict[str, Any], where: str, expected: str
) -> None:
    """Before anything runs, with the place and the rule."""
    with pytest.raises(ConfigError) as caught:
        compile_replay(QUOTE, CODES, with_replay(**changes), np.random.default_rng(1))

    assert any(where in p.where and expected in p.expected for p in caught.value.problems)


def test_a_scenario_without_a_replay_table_is_refused() -> None:
    """There is no assumption that holds for every stock."""
    with pytest.raises(ConfigError, match="a \\[replay\\] table"):
        compiled(QUOTE, msgspec.structs.replace(SCENARIO, replay=None))


def test_an_unknown_assumption_is_refused() -> None:
    """The message lists those that the scenario has."""
    with pytest.raises(ConfigError, match="one of thin, matched, deep; found 'thick'"):
        compiled(QUOTE, depth="thick")


@pytest.mark.parametrize(
    "tape",
    [empty_tape(0), trade(5, BUY, 1_800_100, 100, NYSE), QUOTE[:1], QUOTE[1:]],
    ids=["empty", "no quotes", "no ask", "no bid"],
)
def test_a_tape_without_quotes_of_both_sides_is_refused(tape: TapeArray) -> None:
    """Prints alone say nothing about what could have been had."""
    with pytest.raises(TapeError, match="quotes of both sides on 20131008"):
        compiled(tape)


def test_a_tape_of_another_day_is_refused() -> None:
    """A silent day would look like a quiet one."""
    other = QUOTE.copy()
    other["recv_ns"] += 86_400 * NS_PER_S

    with pytest.raises(TapeError, match="in the session; found 2 sides of quotes from 2013-10-09"):
        compiled(other)


@pytest.mark.shared_data
@pytest.mark.parametrize("depth", ["thin", "deep"])
def test_a_recorded_day_is_shown_as_it_was(shared_data: Path, depth: str) -> None:
    """After each millisecond with a quote, the touch over all venues is the recorded NBBO."""
    from penstock.wire import ingest_consolidated

    folder = shared_data / "us_taq_2013"
    names = ("ibm_20131008_quote.zip", "ibm_20131008_trade.zip")
    paths = [folder / name for name in names]
    tape, context = ingest_consolidated(paths, "IBM", TradingDay(20131008))[:2]
    scenario = SCENARIO
    result = compile_replay(tape, context.codes, scenario, np.random.default_rng(1), depth=depth)

    check_script(result.script, scenario)
    in_session = (tape["recv_ns"] >= scenario.start_ns) & (tape["recv_ns"] <= scenario.end_ns)
    quotes = tape[in_session & (tape["kind"] == int(TapeKind.NBBO))]
    known = {BUY: 0, SELL: 0}
    shown, at, n_checked = Shown(), 0, 0
    for n, row in enumerate(quotes):
        known[int(row["side"])] = int(row["price_ticks"])
        if n + 1 < len(quotes) and quotes["recv_ns"][n + 1] == row["recv_ns"]:
            continue
        while at < len(result.script) and result.script["time_ns"][at] <= row["recv_ns"]:
            shown.apply(result.script[at])
            at += 1
        if 0 < known[BUY] < known[SELL]:
            n_checked += 1
            assert known == {side: shown.best(side) for side in (BUY, SELL)}
    assert n_checked > 100
