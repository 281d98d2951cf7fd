"""Files that are not what they claim, are broken, or mean harm: each ends in one clear finding."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msoffcrypto
import pytest
from builders import cover_rows, csv_text, form_rows, patched, sample_rows, xls, xlsx, zipped

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from pipelines.read import Document, Limits, expand, read_documents
from pipelines.read.formats import detect
from pipelines.workbook import ReadWorkbook

# Small enough that a test of each limit takes a moment.
TIGHT = Limits(
    unpacked_bytes=8 << 20,
    ratio_from_bytes=1 << 20,
    entries=200,
    rows=50_000,
    memory_bytes=512 << 20,
    cpu_seconds=5,
    wall_seconds=10,
)


@pytest.fixture(scope="module")
def defs() -> Definitions:
    return load_definitions()


@pytest.fixture(scope="module")
def good(defs: Definitions) -> bytes:
    form = defs.newest("ORG-02")
    return xlsx(
        {"封面": cover_rows(), "表": form_rows(form, sample_rows(form, defs.code_lists, 2))}
    )


def read_all(
    files: Mapping[str, bytes], defs: Definitions, limits: Limits = TIGHT
) -> dict[str, ReadWorkbook]:
    documents = [Document(name, data) for name, data in files.items()]
    outcomes = list(read_documents(documents, defs, {}, limits=limits))
    assert [o.key for o in outcomes] == list(files)
    return {o.key: o for o in outcomes}


def rules(outcome: ReadWorkbook) -> list[str]:
    return [f.rule for f in outcome.findings]


def encrypted(data: bytes) -> bytes:
    from msoffcrypto.format.ooxml import OOXMLFile

    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt("123456", out)
    assert msoffcrypto.OfficeFile(out).is_encrypted()
    return out.getvalue()


def test_what_a_file_is_does_not_depend_on_its_name(good: bytes) -> None:
    assert detect(good) == "xlsx"
    assert detect(xls({"a": [["x"]]})) == "xls"
    assert detect(csv_text([["职工人数", "会员人数"]])) == "csv"
    assert detect("填报单位\t甲".encode("utf-16")) == "csv"
    assert detect(b"<html><table><tr><td>x</td></tr></table></html>") == "html"
    assert detect(zipped({"a.xlsx": good})) == "zip"
    assert detect(encrypted(good)) == "encrypted"
    assert detect(b"%PDF-1.7 ...") == "pdf"
    assert detect(b"Rar!\x1a\x07\x01\x00") == "rar"
    assert detect(b"7z\xbc\xaf\x27\x1c\x00\x04") == "7z"
    assert detect(zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b""})) == "docx"
    assert detect(b"\xff\xd8\xff\xe0JFIF") == "image"
    assert detect(b"") == detect(b"  \r\n") == detect(b"\x00" * 512) == "empty"


@pytest.mark.parametrize(
    ("data", "rule", "named"),
    [
        (b"", "V-F-016", "空文件"),
        (b"%PDF-1.7\n...", "V-F-001", "PDF"),
        (b"Rar!\x1a\x07\x01\x00....", "V-F-017", "rar"),
        (b"7z\xbc\xaf\x27\x1c....", "V-F-017", "7z"),
        (b"\xff\xd8\xff\xe0....JFIF", "V-F-001", "图片"),
        (zipped({"[Content_Types].xml": b"<x/>", "word/document.xml": b""}), "V-F-001", "Word"),
        (zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.bin": b""}), "V-F-001", "xlsb"),
        (b"PK\x03\x04" + b"\x00" * 60, "V-F-014", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "V-F-014", "损坏"),
    ],
)
def test_what_is_no_workbook_is_named(
    data: bytes, rule: str, named: str, defs: Definitions
) -> None:
    outcome = read_all({"a": data}, defs)["a"]
    assert outcome.failed
    assert rules(outcome) == [rule]
    assert named in outcome.findings[0].message
    assert outcome.findings[0].advice


def test_encrypted_and_macro_workbooks_are_refused(good: bytes, defs: Definitions) -> None:
    source = zipfile.ZipFile(io.BytesIO(good))
    parts = {n: source.read(n) for n in source.namelist()} | {"xl/vbaProject.bin": b"\x00"}
    outcomes = read_all({"locked": encrypted(good), "macro": zipped(parts)}, defs)
    assert rules(outcomes["locked"]) == ["V-F-007"]
    assert "密码" in outcomes["locked"].findings[0].advice
    assert rules(outcomes["macro"]) == ["V-F-007"]
    assert outcomes["macro"].format == "xlsm"
    assert outcomes["macro"].sheets  # read all the same, so that all problems come at once


def test_html_saved_as_xls(defs: Definitions) -> None:
    form = defs.newest("ORG-02")
    rows = [*cover_rows(), *form_rows(form, sample_rows(form, defs.code_lists, 2))]
    body = "".join(
        "<tr>" + "".join(f"<td>{'' if v is None else v}</td>" for v in row) + "</tr>"
        for row in rows
    )
    page = f"<html><head><style>td{{}}</style></head><body><table>{body}</table></body></html>"
    outcome = read_all({"a": page.encode("gb18030")}, defs)["a"]
    assert (outcome.format, outcome.sheets[0].form) == ("html", "ORG-02")
    assert outcome.sheets[0].values[1] == [128.0, 128.0]
    assert outcome.findings == []


def test_the_xml_spreadsheet_of_2003(defs: Definitions) -> None:
    form = defs.newest("ORG-02")

    def sheet(name: str, rows: list[list[Any]]) -> str:
        def cell(value: Any) -> str:
            kind = "Number" if isinstance(value, float) else "String"
            return f'<Cell><Data ss:Type="{kind}">{"" if value is None else value}</Data></Cell>'

        lines = "".join(f"<Row>{''.join(map(cell, row))}</Row>" for row in rows)
        return f'<Worksheet ss:Name="{name}"><Table>{lines}</Table></Worksheet>'

    text = (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        + sheet("封面", cover_rows())
        + sheet("表", form_rows(form, sample_rows(form, defs.code_lists)))
        + "</Workbook>"
    )
    outcome = read_all({"a": text.encode()}, defs)["a"]
    assert (outcome.format, outcome.findings) == ("xml2003", [])
    assert outcome.sheets[0].values[1] == [128.0]


# --- attacks ---------------------------------------------------------------------------------


def sheet_part(good: bytes) -> str:
    return max(n for n in zipfile.ZipFile(io.BytesIO(good)).namelist() if "worksheets/sheet" in n)


def test_bombs_and_broken_containers(good: bytes, defs: Definitions) -> None:
    bomb = zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b" " * (7 << 20)})
    many = zipped({"[Content_Types].xml": b"", **{f"xl/{i}.xml": b"" for i in range(300)}})
    part = sheet_part(good)
    dtd = patched(good, part, lambda t: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>' + t)
    doubled = io.BytesIO(good)
    with pytest.warns(UserWarning), zipfile.ZipFile(doubled, "a") as archive:
        archive.writestr(part, "<x/>")
    escaping = io.BytesIO(good)
    with zipfile.ZipFile(escaping, "a") as archive:
        archive.writestr("../../etc/passwd", "x")
    at = good.rindex(b"PK\x01\x02")
    wrong_crc = bytearray(good)
    entry = zipfile.ZipFile(io.BytesIO(good)).getinfo(part)
    at = good.index(b"PK\x01\x02" + good[good.index(b"PK\x01\x02") + 4 :][:0])
    while good[at + 46 : at + 46 + len(part)] != part.encode():
        at = good.index(b"PK\x01\x02", at + 4)
    assert int.from_bytes(good[at + 16 : at + 20], "little") == entry.CRC
    wrong_crc[at + 16] ^= 0xFF
    files = {
        "bomb": bomb,
        "many": many,
        "dtd": dtd,
        "doubled": doubled.getvalue(),
        "escaping": escaping.getvalue(),
        "truncated": good[: len(good) // 2],
        "no end": good[:-40],
        "crc": bytes(wrong_crc),
        "no book": zipped({"[Content_Types].xml": b"<x/>"}),
        "good": good,
    }
    outcomes = read_all(files, defs)
    assert {k: rules(o) for k, o in outcomes.items()} == {
        "bomb": ["V-F-015"],
        "many": ["V-F-015"],
        "dtd": ["V-F-014"],
        "doubled": ["V-F-014"],
        "escaping": ["V-F-014"],
        "truncated": ["V-F-014"],
        "no end": ["V-F-014"],
        "crc": ["V-F-014"],
        "no book": ["V-F-014"],
        "good": [],
    }
    assert not outcomes["good"].failed


def test_a_value_in_the_last_cell_of_a_sheet_does_not_fill_the_memory(
    good: bytes, defs: Definitions
) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    outcome = read_all(
        {"a": patched(good, sheet_part(good), lambda t: t.replace("</sheetData>", far))}, defs
    )["a"]
    assert rules(outcome)[0] == "V-F-015"
    assert "1048576 行" in outcome.findings[0].message


def test_a_declared_extent_is_neither_trusted_nor_feared(good: bytes, defs: Definitions) -> None:
    for extent in ("A1", "A1:XFD1048576"):
        changed = patched(
            good,
            sheet_part(good),
            lambda t, e=extent: t.replace(t[t.index("<dimension") : t.index("<sheetViews")],
                                          f'<dimension ref="{e}"/>'),
        )  # fmt: skip
        outcome = read_all({"a": changed}, defs)["a"]
        assert outcome.findings == []
        assert outcome.sheets[0].values[1] == [128.0, 128.0]


def test_formatted_cells_far_out_without_value_are_harmless(good: bytes, defs: Definitions) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    outcome = read_all(
        {"a": patched(good, sheet_part(good), lambda t: t.replace("</sheetData>", far))}, defs
    )["a"]
    assert outcome.findings == []


def test_numbers_split_in_the_xml_are_read_whole_or_not_at_all(
    good: bytes, defs: Definitions
) -> None:
    part = sheet_part(good)
    for written in ("<v>1<!-- -->28</v>", "<v><![CDATA[128]]></v>", "<v>1&#50;8</v>"):
        changed = patched(good, part, lambda t, w=written: t.replace("<v>128</v>", w))
        outcome = read_all({"a": changed}, defs)["a"]
        if outcome.failed:
            assert rules(outcome) == ["V-F-014"]
        else:
            assert outcome.sheets[0].values[1] == [128.0, 128.0], written


def test_nan_and_infinity_are_no_numbers(good: bytes, defs: Definitions) -> None:
    for written in ("NaN", "inf", "-Infinity"):
        changed = patched(
            good, sheet_part(good), lambda t, w=written: t.replace("<v>128</v>", f"<v>{w}</v>", 1)
        )
        outcome = read_all({"a": changed}, defs)["a"]
        if not outcome.failed:
            assert (0, 1) in outcome.sheets[0].unreadable
            assert rules(outcome) == ["V-C-014"]


def test_strict_ooxml_is_read_or_sent_back_with_advice(good: bytes, defs: Definitions) -> None:
    strict = good
    for part, old, new in (
        ("xl/workbook.xml", "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
         "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (sheet_part(good), "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
         "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    ):  # fmt: skip
        strict = patched(strict, part, lambda t, o=old, n=new: t.replace(o, n))
    outcome = read_all({"a": strict}, defs)["a"]
    assert outcome.sheets or rules(outcome) == ["V-F-014"]


def test_deep_nesting_of_xml_and_of_zips(good: bytes, defs: Definitions) -> None:
    deep = patched(
        good,
        sheet_part(good),
        lambda t: t.replace("<sheetData>", "<a>" * 100_000 + "</a>" * 100_000 + "<sheetData>"),
    )
    assert read_all({"a": deep}, defs)["a"].key == "a"
    data = good
    for _ in range(5):
        data = zipped({"内层.zip": data})
    members = expand(data, "包.zip")
    assert [detect(m) for _, m in members] == ["zip"]
    assert rules(read_all({"a": members[0][1]}, defs)["a"]) == ["V-F-018"]


def test_random_bytes_never_stop_the_run(good: bytes, defs: Definitions) -> None:
    rng = random.Random(20170305)  # noqa: S311 - repeatable, not secret
    files: dict[str, bytes] = {}
    for i in range(25):
        files[f"noise {i}"] = rng.randbytes(rng.randrange(1, 3000))
        spoiled = bytearray(good)
        for _ in range(rng.randrange(1, 30)):
            spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
        files[f"spoiled {i}"] = bytes(spoiled)
        old = bytearray(xls({"a": [["职工人数", 1.0], ["会员人数", 2.0]]}))
        for _ in range(rng.randrange(1, 30)):
            old[rng.randrange(len(old))] = rng.randrange(256)
        files[f"old {i}"] = bytes(old)
    outcomes = read_all({**files, "good": good}, defs)
    said = {f.message for o in outcomes.values() for f in o.findings}
    assert not [m for m in said if "没有料到" in m]
    assert all(o.failed == (not o.sheets) for o in outcomes.values())
    assert all(o.findings for o in outcomes.values() if o.failed)
    assert outcomes["good"].findings == []


# --- zips ------------------------------------------------------------------------------------


def test_each_member_of_a_zip_is_a_document(good: bytes) -> None:
    inner = zipped({"二厂.xlsx": good})
    data = zipped(
        {"三月/一厂.xlsx": good, "__MACOSX/._一厂.xlsx": b"x", "~$一厂.xlsx": b"x", "二.zip": inner,
         "说明.txt": "无".encode()}
    )  # fmt: skip
    assert [n for n, _ in expand(data, "包.zip")] == [
        "包.zip/三月/一厂.xlsx", "包.zip/二.zip/二厂.xlsx", "包.zip/说明.txt",
    ]  # fmt: skip
    assert expand(good, "a.xlsx") == [("a.xlsx", good)]


def test_names_in_a_zip_made_on_windows(good: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("X.xlsx")
        archive.writestr(info, good)
    name = "一厂.xlsx".encode("gb18030")
    data = out.getvalue()
    assert len(name) == 9
    raw = data.replace(b"X.xlsx", name)
    # Lengths of the name in both headers, and the offset of the directory, grow by three.
    raw = raw.replace(b"\x06\x00\x00\x00" + name, b"\x09\x00\x00\x00" + name)
    at = raw.rindex(b"PK\x01\x02")
    raw = raw[: at + 28] + b"\x09\x00" + raw[at + 30 :]
    end = raw.rindex(b"PK\x05\x06")
    raw = (
        raw[: end + 12]
        + (end - at).to_bytes(4, "little")
        + at.to_bytes(4, "little")
        + raw[end + 20 :]
    )
    assert expand(raw, "包") == [("包/一厂.xlsx", good)]


def test_a_zip_that_cannot_be_opened_says_why(good: bytes, defs: Definitions) -> None:
    secret = bytearray(zipped({"a.xlsx": good}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        secret[secret.index(mark) + at] |= 1
    members = expand(bytes(secret), "包.zip")
    assert members == [("包.zip", bytes(secret))]
    outcome = read_all({"a": members[0][1]}, defs)["a"]
    assert rules(outcome) == ["V-F-018"]
    assert "加密" in outcome.findings[0].message
    huge = zipped({f"{i}.csv": b"0" * (1 << 20) for i in range(20)})
    assert expand(huge, "b", TIGHT) == [("b", huge)]
    assert rules(read_all({"b": huge}, defs)["b"]) == ["V-F-018"]


def test_external_links_must_be_explained(good: bytes, defs: Definitions) -> None:
    source = zipfile.ZipFile(io.BytesIO(good))
    parts = {n: source.read(n) for n in source.namelist()}
    parts["xl/externalLinks/externalLink1.xml"] = b"<externalLink/>"
    assert rules(read_all({"a": zipped(parts)}, defs)["a"]) == ["V-F-021"]


def test_a_document_may_be_a_path(good: bytes, defs: Definitions, tmp_path: Path) -> None:
    path = tmp_path / "附件2.xls"
    path.write_bytes(good)
    (outcome,) = read_documents([Document("p", path, path.name, "2017-03")], defs, {})
    assert (outcome.key, outcome.findings) == ("p", [])
