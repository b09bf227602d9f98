"""Shrinking: from a day that breaks a law to the fewest acts that still break it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from penstock.runtime.drill.acts import Act, Script
from penstock.runtime.drill.day import play

_MOST_PLAYS: Final = 600


def shrink(
    script: Script, law: str, *, breaks: Callable[[Script, str], bool] | None = None
) -> Script:
    """
    The same day with acts left out, for as long as `law` is still the first that is broken.

    Greedy: halves, then quarters, down to single acts, again and again until nothing can go.

    Args:
        breaks: whether a script breaks the law; by playing it, unless a test knows another way.
    """
    holds = breaks or _breaks
    acts, n_plays = list(script.acts), 0
    size = max(1, len(acts) // 2)
    while n_plays < _MOST_PLAYS:
        is_smaller, at = False, 0
        while at < len(acts) and n_plays < _MOST_PLAYS:
            fewer = acts[:at] + acts[at + size :]
            n_plays += 1
            if holds(_with(script, fewer), law):
                acts, is_smaller = fewer, True
            else:
                at += size
        if size == 1 and not is_smaller:
            break
        size = max(1, size // 2)
    return _with(script, acts)


def _breaks(script: Script, law: str) -> bool:
    violations = play(script).violations
    return bool(violations) and violations[0][0] == law


def _with(script: Script, acts: list[Act]) -> Script:
    return msgspec.structs.replace(script, acts=tuple(acts))
