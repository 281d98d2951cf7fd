"""The calendar: every kind of period, both sides of every window, and what nobody may guess."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from definitions import load_definitions
from definitions.calendars import CalendarUnknown, Deadlines, State, WorkingDays, period_on
from definitions.catalogue import Definitions
from definitions.model import CalendarYear, Due
from definitions.periods import Period, PeriodKind, closing_periods
from pipelines.read import parse_period, period_for
from tests.statistical import CODE, SURVEY

DAY = timedelta(days=1)


def p(label: str) -> Period:
    return Period.parse(label)


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    """The checkout's definitions and a form that declares the statistical year."""
    path = tmp_path_factory.mktemp("forms") / f"{CODE}.yaml"
    path.write_text(SURVEY, encoding="utf-8")
    return load_definitions(extra=[path])


# --- periods ---


@pytest.mark.parametrize(
    ("label", "start", "end", "previous", "following", "last_year", "chinese"),
    [
        ("2018S", "2017-10-01", "2018-09-30", "2017S", "2019S", "2017S", "2018统计年度"),
        ("2017-12", "2017-12-01", "2017-12-31", "2017-11", "2018-01", "2016-12", "2017年12月"),
        ("2017Q4", "2017-10-01", "2017-12-31", "2017Q3", "2018Q1", "2016Q4", "2017年第四季度"),
        ("2017H1", "2017-01-01", "2017-06-30", "2016H2", "2017H2", "2016H1", "2017年上半年"),
        ("2017", "2017-01-01", "2017-12-31", "2016", "2018", "2016", "2017年度"),
    ],
)  # fmt: skip
def test_every_kind_of_period_knows_its_days_and_neighbours(
    label: str, start: str, end: str, previous: str, following: str, last_year: str, chinese: str
) -> None:
    period = p(label)
    assert (period.start, period.end) == (d(start), d(end))
    assert (period.previous().label, period.next().label) == (previous, following)
    assert (period.last_year().label, period.label, period.chinese) == (last_year, label, chinese)
    assert period.months()[0].start == period.start
    assert period.months()[-1].end == period.end
    assert len(period.months()) == period.span
    assert period.previous().end + DAY == period.start


@pytest.mark.parametrize("label", [f"{y}-{m:02d}" for y in (2017, 2018) for m in range(1, 13)])
@pytest.mark.parametrize("kind", list(PeriodKind))
def test_a_month_lies_in_exactly_one_period_of_every_kind(label: str, kind: PeriodKind) -> None:
    month = p(label)
    inside = month.within(kind)
    assert inside.contains(month)
    assert not inside.previous().contains(month)
    assert not inside.next().contains(month)
    assert inside.within(PeriodKind.MONTH) == inside.months()[-1]


@pytest.mark.parametrize(
    ("label", "first", "found"),
    [
        ("2017-03", "2017-01-31", ["2017-03", "2017-02", "2017-01"]),
        ("2017-03", "2017-02-01", ["2017-03", "2017-02"]),
        ("2017Q1", "2016-10-01", ["2017Q1", "2016Q4"]),
        ("2017S", "2016-01-01", ["2017S", "2016S"]),
        ("2017", "2020-01-01", ["2017"]),
    ],
)
def test_looking_back_to_a_day_takes_every_period_that_ends_on_it_or_later(
    label: str, first: str, found: list[str]
) -> None:
    assert [x.label for x in p(label).back_to(d(first))] == found


def test_september_closes_the_statistical_year_where_a_form_declares_it(known: Definitions) -> None:
    september = p("2018-09")
    assert [x.label for x in closing_periods(september, known.period_kinds)] == [
        "2018-09", "2018Q3", "2018S",
    ]  # fmt: skip
    assert [x.label for x in closing_periods(september)] == ["2018-09", "2018Q3"]
    assert PeriodKind.STATISTICAL not in load_definitions().period_kinds


@pytest.mark.parametrize(
    "written",
    ["2018统计年度", "2018年统计年度", "2018S", "2017年10月-2018年9月", "2017年10月至2018年9月"],
)
def test_a_statistical_year_as_people_write_it(written: str) -> None:
    assert parse_period(written) == p("2018S")


@pytest.mark.parametrize("written", ["2017年9月-2018年9月", "2017年10月-2018年10月"])
def test_an_odd_range_is_no_statistical_year(written: str) -> None:
    assert parse_period(written) is None


@pytest.mark.parametrize(
    ("cover", "own"),
    [("2018S", "2018S"), ("2018-09", "2018S"), ("2018-10", "2019S"), ("2018", "2018S"),
     ("2018Q3", "2018S"), ("2018Q4", "2019S")],
)  # fmt: skip
def test_a_form_of_the_statistical_year_finds_its_period(
    known: Definitions, cover: str, own: str
) -> None:
    assert period_for(known.newest(CODE), p(cover)) == p(own)


def test_a_statistical_year_on_the_cover_names_no_month_and_no_calendar_year(
    known: Definitions,
) -> None:
    assert period_for(known.newest("ORG-02"), p("2018S")) is None
    assert period_for(known.newest("INNO-02"), p("2018S")) is None


# --- deadlines ---


@pytest.mark.parametrize(
    ("kind", "due", "label", "days"),
    [
        # a Saturday worked for the National Day week of 2017: 9-30; the week ends with 10-08
        ("month", {"day": 5}, "2017-09", ("2017-10-09", "2017-10-09", "2017-10-12")),
        # 2018-02-11 (Sunday) and 02-24 (Saturday) are worked for the Spring Festival
        ("month", {"day": 11, "check_day": 15, "lock_day": 24}, "2018-01",
         ("2018-02-11", "2018-02-22", "2018-02-24")),
        # Saturday 2018-02-10 is an ordinary one: on to the worked Sunday
        ("month", {"day": 10, "check_day": 10, "lock_day": 12}, "2018-01",
         ("2018-02-11", "2018-02-11", "2018-02-12")),
        # the 31st of a month that has 30 days
        ("month", {"day": 30, "check_day": 31, "lock_day": 31}, "2018-05",
         ("2018-07-02", "2018-07-02", "2018-07-02")),
        ("quarter", {"day": 10, "check_day": 15, "lock_day": 20}, "2018Q2",
         ("2018-07-10", "2018-07-16", "2018-07-20")),
        ("half", {"day": 10, "check_day": 15, "lock_day": 20}, "2018H1",
         ("2018-07-10", "2018-07-16", "2018-07-20")),
        ("year", {"day": 10, "check_day": 20, "lock_day": 31}, "2018",
         ("2019-01-10", "2019-01-21", "2019-01-31")),
        # 22 and 30 October, as the survey of 2014 had them (P8)
        ("statistical", {"day": 22, "check_day": 26, "lock_day": 30}, "2018S",
         ("2018-10-22", "2018-10-26", "2018-10-30")),
        ("event", {"day": 5}, "2018-03", ("2018-04-08", "2018-04-08", "2018-04-12")),
    ],
)  # fmt: skip
def test_deadlines_move_to_worked_days(
    known: Definitions, kind: str, due: dict[str, int], label: str, days: tuple[str, str, str]
) -> None:
    del kind  # names the case
    found = known.calendar.deadlines(Due(basis="测试", **due), p(label))
    assert (found.due, found.check, found.lock) == tuple(map(d, days))


@pytest.mark.parametrize("year", range(2016, 2027))
def test_deadlines_never_fall_on_a_day_off_and_never_come_out_of_order(
    known: Definitions, year: int
) -> None:
    """Every form of the catalogue, every period of a year."""
    for form in known.forms:
        for month in p(str(year)).months():
            period = month.within(form.period)
            if period.end != month.end or period.end.year >= 2026:
                continue  # due in a year that nobody has announced
            days = known.calendar.deadlines(form.due, period)
            assert days.due <= days.check <= days.lock
            assert all(known.calendar.is_workday(x) for x in (days.due, days.check, days.lock))


@pytest.mark.parametrize(
    ("year", "due", "check", "lock"),
    [
        # lantern festival 2017-02-11, 2018-03-02, 2019-02-19, 2020-02-08, 2023-02-05
        (2017, "2017-02-21", "2017-02-27", "2017-03-03"),
        (2018, "2018-03-12", "2018-03-19", "2018-03-22"),
        (2019, "2019-03-01", "2019-03-06", "2019-03-11"),
        (2020, "2020-02-18", "2020-02-24", "2020-02-28"),
        (2023, "2023-02-15", "2023-02-20", "2023-02-27"),
    ],
)
def test_the_two_festivals_are_counted_from_the_lantern_festival(
    known: Definitions, year: int, due: str, check: str, lock: str
) -> None:
    """The campaign belongs to the year of the Spring Festival, wherever New Year's Day lies."""
    days = known.calendar.deadlines(known.newest("WARM-01").due, p(str(year)))
    assert (days.due, days.check, days.lock) == (d(due), d(check), d(lock))
    spring, lantern = (known.calendar.festival(f, year) for f in ("spring", "lantern"))
    assert lantern - spring == 14 * DAY
    assert days.due >= lantern + 10 * DAY
    assert days.due - lantern < 14 * DAY


def test_a_year_outside_the_tables_fails_loudly(known: Definitions) -> None:
    due = known.newest("ORG-02").due
    with pytest.raises(CalendarUnknown, match="2031.*definitions/calendars"):
        known.calendar.deadlines(due, p("2031-03"))
    with pytest.raises(CalendarUnknown):  # December's is due in a year that is not known
        known.calendar.deadlines(due, p("2026-12"))
    with pytest.raises(CalendarUnknown, match="2027"):
        known.calendar.deadlines(known.newest("WARM-01").due, p("2027"))
    with pytest.raises(CalendarUnknown, match="2027"):
        known.calendar.opening_month(known.newest("WARM-01").due, p("2027"))


def test_a_local_table_makes_a_year_known() -> None:
    local = WorkingDays(
        [
            CalendarYear(
                year=2027,
                holidays=(d("2027-04-05"),),
                working_weekends=(d("2027-04-03"),),
                authority="测试",
            )
        ]
    )
    due = Due(day=3, check_day=5, lock_day=12, basis="测试")
    found = local.deadlines(due, p("2027-03"))
    assert (found.due, found.check) == (d("2027-04-03"), d("2027-04-06"))


# --- opening ---


@pytest.mark.parametrize(
    ("form", "label", "month"),
    [
        ("ORG-02", "2018-03", "2018-03"),
        ("FIN-01", "2018-03", "2018-03"),
        ("INNO-01", "2018Q1", "2018-03"),
        ("INNO-02", "2018", "2018-12"),
        ("EVAL-02", "2018", "2018-12"),  # due in February, but the year is over before
        ("TGT-01", "2018", "2017-12"),  # signed in January: asked for in December
        ("WARM-01", "2017", "2017-01"),  # due on 21 February
        ("WARM-01", "2018", "2018-02"),  # due on 12 March
        ("EVAL-01", "2018", "2018-11"),  # members rate in December
        (CODE, "2018S", "2018-09"),
    ],
)
def test_a_form_opens_in_the_month_before_it_is_due(
    known: Definitions, form: str, label: str, month: str
) -> None:
    found = known.calendar.opening_month(known.newest(form).due, p(label))
    assert found == p(month)
    days = known.calendar.deadlines(known.newest(form).due, p(label))
    assert found.end < days.due or found.start + 24 * DAY < days.due


@pytest.mark.parametrize(
    ("form", "month", "own"),
    [
        ("TGT-01", "2017-11", "2017"),
        ("TGT-01", "2017-12", "2018"),
        ("TGT-01", "2018-01", "2018"),
        ("WARM-01", "2018-02", "2018"),
        ("INNO-02", "2017-12", "2017"),
        (CODE, "2018-09", "2018S"),
        (CODE, "2018-10", "2019S"),
    ],
)
def test_decembers_workbook_carries_the_letter_of_the_next_year(
    known: Definitions, form: str, month: str, own: str
) -> None:
    assert period_on(known.newest(form), p(month)) == p(own)


# --- states: the day before, the day, the day after ---

WINDOW = Deadlines(d("2018-04-08"), d("2018-04-08"), d("2018-04-12"))  # 4-08 is a worked Sunday


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2018-03-24", State.PLANNED), ("2018-03-25", State.OPEN), ("2018-03-26", State.OPEN),
        ("2018-04-07", State.OPEN), ("2018-04-08", State.OPEN), ("2018-04-09", State.LATE),
        ("2018-04-11", State.LATE), ("2018-04-12", State.LATE), ("2018-04-13", State.CLOSED),
        ("2018-04-15", State.CLOSED), ("2018-04-16", State.FROZEN), ("2018-04-17", State.FROZEN),
    ],
)  # fmt: skip
def test_each_state_ends_with_its_last_day(day: str, state: State) -> None:
    found = WINDOW.state(d(day), opened=d("2018-03-25"), frozen=d("2018-04-16"))
    assert found is state
    assert found.takes == (state in (State.OPEN, State.LATE))


@pytest.mark.parametrize(
    ("day", "state"),
    [("2018-05-09", State.REOPENED), ("2018-05-10", State.REOPENED), ("2018-05-11", State.FROZEN)],
)
def test_a_reopening_locks_again_by_itself(day: str, state: State) -> None:
    opened, frozen, until = d("2018-03-25"), d("2018-04-16"), d("2018-05-10")
    found = WINDOW.state(d(day), opened=opened, frozen=frozen, reopened_until=until)
    assert found is state
    assert found.takes == (state is State.REOPENED)


def test_what_was_never_opened_is_planned() -> None:
    assert WINDOW.state(d("2018-04-10"), opened=None) is State.PLANNED


# --- marks ---

# Due on Sunday 2018-04-08, worked for 清明; the next worked days are 9, 10, 11, 12 ...
LONG = Deadlines(d("2018-04-04"), d("2018-04-08"), d("2018-04-20"))


@pytest.mark.parametrize(
    ("received", "mark"),
    [
        ("2018-04-03", 100), ("2018-04-04", 100),
        ("2018-04-05", 100), ("2018-04-07", 100),  # 清明, three days off: no working day is lost
        ("2018-04-08", 80),  # a Sunday, but worked
        ("2018-04-09", 60), ("2018-04-10", 40), ("2018-04-11", 40), ("2018-04-20", 40),
        ("2018-04-21", 0), (None, 0),
    ],
)  # fmt: skip
def test_every_working_day_costs_twenty_down_to_forty(
    known: Definitions, received: str | None, mark: int
) -> None:
    marks = known.parameters["late_marks"].at(d("2018-03-31"))
    found = known.calendar.late_mark(marks, LONG, d(received) if received else None)
    assert found == Decimal(mark)
