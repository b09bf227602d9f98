"""FIX messages as texts: what QuickFIX gives and takes, and the neutral types of the house."""

from __future__ import annotations

from typing import Final

from penstock.domain import Ns
from penstock.wire.fix import FixMessage, Incoming

SOH: Final = "\x01"
BEGIN_STRING: Final = "FIX.4.4"

MSG_SEQ_NUM: Final = 34
MSG_TYPE: Final = 35
POSS_DUP_FLAG: Final = 43
SENDER_COMP_ID: Final = 49
TARGET_COMP_ID: Final = 56

# Standard header and trailer of FIX 4.4, without 43, 52 and 97, which `Incoming.fields` keeps.
_ENVELOPE: Final = frozenset(
    {8, 9, 10, 34, 35, 49, 50, 56, 57, 89, 90, 91, 93, 115, 116, 122, 128, 129, 142, 143, 144, 145}
    | {212, 213, 347, 369, 627, 628, 629, 630}
)


def message_text(message: FixMessage) -> str:
    """
    A message as QuickFIX parses it; the session fills in what is missing of header and trailer.

    No value can break out of its field: SOH in a value becomes a space. Fields without a value,
    which FIX forbids, are left out. Text that no encoding has becomes question marks.
    """
    kept = [f"{tag}={value}{SOH}" for tag, value in message.fields if value]
    body = "".join(kept)
    if body.count(SOH) != len(kept):
        body = "".join(field[:-1].replace(SOH, " ") + SOH for field in kept)
    if not body.isascii():
        body = body.encode("utf-8", "replace").decode("utf-8")
    return f"8={BEGIN_STRING}{SOH}9=0{SOH}35={message.msg_type}{SOH}{body}10=000{SOH}"


def fields_of(text: str) -> dict[int, str]:
    """
    Every field of a message, by tag; of a repeated tag the last.

    Never raises. The values are always text that can be encoded: a byte that is no UTF-8 becomes
    U+FFFD, so whatever a counterparty sends can be journalled.
    """
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    pairs = [field.partition("=") for field in text.split(SOH)]
    return {int(tag): value for tag, _, value in pairs if tag.isdecimal() and len(tag) < 10}


def incoming_of(fields: dict[int, str], recv_ns: Ns) -> Incoming:
    """The neutral form of a message that QuickFIX has checked as far as it does."""
    seq_num = fields.get(MSG_SEQ_NUM, "")
    return Incoming(
        counterparty=fields.get(SENDER_COMP_ID, ""),
        msg_type=fields.get(MSG_TYPE, ""),
        seq_num=int(seq_num) if seq_num.isdecimal() else 0,
        is_possible_dup=fields.get(POSS_DUP_FLAG) == "Y",
        fields={tag: value for tag, value in fields.items() if tag not in _ENVELOPE},
        recv_ns=recv_ns,
        our_comp_id=fields.get(TARGET_COMP_ID, ""),
    )
