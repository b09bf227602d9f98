"""A recorded day as background flow: a consolidated tape and a depth assumption, into a script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from penstock.domain import (
    NS_PER_S,
    ConfigError,
    Problem,
    TapeArray,
    TapeError,
    TapeFlag,
    TapeKind,
)
from penstock.sim.replay.flow import play
from penstock.sim.replay.prints import expire_hidden
from penstock.sim.replay.quotes import show_quote
from penstock.sim.replay.state import (
    MAX_LEVELS,
    FlowState,
    commands_per_message_at_most,
    empty_flow,
)
from penstock.sim.scenario.tables import Depth, Replay, Scenario
from penstock.sim.script import SCRIPT_DTYPE, ScriptArray, ScriptOp, empty_script

_BUFFER_COMMANDS = 1 << 18
_N_DRAWS = 3  # pool, side, life


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a tape became, and how much of it the displayed depth could not explain."""

    depth: str  # name of the assumption
    n_messages: int  # of the tape, in the session
    n_commands: dict[str, int]  # by operation
    n_quotes_slid: int  # moments with a locked or crossed quote: one side was shown further out
    n_quotes_skipped: int  # sides of quotes that the tape marks as not to be believed
    n_prints_skipped: int  # prints without a price of their own
    lit_shares: int  # continuous volume at exchanges
    shown_frac: float  # part of it that met displayed size; the rest is printed as hidden
    hidden_shares: int  # interest that was put into pools


class CompiledReplay(msgspec.Struct, frozen=True, kw_only=True):
    """A script for `World(scenario, seed, script=…)`, and where it falls short of the tape."""

    script: ScriptArray
    report: ReplayReport


def compile_replay(
    tape: TapeArray,
    codes: Sequence[str],
    scenario: Scenario,
    generator: np.random.Generator,
    *,
    depth: str | None = None,
) -> CompiledReplay:
    """
    The commands by which the scenario's venues live through a recorded day.

    The venue that sets a side of the NBBO shows its recorded size; other lit venues and prices
    behind the touch show what the depth assumption says, in proportion to the venue's share of the
    volume so far. A print at an exchange becomes an immediate-or-cancel order with the print's
    price as limit, which meets displayed orders in their real queue, ours among them; a print from
    elsewhere is printed, and by chance leaves hidden interest in a pool. There is no M*.

    Promises: same arguments and generator state, same script; a command at time t follows from the
    tape up to t; the script alone never locks or crosses a book, of one venue or of all together.

    Args:
        tape: normalised consolidated tape, NBBO and TRADE messages, sorted by `recv_ns`.
        codes: its venue codes, by `venue_idx`.
        scenario: with a `replay` table; the session's times select the part of the tape. What came
            before informs sizes and volume shares only.
        generator: decides which off-exchange prints leave interest, where, and for how long.
        depth: name of one of the scenario's depth assumptions; its first if None.

    Raises:
        ConfigError: no replay table, unknown assumption or one out of range, a code without a
            venue, a venue that does not exist or is of the wrong kind.
        TapeError: no quote of both sides in the session.
    """
    replay, assumed = _checked(tape, codes, scenario, depth)
    state = _state(codes, scenario, replay, assumed)
    times = tape["recv_ns"]
    first = int(np.searchsorted(times, scenario.start_ns, side="left"))
    end = int(np.searchsorted(times, scenario.end_ns, side="right"))
    draws = np.zeros((end, _N_DRAWS))
    draws[first:] = generator.random((end - first, _N_DRAWS))
    most = commands_per_message_at_most(len(state.lit_venues))
    buffer = empty_script(_BUFFER_COMMANDS + 2 * most)

    play(state, tape, draws, 0, first, buffer)
    state.flow["is_live"] = 1
    show_quote(state, scenario.start_ns, buffer)
    pieces, at = [], first
    while at < end:
        at = play(state, tape, draws, at, end, buffer)
        pieces.append(_taken(state, buffer))
    expire_hidden(state, scenario.end_ns, buffer)
    pieces.append(_taken(state, buffer))
    script = np.frombuffer(bytearray().join(pieces), dtype=SCRIPT_DTYPE)
    if not (script["op"] == ScriptOp.REFERENCE).any():
        raise TapeError.one(
            where="tape",
            expected=f"quotes of both sides on {scenario.scenario.day}, in the session",
            found=_found_instead(tape),
            fix="replay the day that the tape is of, from a tape with quotes",
        )
    return CompiledReplay(script=script, report=_report(state, script, assumed.name, end - first))


def _taken(state: FlowState, buffer: ScriptArray) -> bytes:
    """What the buffer holds; then it is empty. As bytes: the gaps between fields stay zero."""
    commands = buffer[: int(state.flow["n_out"][0])].tobytes()
    state.flow["n_out"] = 0
    return commands


def _state(codes: Sequence[str], scenario: Scenario, replay: Replay, assumed: Depth) -> FlowState:
    mics = [venue.mic for venue in scenario.venues]
    lit = [venue_idx for venue_idx, venue in enumerate(scenario.venues) if venue.is_lit]
    state = empty_flow(len(mics), len(lit), len(codes), len(replay.pool_frac))
    state.lit_venues[:] = lit
    for code_idx, code in enumerate(codes):
        if code in replay.venue_map:
            state.venue_of_code[code_idx] = mics.index(replay.venue_map[code])
    state.pool_venues[:] = [mics.index(mic) for mic in replay.pool_frac]
    state.pool_cuts[:] = np.cumsum(list(replay.pool_frac.values()))
    flow = state.flow
    flow["bid_venue_idx"], flow["ask_venue_idx"] = -1, -1
    flow["next_expiry_ns"] = 2**62
    flow["increment_ticks"] = scenario.increment_ticks
    flow["n_levels"] = assumed.depth_levels
    flow["growth_frac"] = assumed.depth_growth_frac
    flow["touch_frac"] = assumed.touch_frac
    flow["others_frac"] = assumed.others_frac
    flow["hidden_life_ns"] = replay.hidden_life_s * NS_PER_S
    return state


def _report(state: FlowState, script: ScriptArray, depth: str, n_messages: int) -> ReplayReport:
    counts = np.bincount(script["op"], minlength=len(ScriptOp))
    flow = state.flow[0]
    lit_shares = int(flow["lit_shares"])
    return ReplayReport(
        depth=depth,
        n_messages=n_messages,
        n_commands={op.name.lower(): int(counts[op]) for op in ScriptOp},
        n_quotes_slid=int(flow["n_quotes_slid"]),
        n_quotes_skipped=int(flow["n_quotes_skipped"]),
        n_prints_skipped=int(flow["n_prints_skipped"]),
        lit_shares=lit_shares,
        shown_frac=int(flow["shown_shares"]) / lit_shares if lit_shares else float("nan"),
        hidden_shares=int(flow["hidden_shares"]),
    )


def _checked(
    tape: TapeArray, codes: Sequence[str], scenario: Scenario, depth: str | None
) -> tuple[Replay, Depth]:
    replay = scenario.replay
    where = scenario.scenario.name
    if replay is None:
        raise ConfigError.one(
            where=where,
            expected="a [replay] table",
            found="none",
            fix="add one: docs/data.md shows what it holds",
        )
    assumed = replay.depth_called(depth)
    if assumed is None:
        raise ConfigError.one(
            where=f"{where}: replay.depth",
            expected=f"one of {', '.join(known.name for known in replay.depth) or 'default'}",
            found=repr(depth),
            fix="name an assumption of the scenario, or add it there",
        )
    problems = [
        *_problems_of_depth(assumed, where),
        *_problems_of_map(tape, codes, scenario, replay),
        *_problems_of_pools(scenario, replay),
    ]
    if problems:
        raise ConfigError(problems)
    return replay, assumed


def _problems_of_depth(depth: Depth, where: str) -> Iterator[Problem]:
    place = f"{where}: replay.depth {depth.name}"
    if not 1 <= depth.depth_levels <= MAX_LEVELS:
        yield Problem(
            where=f"{place}: depth_levels",
            expected=f"1 to {MAX_LEVELS} price levels",
            found=str(depth.depth_levels),
            fix="count the touch as one",
        )
    for name, low in (("depth_growth_frac", 0.0), ("touch_frac", 0.0), ("others_frac", -1.0)):
        value = getattr(depth, name)
        if not low < value <= 100.0:
            yield Problem(
                where=f"{place}: {name}",
                expected="more than 0, at most 100" if low == 0.0 else "0 to 100",
                found=str(value),
                fix="1 is the size that it is relative to",
            )
    if depth.others_frac < 0.0:
        yield Problem(
            where=f"{place}: others_frac",
            expected="0 to 100",
            found=str(depth.others_frac),
            fix="0 keeps the others behind the touch",
        )


def _problems_of_map(
    tape: TapeArray, codes: Sequence[str], scenario: Scenario, replay: Replay
) -> Iterator[Problem]:
    """Each code on the tape needs a venue: a lit one, or a pool where prints are off exchange."""
    venues = {venue.mic: venue for venue in scenario.venues}
    where = f"{scenario.scenario.name}: replay.venue_map"
    off_exchange = _codes_off_exchange(tape)
    lit = ", ".join(mic for mic, venue in venues.items() if venue.is_lit)
    pools = ", ".join(mic for mic, venue in venues.items() if not venue.is_lit)
    for code_idx in np.unique(tape["venue_idx"]).tolist():
        code = codes[code_idx]
        choices = pools if code_idx in off_exchange else lit
        mic = replay.venue_map.get(code)
        is_right = mic in venues and venues[mic].is_lit != (code_idx in off_exchange)
        if not is_right:
            kind = "a pool" if code_idx in off_exchange else "a lit venue"
            yield Problem(
                where=f"{where}.{code}",
                expected=f"{kind} of the scenario: {choices or 'it has none'}",
                found=repr(mic) if mic else "nothing",
                fix=f"say which venue stands for {code} of the tape",
            )
    for code, mic in replay.venue_map.items():
        if mic not in venues:
            yield Problem(
                where=f"{where}.{code}",
                expected=f"one of {', '.join(venues)}",
                found=repr(mic),
                fix="name a venue of the scenario by its mic",
            )


def _codes_off_exchange(tape: TapeArray) -> NDArray[np.int64]:
    is_off = (tape["kind"] == TapeKind.TRADE) & (tape["flags"] & int(TapeFlag.OFF_EXCHANGE) != 0)
    found: NDArray[np.int64] = np.unique(tape["venue_idx"][is_off]).astype(np.int64)
    return found


def _problems_of_pools(scenario: Scenario, replay: Replay) -> Iterator[Problem]:
    where = f"{scenario.scenario.name}: replay.pool_frac"
    pools = [venue.mic for venue in scenario.venues if not venue.is_lit]
    for mic, frac in replay.pool_frac.items():
        if mic not in pools or not 0.0 <= frac <= 1.0:
            yield Problem(
                where=f"{where}.{mic}",
                expected=f"a part between 0 and 1, for one of {', '.join(pools) or 'no pools'}",
                found=str(frac),
                fix="give the part of off-exchange prints that leave hidden interest there",
            )
    if sum(replay.pool_frac.values()) > 1.0:
        yield Problem(
            where=where,
            expected="parts that add up to 1 at most",
            found=f"{sum(replay.pool_frac.values()):g}",
            fix="a print leaves interest in one pool",
        )
    if not replay.hidden_life_s > 0.0:
        yield Problem(
            where=f"{scenario.scenario.name}: replay.hidden_life_s",
            expected="more than 0 seconds",
            found=str(replay.hidden_life_s),
            fix="leave pool_frac out if there should be no hidden interest",
        )


def _found_instead(tape: TapeArray) -> str:
    if not len(tape):
        return "an empty tape"
    days = np.array([tape["recv_ns"][0], tape["recv_ns"][-1]]).astype("datetime64[ns]")
    first, last = np.datetime_as_string(days, unit="s").tolist()
    n_quotes = int((tape["kind"] == TapeKind.NBBO).sum())
    return f"{n_quotes:,} sides of quotes from {first} to {last}"
