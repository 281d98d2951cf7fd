"""ORG-01, ORG-02 and ORG-03: unions, their members month by month, and who moved where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from definitions.periods import Period
from samples.entries import FIRST_YEAR, LAST_YEAR, Entry, Row, month, month_of, months_of, year
from samples.facts import printed
from samples.identity import person_name, phone, uscc
from samples.registry import MOVE_DAY, Registry, Union, registry
from samples.spread import evenly, mix, spread

RECRUITS_PER_1000 = {2016: 28, 2017: 33}
LEAVERS_PER_1000 = {2016: 17, 2017: 18}
MOVE_DOCUMENTS = {
    "640202K00001": 31, "640205K00001": 32, "640221K00001": 33,
    "640200C00001": 34, "640200C00002": 35, "640200C00003": 36,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """Workers and members of one union at the end of one month, with the month's flows."""

    workers: int
    members: int
    new: int
    lost: int


@cache
def heads() -> dict[tuple[str, Period], Head]:
    """(union, month) → head counts; each month is the last one plus new minus lost."""
    known = registry()
    flows = _flows(known)
    found: dict[tuple[str, Period], Head] = {}
    for union in known.unions:
        outside = max(1, union.workers * (3 + mix("out", union.code) % 9) // 100)
        members = union.workers - outside
        if union.is_new:
            members = 0
        for at in months_of((FIRST_YEAR, LAST_YEAR)):
            if at.start < union.first_month.start:
                continue
            new, lost = flows.get((union.code, at), (0, 0))
            members += new - lost
            found[union.code, at] = Head(members + outside, members, new, lost)
    return found


def founding_members(union: Union) -> int:
    """Members on the day of founding: everyone but the few who stay outside."""
    return union.workers - max(1, union.workers * (3 + mix("out", union.code) % 9) // 100)


def _flows(known: Registry) -> dict[tuple[str, Period], tuple[int, int]]:
    flows: dict[tuple[str, Period], tuple[int, int]] = {}
    families: dict[str, list[Union]] = {}
    for union in known.unions:
        if union.is_new:
            flows[union.code, union.first_month] = (founding_members(union), 0)
        elif not union.family.steady:
            families.setdefault(union.family.id, []).append(union)
    for name, unions in families.items():
        size = sum(u.workers for u in unions)
        for at_year in (FIRST_YEAR, LAST_YEAR):
            new = size * RECRUITS_PER_1000[at_year] // 1000
            lost = size * LEAVERS_PER_1000[at_year] // 1000
            if name == "fengtai" and at_year == 2017:
                founded = sum(
                    founding_members(u) for u in known.family("fengtai-new-100", "fengtai-new")
                )
                new = printed("fengtai-new-members") - founded
            cells = [(u, m) for u in unions for m in range(1, 13)]
            # The same months are lively every year, as hiring seasons are.
            weights = [u.workers * (1 + (mix("season", u.code) + m * 2) % 5) for u, m in cells]
            news = spread(new, weights)
            weights = [u.workers * (1 + (mix("leave", u.code) + m * 3) % 4) for u, m in cells]
            losses = spread(lost, weights)
            for (union, m), joined, left in zip(cells, news, losses, strict=True):
                flows[union.code, month(at_year, m)] = (joined, left)
    return flows


def org_02() -> Iterator[Entry]:
    """Members and organisation, every union, every month from its founding."""
    placed = evenly(printed("shizuishan-social-workers"), 3)
    posts = dict(zip((u.code for u in registry().family(*ZONE_JOINTS)), placed, strict=True))
    for union in registry().unions:
        for at in months_of((FIRST_YEAR, LAST_YEAR)):
            head = heads().get((union.code, at))
            if head is None:
                continue
            sent = posts.get(union.code, 0) if at.start >= MOVE_DAY else 0
            yield Entry("ORG-02", at, union.code, _member_row(union, at, head, sent))


ZONE_JOINTS = ("gaoxin-joint", "jingkai-joint", "shengtai-joint")


def _member_row(union: Union, at: Period, head: Head, social_workers: int) -> Row:
    def part(of: int, name: str, low: int, high: int) -> int:
        return of * (low + mix(name, union.code) % (high - low)) // 100

    outside = head.workers - head.members
    women = part(head.members, "women", 22, 60)
    migrants = part(head.members, "migrants", 5, 55)
    dispatched = part(head.members, "dispatched", 0, 8)
    founded = union.is_new and at == union.first_month
    return {
        "org_code": union.code,
        "workers_total": head.workers,
        "workers_f": women + outside // 3,
        "workers_migrant": migrants + outside // 2,
        "workers_dispatch": dispatched + outside // 5,
        "members_total": head.members,
        "members_f": women,
        "members_migrant": migrants,
        "members_dispatch": dispatched,
        "members_newform": part(head.members, "newform", 30, 60)
        if union.org.industry == "G60"
        else 0,
        "new_unions": int(founded),
        "new_unions_100": int(founded and head.workers >= 100),
        "new_members": head.new,
        "lost_members": head.lost,
        "realname_members": part(head.members, "realname", 88, 100),
        "covered_units": union.covered,
        "groups": -(-head.members // 30),
        "fulltime_cadres": fulltime_cadres(union),
        "parttime_cadres": 2 + mix("part", union.code) % 4 + head.workers // 400,
        "social_workers": social_workers,
    }


def fulltime_cadres(union: Union) -> int:
    """Full-time cadres: at least one from 200 workers on, as the law wants."""
    if union.family.fulltime:
        return union.family.fulltime
    # 170 leaves room for growth: a union that reaches 200 next year has its cadre already.
    return 0 if union.workers < 170 else 1 + union.workers // 1200


def register(at: Period) -> Iterator[Entry]:
    """ORG-01 as it stands at the end of a month: cities and everything below, for the year."""
    known = registry()
    last = at.end
    for org in known.named:
        if org.level not in ("市级", "区县级", "乡镇街道级") or org.found > last:
            continue
        parent = known.parent(org.code, last)
        row: Row = {
            "org_code": org.code,
            "org_name": org.name,
            "union_uscc": uscc("89", org.region, mix("own", org.code) % 1_000_000),
            "org_type": org.type,
            "org_level": org.level,
            "is_joint": False,
            "covered_units": 1,
            "terr_parent": parent,
            "ind_parent": org.parent_on("条", last),
            "lead_line": org.lead,
            "fund_parent": parent,
            "resident": "驻会" if org.type == "产业工会" else None,
            "region": org.region,
            "industry": org.industry,
            "reg_type": org.reg_type,
            "found_date": org.found,
            "legal_person": True,
            "chair_name": person_name("chair", org.code),
            "chair_kind": "专职",
            "contact": phone(org.code),
            "status": "正常",
        }
        yield Entry("ORG-01", year(at.year), org.code, row)
    for i, union in enumerate(known.unions):
        if union.org.found <= last:
            row = _register_row(union, i, known.parent(union.code, last), last)
            yield Entry("ORG-01", year(at.year), union.code, row)


def _register_row(union: Union, serial: int, parent: str | None, last: date) -> Row:
    org = union.org
    legal = union.workers >= 60
    prefix = {"400事业": "12", "500机关": "11", "700民办非企业": "52"}.get(org.reg_type, "91")
    return {
        "org_code": org.code,
        "org_name": org.name,
        "union_uscc": uscc("81", org.region, serial) if legal else None,
        "employer_name": None if org.is_joint else union.employer,
        "employer_uscc": None if org.is_joint else uscc(prefix, org.region, 100_000 + serial),
        "org_type": org.type,
        "org_level": org.level,
        "is_joint": org.is_joint,
        "covered_units": union.covered,
        "terr_parent": parent,
        "ind_parent": org.parent_on("条", last),
        "lead_line": org.lead,
        "fund_parent": org.parent_on("条", last) if org.lead == "条为主" else parent,
        "region": org.region,
        "industry": org.industry,
        "reg_type": org.reg_type,
        "found_date": org.found,
        "legal_person": legal,
        "chair_name": person_name("chair", org.code),
        "chair_kind": "专职" if union.workers >= 170 else "兼职",
        "contact": phone(org.code),
        "status": "正常",
    }


def transfers() -> list[Entry]:
    """The 48 and 602 moves of 2017-07-01, one row each, decided by the city federation."""
    movers = [u for u in registry().unions if u.family.moves_to]
    last = month(2017, 6)
    return [
        Entry(
            "ORG-03",
            month(2017, 7),
            "640200Z00001",
            {
                "seq": i,
                "org_code": union.code,
                "change_type": "划转",
                "from_parent": union.family.parent,
                "to_parent": union.family.moves_to,
                "line": "块",
                "effective_date": MOVE_DAY,
                "approval_doc": f"石总工〔2017〕{MOVE_DOCUMENTS[union.family.moves_to]}号",
                "members_at_change": heads()[union.code, last].members,
                "workers_at_change": heads()[union.code, last].workers,
                "funds_settled": True,
                "remark": "开发区工会改革",
            },
        )
        for i, union in enumerate(movers, start=1)
    ]


def foundings() -> Iterator[Entry]:
    """One row of ORG-03 for every union founded in the two years."""
    serials: dict[tuple[str, Period], int] = {}
    for union in registry().unions:
        if not union.is_new:
            continue
        at = month_of(union.org.found)
        key = union.family.parent, at
        serials[key] = serials.get(key, 0) + 1
        relation = union.org.parents[0]
        yield Entry(
            "ORG-03",
            at,
            union.code,
            {
                "seq": serials[key],
                "org_code": union.code,
                "change_type": "新建",
                "to_parent": relation.parent,
                "line": "块",
                "effective_date": relation.since,
                "approval_doc": relation.approval,
                "members_at_change": founding_members(union),
                "workers_at_change": union.workers,
            },
        )
