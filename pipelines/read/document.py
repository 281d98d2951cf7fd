"""One document from bytes to ReadWorkbook: its format, its forms, its cover, its findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from definitions.catalogue import Definitions
from definitions.model import Form
from definitions.periods import Period
from pipelines.read import archive, formats
from pipelines.read.biff import Encrypted
from pipelines.read.cells import parse_iso
from pipelines.read.container import TooLarge, Unsafe
from pipelines.read.cover import Lines, gather
from pipelines.read.form_index import FormIndex, forms_in_text, index_of
from pipelines.read.grid import read_grids
from pipelines.read.headers import Header, locate
from pipelines.read.limits import Limits
from pipelines.read.notes import Notes, quote
from pipelines.read.periods import agree, parse_period, period_for
from pipelines.read.sheet import Book, Grid, Unreadable
from pipelines.read.tables import Around, Selected, read_table, select_rows
from pipelines.read.words import key, label_key, name_key
from pipelines.workbook import CODE_TABLE, REVIEW_MARK, Cover, FormSheet, ReadWorkbook

_SAMPLE_SHEET = ("样表", "示例", "样例", "范例", "例表")
_SIGNATURES = {
    "filled_by": "填报人",
    "reviewed_by": "复核人",
    "signed_by": "单位负责人",
    "filled_on": "填报日期",
}
_MARKS = {"issuer": "制定机关", "document": "批准（备案）文号", "valid_to": "有效期至"}
_COVER_ROWS = 80


@dataclass(frozen=True, slots=True)
class Document:
    """What is to be read: bytes or the path of a file; `name` is only for people.

    `expected_period` is the label of the period that the channel was opened for, if any.
    """

    key: str
    source: Path | bytes
    name: str = ""
    expected_period: str | None = None

    def load(self) -> bytes:
        """The bytes."""
        return self.source if isinstance(self.source, bytes) else self.source.read_bytes()


@dataclass(slots=True, eq=False)
class _Table:
    grid: Grid
    header: Header
    selected: Selected
    lines: Lines


def failed(document: Document, kind: str, notes: Notes) -> ReadWorkbook:
    """The outcome for a document of which nothing can be used."""
    return ReadWorkbook(
        key=document.key,
        format=kind,
        period=None,
        org_code=None,
        cover=Cover(),
        sheets=[],
        findings=notes.all(),
        failed=True,
    )


def read_document(
    document: Document,
    definitions: Definitions,
    names: Mapping[str, tuple[str, ...]],
    limits: Limits,
) -> ReadWorkbook:
    """Read one document; whatever is wrong with it becomes a finding.

    `names` maps name_key(name) of organisations to their codes. Meant to run in the sandboxed
    child: a hostile file may still kill the process.
    """
    notes = Notes(definitions.rules, limits.findings)
    data = document.load()
    forms = tuple(definitions.newest(code) for code in definitions.form_codes)
    index = index_of(forms)
    kind = "?"
    try:
        kind, book = read_grids(data, limits, index.words_in)
    except Unreadable as error:
        kind = error.kind
        _refuse(kind, data, limits, notes)
        return failed(document, kind, notes)
    except Encrypted:
        notes.say("V-F-007", {"what": "已加密（设有打开密码）"})
        return failed(document, "encrypted", notes)
    except TooLarge as error:
        notes.say("V-F-015", {"what": str(error)})
        return failed(document, formats.detect(data[:8192]) if kind == "?" else kind, notes)
    except Unsafe as error:
        notes.say("V-F-014", {"reason": str(error)})
        return failed(document, formats.detect(data), notes)
    return _read_book(document, kind, book, definitions, names, index, limits, notes)


def _refuse(kind: str, data: bytes, limits: Limits, notes: Notes) -> None:
    match kind:
        case "empty":
            notes.say("V-F-016")
        case "rar" | "7z" | "gzip":
            notes.say("V-F-017", {"format": formats.NAMES[kind]})
        case "zip":
            notes.say("V-F-018", {"reason": archive.why_not(data, limits)})
        case "broken-zip" | "broken-ole":
            notes.say("V-F-014", {"reason": f"{formats.NAMES[kind]}，可能没有上传完整"})
        case _:
            notes.say("V-F-001", {"format": formats.NAMES.get(kind, kind)})


def _read_book(
    document: Document,
    kind: str,
    book: Book,
    definitions: Definitions,
    names: Mapping[str, tuple[str, ...]],
    index: FormIndex,
    limits: Limits,
    notes: Notes,
) -> ReadWorkbook:
    if book.macros:
        notes.say("V-F-007", {"what": "含有宏"})
    if book.external_links:
        notes.say("V-F-021")
    for grid in book.grids:
        if grid.too_large:
            what = f"工作表“{grid.name}”有 {grid.too_large}"
            notes.say("V-F-015", {"what": what}, sheet=grid.name)
    cover = Cover()
    tables, outside = _tables(book, index, limits, cover, notes)
    expected = _expected(document)
    period, org_code = _who_and_when(cover, tables, expected, names, notes)
    index = _right_editions(index, definitions, period or expected, tables, limits)
    around = Around(definitions, names, index, limits, notes, book.date1904, org_code)
    sheets = [
        sheet for t in tables if (sheet := _read(t, period or expected, cover, around)) is not None
    ]
    if not tables and not any(f.rule in ("V-F-004", "V-F-015") for f in notes.findings):
        notes.say("V-F-013", {"sheets": "、".join(g.name for g in book.grids[:10]) or "无"})
    ignored = [
        g.name
        for g in outside
        if not g.hidden and g.name != CODE_TABLE and any(v != "" for r in g.rows for v in r)
    ]
    if ignored:
        notes.say("V-N-016", {"sheets": "、".join(quote(x) for x in ignored)})
    if period and org_code is None:
        org_code = _only_organisation(sheets, index)
    if tables:
        _check_cover(cover, tables, period, org_code, notes)
        _check_zero_report(cover, sheets, tables, notes)
    return ReadWorkbook(
        key=document.key,
        format=kind,
        period=period.label if period else None,
        org_code=org_code,
        cover=cover,
        sheets=sheets,
        findings=notes.all(),
        ignored_sheets=ignored,
        failed=not sheets,
    )


def _tables(
    book: Book, index: FormIndex, limits: Limits, cover: Cover, notes: Notes
) -> tuple[list[_Table], list[Grid]]:
    """Every table that is a form, and the sheets that are neither form nor cover."""
    tables: list[_Table] = []
    rest: list[tuple[Grid, Lines]] = []
    beside: list[tuple[_Table, range]] = []
    for grid in book.grids:
        if not grid.rows or _is_review(grid):
            continue
        start, found = 0, False
        while start < len(grid.rows):
            header = locate(grid, index, start, limits.header_rows)
            if header is None:
                break
            found = True
            table = _Table(grid, header, select_rows(grid, header, index), Lines())
            tables.append(table)
            beside.append((table, range(start, header.first)))
            start = table.selected.after
        if not found:
            rest.append((grid, Lines()))
    tables = _without_samples(tables, rest)
    outside = []
    # The cover speaks first; lines around a table only add what it leaves open.
    for grid, lines in rest:
        if not grid.hidden:
            gather(grid, range(min(len(grid.rows), _COVER_ROWS)), cover, lines)
    for table, above in beside:
        if table in tables:
            gather(table.grid, above, cover, table.lines)
            gather(table.grid, table.selected.outside, cover, table.lines)
    for grid, lines in rest:
        if (lines.form_code and not _known_table(grid, lines, index, tables, notes)) or (
            lines.pairs < 2 and not lines.form_code
        ):
            outside.append(grid)
    return tables, outside


def _is_review(grid: Grid) -> bool:
    """Our own list of findings of an earlier round, left in the workbook, whatever its name."""
    return any(str(row[0]).startswith(REVIEW_MARK) for row in grid.rows[:10] if row)


def _without_samples(tables: list[_Table], rest: list[tuple[Grid, Lines]]) -> list[_Table]:
    """Leave out a sheet that its name calls a sample when the real one is there too."""
    kept = []
    for table in tables:
        others = [
            t
            for t in tables
            if t.grid is not table.grid
            and t.header.form is table.header.form
            and not any(w in t.grid.name for w in _SAMPLE_SHEET)
        ]
        if others and any(w in table.grid.name for w in _SAMPLE_SHEET):
            rest.append((table.grid, Lines()))
        else:
            kept.append(table)
    return kept


def _known_table(
    grid: Grid, lines: Lines, index: FormIndex, tables: list[_Table], notes: Notes
) -> bool:
    """A sheet that bears the code of a form, but no header of it: say so, do not ignore it."""
    wide = sum(sum(1 for v in row if v != "") >= 3 for row in grid.rows)
    named = forms_in_text(lines.form_code, index)
    if not named or wide < 2:
        return False
    form = index.forms[named[0]]
    if any(t.header.form is form for t in tables):
        return False
    required = "、".join(c.label for c in form.columns if c.required)
    notes.say("V-F-004", {"columns": required}, form=form.code, sheet=grid.name)
    return True


def _expected(document: Document) -> Period | None:
    return Period.parse(document.expected_period) if document.expected_period else None


def _who_and_when(
    cover: Cover,
    tables: list[_Table],
    expected: Period | None,
    names: Mapping[str, tuple[str, ...]],
    notes: Notes,
) -> tuple[Period | None, str | None]:
    if not tables:
        stated = parse_period(cover.values.get("period", ""))
        return stated, cover.values.get("org_code")
    return _period(cover, tables, expected, notes), _organisation(cover, names, notes)


def _at(cover: Cover, field_name: str) -> dict[str, Any]:
    """Where a finding about a cover field points to."""
    if field_name not in cover.cells:
        return {}
    sheet, row, column = cover.cells[field_name]
    return {"sheet": sheet, "row": row, "columns": (column,)}


def _period(
    cover: Cover, tables: list[_Table], expected: Period | None, notes: Notes
) -> Period | None:
    """The period of the workbook: from its cover, else from its titles."""
    text = cover.values.get("period", "")
    titled = [t for t in tables if t.lines.period is not None]
    period = parse_period(text) if text else None
    if text and period is None:
        notes.say("V-F-011", {"what": f"所属期“{quote(text)}”无法识别"}, **_at(cover, "period"))
        return None
    if period is None and titled:
        # The finest one: a title of 2017年 says less than one of 2017年3月.
        period = max((t.lines.period for t in titled if t.lines.period), key=_fineness)
    if period is None:
        notes.say("V-F-011", {"what": "没有写明所属期"}, **_at(cover, "period"))
        return None
    for t in titled:
        if t.lines.period and not agree(t.lines.period, period):
            r, c = t.lines.period_at
            notes.say(
                "V-F-010",
                {
                    "what": f"标题写的是{t.lines.period.chinese}，封面写的是{period.chinese}",
                },
                form=t.header.form.code,
                sheet=t.grid.name,
                row=r + 1,
                columns=(c + 1,),
                value=t.lines.period.label,
                expected=period.label,
            )
    if expected and not agree(expected, period):
        notes.say(
            "V-F-010",
            {"what": f"报送的是{expected.chinese}，文件中写的是{period.chinese}"},
            value=period.label,
            expected=expected.label,
            **_at(cover, "period"),
        )
    return period


def _fineness(period: Period) -> int:
    return -len(period.months())


def _organisation(cover: Cover, names: Mapping[str, tuple[str, ...]], notes: Notes) -> str | None:
    """The code of the reporting unit, from the code or the name on the cover."""
    code = key(cover.values.get("org_code", "")).upper()
    name = cover.values.get("org_name", "")
    codes = names.get(name_key(name), ()) if name else ()
    if code and not code.isascii():
        # The name was put where the code belongs.
        codes, name, code = names.get(name_key(code), ()), code, ""
    if code:
        if codes and code not in codes:
            notes.say(
                "V-F-034",
                {"code": code, "name": quote(name), "expected": "、".join(codes)},
                value=code,
                expected="、".join(codes),
                **_at(cover, "org_code"),
            )
        return code
    if not name:
        return None
    place = {"value": quote(name), **_at(cover, "org_name")}
    if len(codes) == 1:
        notes.say("V-N-021", {"value": quote(name), "result": codes[0]}, **place)
        return codes[0]
    if codes:
        candidates = "、".join(codes)
        notes.say(
            "V-F-022", {"label": "填报单位", "value": quote(name), "expected": candidates},
            expected=candidates, **place,
        )  # fmt: skip
    else:
        notes.say("V-F-023", {"label": "填报单位", "value": quote(name)}, **place)
    return None


def _only_organisation(sheets: list[FormSheet], index: FormIndex) -> str | None:
    """The one organisation that all rows are about, when the cover names none."""
    found: set[str] = set()
    for sheet in sheets:
        for f, form in enumerate(index.forms):
            p = index.organisation[f]
            if form.code == sheet.form and p is not None:
                found.update(v for v in sheet.values[p] if v)
    return found.pop() if len(found) == 1 else None


def _right_editions(
    index: FormIndex,
    definitions: Definitions,
    period: Period | None,
    tables: list[_Table],
    limits: Limits,
) -> FormIndex:
    """Match the headers again where the period wants an older edition of a form."""
    if period is None:
        return index
    forms = tuple(_edition(f, definitions, period) for f in index.forms)
    if all(a is b for a, b in zip(forms, index.forms, strict=True)):
        return index
    right = index_of(forms)
    for table in tables:
        start = table.header.first
        header = locate(table.grid, right, start, 1)
        if header is not None:
            table.header = header
            table.selected = select_rows(table.grid, header, right)
    return right


def _edition(form: Form, definitions: Definitions, period: Period) -> Form:
    own = period_for(form, period)
    try:
        return definitions.form(form.code, own) if own else form
    except KeyError:
        return form


def _read(table: _Table, period: Period | None, cover: Cover, around: Around) -> FormSheet | None:
    form, notes = table.header.form, around.notes
    place = {"form": form.code, "sheet": table.grid.name}
    if period is None:
        # The sheet is read all the same, so that every problem is told at once.
        period = Period.parse(str(form.valid_from.year))
        own = Period(form.period.label_kind, period.year)
    else:
        fitting = period_for(form, period)
        own = fitting or period.within(form.period)
        if fitting is None:
            notes.say(
                "V-F-010",
                {"what": f"所属期为{period.chinese}，“{form.title}”应写明到{_KINDS[own.kind]}"},
                value=period.label,
                **{**place, **_at(cover, "period")},
            )
        elif not form.covers(own):
            notes.say(
                "V-F-002",
                {"what": f"“{form.title}”（{form.edition} 版）不适用于{own.chinese}"},
                **place,
            )
    lines = table.lines
    code = lines.form_code.upper()
    if code and code.replace("-", "") != form.code.replace("-", ""):
        notes.say(
            "V-F-002",
            {"what": f"表号写的是 {code}，表头却是“{form.title}”（{form.code}）"},
            row=lines.form_code_at[0] + 1,
            columns=(lines.form_code_at[1] + 1,),
            value=code,
            expected=form.code,
            **place,
        )
    if not lines.unit and cover.values.get("unit"):
        lines.unit = cover.values["unit"]
    if lines.colours:
        notes.say("V-N-017", {"what": "以颜色表示的说明"}, **place)
    return read_table(table.grid, table.header, table.selected, own, lines, around)


_KINDS = {
    "month": "月份",
    "quarter": "季度",
    "half": "半年",
    "year": "年度",
    "statistical": "统计年度",
}


def _check_cover(
    cover: Cover, tables: list[_Table], period: Period | None, org_code: str | None, notes: Notes
) -> None:
    values = cover.values
    named = bool(values.get("org_code") or values.get("org_name"))
    if org_code is None and not named:
        notes.say("V-F-012", **_at(cover, "org_code"))
    edition = key(values.get("edition", ""))
    known = {key(t.header.form.edition) for t in tables}
    if edition and not any(e in edition for e in known):
        wanted = "、".join(sorted(known))
        notes.say(
            "V-F-002",
            {"what": f"表样版本写的是“{quote(values['edition'])}”，应为 {wanted}"},
            value=quote(values["edition"]),
            **_at(cover, "edition"),
        )
    unsigned = [label for name, label in _SIGNATURES.items() if not values.get(name)]
    if unsigned:
        first = next(n for n, label in _SIGNATURES.items() if label == unsigned[0])
        notes.say("V-F-005", {"what": "、".join(unsigned)}, **_at(cover, first))
    absent = [label for name, label in _MARKS.items() if not values.get(name)]
    if absent:
        notes.say("V-F-003", {"what": f"没有写明{'、'.join(absent)}"}, **_at(cover, "valid_to"))
    valid_to = parse_iso(values.get("valid_to", ""))
    if valid_to and period and valid_to < period.end:
        notes.say("V-F-003", {"what": f"报表有效期至 {valid_to}，已过期"}, **_at(cover, "valid_to"))


def _check_zero_report(
    cover: Cover, sheets: list[FormSheet], tables: list[_Table], notes: Notes
) -> None:
    """An empty table counts as a report of nothing only when the cover says so."""
    said = key(cover.values.get("zero_report", ""))
    for sheet, table in zip(sheets, tables, strict=True):
        form = table.header.form
        declared = (
            said in ("是", "√", "有", "y", "yes", "1")
            or form.code.lower() in said
            or (label_key(form.title) in said)
        )
        place = {"form": form.code, "sheet": sheet.sheet}
        if not sheet.row_numbers and form.reporters.expected and not declared:
            notes.say("V-F-025", {"form": form.title}, **place)
        elif sheet.row_numbers and declared and said not in ("", "否"):
            notes.say("V-F-026", {"form": form.title}, **place)
