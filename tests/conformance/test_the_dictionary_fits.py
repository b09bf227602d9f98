"""The data dictionary of `penstock fix dictionary` fits what the router sends and takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.wire.fix import SOH, FixMessage, Incoming, data_dictionary
from tests.support import fix_loop
from tests.support.command_line import penstock, refusal
from tests.support.fix_messages import heard

quickfix = pytest.importorskip("quickfix", reason="quickfix is not installed")


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """As a counterparty's engine loads it, with every check on."""
    path = tmp_path_factory.mktemp("dictionary") / "fix44.xml"
    path.write_text(data_dictionary())
    return quickfix.DataDictionary(str(path))


def checked(dictionary: Any, message: FixMessage) -> str:
    """What the dictionary has against a message; empty if nothing."""
    header = ((34, "2"), (49, "A"), (52, "20260302-14:00:00"), (56, "B"))
    body = "".join(f"{tag}={text}{SOH}" for tag, text in (*header, *message.fields))
    body = f"35={message.msg_type}{SOH}{body}"
    start = f"8=FIX.4.4{SOH}9={len(body)}{SOH}{body}"
    text = f"{start}10={sum(start.encode()) % 256:03d}{SOH}"
    try:
        dictionary.validate(quickfix.Message(text, dictionary, True))
    except quickfix.FIXException as error:
        return f"{error}: {text.replace(SOH, '|')}"
    return ""


@pytest.mark.parametrize("seed", range(6))
def test_everything_that_a_day_of_orders_sends_is_in_it(
    dictionary: Any, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Client to router, router to venue, and back: every message that our own builders make."""
    sent: list[FixMessage] = []

    def recorded(message: FixMessage, by: str, **facts: Any) -> Incoming:
        sent.append(message)
        return heard(message, by, **facts)

    monkeypatch.setattr(fix_loop, "heard", recorded)
    session = fix_loop.Session(seed)
    session.run(200)

    assert {"D", "F", "G", "8", "9"} <= {message.msg_type for message in sent}
    assert [] == [flaw for message in sent if (flaw := checked(dictionary, message))]


def test_parties_and_our_own_tags_are_in_it(dictionary: Any) -> None:
    """What some counterparties have agreed on."""
    parties = ((453, "2"), (448, "A"), (447, "D"), (452, "1"), (448, "B"), (447, "D"), (452, "4"))
    ours = ((9001, "60000"), (9002, "0.5"), (9003, "cost"))
    order = ((11, "a"), (38, "100"), (40, "1"), (54, "1"), (55, "TEST0"), *ours, *parties)

    assert "" == checked(dictionary, FixMessage("D", order))


@pytest.mark.parametrize(
    ("tag", "why"), [(99, "stop orders"), (9005, "no tag of ours"), (1362, "FIX 5.0")]
)
def test_what_the_router_does_not_take_is_not_in_it(dictionary: Any, tag: int, why: str) -> None:
    """A client's engine says so before the router has to."""
    order = ((11, "a"), (38, "100"), (40, "1"), (54, "1"), (55, "TEST0"), (tag, "1"))

    assert checked(dictionary, FixMessage("D", order)), why


def test_the_command_writes_it(tmp_path: Path) -> None:
    """To a file or to stdout, the same; where it cannot, one clear error."""
    path = tmp_path / "fix44.xml"
    written = penstock("fix", "dictionary", "--out", path)
    shown = penstock("fix", "dictionary")

    assert (0, 0) == (written.status, shown.status)
    assert data_dictionary() == path.read_text() == shown.out
    assert "a file that can be written" in refusal("fix", "dictionary", "--out", path / "below")
