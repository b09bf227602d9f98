"""What the commands share that speak to a running router. Light: a brake must not load first."""

from __future__ import annotations

import getpass
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NoReturn

import click

from penstock._control_line import SOCKET_NAME, exchange

TIMEOUT_S: Final = 5.0
RUN_DIR: Final = "runs/live"  # of a configuration that names none, as in RouterTable

conf_argument = click.argument(
    "conf", type=click.Path(path_type=Path), default=Path("conf/router.toml")
)
reason_option = click.option(
    "--reason", default="", help="Why; it goes into the journal and the log."
)


def ask(
    conf: Path,
    do: str,
    details: Mapping[str, str | int | None] = MappingProxyType({}),
    *,
    shown: str = "",
    timeout_s: float = TIMEOUT_S,
) -> dict[str, Any]:
    """
    The answer of the router that runs under a configuration.

    Args:
        details: the other fields of the request, see `penstock.runtime.control`.
        shown: the command as the operator typed it, for the message of a refusal.
    Raises:
        PenstockError: no router answers, or it refuses; the message has the reason and the fix.
    """
    path = _run_dir(conf) / SOCKET_NAME
    request = {"do": do, "operator": _operator(), **details}
    line = json.dumps({key: value for key, value in request.items() if value is not None})
    try:
        answer: dict[str, Any] = json.loads(exchange(path, line.encode() + b"\n", timeout_s))
    except (OSError, ValueError) as error:
        _unreachable(conf, path, error, timeout_s)
    if not answer.pop("ok", False):
        _refused(shown or do, str(answer.get("error", "no reason given")))
    return answer


def order(
    conf: Path,
    do: str,
    details: Mapping[str, str | int | None],
    *,
    shown: str,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Have the router do something, and print its answer."""
    click.echo(ask(conf, do, details, shown=shown, timeout_s=timeout_s)["text"])


def _run_dir(conf: Path) -> Path:
    """The router's folder. A file that cannot be used gets the full check, with all its errors."""
    try:
        router = tomllib.loads(conf.read_text(encoding="utf-8")).get("router", {})
        run_dir = router.get("run_dir", RUN_DIR)
        if isinstance(run_dir, str) and run_dir:
            return Path(run_dir)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, AttributeError):
        pass
    from penstock.runtime import read_router_conf

    return read_router_conf(conf).paths.run_dir


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a password file
        return f"uid {os.getuid()}"


def _unreachable(conf: Path, path: Path, error: Exception, timeout_s: float) -> NoReturn:
    from penstock.domain import InputError, reason_of

    reason = reason_of(error) if isinstance(error, OSError) else f"an answer that is none: {error}"
    raise InputError.one(
        where=str(path),
        expected=f"a router that answers within {timeout_s:g} s",
        found=reason,
        fix=f"start it with `penstock run {conf}`, from the same directory; a router that starts "
        "answers when its kernels are compiled",
    ) from None


def _refused(shown: str, error: str) -> NoReturn:
    from penstock.domain import PenstockError

    raise PenstockError(f"the router refused `{shown}`: {error}")
