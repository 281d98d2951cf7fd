"""SKILL-01 to SKILL-04: training, drills and contests, certificates, masters and apprentices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from samples.entries import Entry, Row, month_of, quarter, quarter_of, year
from samples.facts import printed
from samples.identity import id_number, person_name
from samples.registry import Union, registry
from samples.spread import evenly, mix, pick, spread

YINCHUAN = ("yinchuan-city", "xingqing", "xixia", "jinfeng", "yongning", "helan", "lingwu")
CITY = "640100Z00001"
SUB_DISTRICT = "640105J00001"
TRADES = (
    "软件",
    "电商",
    "物流",
    "快递",
    "新能源公交车",
    "焊工",
    "电工",
    "数控车工",
    "餐饮服务",
    "护理",
)
CLASSES = 620
SENIOR = ("一级（高级技师）", "二级（技师）", "三级（高级工）")
JUNIOR = ("四级（中级工）", "五级（初级工）")
AWARDS = {"一级（高级技师）": 3000, "二级（技师）": 2000, "三级（高级工）": 500}
# 260,000 of these are 92.0002 %: “92%以上” includes 92 itself, so a hair less would not do.
SHOULD_COMPETE = 282_608


def _workday(day: date) -> date:
    """Sunday and Saturday become Monday: nobody opens a class on them here."""
    return day + timedelta(days=(7 - day.weekday()) if day.weekday() > 4 else 0)


def skill_01() -> Iterator[Entry]:
    """Classes: Yinchuan's with those of 朔方路 inside, and the three of the ecological zone."""
    hosts = registry().family(*YINCHUAN)
    own_classes = printed("xixia-trainings")
    own_times = spread(
        printed("xixia-training-person-times"), [3 + mix("own", i) % 4 for i in range(own_classes)]
    )
    weights = [1 + mix("class", i) % 9 for i in range(CLASSES)]
    times = spread(printed("yinchuan-training-person-times") - sum(own_times), weights)
    owners = [SUB_DISTRICT] * own_classes + [hosts[i * 7 % len(hosts)].code for i in range(CLASSES)]
    all_times = own_times + times
    costs = spread(printed("yinchuan-training-yuan"), all_times)
    for i, (owner, person_times, cost) in enumerate(zip(owners, all_times, costs, strict=True)):
        yield _class(f"YC17-{i + 1:04d}", owner, i, person_times, cost)
    people = evenly(printed("shizuishan-technician-persons"), 3)
    firms = evenly(printed("shizuishan-technician-enterprises"), 3)
    for i, trade in enumerate(("电工技师", "高级电工", "高级电焊工")):
        start = date(2017, 8 + i, 7)
        end = start + timedelta(days=18)
        row: Row = {
            "project_id": f"ST17-{i + 1:02d}",
            "org_code": "640221K00001",
            "category": "技能提升",
            "mode": "点题式",
            "applied_on": start - timedelta(days=30),
            "review": "通过",
            "start_on": start,
            "end_on": end,
            "trade": trade,
            "enterprises": firms[i],
            "persons": people[i],
            "person_times": people[i],
            "trainer": person_name("trainer", trade),
            "budget": 42000,
            "cost": 40300 + i * 250,
            "feedback": 95 + i,
        }
        yield Entry("SKILL-01", month_of(end), row["org_code"], row)


def _class(project: str, owner: str, i: int, person_times: int, cost: int) -> Entry:
    start = _workday(date(2017, 1 + i % 12, 4 + mix("start", project) % 12))
    end = start + timedelta(days=1 + mix("days", project) % 9)
    # A person attends a class once or a few times: never more persons than person-times.
    persons = person_times - person_times * (10 + mix("again", project) % 20) // 100
    row: Row = {
        "project_id": project,
        "org_code": owner,
        "category": ("综合素质", "技能提升", "安全法律法规")[i % 3],
        "mode": ("点题式", "点菜式", "点播式", "点将式")[i // 3 % 4],
        "applied_on": start - timedelta(days=20 + mix("apply", project) % 20),
        "review": "修改后通过" if i % 9 == 4 else "通过",
        "start_on": start,
        "end_on": end,
        "trade": pick(TRADES, "trade", project),
        "enterprises": 1 + person_times // 160,
        "persons": persons,
        "person_times": person_times,
        "trainer": person_name("trainer", project),
        "budget": cost // 100 * 104 + 200,
        "cost": cost,
        "feedback": 86 + mix("feedback", project) % 13,
    }
    return Entry("SKILL-01", month_of(end), owner, row)


def skill_02() -> Iterator[Entry]:
    """Drills of the unions, contests of counties and city, and online drills of the industries."""
    hosts = registry().family(*YINCHUAN)
    sessions = printed("yinchuan-drill-sessions")
    people = spread(
        printed("yinchuan-drill-persons"), [4 + mix("drill", i) % 9 for i in range(sessions)]
    )
    first = set(range(printed("yinchuan-drill-enterprises")))
    for i in range(sessions):
        owner = hosts[i % len(hosts)].code
        held = date(2017, 1 + i * 12 // sessions, 1 + mix("held", i) % 27)
        yield _event(
            f"LB17-{i + 1:04d}", owner, "岗位练兵", "单位级", TRADES[i % 5], held,
            enterprises=int(i in first),
            should=people[i] + people[i] * (4 + mix("absent", i) % 9) // 100,
            persons=people[i], winners=3, cost=people[i] * 4,
        )  # fmt: skip
    yield from _contests()
    yield from _contests_elsewhere()
    for i, code in enumerate(("110000C90001", "110000C90002", "110000C90003")):
        for number in range(1, 5):
            persons = 900 + mix("online", code, number) % 900
            yield _event(
                f"WS17-{i + 1}{number}", code, "网上练兵", "省级", ("冶金", "教育", "交通")[i],
                date(2017, number * 3, 10 + i), enterprises=40 + number,
                should=persons * 105 // 100, persons=persons, winners=20, cost=30000,
            )  # fmt: skip


def _contests() -> Iterator[Entry]:
    """The city's 120: the builders of 朔方路 first, the rest by city and counties in turn."""
    hosts = [CITY, "640104Z00001", CITY, "640105Z00001", "640106Z00001", CITY,
             "640121Z00001", "640122Z00001", CITY, "640181Z00001"]  # fmt: skip
    kinds = ("劳动竞赛", "技能比武", "五小竞赛", "五比一创", "创双优")
    count = printed("yinchuan-contests")
    builders = printed("xixia-builders")
    weights = [2 + mix("contest", i) % 7 for i in range(count - 1)]
    persons = [builders, *spread(printed("yinchuan-contest-persons") - builders, weights)]
    absent = spread(SHOULD_COMPETE - sum(persons), [float(p) for p in persons])
    firms = evenly(printed("yinchuan-contest-enterprises"), count)
    for i in range(count):
        owner = SUB_DISTRICT if i == 0 else hosts[i % len(hosts)]
        level = "县级" if owner != CITY else ("国家级", "省级", "市级", "市级")[i // 10 % 4]
        held = date(2017, 6, 16) if i == 0 else date(2017, 1 + i % 12, 3 + mix("day", i) % 24)
        yield _event(
            f"JS17-{i + 1:03d}", owner, "技能比武" if i == 0 else kinds[i % 5], level,
            "建筑" if i == 0 else TRADES[i % len(TRADES)], held, enterprises=firms[i],
            should=persons[i] + absent[i], persons=persons[i],
            winners=9 + i % 20, cost=8000 + persons[i] * 6,
        )  # fmt: skip


def _contests_elsewhere() -> Iterator[Entry]:
    """Three contests in each county and zone outside Yinchuan."""
    for org in registry().named:
        if org.level != "区县级" or org.region.startswith("6401"):
            continue
        for n in range(3):
            # The zones of Shizuishan have unions of their own only from July on.
            held = date(2017, 8 + n if org.found.year == 2017 else 4 + n * 3, 12 + n)
            persons = 260 + mix("elsewhere", org.code, n) % 400
            yield _event(
                f"{org.code[:6]}{org.code[6]}-JS{n + 1}", org.code, "技能比武", "县级",
                TRADES[n + 5], held, enterprises=12 + n,
                should=persons * (104 + mix("should", org.code) % 16) // 100, persons=persons,
                winners=12, cost=15000,
            )  # fmt: skip


def _event(
    event: str, owner: str, kind: str, level: str, trade: str, held: date,
    *, enterprises: int, should: int, persons: int, winners: int, cost: int,
) -> Entry:  # fmt: skip
    row: Row = {
        "event_id": event,
        "org_code": owner,
        "event_kind": kind,
        "event_level": level,
        "trade": trade,
        "held_on": held,
        "enterprises": enterprises,
        "should_persons": should,
        "persons": persons,
        "winners": winners,
        "cost": cost,
    }
    return Entry("SKILL-02", quarter_of(held), owner, row)


def skill_03() -> Iterator[Entry]:
    """Certificates of 2017: one person, one certificate, one award."""
    total, by_contest = (
        printed("yinchuan-certificates"),
        printed("yinchuan-certificates-by-contest"),
    )
    hosts = registry().family(*YINCHUAN)
    shares = spread(total - by_contest, [u.workers for u in hosts])
    # The selections for national and regional contests are the city's, and so are those who
    # come through them.
    direct = registry().family("yinchuan-city")
    through = dict(
        zip(
            (u.code for u in direct),
            spread(by_contest, [u.workers for u in direct]),
            strict=True,
        )
    )
    serial = 0
    for union, share in zip(hosts, shares, strict=True):
        contest = through.get(union.code, 0)
        for n in range(share + contest):
            serial += 1
            yield Entry(
                "SKILL-03", year(2017), union.code, _certificate(union, serial, n < contest)
            )


def _certificate(union: Union, serial: int, contest: bool) -> Row:
    n = mix("certificate", serial)
    if contest:
        level = SENIOR[0 if n % 20 == 0 else 1 if n % 5 == 0 else 2]
        route = "国家级大赛" if n % 12 == 0 else "自治区（省）级大赛"
    else:
        level = SENIOR[2] if n % 9 == 0 else JUNIOR[n % 2]
        route = "考试" if n % 7 == 0 else "职业技能鉴定"
    issued = date(2017, 1, 10) + timedelta(days=n // 64 % 330)
    due = AWARDS.get(level, 0)
    return {
        "person_key": f"P17{serial:06d}",
        "org_code": union.code,
        "name": person_name("certificate", serial),
        "id_no": id_number(union.org.region, serial),
        "cert_no": f"NX2017{serial:07d}",
        "cert_level": level,
        "cert_date": issued,
        "route": route,
        "title_promoted": n % 31 == 0,
        "award_due": due,
        "award_paid": due,
        "paid_on": date(2017, 12, 18) if due else None,
    }


def skill_04() -> Iterator[Entry]:
    """Pairs of the high-tech zone: every master has one apprentice, many have two."""
    masters = _masters(printed("shizuishan-masters"))
    pairs = printed("shizuishan-apprentices")
    zone = registry().family("dawukou-enterprises")
    apprentices = _apprentices(pairs, set(masters))
    for i in range(pairs):
        number = 3 if i < pairs // 2 else 4
        signed = date(2017, number * 3 - 2, 8 + i % 20)
        row: Row = {
            "pair_id": f"GX17-{i + 1:03d}",
            "org_code": zone[i % len(zone)].code,
            "master": masters[i % len(masters)],
            "master_level": SENIOR[mix("master", i % len(masters)) % 3],
            "apprentice": apprentices[i],
            "signed_on": signed,
            "end_on": date(signed.year + 2, signed.month, signed.day),
        }
        yield Entry("SKILL-04", quarter(2017, number), row["org_code"], row)


def _masters(count: int) -> list[str]:
    """Different names: the register knows a master by name alone."""
    names: dict[str, None] = {}
    attempt = 0
    while len(names) < count:
        names[person_name("master", attempt)] = None
        attempt += 1
    return list(names)


def _apprentices(count: int, masters: set[str]) -> list[str]:
    """Nobody is his own master; two apprentices may well share a name."""
    names = (person_name("apprentice", i) for i in range(10 * count))
    return [n for n in names if n not in masters][:count]
