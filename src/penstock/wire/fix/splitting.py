"""A message of the wire, split into fields, groups and data, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from penstock.wire.fix.messages import NO_GROUPS, Groups
from penstock.wire.fix.structure import (
    DATA,
    GROUPS,
    HEADER,
    LAST_STANDARD_TAG,
    ONLY_IN_GROUP,
    TRAILER,
)

SOH: Final = "\x01"

_MAX_TAG_DIGITS: Final = 9
_HAS_DATA: Final = re.compile("\x01(?:" + "|".join(map(str, DATA)) + ")=")
_MEMBERS: Final = {count: frozenset(members) for count, members in GROUPS.items()}
_ENVELOPE: Final = (HEADER | TRAILER) - GROUPS.keys()
_ENVELOPE_TAGS: Final = {str(tag): tag for tag in sorted(_ENVELOPE - DATA.keys())}
_NOT_PLAIN: Final = _ENVELOPE | DATA.keys() | GROUPS.keys() | ONLY_IN_GROUP.keys()
_BODY_TAGS: Final = {str(tag): tag for tag in range(1, 10_000) if tag not in _NOT_PLAIN}

Pair = tuple[int, str]


class Split(NamedTuple):
    """
    What a message holds: its header and trailer, its body outside groups, its groups.

    `flaw` says what makes it no message that FIX allows; it is empty for most.
    """

    envelope: Mapping[int, str]
    body: Mapping[int, str]
    groups: Groups
    flaw: str


def split(text: str) -> Split:
    """
    Split a message. Never raises.

    A byte that is no UTF-8 becomes U+FFFD, so that whatever a counterparty sends can be journalled.
    Of a tag that FIX allows once, the first counts.
    """
    return _plain(text) or _Sorter(*_pairs(text)).split()


def flat(text: str) -> dict[int, str]:
    """Every field by its tag, of a repeated one the first; for the session's own messages."""
    return dict(reversed(_pairs(text)[0]))


def _plain(text: str) -> Split | None:
    """The same, fast, for a message in ASCII without groups, data and other rarities; else None."""
    pieces = text.split(SOH)
    if pieces.pop() or not text.isascii():
        return None
    envelope: dict[int, str] = {}
    body: dict[int, str] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        tag = _BODY_TAGS.get(name)
        if tag is not None:
            body[tag] = value
        else:
            tag = _ENVELOPE_TAGS.get(name)
            if tag is None or not value:
                return None
            envelope[tag] = value
    if len(envelope) + len(body) != len(pieces) or "" in body.values():
        return None
    return Split(envelope, body, NO_GROUPS, "")


def _pairs(text: str) -> tuple[list[Pair], str]:
    if _HAS_DATA.search(text) is not None:
        return _pairs_with_data(text.encode("utf-8", "surrogateescape"))
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    pieces = [piece.partition("=") for piece in text.split(SOH)]
    last = pieces.pop()
    pairs = [
        (int(tag), value)
        for tag, _, value in pieces
        if tag.isdecimal() and tag.isascii() and len(tag) <= _MAX_TAG_DIGITS
    ]
    if last[0]:
        return pairs, "it does not end with SOH"
    return pairs, "" if len(pairs) == len(pieces) else "it has a field without a tag"


def _pairs_with_data(data: bytes) -> tuple[list[Pair], str]:
    """The same, reading data by its length where that length is true."""
    pairs: list[Pair] = []
    flaw, start, end = "", 0, len(data)
    while start < end:
        stop = data.find(b"\x01", start)
        if stop < 0:
            return pairs, "it does not end with SOH"
        tag_text, is_field, _ = data[start:stop].partition(b"=")
        if not is_field or not tag_text.isdigit() or len(tag_text) > _MAX_TAG_DIGITS:
            flaw = flaw or "it has a field without a tag"
            start = stop + 1
            continue
        tag, value_at = int(tag_text), start + len(tag_text) + 1
        if tag in DATA:
            stated = _end_of_data(data, tag, value_at, pairs)
            if stated is None:
                flaw = flaw or f"{DATA[tag]} is not the length of {tag}"
            else:
                stop = stated
        pairs.append((tag, data[value_at:stop].decode("utf-8", "replace")))
        start = stop + 1
    return pairs, flaw


def _end_of_data(data: bytes, tag: int, value_at: int, pairs: list[Pair]) -> int | None:
    if not pairs or pairs[-1][0] != DATA[tag]:
        return None
    length = pairs[-1][1]
    if not (length.isascii() and length.isdigit() and len(length) < _MAX_TAG_DIGITS):
        return None
    stop = value_at + int(length)
    return stop if stop < len(data) and data[stop] == 1 else None


class _Sorter:
    """Puts pairs where they belong, groups and all."""

    def __init__(self, pairs: list[Pair], flaw: str) -> None:
        self._pairs = pairs
        self._at = 0
        self._envelope: dict[int, str] = {}
        self._body: dict[int, str] = {}
        self._groups: dict[int, list[dict[int, str]]] = {}
        self._repeated: dict[int, list[dict[int, str]]] = {}
        self._flaw = flaw

    def split(self) -> Split:
        """All of them."""
        pairs = self._pairs
        while self._at < len(pairs):
            tag, value = pairs[self._at]
            self._at += 1
            if tag in GROUPS:
                self._count(tag, value, self._body)
                self._entries(tag)
            elif tag in ONLY_IN_GROUP:
                self._stray(tag, value)
            elif tag in _ENVELOPE:
                self._once(self._envelope, tag, value)
            else:
                self._once(self._body, tag, value)
        for tag, entries in self._repeated.items():
            self._body.pop(tag, None)
            self._groups[tag] = entries
        groups = {tag: tuple(entries) for tag, entries in self._groups.items()}
        return Split(self._envelope, self._body, groups, self._flaw)

    def _entries(self, count: int) -> None:
        """The entries after a count tag: one that repeats a tag begins the next."""
        members = _MEMBERS[count]
        entries = self._groups.setdefault(count, [])
        entry: dict[int, str] | None = None
        while self._at < len(self._pairs):
            tag, value = self._pairs[self._at]
            if tag not in members:
                return
            self._at += 1
            if entry is None or tag in entry:
                entry = {}
                entries.append(entry)
            entry[tag] = value
            if tag in GROUPS:
                self._entries(tag)

    def _count(self, tag: int, value: str, where: dict[int, str]) -> None:
        if tag in where:
            self._flaw = self._flaw or f"{tag} appears twice"
        if value:
            where.setdefault(tag, value)

    def _stray(self, tag: int, value: str) -> None:
        """A member outside its group: it is never taken for a field of the body."""
        entries = self._groups.setdefault(ONLY_IN_GROUP[tag], [])
        if not entries or tag in entries[-1]:
            entries.append({})
        entries[-1][tag] = value

    def _once(self, where: dict[int, str], tag: int, value: str) -> None:
        if tag not in where:
            if value:
                where[tag] = value
        elif tag > LAST_STANDARD_TAG:  # of a group that nobody told us about
            first = [{tag: where[tag]}]
            self._repeated.setdefault(tag, first).append({tag: value})
        else:
            self._flaw = self._flaw or f"{tag} appears twice"
