"""Scenario files into markets to run: the file read, checked, and a recorded day compiled."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import msgspec

from penstock.domain import ConfigError, TapeError, parse_toml, stream
from penstock.sim import Scenario, ScriptArray, check_scenario, compile_replay
from penstock.wire import TapeFile, read_tape

REPLAY_NOTES = (
    "A check that the machine works on real prices; no claim that any policy is better.",
    (
        "One recorded day: the seeds differ in the parents and in latencies only, so an interval "
        "speaks about other orders on this day, not about other days."
    ),
    (
        "The recorded quotes are the best ones of all venues; the depth behind them is an "
        "assumption, named in brackets. The market does not react to our orders beyond what "
        "they take."
    ),
    "There is no reference price on a recorded day: raw shortfall only.",
)
GENERATED_NOTES = (
    "A generated market: venues, traders, latencies and fees are the scenario file's.",
    (
        "Its baselines are untuned; stronger ones, and insiders that bound what can be gained, "
        "are not in this comparison."
    ),
)


class Market(NamedTuple):
    """One market to run days in: a scenario, and for a recorded day the flow that drives it."""

    name: str
    scenario: Scenario
    script: ScriptArray | None
    notes: tuple[str, ...]


def load_markets(path: Path, *, tape: Path | None = None, depth: str | None = None) -> list[Market]:
    """
    The markets of a scenario file: one, or for a replay one per depth assumption.

    Args:
        tape: another recorded day than the file names; the scenario's day becomes the tape's.
        depth: only this assumption.
    Raises:
        ConfigError: the file cannot be read or used; all problems at once.
        TapeError: the tape is missing, damaged or of another stock.
    """
    scenario = read_scenario(path)
    if scenario.replay is None:
        if tape is not None or depth is not None:
            raise ConfigError.one(
                where=str(path),
                expected="a scenario of mode replay, because --tape or --depth was given",
                found=f"mode {scenario.scenario.mode}",
                fix="leave the option out",
            )
        return [Market(scenario.scenario.name, scenario, None, GENERATED_NOTES)]
    recorded = _read_tape(path, scenario, tape)
    if tape is not None:
        about = msgspec.structs.replace(scenario.scenario, day=recorded.context.day)
        scenario = msgspec.structs.replace(scenario, scenario=about)
    assumed = () if scenario.replay is None else scenario.replay.depth
    names: list[str | None] = [known.name for known in assumed if depth is None]
    names = names or [depth]
    return [_replay(scenario, recorded, name) for name in names]


def read_scenario(path: Path) -> Scenario:
    """A scenario file, checked."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(
            where=str(path),
            expected="a scenario file",
            found=str(error),
            fix="pass a TOML file; scenarios/ has some, docs/scenarios.md says what they may hold",
        ) from None
    scenario = parse_toml(text, Scenario, file=str(path))
    check_scenario(scenario, str(path))
    return scenario


def _read_tape(path: Path, scenario: Scenario, tape: Path | None) -> TapeFile:
    assert scenario.replay is not None
    tape_path = tape if tape is not None else path.parent / scenario.replay.tape
    if not tape_path.exists():
        raise TapeError.one(
            where=str(tape_path),
            expected="the normalised tape that the scenario replays",
            found="no file",
            fix="make it with `penstock ingest tape`, or name another with --tape; docs/data.md "
            "says where such data can be had",
        )
    recorded = read_tape(tape_path)
    if recorded.context.symbol.upper() != scenario.instrument.symbol.upper():
        raise TapeError.one(
            where=str(tape_path),
            expected=f"a tape of {scenario.instrument.symbol}, as in {path}",
            found=f"a tape of {recorded.context.symbol}",
            fix="name the right tape with --tape",
        )
    return recorded


def _replay(scenario: Scenario, recorded: TapeFile, depth: str | None) -> Market:
    compiled = compile_replay(
        recorded.tape,
        recorded.context.codes,
        scenario,
        stream(0, f"replay/{recorded.context.symbol}/{recorded.context.day}"),
        depth=depth,
    )
    name = f"{scenario.scenario.name}[{compiled.report.depth}]"
    return Market(name, scenario, compiled.script, REPLAY_NOTES)
