"""A year of two hundred unions assessed, and every number of it calculated a second time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
import yaml
from sqlalchemy import text

import definitions.loading
from definitions import Definitions, Period
from pipelines.assessment_year.sampling import draw
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from pipelines.flow import assessment_rulings as rulings
from pipelines.flow import consequences as following
from pipelines.flow import trying as asking
from pipelines.flow.assessing import latest_results
from pipelines.flow.assessment_book import publish_book
from pipelines.flow.assessment_papers import publish_funding_note
from pipelines.flow.comparing import compare
from pipelines.flow.rectification_notices import publish_notices
from pipelines.flow.reproducing import reproduce
from tests import assessed_federation as world
from tests.assessed_federation import Assessed
from tests.independent import targets
from tests.independent.assessed import Person, Sheet, Year, results
from tests.independent.frames import Book
from tests.independent.seeded import CHINA
from warehouse import assessment_year as kept
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor
from warehouse.walks import results_behind

SCHEMES = Path(definitions.loading.__file__).parent / "schemes"
TOLD: dict[str, Any] = {}
"""Frames of the raw submissions, made once for all tests of this module."""
D = Decimal
FED = "TRA-FED-2019"
AFTER = "2021-03-15T09:00:00"
WHO = Actor("甲")


@pytest.fixture(scope="module")
def told(module_home: Path, definitions: Definitions) -> Iterator[Assessed]:
    yield world.year_assessed(definitions)


def rule_text(code: str) -> dict[str, Any]:
    """A scheme as its file says it; a variant over its base, block by block and item by item."""
    own = yaml.safe_load((SCHEMES / f"{code}.yaml").read_text(encoding="utf-8"))
    if "based_on" not in own:
        return own
    base = rule_text(own["based_on"])
    blocks = {b["code"]: b for b in base["blocks"]}
    for block in own.get("blocks", ()):
        blocks[block["code"]] = {**blocks.get(block["code"], {}), **block}
    return {**base, **own, "blocks": list(blocks.values())}


def second(told: Assessed, scheme: str, figures: dict[tuple[str, str], float]) -> dict[str, Sheet]:
    """The independent result of a scheme with those figures decided."""
    with world.two_hundred():
        if "book" not in TOLD:
            months = Period.parse("2020").months()
            spans = ("2020Q1", "2020Q2", "2020Q3", "2020Q4", "2020H1", "2020H2", "2020")
            labels = [*months, *(Period.parse(label) for label in spans)]
            reporting = targets.Reporting(told.definitions, told.sent, labels)
            TOLD.update(book=Book(told.sent), reporting=reporting, figures={})
        book, reporting = TOLD["book"], TOLD["reporting"]
        targets.REPORTING["all"] = reporting
        trades = scheme.startswith("TRA-IND")
        line = "条" if trades else "块"
        units = {u: ("市级" if trades else world.TYPES[u]) for u in told.units[scheme]}
        owed: dict[str, set[str]] = {}
        for o in reporting.owed:
            owed.setdefault(o.form, set()).add(o.unit)

        def owes(unit: str, form: str) -> bool:
            below = book.under(line, unit, date(2020, 12, 31)) | {unit}
            return not owed.get(form, set()).isdisjoint(below)

        late = Counter(
            o.unit
            for o in reporting.owed
            if o.period.label == "2020" and o.received is not None and o.due
            and o.received.astimezone(CHINA).date() > o.due
        )  # fmt: skip
        people = Person(told.ballots, told.marks, {told.veto[0]: [told.veto[1]]}, figures)
        return results(
            Year(
                rule_text(scheme), told.definitions, book, 2020, units, line, people, owes, late,
                known=TOLD["figures"],
            )
        )  # fmt: skip


def stored(scheme: str, number: int = -1) -> dict[str, Any]:
    """Units of one edition as the warehouse keeps them."""
    with warehouse().connect() as connection:
        found = kept.round_of(connection, scheme, 2020)
        edition = kept.editions(connection, found.id)[number]
        return {r.unit: r for r in kept.unit_rows(connection, edition.assessment_id)}


def differences(mine: dict[str, Sheet], theirs: dict[str, Any]) -> list[str]:
    """Every number that the two calculations do not share."""
    found: list[str] = []

    def same(where: str, one: Any, other: Any) -> None:
        if one is None or other is None:
            if one is not other:
                found.append(f"{where}: {one} / {other}")
        elif abs(float(one) - float(other)) > 1e-7 * max(1.0, abs(float(one))):
            found.append(f"{where}: {one} / {other}")

    assert set(mine) == set(theirs)
    for unit, sheet in mine.items():
        row = theirs[unit]
        lines = [p for b in row.detail["blocks"] for p in b["parts"]]
        assert len(lines) == len(sheet.lines)
        for line, part in zip(sheet.lines, lines, strict=True):
            where = f"{unit} {line.item} {line.indicator}"
            if line.state != part["state"]:
                found.append(f"{where}: {line.state} / {part['state']} {part['why']}")
            same(f"{where} marks", line.marks, part["marks"])
            if line.state == "计分":
                same(f"{where} actual", line.actual, part["actual"])
                same(f"{where} target", line.target, part["target"])
            if line.indicator:
                same(f"{where} told", line.told, part["self_reported"])
        for block in row.detail["blocks"]:
            same(f"{unit} {block['block']['code']}", sheet.blocks[block["block"]["code"]],
                 block["score"])  # fmt: skip
        same(f"{unit} bonus", sheet.bonus, row.detail["bonus_points"])
        same(f"{unit} deduction", sheet.deduction, row.detail["deduction_points"])
        if (sheet.total, sheet.grade, sheet.rank) != (row.total, row.grade, row.rank):
            found.append(f"{unit}: {sheet.total} {sheet.grade} {sheet.rank} / "
                         f"{row.total} {row.grade} {row.rank}")  # fmt: skip
    return found


@pytest.mark.parametrize("scheme", sorted(world.SCHEMES))
def test_every_number_of_the_final_result_is_calculated_again(told: Assessed, scheme: str) -> None:
    mine = second(told, scheme, told.ruled | told.appealed)
    assert differences(mine, stored(scheme)) == []
    scored = [x for s in mine.values() for x in s.lines if x.state == "计分"]
    assert len({x.indicator for x in scored}) > 15
    assert len({s.total for s in mine.values()}) == len(mine)


def printed(value: float | Decimal | None) -> float | None:
    """A number as it is printed: two decimals, half to even."""
    if value is None:
        return None
    exact = Decimal(repr(round(float(value), 9)))
    return float(exact.quantize(D("0.01"), ROUND_HALF_EVEN))


@pytest.mark.parametrize("scheme", sorted(world.SCHEMES))
def test_the_book_prints_what_was_calculated_again(told: Assessed, scheme: str) -> None:
    mine = second(told, scheme, told.ruled | told.appealed)
    files = publish_book(scheme, 2020, by="考核办 01", at=AFTER, letter="示总工考〔2021〕{n}号")
    book = openpyxl.load_workbook(next(f for f in files if f.endswith(".xlsx")))
    names = {world.NAMES[code]: code for code in mine}
    ranking = {names[r[1]]: r for r in book["排名"].iter_rows(values_only=True) if r[1] in names}
    compared = 0
    for code, sheet in mine.items():
        rank, _, *cells = ranking[code]
        blocks = [printed(b) for b in sheet.blocks.values()]
        assert (rank, cells[: len(blocks)]) == (sheet.rank, blocks)
        bonus, lost, _, total, grade, *_ = cells[len(blocks) :]
        assert (bonus, -lost, total, grade) == (
            printed(sheet.bonus), printed(sheet.deduction), float(sheet.total), sheet.grade,
        )  # fmt: skip
        (page,) = [s for s in book.sheetnames if s.endswith(world.NAMES[code])]
        listed = list(book[page].iter_rows(values_only=True))
        start = next(i for i, r in enumerate(listed) if r[6] == "计分方法") + 1
        rows = [
            r for r in listed[start:] if r[6] is not None and r[8] is not None and r[1] != "评价票"
        ]
        assert len(rows) == len(sheet.lines)
        for line, row in zip(sheet.lines, rows, strict=True):
            told_, actual, _, marks = row[4:8]
            if line.state == "不适用":
                assert marks == "不适用"
                continue
            assert marks == printed(line.marks)
            if line.indicator and line.state == "计分":
                # a figure of a form is printed with two decimals, a count without
                assert actual == pytest.approx(printed(line.actual), abs=1e-9)
                assert told_ == ("—" if line.told is None else printed(line.told))
                compared += 3
        ratings = book["群众评价"].iter_rows(values_only=True)
        shown = [r for r in ratings if r[0] == world.NAMES[code]]
        assert [r[4] for r in shown] == [
            told.ballots[code, r[1]]["ballots"] for r in shown
        ]  # fmt: skip
    assert compared > 100
    made = docx.Document(files[0])
    texts = "".join(p.text for p in made.paragraphs)
    assert "已审定（示总工纪〔2021〕3号）" in texts
    cells = {c.text for t in made.tables for row in t.rows for c in row.cells}
    assert {"工会组织建设与会员发展", "考评组评分"} <= cells
    assert not [c for c in cells if re.fullmatch(r"[A-Z]+\d+|\d{4}-\d{2}-\d{2}.*", c)]
    ruled = scheme == FED
    assert ({"66.50%", "58.25%"} <= cells) is ruled
    assert ("本版形成：第 1 号申诉：支持（示考申〔2021〕1号）" in texts) is ruled
    assert ("公示期内没有收到申诉。" in texts) is not ruled
    letters = docx.Document(next(f for f in files if "通知单" in f and f.endswith(".docx")))
    told_ = [p.text for p in letters.paragraphs if p.text.startswith("扣分情况：")]
    assert len(told_) == len(mine)
    assert any("年报迟报 0.50 分、自报不实" in t for t in told_)


def test_the_stages_are_kept_with_who_when_and_why(told: Assessed) -> None:
    (state,) = [s for s in steps.assessment_states(2020, AFTER) if s.round.scheme == FED]
    assert [t.stage_to for t in state.taken] == [
        "自评", "核算", "群众评价", "考评组评分", "联合会审", "现场抽查", "公示", "待审定", "审定",
    ]  # fmt: skip
    assert all(t.actor and t.reason for t in state.taken)
    assert state.taken[-1].document == "示总工纪〔2021〕3号"
    assert [s.code for s in state.next_steps] == ["reopen"]
    # five working days of the calendar after 2 March 2021
    assert state.taken[-3].until == state.appeals_until == date(2021, 3, 9)


def test_an_appeal_granted_made_an_edition_and_the_old_one_stays(told: Assessed) -> None:
    (state,) = [s for s in steps.assessment_states(2020, AFTER) if s.round.scheme == FED]
    assert [e.cause for e in state.editions] == [
        "系统核算", "提交联合会审", "公示", "申诉 1 支持（示考申〔2021〕1号）",
    ]  # fmt: skip
    published, final = stored(FED, -2), stored(FED)
    assert {u for u in final if final[u].total != published[u].total} == {world.APPEALED}
    assert differences(second(told, FED, told.ruled), published) == []


def test_a_veto_takes_the_best_grade_but_no_marks(told: Assessed) -> None:
    row = stored(FED)[world.VETOED]
    assert [v["veto"]["code"] for v in row.detail["vetoes"]] == ["V4"]
    assert row.grade != "优秀"


def test_what_was_decided_cannot_be_changed_in_the_database(told: Assessed) -> None:
    for table in ("assessment_stage", "assessment_edition", "assessment_ruling", "rating_tally"):
        with pytest.raises(Exception, match="append-only"), warehouse().begin() as connection:
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608


def test_the_sample_is_drawn_again_from_its_published_seed(told: Assessed) -> None:
    (state,) = [s for s in steps.assessment_states(2020, AFTER) if s.round.scheme == FED]
    groups = {u: r.ranking_group for u, r in stored(FED, 1).items()}
    again = draw(state.seed, groups, D(20), 1)
    assert [d.unit for d in again] == [row["unit"] for row in state.sample]
    assert len(again) == 2 + 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: entries.enter_ballots(FED, 2020, [], by=WHO, at=AFTER), "不能录入评价票"),
        (lambda: steps.compute_marks(FED, 2020, by=WHO, reason="重算", at=AFTER), "“系统核算”"),
        (lambda: rulings.file_appeal(FED, 2020, world.HEADS[0], about="分", claim="改",
                                   evidence="无", by=WHO, at=AFTER), "只有公示期内可以申诉"),
        (lambda: rulings.decide_appeal(FED, 2020, 1, outcome="支持", reason="再议", by=WHO,
                                     document="一号", at=AFTER), "已于2021年3月5日答复"),
        (lambda: steps.start_assessment(FED, 2020, by=WHO, reason="再来", at=AFTER), "重复启动"),
        (lambda: steps.start_assessment("TRA-XX-2019", 2020, by=WHO, reason="新", at=AFTER),
         "没有编号为 TRA-XX-2019"),
        (lambda: steps.reopen_final(FED, 2020, by=WHO, reason="更正", document="", at=AFTER),
         "文号"),
    ],
)  # fmt: skip
def test_what_may_not_be_done_now_is_refused_and_nothing_is_written(
    told: Assessed, call: Any, said: str
) -> None:
    with pytest.raises(LookupError, match=said):
        call()
    (state,) = [s for s in steps.assessment_states(2020, AFTER) if s.round.scheme == FED]
    assert state.round.stage == "审定"


def test_what_if_says_who_moves_and_leaves_the_official_result_alone(told: Assessed) -> None:
    before = {u: (r.total, r.grade, r.rank) for u, r in stored(FED).items()}
    found = asking.what_if(
        FED, 2020,
        overrides={"blocks.targets.weight": 50, "blocks.ratings.weight": 40},
    )  # fmt: skip
    assert found.moved
    assert "不影响正式结果" in found.notes[0]
    assert len(found.notes) == 1, "scored again under its own scheme, the edition is what was kept"
    assert {u.unit.code: u.total for u in found.before.units} == {
        u: b[0] for u, b in before.items()
    }
    for move in found.moved:
        told_of = sum((c.difference for c in move.causes), D(0)) + move.rounding
        assert abs(told_of - move.difference) < D("0.000001")
    assert {u: (r.total, r.grade, r.rank) for u, r in stored(FED).items()} == before
    with pytest.raises(LookupError, match="block weights sum to 80, not 100"):
        asking.what_if(FED, 2020, overrides={"blocks.targets.weight": 50})
    with pytest.raises(LookupError, match="没有“blocks.target.weight”"):
        asking.what_if(FED, 2020, overrides={"blocks.target.weight": 50})


def test_a_final_result_brings_what_the_catalogue_says_and_rectification_is_followed(
    told: Assessed,
) -> None:
    found = following.decide_consequences(
        FED, 2020, document="示总工发〔2021〕11号", by=Actor("考核办 01"), at=AFTER
    )
    rows = stored(FED)
    failed = {u for u, r in rows.items() if r.grade == "不合格"}
    assert failed, "the year has a unit that failed"
    assert {c.unit for c in found if c.kind == "限期整改"} == failed
    assert {c.unit: c.value for c in found if c.kind == "经费系数"} == {
        u: {"优秀": D("1.10"), "良好": D("1.00"), "合格": D("0.90"), "不合格": D("0.70")}[r.grade]
        for u, r in rows.items()
    }
    assert not {c.unit for c in found if c.kind == "表彰"} & {world.VETOED}
    again = following.decide_consequences(
        FED, 2020, document="示总工发〔2021〕11号", by=Actor("考核办 01"), at=AFTER
    )
    assert again == found
    open_ = following.open_rectifications(AFTER)
    assert {(o.unit, str(o.due_on), o.state) for o in open_} == {
        (u, "2021-04-14", "整改中") for u in failed
    }
    first = min(o.number for o in open_)
    with pytest.raises(LookupError, match="目前“整改中”，不能办理“验收销号”"):
        following.record_rectification(
            first, "验收销号", words="合格", happened_on="2021-04-01", by=Actor("考核办"),
            at="2021-04-01T09:00:00",
        )  # fmt: skip
    assert following.follow_up("2021-04-06T08:00:00") == {"提醒": [], "督办": []}
    assert following.follow_up("2021-04-08T08:00:00")["提醒"] == [o.number for o in open_]
    # a task that is repeated prints what the first try noted
    assert following.follow_up("2021-04-08T08:00:00")["提醒"] == [o.number for o in open_]
    assert following.follow_up("2021-04-09T08:00:00") == {"提醒": [], "督办": []}
    following.record_rectification(
        first, "报送结果", words="已整改", evidence="整改报告", happened_on="2021-04-10",
        by=Actor("单位"), at="2021-04-10T09:00:00",
    )  # fmt: skip
    late = following.follow_up("2021-04-16T08:00:00")["督办"]
    assert late == [o.number for o in open_ if o.number != first]
    files = publish_notices(by="考核办 01", at="2021-04-16T09:00:00")
    files = [f for f in files if f.endswith(".docx")]
    assert len(files) == len(open_)
    asked = ["".join(p.text for p in docx.Document(f).paragraphs) for f in files]
    assert all("报送考核工作机构" in words for words in asked)
    assert sum("督办" in f for f in files) == len(late)
    following.record_rectification(
        first, "验收销号", words="验收合格", happened_on="2021-04-20", by=Actor("考核办"),
        at="2021-04-20T09:00:00",
    )  # fmt: skip
    states = {s.number: s.state for s in following.all_rectifications("2021-04-21T09:00:00")}
    assert states[first] == "已销号"


def test_a_run_after_the_meeting_does_not_stand_before_its_result(told: Assessed) -> None:
    """The year's review and the book of a unit tell the final result, as rankings do."""
    with warehouse().connect() as connection:
        final = kept.editions(connection, kept.round_of(connection, FED, 2020).id)[-1]
        connection.execute(
            text(
                "INSERT INTO assessment (scheme, year, cutoff, definitions, computation_id) "
                "SELECT scheme, year, timestamptz '2021-05-01', definitions, computation_id "
                "FROM assessment WHERE id = :a"
            ),
            {"a": final.assessment_id},
        )
        rows = [r for r in latest_results(connection, 2020, world.LATER) if r.scheme == FED]
        assert {r.assessment_id for r in rows} == {final.assessment_id}
        walked = results_behind(connection, 2020, world.LATER, FED)
        assert {u.unit for u in walked} == set(stored(FED))
        early = results_behind(connection, 2020, final.known_at - timedelta(days=3), FED)
        assert early and {u.unit for u in early} == set(stored(FED, 0))
        connection.rollback()


def test_next_years_money_sums_to_the_pool_and_the_note_prints_it(told: Assessed) -> None:
    grades = {u: r.grade for u, r in stored("TRA-IND-2019").items()}
    rates = {"优秀": 1.1, "良好": 1.0, "合格": 0.9, "不合格": 0.7}
    money = following.next_year_money("TRA-IND-2019", 2020, at=AFTER, pool=2_345_678)
    assert money.total == 2_345_678
    whole = sum(rates[g] for g in grades.values())
    for one in money.allocations:
        share = 2_345_678 * rates[grades[one.union.code]] / whole
        assert abs(one.yuan - share) <= 1000
    files = publish_funding_note(
        "TRA-IND-2019", 2020, document="示总工财〔2021〕3号", by="考核办 01", at=AFTER,
        pool=2_345_678,
    )  # fmt: skip
    # another scheme of the year has a note of its own, in a folder of its own
    assert "（产业工会、系统（局、集团）工会目标责任考核办法）" in Path(files[0]).name
    tables = docx.Document(files[0]).tables
    printed_ = {row.cells[0].text: row.cells[4].text for row in tables[0].rows[1:]}
    assert printed_ == {a.union.name: f"{a.yuan:,}" for a in money.allocations}
    said = "".join(p.text for p in docx.Document(files[0]).paragraphs)
    assert "根据《产业工会、系统（局、集团）工会目标责任考核办法》2020年度考核审定结果" in said
    assert "不足 1,000 元的尾数 678 元计入应得最多的单位" in said
    notes = [row.cells[5].text for row in tables[0].rows[1:]]
    assert sum(n.endswith("，另计尾数 678 元") for n in notes) == 1


def test_after_later_corrections_the_old_cutoff_gives_the_same_and_today_the_differences(
    told: Assessed,
) -> None:
    assert told.later
    world.hand_in(told.definitions, told.later, world.LATER)
    again = asking.rerun(FED, 2020, at="2021-07-01T09:00:00")
    assert again.identical
    assert again.inputs_changed
    assert again.today.moved
    assert any(" → " in line for line in again.inputs_changed)
    today = {u.unit.code: u.total for u in again.today.after.units}
    assert today != {u: r.total for u, r in stored(FED).items()}


def test_every_paper_comes_out_again_after_corrections_and_after_the_result_was_reopened(
    told: Assessed,
) -> None:
    steps.reopen_final(
        FED, 2020, by=Actor("主席办公会"), reason="数据更正", document="示总工纪〔2021〕9号",
        at="2021-07-05T09:00:00",
    )  # fmt: skip
    with warehouse().connect() as connection:
        papers = connection.execute(text("SELECT id, kind FROM publication ORDER BY id")).all()
    assert {p.kind.split()[0] for p in papers} == {"R-02", "R-07", "R-08"}
    unequal = [p for p in papers if not reproduce(p.id).equal]
    assert unequal == []
    (book,) = [p.id for p in papers if p.kind.startswith("R-02")][:1]
    reasons = {r.what for d in compare(book, "2021-07-06T09:00:00") for r in d.reasons}
    assert reasons == {"联合会审：数据更正（示总工纪〔2021〕9号）"}
