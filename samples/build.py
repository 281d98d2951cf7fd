"""Build the hand-ins of the sample years: who sends which workbook, when, and what comes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal

from definitions.catalogue import Definitions
from definitions.periods import Period, PeriodKind
from expectations.findings import show
from pipelines.templates.form_sheet import sheet_name
from samples import (
    funds,
    homes,
    innovation,
    irregular,
    membership,
    ratings,
    relief,
    rights,
    skills,
    targets,
)
from samples.entries import FIRST_YEAR, LAST_YEAR, Entry, Row, month, months_of
from samples.registry import registry, write_organisations
from samples.spread import mix
from samples.writing import Book, FilledForm, Habit, Told, file_suffix, workbook_bytes

Outcome = Literal["accepted", "explain", "returned", "duplicate"]
Kind = Literal[
    "monthly", "yearly", "transfer", "campaign", "letter", "self-report", "rating", "roster",
    "assessors",
]  # fmt: skip
CHINA = timezone(timedelta(hours=8))
REVIEWED = 2017
ORGANISATIONS = "organisations.yaml"

KINDS: dict[str, Kind] = {
    "WARM-01": "campaign",
    "TGT-01": "letter",
    "TGT-02": "self-report",
    "EVAL-01": "rating",
    "HOME-02": "rating",
    "SKILL-03": "roster",
    "EVAL-02": "assessors",
}
NAMES: dict[Kind, str] = {
    "monthly": "{org}{period}报表",
    "yearly": "{org}{period}年报",
    "transfer": "{org}组织关系划转变动表",
    "campaign": "{org}{period}两节送温暖情况表",
    "letter": "{org}{period}目标责任书",
    "self-report": "{org}{period}目标完成自评表",
    "rating": "{org}{period}会员评价与评家汇总",
    "roster": "{org}{period}技能晋级名册",
    "assessors": "{org}{period}考评组评分",
}
# Offices whose workbooks look different; everyone else uses plain ones with a cover.
HABITS: dict[str, Habit] = {
    "640221Z00001": "et",
    "640205Z00001": "old",
    "640104Z00001": "old",
    "110107G00001": "template",
    "640300G00001": "template",
}
CHANNELS = ("portal", "folder", "mail", "sftp")
MONTHLY_ROWS = ("ORG-02", "FIN-01", "AID-02", "RIGHT-02", "INNO-01")
LEAST_FULLTIME = 200


@dataclass(frozen=True)
class HandIn:
    """One file handed in: `at` in China's time; `month` names the folder, `period` the cover."""

    path: Path
    sender: str
    channel: str
    at: datetime
    expected_outcome: Outcome
    month: str
    period: str
    why: str = ""


@dataclass(frozen=True)
class _Package:
    kind: Kind
    folder: Period
    period: Period
    sender: str


def build(
    out_dir: Path, definitions: Definitions, months: Collection[str] | None = None
) -> list[HandIn]:
    """Write the workbooks of the months (``2017-03``; None means all) and the registry file.

    Folders are the months in which a file is handled: data months for monthly, quarterly and
    yearly forms, 2017-01 for letters, 2017-02 for the two festivals, 2018-02 for assessors' marks,
    2018-12 for the star homes and studios of 2018. The hand-ins come in order of arrival; equal
    arguments give equal bytes.
    """
    write_organisations(out_dir / ORGANISATIONS)
    found: list[HandIn] = []
    for package, entries in _packages(definitions).items():
        if months is None or package.folder.label in months:
            found += _hand_ins(out_dir, definitions, package, entries)
    return sorted(found, key=lambda h: (h.at, h.path.as_posix()))


# --- rows into packages ---


@cache
def rows() -> tuple[Entry, ...]:
    """Every row of the sample except the register (ORG-01) and the assessors' marks."""
    sources = (
        membership.org_02, membership.foundings, membership.transfers, funds.fin_01,
        skills.skill_01, skills.skill_02, skills.skill_03, skills.skill_04,
        relief.aid_02, relief.warm_01, homes.home_01, homes.home_02,
        innovation.inno_01, innovation.inno_02, innovation.honor_01,
        rights.right_01, rights.right_02, rights.demo_02, rights.demo_03, ratings.eval_01,
    )  # fmt: skip
    entries = [entry for source in sources for entry in source()]
    totals = targets.Totals(entries)
    letters = targets.tasks(totals)
    return (*entries, *targets.tgt_01(letters), *targets.tgt_02(letters, totals))


def _packages(definitions: Definitions) -> dict[_Package, list[Entry]]:
    packages: dict[_Package, list[Entry]] = defaultdict(list)
    absent = irregular.missing_rows()
    for entry in (*rows(), *ratings.eval_02(definitions)):
        package = _package(entry)
        union = registry().union.get(entry.owner)
        if union and entry.form in MONTHLY_ROWS:
            gone = absent.get((union.family.id, union.index), {})
            if package.folder.label in gone:
                continue
        packages[package].append(entry)
    for at in months_of((FIRST_YEAR, LAST_YEAR)):
        wanted = _registering(at)
        if wanted:
            for entry in membership.register(at):
                sender = registry().sender(entry.owner, at.end)
                if sender in wanted:
                    packages[_Package("monthly", at, at, sender)].append(entry)
    return packages


def _registering(at: Period) -> set[str]:
    """Who sends the register with a month's workbook: all at the ends, else where unions came."""
    known = registry()
    everyone = {known.sender(u.code, at.end) for u in known.unions if u.org.found <= at.end}
    if at in (month(2016, 1), month(2016, 12), month(2017, 12)):
        own = {o.code for o in known.named if o.type in targets.LETTER_TYPES + ("市总工会",)}
        below_cities = {c for c in own if known.org(c).level in ("市级", "区县级")}
        return everyone | {c for c in below_cities if known.org(c).found <= at.end}
    return {
        known.sender(u.code, at.end)
        for u in known.unions
        if u.is_new and at.start <= u.org.found <= at.end
    }


def _package(entry: Entry) -> _Package:
    kind = KINDS.get(entry.form, "monthly")
    at = entry.period
    if entry.form == "ORG-03" and entry.row["change_type"] == "划转":
        kind = "transfer"
    elif at.year > LAST_YEAR and kind == "monthly":
        kind = "yearly"
    folder = {
        "campaign": month(at.year, 2),
        "letter": month(at.year, 1),
        "assessors": month(at.year + 1, 2),
    }.get(kind, at.months()[-1])
    period = folder if kind == "monthly" else at
    # Whoever is the parent on the day of handing in sends; transfers come into force in July.
    day = folder.end if kind in ("campaign", "letter") else at.end
    return _Package(kind, folder, period, registry().sender(entry.owner, day))


# --- packages into files ---


def _hand_ins(
    out_dir: Path, definitions: Definitions, package: _Package, entries: list[Entry]
) -> Iterator[HandIn]:
    org = registry().org(package.sender)
    habit = HABITS.get(package.sender, "plain")
    arrival = _arrival(definitions, package, entries)
    book = Book(
        org_code=org.code,
        org_name=org.name,
        period=package.period,
        filled_on=arrival.date(),
        forms=_filled(definitions, entries),
    )
    stem = NAMES[package.kind].format(org=org.name, period=package.period.chinese)
    folder = out_dir / package.folder.label

    def hand_in(
        made: Book, at: datetime, outcome: Outcome, suffix: str = "", why: str = ""
    ) -> HandIn:
        folder.mkdir(parents=True, exist_ok=True)
        # Explanations are typed into the workbook that came back, and that is an .xlsx.
        kept: Habit = "plain" if made.told and habit == "et" else habit
        path = folder / f"{stem}{suffix}{file_suffix(kept)}"
        path.write_bytes(workbook_bytes(made, kept, definitions))
        return HandIn(
            path=path,
            sender=org.code,
            channel=CHANNELS[mix("channel", org.code) % len(CHANNELS)],
            at=at,
            expected_outcome=outcome,
            month=package.folder.label,
            period=package.period.label,
            why=why,
        )

    if package.kind != "monthly":
        yield hand_in(book, arrival, "accepted")
        return
    wrong = _wrong_first(book, package)
    if wrong:
        spoiled, why = wrong
        yield hand_in(spoiled, arrival - timedelta(days=1), "returned", "（初报）", why)
        yield hand_in(book, arrival, "accepted", "（更正）")
        return
    asked = _to_explain(book, package)
    if asked:
        true_book, told = asked
        yield hand_in(true_book, arrival - timedelta(days=1), "explain", "", told[0].text)
        yield hand_in(replace(true_book, told=told), arrival, "accepted", "（附说明）")
        return
    late = irregular.late_by(package.sender, package.folder)
    if late:
        yield hand_in(book, arrival, "explain", "", late.why)
        told = _late_explanations(definitions, book, arrival.date(), late.why)
        again = arrival + timedelta(hours=2)
        yield hand_in(replace(book, told=told), again, "accepted", "（附说明）")
        return
    yield hand_in(book, arrival, "accepted")
    if (package.sender, package.folder.label) == TWICE:
        again = arrival + timedelta(minutes=20)
        yield hand_in(book, again, "duplicate", "（重发）", "邮件发出后没有回音，又发了一遍")


TWICE = ("640121Z00001", "2017-02")


def _filled(definitions: Definitions, entries: Iterable[Entry]) -> list[FilledForm]:
    """One sheet per form, in the order of the key works; rows as they came."""
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.form].append(entry)
    order = {code: i for i, code in enumerate(definitions.form_codes)}
    return [
        FilledForm(definitions.form(code, found[code][0].period), [e.row for e in found[code]])
        for code in sorted(found, key=lambda c: order[c])
    ]


def _arrival(definitions: Definitions, package: _Package, entries: list[Entry]) -> datetime:
    """A working hour on one of the days before the first due day, or after it for the late."""
    due = (
        min(
            definitions.calendar.deadlines(form.due, entry.period).due
            for entry in {e.form: e for e in entries if e.form != "ORG-01"}.values()
            for form in (definitions.form(entry.form, entry.period),)
        )
        if any(e.form != "ORG-01" for e in entries)
        else package.folder.end + timedelta(days=3)
    )
    if package.kind == "transfer":
        # Changes are reported within five working days, before the month's roster is frozen.
        due = date(2017, 7, 6)
    n = mix("arrives", package.sender, package.folder, package.kind)
    late = irregular.late_by(package.sender, package.folder) if package.kind == "monthly" else None
    # Two days for the year under review; the year before is history and came on the due day.
    days = 2 if package.folder.year >= REVIEWED else 1
    day = definitions.calendar.add(due, late.workdays) if late else due - timedelta(days=n % days)
    if package.kind == "monthly":
        day = max(day, package.folder.end + timedelta(days=1))
    if not definitions.calendar.is_workday(day):
        day = due
    return datetime.combine(day, time(9 + n // 3 % 8, n // 24 % 60), CHINA)


# --- irregularities ---


def _wrong_first(book: Book, package: _Package) -> tuple[Book, str] | None:
    for each in irregular.WRONG_FIRST:
        if (each.sender, each.month) == (package.sender, package.folder.label):
            return _with_row(book, each.form, each.row, each.changes), each.why
    return None


def _to_explain(book: Book, package: _Package) -> tuple[Book, list[Told]] | None:
    """The true but questionable figure, and the explanation with the address of its cell."""
    for each in irregular.TO_EXPLAIN:
        if (each.sender, each.month) != (package.sender, package.folder.label):
            continue
        filled = next(f for f in book.forms if f.form.code == each.form)
        index = _row_for(filled, each.rule, each.row)
        made = _with_row(book, each.form, index, each.changes)
        # Plain workbooks: title, header, then the rows.
        letter = _letters(filled.form.position[each.column])
        row = next(f for f in made.forms if f.form.code == each.form).rows[index]
        shown = show(row[each.column])
        cell = f"{letter}{index + 3}"
        told = [Told(each.rule, sheet_name(filled.form), cell, each.text, shown)]
        return made, told
    return None


def _row_for(filled: FilledForm, rule: str, place: int) -> int:
    """The place-th row that the rule can ask about."""
    large = [
        i
        for i, row in enumerate(filled.rows)
        if rule != "V-R-007" or row["workers_total"] >= LEAST_FULLTIME
    ]
    return large[place]


def _with_row(book: Book, form: str, index: int, changes: Row) -> Book:
    forms = []
    for filled in book.forms:
        rows_ = list(filled.rows)
        if filled.form.code == form:
            rows_[index] = _changed(rows_[index], changes)
        forms.append(FilledForm(filled.form, rows_))
    return replace(book, forms=forms)


def _changed(row: Row, changes: Row) -> Row:
    share = changes.get("retained_share")
    if share is not None:
        retained = round(row["paid"] * share / 100, 2)
        return row | {"retained": retained, "remitted": round(row["paid"] - retained, 2)}
    return row | changes


def _letters(place: int) -> str:
    return chr(ord("A") + place)


def _late_explanations(definitions: Definitions, book: Book, day: date, why: str) -> list[Told]:
    """One line per sheet that came after its due day."""
    told = []
    for filled in book.forms:
        period = book.period.within(filled.form.period)
        if period.kind in (PeriodKind.MONTH, PeriodKind.QUARTER):
            due = definitions.calendar.deadlines(filled.form.due, period).due
            if day > due:
                told.append(Told("V-T-002", sheet_name(filled.form), "", why))
    return told
