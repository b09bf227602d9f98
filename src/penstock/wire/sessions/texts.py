"""FIX messages as texts: what QuickFIX gives and takes, and the neutral types of the house."""

from __future__ import annotations

from typing import Final

from penstock.domain import Ns
from penstock.wire.fix import SOH, FixMessage, Incoming, Split, flat
from penstock.wire.fix.messages import NO_FIELDS
from penstock.wire.fix.structure import GROUPS

BEGIN_STRING: Final = "FIX.4.4"

CHECK_SUM: Final = 10
MSG_SEQ_NUM: Final = 34
MSG_TYPE: Final = 35
POSS_DUP_FLAG: Final = 43
SENDER_COMP_ID: Final = 49
SENDING_TIME: Final = 52
TARGET_COMP_ID: Final = 56
POSS_RESEND: Final = 97

_MAX_SEQ_DIGITS: Final = 19

_KEPT_IN_FIELDS: Final = (POSS_DUP_FLAG, SENDING_TIME, POSS_RESEND)
_ROUTING: Final = frozenset({50, 57, 115, 116, 122, 128, 129, 142, 143, 144, 145})


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


def has_groups(message: FixMessage) -> bool:
    """Whether a message has a repeating group."""
    return any(tag in GROUPS for tag, _ in message.fields)


def fields_of(text: str) -> dict[int, str]:
    """Every field of a message of the session itself, by tag; of a repeated tag the first."""
    return flat(text)


def incoming_of(message: Split, recv_ns: Ns) -> Incoming:
    """The neutral form of a message, whatever it holds."""
    envelope = message.envelope
    seq_num = envelope.get(MSG_SEQ_NUM, "")
    kept = {tag: envelope[tag] for tag in _KEPT_IN_FIELDS if tag in envelope}
    routing = _ROUTING & envelope.keys()
    return Incoming(
        counterparty=envelope.get(SENDER_COMP_ID, ""),
        msg_type=envelope.get(MSG_TYPE, ""),
        seq_num=seq_number(seq_num),
        is_possible_dup=envelope.get(POSS_DUP_FLAG) == "Y",
        fields={**message.body, **kept},
        recv_ns=recv_ns,
        our_comp_id=envelope.get(TARGET_COMP_ID, ""),
        groups=message.groups,
        header={tag: envelope[tag] for tag in routing} if routing else NO_FIELDS,
    )


def seq_number(text: str) -> int:
    """34 MsgSeqNum as a number; 0 for what is none."""
    is_number = text.isascii() and text.isdigit() and len(text) < _MAX_SEQ_DIGITS
    return int(text) if is_number else 0
