"""The compiled half of a replay: what each message of a consolidated tape makes the venues do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from penstock._kernels import kernel
from penstock.domain import TapeArray, TapeFlag, TapeKind
from penstock.sim.replay.prints import expire_hidden, take_print
from penstock.sim.replay.quotes import show_quote, take_quote
from penstock.sim.replay.state import MAX_LEVELS, N_HIDDEN, N_ORDERS, N_SLOTS, FlowState
from penstock.sim.script import ScriptArray

# Kernels cannot read an enum's member.
_NBBO = int(TapeKind.NBBO)
_TRADE = int(TapeKind.TRADE)
_SUSPICIOUS = int(TapeFlag.SUSPICIOUS)


@kernel
def play(
    state: FlowState,
    tape: TapeArray,
    draws: NDArray[np.float64],
    lo: int,
    hi: int,
    out_script: ScriptArray,
) -> int:
    """
    Turn messages lo..hi-1 into commands, until the buffer might not hold those of the next one.

    Args:
        draws: uniform numbers, shape (n_messages, 3), row i for message i.
        out_script: commands from row `flow.n_out` on.

    Returns:
        the first message that is not done.
    """
    flow = state.flow
    room = len(out_script) - (
        len(state.lit_venues) * 2 * (N_SLOTS * N_ORDERS + 2 * MAX_LEVELS) + N_HIDDEN + 8
    )
    for i in range(lo, hi):
        if flow[0].n_out > room:
            return i
        message = tape[i]
        now_ns = message.recv_ns
        if flow[0].is_live == 1:
            expire_hidden(state, now_ns, out_script)
        if message.flags & _SUSPICIOUS:
            if flow[0].is_live == 1:
                if message.kind == _TRADE:
                    flow[0].n_prints_skipped += 1
                else:
                    flow[0].n_quotes_skipped += 1
        elif message.kind == _NBBO:
            take_quote(state, tape, i)
            flow[0].is_stale = 1
        elif message.kind == _TRADE:
            take_print(state, tape, i, draws, out_script)
        # Quotes of one moment are shown together: a tape in whole milliseconds does not say how
        # long each of them stood, and the two sides of one quote are two messages.
        is_last = i + 1 == hi or tape[i + 1].kind != _NBBO or tape[i + 1].recv_ns != now_ns
        if is_last and flow[0].is_live == 1 and flow[0].is_stale == 1:
            show_quote(state, now_ns, out_script)
    return hi
