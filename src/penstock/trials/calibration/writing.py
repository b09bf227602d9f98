"""A draft as a scenario file: every value with its unit in its name and its origin beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from penstock.sim import Scenario
from penstock.trials.calibration.draft import Draft

_DEFAULT: Final = "default: not in the data"
_TABLES: Final = (
    "price", "impact", "flow", "makers", "others", "dark", "auctions", "bands", "parents",
)  # fmt: skip
_TEXTS: Final = frozenset(
    [
        "name",
        "description",
        "mode",
        "symbol",
        "tape",
        "mic",
        "venue",
        "kind",
        "shape",
        "priority",
        "client",
    ]
)
_VENUE_TABLES: Final = ("fees", "latency", "lit", "pool", "spells")
_NOT_WRITTEN: Final = (None, ())


def scenario_text(draft: Draft, heading: str) -> str:
    """
    TOML that `penstock evaluate` reads. Floats keep six significant digits.

    Args:
        heading: lines of comment for the top of the file.
    """
    scenario, origins = draft
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    for table in ("scenario", "instrument"):
        lines += ["", f"[{table}]", *_rows(getattr(scenario, table), table, origins)]
    for place, venue in enumerate(scenario.venues):
        key = f"venues[{place}]"
        lines += ["", "[[venues]]", *_rows(venue, key, origins)]
        for name in _VENUE_TABLES:
            table = getattr(venue, name)
            if table is not None:
                why = "assumed: of the usual kind, not in the data"
                default = why if name in {"fees", "latency"} else _DEFAULT
                rows = _rows(table, f"{key}.{name}", origins, default)
                lines += ["", f"[venues.{name}]", *rows]
    for table in _TABLES:
        default = origins.get(table, _DEFAULT)
        lines += ["", f"[{table}]", *_rows(getattr(scenario, table), table, origins, default)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _rows(
    table: msgspec.Struct, key: str, origins: Mapping[str, str], default: str = _DEFAULT
) -> Iterator[str]:
    for field in table.__struct_fields__:
        value = getattr(table, field)
        if value in _NOT_WRITTEN or isinstance(value, msgspec.Struct):
            continue
        shown = _shown(value)
        if shown is None:
            continue
        origin = origins.get(f"{key}.{field}", default)
        comment = "" if field in _TEXTS or field == "protected" else f"  # {origin}"
        yield f"{field} = {shown}{comment}"


def _shown(value: Any) -> str | None:
    """A value in TOML; None for what is no plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()  # TOML's strings are written as JSON's are
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(rounded(value))
    if isinstance(value, tuple):
        parts = [_shown(part) for part in value]
        return None if None in parts else f"[{', '.join(str(part) for part in parts)}]"
    return None


def rounded(value: float) -> float:
    """Six significant digits: more would claim what no tape knows."""
    return float(f"{value:.6g}")


def rounded_scenario(scenario: Scenario) -> Scenario:
    """The scenario that its file will be read as: what is measured is what is written."""
    return msgspec.convert(_rounded_parts(msgspec.to_builtins(scenario)), Scenario)


def _rounded_parts(value: Any) -> Any:
    if isinstance(value, float):
        return rounded(value)
    if isinstance(value, dict):
        return {key: _rounded_parts(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded_parts(part) for part in value]
    return value
