"""
The data dictionary that our own QuickFIX sessions load: structure and nothing else.

Without one, QuickFIX rejects a tag that appears twice, so no group with two entries arrives; with
the published one it rejects codes, tags and orders that venues and clients do use. This one names
the groups of `penstock.wire.fix.structure` and asks for the header fields of which QuickFIX itself
makes use. All fields but two times are strings: of a data field QuickFIX would believe the stated
length, and a false one ends the process.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import ascii_letters, ascii_uppercase, digits
from typing import Final

from penstock.wire.fix.structure import ADMIN_TYPES, GROUPS, HEADER, TRAILER

_REQUIRED: Final = frozenset({8, 9, 10, 34, 35, 49, 52, 56})
_HEADER_GROUP: Final = 627
_LOGON_GROUP: Final = 384
_WITH_GROUPS: Final = ("8", "9", "j", "D", "F", "G", "H", "AF", "q", "r", "Q")
_OTHERS: Final = (
    *(letter for letter in digits + ascii_letters if letter not in _WITH_GROUPS),
    *(f"{a}{b}" for a in "ABC" for b in ascii_uppercase if f"{a}{b}" not in _WITH_GROUPS),
)
# A time that is none would end the connection; as a wrong format it gets a reject.
_TIMES: Final = frozenset({52, 122})
_FILE_NAME: Final = "structure.xml"


def write_session_dictionary(folder: Path) -> Path:
    """Write the file that QuickFIX loads, new at each start."""
    path = folder / _FILE_NAME
    path.write_text(session_dictionary(), encoding="ascii")
    return path


def session_dictionary() -> str:
    """FIX 4.4 as QuickFIX's XML."""
    body_groups = "".join(_group(count) for count in _outermost())
    groups = {**dict.fromkeys(_WITH_GROUPS, body_groups), "A": _group(_LOGON_GROUP)}
    messages = [
        _message(msg_type, groups.get(msg_type, "")) for msg_type in (*_WITH_GROUPS, *_OTHERS)
    ]
    header = sorted(HEADER - {_HEADER_GROUP}, key=lambda tag: (tag not in {8, 9, 35}, tag))
    lines = [
        '<fix type="FIX" major="4" minor="4">',
        f"<header>{_fields(header)}{_group(_HEADER_GROUP)}</header>",
        f"<messages>{''.join(messages)}</messages>",
        f"<trailer>{_fields((93, 89, 10))}</trailer>",
        "<components/>",
        f"<fields>{''.join(_definition(tag) for tag in sorted(_tags()))}</fields>",
        "</fix>",
    ]
    return "\n".join(lines) + "\n"


def _outermost() -> list[int]:
    inner = {tag for members in GROUPS.values() for tag in members if tag in GROUPS}
    return [tag for tag in GROUPS if tag not in inner | {_HEADER_GROUP, _LOGON_GROUP}]


def _tags() -> set[int]:
    members = {tag for entry in GROUPS.values() for tag in entry}
    return members | GROUPS.keys() | HEADER | TRAILER


def _message(msg_type: str, content: str) -> str:
    category = "admin" if msg_type in ADMIN_TYPES else "app"
    start = f'<message name="M{msg_type}" msgtype="{msg_type}" msgcat="{category}"'
    return f"{start}>{content}</message>" if content else f"{start}/>"


def _group(count: int) -> str:
    content = "".join(_group(tag) if tag in GROUPS else _field(tag) for tag in GROUPS[count])
    return f'<group name="T{count}" required="N">{content}</group>'


def _fields(tags: Iterable[int]) -> str:
    return "".join(_field(tag) for tag in tags)


def _field(tag: int) -> str:
    return f'<field name="T{tag}" required="{"Y" if tag in _REQUIRED else "N"}"/>'


def _definition(tag: int) -> str:
    kind = "UTCTIMESTAMP" if tag in _TIMES else "STRING"
    return f'<field number="{tag}" name="T{tag}" type="{kind}"/>'
