"""Files that came with Penstock: scenarios and configurations."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def shipped(path: Path) -> Path:
    """A scenario or configuration: of the current folder, or the one that came with the package."""
    return path if path.is_file() else Path(str(files("penstock"))) / "shipped" / path
