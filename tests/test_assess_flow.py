"""Every scheme from the warehouse: filed rows in, marks and decisions with their reasons out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import yaml
from sqlalchemy import Connection, text

from definitions.schemes import Item, Part
from pipelines.assess import IndicatorFacts, Revision, assessment_book
from pipelines.assess.decisions import outcome_of
from pipelines.assess.explain import part_sentence
from pipelines.assess.results import PartResult, State, Working
from pipelines.flow.assessing import SchemeFrozen, book_title, refuse_changed
from pipelines.load import filing_of
from tests.assessing import decide_and_keep, score_and_keep
from tests.checking import check, definitions, sheet, workbook
from tests.test_evidence import letter, members
from tests.two_unions import (
    CITY,
    CUTOFF,
    MILL,
    MINE,
    TRADE,
    federation,
    file,
)
from warehouse import assessment_year as years
from warehouse import receipts
from warehouse.editions import register_definitions
from warehouse.life_cycle import Actor
from warehouse.organisations import ids
from warehouse.submissions import NewSubmission, load

YEAR = 2019
D = Decimal


@pytest.fixture
def opened(warehouse_home: Any) -> Iterator[Connection]:
    with federation() as connection:
        yield connection


def scored(opened: Connection, family: str) -> Any:
    return score_and_keep(opened, definitions(), family, YEAR, CUTOFF)


def decided(opened: Connection, family: str) -> Any:
    return decide_and_keep(opened, definitions(), family, YEAR, CUTOFF)


def kept(opened: Connection, scheme: str) -> dict[str, Any]:
    """Unit → row, as the warehouse keeps the newest result."""
    rows = opened.execute(
        text(
            "SELECT o.code AS unit, u.* FROM assessment a JOIN assessment_unit u "
            "ON u.assessment_id = a.id JOIN organisation o ON o.id = u.org_id "
            "WHERE a.scheme = :s ORDER BY a.id"
        ),
        {"s": scheme},
    )
    return {r.unit: r for r in rows}


# --- score sheets --------------------------------------------------------------------------------


def ballots(rater: str, very: int, basic: int, unsat: int, unclear: int = 0, **more: Any) -> Any:
    sent = very + basic + unsat + unclear
    given = {"object": "工会工作", "rater": rater, "eligible": sent, "ballots": sent,
             "very_sat": very, "basic_sat": basic, "unsat": unsat, "unclear": unclear}  # fmt: skip
    return given | more


def test_members_rate_a_union_and_its_chair_on_two_tracks(opened: Connection) -> None:
    # 127 satisfied and 10 nearly: (127 x 100 + 10 x 75) / 137 = 98.18 (P36)
    file(opened, "EVAL-01", "2019", ballots("会员", 127, 10, 0, eligible=141))
    result = scored(opened, "MEV-UNIT")
    assert [u.unit.code for u in result.units] == [MILL]  # the mine was rated by nobody
    (rater, *_) = result.unit(MILL).blocks[0].raters
    assert round(rater.score, 2) == D("98.18")
    assert round(rater.participation_pct, 2) == D("97.16")
    assert scored(opened, "MEV-CHAIR") is None
    told = kept(opened, "MEV-UNIT-2019")[MILL].detail["explanation"]["blocks"][0]["raters"]
    assert "满意 127 票、基本满意 10 票" in told[0]["told"]


def test_fitness_counts_the_way_from_29_8_to_40(opened: Connection) -> None:
    for union, persons in ((MILL, 349), (MINE, 500)):
        head = {"members_total": 900, "workers_total": 1000, "new_members": 1}
        file(opened, "ORG-02", "2019-12", head, by=union)
        row = {"activity_id": f"W{union}", "name": "健步走", "held_on": date(2019, 12, 1),
               "persons": 50, "person_times": 50, "fitness_persons_ytd": persons}  # fmt: skip
        file(opened, "CULT-01", "2019-12", row, by=union)
    result = scored(opened, "FIT")
    # (34.9 - 29.8) / (40 - 29.8) = a half
    assert result.unit(MILL).total == D("50.00")
    assert (result.unit(MINE).total, result.unit(MINE).grade) == (D("100.00"), "达标")
    line = kept(opened, "FIT-2019")[MILL].detail["explanation"]["blocks"][0]["lines"][0]
    assert line["function"] == "SF8" and "基期" in line["told"] and "S0" in line["basis"]


def test_a_year_of_reporting_is_the_mean_of_its_months(opened: Connection) -> None:
    opened.execute(
        text(
            "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) VALUES "
            "('2019-03', 'month', '2019-03-01', '2019-03-31', :d, now()), "
            "('2019-04', 'month', '2019-04-01', '2019-04-30', :d, now())"
        ),
        {"d": definitions().digest},
    )
    opened.execute(
        text(
            "INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on) "
            "SELECT p, 'ORG-02', id, '2020-06-02', '2020-06-05', '2020-06-12' "
            "FROM organisation, unnest(ARRAY['2019-03', '2019-04']) p WHERE code = :o"
        ),
        {"o": MILL},
    )
    row = {"members_total": 100, "workers_total": 120}
    file(opened, "ORG-02", "2019-03", row)  # received on 1 June, a day early
    result = scored(opened, "DQ")
    (unit,) = result.units
    # March: 40 + 30, nothing to explain spreads 20 over them and 10 more; April sent nothing
    assert [total.total for _, total in unit.months] == [100, D("0")]
    assert (unit.total, unit.grade) == (D("50.00"), "D 类")
    assert "应报 2 个月" in unit.grade_reasons[0]
    assert len(kept(opened, "DQ-2019")[MILL].detail["explanation"]["months"]) == 2


# --- decisions -----------------------------------------------------------------------------------


def certificate(number: str, level: str, **more: Any) -> dict[str, Any]:
    given = {"person_key": number, "name": "示例甲", "id_no": None, "cert_no": number,
             "cert_level": level, "cert_date": date(2019, 5, 6),
             "route": "职业技能鉴定"}  # fmt: skip
    return given | more


def test_one_two_three_certificates_bring_8500_yuan(opened: Connection) -> None:
    levels = ["一级（高级技师）"] + ["二级（技师）"] * 2 + ["三级（高级工）"] * 3
    rows = [certificate(f"Z{n}", level) for n, level in enumerate(levels)]
    late = certificate("Z9", levels[0], cert_date=date(2018, 12, 31))
    file(opened, "SKILL-03", "2019", *rows, late)
    result = decided(opened, "SKL")
    assert result.total(MILL) == 3000 + 2 * 2000 + 3 * 500 == 8500
    assert "不在 2019 年度" in result.decisions[-1].why
    row = kept(opened, "SKL-2019")[MILL]
    assert row.total == 8500
    assert "示例甲" not in str(row.detail)
    assert row.detail["decisions"][0]["reference"].endswith("!6") or row.detail["decisions"]


def test_studios_are_graded_from_their_yearly_table(opened: Connection) -> None:
    base = {"studio_name": "示例工作室", "leader": "示例甲", "level": "市级", "members": 5,
            "patents": 0, "created_on": date(2015, 1, 1)}  # fmt: skip
    rows = [
        base | {"studio_id": f"S{n}", "projects": 1 if n else 0, "benefit": float(n)}
        for n in range(6)
    ]
    file(opened, "INNO-02", "2019", *rows)
    found = {d.subject: d for d in decided(opened, "STU").decisions}
    # five pass the gate, the best fifth of them is one
    assert found["工作室 S5"].outcome == "优秀" and found["工作室 S5"].amount == 30_000
    assert found["工作室 S4"].outcome == "达标" and found["工作室 S4"].amount == 20_000
    assert found["工作室 S0"].outcome == "未达标"
    assert "开展活动不少于 4，报表不报，由评审会核实" in found["工作室 S4"].why


def test_credit_of_persons_leaves_the_union_as_counts_only(opened: Connection) -> None:
    def case(number: str, person: str, points: int, day: str, **more: Any) -> dict[str, Any]:
        return {"deduct_id": number, "person_key": person, "event_on": date.fromisoformat(day),
                "article": "第三条", "points": points} | more  # fmt: skip

    file(opened, "SAFE-03", "2019-03", case("K1", "P1", 6, "2019-03-04"),
         case("K2", "P2", 3, "2019-03-05"))  # fmt: skip
    file(opened, "SAFE-03", "2019-04", case("K3", "P1", 6, "2019-04-04"))
    # the same case told again, with the day of the education
    file(opened, "SAFE-03", "2019-05",
         case("K3", "P1", 6, "2019-04-04", edu_done_on=date(2019, 4, 10)))  # fmt: skip
    result = decided(opened, "SFC")
    own = [d for d in result.decisions if not d.told]
    assert [d.amount for d in own] == [12 - 6 - 6, 12 - 3]
    row = kept(opened, "SFC-2019")[MILL]
    assert row.detail["decisions"][0]["why"] == "扣分人数 2，扣满人数 1，完成教育人数 1。"
    assert "P1" not in str(row.detail) and row.total is None


@pytest.mark.parametrize(
    ("unsatisfied", "outcome"), [(60, "取消代表资格"), (59, "保留")]
)  # fmt: skip
def test_recall_at_exactly_sixty_percent(opened: Connection, unsatisfied: int, outcome: str):
    row = {"rep_id": "D1", "name": "示例甲", "voters": 100, "ballots": 90, "eval_ballots": 100,
           "eval_unsat": unsatisfied, "eval_score": 95.0}  # fmt: skip
    file(opened, "DEMO-02", "2019", row, row | {"rep_id": "D2", "eval_ballots": None})
    result = decided(opened, "REP")
    (case,) = result.decisions
    assert case.outcome == (outcome if unsatisfied == 60 else "奖励")
    assert case.flagged is (unsatisfied == 60)  # reasons to reward and to recall meet
    assert result.notices == ("1 名代表没有评估票数，未作评估。",)
    assert "示例甲" not in str(kept(opened, "REP-2019")[MILL].detail)


def test_a_district_industry_union_is_told_who_still_owes(opened: Connection) -> None:
    row = {"tier": "区县级", "standard": 50000, "from_city_union": 10000, "from_finance": 15000,
           "from_dist_union": 20000, "spent": 0, "arrived_on": date(2019, 5, 1)}  # fmt: skip
    file(opened, "FIN-05", "2019", row, by=TRADE)
    result = decided(opened, "IFE")
    (case,) = result.decisions
    assert (case.outcome, case.amount) == ("有缺口", 50_000 - 45_000)
    assert "区县财政应承担 20,000 元，已到位 15,000 元，尚差 5,000 元" in case.why
    assert result.notices == (
        "下列产业工会本年度没有考核等次，暂不核定下年度经费：I工会。",
    )  # fmt: skip


def test_next_years_funds_follow_this_years_grade(opened: Connection) -> None:
    members(opened, MILL, 110, 9)
    file(opened, "TGT-01", "2019", letter("T1", "I-ORG-15", 9), by=TRADE)
    grade = scored(opened, "TRA-IND").unit(TRADE).grade
    (case,) = decided(opened, "IFE").decisions
    factor = {"优秀": "1.10", "良好": "1.00", "合格": "0.90", "不合格": "0.70"}[grade]
    assert case.amount == 500_000 * D(factor)
    assert f"“{grade}”系数 {factor}" in case.why


def test_disclosure_adds_counts_over_both_halves(opened: Connection) -> None:
    half = {"has_congress": True, "has_disclosure": True, "disclosure_items": 2,
            "resolutions": 3, "inspections": 0}  # fmt: skip
    file(opened, "DEMO-01", "2019H1", half)
    file(opened, "DEMO-01", "2019H2", half | {"resolutions": 0, "inspections": 1})
    file(opened, "DEMO-01", "2019H1", half | {"has_congress": False}, by=MINE)
    result = decided(opened, "DEM")
    assert [d.outcome for d in result.of(MILL)] == ["达标"]
    (mine,) = result.of(MINE)
    assert mine.outcome == "未达标"
    assert mine.why == "5 项条件中 2 项未达到：建立职代会制度（否）；开展代表巡视检查（0）。"


def test_walkers_reach_the_last_station_behind_them(opened: Connection) -> None:
    row = {"walkers": 10, "steps": 1, "km": 1.0, "cum_km_avg": 950.0}
    file(opened, "CULT-04", "2019-12", row)
    (case,) = [d for d in decided(opened, "LMR").decisions if d.unit == MILL]
    assert case.outcome == "湘江"
    assert "参加抽奖：于都、湘江" in case.why


def test_five_highlights_are_chosen_and_untraced_numbers_keep_out(opened: Connection) -> None:
    rows = [
        {"project_id": f"X{n}", "title": f"项目{n}", "started_on": date(2019, 1, 1),
         "novelty": 90.0 - n, "mechanism": 80.0, "spread": 70.0}
        for n in range(6)
    ]  # fmt: skip
    rows.append(rows[0] | {"project_id": "X9", "spread": None})
    file(opened, "RES-02", "2019", *rows)
    found = {d.subject: d for d in decided(opened, "INN").decisions}
    assert [s for s, d in found.items() if d.outcome == "创新亮点"] == [
        f"项目 X{n}" for n in range(5)
    ]
    assert found["项目 X0"].amount == D(90) * D("0.4") + 80 * D("0.3") + 70 * D("0.3")
    assert "缺“推广价值”评分" in found["项目 X9"].why


def test_stars_of_the_post_are_held_to_what_the_register_says(opened: Connection) -> None:
    row = {"workshop": "一车间", "candidates": 30, "score_items": 12, "top_name": "示例甲",
           "top_score": 96.0, "mean_score": 80.0}  # fmt: skip
    weak = row | {"workshop": "二车间", "score_items": 2, "top_score": 70.0}
    file(opened, "SKILL-05", "2019-06", row, weak)
    good, bad = decided(opened, "STP").decisions
    assert (good.outcome, bad.outcome) == ("岗位之星", "不予确认")
    assert "低于平均得分 80；自动评分件数 2，不足 3" in bad.why
    assert outcome_of([good, bad]) == "岗位之星 1，不予确认 1"
    assert "示例甲" not in str(kept(opened, "STP-2019")[MILL].detail)


# --- frozen at the first scoring -----------------------------------------------------------------


def test_a_scheme_changed_after_the_first_scoring_is_refused_for_that_year(
    opened: Connection,
) -> None:
    known = definitions()
    file(opened, "EVAL-01", "2019", ballots("会员", 10, 0, 0))
    scored(opened, "MEV-UNIT")
    path = "schemes/MEV-UNIT-2019.yaml"
    said = yaml.safe_load(known.sources[path])
    said["blocks"][0]["raters"] |= {"会员": 55, "工会机关": 25}
    changed = json.dumps(said, ensure_ascii=False)
    assert changed != known.sources[path]
    other = replace(known, sources={**known.sources, path: changed})
    register_definitions(opened, other, datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(SchemeFrozen, match="MEV-UNIT-2019 已用于 2019 年度考核"):
        refuse_changed(opened, other, "MEV-UNIT-2019", 2019)
    refuse_changed(opened, other, "MEV-UNIT-2019", 2020)  # not scored under yet
    words = {**known.sources, path: f"{known.sources[path]}\n# 只加一行注释\n"}
    commented = replace(known, sources=words)
    refuse_changed(opened, commented, "MEV-UNIT-2019", 2019)


# --- beside last year ----------------------------------------------------------------------------


def test_differences_to_last_year_are_told_mark_by_mark(opened: Connection) -> None:
    file(opened, "EVAL-01", "2019", ballots("会员", 20, 0, 0))
    scored(opened, "MEV-UNIT")
    file(opened, "EVAL-01", "2020", ballots("会员", 15, 0, 5))
    result = score_and_keep(opened, definitions(), "MEV-UNIT", 2020, CUTOFF)
    unit = result.unit(MILL)
    assert unit.unit.last_year is not None and unit.unit.last_year.grade == "优秀"
    told = kept(opened, "MEV-UNIT-2019")[MILL].detail["explanation"]
    assert told["last_year"].startswith("总分 75.00 分，比上年低 25.00 分（上年 100.00 分）")
    assert "等次由“优秀”变为“合格”" in told["last_year"]
    assert told["differences"][0] == "总分 100.00 分 → 75.00 分，降低 25.00 分。"


def test_a_final_edition_stands_over_every_later_run(opened: Connection) -> None:
    """Last year's marks, the money by grade and the figures of the year read the same result."""
    file(opened, "EVAL-01", "2019", ballots("会员", 20, 0, 0))
    scored(opened, "MEV-UNIT")
    ran = opened.execute(text("SELECT computation_id, definitions FROM assessment")).one()
    day = {n: CUTOFF + timedelta(days=n) for n in range(1, 7)}

    def edition(total: int, grade: str, at: datetime) -> None:
        found = years.round_of(opened, "MEV-UNIT-2019", YEAR)
        assert found is not None
        years.keep_edition(
            opened, found, computation=ran.computation_id, definitions=ran.definitions,
            cutoff=CUTOFF, known_at=at, cause="核算", digest=grade, actor=Actor("a"),
            units=[years.KeptUnit(MILL, "", D(total), grade, 1, {"blocks": []})],
        )  # fmt: skip

    def step(name: str, at: datetime) -> None:
        taken = years.Taken(name, "", "审定", "a", None, "r", "d", None, at)
        years.record_step(opened, round_id, "MEV-UNIT-2019 2019", taken, Actor("a"))

    round_id = years.open_round(opened, "MEV-UNIT-2019", YEAR, Actor("a"), day[1])
    step("open", day[1])
    edition(88, "良好", day[1])
    step("finalise", day[2])
    score_and_keep(opened, definitions(), "MEV-UNIT", YEAR, day[3])
    step("reopen", day[4])
    edition(70, "合格", day[5])  # under correction: nobody has made it final
    step("finalise", day[6])
    told = []
    for at in (CUTOFF, day[1], day[2], day[3], day[5], day[6]):
        (mill,) = years.standing_marks(opened, "MEV-UNIT", YEAR, at)
        (whole,) = years.standing_result(opened, "MEV-UNIT", YEAR, at)
        assert (mill.unit, whole.unit, whole.total) == (MILL, MILL, mill.total)
        told.append((mill.total, mill.grade))
    run, first, second = (D(100), "优秀"), (D(88), "良好"), (D(70), "合格")
    assert told == [run, first, first, first, first, second]
    file(opened, "EVAL-01", "2020", ballots("会员", 15, 0, 5))
    result = score_and_keep(opened, definitions(), "MEV-UNIT", 2020, day[6])
    last = result.unit(MILL).unit.last_year
    assert last is not None and (last.total, last.grade) == second


# --- targets -------------------------------------------------------------------------------------

EARLY, REVISED = datetime(2020, 7, 1, tzinfo=UTC), datetime(2020, 9, 1, tzinfo=UTC)


def revise(opened: Connection, *rows: dict[str, Any]) -> None:
    """The industry union's letter once more, under a correction order with its document."""
    known, orgs = definitions(), ids(opened)
    opened.execute(
        text(
            "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) VALUES "
            "('2019', 'year', '2019-01-01', '2019-12-31', :d, now()) ON CONFLICT DO NOTHING"
        ),
        {"d": known.digest},
    )
    opened.execute(
        text(
            "INSERT INTO reopening (period, forms, organisations, reason, document, requested_by, "
            "approved_by, until, opened_at) VALUES ('2019', '{TGT-01}', '{}', '目标调整', "
            "'示总工办〔2020〕9号', '甲', '乙', '2020-09-30', '2020-08-31')"
        )
    )
    page = sheet("TGT-01", *({"org_code": TRADE, **row} for row in rows), period="2019")
    page.period = "2019"
    receipt = receipts.record(
        opened, sha256="再报", size=1, file_name="表.xlsx", channel="test", source="再报",
        sender=TRADE, received_at=REVISED,
    )  # fmt: skip
    assert receipt is not None
    load(
        opened,
        [
            NewSubmission(
                receipt_id=receipt.id, member="", sha256="再报", format="xlsx",
                reporter_id=orgs[TRADE], period="2019", state="accepted", cover={},
                definitions=known.digest, received_at=REVISED,
                filings=[filing_of(page, known, TRADE, orgs, b"k" * 64)],
            )
        ],
        REVISED,
    )  # fmt: skip


def line_of(result: Any, indicator: str) -> Any:
    parts = result.unit(TRADE).block("targets").parts
    return next(p for p in parts if p.part and p.part.indicator == indicator)


@pytest.mark.parametrize("scored_before", [True, False])
def test_a_target_revised_after_the_first_scoring_is_told_and_does_not_count(
    opened: Connection, scored_before: bool
) -> None:
    file(opened, "TGT-01", "2019", letter("T1", "I-AID-05", 9), by=TRADE)
    if scored_before:
        first = score_and_keep(opened, definitions(), "TRA-IND", YEAR, EARLY)
        assert line_of(first, "I-AID-05").target == 9
    revise(opened, letter("T1", "I-AID-05", 20))
    again = score_and_keep(opened, definitions(), "TRA-IND", YEAR, CUTOFF)
    line = line_of(again, "I-AID-05")
    (change,) = line.revisions
    assert (change.was, change.now, change.counted) == (9, 20, not scored_before)
    assert change.document == "示总工办〔2020〕9号"
    assert line.target == (9 if scored_before else 20)


def test_a_revision_is_told_in_a_sentence_with_its_document() -> None:
    facts = IndicatorFacts("I", "救助户数", "户")
    change = Revision(D(9), D(20), date(2020, 9, 1), "示总工办〔2020〕9号", counted=False)
    line = PartResult(
        Item(code="T03", name="帮扶", parts=(Part(indicator="I", marks=D(2), function="SF1",
             target=D(9)),)),
        Part(indicator="I", marks=D(2), function="SF1", target=D(9)), facts, D(2), State.SCORED,
        D(2), actual=D(9), target=D(9), from_letter=True, unowned=True, revisions=(change,),
        working=Working(completion=D(100)),
    )  # fmt: skip
    told = part_sentence(line)
    assert "目标于 2020-09-01 由 9 户 修订为 20 户（示总工办〔2020〕9号）" in told
    assert "首次计分后修订，仍按修订前的目标计分" in told
    assert "责任书未写明责任人，请补签" in told


@pytest.mark.parametrize(("done", "sum_"), [(0, "2 × 0.00% = 0.00"), (120, "2 × 100.00% = 2.00")])
def test_nothing_done_is_multiplied_as_nothing(done: int, sum_: str) -> None:
    part = Part(indicator="I", marks=D(2), function="SF1", target=D(9))
    got = D(2) * min(done, 100) / 100
    line = PartResult(
        Item(code="T03", name="帮扶", parts=(part,)), part, IndicatorFacts("I", "救助户数", "户"),
        D(2), State.SCORED, got, actual=D(0), target=D(9), working=Working(completion=D(done)),
    )  # fmt: skip
    assert f"按比例计分：{sum_} 分" in part_sentence(line)


def test_a_letter_names_who_answers_and_its_marks_sum_to_a_hundred() -> None:
    form = definitions().newest("TGT-01")
    assert form.columns[form.position["owner"]].required
    rows = [letter("T1", "I-ORG-04", 1, weight=60.0), letter("T2", "I-ORG-15", 1, weight=39.0)]
    page = sheet("TGT-01", *({"org_code": "A"} | r for r in rows), period="2019")
    (found,) = check(workbook(page, period="2019"))
    assert "V-S-007" in {f.rule for f in found}


def test_late_yearly_forms_and_overdue_audits_cost_marks(opened: Connection) -> None:
    file(opened, "TGT-01", "2019", letter("T1", "I-ORG-15", 9), by=TRADE)
    opened.execute(
        text(
            "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) VALUES "
            "('2019', 'year', '2019-01-01', '2019-12-31', :d, now())"
        ),
        {"d": definitions().digest},
    )
    opened.execute(
        text(
            "INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on) "
            "SELECT '2019', 'TGT-01', id, '2020-01-20', '2020-01-25', '2020-12-31' "
            "FROM organisation WHERE code = :o"
        ),
        {"o": TRADE},
    )
    file(opened, "AUD-00", "2019-07", {"audit_id": "1", "org_code": TRADE, "year": 2018,
         "notice_on": date(2019, 5, 6), "start_on": date(2019, 5, 10), "issues": 3, "fixed": 0,
         "opinion_on": date(2019, 6, 3), "rectify_due": date(2019, 7, 3)}, by=CITY)  # fmt: skip
    result = scored(opened, "TRA-IND")
    found = {d.kind: d for d in result.unit(TRADE).deductions}
    assert found["年报迟报"].points == D("0.5")
    assert "2020-01-20 到期，逾期收到" in found["年报迟报"].title
    assert found["审计整改逾期"].points == 1
    assert "应于 2019-07-03 前报送，至今未报" in found["审计整改逾期"].title
    assert result.unit(TRADE).deduction_points == D("1.5")


def test_every_kind_of_score_sheet_makes_a_book(opened: Connection) -> None:
    file(opened, "EVAL-01", "2019", ballots("会员", 20, 5, 0))
    members(opened, MILL, 100, 1)
    slip = {"project": "篮球赛", "budget": 1000, "spent": 1000, "held_on": date(2019, 5, 18),
            "persons": 30, "effect_score": 80, "upper_award": 0, "certs": 0, "chief_titles": 0,
            "voucher_ok": True}  # fmt: skip
    file(opened, "AUD-02", "2019", slip | {"org_code": MILL}, by=CITY)
    for family in ("MEV-UNIT", "FPA"):
        result = scored(opened, family)
        content = assessment_book(
            result, title=book_title(result, YEAR), year=YEAR, cutoff=CUTOFF,
            definitions_digest="d", federation="示范总工会",
        )  # fmt: skip
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        cells = [c for sheet in book for row in sheet.iter_rows(values_only=True) for c in row]
        assert f"{MILL}工会" in cells or any(f"{MILL}工会" in str(c) for c in cells)
        assert not any(str(c) in ("None", "NaN") for c in cells if c is not None)
