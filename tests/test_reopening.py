"""Windows through the whole flow: each form by its own lock, and after it only by an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from definitions.calendars import State
from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.__main__ import app
from pipelines.flow.ground import CHINA, engine
from pipelines.places import places
from samples.registry import registry
from tests.acceptance import (
    SPRING,
    Outcome,
    book_bytes,
    fund_row,
    hand_in,
    member_row,
    outcome_of,
    process_waiting,
    query,
    save,
    write_registry,
)
from warehouse import audit
from warehouse.current import current_rows
from warehouse.windows import ReopeningRefused, late_marks

YONGNING, HELAN = "640121Z00001", "640122Z00001"
Y = [u.code for u in registry().family("yongning")[:3]]
H = [u.code for u in registry().family("helan")[:2]]
MARCH = "2017-03"
ORDER: dict[str, Any] = {
    "until": "2017-05-10",
    "reason": "漏报一个班组的新会员，附名单",
    "document": "永总工〔2017〕12号",
    "requested_by": "永宁县总工会",
    "approved_by": "银川市总工会",
    "forms": ["ORG-02"],
    "organisations": [YONGNING],
}


@dataclass
class Story:
    """Files by name, and what opening and closing said."""

    folder: Path
    definitions: Definitions
    files: dict[str, Path] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)

    def give(self, name: str, sender: str, at: str, **rows: list[dict[str, Any]]) -> Outcome:
        """Hand in March's rows by form, and process them."""
        forms = {code.replace("_", "-"): given for code, given in rows.items()}
        data = book_bytes(self.definitions, sender, forms, MARCH)
        self.files[name] = save(self.folder / name, f"{name}.xlsx", data)
        hand_in([self.files[name]], sender, at)
        process_waiting(at)
        return self.outcome(name)

    def outcome(self, name: str) -> Outcome:
        return outcome_of(self.files[name])


def members(codes: list[str], count: int) -> list[dict[str, Any]]:
    return [member_row(code, count + i) for i, code in enumerate(codes)]


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    """March 2017: due on Wednesday 5 April, locked on the 12th; funds on the 17th and the 20th."""
    told = Story(module_home.parent / "reopening", definitions)
    units = write_registry(module_home.parent / "units.yaml", [*Y, *H])
    flow.register_organisations(str(units), SPRING)
    told.said["opened"] = flow.open_period(MARCH, "2017-03-25T09:00:00")
    told.give("due-day", YONGNING, "2017-04-05T23:59:00", ORG_02=members(Y, 101))
    told.give("day-after", HELAN, "2017-04-06T00:01:00", ORG_02=members(H, 81))
    told.give("funds-open", YONGNING, "2017-04-13T09:00:00", FIN_01=[fund_row(Y[0], 1_000_000)])
    told.said["months-13"] = flow.months_to_close("2017-04-13T06:00:00")
    told.said["close-13"] = flow.close_period(MARCH, "2017-04-13T10:00:00")
    told.said["months-14"] = flow.months_to_close("2017-04-14T06:00:00")
    told.said["months-20"] = flow.months_to_close("2017-04-20T06:00:00")
    told.said["months-21"] = flow.months_to_close("2017-04-21T06:00:00")
    told.said["close-21"] = flow.close_period(MARCH, "2017-04-21T06:00:00")
    told.give("last-day", HELAN, "2017-04-12T23:59:00", ORG_02=members(H, 82))
    told.give("locked", YONGNING, "2017-04-13T00:01:00", ORG_02=members(Y, 111))
    told.said["before"] = flow.period_states(MARCH, "2017-05-02T09:00:00")
    told.give("before-order", YONGNING, "2017-05-02T09:00:00", ORG_02=members(Y, 112))
    told.said["order"] = flow.reopen_period(MARCH, **ORDER, at="2017-05-02T10:00:00")
    told.said["during"] = flow.period_states(MARCH, "2017-05-10T23:00:00")
    told.give("under-order", YONGNING, "2017-05-02T10:00:01", ORG_02=members(Y, 121))
    told.give("other-form", YONGNING, "2017-05-03T09:00:00", FIN_01=[fund_row(Y[1], 900_000)])
    told.give("other-county", HELAN, "2017-05-03T09:00:00", ORG_02=members(H, 91))
    told.give("last-of-order", YONGNING, "2017-05-10T23:59:00", ORG_02=members(Y, 131))
    told.give("after-order", YONGNING, "2017-05-11T00:01:00", ORG_02=members(Y, 141))
    told.said["after"] = flow.period_states(MARCH, "2017-05-11T09:00:00")
    told.said["close-again"] = flow.close_period(MARCH, "2017-05-11T10:00:00")
    yield told


# --- both sides of every day ---


@pytest.mark.parametrize(
    ("name", "state", "rule"),
    [
        ("due-day", "accepted", None),
        ("day-after", "explain", "V-T-002"),
        ("last-day", "explain", "V-T-002"),
        ("locked", "returned", "V-T-004"),
        ("funds-open", "accepted", None),
        ("before-order", "returned", "V-T-004"),
        ("under-order", "accepted", "V-T-005"),
        ("last-of-order", "accepted", "V-T-005"),
        ("after-order", "returned", "V-T-004"),
        ("other-form", "returned", "V-T-004"),
        ("other-county", "returned", "V-T-004"),
    ],
)
def test_a_day_on_either_side_makes_the_difference(
    story: Story, name: str, state: str, rule: str | None
) -> None:
    outcome = story.outcome(name)
    assert outcome.state == state
    assert [r for r, _ in outcome.places if r.startswith("V-T")] == ([rule] if rule else [])


def test_what_comes_under_an_order_says_so_and_what_does_not_says_how(story: Story) -> None:
    (inside,) = [f for f in story.outcome("under-order").findings if f.rule == "V-T-005"]
    assert inside.severity == "提示"
    assert "永总工〔2017〕12号" in inside.message
    assert "2017-04-12" in inside.message
    (outside,) = [f for f in story.outcome("after-order").findings if f.rule == "V-T-004"]
    assert "批准" in outside.advice


def test_lateness_is_counted_in_working_days(story: Story) -> None:
    (late,) = [f for f in story.outcome("last-day").findings if f.rule == "V-T-002"]
    assert "迟报 5 个工作日" in late.message  # 6, 7, 10, 11, 12 April


# --- each form by its own lock ---


def test_what_is_due_before_its_year_is_over_is_asked_for_in_time(story: Story) -> None:
    """March opens late what should have been opened before: the letters and the campaign."""
    assert {"2017-03", "2017Q1", "2017"} <= story.said["opened"]["expected"].keys()
    early = query("SELECT form, lock_on FROM form_window WHERE period = '2017' ORDER BY form")
    assert ("WARM-01", date(2017, 3, 3)) in [tuple(r) for r in early]
    assert {"TGT-01", "WARM-01"} <= {r.form for r in early}
    assert not {"INNO-02", "EVAL-01"} & {r.form for r in early}


def test_a_month_opened_again_asks_for_nothing_more(story: Story) -> None:
    before = query("SELECT * FROM expected_filing ORDER BY period, form, org_id")
    flow.open_period(MARCH, "2017-03-26T09:00:00")
    assert query("SELECT * FROM expected_filing ORDER BY period, form, org_id") == before


def test_funds_close_a_week_after_the_rest_of_the_month(story: Story) -> None:
    assert MARCH in story.said["months-13"]
    assert MARCH not in story.said["months-14"]
    assert MARCH not in story.said["months-20"]
    assert story.said["months-21"] == [MARCH]
    first, second = story.said["close-13"]["files"], story.said["close-21"]["files"]
    assert any("ORG-02" in f for f in first)
    assert not any("FIN-01" in f for f in first)
    assert any("FIN-01" in f for f in second)
    frozen = dict(
        tuple(r)
        for r in query("SELECT form, frozen_at FROM form_window WHERE period = :p", p=MARCH)
    )
    assert frozen["ORG-02"] == datetime(2017, 4, 13, 10, tzinfo=CHINA)
    assert frozen["FIN-01"] == datetime(2017, 4, 21, 6, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("moment", "state"),
    [("before", State.FROZEN), ("during", State.REOPENED), ("after", State.FROZEN)],
)
def test_the_state_of_a_form_is_told(story: Story, moment: str, state: State) -> None:
    forms, orders = story.said[moment]
    by_code = {f.form: f for f in forms}
    assert by_code["ORG-02"].state is state
    assert by_code["FIN-01"].state is State.FROZEN  # outside the order's scope
    assert by_code["ORG-02"].on_roster == len([*Y, *H])
    assert len(orders) == (0 if moment == "before" else 1)


# --- what the order brought, and what it left ---


def test_the_correction_is_a_new_version_and_the_old_figures_stay(story: Story) -> None:
    def total(cutoff: datetime) -> float:
        with engine().connect() as connection:
            rows = current_rows(connection, story.definitions, "ORG-02", [MARCH], Y, cutoff=cutoff)
        return float(rows["members_total"].sum())

    assert total(datetime(2017, 4, 21, 6, tzinfo=CHINA)) == 101 + 102 + 103
    assert total(datetime(2017, 5, 11, 10, tzinfo=CHINA)) == 131 + 132 + 133
    editions = query(
        "SELECT edition, cutoff FROM publication WHERE kind LIKE 'R-14%' "
        "AND title LIKE '%ORG-02%' AND period = :p ORDER BY edition",
        p=MARCH,
    )
    assert len({e.cutoff for e in editions}) == 3
    kept = query(
        "SELECT f.sha256 FROM publication_file f JOIN publication p ON p.id = f.publication_id "
        "WHERE p.cutoff = :c",
        c=datetime(2017, 4, 13, 10, tzinfo=CHINA),
    )
    assert kept
    assert all(places().originals.get(row.sha256) for row in kept)


def test_marks_stay_as_they_were_at_the_lock(story: Story) -> None:
    with engine().connect() as connection:
        marks = late_marks(
            connection,
            story.definitions,
            Period.parse(MARCH),
            datetime(2017, 5, 11, 10, tzinfo=CHINA),
        )
    assert {marks["ORG-02", code] for code in Y} == {100}  # first sent on the due day
    assert {marks["ORG-02", code] for code in H} == {0}  # never explained, so never accepted
    assert marks["FIN-01", Y[0]] == 100
    assert marks["FIN-01", Y[1]] == 0


def test_before_the_lock_nobody_is_missing(story: Story) -> None:
    with engine().connect() as connection:
        marks = late_marks(
            connection,
            story.definitions,
            Period.parse(MARCH),
            datetime(2017, 4, 12, 12, tzinfo=CHINA),
        )
    assert {marks["ORG-02", code] for code in Y} == {100}
    assert not {code for _, code in marks} & set(H)


def test_orders_stand_in_the_log(story: Story) -> None:
    (entry,) = query("SELECT * FROM audit_log WHERE action = 'period.reopen'")
    assert (entry.subject, entry.actor) == (MARCH, "银川市总工会")
    assert entry.detail["organisations"] == [YONGNING]
    assert entry.detail["reason"] == ORDER["reason"]
    with engine().connect() as connection:
        assert audit.first_broken(connection) is None


# --- orders that are refused ---


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reason": " "}, "请写明重开原因"),
        ({"document": "", "reason": ""}, "请写明重开原因、批准文号"),
        ({"approved_by": "永宁县总工会"}, "不能是同一人"),
        ({"forms": ["ORG-99"]}, "没有这些报表：ORG-99"),
        ({"organisations": ["640199Z00009"]}, "未登记：640199Z00009"),
        ({"until": "2017-05-01"}, "已经过去"),
        ({"until": "2017-05-17"}, "不能晚于 2017-05-16"),
    ],
)
def test_an_order_with_something_wrong_is_refused(
    story: Story, change: dict[str, Any], sentence: str
) -> None:
    before = query("SELECT count(*) FROM reopening")
    with pytest.raises(ReopeningRefused, match=sentence):
        flow.reopen_period(MARCH, **(ORDER | change), at="2017-05-02T10:00:00")
    assert query("SELECT count(*) FROM reopening") == before


def test_the_longest_order_ends_ten_working_days_later(story: Story) -> None:
    """From Tuesday 2017-05-02: 3, 4, 5, 8, 9, 10, 11, 12, 15 and 16 May."""
    order = ORDER | {"until": "2017-05-16", "organisations": [HELAN]}
    number = flow.reopen_period(MARCH, **order, at="2017-05-02T12:00:00")
    flow.relock_period(number, "银川市总工会", "2017-05-02T12:30:00")


@pytest.mark.parametrize(("day", "open_"), [("2017-04-12", True), ("2017-04-13", False)])
def test_what_is_not_locked_needs_no_order(story: Story, day: str, open_: bool) -> None:
    if open_:
        with pytest.raises(ReopeningRefused, match="还没有锁定.*ORG-02"):
            flow.reopen_period(MARCH, **(ORDER | {"until": day}), at=f"{day}T09:00:00")
    else:
        number = flow.reopen_period(MARCH, **(ORDER | {"until": day}), at=f"{day}T09:00:00")
        flow.relock_period(number, "银川市总工会", f"{day}T09:00:01")


def test_a_period_that_was_never_opened_is_refused(story: Story) -> None:
    with pytest.raises(ReopeningRefused, match="没有开启过"):
        flow.reopen_period("2016-03", **ORDER, at="2017-05-02T10:00:00")


def test_an_order_ended_early_lets_nothing_in(story: Story) -> None:
    at = "2017-05-15T10:00:00"
    order = ORDER | {"until": "2017-05-19", "organisations": [HELAN]}
    number = flow.reopen_period(MARCH, **order, at=at)
    first = story.give("helan-under", HELAN, "2017-05-15T10:30:00", ORG_02=members(H, 95))
    flow.relock_period(number, "贺兰县总工会", "2017-05-15T11:00:00")
    second = story.give("helan-after", HELAN, "2017-05-15T11:00:01", ORG_02=members(H, 96))
    assert (first.state, second.state) == ("accepted", "returned")
    with pytest.raises(ReopeningRefused, match="已经结束"):
        flow.relock_period(number, "贺兰县总工会", "2017-05-15T12:00:00")
    with pytest.raises(ReopeningRefused, match="没有编号为 999"):
        flow.relock_period(999, "贺兰县总工会", "2017-05-15T12:00:00")


# --- by hand ---


def test_the_command_line_reopens_shows_and_locks_again(story: Story) -> None:
    runner = CliRunner()
    made = runner.invoke(
        app,
        ["reopen", MARCH, "--until", "2017-05-26", "--reason", "更正", "--document", "X〔2017〕1号",
         "--requested-by", "甲", "--approved-by", "乙", "--form", "FIN-01", "--organisation", Y[0],
         "--at", "2017-05-22T09:00:00"],
        catch_exceptions=False,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    number = made.output.split("编号 ")[1].split("；")[0]
    shown = runner.invoke(app, ["windows", MARCH, "--at", "2017-05-22T10:00:00"])
    assert "FIN-01" in shown.output
    assert "已重开" in shown.output
    assert "X〔2017〕1号" in shown.output
    ended = runner.invoke(app, ["relock", number, "--by", "乙", "--at", "2017-05-22T11:00:00"])
    assert "已结束" in ended.output
    again = runner.invoke(app, ["windows", MARCH, "--at", "2017-05-22T12:00:00"])
    assert "已重开" not in again.output


def test_a_mistake_in_a_day_a_time_or_a_period_is_said_in_chinese(story: Story) -> None:
    runner = CliRunner()
    order = ["--reason", "更正", "--document", "X", "--requested-by", "甲", "--approved-by", "乙"]
    for given, said in (
        (["reopen", MARCH, "--until", "5月26日", *order], "不是日期"),
        (["windows", MARCH, "--at", "昨天"], "不是时刻"),
    ):
        made = runner.invoke(app, given)
        assert (made.exit_code, said in made.output) == (2, True), made.output
    made = runner.invoke(app, ["windows", "2017-13"])
    assert isinstance(made.exception, LookupError)  # main() says it and ends with 2
    assert "“2017-13”不是所属期" in str(made.exception)
