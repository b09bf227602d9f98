"""The command line: one file per command."""

from penstock.cli.main import main

__all__ = ["main"]
