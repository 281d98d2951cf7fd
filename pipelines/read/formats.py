"""What a file really is, told from its bytes; extension and name are never asked."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable

from pipelines.read import biff
from pipelines.read.container import Unsafe

READABLE = frozenset({"xlsx", "xlsm", "xls", "ods", "html", "csv", "xml2003"})
# What the finding calls a file that cannot be read.
NAMES = {
    "xlsb": "Excel 二进制工作簿（xlsb）", "docx": "Word 文档", "doc": "Word 文档",
    "pptx": "演示文稿", "ppt": "演示文稿", "odt": "文字文档（odt）", "pdf": "PDF 文件",
    "image": "图片", "rar": "rar 压缩包", "7z": "7z 压缩包", "gzip": "gz 压缩包",
    "zip": "压缩包", "empty": "空文件", "exe": "可执行文件", "ole": "不含工作簿的复合文档",
    "mht": "单个文件网页（mht）", "ofd": "OFD 版式文件", "binary": "无法识别的二进制内容",
    "broken-zip": "损坏的压缩结构", "broken-ole": "损坏的复合文档", "encrypted": "加密文件",
    "rtf": "RTF 文档", "media": "音视频文件", "xml": "XML 文件",
}  # fmt: skip
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "pdf"), (b"Rar!\x1a\x07", "rar"), (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"), (b"\xff\xd8\xff", "image"), (b"\x89PNG", "image"),
    (b"GIF8", "image"), (b"BM", "image"), (b"II*\x00", "image"), (b"MM\x00*", "image"),
    (b"MZ", "exe"), (b"\x7fELF", "exe"), (b"{\\rtf", "rtf"), (b"ID3", "media"),
)  # fmt: skip


def is_archive(data: bytes) -> bool:
    """Whether bytes are a zip of files, told without opening anything but its directory."""
    return data[:2] == b"PK" and detect(data) == "zip"


def detect(data: bytes) -> str:
    """The true format: one of READABLE, zip, encrypted, empty, or a key of NAMES."""
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        return "empty"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
        return _zip_kind(data)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        try:
            return biff.container_kind(data)
        except Unsafe:
            return "broken-ole"
    if data[:2] in (b"\x09\x08", b"\x09\x04", b"\x09\x02") and data[2:4] in (
        b"\x10\x00",
        b"\x08\x00",
        b"\x06\x00",
        b"\x04\x00",
    ):
        return "ole"
    for magic, kind in _MAGIC:
        # BM and MZ are also letters that may open a text.
        if data.startswith(magic) and (len(magic) > 2 or b"\x00" in data[:64] or kind == "gzip"):
            return kind
    if data[4:8] == b"ftyp":
        return "media"
    return _text_kind(data)


def _zip_kind(data: bytes) -> str:
    try:
        names = {n.lower().lstrip("/") for n in zipfile.ZipFile(io.BytesIO(data)).namelist()}
    except Exception:  # zipfile raises a dozen kinds on broken directories
        return "broken-zip"
    if "[content_types].xml" in names:
        if any(n.startswith("word/") for n in names):
            return "docx"
        if any(n.startswith("ppt/") for n in names):
            return "pptx"
        if "xl/workbook.bin" in names:
            return "xlsb"
        return "xlsm" if "xl/vbaproject.bin" in names else "xlsx"
    if "mimetype" in names and "content.xml" in names:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                mime = archive.open("mimetype").read(200)
        except Exception:
            return "broken-zip"
        return "ods" if b"spreadsheet" in mime else "odt"
    return "ofd" if "ofd.xml" in names else "zip"


def _text_kind(data: bytes) -> str:
    head = data[:2048]
    text = decode(data[: 1 << 20], lambda _: 0, partial=True)
    if text is None:
        return "binary"
    start = text.lstrip("\ufeff \t\r\n")[:1500].lower()
    if start.startswith("mime-version:") or b"multipart/related" in head.lower():
        return "mht"
    if start.startswith("<?xml") or start.startswith("<workbook"):
        if "urn:schemas-microsoft-com:office:spreadsheet" in start:
            return "xml2003"
        if "<html" not in start:
            return "xml"
    if re.match(r"<!doctype html|<html|<head|<meta|<body|<table|<style|<div|<!--", start):
        return "html"
    return "csv"


def decode(data: bytes, score: Callable[[str], int], *, partial: bool = False) -> str | None:
    """Text in whichever Chinese encoding; None when it is none.

    `score` counts known words in a candidate: GB18030 and Big5 share most byte pairs, only the
    words tell them apart.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return _strict(data, encoding, partial)
    if b"\x00" in data[:4096]:
        even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
        return _strict(data, "utf-16-le" if odd > even else "utf-16-be", partial)
    text = _strict(data, "utf-8", partial)
    if text is not None:
        return text
    found = [
        (score(t), -i, t)
        for i, e in enumerate(("gb18030", "big5hkscs"))
        if (t := _strict(data, e, partial)) is not None
    ]
    if not found:
        # One bad byte in a long GBK export should not lose the file: it stays visible as U+FFFD.
        text = data.decode("gb18030", "replace")
        return text if text.count("\ufffd") * 200 < len(text) else None
    return max(found)[2]


def _strict(data: bytes, encoding: str, partial: bool) -> str | None:
    for cut in range(4 if partial else 1):
        try:
            text = data[: len(data) - cut].decode(encoding)
        except (UnicodeDecodeError, UnicodeError):
            continue
        controls = sum(text.count(c) for c in "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10")
        return None if controls else text
    return None


def split_text(text: str) -> list[list[str]]:
    """Rows of separated text; the separator is the one that splits the lines most evenly."""
    lines = [x for x in text.splitlines() if x.strip()][:50]
    best, separator = 0, ","
    for candidate in (",", "\t", ";", "|", "，"):
        counts = sorted(line.count(candidate) for line in lines)
        # The upper half: titles and cover lines above a table have few separators.
        weight = sum(counts[len(counts) // 2 :])
        if weight > best:
            best, separator = weight, candidate
    csv.field_size_limit(1 << 20)
    return [list(row) for row in csv.reader(io.StringIO(text), delimiter=separator)]
