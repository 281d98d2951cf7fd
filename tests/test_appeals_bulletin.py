"""R-12: what is printed is what was filed, few complainants stay unknown, editions come again."""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import numpy as np
import pytest
from scipy.optimize import linprog

from definitions import Period
from definitions.calendars import WorkingDays
from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.consolidate import consolidate, figures_of
from pipelines.flow.ground import CHINA, engine
from pipelines.flow.storing import keep_draft
from pipelines.publish import bulletin
from pipelines.topic_cells import Counted, withheld_topics
from tests.acceptance import query
from tests.federation import union
from tests.filed import file_rows
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.organisations import open_periods, register
from warehouse.publications import decide

AT = "2017-05-20T06:00:00+08:00"
LATER = "2017-06-20T06:00:00+08:00"
MENU, ORDER, ACCEPTED = "职工维权服务菜单", "企业服务需求订单", "工会维权服务受理单"
LONG = "示范县高新技术产业开发区（北区）" + "新材料科技股份有限公司" * 5 + "工会委员会"
DAYS = WorkingDays()
LIMIT = 5
LINK = re.compile(r'<a class="n" id="[^"]+" href="/numbers/([^/"]+)/(\d+)"[^>]*>([^<]+)</a>')
Row = dict[str, Any]


def slip(
    number: int, org: str, topic: str, received: date, *, kind: str = MENU, persons: int = 1,
    days: int | None = 3, channel: str = "抱怨单", satisfied: str | None = "满意",
) -> Row:  # fmt: skip
    """One slip; `days` is None while it is open, -1 while nobody has accepted it."""
    row: Row = {
        "slip_id": f"{org}-{number:03d}", "org_code": org, "slip_kind": kind, "channel": channel,
        "topic": topic, "received_on": received, "persons": persons, "result": "办理中",
        "parent_slip": None if kind == MENU else f"{org}-000",
    }  # fmt: skip
    if days == -1:
        return row
    accepted = DAYS.add(received, 1)
    row |= {"accepted_on": accepted, "due_on": DAYS.add(accepted, 10)}
    if days is not None:
        row |= {"closed_on": DAYS.add(accepted, days), "result": "已解决", "satisfied": satisfied}
    return row


def march() -> list[Row]:
    """March's slips: wages of many, insurance of two here and two there, one of thirty workers."""
    day = date(2017, 3, 2)
    found = [slip(n, "A1", "工资报酬", day + timedelta(days=n)) for n in range(1, 7)]
    found += [slip(n, "A1", "社会保险", day, channel="维权热线") for n in (7, 8)]
    found += [slip(n, "A2", "工时休假", day, persons=2, days=9) for n in range(1, 6)]
    found += [slip(n, "B1", "社会保险", day, satisfied="不满意") for n in (1, 2)]
    found += [slip(1, "B2", "工资报酬", day, persons=30, days=8)]
    found += [slip(n, "B3", "其他", day, persons=3, days=None) for n in range(1, 4)]
    found += [slip(4, "B3", "福利食宿", date(2017, 3, 30), persons=6, days=-1)]
    found += [slip(9, "A1", "工资报酬", day, kind=ORDER, persons=6)]
    found += [slip(1, "A", "工资报酬", day, kind=ACCEPTED, persons=6)]
    return found


def february() -> list[Row]:
    """February's: one that was open then and still is, long overdue."""
    return [
        slip(20, "A2", "劳动安全", date(2017, 2, 6), persons=7, days=None),
        slip(21, "A2", "工时休假", date(2017, 2, 7), persons=8, days=2),
    ]


@dataclass
class Story:
    """The federation with what was filed, and its bulletins of March by unit."""

    definitions: Definitions
    rows: list[Row]
    made: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    """Two counties of three unions each; January and April file no slips."""
    unions = [union("F", "省级"), *(union(c, "区县级", {"块": "F"}) for c in "AB")]
    unions += [
        union(f"{c}{n}", "基层", {"块": c}, **({"name": LONG} if (c, n) == ("A", 1) else {}))
        for c in "AB"
        for n in (1, 2, 3)
    ]
    opening = datetime(2016, 12, 1, tzinfo=CHINA)
    with engine().begin() as connection:
        register(connection, unions, opening)
        register_definitions(connection, definitions, opening)
        for year in (2016, 2017):
            ensure_partitions(connection, year)
        for number in (1, 2, 3, 4):
            month = Period.parse(f"2017-{number:02d}")
            open_periods(connection, definitions, month, datetime(2017, number, 25, tzinfo=CHINA))
        for label, rows in (("2017-02", february()), ("2017-03", march())):
            for org in sorted({r["org_code"] for r in rows}):
                own = [r for r in rows if r["org_code"] == org]
                file_rows(connection, definitions, "RIGHT-01", label, org, own)
        nothing = dict.fromkeys(
            ("open_begin", "disputes", "collective", "closed", "mediated_ok", "open_end", "persons",
             "wage_cases", "wage_persons", "wage_amount", "legal_aid"), 0,
        )  # fmt: skip
        busy = nothing | {
            "disputes": 12, "closed": 10, "mediated_ok": 9, "open_end": 2, "persons": 30,
            "wage_cases": 1, "wage_persons": 8, "wage_amount": 54560.5, "legal_aid": 3,
        }  # fmt: skip
        for org in ("A", "A1", "A2", "B"):
            row = {"org_code": org, **(busy if org == "A" else nothing)}
            file_rows(connection, definitions, "RIGHT-02", "2017-03", org, [row])
    made = {u: flow.publish_report("R-12", "2017-03", AT, u) for u in ("F", "A", "B", "A1")}
    yield Story(definitions, march() + february(), made)


def printed(made: dict[str, Any], basis: str = "本期") -> dict[tuple[str, str, str], Decimal]:
    """(unit, period, indicator) → value of every number of an edition."""
    rows = query(
        "SELECT unit, period, indicator, value FROM publication_number "
        "WHERE publication_id = :p AND basis = :b",
        p=made["publication"], b=basis,
    )  # fmt: skip
    return {(r.unit, r.period, r.indicator): r.value for r in rows}


def page(made: dict[str, Any]) -> str:
    path = next(Path(f) for f in made["files"] if f.endswith(".html"))
    return path.read_text(encoding="utf-8")


def text(made: dict[str, Any]) -> str:
    """What a reader sees, without the list of sources."""
    return html.unescape(re.sub(r"<[^>]+>", "", page(made).split('<details id="sources">')[0]))


def under(unit: str, rows: list[Row]) -> list[Row]:
    """Rows of a unit and of those below it."""
    return [r for r in rows if unit == "F" or str(r["org_code"]).startswith(unit)]


def in_march(day: date | None) -> bool:
    return day is not None and (day.year, day.month) == (2017, 3)


@pytest.mark.parametrize("unit", ["F", "A", "B", "A1"])
def test_every_count_is_the_sum_of_what_was_filed(story: Story, unit: str) -> None:
    own, told = under(unit, story.rows), printed(story.made[unit])
    received = [r for r in own if in_march(r["received_on"])]
    closed = [r for r in own if in_march(r.get("closed_on"))]
    days = [DAYS.between(r["accepted_on"], r["closed_on"]) for r in closed]
    still = [r for r in own if "closed_on" not in r or r["closed_on"] > date(2017, 3, 31)]
    overdue = [r for r in still if "due_on" in r and r["due_on"] < date(2017, 3, 31)]
    kinds = Counter(r["slip_kind"] for r in received)
    want = {
        "I-RIGHT-01": kinds[MENU], "I-RIGHT-02": kinds[ORDER], "I-RIGHT-03": kinds[ACCEPTED],
        "I-R12-办结": len(closed), "I-R12-较快": sum(d <= 7 for d in days),
        "I-R12-时限内": sum(7 < d <= 10 for d in days), "I-R12-超时限": sum(d > 10 for d in days),
        "I-R12-未办结": len(still), "I-R12-未办结未受理": sum("due_on" not in r for r in still),
        "I-R12-未办结已超期": len(overdue),
    }  # fmt: skip
    missing = {c for c in want if (unit, "2017-03", c) not in told}
    assert {want[c] for c in missing} <= {0}
    have = {c: told[unit, "2017-03", c] for c in want if c not in missing}
    assert have == {c: v for c, v in want.items() if c not in missing}
    assert sum(have.values()) > 0
    assert told[unit, "2017-03", "I-R12-平均"] == pytest.approx(
        Decimal(sum(days)) / len(days), abs=Decimal("1e-9")
    )
    channels = Counter(r["channel"] for r in received if r["slip_kind"] == MENU)
    for name, count in channels.items():
        assert told.get((unit, "2017-03", f"I-R12-渠道-{name}"), count) == count


def topics(told: dict[tuple[str, str, str], Decimal], unit: str) -> dict[str, Decimal]:
    lead = "I-R12-诉求-"
    return {
        code.removeprefix(lead): v
        for (u, label, code), v in told.items()
        if u == unit and label == "2017-03" and code.startswith(lead)
    }


def test_topics_of_few_workers_are_withheld_and_nobody_can_add_them_up(story: Story) -> None:
    menus = [r for r in story.rows if in_march(r["received_on"]) and r["slip_kind"] == MENU]
    shown: dict[tuple[str, str], Decimal] = {}
    for made in story.made.values():
        told = printed(made)
        for unit in "FAB":
            shown |= {(unit, t): v for t, v in topics(told, unit).items()}
        assert not [k for k in told if k[0] not in "FAB" and k[2].startswith("I-R12-诉求")]
    persons: Counter[tuple[str, str]] = Counter()
    slips: Counter[tuple[str, str]] = Counter()
    for r, unit in itertools.product(menus, "FAB"):
        if under(unit, [r]):
            persons[unit, r["topic"]] += r["persons"]
            slips[unit, r["topic"]] += 1
    few = {cell for cell, n in persons.items() if n < LIMIT}
    assert few == {("F", "社会保险"), ("A", "社会保险"), ("B", "社会保险")}
    assert not few & shown.keys()
    said = query(
        "SELECT DISTINCT unit, indicator, basis FROM publication_number WHERE period = '2017-03'"
    )
    told_of = {(r.unit, r.indicator.partition("-诉求-")[2]) for r in said}  # on whatever side
    told_of |= {(r.unit, r.indicator.partition("-占比-")[2]) for r in said}
    assert not few & told_of
    assert {c: v for c, v in shown.items()} == {c: slips[c] for c in shown}
    assert ("F", "工资报酬") in shown  # seven slips, thirty-six workers
    everything = story.definitions.code_lists["TOPIC"].values
    cells = [(u, t) for u in ("F", "A", "B", "own") for t in everything]
    place = {c: i for i, c in enumerate(cells)}
    sums, known = [], []
    for unit in "FAB":  # menus of a unit are printed
        sums.append([1.0 if c[0] == unit else 0.0 for c in cells])
        known.append(float(sum(slips[unit, t] for t in everything)))
    for t in everything:
        line = np.zeros(len(cells))
        line[[place["F", t], place["A", t], place["B", t], place["own", t]]] = (1, -1, -1, -1)
        sums.append(line.tolist())
        known.append(0.0)
    for cell, value in shown.items():
        sums.append([1.0 if c == cell else 0.0 for c in cells])
        known.append(float(value))
    for unit in "FAB":  # a topic that the note names as one of which nothing came
        told_none = re.search(r"不重复计算。(.*?)类本月没有收到", text(story.made[unit]))
        for t in told_none[1].split("、") if told_none else ():
            sums.append([1.0 if c == (unit, t) else 0.0 for c in cells])
            known.append(0.0)
    for cell in few:
        goal = np.array([1.0 if c == cell else 0.0 for c in cells])
        low, high = (
            sign * linprog(sign * goal, A_eq=np.array(sums), b_eq=known).fun for sign in (1, -1)
        )
        assert low < 1e-6 or high - low >= LIMIT, (cell, low, high)
    assert "略" in text(story.made["F"])
    assert "社会保险" in text(story.made["F"])


def test_what_is_withheld_for_a_row_alone_takes_the_topics_of_nothing_with_it() -> None:
    zero, two = Counted(Decimal(0), Decimal(0)), Counted(Decimal(2), Decimal(2))
    gone = withheld_topics({("A", "甲"): two, ("A", "乙"): zero, ("A", "丙"): zero}, {}, LIMIT)
    assert gone == {("A", "甲"), ("A", "乙"), ("A", "丙")}
    many = Counted(Decimal(9), Decimal(9))
    gone = withheld_topics({("A", "甲"): two, ("A", "乙"): many, ("A", "丙"): zero}, {}, LIMIT)
    assert gone == {("A", "甲"), ("A", "乙")}
    assert withheld_topics({("A", "甲"): many, ("A", "乙"): zero}, {}, LIMIT) == frozenset()
    one_of_thirty = Counted(Decimal(1), Decimal(30))
    assert withheld_topics({("A", "甲"): one_of_thirty}, {}, LIMIT) == frozenset()


def test_a_workplace_is_told_its_counts_and_no_topics(story: Story) -> None:
    told = printed(story.made["A1"])
    assert told["A1", "2017-03", "I-RIGHT-01"] == 6 + 2
    assert not topics(told, "A1")
    assert "请查阅本级台账" in text(story.made["A1"])


def _one_of_each(
    made: dict[str, Any], found: list[tuple[str, int, str]]
) -> list[tuple[str, int, str]]:
    """The first number of each indicator and side, and of each unit."""
    rows = query(
        "SELECT DISTINCT ON (indicator, basis) ordinal FROM publication_number "
        "WHERE publication_id = :p AND basis NOT IN ('应报', '实报') "
        "ORDER BY indicator, basis, ordinal",
        p=made["publication"],
    )
    wanted = {r.ordinal for r in rows}
    assert len(wanted) > 30
    return [one for one in found if one[1] in wanted]


def test_every_number_walks_to_the_rows_it_is_made_of(story: Story) -> None:
    found = [(r, int(n), html.unescape(t)) for r, n, t in LINK.findall(page(story.made["F"]))]
    assert len(found) == story.made["F"]["numbers"] > 60
    for reference, number, shown in _one_of_each(story.made["F"], found):
        step = flow.walk(reference, number)
        if step.basis == "本期" and not any(p.label == "分子" for p in step.parts):
            assert sum((c.adds or Decimal(0)) for c in step.cells) == step.value, (shown, step.name)
            assert all(c.file_name.endswith(".xlsx") for c in step.cells)
        elif step.basis == "本期":
            top, bottom = (p.value or Decimal(0) for p in step.parts[:2])
            scale = 100 if shown.endswith("%") or "率" in step.name or "占比" in step.name else 1
            assert step.value == pytest.approx(top / bottom * scale)
        else:
            assert step.basis.startswith(("比", "上", "分"))
            # of nothing there are no cells to add up
            assert step.value == 0 or any(p.value for p in step.parts) or step.cells, step.basis


def test_unreported_is_not_nought_and_a_base_of_nought_is_said(story: Story) -> None:
    january = flow.publish_report("R-12", "2017-01", AT)
    assert "各单位均未报送“三单”诉求流转台账" in text(january)
    assert not [k for k in printed(january) if k[2].startswith(("I-RIGHT-0", "I-R12"))]
    april = flow.publish_report("R-12", "2017-04", AT)
    told = printed(april)
    assert ("F", "2017-04", "I-RIGHT-01") not in told
    # what was open in March is open as far as anybody knows
    assert told["F", "2017-04", "I-R12-未办结"] == len(
        [r for r in story.rows if r["result"] == "办理中"]
    )
    assert "按以前月份所报" in text(april)
    # February had no orders at all: the one of March is 增加1件, not so many percent
    assert "增加1件" in text(story.made["F"])
    assert not re.search(r"(inf|nan|None|Infinity)", text(story.made["F"]))


def test_a_very_long_name_stands_whole_in_the_document(story: Story) -> None:
    path = next(f for f in story.made["A"]["files"] if f.endswith(".docx"))
    words = [c.text for t in docx.Document(path).tables for r in t.rows for c in r.cells]
    assert LONG in words
    assert LONG in text(story.made["A"])


def test_a_longer_period_is_refused(story: Story) -> None:
    with pytest.raises(LookupError, match="按月编写"):
        flow.publish_report("R-12", "2017Q1", AT)


def closed(definitions: Definitions) -> None:
    """March's bulletin, which every close publishes."""
    month, when = Period.parse("2017-03"), datetime.fromisoformat(AT)
    with engine().begin() as connection:
        computation = consolidate(connection, definitions, month, when, when)
        figures = figures_of(connection, definitions, computation, "F")
        kept = keep_draft(connection, bulletin(figures, definitions), computation, when)
        decide(connection, kept, "published", "system", when)


def test_a_closed_month_is_reported_once_at_the_cut_off_of_its_close(story: Story) -> None:
    with pytest.raises(LookupError, match="还没有关账"):
        flow.publish_monthly("2017-03", LATER)
    closed(story.definitions)
    # the federation's R-12 of that cut-off is there: it is not asked for again
    assert flow.months_to_report(LATER) == []
    made = flow.publish_monthly("2017-03", LATER)
    kinds = query(
        "SELECT kind, count(*) AS n FROM publication WHERE cutoff = :c AND title LIKE 'F工会2017%' "
        "AND period IN ('2017-03', '2017Q1') GROUP BY 1",
        c=datetime.fromisoformat(AT),
    )
    counted = {r.kind.split()[0]: r.n for r in kinds}
    # those of the month, and of the quarter that ends with it
    assert {c: counted.get(c) for c in ("R-04", "R-12", "R-13")} == {
        "R-04": 1,
        "R-12": 1,
        "R-13": 1,
    }
    assert made["publications"] == sum(counted.values()) - counted["R-03"]
    assert flow.publish_monthly("2017-03", LATER)["files"] == made["files"]


def test_editions_come_again_and_differences_are_named(story: Story) -> None:
    assert flow.reproduce(story.made["A"]["publication"]).equal
    late = [slip(n, "B2", "工资报酬", date(2017, 3, 7), persons=2) for n in (7, 8, 9)]
    sent = datetime(2017, 6, 1, 9, tzinfo=CHINA)
    old = [r for r in story.rows if r["org_code"] == "B2"]
    with engine().begin() as connection:
        file_rows(connection, story.definitions, "RIGHT-01", "2017-03", "B2", old + late, at=sent)
    assert flow.reproduce(story.made["F"]["publication"]).equal
    moved = flow.compare(story.made["F"]["publication"], LATER)
    mine = {d.indicator: d for d in moved if d.unit == "F" and d.basis == "本期"}
    assert mine["I-RIGHT-01"].now == (mine["I-RIGHT-01"].then or 0) + 3
    assert mine["I-R12-诉求-工资报酬"].now == (mine["I-R12-诉求-工资报酬"].then or 0) + 3
    assert "I-R12-诉求-社会保险" not in mine
    assert {r.kind for d in mine.values() for r in d.reasons} == {"更正"}
    assert {r.org for r in mine["I-RIGHT-01"].reasons} == {"B2"}
