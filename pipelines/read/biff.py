"""Scan an .xls or .et (OLE2 with BIFF records) for what its parser does not tell."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile  # type: ignore[import-untyped]

from pipelines.read.container import Facts, SheetFacts, TooLarge, Unsafe
from pipelines.read.limits import Limits

BOF, EOF, FORMULA, FILEPASS, DATEMODE = 0x0809, 0x0A, 0x06, 0x2F, 0x22
NOTE, COLINFO, BOUNDSHEET, MULRK, XF = 0x1C, 0x7D, 0x85, 0xBD, 0xE0
SUPBOOK, NUMBER, BOOLERR, ROW, RK, FORMAT = 0x1AE, 0x203, 0x205, 0x208, 0x27E, 0x41E
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!",
    0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


class Encrypted(Exception):
    """The file is protected by a password."""


def container_kind(data: bytes) -> str:
    """What an OLE2 container holds: xls, encrypted, doc, ppt or ole; Unsafe when broken."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            names = {"/".join(path).lower() for path in ole.listdir()}
    except Exception as error:  # olefile raises many kinds on broken input
        raise Unsafe("复合文档结构已损坏") from error
    if "encryptedpackage" in names or "encryptioninfo" in names:
        return "encrypted"
    if names & {"workbook", "book"}:
        return "xls"
    if "worddocument" in names:
        return "doc"
    return "ppt" if "powerpoint document" in names else "ole"


def _records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """(record, offset of its body, length) from an offset on."""
    position, end = start, len(stream) - 4
    while position <= end:
        record, length = struct.unpack_from("<HH", stream, position)
        position += 4
        if position + length > len(stream):
            raise Unsafe("记录长度超出文件，文件不完整")
        yield record, position, length
        position += length


def _short_text(stream: bytes, position: int, count: int, wide: bool) -> str:
    if wide:
        return stream[position : position + 2 * count].decode("utf-16-le", "replace")
    return stream[position : position + count].decode("latin-1")


def scan_xls(data: bytes, limits: Limits) -> Facts:
    """Facts of an .xls or .et; Encrypted, Unsafe or TooLarge when it must not be parsed."""
    facts = Facts()
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            paths = {"/".join(p).lower(): "/".join(p) for p in ole.listdir()}
            facts.macros = any(p.startswith("_vba_project_cur") for p in paths)
            stream = ole.openstream(paths.get("workbook") or paths["book"]).read()
    except Exception as error:
        raise Unsafe("复合文档结构已损坏") from error
    formats: dict[int, str] = {9: "0%", 10: "0.00%"}
    cell_formats: list[int] = []
    starts: list[tuple[int, SheetFacts]] = []
    for record, at, length in _records(stream, 0):
        if record == FILEPASS:
            raise Encrypted
        if record == BOUNDSHEET:
            offset, state, kind, count, flags = struct.unpack_from("<IBBBB", stream, at)
            name = _short_text(stream, at + 8, count, bool(flags & 1))
            if kind == 1:
                facts.macros = True
            sheet = SheetFacts(name=name, hidden=bool(state & 3))
            facts.sheets.append(sheet)
            if kind == 0:
                starts.append((offset, sheet))
        elif record == XF:
            cell_formats.append(struct.unpack_from("<H", stream, at + 2)[0])
        elif record == FORMAT and length > 5:
            number, count, flags = struct.unpack_from("<HHB", stream, at)
            formats[number] = _short_text(stream, at + 5, count, bool(flags & 1))
        elif record == DATEMODE:
            facts.date1904 = struct.unpack_from("<H", stream, at)[0] == 1
        elif record == SUPBOOK and length >= 4:
            facts.external_links |= struct.unpack_from("<H", stream, at + 2)[0] not in (
                0x0401,
                0x3A01,
            )
        elif record == EOF:
            break
    if len(facts.sheets) > limits.sheets:
        raise TooLarge(f"工作表 {len(facts.sheets)} 张，超过 {limits.sheets} 张")
    percents = {i for i, f in enumerate(cell_formats) if "%" in formats.get(f, "")}
    for offset, sheet in starts:
        if offset >= len(stream):
            raise Unsafe("工作表位置超出文件")
        _scan_sheet(stream, offset, sheet, percents, limits)
    return facts


def _scan_sheet(
    stream: bytes, offset: int, sheet: SheetFacts, percents: set[int], limits: Limits
) -> None:
    depth = 0
    for record, at, length in _records(stream, offset):
        if record == BOF:
            depth += 1
        elif record == EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth > 1:
            continue
        elif record in (NUMBER, RK, FORMULA, BOOLERR) and length >= 8:
            row, column, style = struct.unpack_from("<HHH", stream, at)
            if style in percents:
                sheet.percents.add((row, column))
            if record == BOOLERR and stream[at + 7]:
                sheet.errors[row, column] = _ERRORS.get(stream[at + 6], "#?")
            elif (
                record == FORMULA
                and stream[at + 12 : at + 14] == b"\xff\xff"
                and stream[at + 6] == 2
            ):
                sheet.errors[row, column] = _ERRORS.get(stream[at + 8], "#?")
        elif record == MULRK and percents:
            row, column = struct.unpack_from("<HH", stream, at)
            for i in range((length - 6) // 6):
                if struct.unpack_from("<H", stream, at + 4 + 6 * i)[0] in percents:
                    sheet.percents.add((row, column + i))
        elif record == ROW and length >= 14:
            if struct.unpack_from("<H", stream, at + 12)[0] & 0x20:
                sheet.hidden_rows.add(struct.unpack_from("<H", stream, at)[0])
        elif record == COLINFO and length >= 10:
            first, last, _, _, flags = struct.unpack_from("<HHHHH", stream, at)
            if flags & 1:
                sheet.hidden_columns.update(range(first, min(last + 1, limits.columns)))
        elif record == NOTE:
            sheet.comments += 1
