"""The sections that a settings file may have: how each is written, which knows a key, and whose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from msgspec import inspect

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
# What TOML's reader says of a name that is there already; the last names it itself.
_TWICE: Final = re.compile(
    r"Cannot (?:overwrite a value|declare \()|Duplicate inline table key '(.*)'"
)

ALIKE: Final = 0.6
"""Likeness of two keys from which on one may be the other, mistyped."""


class Section(NamedTuple):
    """One section, or the top of the file; `str` is its header as the file has it."""

    name: str
    keys: tuple[str, ...]
    is_list: bool
    said: str  # of it, by the field that holds it; empty if nothing
    tables: tuple[str, ...]  # those keys that are sections themselves
    required: tuple[str, ...]

    def __str__(self) -> str:
        return header_of(self.name, is_list=self.is_list)

    @property
    def described(self) -> str:
        """The header, and what is said of it."""
        return f"{self} {self.said}".rstrip()

    def knows(self, key: str, value: Any) -> bool:
        """True for one of its keys, if the value is a section where that is one, and only there."""
        return key in self.keys and (value == [] or _is_table(value) is (key in self.tables))


def header_of(name: str, *, is_list: bool) -> str:
    """How a file begins the section `name`."""
    if not name:
        return "the top of the file"
    return f"[[{name}]]" if is_list else f"[{name}]"


def sections_of(
    node: inspect.Type, name: str = "", *, is_list: bool = False, said: str = ""
) -> Iterator[Section]:
    """Of a file whose content is a `node`: its top, and all that is below."""
    match node:
        case inspect.Metadata():
            said = (node.extra_json_schema or {}).get("description", said)
            yield from sections_of(node.type, name, is_list=is_list, said=said)
        case inspect.UnionType():
            for arm in node.types:
                yield from sections_of(arm, name, is_list=is_list, said=said)
        case inspect.ListType() | inspect.VarTupleType():
            yield from sections_of(node.item_type, name, is_list=True, said=said)
        case inspect.StructType():
            fields = {field.encode_name: field.type for field in node.fields}
            tables = tuple(key for key, inner in fields.items() if _holds_tables(inner))
            required = tuple(field.encode_name for field in node.fields if field.required)
            yield Section(name, tuple(fields), is_list, said, tables, required)
            for key, inner in fields.items():
                yield from sections_of(inner, f"{name}.{key}".lstrip("."))


def single_brackets(text: str, line: int, sections: Sequence[Section]) -> tuple[int, str] | None:
    """
    Where a list of sections is begun like a single one, if that is what is wrong in `line`.

    TOML itself says no more than that a value is there already: it cannot know which was meant.

    Returns:
        The line with the single brackets, counted from 1, and the name in them.
    """
    headers = [_HEADER.match(each) for each in text.split("\n")]
    wrong = headers[line - 1]
    lists = {section.name for section in sections if section.is_list}
    if wrong is None or wrong[2] not in lists:
        return None
    for number, header in enumerate(headers, start=1):
        if header is not None and (header[1], header[2]) == ("[", wrong[2]):
            return number, wrong[2]
    return None


def named_twice(error: str, line: str) -> str | None:
    """
    The name that is in a file for the second time, as its line has it.

    Args:
        error: what TOML's reader says of it.
    Returns:
        None if it says something else.
    """
    said = _TWICE.match(error)
    if said is None:
        return None
    if said[1]:
        return f"`{said[1]}`"
    header = re.match(r"\s*(\[[^]]+\]+)", line)
    key = re.match(r"\s*([^=\[\]]+?)\s*=", line)
    if key is not None and "." in key[1]:
        return None  # it clashes with what is no section: it need not be there twice
    return header[1] if header else f"`{key[1]}`" if key else "a name"


def is_of_another_kind(table: Mapping[str, Any], sections: Sequence[Section]) -> bool:
    """
    True for a file that was written for another reader than the one with these sections.

    Most of what stands at its top is unknown there, or has other keys than it should; and not all
    of that is mistyped, or came to the top for want of a header.
    """
    top, lists = sections[0], {section.name for section in sections if section.is_list}
    there = [name for name in top.required if isinstance(table.get(name), list | dict)]
    fitting = [name for name in there if isinstance(table[name], list) is (name in lists)]
    if top.required and 2 * len(fitting) > len(top.required):
        return False
    free = [name for name in top.keys if name not in table]
    alien = [name for name, value in table.items() if not _is_at_home(name, value, sections)]
    slips = [
        name
        for name in alien
        if name not in top.keys and get_close_matches(name, free, n=1, cutoff=ALIKE)
    ]
    return 2 * len(alien) > len(table) and len(slips) < len(alien)


def wanted_at_the_top(sections: Sequence[Section]) -> str:
    """What a file must have; what it may have, if it must have nothing."""
    top, lists = sections[0], {section.name for section in sections if section.is_list}
    return ", ".join(
        header_of(name, is_list=name in lists) if name in top.tables else f"`{name}`"
        for name in top.required or top.keys
    )


def found_at_the_top(table: Mapping[str, Any]) -> str:
    """What a file has, each as it is written there."""
    return ", ".join(
        header_of(name, is_list=isinstance(value, list)) if _is_table(value) else f"`{name}`"
        for name, value in table.items()
    )


def _is_at_home(name: str, value: Any, sections: Sequence[Section]) -> bool:
    if name not in sections[0].keys:
        return any(section.knows(name, value) for section in sections)
    known = {key for section in sections if section.name == name for key in section.keys}
    is_list = isinstance(value, list)
    items = value if is_list else [value]
    keys = {key for item in items if isinstance(item, dict) for key in item}
    # A list where one table belongs, or the reverse, is a slip only if its keys are right.
    is_as_meant = is_list is any(section.name == name and section.is_list for section in sections)
    cutoff = ALIKE if is_as_meant else 1.0
    foreign = [key for key in keys if not get_close_matches(key, known, n=1, cutoff=cutoff)]
    return not known or 2 * len(foreign) <= len(keys)


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
    )


def _holds_tables(node: inspect.Type) -> bool:
    match node:
        case inspect.Metadata():
            return _holds_tables(node.type)
        case inspect.UnionType():
            return any(_holds_tables(arm) for arm in node.types)
        case inspect.ListType() | inspect.VarTupleType():
            return _holds_tables(node.item_type)
        case _:
            return isinstance(node, inspect.StructType | inspect.DictType)
