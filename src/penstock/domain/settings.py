"""Reading TOML: text in, one frozen struct out, or every problem of the text at once."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from penstock.domain.errors import ConfigError, Problem
from penstock.domain.sections import (
    ALIKE,
    Section,
    found_at_the_top,
    header_of,
    is_of_another_kind,
    named_twice,
    sections_of,
    single_brackets,
    wanted_at_the_top,
)
from penstock.domain.settings_words import Array, choices, mend, shown, wanted

T = TypeVar("T")

_ALL_BUT_EQUAL = 0.85  # likeness of two keys from which on one must be the other, mistyped


def parse_toml(text: str, kind: type[T], *, file: str) -> T:
    """
    The settings of `kind` that a TOML text holds.

    Nothing is guessed: an unknown key is refused even where the struct would ignore it, a number in
    quotes is not a number, and NaN and infinity are not settings. A whole number may stand where a
    fraction is wanted.

    Args:
        kind: a `msgspec.Struct`; nested structs are tables, their `msgspec.Meta` limits are held,
            and a `description` there follows "a string", or the section's header, in messages.
        file: name for the messages; nothing is opened.
    Raises:
        ConfigError: with all problems: the line of a syntax error, or that the file is of another
            kind, or else every unknown, missing, mistyped and out-of-range key, each as
            "file: section.key[2]".
    """
    node = inspect.type_info(kind)
    sections = tuple(sections_of(node))
    table = _loads(text, file, sections)
    if is_of_another_kind(table, sections):
        raise _another_kind(table, file, sections)
    problems: list[Problem] = []
    _Reader(file, sections, problems).check(node, table, "")
    if problems:
        raise ConfigError(problems)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        # What a struct's own __post_init__ refuses, and types that TOML has and _Reader has not.
        said, _, path = str(error).partition(" - at `$.")
        raise ConfigError.one(
            where=f"{file}: {path.rstrip('`')}" if path else file,
            expected="settings that agree with each other",
            found=said,
            fix="change one of the settings it names",
        ) from None


def _loads(text: str, file: str, sections: Sequence[Section]) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # the mark that some editors put first
    except ValueError as error:  # TOMLDecodeError is one; a number of 5,000 digits is another
        said = re.search(r"\(at line (\d+), column \d+\)$", str(error))  # keys are quoted before it
        n_lines = text.count("\n") + (not text.endswith("\n"))
        line, found = int(said[1]) if said else n_lines, str(error)
        where, single = f"{file}:{line}", single_brackets(text, line, sections)
        if single is not None:
            raise ConfigError([_list_wanted(f"{file}:{single[0]}", single[1])]) from None
        twice = named_twice(found, text.split("\n")[line - 1])
        if twice is not None:
            raise ConfigError([_once_wanted(where, twice)]) from None
    except RecursionError:
        where, found = file, "brackets nested too deeply"
    raise ConfigError.one(
        where=where,
        expected="valid TOML",
        found=found[0].lower() + found[1:],
        fix='a line is `key = value`, `[section]` or `[[list of sections]]`; text stands in "…"',
    )


def _another_kind(table: Mapping[str, Any], file: str, sections: Sequence[Section]) -> ConfigError:
    """One problem in place of one for every key: the right file is elsewhere."""
    return ConfigError.one(
        where=file,
        expected=f"a file with {wanted_at_the_top(sections)}",
        found=f"one with {found_at_the_top(table)}",
        fix=f"pass another file, or correct its sections; `penstock check {file}` says what it is",
    )


def _once_wanted(where: str, name: str) -> Problem:
    return Problem(
        where=where,
        expected="each key and each section once",
        found=f"{name}, which is there already",
        fix="remove one of the two, or rename one",
    )


def _list_wanted(where: str, name: str, found: str = "") -> Problem:
    """The commonest mistake of all: brackets of a single section around the name of a list."""
    single, double = header_of(name, is_list=False), header_of(name, is_list=True)
    return Problem(
        where=where,
        expected=f"{double}, in double brackets, one for each",
        found=found or single,
        fix=f"write {double} in place of {single}, each time",
    )


class _Reader:
    """Walks a value beside its type, and collects what does not fit."""

    def __init__(self, file: str, sections: Sequence[Section], problems: list[Problem]) -> None:
        self._file, self._sections, self._problems = file, sections, problems

    def check(self, node: inspect.Type, value: Any, path: str) -> None:
        """Add a problem for everything in `value` that is not a `node`."""
        match node:
            case inspect.Metadata(type=inspect.StrType() as text) if not _fits(text, value):
                self._add(path, wanted(node), shown(value), mend(text, value))
            case inspect.Metadata():
                self.check(node.type, value, path)
            case inspect.StructType():
                self._struct(node, value, path)
            case inspect.UnionType():
                self._union(node, value, path)
            case inspect.DictType():
                self._dict(node, value, path)
            case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
                self._array(node, value, path)
            case inspect.FrozenSetType():
                self._array(node, value, path)
            case inspect.TupleType():
                self._tuple(node, value, path)
            case _ if not _fits(node, value):
                self._add(path, wanted(node), shown(value), mend(node, value))

    def _add(self, path: str, expected: str, found: str, fix: str) -> None:
        where = self._where(path)
        self._problems.append(Problem(where=where, expected=expected, found=found, fix=fix))

    def _where(self, path: str) -> str:
        return f"{self._file}: {path}" if path else self._file

    def _struct(self, node: inspect.StructType, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            self._add(path, wanted(node), shown(value), mend(node, value))
            return
        fields = {field.encode_name: field for field in node.fields}
        known = [*fields, *([node.tag_field] if node.tag_field else [])]
        excused = self._unknown_keys(known, value, path)
        for name, field in fields.items():
            if name in value:
                self.check(field.type, value[name], _join(path, name))
            elif field.required and name not in excused:
                fix = _added(field.type, path, name)
                self._add(_join(path, name), wanted(field.type), "nothing", fix)

    def _unknown_keys(
        self, known: Sequence[str], table: Mapping[str, Any], path: str
    ) -> Sequence[str]:
        """Complain of each; returns the keys that are not missing then."""
        meant: list[str] = []
        strays: dict[tuple[Section, ...], list[str]] = {}
        for key in table:
            if key in known:
                continue
            is_section = isinstance(table[key], dict)  # there may be several of one name
            names = [name for name in known if is_section or name not in table]
            homes = self._homes(key, table[key], path)
            close = get_close_matches(key, names, n=1, cutoff=_ALL_BUT_EQUAL if homes else ALIKE)
            if homes and not close:
                strays.setdefault(homes, []).append(key)
                continue
            meant += close
            fix = (
                f"did you mean `{close[0]}`?" if close else "remove it, or move it where it belongs"
            )
            expected = f"one of the keys {', '.join(known)}" if known else "an empty table"
            self._add(_join(path, key), expected, f"the unknown key '{key}'", fix)
        for homes, keys in strays.items():
            self._misplaced(keys, homes, path)
        # A section with nothing but keys of another one is that other one: nothing is missing.
        return known if strays and not any(key in known for key in table) else meant

    def _homes(self, key: str, value: Any, path: str) -> tuple[Section, ...]:
        """Other sections that know a key with such a value."""
        own = _section(path)
        return tuple(one for one in self._sections if one.name != own and one.knows(key, value))

    def _misplaced(self, keys: Sequence[str], homes: Sequence[Section], path: str) -> None:
        """Complain once, at the first, of all that came into a section from the same other one."""
        each, them = ("a key", "it") if len(keys) == 1 else ("keys", "them")
        self._add(
            _join(path, keys[0]),
            f"keys of {_header(path)}",
            f"{each} of {' or '.join(map(str, homes))}: {', '.join(keys)}",
            f"remove {them}, or move {them} to " + " or ".join(one.described for one in homes),
        )

    def _union(self, node: inspect.UnionType, value: Any, path: str) -> None:
        # TOML has no null: a key that may be absent is simply not written.
        arms = [arm for arm in node.types if not isinstance(arm, inspect.NoneType)]
        if isinstance(value, dict):
            arms = _tables_meant(arms, value)
        complaints: list[list[Problem]] = []
        for arm in arms:
            complaints.append([])
            _Reader(self._file, self._sections, complaints[-1]).check(arm, value, path)
            if not complaints[-1]:
                return
        if len(arms) == 1:
            self._problems.extend(complaints[0])
        else:
            self._add(path, wanted(node), shown(value), "give one of these")

    def _dict(self, node: inspect.DictType, value: Any, path: str) -> None:
        if not isinstance(value, dict) or not _length_fits(node, value):
            self._add(path, wanted(node), shown(value), mend(node, value))
            return
        for key, item in value.items():
            self.check(node.key_type, key, _join(path, key))
            self.check(node.value_type, item, _join(path, key))

    def _array(self, node: Array, value: Any, path: str) -> None:
        if isinstance(value, dict) and isinstance(node.item_type, inspect.StructType):
            where, found = self._where(path), shown(value)
            self._problems.append(_list_wanted(where, _section(path), found))
        elif not isinstance(value, list) or not _length_fits(node, value):
            self._add(path, wanted(node), shown(value), mend(node, value))
        else:
            for position, item in enumerate(value):
                self.check(node.item_type, item, f"{path}[{position}]{_mic(item)}")

    def _tuple(self, node: inspect.TupleType, value: Any, path: str) -> None:
        if not isinstance(value, list) or len(value) != len(node.item_types):
            self._add(path, wanted(node), shown(value), mend(node, value))
            return
        for position, (item_type, item) in enumerate(zip(node.item_types, value, strict=True)):
            self.check(item_type, item, f"{path}[{position}]")


def _join(path: str, key: str) -> str:
    # A key with a dot or a blank needs quotes in TOML; so it gets them here.
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f"'{key}'"
    return f"{path}.{name}" if path else name


def _mic(item: Any) -> str:
    """What a venue is called, to stand behind its number: nobody likes to count from 0."""
    mic = item.get("mic") if isinstance(item, dict) else None
    return f" ({mic})" if isinstance(mic, str) and re.fullmatch("[A-Z0-9]{4}", mic) else ""


def _added(node: inspect.Type, path: str, name: str) -> str:
    """How a key that is missing is written, by its type."""
    match node:
        case inspect.Metadata():
            return _added(node.type, path, name)
        case inspect.StructType():
            return f"add a section {header_of(_section(_join(path, name)), is_list=False)}"
        case inspect.ListType() | inspect.VarTupleType() if isinstance(
            node.item_type, inspect.StructType
        ):
            return f"add a section {header_of(_section(_join(path, name)), is_list=True)} for each"
        case _:
            return f"add `{name} = …` under {_header(path)}"


def _header(path: str) -> str:
    return header_of(_section(path), is_list=path.endswith(("]", ")")))


def _section(path: str) -> str:
    """The section that a place is in: `venues.lit` of `venues[2] (XNYS).lit`."""
    return re.sub(r"\[\d+\]( \(\w+\))?", "", path)


def _tables_meant(arms: list[inspect.Type], value: Mapping[str, Any]) -> list[inspect.Type]:
    """Of several types, those that a table can be; the one with its tag, if it has one."""
    tables = [arm for arm in arms if isinstance(arm, inspect.StructType | inspect.DictType)]
    tagged = [
        arm
        for arm in tables
        if isinstance(arm, inspect.StructType)
        and arm.tag_field
        and value.get(arm.tag_field) == arm.tag
    ]
    return list(tagged or tables or arms)


def _fits(node: inspect.Type, value: Any) -> bool:
    """True if a value that is neither table nor array has the type and keeps its limits."""
    match node:
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return type(value) is int and _is_number(value) and _in_range(node, value)
        case inspect.FloatType():
            return _is_number(value) and _in_range(node, value)
        case inspect.StrType():
            return (
                isinstance(value, str)
                and _length_fits(node, value)
                and (node.pattern is None or _matches(node.pattern, value))
            )
        case inspect.LiteralType() | inspect.EnumType():
            return any(type(value) is type(choice) and value == choice for choice in choices(node))
        case _:
            return True  # dates and the like: msgspec.convert has the last word


def _matches(pattern: str, value: str) -> bool:
    """True for a match; `$` would be content with what is before a last line break, too."""
    found = re.search(pattern, value)
    return found is not None and not (pattern.endswith("$") and found.end() < len(value))


def _is_number(value: Any) -> bool:
    """True for what 64 bits can hold, which is what arrays and wires have."""
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) is float and math.isfinite(value)


def _in_range(node: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (
        (node.gt is None or value > node.gt)
        and (node.ge is None or value >= node.ge)
        and (node.lt is None or value < node.lt)
        and (node.le is None or value <= node.le)
        and (node.multiple_of is None or value % node.multiple_of == 0)
    )


def _length_fits(
    node: inspect.StrType | inspect.DictType | Array,
    value: Sequence[Any] | Mapping[str, Any],
) -> bool:
    least, most = node.min_length, node.max_length
    return (least is None or len(value) >= least) and (most is None or len(value) <= most)
