"""Scenario files into markets to run: the file read, checked, and a recorded day compiled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import msgspec

from penstock.domain import (
    ConfigError,
    TapeError,
    from_seconds,
    parse_toml,
    reason_of,
    seconds,
    stream,
)
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
)


TRAINED_ON_THIS_DAY_NOTE = (
    "The model was trained on this very recorded day: what it gains here is no evidence of what it "
    "would gain on another."
)
TRAINING_DAY_NOT_KNOWN_NOTE = (
    "The model's card names no recorded day, so it is not known whether it was trained on this one."
)
_RECORDED = "recorded day"  # how the words on a model's card begin that name one


class RecordedDay(NamedTuple):
    """The day that a replay lives through, and the tape that it comes from."""

    symbol: str
    day: int  # YYYYMMDD
    tape_sha256: str  # of the whole file, as `sha256sum` says it

    @property
    def origin(self) -> str:
        """The day as a model's card names it."""
        return f"{_RECORDED} {self.symbol} {self.day}, tape {self.tape_sha256[:12]}"

    def is_named_in(self, trained_on: str) -> bool | None:
        """
        Whether a card's `trained_on` names this day, from whatever tape; None if it names none.

        The tape does not count: the same day cleaned in another way is still the same prices.
        """
        if f"{_RECORDED} " not in trained_on:
            return None
        return f"{_RECORDED} {self.symbol} {self.day}," in trained_on


class Market(NamedTuple):
    """One market to run days in: a scenario, and for a recorded day the flow that drives it."""

    name: str
    scenario: Scenario
    script: ScriptArray | None
    notes: tuple[str, ...]
    recorded: RecordedDay | None = None  # None: a generated market, where every seed is a day


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
    tape_path = tape if tape is not None else path.parent / scenario.replay.tape
    recorded = _read_tape(path, scenario, tape_path)
    if tape is not None:
        about = msgspec.structs.replace(scenario.scenario, day=recorded.context.day)
        scenario = msgspec.structs.replace(scenario, scenario=about)
    _check_hours(path, scenario, recorded, tape_path)
    assumed = () if scenario.replay is None else scenario.replay.depth
    names: list[str | None] = [known.name for known in assumed if depth is None]
    names = names or [depth]
    day = RecordedDay(
        symbol=recorded.context.symbol.upper(),
        day=recorded.context.day,
        tape_sha256=hashlib.sha256(tape_path.read_bytes()).hexdigest(),
    )
    return [_replay(scenario, recorded, day, name) for name in names]


def read_scenario(path: Path) -> Scenario:
    """A scenario file, checked."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError.one(
            where=str(path),
            expected="a scenario file",
            found=reason_of(error),
            fix="pass a TOML file; scenarios/ has some, docs/scenarios.md says what they may hold",
        ) from None
    scenario = parse_toml(text, Scenario, file=str(path))
    check_scenario(scenario, str(path))
    return scenario


def _read_tape(path: Path, scenario: Scenario, tape_path: Path) -> TapeFile:
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


def _check_hours(path: Path, scenario: Scenario, recorded: TapeFile, tape_path: Path) -> None:
    """Outside the tape's session there is nothing to replay; it would look like a quiet day."""
    context = recorded.context
    if scenario.scenario.day != context.day:
        raise TapeError.one(
            where=f"{path}: scenario.day",
            expected=f"{context.day}, the day of {tape_path}",
            found=str(scenario.scenario.day),
            fix="name the tape of the day, or the day of the tape",
        )
    if scenario.start_ns < context.session_start_ns or scenario.end_ns > context.session_end_ns:
        midnight_ns = scenario.start_ns - from_seconds(scenario.scenario.start_s)
        first_s = seconds(context.session_start_ns - midnight_ns)
        last_s = seconds(context.session_end_ns - midnight_ns)
        about = scenario.scenario
        raise TapeError.one(
            where=f"{path}: scenario.start_s, scenario.duration_s",
            expected=f"a stretch of the tape's session, {first_s:g} to {last_s:g} s of the day",
            found=f"{about.start_s:g} to {about.start_s + about.duration_s:g} s",
            fix="choose hours in which the market was open",
        )


def _replay(scenario: Scenario, recorded: TapeFile, day: RecordedDay, depth: str | None) -> Market:
    compiled = compile_replay(
        recorded.tape,
        recorded.context.codes,
        scenario,
        stream(0, f"replay/{recorded.context.symbol}/{recorded.context.day}"),
        depth=depth,
    )
    name = f"{scenario.scenario.name}[{compiled.report.depth}]"
    return Market(name, scenario, compiled.script, REPLAY_NOTES, day)
