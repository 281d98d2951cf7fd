"""The whole way in tests: a small registry, files handed in, what the warehouse says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import yaml
from openpyxl.workbook import Workbook
from sqlalchemy import text

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow.collecting import waiting_chunks
from pipelines.flow.ground import engine
from pipelines.places import places
from pipelines.verdict.review_sheet import HEADERS
from pipelines.workbook import MARK_AUTHOR, REVIEW_SHEET
from samples.registry import organisations, registry
from samples.writing import Book, FilledForm, Habit, workbook_bytes

SPRING = "2015-12-20T09:00:00"
CELL, RULE, SHEET, TEXT, GRAVITY = (
    HEADERS.index(h) for h in ("单元格", "规则", "工作表", "说明", "等级")
)


def write_registry(path: Path, codes: Collection[str]) -> Path:
    """The sample's registry of some organisations and everyone above them."""
    everyone = {o.code: o for o in organisations()}
    wanted: set[str] = set()
    todo = list(codes)
    while todo:
        code = todo.pop()
        if code not in wanted:
            wanted.add(code)
            todo += [p.parent for p in everyone[code].parents]
    data = [
        o.model_dump(mode="json", exclude_defaults=True)
        for o in everyone.values()
        if o.code in wanted
    ]
    path.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def save(folder: Path, name: str, data: bytes) -> Path:
    """A file in a folder that is made for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


def process_waiting(at: str) -> dict[str, int]:
    """Process every receipt that waits; counts of accepted, explain, returned."""
    counts: dict[str, int] = {}
    for chunk in waiting_chunks():
        for state, count in flow.process(chunk, at).items():
            counts[state] = counts.get(state, 0) + count
    return counts


@dataclass(frozen=True)
class Outcome:
    """What became of one document; findings as rows of the finding table."""

    id: int
    receipt: int
    member: str
    state: str
    returned_file: str | None
    findings: tuple[Any, ...]

    @property
    def places(self) -> list[tuple[str, str]]:
        """(rule, cell) of every finding, sorted."""
        return sorted((f.rule, f.cell) for f in self.findings)


def query(sentence: str, **values: Any) -> list[Any]:
    """Rows of a query on the warehouse."""
    with engine().connect() as connection:
        return list(connection.execute(text(sentence), values))


def outcomes_of(path: Path) -> list[Outcome]:
    """What became of a file handed in from a path: one outcome per document, by name.

    The same bytes received before share the outcome of then.
    """
    rows = query(
        """
        SELECT s.id, r.id AS receipt, s.member, s.state, s.returned_file
        FROM receipt r JOIN submission s ON s.receipt_id = coalesce(r.duplicate_of, r.id)
        WHERE r.source LIKE :source ORDER BY s.member
        """,
        source=f"{path.resolve()}@%",
    )
    return [
        Outcome(
            row.id, row.receipt, row.member, row.state, row.returned_file,
            tuple(query("SELECT * FROM finding WHERE submission_id = :i ORDER BY id", i=row.id)),
        )
        for row in rows
    ]  # fmt: skip


def outcome_of(path: Path) -> Outcome:
    """What became of a file with one document."""
    (outcome,) = outcomes_of(path)
    return outcome


def returned_path(outcome: Outcome) -> Path:
    """Where the marked workbook of an outcome lies for collection."""
    found = [
        p
        for p in places().returned.rglob(f"{outcome.receipt:06d}-*.xlsx")
        if places().originals.get(outcome.returned_file or "") == p.read_bytes()
    ]
    (path,) = found
    return path


def returned_book(outcome: Outcome) -> Workbook:
    """The marked workbook of an outcome, opened."""
    return openpyxl.load_workbook(returned_path(outcome))


def marked_cells(book: Workbook) -> set[tuple[str, str]]:
    """(sheet, cell) of every cell that carries a comment of ours."""
    return {
        (sheet.title, cell.coordinate)
        for sheet in book.worksheets
        if sheet.title != REVIEW_SHEET
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None and cell.comment.author == MARK_AUTHOR
    }


def review_rows(book: Workbook) -> list[tuple[Any, ...]]:
    """The lines of the review sheet below its header, as tuples in the order of HEADERS."""
    inside, found = False, []
    for row in book[REVIEW_SHEET].iter_rows(values_only=True):
        cells = tuple("" if v is None else v for v in row[: len(HEADERS)])
        if cells == HEADERS:
            inside = True
        elif inside and cells[RULE]:
            found.append(cells)
    return found


def explained(path: Path, words: str) -> Workbook:
    """A returned workbook with the same words typed beside every 须说明."""
    book = openpyxl.load_workbook(path)
    for row in book[REVIEW_SHEET].iter_rows():
        if len(row) > TEXT and row[GRAVITY].value == "须说明":
            row[TEXT].value = words
    return book


def hand_in(paths: Iterable[Path], sender: str, at: str, period: str | None = None) -> None:
    """Hand files in without processing them."""
    flow.hand_in([str(p) for p in paths], sender, at, period)


def book_bytes(
    definitions: Definitions,
    sender: str,
    rows: dict[str, list[dict[str, Any]]],
    period: str,
    habit: Habit = "plain",
) -> bytes:
    """A workbook of a sender: cover, and a sheet per form with title, header, rows from row 3."""
    org = registry().org(sender)
    filled = [FilledForm(definitions.newest(form), given) for form, given in rows.items()]
    book = Book(org.code, org.name, Period.parse(period), date(2017, 4, 5), filled)
    return workbook_bytes(book, habit, definitions)


def member_row(code: str, members: int, new: int = 0, lost: int = 0) -> dict[str, Any]:
    """A row of ORG-02 of a union with fewer than two hundred workers."""
    return {
        "org_code": code, "workers_total": members + 20, "workers_f": 52, "workers_migrant": 30,
        "workers_dispatch": 0, "members_total": members, "members_f": 45, "members_migrant": 30,
        "members_dispatch": 0, "members_newform": 0, "new_unions": 0, "new_unions_100": 0,
        "new_members": new, "lost_members": lost, "realname_members": members,
        "covered_units": 1, "groups": 5, "fulltime_cadres": 0, "parttime_cadres": 3,
        "social_workers": 0,
    }  # fmt: skip


def fund_row(code: str, payroll: int) -> dict[str, Any]:
    """A row of FIN-01 for March: two hundredths of the wages, six tenths of them kept."""
    due = payroll // 50
    return {
        "org_code": code, "payroll": payroll, "due": due, "paid": due, "paid_route": "税务代收",
        "retained": due * 6 // 10, "remitted": due * 4 // 10, "arrears": 0, "cum_due": due * 3,
        "cum_paid": due * 3, "prep_fund": 0,
    }  # fmt: skip


def move_row(code: str, old: str, new: str, day: date, seq: int = 1) -> dict[str, Any]:
    """A row of ORG-03: a union goes from one territorial parent to another."""
    return {
        "seq": seq, "org_code": code, "change_type": "划转", "line": "块", "from_parent": old,
        "to_parent": new, "effective_date": day, "approval_doc": "银总工〔2017〕9号",
        "members_at_change": 120, "workers_at_change": 140, "funds_settled": True,
    }  # fmt: skip
