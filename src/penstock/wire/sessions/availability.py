"""Whether QuickFIX is installed: it is an extra, because it is compiled on the user's machine."""

from __future__ import annotations

import importlib

from penstock.domain import ConfigError


def require_quickfix() -> None:
    """
    Return if FIX sessions can be built.

    Raises:
        ConfigError: QuickFIX is not installed, or was built for another Python.
    """
    try:
        importlib.import_module("quickfix")
    except ImportError as error:
        raise ConfigError.one(
            where="FIX sessions",
            expected="the Python package quickfix",
            found=str(error),
            fix='pip install "penstock[fix]" (compiles for some minutes; needs g++ and the Python '
            "headers: apt install g++ python3-dev)",
        ) from error
