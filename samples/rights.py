"""RIGHT-01, RIGHT-02, DEMO-02 and DEMO-03: slips, disputes, representatives, proposals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from definitions.calendars import WorkingDays
from samples.entries import Entry, Row, month_of, months_of, quarter_of, year
from samples.facts import printed
from samples.identity import person_name
from samples.registry import Union, registry
from samples.spread import evenly, mix, pick, spread

COUNTY = "640381Z00001"
TOPICS = (
    "工资报酬",
    "工时休假",
    "社会保险",
    "劳动安全",
    "福利食宿",
    "技能培训",
    "文体生活",
    "规章制度",
)
CHANNELS = ("抱怨单", "工会网站", "QQ群", "微信群", "手机APP", "抱怨单", "抱怨单")
CALENDAR = WorkingDays()
LIMIT_DAYS = 10


# --- slips ---


def right_01() -> Iterator[Entry]:
    """836 menus feed 83 orders, and these 16 acceptances; an open one is sent again when closed."""
    counts = [printed(f"qingtongxia-{k}") for k in ("menus", "orders", "acceptances")]
    menus, orders, acceptances = counts
    firms = registry().family("qingtongxia", "qingtongxia-cement")
    menu_days = [_day(i, menus) for i in range(menus)]
    groups = spread(menus, [1.0] * orders)
    start = 0
    ids: list[tuple[str, date, str]] = []
    for i, size in enumerate(groups):
        listed = range(start, start + size)
        start += size
        firm = firms[i % len(firms)]
        for j in listed:
            yield from _slip(
                f"CD{j + 1:04d}", firm.code, "职工维权服务菜单", pick(CHANNELS, "channel", j),
                TOPICS[i % len(TOPICS)], None, menu_days[j], 1 + mix("crew", j) % 4,
            )  # fmt: skip
        received = CALENDAR.add(menu_days[listed[-1]], 2)
        code = f"DD{i + 1:03d}"
        ids.append((code, received, TOPICS[i % len(TOPICS)]))
        parents = "、".join(f"CD{j + 1:04d}" for j in listed)
        yield from _slip(
            code, firm.code, "企业服务需求订单", "抱怨单", TOPICS[i % len(TOPICS)], parents,
            received, size + mix("order", i) % 20,
        )  # fmt: skip
    for i in range(acceptances):
        listed_orders = ids[i * orders // acceptances : (i + 1) * orders // acceptances]
        code, received, topic = listed_orders[-1]
        parents = "、".join(o[0] for o in listed_orders)
        yield from _slip(
            f"SL{i + 1:02d}", COUNTY, "工会维权服务受理单", "来访", topic, parents,
            CALENDAR.add(received, 1), 8 + mix("accept", i) % 40,
        )  # fmt: skip


def _day(i: int, count: int) -> date:
    """Slips arrive from 6 February to the first days of December, in order."""
    return CALENDAR.on_or_after(date(2017, 2, 6) + timedelta(days=i * 296 // count))


def _slip(
    code: str, owner: str, kind: str, channel: str, topic: str, parent: str | None,
    received: date, persons: int,
) -> Iterator[Entry]:  # fmt: skip
    accepted = CALENDAR.add(received, 1)
    closed = CALENDAR.add(accepted, 2 + mix("days", code) % 8)
    row: Row = {
        "slip_id": code,
        "org_code": owner,
        "slip_kind": kind,
        "channel": channel,
        "topic": topic,
        "parent_slip": parent,
        "received_on": received,
        "accepted_on": accepted,
        "due_on": CALENDAR.add(accepted, LIMIT_DAYS),
        "closed_on": closed,
        "result": ("已解决", "已解决", "已解决", "部分解决", "解释说明")[mix("result", code) % 5],
        "persons": persons,
        "satisfied": ("满意", "满意", "基本满意", "满意", "不满意")[mix("happy", code) % 5],
    }
    at = month_of(received)
    if closed <= at.end:
        yield Entry("RIGHT-01", at, owner, row)
        return
    waiting = row | {"closed_on": None, "result": "办理中", "satisfied": None}
    if accepted > at.end:
        waiting |= {"accepted_on": None, "due_on": None, "result": None}
    yield Entry("RIGHT-01", at, owner, waiting)
    yield Entry("RIGHT-01", month_of(closed), owner, row)


# --- disputes ---


def right_02() -> Iterator[Entry]:
    """Disputes of the counties, with Qingtongxia's as printed, and of every union, mostly none."""
    for org in registry().named:
        if org.level == "区县级":
            yield from _county_year(org.code)
    # The article's 149 are all that Qingtongxia mediated, its unions included.
    counted = {u.code for u in registry().under(COUNTY, date(2017, 12, 31))}
    for union in registry().unions:
        waiting = 0
        for at in months_of((2017,)):
            if union.org.found > at.end:
                continue
            lively = union.workers > 150 and union.code not in counted
            came = int(lively and mix("quarrel", union.code, at) % 45 == 0)
            done = waiting
            yield Entry(
                "RIGHT-02",
                at,
                union.code,
                _dispute_row(union.code, waiting, came, done, done, came * 3),
            )
            waiting += came - done


def _county_year(code: str) -> Iterator[Entry]:
    exact = code == COUNTY
    settled = (
        spread(printed("qingtongxia-mediated"), [5 + m * 3 % 4 for m in range(12)])
        if exact
        else [2 + (mix("settled", code) + m * 5) % 6 for m in range(12)]
    )
    cases = [0] * 12
    people, yuan = [0] * 12, [0] * 12
    overtime, square_metres = [0] * 12, [0] * 12
    if exact:
        months = [1, 5, 8, 11]
        heads = spread(printed("qingtongxia-wage-persons"), (31, 18, 27, 22))
        money = spread(printed("qingtongxia-wage-yuan"), heads)
        for m, number, head, sum_ in zip(
            months, evenly(printed("qingtongxia-wage-cases"), 4), heads, money, strict=True
        ):
            cases[m], people[m], yuan[m] = number, head, sum_
        overtime = spread(
            printed("qingtongxia-overtime"), [1 + mix("over", m) % 3 for m in range(12)]
        )
        for m, area in zip((4, 9), spread(printed("qingtongxia-facilities"), (2, 1)), strict=True):
            square_metres[m] = area
    waiting = 2 if code not in ("640202K00001", "640205K00001", "640221K00001") else 0
    for at in months_of((2017,)):
        m = at.number - 1
        done = settled[m] + mix("failed", code, m) % 2
        came = max(done - waiting + mix("open", code, m) % 4, 0)
        done = min(done, waiting + came)
        row = _dispute_row(code, waiting, came, done, min(settled[m], done), came * 3 + m % 4)
        row |= {
            "collective": int(came > 6),
            "wage_cases": cases[m],
            "wage_persons": people[m],
            "wage_amount": yuan[m],
            "legal_aid": came // 3,
            "overtime_stopped": overtime[m],
            "facilities": square_metres[m],
        }
        yield Entry("RIGHT-02", at, code, row)
        waiting += came - done


def _dispute_row(code: str, begin: int, came: int, done: int, mediated: int, persons: int) -> Row:
    return {
        "org_code": code,
        "open_begin": begin,
        "disputes": came,
        "collective": 0,
        "closed": done,
        "mediated_ok": mediated,
        "open_end": begin + came - done,
        "persons": persons,
        "wage_cases": 0,
        "wage_persons": 0,
        "wage_amount": 0,
        "legal_aid": 0,
        "overtime_stopped": 0,
        "facilities": 0,
    }


# --- representatives and proposals ---


@dataclass(frozen=True)
class _District:
    union: Union
    seats: int
    evaluated: bool
    rewarded: bool


def demo_02() -> Iterator[Entry]:
    """398 representatives of 23 units, two candidates for each seat, 366 of them trained."""
    units = registry().family("qingtongxia")[: printed("qingtongxia-rep-units")]
    seats = spread(printed("qingtongxia-reps"), [20 + u.workers / 20 for u in units])
    untrained = printed("qingtongxia-reps") - printed("qingtongxia-reps-trained")
    number = 0
    for i, (union, count) in enumerate(zip(units, seats, strict=True)):
        evaluated = i < printed("qingtongxia-units-evaluated")
        rewarded = i < printed("qingtongxia-units-rewarding")
        elected = date(2017, 3 + i % 3, 6 + i % 20)
        voters = max(4 * count, union.workers // 2)
        for n in range(count):
            number += 1
            ballots = voters * (78 + mix("turnout", union.code, n) % 20) // 100
            row: Row = {
                "rep_id": f"QTX-R{number:03d}",
                "org_code": union.code,
                "name": person_name("rep", number),
                "post_kind": "中层以上管理人员"
                if n % 7 == 6
                else "技术人员"
                if n % 7 == 5
                else "一线职工",
                "sex": "女" if n % 2 else "男",
                "elected_on": elected,
                "candidates": printed("qingtongxia-rep-candidates") * count,
                "seats": count,
                "voters": voters,
                "ballots": ballots,
                "votes": max(ballots * 70 // 100, (voters + 1) // 2),
                "term_end": date(elected.year + 3, elected.month, elected.day),
                # Those who missed the training stand at the end of the register.
                "trained_on": elected + timedelta(days=24)
                if number <= printed("qingtongxia-reps") - untrained
                else None,
                "allowance": 600,
            }
            if evaluated:
                row |= _evaluation(union, n, rewarded)
            yield Entry("DEMO-02", year(2017), union.code, row)


def _evaluation(union: Union, n: int, rewarded: bool) -> Row:
    ballots = 30 + mix("jury", union.code) % 20
    draw = mix("judged", union.code, n)
    if draw % 60 == 0:
        return {
            "eval_ballots": ballots,
            "eval_unsat": -(-ballots * 62 // 100),
            "eval_score": 48,
            "outcome": "取消代表资格",
        }
    # Only six enterprises promised rewards; in the others nobody scores 90.
    score = 72 + draw % (26 if rewarded else 17)
    return {
        "eval_ballots": ballots,
        "eval_unsat": ballots * (100 - score) // 200,
        "eval_score": score,
        "outcome": "奖励" if score >= 90 else "保留",
    }


def demo_03() -> Iterator[Entry]:
    """216 proposals with the rules changed, gaps found and losses avoided through them."""
    count = printed("qingtongxia-proposals")
    units = registry().family("qingtongxia")[: printed("qingtongxia-rep-units")]
    rules = spread(printed("qingtongxia-rules-changed"), [float(i % 4 == 0) for i in range(count)])
    gaps = spread(printed("qingtongxia-gaps"), [float(i % 6 == 1) for i in range(count)])
    saved = spread(
        printed("qingtongxia-saving") // 50, [float(i % 5 == 2) * (1 + i % 3) for i in range(count)]
    )
    for i in range(count):
        proposed = date(2017, 4 + i * 7 // count, 3 + mix("proposed", i) % 20)
        topic = TOPICS[i % len(TOPICS)]
        replied = proposed + timedelta(days=12 + mix("replied", i) % 30)
        at = quarter_of(proposed)
        row: Row = {
            "proposal_id": f"TA17-{i + 1:03d}",
            "org_code": units[i % len(units)].code,
            "title": f"关于改进{topic}工作的提案（第{i + 1}号）",
            "topic": topic,
            "proposed_on": proposed,
            "accepted": True,
            "owner": ("生产部", "安全部", "人力资源部", "后勤部")[i % 4],
            "replied_on": replied,
            "implemented": mix("done", i) % 8 != 0,
            "excellent": True,
            "rules_changed": rules[i],
            "gaps_found": gaps[i],
            "saving": saved[i] * 50,
        }
        owner = row["org_code"]
        if replied > at.end:
            nothing_yet = ("replied_on", "implemented", "rules_changed", "gaps_found", "saving")
            yield Entry("DEMO-03", at, owner, row | dict.fromkeys(nothing_yet))
        yield Entry("DEMO-03", max(at, quarter_of(replied), key=lambda q: q.start), owner, row)
