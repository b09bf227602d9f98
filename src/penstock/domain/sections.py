"""The sections that a settings file may have: how each is written, and which knows a key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec import inspect

_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")


class Section(NamedTuple):
    """One section, or the top of the file; `str` is its header as the file has it."""

    name: str
    keys: tuple[str, ...]
    is_list: bool
    said: str  # of it, by the field that holds it; empty if nothing

    def __str__(self) -> str:
        return header_of(self.name, is_list=self.is_list)

    @property
    def described(self) -> str:
        """The header, and what is said of it."""
        return f"{self} {self.said}".rstrip()


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
            yield Section(name, tuple(fields), is_list, said)
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
