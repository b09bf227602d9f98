"""Laws of the simulated market, for any client, however it behaves."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import msgspec
import numpy as np
import pytest

from penstock.domain import (
    ChildAck,
    ChildCancelled,
    ChildCancelReject,
    ChildFill,
    ChildOrder,
    ChildReject,
    ChildReplaced,
    Liquidity,
    Ns,
    Side,
    TapeArray,
    TapeKind,
    Tif,
)
from penstock.sim import World
from tests.support.worlds import Client, child, plain_day, us

DAY = plain_day(300.0)
POOLS, LITS = (0, 1), (2, 3, 4)
SEEDS = range(1, 7)


def reports(client: Client) -> list[Any]:
    """Everything that venues said: all of it is about a child."""
    return list(client.events)


class RandomClient(Client):
    """Sends, cancels and replaces at random, sensible and not, from a seed."""

    def __init__(self, seed: int) -> None:
        super().__init__(World(DAY, seed))
        self.orders: dict[int, ChildOrder] = {}
        self.sent_ns: dict[int, int] = {}
        self._luck = np.random.default_rng(seed)
        self.seed = seed
        self.wait(0.01)  # the pools' delayed quotes are then of this session

    def act(self, n_times: int) -> RandomClient:
        """So many moments, some milliseconds to a second apart, with a few commands each."""
        for _ in range(n_times):
            for _ in range(int(self._luck.integers(0, 4))):
                self._command()
            self.wait(float(self._luck.choice([0.001, 0.02, 0.4, 1.0])))
        return self

    def _command(self) -> None:
        luck = self._luck.random()
        known = list(self.orders)
        if luck < 0.65 or not known:
            self._new()
        elif luck < 0.85:
            self.cancel(int(self._luck.choice([*known[-30:], 999_999])), int(self._venue()))
        else:
            child_id = int(self._luck.choice(known[-30:]))
            self.replace(
                child_id, self.orders[child_id].venue_idx, self._size(),
                self.orders[child_id].limit_ticks + 100 * int(self._luck.integers(-2, 3)),
            )  # fmt: skip

    def _new(self) -> None:
        touches = self.world._state.touches["ticks"][-2:]
        side = Side.BUY if self._luck.random() < 0.5 else Side.SELL
        limit = int(touches[int(side is Side.BUY)]) + 100 * int(self._luck.integers(-3, 3))
        if self._luck.random() < 0.03:
            limit = int(self._luck.choice([0, -5, limit + 7, 2**40]))
        venue_idx = int(self._venue())
        is_midpoint = venue_idx in POOLS if self._luck.random() < 0.97 else venue_idx not in POOLS
        order = child(
            len(self.orders) + 1, venue_idx, side, self._size(), limit,
            tif=Tif.IOC if self._luck.random() < 0.4 else Tif.DAY, is_midpoint=is_midpoint,
            min_shares=int(self._luck.choice([0, 0, 0, 100])) if is_midpoint else 0,
        )  # fmt: skip
        self.orders[order.child_id] = order
        self.sent_ns[order.child_id] = self.world.now_ns
        self.send(order)

    def _venue(self) -> int:
        return int(self._luck.integers(0, 5))

    def _size(self) -> int:
        return int(self._luck.choice([1, 70, 100, 300, 2_000, 50_000, 10**9]))


@pytest.fixture(scope="module", params=SEEDS)
def client(request: pytest.FixtureRequest) -> RandomClient:
    """One client's day, from the seed in the test's name, ended by cancelling all that may live."""
    busy = RandomClient(request.param).act(400)
    for order in busy.orders.values():
        busy.cancel(order.child_id, order.venue_idx)
    busy.wait(1.0)
    return busy


def test_no_share_is_created_or_lost(client: RandomClient) -> None:
    """Sent = filled + cancelled, order by order, by the venues' reports and by the audit."""
    audited: Counter[int] = Counter()
    for row in client.world.audit():
        audited[int(row["child_id"])] += int(row["size_shares"])
    ends: defaultdict[int, list[str]] = defaultdict(list)
    sizes = {order.child_id: order.size_shares for order in client.orders.values()}
    filled: Counter[int] = Counter()
    for event in client.events:
        if isinstance(event, ChildFill):
            assert event.size_shares > 0
            filled[event.child_id] += event.size_shares
        elif isinstance(event, ChildReplaced):
            sizes[event.child_id] = event.size_shares
        elif isinstance(event, ChildReject | ChildCancelled):
            ends[event.child_id].append(type(event).__name__)

    assert filled == audited
    assert sum(filled.values()) > 0
    for child_id, size_shares in sizes.items():
        is_filled = filled[child_id] == size_shares
        assert (0 if is_filled else 1) == len(ends[child_id]), (
            f"child {child_id}: {filled[child_id]} of {size_shares}, ended by {ends[child_id]}"
        )


def test_the_first_word_on_an_order_is_an_ack_or_a_reject(client: RandomClient) -> None:
    """And nothing is said about it after it is over."""
    said: defaultdict[int, list[str]] = defaultdict(list)
    for event in reports(client):
        name = type(event).__name__
        if name != "ChildCancelReject":
            said[event.child_id].append(name)

    assert set(client.orders) == set(said)
    for child_id, words in said.items():
        assert words[0] in {"ChildAck", "ChildReject"}, f"child {child_id}: {words}"
        assert 1 == words.count("ChildAck") + words.count("ChildReject")
        assert not {"ChildReject", "ChildCancelled"} & set(words[:-1])


def test_executions_are_numbered_once(client: RandomClient) -> None:
    """The engine drops duplicates by ExecID: two real fills must never share one."""
    ids = [event.exec_id for event in client.events if isinstance(event, ChildFill)]

    assert len(ids) == len(set(ids))


def test_reports_come_in_order_of_time_and_number(client: RandomClient) -> None:
    """Also venue by venue in the order in which things happened there."""
    stamps = [(event.recv_ns, event.seq) for event in client.events]
    by_venue: defaultdict[int, list[int]] = defaultdict(list)
    for event in reports(client):
        by_venue[event.venue_idx].append(event.event_ns)

    assert sorted(stamps) == stamps
    assert all(sorted(times) == times for times in by_venue.values())


def test_no_message_is_faster_than_its_way(client: RandomClient) -> None:
    """
    Ack delay on every report; between sending an order and its venue's first word on it, the
    decision and the way there. A cancel sent to the wrong venue may be answered before that.
    """
    for event in reports(client):
        far = DAY.venues[event.venue_idx].latency
        assert event.recv_ns - event.event_ns >= us(far.ack_us - far.ack_jitter_us) - 1
    assert us(50) == DAY.decision_latency_ns
    first = {
        event.child_id: event
        for event in reversed(reports(client))
        if not isinstance(event, ChildCancelReject)
    }
    for child_id, sent_ns in client.sent_ns.items():
        far = DAY.venues[client.orders[child_id].venue_idx].latency
        way_ns = us(50) + us(far.order_in_us - far.order_in_jitter_us)
        assert first[child_id].event_ns >= sent_ns + way_ns - 1
    for venue_idx, venue in enumerate(DAY.venues):
        rows = client.tape[client.tape["venue_idx"] == venue_idx]
        least_ns = us(venue.latency.market_data_us - venue.latency.market_data_jitter_us) - 1
        assert (rows["recv_ns"] - rows["event_ns"] >= least_ns).all()


def test_nobody_pays_more_than_the_limit(client: RandomClient) -> None:
    """The worst price that we said, and for a replaced order the new one."""
    limits = {order.child_id: order.limit_ticks for order in client.orders.values()}
    for event in reports(client):
        if isinstance(event, ChildReplaced):
            limits[event.child_id] = event.limit_ticks
        elif isinstance(event, ChildFill):
            side = client.orders[event.child_id].side
            assert side * (event.price_ticks - limits[event.child_id]) <= 0


def test_no_venue_ever_shows_a_crossed_book(client: RandomClient) -> None:
    """After each message that changes a level, as a listener would check it."""
    shown: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    for row in client.tape[client.tape["kind"] == TapeKind.LEVEL]:
        venue_idx, side = int(row["venue_idx"]), int(row["side"])
        shown[venue_idx, side][int(row["price_ticks"])] = int(row["shares"])
        if row["shares"] == 0:
            del shown[venue_idx, side][int(row["price_ticks"])]
        elif shown[venue_idx, -side]:
            best = max if side == -1 else min
            assert side * (best(shown[venue_idx, -side]) - int(row["price_ticks"])) > 0
    assert [] == client.world.problems()


def midpoints(tape: TapeArray) -> list[tuple[int, int]]:
    """Twice the NBBO midpoint after each moment at which something was displayed, true times."""
    rows = tape[tape["kind"] == TapeKind.LEVEL]
    rows = rows[np.argsort(rows["event_ns"], kind="stable")]
    books: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
    path: list[tuple[int, int]] = []
    for i, row in enumerate(rows):
        book = books[int(row["venue_idx"]), int(row["side"])]
        book[int(row["price_ticks"])] = int(row["shares"])
        if row["shares"] == 0:
            del book[int(row["price_ticks"])]
        if i + 1 == len(rows) or rows[i + 1]["event_ns"] != row["event_ns"]:
            bids = [max(books[v, 1]) for v in LITS if books[v, 1]]
            asks = [min(books[v, -1]) for v in LITS if books[v, -1]]
            mid_x2 = max(bids) + min(asks) if bids and asks and max(bids) <= min(asks) else 0
            path.append((int(row["event_ns"]), mid_x2))
    return path


def test_a_pool_trades_at_the_midpoint_that_it_sees(client: RandomClient) -> None:
    """Of the NBBO as it was the pool's own delay ago, rebuilt here from the tape."""
    client.wait(0.1)
    path = midpoints(client.tape)
    times = np.array([at_ns for at_ns, _ in path])
    fills = [
        event
        for event in client.events
        if isinstance(event, ChildFill)
        and event.liquidity is Liquidity.MIDPOINT
        and event.venue_idx in POOLS
    ]

    assert fills
    for fill in fills:
        pool = DAY.venues[fill.venue_idx].pool
        assert pool is not None
        seen = np.searchsorted(times, fill.event_ns - us(pool.nbbo_delay_us), side="right") - 1
        assert path[seen][1] == 2 * fill.price_ticks


def test_the_same_client_in_the_same_market_sees_the_same(client: RandomClient) -> None:
    """With orders of our own, too, a run is a function of seed and commands."""
    again = RandomClient(client.seed).act(400)

    n_events = len(again.events)
    assert [str(event) for event in client.events[:n_events]] == [str(e) for e in again.events]


@pytest.mark.parametrize("hidden", ["drift_ticks_per_s", "unreleased_ticks"])
def test_the_reference_price_cannot_be_forecast(hidden: str) -> None:
    """
    M* contains what is on its way, so its change over the next ten seconds has nothing to do with
    today's drift or unreleased information: the slope on either is zero within four standard
    errors, where the efficient price itself follows both.
    """
    day = plain_day(7_200.0)
    known, reference_change, price_change = [], [], []
    for seed in range(1, 9):
        world = World(day, seed)
        last = None
        while world.now_ns < day.end_ns:
            world.advance(Ns(world.now_ns + 10_000_000_000))
            truth = world.hidden()
            now = (getattr(truth, hidden), world.reference_price_ticks(), truth.efficient_ticks)
            if last is not None:
                known.append(last[0])
                reference_change.append(now[1] - last[1])
                price_change.append(now[2] - last[2])
            last = now

    assert abs(slope_in_errors(known, reference_change)) < 4.0
    assert slope_in_errors(known, price_change) > 6.0


def slope_in_errors(x: list[float], y: list[float]) -> float:
    """Slope of a regression of y on x, in standard errors."""
    centred = np.array(x) - np.mean(x)
    slope = float((centred * y).sum() / (centred**2).sum())
    residual = np.array(y) - np.mean(y) - slope * centred
    return slope / float(np.sqrt((residual**2).mean() / (centred**2).sum()))


def test_what_the_books_foretell_is_no_news() -> None:
    """
    Market orders follow the imbalance of the NBBO, so an imbalance forecasts signed volume. It does
    not forecast M*, because only the surprise in a trade moves that. Seen where trades alone move
    the price.
    """
    change = msgspec.structs.replace
    day = plain_day(7_200.0)
    still = change(day.price, noise_bps_per_sqrt_s=0.0, drift_sd_bps_per_s=0.0, jump_interval_s=0.0)
    day = change(day, price=still, flow=change(day.flow, imbalance_weight_frac=0.8))
    imbalance, volume, reference_change = [], [], []
    for seed in range(1, 4):
        world = World(day, seed)
        while world.now_ns < day.end_ns:
            bid_shares, ask_shares = world._state.touches["shares"][-2:].tolist()
            before = world.reference_price_ticks()
            batch, _ = world.advance(Ns(world.now_ns + 3_000_000_000))
            rows = batch.tape[batch.lo : batch.hi]
            trades = rows[(rows["kind"] == TapeKind.TRADE) & (rows["side"] != 0)]
            imbalance.append((bid_shares - ask_shares) / max(1, bid_shares + ask_shares))
            volume.append(float((trades["side"] * trades["shares"]).sum()))
            reference_change.append(world.reference_price_ticks() - before)

    assert slope_in_errors(imbalance, volume) > 6.0
    assert abs(slope_in_errors(imbalance, reference_change)) < 4.0


def test_commands_never_overtake_each_other() -> None:
    """
    A cancel that leaves a microsecond after its order has a delay of its own, often a shorter one;
    it still finds the order there. Orders far from the touch, so that nothing else ends them.
    """
    client = Client(World(DAY, 1))
    for child_id in range(1, 201):
        bid = int(client.world._state.touches["ticks"][-2])
        client.post(child_id, LITS[child_id % 3], Side.BUY, 100, bid - 3_000)
        client.wait(1e-6)
        client.cancel(child_id, LITS[child_id % 3])
        client.wait(0.002)

    assert all(client.of(child_id) == ["ChildAck", "ChildCancelled"] for child_id in range(1, 201))


def test_acks_exist() -> None:
    """A guard for the laws above: a client whose orders were all refused would prove nothing."""
    busy = RandomClient(1).act(100)

    assert sum(isinstance(event, ChildAck) for event in busy.events) > 50
