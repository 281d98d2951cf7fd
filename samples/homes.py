"""HOME-01 and HOME-02: workers' homes and warm stations, and the rating of star homes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from samples.entries import Entry, Row, quarter, quarter_of, year
from samples.facts import printed
from samples.membership import heads
from samples.registry import registry
from samples.spread import mix, spread

FENGTAI = "110106Z00001"
SUB_DISTRICT = "640105J00001"
WEIGHTS = {2017: (40, 30, 30), 2018: (50, 25, 25)}
VENUES = (
    ("活动室", "党群活动中心", "活动室、休息"),
    ("阅览室", "党群活动中心", "阅览"),
    ("家风展示长廊", "党群活动中心", "家风展示"),
    ("康乃馨心灵驿站", "工会服务站", "心理"),
    ("劳动者驿站", "工会服务站", "饮水、热饭、休息"),
)


def home_01() -> Iterator[Entry]:
    """Fengtai's new homes and stations, the five venues of 朔方路, a few in every county."""
    homes, stations = printed("fengtai-new-homes"), printed("fengtai-new-stations")
    tiers = ["示范职工之家", "公共区域职工之家", "职工小家"]
    sites = [
        (f"FT17-H{i + 1:03d}", f"丰台区职工之家{i + 1:02d}号", tiers[i % 3]) for i in range(homes)
    ]
    sites += [
        (f"FT17-Z{i + 1:04d}", f"丰台区暖心驿站{i + 1:03d}号", "暖心驿站") for i in range(stations)
    ]
    for (code, name, tier), m in zip(sites, _openings(homes) + _openings(stations), strict=True):
        opened = date(2017, m, 3 + mix("open", code) % 24)
        services = "饮水、热饭、休息" if tier == "暖心驿站" else "阅览、活动室、休息、饮水"
        yield from _site(code, FENGTAI, name, tier, "110106", opened, services)
    for org in registry().named:
        if org.level == "区县级" and org.code != FENGTAI:
            for i in range(8 + mix("sites", org.code) % 14):
                tier = tiers[i % 3] if i < 4 else "暖心驿站"
                yield from _site(
                    f"{org.code[:6]}{org.code[6]}17-{i + 1:02d}", org.code,
                    f"{org.name.removesuffix('总工会')}{tier}{i + 1:02d}号", tier, org.region,
                    date(2017, 1 + i * 5 % 12, 5 + i), "饮水、休息、充电",
                )  # fmt: skip
    for i in range(printed("xixia-venues")):
        name, tier, services = VENUES[i]
        yield from _site(
            f"SF17-{i + 1:02d}", SUB_DISTRICT, f"朔方路党群活动中心{name}", tier, "640105",
            date(2017, 6, 12 + i), services,
        )  # fmt: skip


def _openings(count: int) -> list[int]:
    """The month in which each site opens: a few in January, more and more towards December."""
    by_month = spread(count, [3.0 + m for m in range(12)])
    return [m for m, number in enumerate(by_month, start=1) for _ in range(number)]


def _site(
    code: str, owner: str, name: str, tier: str, region: str, opened: date, services: str
) -> Iterator[Entry]:
    """A site reports in every quarter from its opening; what it cost only in the first."""
    small = tier == "暖心驿站"
    first = quarter_of(opened)
    for number in range(first.number, 5):
        at = quarter(2017, number)
        served = (60 if small else 420) + (mix("served", code) + number * 37) % 200
        row: Row = {
            "site_id": code,
            "org_code": owner,
            "site_name": name,
            "site_tier": tier,
            "region": region,
            "area": (8 if small else 90) + mix("area", code) % 20,
            "open_date": opened,
            "services": services,
            "invest": (3000 if small else 80000) + mix("invest", code) % 40 * 50
            if at == first
            else 0,
            "served": served,
            "status": "在用",
        }
        yield Entry("HOME-01", at, owner, row)


def home_02() -> Iterator[Entry]:
    """Sixteen unions of the Beijing zone, in 2017 and again in 2018 under the new weights."""
    unions = registry().family("yizhuang")[: printed("yizhuang-rated-unions")]
    december = quarter(2017, 4).months()[-1]
    members = [heads()[u.code, december].members for u in unions]
    for cycle in (2017, 2018):
        raters = printed("yizhuang-raters") + (cycle - 2017) * 410
        rated = spread(raters, members)
        for i, union in enumerate(unions):
            scores = (
                [80, 90, 90] if i == 0 else [74 + mix("star", union.code, p) % 24 for p in range(3)]
            )
            shares = WEIGHTS[cycle]
            total = sum(w * s for w, s in zip(shares, scores, strict=True)) / 100
            criteria = [scores[2] - 4 + mix("crit", union.code, c) % 9 for c in range(5)]
            row: Row = {
                "org_code": union.code,
                "cycle_year": cycle,
                "members_eligible": rated[i] * 100 // (68 + mix("turnout", union.code, cycle) % 28),
                "members_rated": rated[i],
                "member_mode": "网上",
                "member_score": scores[0],
                "employer_score": scores[1],
                "upper_score": scores[2],
                "crit_org": criteria[0],
                "crit_facility": criteria[1],
                "crit_innov": criteria[2],
                "crit_harmony": criteria[3],
                "crit_finance": criteria[4],
                "total_reported": total,
                "star_applied": "五星" if total >= 90 else "四星" if total >= 80 else "三星",
            }
            yield Entry("HOME-02", year(cycle), union.code, row)
