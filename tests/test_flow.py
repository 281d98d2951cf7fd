"""The whole way for two counties and two months: every step twice, and every number traced."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow.ground import engine, moment
from pipelines.places import places
from pipelines.workbook import REVIEW_SHEET
from samples.identity import id_number
from samples.registry import registry
from samples.spoiled.grids import grids_of, xlsx, zipped
from samples.writing import Book, FilledForm
from tests.acceptance import (
    SPRING,
    Outcome,
    book_bytes,
    explained,
    fund_row,
    hand_in,
    member_row,
    move_row,
    outcome_of,
    outcomes_of,
    process_waiting,
    query,
    returned_path,
    save,
    write_registry,
)
from warehouse import audit
from warehouse.engine import sql
from warehouse.lineage import CellBehind, cells_behind
from warehouse.organisations import ids

CITY, YONGNING, HELAN = "640100Z00001", "640121Z00001", "640122Z00001"
Y = [u.code for u in registry().family("yongning")[:4]]
H = [u.code for u in registry().family("helan")[:4]]
MARCH_Y = dict(zip(Y, (101, 112, 123, 134), strict=True))
MARCH_H = dict(zip(H, (81, 92, 103, 114), strict=True))
MOVED = H[3]
CLOSE_MARCH, CLOSE_APRIL = "2017-04-13T09:00:00", "2017-05-15T09:00:00"
YEAR_END = "2018-03-05T09:00:00"
PERSON = "欧阳砚秋"
IDENTITY = id_number("640121", 4321)
WRONG_IDENTITY = IDENTITY[:-1] + ("1" if IDENTITY[-1] != "1" else "2")


@dataclass
class Story:
    """What was handed in, by a name for each file, and what closing said."""

    folder: Path
    definitions: Definitions
    files: dict[str, Path] = field(default_factory=dict)
    march: dict[str, Any] = field(default_factory=dict)
    april: dict[str, Any] = field(default_factory=dict)
    log: str = ""

    def give(self, name: str, sender: str, at: str, data: bytes, suffix: str = ".xlsx") -> None:
        """Hand in bytes as a file of that name."""
        self.files[name] = save(self.folder / name, f"{name}{suffix}", data)
        hand_in([self.files[name]], sender, at)

    def rows(
        self, name: str, sender: str, at: str, period: str, **rows: list[dict[str, Any]]
    ) -> None:
        """Hand in a workbook of rows by form."""
        forms = {code.replace("_", "-"): given for code, given in rows.items()}
        self.give(name, sender, at, book_bytes(self.definitions, sender, forms, period))

    def outcome(self, name: str) -> Outcome:
        return outcome_of(self.files[name])


def members(counts: dict[str, int], **change: int) -> list[dict[str, Any]]:
    return [member_row(code, count, **change) for code, count in counts.items()]


class _Log(logging.Handler):
    """Everything that any logger says."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage() + str(record.exc_text or ""))


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    """March and April 2017 of 永宁 and 贺兰, with everything that can go wrong in between."""
    log = _Log()
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(log)
    root.setLevel(logging.DEBUG)
    told = Story(module_home.parent / "flow-files", definitions)
    units = write_registry(module_home.parent / "flow-units.yaml", [*Y, *H])
    flow.register_organisations(str(units), SPRING)
    flow.open_period("2017-03", "2017-03-25T09:00:00")
    march_in_time(told)
    march_late(told)
    told.march = flow.close_period("2017-03", CLOSE_MARCH)
    told.rows(
        "after-lock",
        YONGNING,
        "2017-04-14T09:00:00",
        "2017-03",
        ORG_02=members(MARCH_Y | {Y[0]: 150}),
    )
    process_waiting("2017-04-14T09:30:00")
    flow.open_period("2017-04", "2017-04-25T09:00:00")
    april(told)
    told.april = flow.close_period("2017-04", CLOSE_APRIL)
    told.log = "\n".join(log.lines)
    root.removeHandler(log)
    root.setLevel(before)
    yield told


def march_in_time(told: Story) -> None:
    at = "2017-04-05T09:00:00"
    told.rows("yongning", YONGNING, at, "2017-03", ORG_02=members(MARCH_Y))
    told.rows("rival", CITY, at, "2017-03", ORG_02=members({Y[1]: 112}))
    told.rows("stranger", YONGNING, at, "2017-03", FIN_01=[fund_row(H[0], 600_000)])
    day = date(2017, 4, 1)
    told.rows("wrong-parent", CITY, at, "2017-03", ORG_03=[move_row(MOVED, YONGNING, HELAN, day)])
    told.rows(
        "no-parent", CITY, at, "2017-03", ORG_03=[move_row(MOVED, HELAN, "640199Z00009", day)]
    )
    told.give("zip", YONGNING, at, a_zip(told.definitions), ".zip")
    told.rows("people", YONGNING, at, "2017", SKILL_03=people(IDENTITY))
    told.rows("wrong-people", YONGNING, at, "2017", SKILL_03=people(WRONG_IDENTITY))
    process_waiting("2017-04-05T09:30:00")


def a_zip(definitions: Definitions) -> bytes:
    """Good funds of 永宁, and of 贺兰 two workbooks of one name, both with a word for a number."""
    good = book_bytes(
        definitions, YONGNING, {"FIN-01": [fund_row(c, 1_000_000) for c in Y]}, "2017-03"
    )
    bad = members(MARCH_H)
    bad[0]["members_total"] = "约80"
    worse = members(MARCH_H)
    worse[1]["members_total"] = "九十余"
    return zipped(
        {
            "经费/月报.xlsx": good,
            "会员/月报.xlsx": book_bytes(definitions, HELAN, {"ORG-02": bad}, "2017-03"),
            "会员（改）/月报.xlsx": book_bytes(definitions, HELAN, {"ORG-02": worse}, "2017-03"),
        }
    )


def people(identity: str) -> list[dict[str, Any]]:
    return [
        {
            "person_key": "P77", "org_code": Y[0], "name": PERSON, "id_no": identity,
            "cert_no": "NX2017000777", "cert_level": "四级（中级工）",
            "cert_date": date(2017, 2, 6), "route": "职业技能鉴定", "award_due": 0, "award_paid": 0,
        }
    ]  # fmt: skip


def march_late(told: Story) -> None:
    told.rows("late", HELAN, "2017-04-10T09:00:00", "2017-03", ORG_02=members(MARCH_H))
    process_waiting("2017-04-10T09:30:00")
    book = explained(returned_path(told.outcome("late")), "填报人员休假，复核推迟")
    told.files["late-explained"] = told.folder / "late-explained.xlsx"
    book.save(told.files["late-explained"])
    hand_in([told.files["late-explained"]], HELAN, "2017-04-10T15:00:00")
    process_waiting("2017-04-10T15:30:00")


def april(told: Story) -> None:
    at = "2017-05-03T09:00:00"
    day = date(2017, 4, 1)
    told.rows("move", CITY, at, "2017-04", ORG_03=[move_row(MOVED, HELAN, YONGNING, day)])
    process_waiting(at)
    told.rows(
        "yongning-april", YONGNING, at, "2017-04",
        ORG_02=members({**MARCH_Y, MOVED: MARCH_H[MOVED]}),
    )  # fmt: skip
    told.give("two-sheets", HELAN, at, two_sheets(told.definitions, ([H[0], H[1]], [H[2]])))
    told.give("overlap", HELAN, at, two_sheets(told.definitions, ([H[0], H[1]], [H[1], H[2]])))
    process_waiting(at)


def two_sheets(definitions: Definitions, parts: tuple[list[str], list[str]]) -> bytes:
    """One form on two sheets: the rows did not fit on a page."""
    org = registry().org(HELAN)
    filled = [
        FilledForm(definitions.newest("ORG-02"), members({c: MARCH_H[c] for c in part}))
        for part in parts
    ]
    book = Book(HELAN, org.name, Period.parse("2017-04"), date(2017, 5, 3), filled)
    grids = grids_of(book)
    grids[2].name = "续表"
    return xlsx(grids, date(2017, 5, 3))


# --- who may hand in what, and when ---


def test_a_row_that_another_reports_comes_back(story: Story) -> None:
    rival = story.outcome("rival")
    assert (rival.state, rival.places) == ("returned", [("V-O-007", "A3")])
    assert "永宁县总工会" in rival.findings[0].message


def test_nobody_reports_for_a_union_of_another_county(story: Story) -> None:
    stranger = story.outcome("stranger")
    assert (stranger.state, stranger.places) == ("returned", [("V-O-101", "A3")])


def test_a_move_must_start_from_the_registered_parent_and_end_at_a_known_one(story: Story) -> None:
    place = story.definitions.newest("ORG-03").position
    letter = {c: chr(ord("A") + place[c]) for c in ("from_parent", "to_parent")}
    wrong, nowhere = story.outcome("wrong-parent"), story.outcome("no-parent")
    assert (wrong.state, wrong.places) == ("returned", [("V-O-102", f"{letter['from_parent']}3")])
    assert HELAN in wrong.findings[0].message
    assert nowhere.state == "returned"
    assert ("V-O-104", f"{letter['to_parent']}3") in nowhere.places
    assert query("SELECT count(*) FROM organisation_change") == [(1,)]


def test_late_is_to_be_explained_and_counts_once_it_is(story: Story) -> None:
    late, again = story.outcome("late"), story.outcome("late-explained")
    assert (late.state, late.places) == ("explain", [("V-T-002", "")])
    assert (again.state, again.places) == ("accepted", [("V-T-002", "")])
    assert [f.explanation for f in again.findings] == ["填报人员休假，复核推迟"]
    rows = query(
        "SELECT version FROM submission WHERE id IN (:a, :b) ORDER BY id", a=late.id, b=again.id
    )
    assert [r.version for r in rows] == [3, 4]  # two in the zip came before


def test_after_the_lock_nothing_is_taken(story: Story) -> None:
    locked = story.outcome("after-lock")
    assert (locked.state, locked.places) == ("returned", [("V-T-004", "")])
    assert current_members("2017-03")[Y[0]] == MARCH_Y[Y[0]]


def test_one_bad_workbook_in_a_zip_stops_no_other(story: Story) -> None:
    by_member = {o.member: o for o in outcomes_of(story.files["zip"])}
    assert len(by_member) == 3
    assert by_member["经费/月报.xlsx"].state == "accepted"
    assert by_member["会员/月报.xlsx"].places == [("V-C-014", "F3")]
    assert by_member["会员（改）/月报.xlsx"].places == [("V-C-014", "F4")]
    paths = {returned_path(o) for o in by_member.values() if o.state == "returned"}
    assert len(paths) == 2


def current_members(period: str) -> dict[str, float]:
    """Union → members, over the current rows of a month."""
    rows = query(
        """
        SELECT o.code, r.numbers FROM filing f JOIN filing_row r ON r.filing_id = f.id
        JOIN organisation o ON o.id = r.org_id
        WHERE f.form = 'ORG-02' AND f.period = :p AND f.superseded_at IS NULL
        """,
        p=period,
    )
    assert len({r.code for r in rows}) == len(rows)
    return {r.code: float(r.numbers[5]) for r in rows}


def test_a_form_on_two_sheets_counts_whole_and_no_row_twice(story: Story) -> None:
    assert story.outcome("two-sheets").state == "accepted"
    overlap = story.outcome("overlap")
    assert overlap.state == "returned"
    assert {rule for rule, _ in overlap.places} == {"V-S-001"}
    assert current_members("2017-04") == {**MARCH_Y, **MARCH_H}


# --- organisations ---


def figure(code: str, unit: str, period: str, line: int = 1) -> Decimal | None:
    """A figure of the newest computation of a period."""
    rows = query(
        """
        SELECT v.value FROM indicator_value v JOIN organisation o ON o.id = v.org_id
        WHERE v.computation_id = (SELECT max(id) FROM computation WHERE period = :p)
          AND v.indicator = :i AND o.code = :u AND v.period = :p AND v.line = :l
          AND v.basis = 'reported'
        """,
        i=code, u=unit, p=period, l=line,
    )  # fmt: skip
    return rows[0].value if rows else None


def test_a_moved_union_changes_no_total_and_is_asked_by_its_new_parent(story: Story) -> None:
    everyone = sum(MARCH_Y.values()) + sum(MARCH_H.values())
    assert figure("I-ORG-04", CITY, "2017-03") == figure("I-ORG-04", CITY, "2017-04") == everyone
    assert figure("I-ORG-04", HELAN, "2017-03") == sum(MARCH_H.values())
    assert figure("I-ORG-04", HELAN, "2017-04") == sum(MARCH_H.values()) - MARCH_H[MOVED]
    assert figure("I-ORG-04", YONGNING, "2017-04") == sum(MARCH_Y.values()) + MARCH_H[MOVED]
    change = query("SELECT approval, filing_id FROM organisation_change")
    (filing,) = query("SELECT id FROM filing WHERE form = 'ORG-03'")
    assert change == [("银总工〔2017〕9号", filing.id)]


# --- every step may be repeated ---


def counts() -> dict[str, int]:
    """Rows of every table but the log, which says that somebody asked again."""
    tables = query(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT IN "
        "('audit_log', 'alembic_version')"
    )
    return {name: query(f"SELECT count(*) FROM {name}")[0][0] for (name,) in tables}  # noqa: S608


def digest() -> str:
    with engine().connect() as connection:
        return str(connection.execute(text(sql("content_digest"))).one().digest)


def laid_out() -> dict[str, bytes]:
    root = places().root
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for name in ("published", "drafts", "returned", "templates")
        for p in (root / name).rglob("*")
        if p.is_file()
    }


def test_opening_sweeping_and_closing_again_changes_nothing(story: Story) -> None:
    before = (counts(), digest(), laid_out())
    flow.register_organisations(str(story.folder.parent / "flow-units.yaml"), SPRING)
    opened = flow.open_period("2017-03", "2017-03-25T09:00:00")
    assert opened["expected"]["2017-03"] > 0
    flow.open_period("2017-04", "2017-04-25T09:00:00")
    hand_in(story.files.values(), YONGNING, "2017-05-16T09:00:00")
    assert process_waiting("2017-05-16T09:30:00") == {}
    flow.process([i for (i,) in query("SELECT id FROM receipt")], "2017-05-16T09:30:00")
    assert flow.close_period("2017-03", CLOSE_MARCH) == story.march
    assert flow.close_period("2017-04", CLOSE_APRIL) == story.april
    after = (counts(), digest(), laid_out())
    assert after[0] == before[0]
    assert after[1] == before[1]
    assert after[2] == before[2]


@dataclass(frozen=True)
class Year:
    """What assessing the year and drafting its review said."""

    marks: dict[str, Any]
    draft: dict[str, Any]


@pytest.fixture(scope="module")
def year(story: Story) -> Year:
    return Year(flow.assess(2017, YEAR_END), flow.prepare_review(2017, YEAR_END))


def test_assessing_and_drafting_again_changes_nothing(year: Year) -> None:
    before = (counts(), laid_out())
    assert flow.assess(2017, YEAR_END) == year.marks
    assert flow.prepare_review(2017, YEAR_END) == year.draft
    assert counts() == before[0]
    assert laid_out() == before[1]


# --- from a number to its cells ---


def behind(story: Story, indicator: str, unit: str, period: str, at: str) -> list[CellBehind]:
    with engine().begin() as connection:
        return list(
            cells_behind(
                connection, story.definitions, indicator, ids(connection)[unit], 1,
                Period.parse(period), moment(at),
            )
        )  # fmt: skip


def test_the_cells_behind_a_figure_add_up_to_it_and_lie_where_it_was_typed(story: Story) -> None:
    cells = behind(story, "I-ORG-04", HELAN, "2017-03", CLOSE_MARCH)
    assert sum(c.value or 0 for c in cells) == figure("I-ORG-04", HELAN, "2017-03")
    assert {c.org: c.value for c in cells} == MARCH_H
    assert {c.file_name for c in cells} == {"late-explained.xlsx"}
    for cell in cells:
        typed = openpyxl.load_workbook(story.files["late-explained"])[cell.sheet]
        (column,) = cell.columns
        assert typed.cell(cell.row, column).value == cell.value
    april_ = behind(story, "I-ORG-04", HELAN, "2017-04", CLOSE_APRIL)
    assert {(c.org, c.sheet == "续表") for c in april_} == {
        (H[0], False), (H[1], False), (H[2], True)
    }  # fmt: skip


def test_a_cell_of_a_zip_is_named_by_its_path_inside(story: Story) -> None:
    cells = behind(story, "I-FIN-02", YONGNING, "2017-03", CLOSE_MARCH)
    assert {c.file_name for c in cells if c.side == "分子"} == {"zip.zip/经费/月报.xlsx"}


def test_every_printed_number_walks_to_cells(story: Story, year: Year) -> None:
    printed = query(
        """
        SELECT n.*, p.kind, p.cutoff FROM publication_number n
        JOIN publication p ON p.id = n.publication_id
        WHERE n.value IS NOT NULL AND n.basis IN ('本期', '上期') AND n.line = 1
        """
    )
    walked = set()
    for number in printed:
        indicator = story.definitions.indicators[number.indicator]
        # Totals of schemes walk to their score sheets, tasks to their letters.
        if indicator.coverage or indicator.aggregate == "distinct" or indicator.scheme:
            continue
        at = number.cutoff.isoformat()
        cells = behind(story, number.indicator, number.unit, number.period, at)
        side = {
            name: sum((Decimal(c.value or 0) for c in cells if c.side == name), Decimal(0))
            for name in ("分子", "减项", "分母")
        }
        value = (side["分子"] - side["减项"]) * indicator.multiply
        if indicator.denominator:
            value /= side["分母"]
        assert round(value, 10) == round(number.value, 10), number
        walked |= {(number.kind, number.indicator) for c in cells if c.columns}
    monthly = {"I-ORG-04", "I-ORG-09", "I-FIN-02", "I-FIN-03"}
    assert {("R-03 月度通报", i) for i in monthly} <= walked
    assert len([i for kind, i in walked if kind.startswith("R-01")]) >= len(monthly)


# --- what must not leave, what must not change ---


def test_the_audit_chain_is_whole(story: Story) -> None:
    with engine().connect() as connection:
        assert audit.first_broken(connection) is None
    actions = {a for (a,) in query("SELECT DISTINCT action FROM audit_log")}
    assert {"organisations.register", "period.open", "period.close"} <= actions


def test_personal_data_is_nowhere_to_be_read(story: Story, year: Year) -> None:
    accepted, returned = story.outcome("people"), story.outcome("wrong-people")
    assert accepted.state == "accepted"
    assert returned.state == "returned"
    assert ("V-C-006", "D3") in returned.places
    flow.close_period("2017-12", "2018-01-31T18:00:00")
    secrets = (PERSON, IDENTITY, WRONG_IDENTITY, IDENTITY[:-1])
    leaks = [s for s in secrets for line in everything_in_the_warehouse() if s in line]
    assert leaks == []
    assert [s for s in secrets if s in story.log] == []
    review = openpyxl.load_workbook(returned_path(returned))[REVIEW_SHEET]
    said = "".join(str(cell) for row in review.values for cell in row)
    assert "V-C-006" in said
    assert [s for s in secrets if s in said] == []
    published = [p for p in places().published.rglob("*") if p.is_file()]
    assert any("SKILL-03" in p.name for p in published)
    for path in [*published, *(places().root / "drafts").rglob("*.*")]:
        content = readable(path)
        assert [s for s in secrets if s.encode() in content] == [], path


def everything_in_the_warehouse() -> Iterator[str]:
    for name in counts() | {"audit_log": 0}:
        for (line,) in query(f"SELECT t::text FROM {name} t"):  # noqa: S608
            yield line


def readable(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is a zip of XML."""
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(n) for n in archive.namelist())
