"""An invented city federation with everything that it files: what all families of reports are of.

A city federation, nine counties and a zone of unequal size, and eight industry unions stand above
so many grassroots unions. What a first block of unions and all federations file is made by
`samples.generate` month by month, agreeing with each other and with the months before; the further
blocks are copies of the first made in SQL (`bench.multiply`), under other parents. Names are as in
life, some of them very long or with rare characters. A few unions file nothing in the last month,
some file late; letters of targets name what the figures then reach or miss.
"""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter

from bench import ours
from bench.figures import Row, union_code
from bench.filings import Filed, further, load_rows, settle
from bench.organisations import BLOCK, FOUNDED
from bench.workbooks import Look, write_cover, write_form
from definitions import Definitions, load_definitions
from definitions.organisations import Organisation, Parent
from definitions.periods import Period
from samples.generate import generate
from samples.identity import person_name, phone
from samples.registry import TRADES as KINDS
from samples.spread import mix, pick

YEAR, MONTH = 2019, "2019-12"
BEFORE = "2018-12"
"""The month that the year before is known by."""
MONTHS = (BEFORE, *(f"{YEAR}-{m:02d}" for m in range(1, 13)))
TOP = "640000Z00000"
ZONE = "示范国家高新技术产业开发区、综合保税区和现代物流园区（托管）"
COUNTIES = (
    ("兴庆区", "640104"), ("西夏区", "640105"), ("金凤区", "640106"), ("永宁县", "640121"),
    ("贺兰县", "640122"), ("灵武市", "640181"), ("大武口区", "640202"), ("惠农区", "640205"),
    ("平罗县", "640221"), (ZONE, "640105"),
)  # fmt: skip
INDUSTRIES = {
    "机械冶金建材": "C", "教科文卫体": "PQ", "财贸轻纺烟草": "FHJ", "交通运输": "G",
    "能源化工": "BD", "建设": "EK", "信息电子": "I", "产业园区": "L",
}  # fmt: skip
STEMS = (
    "宏远",
    "恒信",
    "天瑞",
    "华兴",
    "金泰",
    "盛达",
    "永固",
    "中科",
    "鑫磊",
    "嘉禾",
    "瑞丰",
    "广源",
)
RARE = ("䶮泰", "㵲阳", "犇鑫垚", "𬭚昇")
"""Characters that few typefaces have, the last one outside the first 65,536."""
LONG = "国有资本投资运营集团有限责任公司西北区域总部及所属各分公司、项目部、后勤服务中心联合"
HEADS = 1 + len(COUNTIES) + len(INDUSTRIES)
FIRST_BLOCK = frozenset(union_code(n) for n in range(1, BLOCK + 1))
"""Codes of the unions that all further ones are copies of."""
LATE_EVERY, SILENT = 12, (13, 57, 98, 99)
"""One union in so many files late; these of the first block file nothing in the last month."""
EVENTS_EVERY, OPEN_EVERY = 25, 10
"""One union in so many tells an event in labour relations, or leaves a slip unsolved."""
MADE_ELSEWHERE = ("ORG-01", "ORG-03", "TGT-01", "TGT-02")
"""The register, moves and letters: invented ones would contradict the registry and the figures."""
SEED = 20191231
CLOSED = "2020-02-20T09:00"


# --- who there is ---


def county_code(number: int) -> str:
    """The n-th county, from 0."""
    return f"64{number:04d}Z10000"


def trade_code(number: int) -> str:
    """The n-th industry union, from 0."""
    return f"640000C9{number + 1:04d}"


@cache
def registry(unions: int) -> tuple[Organisation, ...]:
    """The federation with so many grassroots unions; parents before children."""
    found = [_head(TOP, "示范市总工会", "市总工会", "市级", "640100", None)]
    for n, (place, region) in enumerate(COUNTIES):
        kind = "开发区（园区）总工会" if place == ZONE else "区县总工会"
        found.append(_head(county_code(n), f"{place}总工会", kind, "区县级", region, TOP))
    for n, name in enumerate(INDUSTRIES):
        code = trade_code(n)
        found.append(_head(code, f"示范市{name}工会", "产业工会", "市级", "640100", TOP))
    return (*found, *(_union(n) for n in range(1, unions + 1)))


def _head(
    code: str, name: str, kind: str, level: str, region: str, parent: str | None
) -> Organisation:
    above = (Parent(line="块", parent=parent, since=FOUNDED),) if parent else ()
    return Organisation(
        code=code, name=name, type=kind, level=level, region=region, found=FOUNDED,
        resident="驻会" if kind == "产业工会" else "", parents=above,
    )  # fmt: skip


def _union(number: int) -> Organisation:
    code = union_code(number)
    # Counties of unequal size: the first has four times as many as the last.
    weights = [16, 14, 13, 12, 11, 10, 8, 7, 5, 4]
    place = [n for n, w in enumerate(weights) for _ in range(w)][mix("county", number) % 100]
    trade, (industry, reg_type, kind) = list(KINDS.items())[mix("trade", number) % len(KINDS)]
    joint = trade == "园区"
    town = COUNTIES[place][0] if place < 9 else "高新区"
    stem = RARE[number // 50 % 4] if number % 50 == 7 else pick(STEMS, "stem", number)
    who = f"{town}{stem}{kind}" if number % 50 != 31 else f"{town}{stem}{LONG}"
    parents = [Parent(line="块", parent=county_code(place), since=FOUNDED)]
    over = next(n for n, parts in enumerate(INDUSTRIES.values()) if industry[0] in parts)
    if mix("line", number) % 6:
        parents.append(Parent(line="条", parent=trade_code(over), since=FOUNDED))
    return Organisation(
        code=code, name=f"{who}第{number}{'联合' if joint else ''}工会委员会",
        type="联合基层工会" if joint else "基层工会委员会", level="基层",
        region=COUNTIES[place][1], industry=industry, reg_type=reg_type, found=FOUNDED,
        is_joint=joint, parents=tuple(parents),
    )  # fmt: skip


def _register(registered: Sequence[Organisation], day: date) -> list[Row]:
    """ORG-01 of everyone, as registered; without codes of employers, which copies would share."""
    return [
        {
            "org_code": o.code, "org_name": o.name, "org_type": o.type, "org_level": o.level,
            "employer_name": o.name.removesuffix("工会委员会"), "is_joint": o.is_joint,
            "covered_units": 3 + mix("covered", o.code) % 9 if o.is_joint else 1,
            "terr_parent": o.parent_on("块", day), "ind_parent": o.parent_on("条", day),
            "lead_line": o.lead, "fund_parent": o.parent_on("块", day),
            "resident": o.resident or None, "region": o.region, "industry": o.industry or "S93",
            "reg_type": o.reg_type or "500机关", "found_date": o.found, "status": "正常",
            "legal_person": mix("legal", o.code) % 10 < 7, "chair_name": person_name(o.code),
            "chair_kind": "兼职" if o.level == "基层" else "专职", "contact": phone(o.code),
        }
        for o in registered
    ]  # fmt: skip


# --- what they file ---


def filed(folder: Path, months: Sequence[str] = MONTHS) -> Filed:
    """What the federations and the first block file, by who files; kept month by month."""
    known = load_definitions()
    registered = registry(BLOCK)
    tables: dict[tuple[str, str], list[Row]] = {
        ("ORG-01", str(year)): _register(registered, date(year, 12, 31))
        for year in sorted({Period.parse(m).year for m in months})
    }
    codes = [c for c in known.form_codes if c not in MADE_ELSEWHERE]
    for month in months:
        kept = folder / f"synthetic-{BLOCK}-{month}.pickle"
        if not kept.exists():
            made = generate(known, registered, [month], SEED, codes, tables, spotless=False).tables
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(pickle.dumps({k: r for k, r in made.items() if k not in tables}))
        tables |= pickle.loads(kept.read_bytes())  # noqa: S301 - our own
    found: Filed = {o.code: defaultdict(list) for o in registered}
    for place, rows in tables.items():
        for row in rows:
            found[str(row["org_code"])][place].append(dict(row))
    for number, (code, own) in enumerate(found.items()):
        _as_in_life(own, code, number)
    return found


def _as_in_life(own: dict[tuple[str, str], list[Row]], code: str, number: int) -> None:
    """What invented rows have too much or too little of."""
    if number % 33:
        settle(own)
    for (form, label), rows in own.items():
        few = form == "RIGHT-04" and number % EVENTS_EVERY
        if few or (form == "AUD-00" and label != MONTH):  # one round of audits a year
            rows.clear()
        elif form == "RIGHT-01" and number % OPEN_EVERY:
            rows[:] = [r for r in rows if r["closed_on"] is not None]
        elif form.startswith("AUD-") and code not in FIRST_BLOCK:
            # A federation audits unions, each its own, and not itself: heads stand first.
            for n, row in enumerate(rows):
                row["org_code"] = union_code(1 + (number + HEADS * n) % BLOCK)
    for place in [p for p, rows in own.items() if not rows]:
        del own[place]


def workbook(known: Definitions, code: str, pages: dict[tuple[str, str], list[Row]]) -> bytes:
    """The original of one union's month: a sheet for each form, at the addresses of the rows."""
    target = io.BytesIO()
    book: Any = xlsxwriter.Workbook(target, {"in_memory": True})
    look, number = Look(book), int(code[-5:])
    forms = {f: known.form(f, Period.parse(label)) for f, label in pages}
    month = Period.parse(MONTH)
    write_cover(book.add_worksheet("封面"), list(forms.values()), number, month, look)
    for (code_, _), rows in pages.items():
        form = forms[code_]
        sheet = book.add_worksheet(f"{form.code} {form.title}"[:31])
        write_form(sheet, form, rows, number, month, look)
    book.close()
    return target.getvalue()


# --- in the process of an installation ---


def prepare(folder: Path, unions: int, months: Sequence[str] = MONTHS) -> dict[str, int]:
    """Register, open the months and load what was filed; filings and rows there are then."""
    rows = filed(folder, months)
    ours.open_for(registry(unions), months, range(YEAR - 2, YEAR + 2))
    for month in months:
        for at, some in _waves(rows, month):
            load_rows(some, [month], _original(month), arrives=at)
    counted = further(unions)
    _letters(unions)
    return counted


def _waves(rows: Filed, month: str) -> Iterator[tuple[str, Filed]]:
    """Who files in time and who files late, and when; in the last month some do not at all."""
    end, silent = Period.parse(month).next().start, {union_code(n) for n in SILENT}
    there = {code: own for code, own in rows.items() if month != MONTH or code not in silent}
    late = {code for n, code in enumerate(there) if n % LATE_EVERY == 5}
    yield f"{end}T09:00", {c: own for c, own in there.items() if c not in late}
    yield f"{end.replace(day=11)}T16:00", {c: own for c, own in there.items() if c in late}


def _original(month: str) -> Callable[[str, Any], bytes] | None:
    """Originals are kept of the month that closes: only its workbooks can be marked."""
    from pipelines.flow.ground import definitions

    if month != MONTH:
        return None
    return lambda code, pages: workbook(definitions(), code, pages)


GOALS = (
    "I-ORG-13", "I-ORG-15", "I-HOME-02", "I-HOME-03", "I-AID-04", "I-AID-05", "I-AID-10",
    "I-WARM-01", "I-WARM-05", "I-MUT-01", "I-INNO-01", "I-SKILL-02", "I-SKILL-07", "I-SKILL-11",
    "I-SKILL-15", "I-SAFE-01", "I-DEMO-08", "I-CULT-05", "I-RIGHT-08", "I-WOM-02", "I-FIN-05",
)  # fmt: skip
WORKS = ("ORG", "HOME", "AID", "WARM", "MUT", "INNO", "SKILL", "SAFE", "DEMO", "CON", "RIGHT",
         "CADRE", "CULT", "WOM", "RES", "FIN")  # fmt: skip


def _letters(unions: int) -> None:
    """TGT-01 and the last TGT-02: targets that most federations reach, and what they say."""
    from pipelines.consolidate import consolidate, figures_of_each
    from pipelines.figures import BLOCK as LINE
    from pipelines.figures import INDUSTRY
    from pipelines.flow.ground import definitions, engine, moment

    known, when = definitions(), moment(f"{YEAR + 1}-01-12T09:00")
    heads = [o for o in registry(unions) if o.type != "市总工会" and o.level != "基层"]
    found: Filed = {o.code: defaultdict(list) for o in heads}
    year, last = Period.parse(str(YEAR)), Period.parse(f"{YEAR}Q4")
    with engine().begin() as connection:
        for span in (year, Period.parse(MONTH)):
            computation = consolidate(connection, known, span, when, when)
            codes = [o.code for o in heads]
            told = figures_of_each(connection, known, computation, codes)
            for org, figures in zip(heads, told, strict=True):
                line = INDUSTRY if org.type == "产业工会" else LINE
                for n, goal in enumerate(GOALS, 1):
                    figure = figures.get(goal, line=line)
                    value = figure.value if figure is not None else None
                    if not value:
                        continue
                    _task(found[org.code], org.code, n, goal, span, float(value), year, last)
        connection.rollback()
    load_rows(found, [MONTH], arrives=f"{YEAR + 1}-01-12T09:00")


def _task(
    own: dict[tuple[str, str], list[Row]],
    org: str, n: int, goal: str, span: Period, value: float, year: Period, last: Period,
) -> None:  # fmt: skip
    from pipelines.flow.ground import definitions

    work = f"W{WORKS.index(goal.split('-')[1]) + 1:02d}"
    percent = 84 + mix("target", org, goal) % 24
    indicator = definitions().indicators[goal]
    wanted = value * percent / 100
    target = float(round(wanted, 1) if indicator.decimals else max(1, round(wanted)))
    if indicator.unit == "%":
        target = min(target, 100.0)
    yearly = span == year
    own["TGT-01", year.label].append(
        {
            "task_id": f"{work}-{n:02d}", "org_code": org, "work": work, "indicator": goal,
            "period": span.label, "target": target, "direction": "越大越好",
            "owner": person_name(org, work), "weight": 5.0 if yearly else None,
            "signed_on": date(YEAR, 1, 10 + n % 6) if yearly else None,
        }
    )  # fmt: skip
    if yearly:
        own["TGT-02", last.label].append(
            {
                "task_id": f"{work}-{n:02d}",
                "org_code": org,
                "actual": value,
                "self_score": round(min(1.0, value / target) * 5, 2) if target else 5.0,
                "evidence": f"{year.chinese}{work}工作台账",
                "gap_reason": "部分单位活动推迟，已列入下年计划" if value < target else None,
            }
        )


MOVES = (
    # change, number of the union, to which county or which union, more
    ("划转", 101, 9), ("划转", 102, 9), ("划转", 203, 9), ("划转", 204, 8), ("划转", 305, 7),
    ("合并", 498, 497), ("撤销", 499, None),
)  # fmt: skip


def reorganise(unions: int) -> int:
    """Hand in the moves of December from counties and confirm them above; how many took effect."""
    from pipelines import flow
    from pipelines.flow.collecting import waiting_chunks
    from pipelines.flow.ground import definitions
    from pipelines.places import places
    from samples.writing import Book, FilledForm, workbook_bytes

    everyone = {o.code: o for o in registry(unions)}
    day, at = date(YEAR, 12, 1), f"{YEAR + 1}-01-03T09:00"
    given: dict[str, list[Row]] = defaultdict(list)
    for kind, number, to in MOVES:
        if number > unions:
            continue
        union = everyone[union_code(number)]
        parent = str(union.parent_on("块", day))
        row: Row = {
            "seq": len(given[parent]) + 1, "org_code": union.code, "change_type": kind,
            "line": "块", "from_parent": parent, "effective_date": day,
            "approval_doc": f"示总工组〔2019〕{40 + number % 50}号", "funds_settled": True,
            "members_at_change": 160, "workers_at_change": 180,
        }  # fmt: skip
        if kind == "划转":
            row["to_parent"] = county_code(int(to or 0))
            if row["to_parent"] == parent:
                row["to_parent"] = county_code(0)
        elif kind == "合并":
            row["successor"] = union_code(int(to or 0))
        given[parent].append(row)
    for parent, rows in given.items():
        form = FilledForm(definitions().newest("ORG-03"), rows)
        org = everyone[parent]
        book = Book(org.code, org.name, Period.parse(MONTH), date(YEAR + 1, 1, 3), [form])
        path = places().root / "moves" / f"{parent}.xlsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(workbook_bytes(book, "plain", definitions()))
        flow.hand_in([str(path)], parent, at)
    for chunk in waiting_chunks():
        flow.process(chunk, at)
    waiting = [int(w["编号"]) for w in flow.waiting_changes()]
    return flow.confirm_changes(waiting, TOP, "组织部", f"{YEAR + 1}-01-06T09:00")
