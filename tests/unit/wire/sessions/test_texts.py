"""Between QuickFIX's texts and the neutral types."""

from __future__ import annotations

from penstock.domain import Ns
from penstock.wire.fix import SOH, FixMessage, split
from penstock.wire.sessions.texts import fields_of, incoming_of, message_text


def _shown(message: FixMessage) -> str:
    return message_text(message).replace(SOH, "|")


def test_a_message_keeps_the_order_of_its_fields() -> None:
    """Repeating groups depend on it. Length and checksum are placeholders."""
    message = FixMessage("8", ((37, "P1"), (136, "1"), (137, "0.30"), (138, "USD")))

    assert "8=FIX.4.4|9=0|35=8|37=P1|136=1|137=0.30|138=USD|10=000|" == _shown(message)


def test_no_value_can_break_out_of_its_field() -> None:
    """A text that somebody else wrote must not become an order."""
    message = FixMessage("8", ((58, f"see{SOH}38=1000000"), (11, "a")))

    assert "8=FIX.4.4|9=0|35=8|58=see 38=1000000|11=a|10=000|" == _shown(message)


def test_a_field_without_a_value_is_left_out() -> None:
    """FIX forbids it, and a counterparty may reject the whole message."""
    assert "8=FIX.4.4|9=0|35=8|11=a|10=000|" == _shown(FixMessage("8", ((58, ""), (11, "a"))))


def test_text_that_no_encoding_has_becomes_question_marks() -> None:
    """QuickFIX's wrapper raises on a lone surrogate."""
    message = FixMessage("8", ((58, "caf\u00e9 \udcff"),))

    assert "8=FIX.4.4|9=0|35=8|58=caf\u00e9 ?|10=000|" == _shown(message)


def test_an_incoming_message_keeps_its_body_and_three_of_the_header() -> None:
    """52, 43 and 97 mean something to the desks; the rest of the envelope is the session's."""
    text = (
        "8=FIX.4.4|9=99|35=D|34=7|43=Y|49=OMS|50=desk 4|52=20261121-10:00:00|56=PENSTOCK|97=Y|"
        "122=20261121-09:59:59|11=a|58=b=c|10=123|"
    ).replace("|", SOH)
    incoming = incoming_of(split(text), Ns(5))

    assert ("OMS", "PENSTOCK") == (incoming.counterparty, incoming.our_comp_id)
    assert ("D", 7, True, 5) == (
        incoming.msg_type,
        incoming.seq_num,
        incoming.is_possible_dup,
        incoming.recv_ns,
    )
    assert {43: "Y", 52: "20261121-10:00:00", 97: "Y", 11: "a", 58: "b=c"} == incoming.fields


def test_anything_can_be_read() -> None:
    """What a counterparty sends is never an exception on the FIX thread."""
    hostile = ["", SOH * 5, "no fields", f"x=1{SOH}=2{SOH}-3=4{SOH}{'9' * 5_000}=5{SOH}11", "²=1"]

    for text in hostile:
        incoming = incoming_of(split(text), Ns(0))
        assert ("", "", 0) == (incoming.counterparty, incoming.msg_type, incoming.seq_num)


def test_a_byte_that_is_no_utf8_becomes_text_that_can_be_encoded() -> None:
    """SWIG hands such bytes over as lone surrogates, on which every encoder fails."""
    fields = fields_of(f"11=a\udcff\u00e9{SOH}")

    assert {11: "a\N{REPLACEMENT CHARACTER}\u00e9"} == fields
    assert fields[11].encode()
