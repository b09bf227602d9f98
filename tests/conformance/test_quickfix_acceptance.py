"""
QuickFIX's acceptance scripts for FIX 4.4, all 59, against our acceptor.

Those that are about sessions run as written, against an acceptor whose application is the desk for
clients. Three groups differ, each for a reason that stands beside its names.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from penstock.domain import Ns
from penstock.wire.fix import FixMessage, Incoming, OmsDesk, Outgoing
from penstock.wire.sessions import FixAcceptor, SessionSetup
from tests.support.acceptance_scripts import THEIR_ACCEPTOR, Script, UnexpectedError
from tests.support.fix_messages import oms_desk
from tests.support.fix_sessions import Notebook

pytestmark = pytest.mark.shared_data

ECHO: Final = frozenset(
    {
        "15_HeaderAndBodyFieldsOrderedDifferently",
        "19a_PossResendMessageThatHAsAlreadyBeenSent",
        "19b_PossResendMessageThatHasNotBeenSent",
        "20_SimultaneousResendRequest",
        "21_RepeatingGroupSpecifierWithValueOfZero",
        "2d_GarbledMessage",
        "2f_PossDupOrigSendingTimeTooHigh",
        "2g_PossDupNoOrigSendingTime",
        "2m_BodyLengthValueNotCorrect",
        "3b_InvalidChecksum",
        "3c_GarbledMessage",
        "8_AdminAndApplicationMessages",
        "8_OnlyApplicationMessages",
    }
)
"""They expect their own orders back, and run against an application that sends them back."""

REFUSED_BY_THE_DESK: Final = {
    "14a_BadField": "tags that no standard knows arrive",
    "14b_RequiredFieldMissing": "what is missing is named by the desk, all at once",
    "14c_TagNotDefinedForMsgType": "tags of other messages arrive",
    "14e_IncorrectEnumValue": "codes that no list has arrive",
    "14f_IncorrectDataFormat": "values are read by the desk",
    "14g_HeaderBodyTrailerFieldsOutOfOrder": "fields are found wherever they stand",
    "14i_RepeatingGroupCountNotEqual": "the entries that came are read",
    "2q_MsgTypeNotValid": "types that no standard knows arrive",
    "2r_UnregisteredMsgType": "the desk's text says more",
    "RejectResentMessage": "values are read by the desk",
    "ReverseRoute": "codes that no list has arrive",
    "ReverseRouteWithEmptyRoutingTags": "a tag without a value is as one that is not there",
}
"""They expect the session to reject what our desk refuses: every well-formed message arrives."""

EMPTY_COMP_ID: Final = "14d_TagSpecifiedWithoutValue"
"""It says 56= and expects one kind of reject; it gets another (CompID problem), and a Logout."""

STARTS_AGAIN: Final = frozenset(
    {
        "2i_BeginStringValueUnexpected",
        "2k_CompIDDoesNotMatchProfile",
        "2o_SendingTimeValueOutOfRange",
    }
)
"""They connect again with number 1; our numbers go on, so a person's reset stands in between."""

N_SCRIPTS: Final = 59


class Desk(Notebook):
    """The OMS side of a router whose instruments the scripts do not know: each order is refused."""

    def __init__(self) -> None:
        super().__init__()
        self._desk: OmsDesk = oms_desk()
        self.send: Callable[[Outgoing], bool]

    def on_message(self, incoming: Incoming) -> None:
        """Answer as the router does."""
        super().on_message(incoming)
        for reply in self._desk.on_message(incoming).replies:
            self.send(reply)


class Echo(Notebook):
    """Sends each message back, a possible resend only if it is new."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[tuple[str, str]] = set()
        self.send: Callable[[Outgoing], bool]

    def on_message(self, incoming: Incoming) -> None:
        """Back it goes."""
        super().on_message(incoming)
        name = (incoming.counterparty, incoming.fields.get(11, ""))
        if incoming.msg_type == "3":
            return
        is_resend = incoming.fields.get(97) == "Y"
        if is_resend and name in self._seen:
            return
        self._seen.add(name)
        fields = [(tag, text) for tag, text in incoming.fields.items() if tag not in {43, 52}]
        message = FixMessage(incoming.msg_type, tuple(fields))
        self.send(Outgoing(incoming.counterparty, message))


def acceptor_for(sink: Desk | Echo, folder: Path, scripts: list[Script]) -> FixAcceptor:
    """An acceptor with one session for each script."""
    acceptor = FixAcceptor(
        SessionSetup(
            sink=sink, clock_ns=lambda: Ns(time.time_ns()), store_dir=folder,
            may_resend=lambda _msg_type: True, is_logging=False,
        ),
        sessions=[(THEIR_ACCEPTOR, script.client) for script in scripts],
        host="127.0.0.1",
        port=0,
    )  # fmt: skip
    sink.send = acceptor.send
    return acceptor


def result_of(script: Script, acceptor: FixAcceptor) -> str:
    """What went wrong; empty if nothing did."""
    n_connections = 0

    def before_connect() -> None:
        nonlocal n_connections
        n_connections += 1
        if script.name in STARTS_AGAIN and n_connections > 1:
            assert acceptor.reset(script.client)

    try:
        script.run(
            acceptor.port,
            is_lenient=script.name in REFUSED_BY_THE_DESK,
            before_connect=before_connect,
        )
    except UnexpectedError as error:
        return str(error)
    return ""


def test_every_script_gets_what_it_expects(shared_data: Path, tmp_path: Path) -> None:
    """All at once, each on a session of its own: some wait for heartbeats."""
    folder = shared_data / "fix" / "quickfix_acceptance" / "fix44"
    if not folder.is_dir():
        pytest.skip(f"QuickFIX's acceptance scripts are not at {folder}")
    paths = sorted(folder.glob("*.def"))
    scripts = [Script(path, f"T{number:03d}") for number, path in enumerate(paths)]
    echoed = [script for script in scripts if script.name in ECHO]
    others = [script for script in scripts if script.name not in ECHO]
    desk, echo = Desk(), Echo()
    sides = [
        (acceptor_for(desk, tmp_path / "desk", others), others),
        (acceptor_for(echo, tmp_path / "echo", echoed), echoed),
    ]
    try:
        for acceptor, _ in sides:
            acceptor.start()
        with ThreadPoolExecutor(len(scripts)) as pool:
            results = {
                script.name: pool.submit(result_of, script, acceptor)
                for acceptor, of_side in sides
                for script in of_side
            }
            wrong = {name: future.result() for name, future in results.items() if future.result()}
    finally:
        for acceptor, _ in sides:
            acceptor.stop()

    assert N_SCRIPTS == len(scripts)
    named = ECHO | REFUSED_BY_THE_DESK.keys() | STARTS_AGAIN | {EMPTY_COMP_ID}
    assert set() == named - results.keys()
    assert {EMPTY_COMP_ID} == wrong.keys(), wrong
    assert "58=CompID problem" in wrong[EMPTY_COMP_ID]
    assert [] == desk.fatals + echo.fatals
    assert [] == desk.stuck + echo.stuck
