"""The page's part about a live session: did the books agree, how fast was it, who filled what."""

from __future__ import annotations

from itertools import accumulate

import plotly.graph_objects as go

from penstock.trials.live import LiveIntegrity, LivePhase, LiveSession
from penstock.trials.page_parts import cell, head, plot, row_head, table, text

_FAULTS = (
    ("overfills", "orders that got more than they asked for"),
    ("lost_shares", "shares filled at a venue and never told to the client"),
    ("phantom_shares", "shares told to the client and filled nowhere"),
    ("duplicate_fills", "executions that the client was made to count twice"),
    ("price_differences", "executions with another price on the other side"),
    ("fee_differences", "executions with another fee on the other side"),
    ("unfinished", "orders that the client does not know the end of"),
)


def live_section(live: LiveSession) -> str:
    """Everything about the live session, as one section."""
    checked = live.integrity
    total = sum(getattr(checked, name) for name, _ in _FAULTS)
    verdict = "The books agree to the share." if total == 0 else "The books do not agree."
    return f"""<section id="live">
<h2>Live, over real sockets</h2>
<p>Venues, router, feedback log and a client ran as processes on this machine for
{live.duration_s:.0f} seconds: orders over FIX 4.4 both ways, market data over UDP.
{checked.parents:,} parents became {checked.children:,} children and {checked.fills:,} fills.
<b>{verdict}</b> The venues are simulated, the sessions are not; costs of so few orders on one
stretch of one day say nothing, so none are shown here.</p>
{_integrity_table(checked)}
{_phase_table(live.phases)}
{_latency_table(live)}
{_fills_plot(live)}
</section>"""


def _integrity_table(checked: LiveIntegrity) -> str:
    rows = [
        f"<tr>{row_head(words)}{cell(f'{getattr(checked, name):,}')}</tr>"
        for name, words in _FAULTS
    ]
    return table(
        head(("What could be wrong", ""), ("Found", "")),
        rows,
        "The venues' own log of fills held against the client's log of reports, execution by "
        "execution. The router was not asked.",
    )


def _phase_table(phases: tuple[LivePhase, ...]) -> str:
    rows = [
        f"<tr>{row_head(phase.policy)}{cell(f'{phase.parents:,}')}{cell(f'{phase.filled:,}')}"
        f"{cell(f'{phase.filled_shares:,} of {phase.asked_shares:,}')}{cell(f'{phase.fills:,}')}"
        "</tr>"
        for phase in phases
    ]
    return table(
        head(("Policy", ""), ("Parents", ""), ("Filled", "whole"), ("Shares", ""), ("Fills", "")),
        rows,
        "One router; the model was swapped in while it ran.",
    )


def _latency_table(live: LiveSession) -> str:
    rows = [
        f"<tr>{row_head(name)}{cell(f'{us.p50:,.0f}')}{cell(f'{us.p99:,.0f}')}{cell(f'{us.n:,}')}</tr>"
        for name, us in (
            ("decision: from the queue to the commands, record included", live.decision_us),
            ("wire: from an order at our socket to its first child handed to FIX", live.wire_us),
        )
    ]
    return table(
        head(("Latency", ""), ("Median", "µs"), ("p99", "µs"), ("Measured", "")),
        rows,
        f"On this machine, which ran the venues and the client as well; journal with fsync "
        f"{text(live.fsync)}.",
    )


def _fills_plot(live: LiveSession) -> str:
    figure = go.Figure()
    for venue in live.fills_by_venue:
        figure.add_scatter(
            x=venue.at_s, y=list(accumulate(venue.shares)), mode="lines", name=venue.mic,
            line={"shape": "hv"},
        )  # fmt: skip
    for phase in live.phases[1:]:
        figure.add_vline(
            x=phase.started_s, line_dash="dot", annotation_text=f"{phase.policy} from here"
        )
    figure.update_layout(
        height=360,
        margin={"l": 60, "r": 20, "t": 20, "b": 50},
        xaxis_title="seconds since the first order",
        yaxis_title="shares filled so far",
        template="plotly_white",
        legend={"orientation": "h", "y": 1.12},
    )
    return plot(
        figure,
        div_id="live-fills",
        title="Where the shares were filled",
        caption="From the venues' log. A line that bends where the policy changes is the policy's "
        "doing, or the market's; the sizes of the orders differ between the two halves.",
    )
