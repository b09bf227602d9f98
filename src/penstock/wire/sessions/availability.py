"""Whether QuickFIX is installed: it is an extra, because it is compiled on the user's machine."""

from __future__ import annotations

import importlib
import signal
import threading

from penstock.domain import ConfigError


def require_quickfix() -> None:
    """
    Return if FIX sessions can be built. SIGINT stays handled as it was.

    Raises:
        ConfigError: QuickFIX is not installed, or was built for another Python.
    """
    handler = signal.getsignal(signal.SIGINT)
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
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)  # QuickFIX puts the default back when it is imported
