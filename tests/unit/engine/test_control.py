"""Venues, feeds, operators, models and latency: who may be used, and who decides."""

import pytest

from penstock.domain import (
    Alert,
    ChildCancelled,
    Control,
    ControlAction,
    FeedGap,
    FeedRecovered,
    FeedStale,
    LatencyObserved,
    ModelSwap,
    ParentState,
    Record,
    SetTimer,
    Side,
    VenueDown,
    VenueUp,
)
from penstock.routing import SweepPolicy
from tests.support.engines import BID, NeedyPolicy, Rig, quote

TAKES = [("LIT1", "take"), ("LIT2", "take")]
SLOW_NS = 5_000_000


def control(rig: Rig, action: ControlAction, target: int | None = None) -> None:
    """An operator's order."""
    rig.give(Control, action=action, target_idx=target, operator="anna")


def slow_down(rig: Rig, n: int) -> None:
    """So many decisions over budget."""
    for _ in range(n):
        rig.give(LatencyObserved, decision_ns=SLOW_NS)


def test_nothing_goes_to_a_venue_that_is_down() -> None:
    """Until it says that it is up again."""
    rig = Rig(steps=TAKES)
    rig.give(VenueDown, venue_idx=1, reason="link lost")
    assert [2] == [child.venue_idx for child in rig.order(100)]
    rig.give(VenueUp, venue_idx=1)

    assert [1] == [child.venue_idx for child in rig.order(100, parent_id=2)]


def test_children_at_a_venue_that_went_down_stay_live() -> None:
    """They may have filled: a person is told which ones are in doubt."""
    rig = Rig(steps=TAKES)
    first, _ = rig.order(2_000)
    rig.give(VenueDown, venue_idx=1, reason="link lost")

    assert ["venue_down"] == rig.alerts
    assert first.size_shares == rig.child(first).leaves_shares
    assert [] == rig.sent


@pytest.mark.parametrize("kind", [FeedGap, FeedStale])
def test_a_venue_with_old_quotes_is_not_used(kind: type[FeedGap | FeedStale]) -> None:
    """What is displayed there may be gone."""
    rig = Rig(steps=TAKES)
    rig.give(kind, venue_idx=1)
    assert ["feed_lost"] == rig.alerts
    assert [2] == [child.venue_idx for child in rig.order(100)]
    rig.give(FeedRecovered, venue_idx=1)

    assert [1] == [child.venue_idx for child in rig.order(100, parent_id=2)]


@pytest.mark.parametrize("kind", [FeedGap, FeedStale])
def test_old_quotes_price_nothing(kind: type[FeedGap | FeedStale]) -> None:
    """Not the NBBO, not the collar, not a post at another venue."""
    rig = Rig(steps=[("LIT2", "post")])
    rig.show(quote(2, Side.BUY, BID, 0), quote(2, Side.BUY, BID - 500, 100))
    rig.give(kind, venue_idx=1)
    assert BID - 500 == rig.engine.view.touch(0).bid_ticks
    (child,) = rig.order(100)
    assert BID - 500 == child.limit_ticks
    rig.give(FeedRecovered, venue_idx=1)

    assert BID == rig.engine.view.touch(0).bid_ticks


def test_messages_during_the_silence_count_when_it_is_over() -> None:
    """What came is taken; it is only not believed."""
    rig = Rig(steps=TAKES)
    rig.give(FeedStale, venue_idx=1)
    rig.show(quote(1, Side.BUY, BID + 50, 100))
    assert BID == rig.engine.view.touch(0).bid_ticks
    rig.give(FeedRecovered, venue_idx=1)

    assert BID + 50 == rig.engine.view.touch(0).bid_ticks


def test_a_policy_with_features_does_not_decide_on_old_data() -> None:
    """Features of the whole market are wrong if one feed is."""
    rig = Rig(NeedyPolicy())
    rig.order(100)
    assert [""] == rig.fallbacks
    rig.give(FeedStale, venue_idx=1)
    rig.order(100, parent_id=2)

    assert ["feed_stale"] == rig.fallbacks


def test_a_policy_without_features_goes_on_with_old_data() -> None:
    """It looks at quotes only, and the stale ones are excluded."""
    rig = Rig(SweepPolicy())
    rig.give(FeedStale, venue_idx=1)
    rig.order(100)

    assert [""] == rig.fallbacks


def test_without_a_protected_midpoint_the_fallback_decides() -> None:
    """Every feature is relative to it."""
    rig = Rig(NeedyPolicy())
    rig.show(quote(1, Side.BUY, 1_000_000, 0), quote(2, Side.BUY, 1_000_000, 0))
    rig.order(100)

    assert ["no_nbbo"] == rig.fallbacks
    assert [] == rig.sent


def test_without_a_model_the_fallback_decides_and_says_so() -> None:
    """The day goes on; the record shows who decided."""
    rig = Rig(has_model=False)
    rig.order(100)
    (record,) = rig.all_of(Record)

    assert ("no_model", "static") == (record.decision.fallback, record.decision.policy)


def test_slow_decisions_in_a_row_hand_over_to_the_fallback() -> None:
    """Said once; a fast one in between starts the count again."""
    rig = Rig(NeedyPolicy())
    slow_down(rig, 2)
    rig.give(LatencyObserved, decision_ns=1)
    slow_down(rig, 2)
    rig.order(100)
    assert [""] == rig.fallbacks
    slow_down(rig, 1)
    assert ["too_slow"] == rig.alerts
    slow_down(rig, 1)
    assert [] == rig.alerts
    rig.order(100, parent_id=2)

    assert ["latency"] == rig.fallbacks


def test_a_person_gives_the_decision_back() -> None:
    """Speed alone does not: nobody has looked yet."""
    rig = Rig(NeedyPolicy())
    slow_down(rig, 3)
    rig.give(LatencyObserved, decision_ns=1)
    rig.order(100)
    assert ["latency"] == rig.fallbacks
    control(rig, ControlAction.RESUME)
    rig.order(100, parent_id=2)

    assert [""] == rig.fallbacks


def test_a_model_that_was_never_loaded_changes_nothing() -> None:
    """The wrong hash is a typing error, not a reason to stop."""
    rig = Rig(SweepPolicy())
    before = rig.engine.state_hash()
    rig.give(ModelSwap, model_sha256="0" * 64)

    assert ["unknown_model"] == rig.alerts
    assert before == rig.engine.state_hash()


def test_a_loaded_model_decides_from_now_on() -> None:
    """The record carries its hash."""
    needy = NeedyPolicy()
    rig = Rig(SweepPolicy(), models={needy.model_sha256: needy})
    rig.give(ModelSwap, model_sha256=needy.model_sha256)
    rig.order(100)
    (record,) = rig.all_of(Record)

    assert ("needy", needy.model_sha256) == (
        record.decision.policy,
        record.decision.versions.model_sha256,
    )


def test_kill_cancels_everything_and_accepts_nothing() -> None:
    """Until a person resumes; what was stopped stays stopped."""
    rig = Rig(steps=TAKES)
    children = rig.order(2_000)
    control(rig, ControlAction.KILL)
    assert [child.child_id for child in children] == rig.cancelled
    for child in children:
        rig.report(ChildCancelled, child)
    assert ParentState.CANCELLED is rig.parent().state
    assert [] == rig.order(100, parent_id=2)
    assert ParentState.REJECTED is rig.parent(2).state
    control(rig, ControlAction.RESUME)

    assert [] == rig.sent
    assert 1 == len(rig.order(100, parent_id=3))


def test_a_venue_switched_off_gives_back_what_rests_there() -> None:
    """And gets nothing more; what rests elsewhere stays."""
    rig = Rig(steps=TAKES)
    first, _ = rig.order(2_000)
    control(rig, ControlAction.VENUE_OFF, 1)

    assert [first.child_id] == rig.cancelled
    assert [2] == [child.venue_idx for child in rig.order(100, parent_id=2)]


def test_a_restricted_instrument_is_cancelled_and_not_sent() -> None:
    """Others trade on."""
    rig = Rig(steps=TAKES)
    (one,) = rig.order(100)
    rig.order(100, parent_id=2, instrument=1)
    control(rig, ControlAction.RESTRICT, 0)
    assert [one.child_id] == rig.cancelled
    rig.report(ChildCancelled, one)
    assert [] == rig.sent
    retry = rig.all_of(SetTimer)[-1]
    control(rig, ControlAction.UNRESTRICT, 0)
    rig.wake(retry)

    assert [100] == [child.size_shares for child in rig.sent]


@pytest.mark.parametrize("action", [ControlAction.VENUE_OFF, ControlAction.RESTRICT])
@pytest.mark.parametrize("target", [99, -1, None])
def test_an_order_about_nothing_we_have_is_an_alert(
    action: ControlAction, target: int | None
) -> None:
    """A typing error must not stop the process, nor hit the last venue of the list."""
    rig = Rig(steps=TAKES)
    rig.order(2_000)
    before = rig.engine.state_hash()
    control(rig, action, target)

    assert ["unknown_target"] == rig.alerts
    assert before == rig.engine.state_hash()


def test_alerts_call_venues_and_instruments_by_their_names() -> None:
    """Whoever reads them at night has the list of MICs in mind, not our numbers."""
    rig = Rig(steps=TAKES)
    universe = rig.universe
    mic, symbol = universe.venues[1].mic, universe.instruments[0].symbol
    said = []
    for action, target in (
        (ControlAction.VENUE_OFF, 1),
        (ControlAction.RESTRICT, 0),
        (ControlAction.KILL, None),
    ):
        control(rig, action, target)
        said += [alert.text for alert in rig.all_of(Alert)]

    assert [f"anna: venue_off {mic}", f"anna: restrict {symbol}", "anna: kill"] == said
