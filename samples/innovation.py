"""INNO-01, INNO-02 and HONOR-01: suggestions, five-small results, studios, honours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from samples.entries import Entry, Row, quarter, year
from samples.facts import printed
from samples.identity import person_name
from samples.membership import heads
from samples.registry import MOVE_DAY, registry
from samples.spread import mix, spread

SHOUGANG = "110107G00001"
AWARD_QUARTER = 4


def inno_01() -> Iterator[Entry]:
    """Every union, every quarter; the 17 prize-winning results belong to the high-tech zone."""
    zone = registry().family("dawukou-enterprises")
    winners = {u.code: 0 for u in zone[:: len(zone) // 12]}
    prizes = spread(printed("shizuishan-wuxiao-awards"), [1.0] * len(winners))
    winners = dict(zip(winners, prizes, strict=True))
    shizuishan = {u.code for u in registry().under("640200Z00001", MOVE_DAY)}
    for union in registry().unions:
        for number in range(1, 5):
            at = quarter(2017, number)
            if union.org.found > at.end:
                continue
            workers = heads()[union.code, at.months()[-1]].workers
            n = mix("inno", union.code) + number * 5
            suggestions = workers * (2 + n % 6) // 100
            adopted = suggestions * (40 + n // 8 % 30) // 100
            done = adopted * (50 + n // 64 % 40) // 100
            small = suggestions // 6
            if number == AWARD_QUARTER and union.code in winners:
                award = winners[union.code]
            else:
                award = 0 if union.code in shizuishan else min(small, int(n % 23 == 0))
            row: Row = {
                "org_code": union.code,
                "participants": suggestions * 7 // 5,
                "suggestions": suggestions,
                "adopted": adopted,
                "implemented": done,
                "benefit": done * (2 + n % 5) / 2,
                "benefit_audited": n % 4 != 0,
                "wuxiao": max(small, award),
                "wuxiao_award": award,
                "prize_money": award * 1500 + done * 100,
            }
            yield Entry("INNO-01", at, union.code, row)


def inno_02() -> Iterator[Entry]:
    """Shougang's studios: those before 2018 at the end of 2017, all fifty at the end of 2018."""
    everyone, new = printed("shougang-studios"), printed("shougang-new-studios")
    old = everyone - new
    for number, count, benefit in (
        (2017, old, 14_300),
        (2018, everyone, printed("shougang-benefit") // 10_000),
    ):
        shares = spread(benefit, [3 + mix("studio", i) % 9 for i in range(count)])
        for i in range(count):
            created = (
                date(2012 + i % 6, 3 + i % 9, 6 + i % 20)
                if i < old
                else date(2018, 2 + i % 10, 5 + i % 22)
            )
            grade = ("优秀", "达标", "达标", "未达标")[mix("grade", number, i) % 4]
            row: Row = {
                "studio_id": f"SG-{i + 1:03d}",
                "org_code": SHOUGANG,
                "studio_name": f"首钢股份第{i + 1:02d}职工创新工作室",
                "leader": person_name("studio", i),
                "level": ("单位级", "单位级", "市级", "省级")[mix("level", i) % 4],
                "created_on": created,
                "members": 7 + mix("crew", i) % 9,
                "projects": 2 + mix("projects", number, i) % 6,
                "patents": mix("patents", number, i) % 4,
                "benefit": shares[i],
                "grade": grade,
                "award": {"优秀": 30000, "达标": 20000, "未达标": 0}[grade],
            }
            yield Entry("INNO-02", year(number), SHOUGANG, row)


HONOURS = (
    ("640202K00001", "全国模范职工之家", "国家级", 4, "总工发〔2017〕38号"),
    ("640205K00001", "自治区工会工作创新奖", "省级", 4, "宁总工发〔2017〕61号"),
    ("640381Z00001", "自治区工会工作创新项目", "省级", 4, "宁总工发〔2017〕61号"),
    ("640105Z00001", "自治区工会工作创新项目", "省级", 4, "宁总工发〔2017〕61号"),
    ("640105Z00001", "银川市五一劳动奖状", "市级", 2, "银总工发〔2017〕19号"),
    ("640122Z00001", "银川市先进职工之家", "市级", 3, "银总工发〔2017〕44号"),
    ("110106Z00001", "北京市模范职工之家", "省级", 2, "京工发〔2017〕27号"),
    ("110115K00001", "首都劳动奖状", "省级", 2, "京工发〔2017〕23号"),
    ("640300G00001", "全国五一劳动奖状", "国家级", 2, "总工发〔2017〕17号"),
)


def honor_01() -> Iterator[Entry]:
    """Honours with document numbers; titles, recipients and numbers are ours."""
    for i, (org, honour, level, number, document) in enumerate(HONOURS):
        row: Row = {
            "honor_id": f"RY17-{i + 1:02d}",
            "org_code": org,
            "honor": honour,
            "level": level,
            "object_kind": "集体",
            "granted_on": date(2017, number * 3 - 1, 27),
            "doc_no": document,
        }
        yield Entry("HONOR-01", quarter(2017, number), org, row)
