"""A child's story in a trader's words: what is said where, and the two tables."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from penstock.cli.explaining_rows import candidates, left_out
from penstock.cli.explaining_why import why
from penstock.cli.wording import (
    BECAUSE,
    EXPECTED_SIGNALS,
    TACTICS,
    aligned,
    bps,
    clock,
    day,
    duration,
    plural,
    price,
    side_of,
    usd,
)
from penstock.domain import BPS_PER_UNIT, NS_PER_S
from penstock.store.feedback import ChildStory, Moment

_LABEL_WIDTH = 11


def explanation(story: ChildStory) -> Iterator[RenderableType]:
    """The whole of it, top to bottom."""
    yield from _labelled("Child", _child_lines(story))
    yield from _labelled("Order", _order_lines(story))
    yield from _labelled("Market", _market_lines(story))
    yield from _labelled("Policy", _policy_lines(story))
    yield Text(
        "\nCandidates in the order of the plan; > is this child. In bps, positive is what we pay",
        "bold",
    )
    yield from candidates(story)
    yield from left_out(story)
    yield Text("")
    yield from _labelled("Why", why(story))
    yield Text("\nWhat happened", "bold")
    yield from _what_happened(story)
    yield Text("")
    yield from _labelled("Result", _result_lines(story))
    yield from _labelled("Versions", _version_lines(story))


def _labelled(label: str, lines: list[str]) -> Iterator[Text]:
    for k, line in enumerate(lines):
        head = label if k == 0 else ""
        yield Text.assemble((f"{head:<{_LABEL_WIDTH}}", "bold"), line)


def _child_lines(story: ChildStory) -> list[str]:
    place = f"{story.venue} ({story.venue_name})" if story.venue_name else story.venue
    kind = "immediate or cancel" if story.tif == "ioc" else "resting"
    tactic = "midpoint peg" if story.peg == "midpoint" else TACTICS[story.tactic]
    order = f"{story.parent.side} {story.size_shares:,} {story.parent.symbol}"
    lines = [
        f"{story.child_id}: {order} at {place}: {tactic}, {kind}, limit {price(story.limit_ticks)}",
        f"sent {day(story.sent_ns)} {clock(story.sent_ns)} UTC, run {story.run_id}",
    ]
    if story.other_run_ids:
        n = len(story.other_run_ids)
        lines.append(f"{plural(n, 'other run')} with a child {story.child_id}: --run chooses")
    return lines


def _order_lines(story: ChildStory) -> list[str]:
    parent, situation = story.parent, story.decision.situation
    limit = "at market" if parent.limit_ticks is None else f"limit {price(parent.limit_ticks)}"
    objective = f", objective {parent.objective}" if parent.objective else ""
    named = f" ({parent.client_order_id})" if parent.client_order_id else ""
    since_s = (story.decision.at_ns - parent.arrival_ns) / NS_PER_S
    size = f"{parent.side} {parent.size_shares:,} {parent.symbol} {limit}"
    within = duration(parent.horizon_ns / NS_PER_S)
    when = f"{duration(since_s)} after it came, {duration(situation.time_left_s)} to go"
    to_place = f"{situation.route_shares:,} to place now"
    filled = f"{situation.filled_shares:,} of {situation.parent_shares:,} filled"
    urgency = f"urgency {parent.urgency_frac:g}{objective}"
    whose = f"parent {parent.parent_id} of {parent.client}{named}"
    lines = [
        f"{whose}: {size}, within {within}, {urgency}",
        f"decision {situation.n_decisions + 1} on it, {when}: {filled}, {to_place}",
    ]
    waiting = situation.leaves_shares - situation.route_shares
    if waiting > 0:
        lines.append(f"{waiting:,} more were at venues already, or waited for them")
    if situation.must_complete:
        lines.append("its horizon was all but over: the order had to be completed")
    return lines


def _market_lines(story: ChildStory) -> list[str]:
    situation = story.decision.situation
    if situation.bid_ticks is None or situation.ask_ticks is None or not situation.mid_ticks:
        return ["no protected best bid and offer at that moment"]
    cents = (situation.ask_ticks - situation.bid_ticks) / 100
    spread = f"{cents:g} {'cent' if cents == 1 else 'cents'} = {situation.spread_bps:.2f} bps"
    quote = f"{price(situation.bid_ticks)} x {price(situation.ask_ticks)}"
    sizes = f"{situation.bid_shares:,} x {situation.ask_shares:,} shares"
    lines = [f"{quote}, {sizes}; spread {spread}; midpoint {price(situation.mid_ticks)}"]
    if situation.arrival_mid_ticks:
        move = situation.mid_ticks / situation.arrival_mid_ticks - 1
        moved_bps = side_of(story.parent.side) * BPS_PER_UNIT * move
        verdict = f"{abs(moved_bps):.2f} bps {'against' if moved_bps > 0 else 'for'} us since"
        if abs(moved_bps) < 0.005:
            verdict = "unchanged since"
        lines.append(
            f"midpoint when the order came: {price(situation.arrival_mid_ticks)}; {verdict}"
        )
    signals = [
        text.format(value)
        for name, text in EXPECTED_SIGNALS.items()
        if (value := story.decision.features.get(name)) is not None
    ]
    if signals:
        lines.append(f"{'; '.join(signals)} (positive leans against us)")
    return lines


def _policy_lines(story: ChildStory) -> list[str]:
    decision = story.decision
    model = decision.versions["model_sha256"]
    with_model = f", model {model[:12]}" if model else ", which needs no model"
    lines = [f"{decision.policy}{with_model}; decision {decision.decision_id}"]
    if decision.fallback:
        configured = decision.configured_policy or "the configured policy"
        lines.append(
            f"it stood in for {configured}: {BECAUSE.get(decision.fallback, decision.fallback)}"
        )
    if len(decision.child_ids) > 1:
        others = ", ".join(str(c) for c in decision.child_ids if c != story.child_id)
        noun = "child" if len(decision.child_ids) == 2 else "children"
        lines.append(f"sent at the same moment: {noun} {others}")
    return lines


def _what_happened(story: ChildStory) -> Iterator[Text]:
    head = ("UTC", "after", "what", "shares", "price", "fee USD", "cost bps", "")
    rows = [_moment(story, moment) for moment in story.moments]
    yield from aligned(head, rows, n_left=3, left_last=True)


def _moment(story: ChildStory, moment: Moment) -> tuple[str, ...]:
    is_execution = moment.kind in ("fill", "late_fill", "correction", "bust", "repeated_fill")
    extra = moment.text
    if is_execution and moment.exec_id:
        extra = f"{moment.exec_id}{f', {moment.liquidity}' if moment.liquidity else ''}"
    if moment.kind == "cancelled":
        extra = extra or _remainder(story, moment)
    return (
        clock(moment.at_ns),
        duration((moment.at_ns - story.sent_ns) / NS_PER_S),
        _MOMENTS.get(moment.kind, moment.kind),
        "" if moment.shares is None else f"{moment.shares:,}",
        "" if moment.price_ticks is None else price(moment.price_ticks),
        "" if moment.fee_usd_micros is None else usd(moment.fee_usd_micros),
        "" if moment.slippage_bps is None else bps(moment.slippage_bps),
        extra,
    )


def _remainder(story: ChildStory, moment: Moment) -> str:
    if story.outcome.ended_ns != moment.at_ns:
        return ""
    left = story.size_shares - story.outcome.filled_shares
    return f"{left:,} not filled" if left > 0 else ""


_MOMENTS = {
    "booked_by_hand": "booked by hand",
    "closed_by_hand": "closed by hand",
    "sent": "sent to the venue",
    "ack": "venue has it",
    "reject": "venue refused it",
    "fill": "filled",
    "late_fill": "filled, after it had ended",
    "repeated_fill": "report not booked",
    "bust": "BUSTED",
    "correction": "corrected to",
    "repeated_bust": "bust not booked",
    "cancel_asked": "we asked for the rest back",
    "replace_asked": "we asked for a change",
    "cancelled": "ended",
    "cancel_reject": "venue could not cancel",
    "replaced": "changed",
    "status": "venue, asked where it stands",
}


def _result_lines(story: ChildStory) -> list[str]:
    outcome, row = story.outcome, story.row
    ended = {"open": "still open", "filled": "filled", "rejected": "refused"}
    state = ended.get(outcome.state, "ended")
    if outcome.filled_shares == 0:
        first = f"{state}: nothing of {story.size_shares:,} filled"
    else:
        assert outcome.average_ticks is not None
        frac = outcome.filled_shares / story.size_shares
        fee = "fees" if outcome.fees_usd_micros >= 0 else "rebates"
        first = (
            f"{state}: {outcome.filled_shares:,} of {story.size_shares:,} ({frac:.0%}) in "
            f"{plural(outcome.n_fills, 'fill')} at {price(outcome.average_ticks)} on average; "
            f"{fee} {usd(abs(outcome.fees_usd_micros))} USD"
        )
    lines = [first]
    if outcome.slippage_bps is not None:
        lines.append(f"cost {bps(outcome.slippage_bps)} bps against the midpoint, fees included")
    compared = []
    if row.slippage_bps is not None and outcome.slippage_bps is not None:
        compared.append(f"cost {bps(row.slippage_bps)} bps")
    if row.fill_frac is not None:
        compared.append(f"fill {row.fill_frac:.0%}")
    if row.time_to_fill_s is not None:
        compared.append(f"first fill after {duration(row.time_to_fill_s)}")
    if compared:
        got = [] if outcome.slippage_bps is None else [f"cost {bps(outcome.slippage_bps)} bps"]
        got.append(f"fill {outcome.filled_shares / story.size_shares:.0%}")
        if outcome.time_to_fill_s is not None:
            got.append(f"first fill after {duration(outcome.time_to_fill_s)}")
        lines[1:] = [f"expected: {', '.join(compared)}", f"came:     {', '.join(got)}"]
    parent = story.parent
    lines.append(
        f"the order now: {parent.state}, {parent.filled_shares:,} of {parent.size_shares:,} filled"
    )
    return lines


def _version_lines(story: ChildStory) -> list[str]:
    decision, versions = story.decision, story.decision.versions
    intact = "" if decision.is_intact else "; DAMAGED: the stored bytes give another hash"
    code = f"penstock {versions['code']}, features {versions['features']}"
    return [
        f"{code}, inference {versions['inference']}",
        f"model {versions['model_sha256'] or 'none'}",
        f"settings {versions['config_sha256']}",
        f"decision {decision.sha256}{intact}",
    ]
