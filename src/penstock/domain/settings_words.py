"""Settings in words: what a type asks for, what was found there, and the likeliest mistake."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, TypeAlias

from msgspec import inspect

Array: TypeAlias = inspect.ListType | inspect.VarTupleType | inspect.SetType | inspect.FrozenSetType


def choices(node: inspect.LiteralType | inspect.EnumType) -> list[Any]:
    """What a closed choice allows."""
    if isinstance(node, inspect.EnumType):
        return [member.value for member in node.cls]
    return list(node.values)


def wanted(node: inspect.Type) -> str:
    """What a type asks for, in words."""
    match node:
        case inspect.Metadata():
            return _described(node)
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
            return "one of " + ", ".join(str(choice) for choice in choices(node))
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
            return " or ".join(wanted(arm) for arm in arms)
        case _:
            return f"a {type(node).__name__.removesuffix('Type').lower()}"


def _described(node: inspect.Metadata) -> str:
    said = (node.extra_json_schema or {}).get("description")
    if said is None:
        return wanted(node.type)
    # A pattern is for programs; words for it are for people.
    return f"{'a string' if isinstance(node.type, inspect.StrType) else wanted(node.type)} {said}"


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


def _lengths(node: inspect.StrType | inspect.DictType | Array, of_what: str) -> str:
    least, most = node.min_length, node.max_length
    if least is not None and most is not None:
        span = "" if least == most else f"{least} to "
        return f" of {span}{_counted(most, of_what)}"
    if least is not None:
        return f" of at least {_counted(least, of_what)}"
    return f" of at most {_counted(most, of_what)}" if most is not None else ""


def _counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def shown(value: Any) -> str:
    """What was found, with its type visible."""
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


def mend(node: inspect.Type, value: Any) -> str:
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
            names = [str(choice) for choice in choices(node)]
            meant = get_close_matches(str(value), names, n=1)
            return f"did you mean {meant[0]}?" if meant else "choose one of these"
        case inspect.StructType() | inspect.DictType():
            return "write it as a [section] of its own, with one key a line"
        case _ if isinstance(value, list):
            return "give as many items as that"
        case inspect.ListType() | inspect.VarTupleType():
            return "write the items in [ ], with commas between them"
        case _:
            return "write it in the form that is expected"
