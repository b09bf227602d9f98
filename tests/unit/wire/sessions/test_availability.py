"""Without QuickFIX there is one clear error, and everything else works."""

from __future__ import annotations

import subprocess
import sys

import pytest

from penstock.domain import ConfigError
from penstock.wire.sessions import require_quickfix

WITHOUT = """
import importlib.abc, sys
class Hidden(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "quickfix":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Hidden())
"""


def _python(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_sessions_can_be_imported_without_quickfix() -> None:
    """`penstock status` on a machine without a compiler must say more than ImportError."""
    code = "import penstock.wire.sessions, sys; print('quickfix' in sys.modules)"

    assert "False\n" == _python(code)


def test_a_missing_quickfix_is_one_clear_error() -> None:
    """It names the command that mends it."""
    code = WITHOUT + (
        "from penstock.wire.sessions import require_quickfix\n"
        "try:\n    require_quickfix()\nexcept Exception as error:\n"
        "    print(type(error).__name__, error)"
    )
    said = _python(code)

    assert said.startswith(f"{ConfigError.__name__} FIX sessions: expected")
    assert 'pip install "penstock[fix]"' in said


def test_an_installed_quickfix_is_found() -> None:
    """Where it is installed; elsewhere there is nothing to find."""
    pytest.importorskip("quickfix", reason="quickfix is not installed")

    require_quickfix()


def test_ctrl_c_still_interrupts_after_the_import() -> None:
    """QuickFIX takes the signal for itself; a demo must then still stop what it has started."""
    pytest.importorskip("quickfix", reason='quickfix is not installed: pip install "penstock[fix]"')
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored under a shell's &\n"
        "from penstock.wire.sessions.availability import require_quickfix\n"
        "require_quickfix()\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    signal.pause()\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (0, "interrupted\n") == (ran.returncode, ran.stdout), ran.stderr
