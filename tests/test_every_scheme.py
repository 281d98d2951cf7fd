"""2019 under every scheme at once: rows through the loader, `flow.assess`, what it kept.

Every expected mark is worked out here from the words of the domain catalogue, section 8.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest
from sqlalchemy import text

from definitions import Definitions
from pipelines import flow
from pipelines.assessment_year.stages import Refused
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from tests.test_assess_flow import ballots, certificate
from tests.test_evidence import letter
from tests.two_unions import CITY, FEDERATION, MILL, MINE, OPENED, TRADE, file, organisation
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.life_cycle import Actor
from warehouse.organisations import register

D = Decimal
AT = "2020-06-20T09:00:00"
DISTRICT = "D1"
"""A district's industry union, whose standard three payers share."""
ASPECTS = ("AUD-01", "AUD-02", "AUD-03", "AUD-04", "AUD-05")


def slip(name: str, **more: Any) -> dict[str, Any]:
    """One project: the whole budget spent, three members in ten took part, effect 80."""
    given = {"project": name, "budget": 1000.0, "spent": 1000.0, "held_on": date(2019, 5, 1),
             "persons": 60, "effect_score": 80.0, "upper_award": 0, "certs": 0,
             "chief_titles": 0, "voucher_ok": True}  # fmt: skip
    return given | more


def case(number: str, person: str, points: int, day: str) -> dict[str, Any]:
    return {"deduct_id": number, "person_key": person, "event_on": date.fromisoformat(day),
            "article": "第三条", "points": points}  # fmt: skip


def representative(number: str, ballots_: int | None, unsat: int, score: float) -> dict[str, Any]:
    return {"rep_id": number, "name": "示例甲", "voters": 100, "ballots": 90,
            "eval_ballots": ballots_, "eval_unsat": unsat, "eval_score": score}  # fmt: skip


@pytest.fixture(scope="module")
def assessed(module_home: Path, definitions: Definitions) -> Iterator[dict[str, Any]]:
    """What `flow.assess` says of 2019, after a year of rows."""
    with warehouse().begin() as c:
        register_definitions(c, definitions, OPENED)
        district = organisation(DISTRICT, "区县级", "产业工会", ("块", CITY))
        register(c, [*FEDERATION, district], OPENED)
        for year in range(2018, 2021):
            ensure_partitions(c, year)
        # DQ: two months owed, the first in time and faultless, the second never sent
        c.execute(
            text(
                "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) VALUES "
                "('2019-03', 'month', '2019-03-01', '2019-03-31', :d, now()), "
                "('2019-04', 'month', '2019-04-01', '2019-04-30', :d, now())"
            ),
            {"d": definitions.digest},
        )
        c.execute(
            text(
                "INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on) "
                "SELECT p, 'ORG-02', id, '2020-06-02', '2020-06-05', '2020-06-12' "
                "FROM organisation, unnest(ARRAY['2019-03', '2019-04']) p WHERE code = :o"
            ),
            {"o": MILL},
        )
        file(c, "ORG-02", "2019-03", {"members_total": 190, "workers_total": 950})
        # FIT: 349 and 500 of 1,000
        for union, persons in ((MILL, 349), (MINE, 500)):
            head = {"members_total": 200, "workers_total": 1000, "new_members": 1}
            file(c, "ORG-02", "2019-12", head, by=union)
            activity = {"activity_id": "W1", "name": "健步走", "held_on": date(2019, 12, 1),
                        "persons": 50, "person_times": 50,
                        "fitness_persons_ytd": persons}  # fmt: skip
            file(c, "CULT-01", "2019-12", activity, by=union)
        # PAIR: 278 of 100 (S2)
        file(c, "TGT-01", "2019", letter("T1", "I-SKILL-15", 100, work="W07"))
        pairs = [
            {"pair_id": f"P{n}", "master": f"M{n % 156}", "master_level": "一级（高级技师）",
             "apprentice": f"A{n}", "signed_on": date(2019, 5, 1), "end_on": date(2020, 5, 1)}
            for n in range(278)
        ]  # fmt: skip
        file(c, "SKILL-04", "2019Q2", *pairs)
        # MEV: the union by four groups, its chair apart
        file(c, "EVAL-01", "2019",
             ballots("会员", 127, 10, 0, eligible=141), ballots("职工代表", 20, 0, 0),
             ballots("党政领导", 5, 0, 0), ballots("工会机关", 8, 0, 0),
             ballots("会员", 50, 0, 50, object="工会主席"),
             ballots("职工代表", 20, 0, 0, object="工会主席"),
             ballots("党政领导", 5, 0, 0, object="工会主席"),
             ballots("工会机关", 8, 0, 0, object="工会主席"))  # fmt: skip
        # SWH: 80 / 90 / 90
        home = {"cycle_year": 2019, "members_eligible": 200, "members_rated": 180,
                "member_mode": "测评表", "member_score": 80.0, "employer_score": 90.0,
                "upper_score": 90.0, "star_applied": "五星"}  # fmt: skip
        file(c, "HOME-02", "2019", home)
        file(c, "HOME-02", "2019", home | {"members_rated": 119}, by=MINE)
        # FPA
        for form in ASPECTS:
            rows = [slip("甲")]
            if form == "AUD-03":
                rows.append(slip("乙", voucher_ok=False, persons=900))
            if form == "AUD-04":
                rows = [slip("甲", upper_award=1, certs=5, chief_titles=1)]
            file(c, form, "2019", *rows)
        funds = {"payroll": 5000, "due": 100, "paid": 100.0, "retained": 60, "remitted": 40,
                 "paid_route": "自行缴纳"}  # fmt: skip
        file(c, "FIN-01", "2019-12", funds)
        audit = {"audit_id": "示审〔2020〕1号", "year": 2019, "notice_on": date(2020, 4, 1),
                 "start_on": date(2020, 4, 8), "opinion_on": date(2020, 5, 6),
                 "rectify_due": date(2020, 6, 5), "issues": 2, "fixed": 0,
                 "money_issue": 32600.0}  # fmt: skip
        coming = {"audit_id": "示审〔2020〕2号", "year": 2019, "notice_on": date(2020, 6, 15),
                  "start_on": date(2020, 6, 29)}  # fmt: skip
        file(c, "AUD-00", "2020-05", audit)
        file(c, "AUD-00", "2020-06", coming, by=MINE)
        # decisions
        half = {"has_congress": True, "has_disclosure": True, "disclosure_items": 2,
                "resolutions": 3, "inspections": 1}  # fmt: skip
        file(c, "DEMO-01", "2019H1", half)
        file(c, "DEMO-01", "2019H1", half | {"inspections": 0}, by=MINE)
        file(
            c,
            "DEMO-02",
            "2019",
            representative("R1", 100, 60, 95.0),
            representative("R2", 100, 59, 60.0),
            representative("R3", 100, 3, 90.0),
            representative("R4", 100, 3, 89.99),
            representative("R5", 49, 40, 10.0),
            representative("R6", None, 0, 0.0) | {"eval_unsat": None, "eval_score": None},
        )
        file(c, "SAFE-03", "2019-03", case("K1", "P1", 6, "2019-03-04"),
             case("K2", "P2", 3, "2019-03-05"), case("K3", "P1", 6, "2019-03-11"))  # fmt: skip
        levels = ["一级（高级技师）"] + ["二级（技师）"] * 2 + ["三级（高级工）"] * 3
        file(c, "SKILL-03", "2019", *(certificate(f"Z{n}", x) for n, x in enumerate(levels)))
        studio = {"studio_name": "示例工作室", "leader": "示例甲", "level": "市级", "members": 5,
                  "patents": 0, "created_on": date(2015, 1, 1)}  # fmt: skip
        file(c, "INNO-02", "2019", *(
            studio | {"studio_id": f"S{n}", "projects": 1 if n else 0, "benefit": float(n)}
            for n in range(6)
        ))  # fmt: skip
        star = {"workshop": "一车间", "candidates": 30, "score_items": 12, "top_name": "示例甲",
                "top_score": 96.0, "mean_score": 80.0}  # fmt: skip
        file(c, "SKILL-05", "2019-06", star, star | {"workshop": "二车间", "score_items": 2})
        file(c, "RES-02", "2019", *(
            {"project_id": f"X{n}", "title": f"项目{n}", "started_on": date(2019, 1, 1),
             "novelty": 90.0 - n, "mechanism": 80.0, "spread": 70.0}
            for n in range(6)
        ))  # fmt: skip
        walk = {"walkers": 10, "steps": 1, "km": 1.0, "cum_km_avg": 950.0}
        file(c, "CULT-04", "2019-12", walk)
        # IFE: the city's industry union by its grade, the district's by what arrived
        shared = {"tier": "区县级", "standard": 50000, "from_city_union": 10000,
                  "from_finance": 15000, "from_dist_union": 20000, "spent": 0,
                  "arrived_on": date(2019, 5, 1)}  # fmt: skip
        file(c, "FIN-05", "2019", shared, by=DISTRICT)
        # slips and events of 2020, for notices
        accepted = {"slip_kind": "工会维权服务受理单", "channel": "来电", "topic": "劳动报酬",
                    "received_on": date(2020, 5, 20), "accepted_on": date(2020, 5, 21),
                    "persons": 3}  # fmt: skip
        file(c, "RIGHT-01", "2020-05", accepted | {"slip_id": "S1"},
             accepted | {"slip_id": "S2", "closed_on": date(2020, 6, 1), "result": "已解决"},
             accepted | {"slip_id": "S3", "accepted_on": date(2020, 6, 8)})  # fmt: skip
        event = {"enterprise": "示例机械厂", "happened_on": date(2020, 6, 8), "workers": 120,
                 "reported_on": date(2020, 6, 11), "measures": "已派员进驻"}  # fmt: skip
        file(c, "RIGHT-04", "2020-06", event | {"event_id": "E1", "event_kind": "欠薪"},
             event | {"event_id": "E2", "event_kind": "撤并工会"})  # fmt: skip
        file(c, "SAFE-03", "2020-06", case("K9", "P1", 12, "2020-06-10"))
    yield flow.assess(2019, AT)


def kept(scheme: str) -> dict[str, Any]:
    """Unit → row of the result, as the warehouse keeps it."""
    with warehouse().connect() as c:
        rows = c.execute(
            text(
                "SELECT o.code AS unit, u.* FROM assessment a JOIN assessment_unit u "
                "ON u.assessment_id = a.id JOIN organisation o ON o.id = u.org_id "
                "WHERE a.scheme = :s"
            ),
            {"s": scheme},
        )
        return {r.unit: r for r in rows}


def outcomes(scheme: str, unit: str = MILL) -> dict[str, tuple[str, Decimal | None]]:
    """Case → outcome and amount of a scheme that decides."""
    return {
        d["subject"]: (d["outcome"], None if d["amount"] is None else D(d["amount"]))
        for d in kept(scheme)[unit].detail["decisions"]
    }


BANDS = {
    # 8.5: 98.1752 of members 60 %, everybody else full
    "MEV-UNIT-2019": {MILL: ("98.91", "优秀")},
    # half of the members content, 50 of 100: 25 + 15 + 15 + 20
    "MEV-CHAIR-2019": {MILL: ("75.00", "合格")},
    # 8.8: (34.9 - 29.8) / (40 - 29.8); beyond the goal is full
    "FIT-2019": {MILL: ("50.00", "有提高"), MINE: ("100.00", "达标")},
    # 278 %: full marks, and at most 2 for the excess
    "PAIR-2019": {MILL: ("102.00", "完成")},
    # 8.4: 80 x 50 % + 90 x 25 % + 90 x 25 %; 119 of 200 are below 60 %
    "SWH-2019": {MILL: ("85.00", "四星"), MINE: (None, "")},
    # 8.10: 100 and 0
    "DQ-2019": {MILL: ("50.00", "D 类")},
}


@pytest.mark.parametrize("scheme", sorted(BANDS))
def test_marks_and_grades_are_what_the_catalogue_gives(assessed: Any, scheme: str) -> None:
    found = {
        unit: (None if row.total is None else str(row.total.quantize(D("0.01"))), row.grade)
        for unit, row in kept(scheme).items()
    }
    if scheme == "SWH-2019":  # ballots of too few members count nothing
        assert found.pop(MINE)[1] == ""
        assert found == {MILL: BANDS[scheme][MILL]}
        return
    assert found == BANDS[scheme]
    assert assessed["units"][scheme] == len(found)


def test_a_fund_audit_adds_up_by_aspect(assessed: Any) -> None:
    good = 30 + 30 + 15 + 15 * D("0.8")
    # one of two projects without vouchers: half the projects, half the budget spent (50 % earns 0)
    weak = 15 + 0 + 15 + 15 * D("0.8")
    awarded = good + 3 + D("0.2") * 5 + 1
    # collected, remitted 40 of 40, vouchers of 5 of 6 projects, nothing to rectify... two open
    books = 15 + 15 + 15 * D(5) / 6
    row = kept("FPA-2019")[MILL]
    scores = {b["block"]["code"]: b["score"] for b in row.detail["blocks"]}
    assert {k: D(str(v)) for k, v in scores.items() if k != "A6"} == {
        "A1": good, "A2": good, "A3": weak, "A4": awarded, "A5": good,
    }  # fmt: skip
    assert abs(D(str(scores["A6"])) - books - 10) < D("0.01")
    total = (15 * good * 3 + 20 * weak + 15 * awarded + 20 * (books + 10)) / 100
    assert (row.total, row.grade) == (total.quantize(D("0.01")), "效益一般")


DECIDED = {
    "SKL-2019": {"total": D(8500)},
    "STU-2019": {
        "工作室 S5": ("优秀", D(30_000)),
        "工作室 S4": ("达标", D(20_000)),
        "工作室 S0": ("未达标", D(0)),
    },
    "REP-2019": {
        "代表 R1": ("取消代表资格", None),  # 60.00 % belongs to the recall
        "代表 R2": ("保留", None),
        "代表 R3": ("奖励", None),  # 90.00 belongs to the reward
        "代表 R4": ("保留", None),
        "代表 R5": ("评估无效", None),  # 49 ballots of 100
    },
    "STP-2019": {"2019-06 一车间": ("岗位之星", None), "2019-06 二车间": ("不予确认", None)},
    "INN-2019": {
        "项目 X0": ("创新亮点", 90 * D("0.4") + 80 * D("0.3") + 70 * D("0.3")),
        "项目 X5": ("未入选", 85 * D("0.4") + 80 * D("0.3") + 70 * D("0.3")),
    },
    "LMR-2019": {"": ("湘江", D(950))},
    "DEM-2019": {"": ("达标", None)},
    "SFC-2019": {"": ("有扣满", None)},
}


@pytest.mark.parametrize("scheme", sorted(DECIDED))
def test_decisions_are_what_the_catalogue_gives(assessed: Any, scheme: str) -> None:
    wanted = dict(DECIDED[scheme])
    if "total" in wanted:
        assert kept(scheme)[MILL].total == wanted.pop("total")
    found = outcomes(scheme)
    assert {k: found[k] for k in wanted} == wanted
    assert "示例甲" not in str(kept(scheme)[MILL].detail)
    assert scheme in assessed["units"]


def test_disclosure_that_lacks_one_of_five_fails(assessed: Any) -> None:
    (found,) = kept("DEM-2019")[MINE].detail["decisions"]
    assert found["outcome"] == "未达标"
    assert "开展代表巡视检查（0）" in found["why"]


def test_money_follows_the_grade_and_the_three_payers(assessed: Any) -> None:
    grade = kept("TRA-IND-2019")[TRADE].grade
    factor = {"优秀": D("1.1"), "良好": D(1), "合格": D("0.9"), "不合格": D("0.7")}[grade]
    (own,) = kept("IFE-2019")[TRADE].detail["decisions"]
    assert (own["outcome"], D(own["amount"])) == (grade, 500_000 * factor)
    assert own["reference"] == "TRA-IND"
    (shared,) = kept("IFE-2019")[DISTRICT].detail["decisions"]
    assert (shared["outcome"], D(shared["amount"])) == ("有缺口", D(20_000 - 15_000))


def test_every_family_gave_something_and_the_books_are_written(assessed: Any) -> None:
    families = {code.rsplit("-", 1)[0] for code in assessed["units"]}
    assert families >= {
        "DEM", "DQ", "FIT", "FPA", "IFE", "INN", "LMR", "MEV-CHAIR", "MEV-UNIT", "PAIR", "REP",
        "SFC", "SKL", "STP", "STU", "SWH", "TRA-GRASS", "TRA-IND",
    }  # fmt: skip
    books = {Path(f).name for f in assessed["files"]}
    assert len(books) == len(assessed["files"]) > 5


# --- notices (9.3, R-07) -------------------------------------------------------------------------


def words(path: str) -> str:
    made = docx.Document(path)
    cells = [c.text for t in made.tables for row in t.rows for c in row.cells]
    return "\n".join([*(p.text for p in made.paragraphs), *cells])


@pytest.fixture(scope="module")
def notices(assessed: Any) -> dict[str, str]:
    """Title of each notice that is due on the day → what it says."""
    files = flow.publish_due_notices(
        office="市总工会办公室", by="考核办 01", at=AT, number="示总工督〔2020〕{n}号", first=7
    )
    return {Path(f).stem: words(f) for f in files if f.endswith(".docx")}


DUE = {
    "审计通知书": ("自2020年6月29日起", "示审〔2020〕2号", "3 日前送达", "教育宣传、文体活动",
              "“效益好”", "送达回证"),
    # accepted on Thursday 21 May 2020, ten working days later is Thursday 4 June; to be answered
    # five working days after Saturday 20 June: the 22nd to 24th, then after the festival the 28th
    # (a Sunday that is worked) and the 29th; ten are 6 July
    "职工诉求超期督办通知书": ("有 1 件诉求超过期限", "S1", "2020-06-04", "2020年6月29日前办结"),
    "职工代表资格取消告知书": ("R1", "60.00%", "1:2", "不代替罢免决定"),
    # 10 June 2020 and five working days
    "脱岗安全教育通知书": ("K9", "2020-06-10", "2020-06-17", "逾期 3 日", "累计扣满 12 分"),
    "撤并工会情况核查通知书": ("示例机械厂有撤并工会的情况", "2020年7月6日前"),
    "重大劳动关系情况快报": ("发生欠薪情况，涉及职工 120 人", "晚于规定时限 2 日", "已派员进驻"),
}  # fmt: skip


@pytest.mark.parametrize("title", sorted(DUE))
def test_each_kind_of_notice_says_what_made_it_due(notices: dict[str, str], title: str) -> None:
    said = "\n".join(t for name, t in notices.items() if name.startswith(title))
    for wanted in DUE[title]:
        assert wanted in said
    assert "示总工督〔2020〕" in said or title == "审计通知书"  # an audit has its own number
    for hidden in ("示例甲", "P1", "None", "S2", "S3", "R2"):
        assert hidden not in said


def test_what_was_told_is_not_told_again_and_a_kind_that_is_none_is_refused(
    notices: dict[str, str],
) -> None:
    assert flow.publish_due_notices(office="办公室", by="甲", at="2020-06-21T09:00:00") == []
    with pytest.raises(LookupError, match="没有“通报”这种通知书"):
        flow.publish_due_notices(["通报"], office="办公室", by="甲", at=AT)


def test_a_notice_belongs_to_the_union_that_it_is_about(notices: dict[str, str]) -> None:
    with warehouse().connect() as c:
        rows = c.execute(
            text(
                "SELECT o.code, p.recipe FROM publication p JOIN organisation o ON o.id = p.org_id "
                "WHERE p.kind = 'R-07 通知书' AND p.recipe->>'notice' = '诉求超期督办'"
            )
        ).all()
    assert [(r.code, r.recipe["cases"]) for r in rows] == [(MILL, ["S1"])]


def test_an_event_is_told_again_once_it_is_over_and_an_end_without_a_reason_is_looked_into(
    notices: dict[str, str],
) -> None:
    event = {"enterprise": "示例机械厂", "happened_on": date(2020, 6, 8), "workers": 120,
             "reported_on": date(2020, 6, 11), "measures": "已补发工资"}  # fmt: skip
    ended = {"seq": 1, "change_type": "撤销", "line": "块", "effective_date": date(2020, 7, 1),
             "approval_doc": "示总工组〔2020〕8号", "members_at_change": 20,
             "workers_at_change": 30, "funds_settled": True}  # fmt: skip
    with warehouse().begin() as c:
        over = {"event_id": "E1", "event_kind": "欠薪", "resolved_on": date(2020, 7, 6)}
        file(c, "RIGHT-04", "2020-07", event | over)
        file(c, "ORG-03", "2020-07", ended, ended | {"org_code": TRADE, "remark": "企业终止"},
             by=MINE)  # fmt: skip

    def due(kind: str) -> list[str]:
        files = flow.publish_due_notices(
            [kind], office="市总工会办公室", by="考核办 01", at="2020-07-10T09:00:00"
        )
        return [words(f) for f in files if f.endswith(".docx")]

    (told,) = due("重大情况快报")
    assert "已于2020年7月6日化解" in told
    assert "（终报）" in told
    (asked,) = due("撤并工会核查")  # the end that has its reason is not asked about
    assert "A002工会于2020年7月1日撤销（示总工组〔2020〕8号），变动表没有说明原因" in asked
    assert asked.startswith("T工会\n")
    assert due("重大情况快报") == due("撤并工会核查") == []


def test_an_audit_report_tells_each_aspect_and_what_is_open(assessed: Any) -> None:
    files = flow.publish_audit_reports(
        2019, committee="示范市总工会经费审查委员会", by="考核办 01", at=AT
    )
    (report,) = [f for f in files if f.endswith(".docx")]
    # told apart from another audit of the same union and year
    assert "示审〔2020〕1号" in Path(report).name
    said = words(report)
    for wanted in ("教育宣传", "87.00", "效益一般", "问题 2 个，涉及金额 32,600 元"):
        assert wanted in said


def test_a_round_may_begin_from_the_very_moment_of_a_run_over_all_schemes(assessed: Any) -> None:
    who = Actor("考核办 01")
    steps.start_assessment("SWH-2019", 2019, by=who, reason="年度安排", at=AT)
    assert steps.compute_marks("SWH-2019", 2019, by=who, reason="年报已锁定", at=AT) == 1
    with pytest.raises(Refused, match="公示之前不编印名单"):
        flow.publish_star_list("SWH-2019", 2019, document="示总工发〔2020〕9号", by="办", at=AT)
    entries.open_rating(
        "SWH-2019", 2019, opens_on="2020-06-21", closes_on="2020-06-23", electorates={}, by=who,
        reason="组织评价", at="2020-06-21T10:00",
    )  # fmt: skip
    entries.close_rating("SWH-2019", 2019, by=who, reason="评价结束", at="2020-06-23T18:00")
    steps.submit_to_review("SWH-2019", 2019, by=who, reason="评分已齐", at="2020-06-24T09:00")
    jury = Actor("会审组")
    for unit in entries.draw_sample(
        "SWH-2019", 2019, seed="20200625-公证", by=jury, reason="抽查", at="2020-06-25T09:00"
    ):
        entries.enter_inspection(
            "SWH-2019", 2019, unit, outcome="属实", finding="台账与上报一致", evidence="核查记录",
            inspected_on="2020-06-26", by=jury, at="2020-06-26T09:00",
        )  # fmt: skip
    steps.give_notice("SWH-2019", 2019, by=who, reason="抽查完毕", at="2020-06-27T09:00")
    files = flow.publish_star_list(
        "SWH-2019", 2019, document="示总工发〔2020〕9号", by="考核办 01", at="2020-06-28T09:00"
    )
    (listed,) = [f for f in files if f.endswith(".docx")]
    said = words(listed)
    for wanted in ("会员评家 50%、所在单位评家 25%、上级工会评家 25%", "85.00", "四星", "90.00%",
                   "评定结果尚未审定，现予公示", "共评定 1 家，其中四星 1 家。"):  # fmt: skip
        assert wanted in said
    assert "A002" not in said  # its members' ballots do not count


def test_the_review_counts_the_bands_of_fund_audits(assessed: Any) -> None:
    draft = flow.prepare_review(2019, "2020-07-02T09:00:00")
    with warehouse().connect() as c:
        numbers = c.execute(
            text(
                "SELECT ordinal, basis, value, period FROM publication_number "
                "WHERE publication_id = :p AND source = 'assessment' AND basis LIKE '经费绩效%' "
                "ORDER BY ordinal"
            ),
            {"p": draft["publication"]},
        ).all()
    assert {n.basis for n in numbers} == {"经费绩效家数", "经费绩效效益一般家数"}
    for number in numbers:
        step = flow.walk(draft["publication"], number.ordinal)
        assert [p.label for p in step.parts] == [f"{MILL}工会（效益一般）"]
        total = flow.walk(draft["publication"], step.parts[0].address)
        assert total.value == kept("FPA-2019")[MILL].total
        assert total.parts
    assert all(f.equal for f in flow.reproduce(draft["publication"]).files)
