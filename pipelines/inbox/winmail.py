"""Attachments inside Outlook's winmail.dat (TNEF, MS-OXTNEF), which other programs cannot open."""

from __future__ import annotations

import struct
from collections.abc import Iterator

SIGNATURE = 0x223E9F78
_RENDERING, _TITLE, _DATA, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_LONG_FILENAME = 0x3707
_MOST = 200
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8,
          0x48: 16}  # fmt: skip


def is_winmail(data: bytes) -> bool:
    """Whether bytes begin as TNEF does, whatever the attachment is called."""
    return len(data) > 6 and int.from_bytes(data[:4], "little") == SIGNATURE


def attachments(data: bytes) -> list[tuple[str, bytes]]:
    """(file name, bytes) of every attachment; what is cut off or nonsense ends the list."""
    found: list[tuple[str, bytes]] = []
    name, content = "", None
    for number, value in _attributes(data):
        if number == _RENDERING:
            if content is not None:
                found.append((name, content))
            name, content = "", None
        elif number == _TITLE:
            name = name or _text(value)
        elif number == _DATA:
            content = value
        elif number == _PROPERTIES:
            name = _long_name(value) or name
        if len(found) >= _MOST:
            return found
    if content is not None:
        found.append((name, content))
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(attribute number, value): level, id and type, length, value, checksum, again and again."""
    place = 6
    while place + 9 <= len(data):
        _, number, _, length = struct.unpack_from("<BHHI", data, place)
        place += 9
        if place + length + 2 > len(data):
            return
        yield number, data[place : place + length]
        place += length + 2


def _text(value: bytes) -> str:
    plain = value.split(b"\0", 1)[0]
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        return plain.decode("gb18030", "replace")


def _long_name(value: bytes) -> str:
    """PR_ATTACH_LONG_FILENAME out of a list of MAPI properties; empty when it is not there."""
    try:
        (count,) = struct.unpack_from("<I", value, 0)
        place = 4
        for _ in range(min(count, 1000)):
            kind, number = struct.unpack_from("<HH", value, place)
            place += 4
            if number >= 0x8000:
                place = _past_name(value, place)
            if kind in _FIXED:
                place += _FIXED[kind]
                continue
            many, place = _strings(value, place, kind)
            if number == _LONG_FILENAME and many:
                return (
                    many[0].split("\0", 1)[0]
                    if kind == _UNICODE
                    else _text(many[0].encode("latin-1"))
                )
    except (struct.error, ValueError, UnicodeDecodeError):
        pass
    return ""


def _past_name(value: bytes, place: int) -> int:
    """A named property tells its set and its number or name before its value."""
    (by_name,) = struct.unpack_from("<I", value, place + 16)
    (length,) = struct.unpack_from("<I", value, place + 20)
    return place + 24 + (_padded(length) if by_name else 0)


def _strings(value: bytes, place: int, kind: int) -> tuple[list[str], int]:
    if kind not in (_STRING8, _UNICODE, _BINARY, _OBJECT):
        raise ValueError(kind)
    (count,) = struct.unpack_from("<I", value, place)
    place += 4
    found = []
    for _ in range(min(count, 1000)):
        (length,) = struct.unpack_from("<I", value, place)
        place += 4
        piece = value[place : place + length]
        found.append(piece.decode("utf-16-le" if kind == _UNICODE else "latin-1"))
        place += _padded(length)
    return found, place


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
