"""The control socket's language: one JSON object a line each way, and the client that speaks it."""

from __future__ import annotations

import getpass
import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from penstock._control_line import SOCKET_NAME, exchange
from penstock.domain import InputError, reason_of

_DECODER_ERRORS: Final = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError)


class RouterUnreachableError(InputError):
    """Nobody answers on the control socket."""


class RouterRefusedError(InputError):
    """The router does not do what it was asked; it says why."""


class Do(StrEnum):
    """What can be asked. What acts on orders is journalled as an event, STOP as a drain."""

    STATUS = "status"
    KILL = "kill"  # everything, or what is of a client, a venue or a symbol
    RESUME = "resume"
    VENUE_ON = "venue_on"
    VENUE_OFF = "venue_off"
    RESTRICT = "restrict"
    UNRESTRICT = "unrestrict"
    USE_MODEL = "use_model"
    KILL_PROGRESS = "kill_progress"  # how far a kill is confirmed
    ORDERS = "orders"  # what is live, in doubt, working
    LIMITS = "limits"  # what is used up of each limit
    RESET_LIMITS = "reset_limits"
    CHILD_BOOK = "child_book"
    CHILD_CLOSE = "child_close"
    VENUE_FORCE_UP = "venue_force_up"
    SESSION_RESET = "session_reset"
    STOP = "stop"  # as SIGTERM: the drain is journalled


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line from an operator. `operator` is who is asking, for the journal."""

    do: Do
    venue: str = ""  # MIC
    symbol: str = ""
    client: str = ""  # comp id
    model: str = ""  # reference in the registry, or "static", with USE_MODEL
    session: str = ""  # comp id of the counterparty, with SESSION_RESET
    child: int | None = None  # with CHILD_BOOK and CHILD_CLOSE
    shares: int | None = None  # to be booked; with CHILD_CLOSE, filled in all
    price: str = ""  # USD, exactly as the venue states it, with CHILD_BOOK
    kill: int | None = None  # its number, with KILL_PROGRESS
    reason: str = ""
    operator: str = ""


Answer = dict[str, Any]
"""{"ok": True, …} or {"ok": False, "error": …}, ready to be JSON."""


def read_request(line: bytes) -> Request | str:
    """The request in a line, or why it is none."""
    try:
        return msgspec.json.decode(line, type=Request)
    except _DECODER_ERRORS as error:
        return f'expected a line like {{"do":"status"}}; found something else: {error}'


def refusal(error: str) -> Answer:
    """The answer that says no."""
    return {"ok": False, "error": error}


def answer_line(answer: Answer) -> bytes:
    """An answer as it is sent."""
    return msgspec.json.encode(answer) + b"\n"


def ask_router(
    run_dir: Path,
    do: str,
    *,
    operator: str = "",
    timeout_s: float = 5.0,
    **details: str | int | None,
) -> dict[str, Any]:
    """
    Ask the router that runs under `run_dir`, and wait for its answer.

    Args:
        details: the other fields of `Request`.
    Returns:
        its answer: `status`, or `text`, …
    Raises:
        RouterUnreachableError: no router runs there, or it did not answer in time.
        RouterRefusedError: it runs, and does not do it.
    """
    fields = {"do": do, "operator": operator or _login_name(), **details}
    request = msgspec.convert(fields, Request)
    path = run_dir / SOCKET_NAME
    try:
        line = exchange(path, msgspec.json.encode(request) + b"\n", timeout_s)
        answer: Answer = msgspec.json.decode(line, type=dict[str, Any])
    except OSError as error:
        raise _unreachable(path, reason_of(error), timeout_s) from None
    except _DECODER_ERRORS as error:
        raise _unreachable(path, f"an answer that is none: {error}", timeout_s) from None
    if not answer.pop("ok", False):
        raise RouterRefusedError.one(
            where=f"the router in {run_dir}",
            expected=f"a request `{do}` that it can do",
            found=str(answer.get("error", "no reason")),
            fix="correct the request",
        )
    return answer


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a password file
        return f"uid {os.getuid()}"


def _unreachable(path: Path, found: str, timeout_s: float) -> RouterUnreachableError:
    return RouterUnreachableError.one(
        where=str(path),
        expected=f"a router that answers within {timeout_s:g} s",
        found=found,
        fix="start it with `penstock run CONF`, from the same directory; a starting one takes a "
        "while to compile",
    )
