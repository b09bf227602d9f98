"""Typed values out of a message's fields, and everything wrong with them, all at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from penstock.domain import MAX_ORDER_SHARES, Ns, Problem, Shares, Side, Ticks
from penstock.wire.fix import tags
from penstock.wire.fix.values import (
    MAX_ID_CHARACTERS,
    MAX_PRICE_TICKS,
    SIDE_OF_TEXT,
    ExactPrice,
    exact_price,
    fraction,
    is_identifier,
    price_text,
    price_ticks,
    shown,
    time_ns,
    whole,
)


class Flaw(NamedTuple):
    """One thing wrong with one tag."""

    tag: int
    problem: Problem

    def __str__(self) -> str:
        problem = self.problem
        return (
            f"{problem.where}: expected {problem.expected}; found {problem.found} ({problem.fix})"
        )


class FieldReader:
    """
    Reads one message's fields. A value that cannot be used is None and leaves a flaw.

    Never raises, whatever the fields hold. An empty value counts as a missing one: FIX has no
    empty fields.
    """

    def __init__(self, fields: Mapping[int, str]) -> None:
        self._fields = fields
        self.flaws: list[Flaw] = []

    def raw(self, tag: int) -> str | None:
        """The text as it came; None if there is none."""
        return self._fields.get(tag) or None

    def complain(self, tag: int, expected: str, fix: str, found: str | None = None) -> None:
        """Add a flaw; `found` is the tag's own text unless something else tells more."""
        problem = Problem(
            where=f"{tag} {tags.NAMES.get(tag, 'field')}",
            expected=expected,
            found=shown(self.raw(tag)) if found is None else found,
            fix=fix,
        )
        self.flaws.append(Flaw(tag, problem))

    def identifier(self, tag: int, fix: str = "send the identifier of the order") -> str | None:
        """A name of an order or an execution."""
        text = self.raw(tag)
        if text is not None and is_identifier(text):
            return text
        self.complain(tag, f"1 to {MAX_ID_CHARACTERS} printable ASCII characters", fix)
        return None

    def shares(self, tag: int, least: int = 1) -> Shares | None:
        """A whole number of shares, not below `least` and not absurd."""
        value = whole(self.raw(tag) or "")
        if value is not None and least <= value <= MAX_ORDER_SHARES:
            return Shares(value)
        self.complain(
            tag,
            f"a whole number of shares from {least} to {MAX_ORDER_SHARES:,}",
            "send the quantity in shares, without sign; 54 Side says the direction",
        )
        return None

    def price(self, tag: int) -> Ticks | None:
        """A price that the house can hold exactly."""
        value = price_ticks(self.raw(tag) or "")
        if value is None:
            self.complain(
                tag,
                f"a price in USD above 0 and up to {price_text(MAX_PRICE_TICKS)}, "
                "with at most four decimals",
                "correct the price",
            )
        return value

    def executed(self, tag: int) -> ExactPrice | None:
        """The price of an execution, exact at any number of decimals."""
        value = exact_price(self.raw(tag) or "")
        if value is None:
            self.complain(
                tag,
                f"a price in USD above 0 and up to {price_text(MAX_PRICE_TICKS)}",
                "ask the venue",
            )
        return value

    def side(self) -> Side | None:
        """54 Side."""
        text = self.raw(tags.SIDE)
        value = SIDE_OF_TEXT.get(text or "")
        if value is None:
            is_short = text in ("5", "6")
            fix = "short sales are not supported" if is_short else "say which side"
            self.complain(tags.SIDE, "1 (buy) or 2 (sell)", fix)
        return value

    def choice(self, tag: int, allowed: Collection[str], expected: str, fix: str) -> str | None:
        """One of several codes."""
        text = self.raw(tag)
        if text is not None and text in allowed:
            return text
        self.complain(tag, expected, fix)
        return None

    def number(self, tag: int, least: int, most: int, unit: str, fix: str) -> int | None:
        """A whole number of something, between two limits."""
        value = whole(self.raw(tag) or "")
        if value is not None and least <= value <= most:
            return value
        self.complain(tag, f"a whole number of {unit} from {least:,} to {most:,}", fix)
        return None

    def fraction(self, tag: int, fix: str) -> float | None:
        """A number in [0, 1]."""
        value = fraction(self.raw(tag) or "")
        if value is None:
            self.complain(tag, "a decimal number from 0 to 1", fix)
        return value

    def time(self, tag: int) -> Ns | None:
        """A UTC time."""
        value = time_ns(self.raw(tag) or "")
        if value is None:
            self.complain(tag, "a UTC time, YYYYMMDD-HH:MM:SS.ffffff", "correct the time")
        return value


def said_at_ns(fields: Mapping[int, str], recv_ns: Ns) -> Ns:
    """The other side's stamp: TransactTime, else SendingTime, else when we received it."""
    for tag in (tags.TRANSACT_TIME, tags.SENDING_TIME):
        at_ns = time_ns(fields.get(tag, ""))
        if at_ns is not None:
            return at_ns
    return recv_ns


def listed(flaws: Collection[Flaw]) -> str:
    """All flaws in one text, for tag 58 or for a person."""
    return "; ".join(str(flaw) for flaw in flaws)
