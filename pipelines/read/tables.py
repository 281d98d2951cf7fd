"""One located table to typed columns: which rows are data, what each cell says, what to tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from definitions.catalogue import Definitions
from definitions.model import Column, ColumnType, Form
from definitions.periods import Period
from expectations.findings import column_letters
from pipelines.read.cells import (
    NO_ABOVE,
    NOT_A_NUMBER,
    SAME_AS_ABOVE,
    Context,
    Typed,
    is_ditto,
    names_organisation,
    shown,
    type_cell,
)
from pipelines.read.cover import Lines, units_in
from pipelines.read.form_index import FormIndex, forms_in_text, is_label
from pipelines.read.headers import ROW_NUMBER, Header
from pipelines.read.limits import Limits
from pipelines.read.notes import Notes
from pipelines.read.sheet import Grid, Merged
from pipelines.read.words import (
    COVER_LABELS,
    EXAMPLE,
    NOTE_START,
    factor,
    is_total,
    key,
    label_key,
    unit_of,
)
from pipelines.workbook import GUIDANCE_MARK, FormSheet


@dataclass(frozen=True, slots=True)
class Around:
    """What a table is read with: definitions, names, and what the document says as a whole."""

    definitions: Definitions
    names: Mapping[str, tuple[str, ...]]
    index: FormIndex
    limits: Limits
    notes: Notes
    date1904: bool
    org_code: str | None


def _kind_of_line(text: str) -> str:
    """What the first words of a row make of it: total, note, guidance, signature; '' is data."""
    if text.isascii():  # codes: all words that make a row something else are Chinese, but for *
        return "note" if text.lstrip().startswith("*") else ""
    return _kind_of_words(text[:60])


@lru_cache(maxsize=16384)
def _kind_of_words(text: str) -> str:
    if is_total(text):
        return "total"
    word = key(text)
    if word.startswith(GUIDANCE_MARK):
        return "guidance"
    if NOTE_START.match(word):
        return "note"
    label, colon, _ = word.partition(":")
    if label_key(label) in COVER_LABELS and (colon or len(word) <= 6):
        return "signature"
    return ""


@dataclass(slots=True)
class Selected:
    """Row indexes of a table by what they are; `after` is the row where the next table may be."""

    data: list[int]
    totals: list[int]
    outside: list[int]
    examples: list[int]
    repeated: list[int]
    after: int


def select_rows(grid: Grid, header: Header, index: FormIndex) -> Selected:
    """Sort the rows below a header into data, totals, notes, examples and repeated headers."""
    rows = grid.rows
    found = Selected([], [], [], [], [], len(rows))
    form = header.form
    telling = [
        c
        for p, c in enumerate(header.columns)
        if c is not None and label_key(form.columns[p].label) not in ROW_NUMBER
    ]
    wide = {m[0] for m in grid.merges if m[3] - m[1] >= 2 and m[0] > header.last}
    names = rows[header.last]
    noted = False
    for r in range(header.last + 1, len(rows)):
        row = rows[r]
        first = None
        for value in row:
            if value.__class__ is str and value:
                first = value
                break
        if first is not None:
            kind = _kind_of_line(first)
            if kind == "note" and _filled(row) <= 2:
                noted = True
            elif kind == "guidance":
                noted = noted or _filled(row) <= 2 and r > header.last + 1
                continue
            elif kind == "total":
                if not noted:
                    found.totals.append(r)
                continue
            elif kind == "signature" and _filled(row) <= 8 and _mostly_signature(row):
                found.outside.append(r)
                continue
            if is_label(first, index) and _is_header(row, index):
                if row == names or _same_labels(row, names):
                    found.repeated.append(r)
                    noted = False
                    continue
                found.after = _back_to_title(found, r)
                break
            if (r in wide or r - header.last <= 3) and _is_example(row):
                found.examples.append(r)
                continue
            if r in wide and _filled(row) == 1:
                found.outside.append(r)
                continue
        if noted:
            if first is not None:
                found.outside.append(r)
            continue
        for c in telling:
            if row[c] != "":
                break
        else:
            if first is not None and _filled(row) == 1:
                found.outside.append(r)
            continue
        alone = first is not None and len(telling) > 2 and _alone(row)
        if alone and first and (len(first) > 15 or forms_in_text(first, index)):
            found.outside.append(r)
            continue
        found.data.append(r)
    return found


def _back_to_title(found: Selected, r: int) -> int:
    """Where a second table on the sheet begins: its title lines belong to it."""
    while found.outside and found.outside[-1] == r - 1:
        r = found.outside.pop()
    return r


def _filled(row: Sequence[Any]) -> int:
    return sum(1 for v in row if v != "" and v is not None)


def _alone(row: Sequence[Any]) -> bool:
    """Whether just one cell is filled; looks no further than the second."""
    count = 0
    for value in row:
        if value != "" and value is not None:
            count += 1
            if count > 1:
                return False
    return count == 1


def _mostly_signature(row: Sequence[Any]) -> bool:
    texts = [v for v in row if v.__class__ is str and v]
    labels = sum(_kind_of_line(v) == "signature" for v in texts)
    return labels * 2 >= len(texts)


def _is_header(row: Sequence[Any], index: FormIndex) -> bool:
    filled = [v for v in row if v != "" and v is not None]
    labels = sum(is_label(v, index) for v in filled)
    return labels >= 2 and labels * 5 >= len(filled) * 3


def _same_labels(row: Sequence[Any], names: Sequence[Any]) -> bool:
    pairs = [(label_key(a), label_key(b)) for a, b in zip(row, names, strict=True) if a and b
             and a.__class__ is str and b.__class__ is str]  # fmt: skip
    return bool(pairs) and all(a == b for a, b in pairs)


def _is_example(row: Sequence[Any]) -> bool:
    return any(v.__class__ is str and "例" in v and EXAMPLE.match(v) for v in row)


def read_table(
    grid: Grid, header: Header, selected: Selected, period: Period, lines: Lines, around: Around
) -> FormSheet:
    """The typed columns of one table; everything worth telling goes to the notes."""
    form, notes = header.form, around.notes
    rows, data = grid.rows, selected.data
    _spread_merges(grid, header, data)
    sheet = FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=grid.name,
        period=period.label,
        header_row=header.last + 1,
        columns=[None if c is None else c + 1 for c in header.columns],
        row_numbers=[r + 1 for r in data],
        values=[],
    )
    contexts = _contexts(form, period, around, _scales(grid, header, lines, notes), grid.all_text)
    by_column = list(zip(*[rows[r] for r in data], strict=True))
    for p, context in enumerate(contexts):
        c = header.columns[p]
        if c is None or not data:
            sheet.values.append([None] * len(data))
            continue
        source = by_column[c]
        place = _Place(form, grid.name, p, c, data)
        sheet.values.append(_read_column(source, place, context, sheet, notes))
    for r in selected.totals:
        sheet.totals.append((r + 1, _totals(rows[r], header, contexts)))
        sheet.total_labels[r + 1] = next((v for v in rows[r] if v.__class__ is str and v), "")
    for context in contexts:
        if context.memo and context.column.type not in _KEPT:
            context.memo.clear()
    _tell_structure(grid, header, selected, sheet, around)
    return sheet


def _totals(row: Sequence[Any], header: Header, contexts: Sequence[Context]) -> dict[int, float]:
    found: dict[int, float] = {}
    for p, context in enumerate(contexts):
        c = header.columns[p]
        if c is None or not context.column.type.numeric:
            continue
        typed = type_cell(row[c], context)
        if isinstance(typed.value, float):
            found[p] = typed.value
    return found


# Types that keep a text as it stands when it has neither blanks nor anything to normalise; signs
# of nothing and of repetition are shorter.
_PLAIN_CODES = (ColumnType.CODE, ColumnType.STR, ColumnType.PHONE, ColumnType.REGION)
_LONGEST_SIGN = 6
# Words repeat from workbook to workbook, so what they mean is kept; free text is not.
_KEPT = (ColumnType.ENUM, ColumnType.BOOL, ColumnType.CODE, ColumnType.REGION, ColumnType.INDUSTRY)
_CONTEXTS: dict[tuple[Any, ...], tuple[Form, Mapping[str, Any], list[Context]]] = {}


def _contexts(
    form: Form, period: Period, around: Around, scales: Mapping[int, Decimal], all_text: bool
) -> list[Context]:
    """What each column is typed with; made once for a form and period, but for stated units."""
    slot = (id(form), period.label, all_text, around.date1904)
    known = _CONTEXTS.get(slot)
    if known is None or known[0] is not form or known[1] is not around.names:
        if len(_CONTEXTS) > 500:
            _CONTEXTS.clear()
        fresh = [_context(column, period, around, all_text) for column in form.columns]
        known = _CONTEXTS[slot] = (form, around.names, fresh)
    if not scales:
        return known[2]
    return [
        replace(context, scale=scales[p], memo={}) if p in scales else context
        for p, context in enumerate(known[2])
    ]


def _context(column: Column, period: Period, around: Around, all_text: bool) -> Context:
    return Context(
        column=column,
        period=period,
        names=around.names,
        code_lists=around.definitions.code_lists,
        date1904=around.date1904,
        organisation=names_organisation(column),
        all_text=all_text,
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """A column on its sheet: form column `p`, grid column `at`, the grid rows that are data."""

    form: Form
    sheet: str
    p: int
    at: int
    rows: Sequence[int]


def _read_column(
    source: Sequence[Any], place: _Place, context: Context, sheet: FormSheet, notes: Notes
) -> list[Any]:
    """Type one column; a number, a day or a code that fits costs a few comparisons."""
    column = context.column
    values: list[Any] = []
    add = values.append
    plain_number = column.type in (ColumnType.INT, ColumnType.DEC) and context.scale is None
    plain_code = column.type in _PLAIN_CODES
    plain_day = column.type is ColumnType.DATE
    memo = context.memo
    for i, value in enumerate(source):
        kind = value.__class__
        if kind is float:
            if plain_number and value - value == 0:
                add(value)
                continue
        elif kind is str:
            if not value:
                add(None)
                continue
            if (
                plain_code
                and len(value) > _LONGEST_SIGN
                and value.isascii()
                and value.isprintable()
                and " " not in value
            ):
                add(value)
                continue
        elif kind is date and plain_day:
            add(value)
            continue
        typed = memo.get((value.__class__, value))
        if typed is None:
            typed = _above(values, column) if is_ditto(value) else type_cell(value, context)
        add(typed.value)
        if typed.rule:
            read = shown(value)
            row = place.rows[i]
            notes.cell(
                typed.rule, place.form, column, place.sheet, row, place.at, read, typed.result
            )
            sheet.raw[i, place.p] = read
            if not typed.readable:
                sheet.unreadable.add((i, place.p))
    return values


def _above(values: Sequence[Any], column: Column) -> Typed:
    """What 同上 stands for: the value above in columns of words, an error among numbers."""
    if column.type.numeric:
        return Typed(None, NOT_A_NUMBER, False)
    if not values or values[-1] is None:
        return Typed(None, NO_ABOVE, False)
    return Typed(values[-1], SAME_AS_ABOVE, result=values[-1])


def _spread_merges(grid: Grid, header: Header, data: Sequence[int]) -> None:
    """Mark the cells under a vertical merge; only inside the merge, only in known columns."""
    if not grid.merges or not data:
        return
    wanted = {c for c in header.columns if c is not None}
    kept = set(data)
    for r0, c0, r1, _ in grid.merges:
        if r1 > r0 > header.last and c0 in wanted and grid.rows[r0][c0] != "":
            for r in range(r0 + 1, min(r1 + 1, len(grid.rows))):
                if r in kept:
                    grid.rows[r][c0] = Merged(grid.rows[r0][c0])


def _scales(grid: Grid, header: Header, lines: Lines, notes: Notes) -> dict[int, Decimal]:
    """What each column is multiplied with, from the unit in its header or of its sheet."""
    form = header.form
    scales: dict[int, Decimal] = {}
    place = {"form": form.code, "sheet": grid.name}
    for p, given in header.units.items():
        column = form.columns[p]
        scale = factor(given, column.unit)
        if scale is None:
            if column.unit:
                notes.say(
                    "V-F-009",
                    {"unit": given, "label": column.label, "expected": column.unit},
                    row=header.last + 1,
                    columns=((header.columns[p] or 0) + 1,),
                    field=column.code,
                    value=given,
                    expected=column.unit,
                    **place,
                )
        elif scale != 1:
            scales[p] = scale
    if not lines.unit:
        return scales
    said = {"row": lines.unit_at[0] + 1, "columns": (lines.unit_at[1] + 1,), "value": lines.unit}
    for given in units_in(lines.unit):
        known = unit_of(given)
        if known is None:
            notes.say(
                "V-F-009",
                {"unit": lines.unit, "label": form.title, "expected": _units_of(form)},
                expected=_units_of(form),
                **said,
                **place,
            )
            continue
        same = [
            p
            for p, c in enumerate(form.columns)
            if (u := unit_of(c.unit)) is not None and u[0] == known[0] and c.type.numeric
        ]
        multiples = {form.columns[p].unit for p in same}
        open_columns = [p for p in same if p not in header.units and header.columns[p] is not None]
        differing = [p for p in open_columns if factor(given, form.columns[p].unit) != 1]
        if not same and known[1] != 1:
            notes.say(
                "V-F-009",
                {"unit": lines.unit, "label": form.title, "expected": _units_of(form)},
                expected=_units_of(form),
                **said,
                **place,
            )
        elif differing and len(multiples) > 1:
            labels = "、".join(
                f"{form.columns[p].label}（{form.columns[p].unit}）" for p in differing
            )
            notes.say("V-F-033", {"unit": lines.unit, "columns": labels}, **said, **place)
        else:
            for p in differing:
                scale = factor(given, form.columns[p].unit)
                if scale is not None:
                    scales[p] = scale
    return scales


def _units_of(form: Form) -> str:
    return "、".join(dict.fromkeys(c.unit for c in form.columns if c.unit and c.type.numeric))


def _tell_structure(
    grid: Grid, header: Header, selected: Selected, sheet: FormSheet, around: Around
) -> None:
    form, notes, limits = header.form, around.notes, around.limits
    place = {"form": form.code, "sheet": grid.name}
    head = header.last + 1
    _fill_organisation(header, sheet, around)
    missing = [
        c.label
        for p, c in enumerate(form.columns)
        if c.required
        and header.columns[p] is None
        and not any(v is not None for v in sheet.values[p])
    ]
    if missing:
        notes.say("V-F-004", {"columns": "、".join(missing)}, row=head, columns=(1,), **place)
    for p, c in header.doubled:
        column = form.columns[p]
        notes.say(
            "V-F-032",
            {"label": column.label, "column": column_letters(c + 1)},
            row=head,
            columns=(c + 1,),
            field=column.code,
            **place,
        )
    if header.unknown:
        names = "、".join(f"{name}（{column_letters(c + 1)}列）" for c, name in header.unknown)
        notes.say(
            "V-N-015",
            {"columns": names},
            row=head,
            columns=tuple(c + 1 for c, _ in header.unknown),
            **place,
        )
    if header.tied_with:
        notes.say("V-F-036", {"form": form.title, "other": header.tied_with}, row=head, **place)
    if selected.examples:
        notes.say(
            "V-N-014", {"rows": _row_list(selected.examples)}, row=selected.examples[0] + 1, **place
        )
    if selected.repeated:
        notes.say(
            "V-N-020", {"rows": _row_list(selected.repeated)}, row=selected.repeated[0] + 1, **place
        )
    if selected.totals:
        notes.say(
            "V-N-013", {"rows": _row_list(selected.totals)}, row=selected.totals[0] + 1, **place
        )
    if len(selected.data) > limits.template_rows:
        what = f"共 {len(selected.data)} 行，超过表样上限 {limits.template_rows} 行"
        notes.say("V-F-008", {"what": what}, **place)
    hidden = [r for r in selected.data if r in grid.hidden_rows]
    if hidden:
        what = f"第 {_row_list(hidden)} 行已隐藏但有数据"
        notes.say("V-F-008", {"what": what}, row=hidden[0] + 1, columns=(1,), **place)
    for p, at in enumerate(header.columns):
        if (
            at is not None
            and at in grid.hidden_columns
            and any(v is not None for v in sheet.values[p])
        ):
            what = f"{column_letters(at + 1)} 列“{form.columns[p].label}”已隐藏但有数据"
            notes.say("V-F-008", {"what": what}, row=head, columns=(at + 1,), **place)
    if grid.hidden and selected.data:
        notes.say("V-F-008", {"what": "整张工作表已隐藏但有数据"}, **place)
    if grid.comments:
        notes.say("V-N-017", {"what": f"批注 {grid.comments} 条"}, **place)


def _row_list(rows: Sequence[int]) -> str:
    shown_rows = "、".join(str(r + 1) for r in rows[:10])
    return shown_rows if len(rows) <= 10 else f"{shown_rows} 等 {len(rows)} 处"


def _fill_organisation(header: Header, sheet: FormSheet, around: Around) -> None:
    """A single row without a column of codes belongs to the unit on the cover."""
    form = header.form
    which = next(f for f, known in enumerate(around.index.forms) if known is form)
    p = around.index.organisation[which]
    if p is None or header.columns[p] is not None or len(sheet.row_numbers) != 1:
        return
    if around.org_code is None or form.columns[p].code not in form.keys:
        return
    sheet.values[p] = [around.org_code]
    around.notes.say(
        "V-N-019",
        {"label": form.columns[p].label, "result": around.org_code},
        form=form.code,
        sheet=sheet.sheet,
        row=sheet.row_numbers[0],
        field=form.columns[p].code,
    )
