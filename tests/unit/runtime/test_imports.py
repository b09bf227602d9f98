"""What the live programs may not load: it would cost memory, start-up time, or a stall."""

from __future__ import annotations

import subprocess
import sys


def test_the_router_loads_no_training_no_database_and_no_plots() -> None:
    """Not even indirectly: these belong to other processes, which tail the journal."""
    code = (
        "import sys, penstock.cli.run, penstock.cli.status, penstock.runtime\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(names & {'lightgbm', 'polars', 'sqlalchemy', 'alembic', 'plotly'}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('penstock.trials')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert ["", ""] == done.stdout.splitlines()
