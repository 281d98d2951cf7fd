"""Canaries: people who do not exist, filed in every form about persons, and looked for everywhere.

Whatever a form marks as personal carries one; half of the workbooks are broken, so that findings,
marks and returned files had every occasion to repeat them. They may stand in two places: encrypted
in the database and in the stored originals, and in the file that goes back to who sent it.
"""

from __future__ import annotations

import io
import logging
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from definitions import Period, load_definitions
from definitions.catalogue import Definitions
from definitions.model import Column, ColumnKind, ColumnType, Form
from pipelines import flow
from pipelines.flow.ground import engine
from pipelines.places import places
from pipelines.workbook import REVIEW_SHEET
from samples.draw import bank_card
from samples.entries import Row
from samples.generate import generate
from samples.identity import id_number
from samples.registry import organisations, registry
from samples.writing import Book, FilledForm, workbook_bytes
from tests.acceptance import Outcome, hand_in, outcome_of, process_waiting, write_registry
from warehouse.originals import MARK, OriginalDamaged, Originals
from warehouse.personal import conceal, data_key, find_person, mask_name, mask_number, reveal

MONTH = "2019-12"
TOP = "110000Z90001"
SURNAMES = "甪亓仉乜仝"
GIVEN = "翀翊翎翙翮翯翾耄耆耋"


def is_personal(column: Column) -> bool:
    """What may not be read anywhere: whatever is marked, and numbers of persons by their type."""
    return bool(column.personal) or column.type in (ColumnType.IDNO, ColumnType.PHONE)


def forms_about_persons(definitions: Definitions) -> list[Form]:
    newest = [definitions.newest(code) for code in definitions.form_codes]
    return [f for f in newest if any(is_personal(c) for c in f.columns)]


@dataclass
class Aviary:
    """Hands out canaries and remembers them all."""

    sound: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def one(self, column: Column) -> str:
        number = len(self.sound) + len(self.broken)
        match column.type:
            case ColumnType.IDNO:
                value = id_number("659009", 5_000_000 + number)
            case ColumnType.PHONE:
                value = f"1930777{number:04d}"
            case _ if column.personal == "name":
                value = SURNAMES[number // 100 % 5] + GIVEN[number // 10 % 10] + GIVEN[number % 10]
            case _:
                value = bank_card(777_000_000 + number)
        self.sound.append(value)
        return value

    def spoiled(self, column: Column) -> Any:
        """A canary that no column would accept, or that nobody would look at twice."""
        value = self.sound[-1] if self.one(column) else ""
        self.sound.pop()
        if column.type is ColumnType.IDNO:
            value = value[:17] + ("1" if value[17] != "1" else "2")
        elif column.personal == "name":
            value = f"{value}8 {value[0]}"
        else:
            value = value[:-1] + str((int(value[-1]) + 1) % 10)
        self.broken.append(value)
        return value


@dataclass(frozen=True)
class Flown:
    """The whole flow with canaries in it, and what came of it."""

    home: Path
    aviary: Aviary
    sound: dict[str, Outcome]
    broken: dict[str, Outcome]
    texts: dict[str, str]
    """What was said on the way, by whom: logs, results of tasks."""


@pytest.fixture(scope="module")
def flown(module_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flown]:
    definitions = load_definitions()
    outside = tmp_path_factory.mktemp("outside")
    temporary = outside / "tmp"
    temporary.mkdir()
    wanted = [u.code for u in registry().family("yongning")[:2]]
    wanted += ["640300G00001", "640105J00001", "640200C00001"]
    path = write_registry(outside / "units.yaml", wanted)
    codes = set(re.findall(r"code: (\S+)", path.read_text(encoding="utf-8")))
    federation = [o for o in organisations() if o.code in codes]
    forms = forms_about_persons(definitions)
    rows = generate(definitions, federation, [MONTH], 5, [f.code for f in forms]).tables
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger("matplotlib").setLevel(logging.WARNING)  # thousands of lines about fonts
    aviary, said = Aviary(), []
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(temporary))
            patch.setattr(tempfile, "tempdir", str(temporary))
            said.append(flow.register_organisations(str(path), "2015-12-20T09:00:00"))
            files: dict[tuple[str, bool], Path] = {}
            for form in forms:
                period = Period.parse(MONTH).within(form.period)
                own = rows[form.code, period.label]
                for spoil in (True, False):
                    data = canary_book(definitions, form, period, own, aviary, spoil=spoil)
                    target = outside / f"{form.code}-{'坏' if spoil else '好'}.xlsx"
                    target.write_bytes(data)
                    files[form.code, spoil] = target
            hand_in([p for (_, spoil), p in files.items() if spoil], TOP, "2020-01-02T09:00:00")
            said.append(process_waiting("2020-01-02T09:30:00"))
            hand_in([p for (_, spoil), p in files.items() if not spoil], TOP, "2020-01-02T10:00:00")
            said.append(process_waiting("2020-01-02T10:30:00"))
            outcomes = {key: outcome_of(p) for key, p in files.items()}
            # opened only now: the year's letters would have been locked long ago
            said.append(flow.open_period(MONTH, "2020-01-03T09:00:00"))
            said.append(flow.close_period(MONTH, "2020-01-28T09:00:00"))
            # next month's templates carry over what was reported
            said.append(flow.open_period("2020-01", "2020-01-28T10:00:00"))
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(level)
    yield Flown(
        home=module_home,
        aviary=aviary,
        sound={code: o for (code, spoil), o in outcomes.items() if not spoil},
        broken={code: o for (code, spoil), o in outcomes.items() if spoil},
        texts={"logs": log.getvalue(), "results of tasks": repr(said)}
        | {
            f"temporary file {p.name}": p.read_bytes().decode("utf-8", "replace")
            for p in temporary.rglob("*")
            if p.is_file()
        },
    )


def canary_book(
    definitions: Definitions, form: Form, period: Period, rows: list[Row], aviary: Aviary,
    *, spoil: bool,
) -> bytes:  # fmt: skip
    """The rows with canaries; spoiled, in the first row of each, and a text that gives one away."""
    filled = []
    for number, row in enumerate(rows[:12]):
        changed = dict(row)
        for column in form.columns:
            if is_personal(column) and (row[column.code] is not None or number == 0):
                first = spoil and number == 0
                changed[column.code] = aviary.spoiled(column) if first else aviary.one(column)
            free = column.type is ColumnType.TEXT or column.kind is ColumnKind.TEXT
            if free and spoil:
                changed[column.code] = f"见{aviary.one(an_id())}来信"
        if spoil and number == 0:
            required = [c for c in form.columns if c.required and not is_personal(c)]
            changed[next(c.code for c in required if c.code not in form.keys)] = None
        filled.append(changed)
    org = next(o for o in organisations() if o.code == TOP)
    book = Book(org.code, org.name, period, date(2019, 12, 29), [FilledForm(form, filled)])
    return workbook_bytes(book, "plain", definitions)


def an_id() -> Column:
    return Column(code="id", label="号", type=ColumnType.IDNO, kind=ColumnKind.KEY)


def canaries_in(text: str, flown: Flown) -> list[str]:
    return [c for c in (*flown.aviary.sound, *flown.aviary.broken) if c in text]


def inside(data: bytes) -> str:
    """Everything readable in a file: its bytes, and the parts of a zip."""
    text = data.decode("utf-8", "replace")
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            text += "".join(archive.read(n).decode("utf-8", "replace") for n in archive.namelist())
    return text


def test_every_form_about_persons_was_really_filed(flown: Flown) -> None:
    assert len(flown.sound) >= 12
    assert {code: o.places for code, o in flown.sound.items() if o.state == "returned"} == {}
    assert {o.state for o in flown.broken.values()} == {"returned"}
    # encrypted, each is found again where it was filed
    key = data_key()
    with engine().connect() as connection:
        filed = {t.form for c in flown.aviary.sound for t in find_person(connection, c, key)}
        (some, *_) = [c for c in flown.aviary.sound if find_person(connection, c, key)]
    accepted = {code for code, o in flown.sound.items() if o.state == "accepted"}
    assert filed == accepted
    assert len(accepted) >= 9
    assert reveal(conceal(some, key), key) == some


def test_no_table_of_the_database_has_one_in_clear(flown: Flown) -> None:
    with engine().connect() as connection:
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor:
            cursor.execute(
                "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'm') AND n.nspname = 'public'"
            )
            tables = [name for (name,) in cursor.fetchall()]
            assert len(tables) > 20
            dumped = {}
            for table in tables:
                with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                    dumped[table] = b"".join(copy).decode("utf-8")
    assert sum(map(len, dumped.values())) > 50_000
    assert {t: found for t, text in dumped.items() if (found := canaries_in(text, flown))} == {}


def test_findings_logs_results_and_temporary_files_name_nobody(flown: Flown) -> None:
    assert any(o.findings for o in flown.broken.values())
    assert len(flown.texts["logs"]) > 0
    assert {
        w: found for w, text in flown.texts.items() if (found := canaries_in(text, flown))
    } == {}


def test_files_of_the_installation_name_nobody_but_what_goes_back_to_its_sender(
    flown: Flown,
) -> None:
    """Originals, templates, published files, and whatever else lies below the home directory."""
    files = [p for p in flown.home.rglob("*") if p.is_file()]
    own = [p for p in files if places().returned in p.parents]
    others = [p for p in files if p not in own]
    assert {"originals", "published", "templates"} <= {
        p.relative_to(flown.home).parts[0] for p in others
    }
    found = {str(p): names for p in others if (names := canaries_in(inside(p.read_bytes()), flown))}
    assert found == {}
    # the sender's own workbook does say what the sender wrote, and is the sender's alone to read
    assert any(canaries_in(inside(p.read_bytes()), flown) for p in own)
    assert {p.stat().st_mode & 0o077 for p in own} == {0}
    assert {p.parent.stat().st_mode & 0o077 for p in own} == {0}


def test_what_we_add_to_a_returned_workbook_names_nobody(flown: Flown) -> None:
    """The list of findings, and the comments in the cells."""
    workbooks = [p for p in places().returned.rglob("*.xlsx")]
    assert len(workbooks) >= len(flown.broken)
    for path in workbooks:
        book = openpyxl.load_workbook(path)
        review = " ".join(str(v) for line in book[REVIEW_SHEET].values for v in line if v)
        notes = " ".join(
            cell.comment.text
            for sheet in book.worksheets
            for line in sheet.iter_rows()
            for cell in line
            if cell.comment
        )
        assert len(review) > 50
        assert canaries_in(review + notes, flown) == [], path.name


def test_originals_are_encrypted_and_read_again_only_with_the_key(flown: Flown) -> None:
    kept = places().originals
    files = [p for p in kept.folder.rglob("*") if p.is_file()]
    assert {p.read_bytes()[: len(MARK)] for p in files} == {MARK}
    assert {p.stat().st_mode & 0o777 for p in files} == {0o400}
    outcome = next(iter(flown.broken.values()))
    assert canaries_in(inside(kept.get(str(outcome.returned_file))), flown)
    with pytest.raises(OriginalDamaged):
        Originals(kept.folder, b"another key".ljust(64)).get(str(outcome.returned_file))


def test_two_originals_cannot_be_exchanged(tmp_path: Path) -> None:
    originals = Originals(tmp_path, b"k" * 64)
    one, two = originals.put_many([b"one", b"two"])
    originals.path(one).unlink()
    originals.path(two).rename(originals.path(one).parent / originals.path(one).name)
    with pytest.raises(OriginalDamaged):
        originals.get(one)


def test_a_file_kept_before_encryption_is_still_read(tmp_path: Path) -> None:
    originals = Originals(tmp_path, b"k" * 64)
    sha256 = originals.put(b"one")
    originals.path(sha256).chmod(0o600)
    originals.path(sha256).write_bytes(b"one")
    assert originals.get(sha256) == b"one"


def test_names_and_numbers_are_masked_for_those_outside_the_unit() -> None:
    assert mask_name("王小明") == "王＊＊"
    assert mask_name("") == ""
    assert mask_number("64010519491231002X") == "＊" * 14 + "002X"
    assert mask_number("1234567") == "＊" * 7
