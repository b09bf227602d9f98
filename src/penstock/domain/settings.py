"""Reading TOML: text in, one frozen struct out, or every problem of the text at once."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import inspect

from penstock.domain.errors import ConfigError, Problem

T = TypeVar("T")

_Array: TypeAlias = (
    inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType
)


def parse_toml(text: str, kind: type[T], *, file: str) -> T:
    """
    The settings of `kind` that a TOML text holds.

    Nothing is guessed: an unknown key is refused even where the struct would ignore it, a number in
    quotes is not a number, and NaN and infinity are not settings. A whole number may stand where a
    fraction is wanted.

    Args:
        kind: a `msgspec.Struct`; nested structs are tables, their `msgspec.Meta` limits are held.
        file: name for the messages; nothing is opened.
    Raises:
        ConfigError: with all problems: the line of a syntax error, or else every unknown, missing,
            mistyped and out-of-range key, each as "file: section.key[2]".
    """
    table = _loads(text, file)
    problems: list[Problem] = []
    _Reader(file, problems).check(inspect.type_info(kind), table, "")
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


def _loads(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))  # the mark that some editors put first
    except ValueError as error:  # TOMLDecodeError is one; a number of 5,000 digits is another
        line = re.search(r"at line (\d+)", str(error))
        n_lines = text.count("\n") + (not text.endswith("\n"))
        where, found = f"{file}:{line[1] if line else n_lines}", str(error)
    except RecursionError:
        where, found = file, "brackets nested too deeply"
    raise ConfigError.one(
        where=where,
        expected="valid TOML",
        found=found[0].lower() + found[1:],
        fix='a line is `key = value`, `[section]` or `[[list of sections]]`; text stands in "…"',
    )


class _Reader:
    """Walks a value beside its type, and collects what does not fit."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file, self._problems = file, problems

    def check(self, node: inspect.Type, value: Any, path: str) -> None:
        """Add a problem for everything in `value` that is not a `node`."""
        match node:
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
                self._add(path, _wanted(node), _shown(value), _mend(node, value))

    def _add(self, path: str, expected: str, found: str, fix: str) -> None:
        where = f"{self._file}: {path}" if path else self._file
        self._problems.append(Problem(where=where, expected=expected, found=found, fix=fix))

    def _struct(self, node: inspect.StructType, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            self._add(path, _wanted(node), _shown(value), _mend(node, value))
            return
        fields = {field.encode_name: field for field in node.fields}
        known = [*fields, *([node.tag_field] if node.tag_field else [])]
        excused = self._unknown_keys(known, value, path)
        for name, field in fields.items():
            if name in value:
                self.check(field.type, value[name], _join(path, name))
            elif field.required and name not in excused:
                fix = _added(field.type, path, name)
                self._add(_join(path, name), _wanted(field.type), "nothing", fix)

    def _unknown_keys(self, known: Sequence[str], table: Mapping[str, Any], path: str) -> list[str]:
        """Complain of each; returns the keys that were meant, which are not missing then."""
        excused = []
        for key in table:
            if key in known:
                continue
            meant = get_close_matches(key, [name for name in known if name not in table], n=1)
            excused += meant
            fix = (
                f"did you mean `{meant[0]}`?" if meant else "remove it, or move it where it belongs"
            )
            expected = f"one of the keys {', '.join(known)}" if known else "an empty table"
            self._add(_join(path, key), expected, f"the unknown key '{key}'", fix)
        return excused

    def _union(self, node: inspect.UnionType, value: Any, path: str) -> None:
        # TOML has no null: a key that may be absent is simply not written.
        arms = [arm for arm in node.types if not isinstance(arm, inspect.NoneType)]
        if isinstance(value, dict):
            arms = _tables_meant(arms, value)
        complaints: list[list[Problem]] = []
        for arm in arms:
            complaints.append([])
            _Reader(self._file, complaints[-1]).check(arm, value, path)
            if not complaints[-1]:
                return
        if len(arms) == 1:
            self._problems.extend(complaints[0])
        else:
            self._add(path, _wanted(node), _shown(value), "give one of these")

    def _dict(self, node: inspect.DictType, value: Any, path: str) -> None:
        if not isinstance(value, dict) or not _length_fits(node, value):
            self._add(path, _wanted(node), _shown(value), _mend(node, value))
            return
        for key, item in value.items():
            self.check(node.key_type, key, _join(path, key))
            self.check(node.value_type, item, _join(path, key))

    def _array(self, node: _Array, value: Any, path: str) -> None:
        if not isinstance(value, list) or not _length_fits(node, value):
            self._add(path, _wanted(node), _shown(value), _mend(node, value))
            return
        for position, item in enumerate(value):
            self.check(node.item_type, item, f"{path}[{position}]")

    def _tuple(self, node: inspect.TupleType, value: Any, path: str) -> None:
        if not isinstance(value, list) or len(value) != len(node.item_types):
            self._add(path, _wanted(node), _shown(value), _mend(node, value))
            return
        for position, (item_type, item) in enumerate(zip(node.item_types, value, strict=True)):
            self.check(item_type, item, f"{path}[{position}]")


def _join(path: str, key: str) -> str:
    # A key with a dot or a blank needs quotes in TOML; so it gets them here.
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f"'{key}'"
    return f"{path}.{name}" if path else name


def _added(node: inspect.Type, path: str, name: str) -> str:
    """How a key that is missing is written, by its type."""
    match node:
        case inspect.Metadata():
            return _added(node.type, path, name)
        case inspect.StructType():
            return f"add a section [{_section(path, name)}]"
        case inspect.ListType() | inspect.VarTupleType() if isinstance(
            node.item_type, inspect.StructType
        ):
            return f"add a section [[{_section(path, name)}]] for each"
        case _:
            return f"add `{name} = …` under {f'[{path}]' if path else 'the top of the file'}"


def _section(path: str, name: str) -> str:
    return re.sub(r"\[\d+\]", "", _join(path, name))


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
                and (node.pattern is None or re.search(node.pattern, value) is not None)
            )
        case inspect.LiteralType() | inspect.EnumType():
            return any(type(value) is type(choice) and value == choice for choice in _choices(node))
        case _:
            return True  # dates and the like: msgspec.convert has the last word


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
    node: inspect.StrType | inspect.DictType | _Array,
    value: Sequence[Any] | Mapping[str, Any],
) -> bool:
    least, most = node.min_length, node.max_length
    return (least is None or len(value) >= least) and (most is None or len(value) <= most)


def _choices(node: inspect.LiteralType | inspect.EnumType) -> list[Any]:
    if isinstance(node, inspect.EnumType):
        return [member.value for member in node.cls]
    return list(node.values)


def _wanted(node: inspect.Type) -> str:
    """What a type asks for, in words."""
    match node:
        case inspect.Metadata():
            return _wanted(node.type)
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType():
            return "a whole number" + _limits(node)
        case inspect.FloatType():
            return "a number" + _limits(node)
        case inspect.StrType():
            pattern = f" that matches {node.pattern}" if node.pattern else ""
            return "a string" + _lengths(node, "character") + pattern
        case inspect.LiteralType() | inspect.EnumType():
            return "one of " + ", ".join(str(choice) for choice in _choices(node))
        case inspect.StructType():
            return "a table"
        case inspect.DictType():
            return "a table" + _lengths(node, "key")
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            return "an array" + _lengths(node, "item")
        case inspect.TupleType():
            return f"an array of {_counted(len(node.item_types), 'item')}"
        case inspect.UnionType():
            arms = [arm for arm in node.types if not isinstance(arm, inspect.NoneType)]
            return " or ".join(_wanted(arm) for arm in arms)
        case _:
            return f"a {type(node).__name__.removesuffix('Type').lower()}"


def _limits(node: inspect.IntType | inspect.FloatType) -> str:
    parts = [
        # Whole bounds without ".0": typing keeps whichever of two equal annotations came first.
        f"{word} {int(limit) if limit == int(limit) else limit:,}"
        for word, limit in (
            ("above", node.gt),
            ("of at least", node.ge),
            ("below", node.lt),
            ("of at most", node.le),
            ("divisible by", node.multiple_of),
        )
        if limit is not None
    ]
    return (" " + " and ".join(parts)).rstrip()


def _lengths(node: inspect.StrType | inspect.DictType | _Array, of_what: str) -> str:
    least, most = node.min_length, node.max_length
    if least is not None and most is not None:
        span = "" if least == most else f"{least} to "
        return f" of {span}{_counted(most, of_what)}"
    if least is not None:
        return f" of at least {_counted(least, of_what)}"
    return f" of at most {_counted(most, of_what)}" if most is not None else ""


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def _shown(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f"the string {value!r}" if len(value) <= 60 else f"the string {value[:57]!r}…"
        case dict():
            return f"a table with {', '.join(value)}" if value else "an empty table"
        case list():
            return f"an array of {_counted(len(value), 'item')}"
        case int():
            return str(value) if abs(value) < 10**30 else "a number of more than 30 digits"
        case _:
            return str(value)


def _mend(node: inspect.Type, value: Any) -> str:
    """The likeliest mistake, and its cure."""
    match node:
        case inspect.IntType() | inspect.FloatType():
            if isinstance(value, str):
                return "write a number, without quotes"
            if isinstance(node, inspect.IntType) and isinstance(value, float):
                return "write a whole number, without a decimal point"
            if type(value).__name__ == "date":  # TOML has dates; the core imports no calendar
                return f"write {value:%Y%m%d}, without dashes"
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return "give a value within the limits" if is_number else "write a number"
        case inspect.BoolType():
            return "write true or false, without quotes"
        case inspect.StrType():
            return "write text in quotes" if not isinstance(value, str) else "change the text"
        case inspect.LiteralType() | inspect.EnumType():
            names = [str(choice) for choice in _choices(node)]
            meant = get_close_matches(str(value), names, n=1)
            return f"did you mean {meant[0]}?" if meant else "choose one of these"
        case inspect.StructType() | inspect.DictType():
            return "write it as a [section] of its own, with one key a line"
        case _ if isinstance(value, list):
            return "give as many items as that"
        case inspect.ListType() | inspect.VarTupleType():
            if isinstance(value, dict):
                return "write [[double brackets]] around the section's name, once for each item"
            return "write the items in [ ], with commas between them"
        case _:
            return "write it in the form that is expected"
