"""Operators' requests: what each does, what is refused, and how a kill is confirmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.domain import (
    BookChild,
    CloseChild,
    Control,
    ControlAction,
    DoubtChild,
    ParentState,
    Side,
)
from penstock.engine import Engine
from penstock.journal import RecordKind, read_journal
from penstock.runtime.control import Answer, Do, Request
from penstock.runtime.inbox import Asked, LoggedOn, LoggedOut
from penstock.runtime.inbox import Side as Facing
from penstock.runtime.order_list import ChildRow
from tests.support.killable_routers import SmallWorld


@pytest.fixture
def world(tmp_path: Path) -> SmallWorld:
    """A router at work on one large order: some of it rests at venues."""
    small = SmallWorld(tmp_path)
    small.start()
    small.round()
    small.client.order("sell", Side.SELL, 3_000)
    small.round()
    return small


def engine_of(world: SmallWorld) -> Engine:
    """The engine of the router that runs."""
    assert world.process is not None
    return world.process.opened.parts.engine


def ask(world: SmallWorld, do: Do, **details: Any) -> Answer:
    """What the router answers to an operator."""
    assert world.process is not None
    answers: list[Answer] = []
    world.process.router.take(Asked(Request(do=do, operator="ann", **details), answers.append))
    (answer,) = answers
    return answer


def events_of(world: SmallWorld, kind: type[Any]) -> list[Any]:
    """The journal's events of a kind."""
    assert world.process is not None
    found = [
        entry.event
        for entry in read_journal(world.process.opened.journal)
        if entry.kind is RecordKind.EVENT
    ]
    return [event for event in found if isinstance(event, kind)]


def live(world: SmallWorld) -> list[int]:
    """Children that have not ended."""
    children = engine_of(world).children
    return [child_id for child_id, child in children.items() if not child.state.is_terminal]


def hold_back_venues(world: SmallWorld, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Venues receive nothing more; what would have reached them is kept."""
    kept: list[Any] = []

    def keep(outgoing: Any, box: Any) -> bool:
        if box is world.to_client:
            box.append(outgoing.message)
        else:
            kept.append(outgoing)
        return True

    monkeypatch.setattr(world, "hand_over", keep)
    return kept


def test_a_kill_counts_the_venues_answers(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Effective at once, confirmed when each cancel is acknowledged, and not before."""
    n_live = len(live(world))
    with monkeypatch.context() as held:
        kept = hold_back_venues(world, held)
        killed = ask(world, Do.KILL, reason="drill")
        before = ask(world, Do.KILL_PROGRESS, kill=killed["kill"])
    for outgoing in kept:
        world.venues.take(outgoing)
    world.round()
    after = ask(world, Do.KILL_PROGRESS, kill=killed["kill"])

    assert n_live > 0
    for answer in (killed, before):
        counts = [answer[key] for key in ("cancels", "acknowledged", "in_doubt", "is_confirmed")]
        assert [n_live, 0, 0, False] == counts
        assert n_live == len(answer["open"])
    counts = [after[key] for key in ("cancels", "acknowledged", "in_doubt", "is_confirmed")]
    assert [n_live, n_live, 0, True] == counts
    (control,) = events_of(world, Control)
    assert (ControlAction.KILL, "ann", "drill") == (
        control.action,
        control.operator,
        control.reason,
    )


def test_a_kill_whose_venue_is_away_is_not_confirmed_and_says_which_children(
    world: SmallWorld,
) -> None:
    """A cancel that cannot leave is no cancel."""
    assert world.process is not None
    child = engine_of(world).children[live(world)[0]]
    mic = world.venues.universe.venues[child.order.venue_idx].mic
    world.process.router.take(LoggedOut(Facing.VENUE, mic, "gone"))
    killed = ask(world, Do.KILL)
    world.round()
    progress = ask(world, Do.KILL_PROGRESS, kill=killed["kill"])

    assert not progress["is_confirmed"]
    assert mic in {row.venue for row in progress["open"]}
    assert progress["acknowledged"] < progress["cancels"]
    world.process.router.take(LoggedOn(Facing.VENUE, mic))
    world.round()
    world.round()
    assert ask(world, Do.KILL_PROGRESS, kill=killed["kill"])["is_confirmed"]


@pytest.mark.parametrize(
    ("scope", "killing", "resuming"),
    [
        ({"client": "OMS"}, ControlAction.KILL_CLIENT, ControlAction.RESUME_CLIENT),
        ({"symbol": "TEST"}, ControlAction.KILL_SYMBOL, ControlAction.RESUME_SYMBOL),
        ({}, ControlAction.KILL, ControlAction.RESUME),
    ],
)
def test_a_kill_has_a_scope_and_so_has_its_end(
    world: SmallWorld,
    scope: dict[str, str],
    killing: ControlAction,
    resuming: ControlAction,
) -> None:
    """Orders in it end, new ones are refused, until it is taken back."""
    killed = ask(world, Do.KILL, **scope)
    world.round()
    world.client.order("refused", Side.BUY, 500)
    world.round()
    resumed = ask(world, Do.RESUME, **scope)
    world.client.order("later", Side.BUY, 500)
    world.round()

    assert killed["ok"]
    assert resumed["ok"]
    assert world.client.orders["sell"].is_over
    assert ParentState.REJECTED is world.client.orders["refused"].state
    assert ParentState.REJECTED is not world.client.orders["later"].state
    assert [killing, resuming] == [control.action for control in events_of(world, Control)]


def test_a_kill_of_a_venue_ends_what_is_there_and_orders_go_on_elsewhere(
    world: SmallWorld,
) -> None:
    """It is the venue's switch, thrown as an emergency and counted as one."""
    children = engine_of(world).children
    venue = world.venues.universe.venues[children[live(world)[0]].order.venue_idx]
    killed = ask(world, Do.KILL, venue=venue.mic)
    world.round()

    assert killed["cancels"] > 0
    assert all(row.venue == venue.mic for row in killed["open"])
    assert ask(world, Do.KILL_PROGRESS, kill=killed["kill"])["is_confirmed"]
    assert not world.client.orders["sell"].is_over
    assert ask(world, Do.STATUS)["status"].venues[venue.mic].is_off


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ({"client": "NOBODY"}, "unknown client 'NOBODY'. Fix: name one of OMS"),
        ({"venue": "XXXX"}, "unknown venue 'XXXX'. Fix: name one of DRKA, LITA, LITB"),
        ({"symbol": "NONE"}, "unknown symbol 'NONE'. Fix: name one of TEST"),
        ({"symbol": "TEST", "venue": "LITA"}, "one scope"),
    ],
)
def test_a_kill_with_an_impossible_scope_is_refused_and_kills_nothing(
    world: SmallWorld, details: dict[str, str], words: str
) -> None:
    """A typing error must not kill everything."""
    answer = ask(world, Do.KILL, **details)

    assert not answer["ok"]
    assert words in answer["error"]
    assert [] == events_of(world, Control)


@pytest.mark.parametrize("do", [Do.VENUE_ON, Do.VENUE_OFF, Do.RESTRICT, Do.UNRESTRICT])
def test_a_switch_needs_its_target(world: SmallWorld, do: Do) -> None:
    """Nothing is guessed."""
    answer = ask(world, do)

    assert not answer["ok"]
    assert "Fix: name one" in answer["error"]


def test_orders_lists_what_is_open_by_scope(world: SmallWorld) -> None:
    """The children that a person may have to settle, and the orders that they belong to."""
    everything = ask(world, Do.ORDERS)
    mic = everything["orders"][0].venue
    there = ask(world, Do.ORDERS, venue=mic)
    nothing = ask(world, Do.ORDERS, symbol="TEST", client="OMS", venue="LITB" if mic != "LITB" else
                  "LITA")  # fmt: skip

    row = everything["orders"][0]
    assert isinstance(row, ChildRow)
    assert ("OMS", "sell", "TEST", "sell") == (
        row.client,
        row.client_order_id,
        row.symbol,
        row.side,
    )
    assert sorted(live(world)) == sorted(row.child for row in everything["orders"])
    assert {mic} == {row.venue for row in there["orders"]}
    assert mic not in {row.venue for row in nothing["orders"]}
    (parent,) = everything["parents"]
    assert ("sell", 3_000, len(live(world))) == (
        parent.client_order_id,
        parent.shares,
        parent.live,
    )
    assert not ask(world, Do.ORDERS, client="NOBODY")["ok"]


def test_a_child_is_closed_by_hand_when_its_booked_shares_are_given(world: SmallWorld) -> None:
    """Checked by the engine, journalled with the operator and the reason."""
    child_id = live(world)[0]
    child = engine_of(world).children[child_id]
    wrong = ask(world, Do.CHILD_CLOSE, child=child_id, shares=child.filled_shares + 40, reason="x")
    right = ask(
        world, Do.CHILD_CLOSE, child=child_id, shares=child.filled_shares, reason="venue's desk"
    )

    assert not wrong["ok"]
    assert "Fix: book what is missing" in wrong["error"]
    assert right["ok"]
    assert child_id not in live(world)
    (event,) = events_of(world, CloseChild)
    assert (child_id, "ann", "venue's desk") == (event.child_id, event.operator, event.reason)


def test_an_execution_is_booked_by_hand_to_the_last_decimal(world: SmallWorld) -> None:
    """The client gets it as a fill at exactly that price."""
    child_id = live(world)[0]
    before = engine_of(world).children[child_id].filled_shares
    answer = ask(
        world, Do.CHILD_BOOK, child=child_id, shares=10, price="84.975050001", reason="call"
    )

    assert answer["ok"]
    assert before + 10 == engine_of(world).children[child_id].filled_shares
    (event,) = events_of(world, BookChild)
    assert (849_750, 50_001_000_000) == (event.price_ticks, event.price_rest_femtos)


@pytest.mark.parametrize(
    ("do", "details", "words"),
    [
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "1"}, "reason"),
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "x", "reason": "r"}, "no price"),
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "nan", "reason": "r"}, "no price"),
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "-1", "reason": "r"}, "no price"),
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "1e99", "reason": "r"}, "no price"),
        (Do.CHILD_BOOK, {"child": 1, "shares": 1, "price": "1e-16", "reason": "r"}, "no price"),
        (Do.CHILD_BOOK, {"price": "1", "reason": "r"}, "missing"),
        (Do.CHILD_BOOK, {"child": 99, "shares": 1, "price": "1", "reason": "r"}, "no child 99"),
        (Do.CHILD_CLOSE, {"child": 99, "shares": 1, "reason": "r"}, "no child 99"),
    ],
)
def test_what_cannot_be_booked_is_refused_with_the_fix(
    world: SmallWorld, do: Do, details: dict[str, Any], words: str
) -> None:
    """And leaves no trace in the books."""
    answer = ask(world, do, **details)

    assert not answer["ok"]
    assert words in answer["error"]
    assert "Fix:" in answer["error"]
    assert [] == [*events_of(world, BookChild), *events_of(world, CloseChild)]


def test_limits_are_shown_and_start_again(world: SmallWorld) -> None:
    """What has traded counts from zero; what is live still counts."""
    for _ in range(20):
        world.round()
    before = ask(world, Do.LIMITS)
    reset = ask(world, Do.RESET_LIMITS, client="OMS", reason="raised")
    after = ask(world, Do.LIMITS, client="OMS")

    assert before["clients"]["OMS"]["used_usd"] > after["clients"]["OMS"]["used_usd"]
    assert after["open"]["used_usd"] == after["clients"]["OMS"]["used_usd"]
    assert reset["ok"]
    assert 500_000_000 == before["clients"]["OMS"]["allowed_usd"]
    assert not ask(world, Do.RESET_LIMITS, client="NOBODY")["ok"]


def test_a_venue_that_never_accounts_for_its_orders_is_forced_up(
    world: SmallWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it did not account for is in the journal as open, with the operator's name."""
    assert world.process is not None
    child = engine_of(world).children[live(world)[0]]
    venue = world.venues.universe.venues[child.order.venue_idx]
    up = ask(world, Do.VENUE_FORCE_UP, venue=venue.mic)
    hold_back_venues(world, monkeypatch)
    world.process.router.take(LoggedOut(Facing.VENUE, venue.mic, "gone"))
    down = ask(world, Do.VENUE_FORCE_UP, venue=venue.mic)
    world.process.router.take(LoggedOn(Facing.VENUE, venue.mic))
    forced = ask(world, Do.VENUE_FORCE_UP, venue=venue.mic, reason="they confirmed by phone")

    assert "is up, not reconciling" in up["error"]
    assert "is down, not reconciling" in down["error"]
    assert child.order.child_id in forced["children"]
    assert "up" == ask(world, Do.STATUS)["status"].venues[venue.mic].state
    reasons = [event.reason for event in events_of(world, DoubtChild)]
    assert f"ann forced {venue.mic} up: they confirmed by phone" in reasons


def test_a_script_that_asks_all_the_time_gets_the_answer_of_a_moment_ago(
    world: SmallWorld,
) -> None:
    """Until somebody acts: then everybody sees what has become of it."""
    first = ask(world, Do.STATUS)["status"]
    second = ask(world, Do.STATUS)["status"]
    ask(world, Do.KILL)
    third = ask(world, Do.STATUS)["status"]

    assert first is second
    assert third.is_killed


def test_an_unknown_session_is_not_reset(world: SmallWorld) -> None:
    """The known ones are named."""
    answer = ask(world, Do.SESSION_RESET, session="XXXX")

    assert "Fix: name one of OMS, DRKA, LITA, LITB" in answer["error"]


def test_a_kill_that_is_not_followed_is_refused(world: SmallWorld) -> None:
    """Its numbers end with the process."""
    assert not ask(world, Do.KILL_PROGRESS, kill=7)["ok"]
    assert not ask(world, Do.KILL_PROGRESS)["ok"]


def test_a_kill_reaches_a_router_that_is_closing(world: SmallWorld) -> None:
    """The next start is then killed too."""
    ask(world, Do.STOP)

    assert ask(world, Do.KILL)["ok"]
    assert not ask(world, Do.RESUME)["ok"]
