"""A message of the wire as fields, groups and data."""

from __future__ import annotations

import random

import pytest

from penstock.wire.fix import SOH, Split, split

HEAD = "8=FIX.4.4|9=1|35=8|34=7|49=V|52=x|56=P|"


def read(body: str) -> Split:
    """A message with this body."""
    return split(f"{HEAD}{body}10=000|".replace("|", SOH))


def test_fields_groups_and_envelope_are_apart() -> None:
    """A member of a group is never a field of the body."""
    message = read("37=1|453=2|448=A|452=1|448=B|452=3|31=9.5|")

    assert {37: "1", 453: "2", 31: "9.5"} == message.body
    assert {453: ({448: "A", 452: "1"}, {448: "B", 452: "3"})} == message.groups
    assert "7" == message.envelope[34]
    assert "" == message.flaw


def test_a_member_that_strayed_from_its_group_is_no_field() -> None:
    """Behind another field, or without any group."""
    assert {453: ({448: "A", 447: "D"},)} == read("453=1|448=A|58=x|447=D|").groups
    assert {58: "x"} == read("137=0.3|58=x|").body


def test_groups_inside_groups_are_under_their_own_count() -> None:
    """In order; the counts of the outer entries say how many are whose."""
    message = read("453=2|448=A|802=2|523=x|523=y|448=B|802=1|523=z|58=t|")

    assert ["2", "1"] == [entry[802] for entry in message.groups[453]]
    assert ["x", "y", "z"] == [entry[523] for entry in message.groups[802]]
    assert "t" == message.body[58]


@pytest.mark.parametrize("tag", [89, 96, 213, 349, 355, 446, 619])
def test_data_is_as_long_as_its_length_says(tag: int) -> None:
    """Whatever is in it, and also where its characters take two bytes."""
    length_tag = 93 if tag == 89 else tag - 1
    data = f"\N{EURO SIGN}{SOH}31=1{SOH}=".encode().decode("utf-8", "surrogateescape")
    text = f"{HEAD}31=2|{length_tag}={len(data.encode())}|".replace("|", SOH)
    message = split(f"{text}{tag}={data}{SOH}58=x{SOH}10=000{SOH}")
    where = message.envelope if tag in {89, 213} else message.body
    where = next((e[0] for e in message.groups.values() if tag in e[0]), where)

    assert data == where[tag]
    assert ("2", "x") == (message.body[31], message.body[58])
    assert "" == message.flaw


@pytest.mark.parametrize("length", ["", "x", "-1", "3", "999999999", "99999999999999999999"])
def test_a_false_length_is_a_flaw_and_the_data_ends_at_its_soh(length: str) -> None:
    """Nothing is read beyond the message."""
    message = read(f"354={length}|355=ABCD|58=x|")

    assert ("ABCD", "x") == (message.body[355], message.body[58])
    assert "354 is not the length of 355" == message.flaw


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        ("31=1|31=2|", "31 appears twice"),
        ("34=8|", "34 appears twice"),
        ("453=1|448=A|453=1|448=B|", "453 appears twice"),
        ("nothing|", "it has a field without a tag"),
        ("x=1|", "it has a field without a tag"),
        ("\N{ARABIC-INDIC DIGIT THREE}1=5|", "it has a field without a tag"),
    ],
)
def test_what_fix_does_not_allow_is_a_flaw(body: str, flaw: str) -> None:
    """The first of a tag counts, so that nothing behind it can change it."""
    assert flaw == read(body).flaw
    assert "7" == read(body).envelope[34]


def test_a_tag_without_a_value_is_not_there() -> None:
    """FIX forbids it; engines send it."""
    message = read("1=|44=|58=x|453=0|")

    assert {58: "x", 453: "0"} == message.body
    assert {453: ()} == message.groups
    assert "" == message.flaw


def test_anything_can_be_split() -> None:
    """Never an exception, never text that cannot be encoded."""
    rng = random.Random(5)
    letters = [SOH, "=", "1", "4", "5", "3", "8", "\udcff", "\u00e9", "x", "-", "0"]
    pieces = ["453=2\x01448=A\x01", "354=3\x01355=", "10=000\x01", "8=FIX.4.4\x01", "802=1\x01"]
    for _ in range(3_000):
        text = "".join(rng.choice(letters + pieces) for _ in range(rng.randrange(30)))
        message = split(text)
        entries = [entry for group in message.groups.values() for entry in group]
        for fields in (message.envelope, message.body, *entries):
            assert "".join(fields.values()).encode() is not None
