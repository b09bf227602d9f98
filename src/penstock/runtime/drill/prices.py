"""Prices as venues spell them: at the tick, below it, with zeros in front, without an end."""

from __future__ import annotations

from typing import Final

SPELLINGS: Final = ("plain", "short", "padded", "half", "fine", "dot", "long")


def spelled(ticks: int, spelling: str) -> str:
    """
    A price at or above `ticks` (1e-4 USD), less than a tick more.

    Every spelling is a legal FIX float; `half`, `fine` and `long` are not whole ticks.
    """
    dollars, rest = divmod(ticks, 10_000)
    plain = f"{dollars}.{rest:04d}"
    match spelling:
        case "short":
            return plain.rstrip("0").rstrip(".") or "0"
        case "padded":
            return f"00{plain}00"
        case "half":
            return f"{plain}5"
        case "fine":
            return f"{plain}3333"
        case "dot":
            return f"{dollars}." if rest == 0 else plain
        case "long":
            return f"{plain}00000000001"
        case _:
            return plain
