"""A seeded federation of three levels and two lines, and two years of what its unions sent.

Nothing here knows an indicator. Rows are drawn from the columns of the forms (type, code list,
optional or not); where a date or a code of one row must fit another, a function below says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from chinese_calendar import is_workday

from definitions import Definitions, Period
from definitions.model import Column, ColumnType, Form
from definitions.organisations import Organisation
from definitions.periods import closing_periods

Row = dict[str, Any]
CHINA = ZoneInfo("Asia/Shanghai")

TOP = "640200C00001"
COUNTIES = ("640201C00001", "640202C00001", "640203C00001")
TRADES = ("640200C90001", "640200C90002", "640200C90003")
OUTSIDE = "0"
GRASSROOTS = tuple(f"64020{n % 3 + 1}G{n + 1:05d}" for n in range(24))
FOUNDED = date(2010, 1, 1)
STOPPED = GRASSROOTS[15]
MOVES = (
    # union, line, old parent, new parent (None: leaves the line), first day
    (GRASSROOTS[0], "块", COUNTIES[0], COUNTIES[2], date(2020, 7, 1)),
    (GRASSROOTS[5], "条", TRADES[0], TRADES[1], date(2020, 5, 16)),
    (GRASSROOTS[8], "条", None, TRADES[2], date(2020, 10, 1)),
    (GRASSROOTS[11], "块", COUNTIES[2], COUNTIES[1], date(2020, 4, 1)),
    (GRASSROOTS[11], "条", TRADES[2], None, date(2020, 4, 1)),
)
MONTHS = (
    "2019-05", "2019-06", "2019-07", "2019-09", "2019-12", *(f"2020-{m:02d}" for m in range(1, 13))
)  # fmt: skip


@dataclass(frozen=True)
class Relation:
    """A union's parent on one line, from a day on and until another (not included)."""

    unit: str
    line: str
    parent: str
    since: date
    until: date | None


def relations() -> list[Relation]:
    """Every relation of the federation, with the moves of 2020."""
    found = [Relation(u, "块", TOP, FOUNDED, None) for u in (*COUNTIES, *TRADES)]
    for n, unit in enumerate(GRASSROOTS):
        for line, parent in (("块", COUNTIES[n % 3]), ("条", TRADES[n % 4 - 1] if n % 4 else None)):
            moves = [m for m in MOVES if m[0] == unit and m[1] == line]
            starts = FOUNDED
            for _, _, old, new, day in moves:
                assert old == parent, unit
                if parent:
                    found.append(Relation(unit, line, parent, starts, day))
                parent, starts = new, day
            if parent:
                found.append(Relation(unit, line, parent, starts, None))
    return found


LEVELS = {TOP: "市级", **dict.fromkeys(COUNTIES, "区县级"), **dict.fromkeys(TRADES, "市级")}
TYPES = {
    TOP: "市总工会", COUNTIES[0]: "区县总工会", COUNTIES[1]: "区县总工会",
    COUNTIES[2]: "开发区（园区）总工会", TRADES[0]: "产业工会", TRADES[1]: "产业工会",
    TRADES[2]: "系统（局/集团）工会",
}  # fmt: skip
UNITS = (TOP, *COUNTIES, *TRADES, *GRASSROOTS)


def organisations() -> list[Organisation]:
    """The registry as the warehouse takes it."""
    return [
        Organisation.model_validate(
            {
                "code": code,
                "name": f"{code}工会",
                "type": TYPES.get(code, "基层工会委员会"),
                "level": LEVELS.get(code, "基层"),
                "region": "640200",
                "found": FOUNDED,
                "status": "停止活动" if code == STOPPED else "正常",
                "parents": [
                    {"line": r.line, "parent": r.parent, "since": r.since, "until": r.until}
                    for r in relations()
                    if r.unit == code
                ],
            }
        )
        for code in UNITS
    ]


@dataclass
class Sending:
    """A workbook of one union and period: what it holds, when it came, what became of it.

    `wave` orders judgements; `findings` are (form, severity, words of explanation or None).
    """

    reporter: str
    period: str
    received: datetime
    state: str
    wave: int
    forms: dict[str, list[Row]] = field(default_factory=dict)
    findings: list[tuple[str, str, str | None]] = field(default_factory=list)


# --- drawing -----------------------------------------------------------------------------------


@dataclass
class Draw:
    """Draws the rows of one form, union and period; the same for the same seed."""

    definitions: Definitions
    form: Form
    unit: str
    period: Period
    rng: Random
    before: list[Row]
    """What the union sent in this form's period before, open things among it."""

    @property
    def size(self) -> float:
        """Unions differ by a factor of forty, so a mean of percentages is far from a ratio."""
        return 0.5 + 20 * (sum(map(ord, self.unit)) * 7919 % 101 / 100) ** 3

    def day(self, first: date | None = None, last: date | None = None) -> date:
        """A day of the period, or between two days."""
        start, end = first or self.period.start, last or self.period.end
        return start + timedelta(self.rng.randint(0, (end - start).days))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def one(self, name: str) -> str:
        return str(self.rng.choice(self.definitions.code_lists[name].values))

    def value(self, column: Column) -> Any:
        if not column.required and self.chance(0.15):
            return None
        match column.type:
            case ColumnType.INT:
                return round(self.rng.randint(1, 60) * self.size)
            case ColumnType.DEC:
                return round(self.rng.uniform(1, 900) * self.size, 2)
            case ColumnType.PCT:
                return round(self.rng.uniform(1, 99), 1)
            case ColumnType.BOOL:
                return self.chance(0.6)
            case ColumnType.DATE:
                return self.day()
            case ColumnType.ENUM:
                return self.one(str(column.list))
            case _:
                return f"{column.code}-{self.rng.randint(1, 9)}"

    def row(self, **given: Any) -> Row:
        """A drawn row; `given` replaces, and every row names its union."""
        drawn = {c.code: self.value(c) for c in self.form.columns}
        if "org_code" in drawn:
            drawn["org_code"] = self.unit
        return drawn | given

    def things(self, key: str, least: int = 1, most: int = 3) -> list[Row]:
        """New things of a register, and some of those sent before with other values."""
        again = [r for r in self.before if self.chance(0.3)][:2]
        new = [
            self.row(**{key: f"{self.form.code}-{self.period}-{n}"})
            for n in range(self.rng.randint(least, most))
        ]
        kept = (key, "org_code", REGISTER_DATES.get(self.form.code, ""))
        return [self.row(**{k: r[k] for k in kept if k in r}) for r in again] + new

    def each_of(self, column: str, count: int) -> list[Row]:
        """Rows of several different codes of a column."""
        listed = self.definitions.code_lists[str(self.form.column(column).list)].values
        chosen = self.rng.sample(listed, min(count, len(listed)))
        return [self.row(**{column: code}) for code in sorted(chosen)]


REGISTER_DATES = {
    "AID-01": "file_date", "CADRE-02": "visit_on", "CADRE-04": "due_on", "CON-01": "signed_on",
    "CON-02": "checked_on", "CULT-01": "held_on", "DEMO-03": "proposed_on", "FIN-06": "paid_on",
    "HOME-03": "received_on", "RES-01": "finished_on", "RES-03": "effective_on",
    "RIGHT-01": "received_on", "SAFE-02": "found_on", "SKILL-02": "held_on",
    "SKILL-04": "signed_on",
}  # fmt: skip
"""The day of a thing, which does not change when the thing is sent again."""


def after_workdays(day: date, count: int) -> date:
    while count:
        day += timedelta(1)
        count -= is_workday(day)
    return day


def _months_before(day: date, months: int) -> date:
    place = day.year * 12 + day.month - 1 - months
    return date(place // 12, place % 12 + 1, 1)


def _single(d: Draw) -> list[Row]:
    return [d.row()]


def _org_01(d: Draw) -> list[Row]:
    level = LEVELS.get(d.unit, "基层")
    status = "正常" if d.chance(0.85) else "停止活动"
    return [d.row(org_level=level, status=status)]


def _org_02(d: Draw) -> list[Row]:
    rows = [d.row()]
    workers = rows[0]["workers_total"]
    # the deepest share differs from union to union, however many they are
    rows[0]["members_total"] = round(workers * d.rng.uniform(0.2, 1))
    return rows


def _org_03(d: Draw) -> list[Row]:
    return [
        d.row(seq=n, change_type=d.rng.choice(["划转", "撤销", "合并", "更名"]))
        for n in range(1, 3)
        if d.chance(0.5)
    ]


def _org_05(d: Draw) -> list[Row]:
    blank = {"list_should_industry": None, "list_built_industry": None}
    if d.chance(0.3):
        return [d.row(**blank)]
    group = {"group_name": "货车司机", "group_workers": 500, "group_members": d.rng.randint(1, 500)}
    listed = {"list_should_industry": 9, "list_built_industry": d.rng.randint(0, 9)}
    return [d.row(**group, **listed)]


def _org_06(d: Draw) -> list[Row]:
    ends = d.day(date(2018, 1, 1), date(2024, 12, 31))
    return [d.row(term_end=ends, extension_doc="示〔2019〕7号" if d.chance(0.3) else None)]


def _home_01(d: Draw) -> list[Row]:
    rows = []
    for n in range(3):
        place = int(d.unit[-2:]) * 3 + n
        opened = date(2018 + place * 5 // 7 % 3, 1 + place * 5 % 12, 9)
        if opened <= d.period.end:
            tier = ["示范职工之家", "暖心驿站", "职工小家", "党群活动中心"][place % 4]
            rows.append(d.row(site_id=f"Z{n}", open_date=opened, site_tier=tier))
    return rows


def _home_02(d: Draw) -> list[Row]:
    scores = {s: round(d.rng.uniform(55, 100), 2) for s in ("member_score", "employer_score",
                                                            "upper_score")}  # fmt: skip
    return [d.row(cycle_year=d.period.year, **scores)]


def _home_03(d: Draw) -> list[Row]:
    rows = d.things("opinion_id")
    for row in rows:
        later = row["received_on"] + timedelta(d.rng.randint(1, 26))
        row["replied_on"] = None if d.chance(0.2) else later
    return rows


def _aid_01(d: Draw) -> list[Row]:
    rows = d.things("file_no", 0, 2)
    for row in rows:
        row["id_no"] = "11010519491231002X"
        row["main_cause"] = d.rng.choice(["本人大病", "子女上学", "供养直系亲属大病", "残疾"])
        left = row["file_date"] + timedelta(d.rng.randint(20, 200))
        row["exit_date"] = left if d.chance(0.3) else None
    return rows


def _aid_02(d: Draw) -> list[Row]:
    rows = d.each_of("aid_kind", d.rng.randint(2, 4))
    for row in rows:
        row["cum_households"] = 0 if d.chance(0.3) else row["cum_households"]
    return rows


def _aid_03(d: Draw) -> list[Row]:
    return d.things("link_id", 1, 3)


def _mut_01(d: Draw) -> list[Row]:
    return d.each_of("plan", 2)


def _warm_01(d: Draw) -> list[Row]:
    return [r | {"campaign_year": d.period.year} for r in d.each_of("object_kind", 2)]


def _warm_02(d: Draw) -> list[Row]:
    return d.each_of("send_kind", 2)


def _inno_02(d: Draw) -> list[Row]:
    rows = []
    for n in range(2):
        since = d.day(date(2018, 1, 1), date(2020, 12, 31))
        if since <= d.period.end:
            rows.append(d.row(studio_id=f"S{n}", created_on=since))
    return rows or [d.row(studio_id="S9", created_on=date(2018, 3, 1))]


def _inno_03(d: Draw) -> list[Row]:
    rows = d.things("item_id")
    for row in rows:
        row["done_on"] = None if d.chance(0.2) else d.day()
    return rows


def _skill_01(d: Draw) -> list[Row]:
    rows = d.things("project_id", 1, 2)
    for row in rows:
        row["end_on"] = None if d.chance(0.2) else d.day()
    return rows


def _skill_02(d: Draw) -> list[Row]:
    rows = d.things("event_id")
    for row in rows:
        row["event_kind"] = d.rng.choice(["岗位练兵", "劳动竞赛", "技能比武", "五小竞赛"])
    return rows


def _skill_03(d: Draw) -> list[Row]:
    persons = [f"11010519{n:010d}" for n in range(d.rng.randint(0, 9), 60, 7)]
    return [
        d.row(
            person_key=f"P{n}", id_no=person, cert_no=f"Z{n}", cert_date=d.day(),
            route=d.rng.choice(["国家级大赛", "考试", "自治区（省）级大赛"]),
        )
        for n, person in enumerate([*persons, persons[0]])
    ]  # fmt: skip


def _skill_04(d: Draw) -> list[Row]:
    return d.things("pair_id", 0, 3)


def _skill_05(d: Draw) -> list[Row]:
    return [d.row(workshop=f"车间{n}") for n in range(2)]


def _safe_02(d: Draw) -> list[Row]:
    rows = d.things("hazard_id", 0, 3)
    for row in rows:
        row["due_on"] = row["found_on"] + timedelta(d.rng.randint(3, 75))
        fixed = row["due_on"] + timedelta(d.rng.randint(-3, 4))
        row["fixed_on"] = None if d.chance(0.25) else max(fixed, row["found_on"])
    return rows


def _safe_03(d: Draw) -> list[Row]:
    """Points lost one after the other; the column on education says whether twelve are reached."""
    rows: list[Row] = []
    lost: dict[str, int] = {}
    for r in d.before:
        if r["event_on"].year == d.period.year:
            lost[r["person_key"]] = lost.get(r["person_key"], 0) + r["points"]
    days = sorted(d.day() for _ in range(d.rng.randint(0, 3)))
    for n, on in enumerate(days):
        person = d.rng.choice(["甲", "乙"])
        points = d.rng.randint(3, 6)
        lost[person] = lost.get(person, 0) + points
        reached = lost[person] >= 12
        taught = on + timedelta(9) if reached and d.chance(0.6) else None
        rows.append(
            d.row(
                deduct_id=f"{d.period}-{n}", person_key=person, event_on=on, points=points,
                balance=max(0, 12 - lost[person]), edu_required=reached, edu_done_on=taught,
            )
        )  # fmt: skip
    return rows


def _demo_01(d: Draw) -> list[Row]:
    voted = {"quality_sat": d.rng.randint(20, 90), "quality_total": 100}
    blank = dict.fromkeys(voted)
    return [d.row(**(voted if d.chance(0.7) else blank))]


def _demo_02(d: Draw) -> list[Row]:
    rows = []
    for n in range(4):
        judged = {"eval_ballots": 50, "eval_unsat": d.rng.randint(0, 50)}
        known = judged if d.chance(0.8) else dict.fromkeys(judged)
        rows.append(d.row(rep_id=f"D{n}", **known))
    return rows


def _demo_03(d: Draw) -> list[Row]:
    return d.things("proposal_id")


CONTRACTS = (
    "集体合同", "工资专项集体合同", "女职工权益保护专项集体合同", "劳动安全卫生专项集体合同",
)  # fmt: skip


def _con_01(d: Draw) -> list[Row]:
    rows = d.things("contract_id", 0, 2)
    for row in rows:
        row["valid_to"] = row["signed_on"] + timedelta(d.rng.randint(40, 500))
        row["scope"] = d.rng.choice(["企业", "企业", "行业"])
        row["parent_contract"] = "HY" if row["scope"] == "企业" and d.chance(0.4) else None
        known = row["contract_kind"] == "工资专项集体合同" and d.chance(0.8)
        for column in ("wage_avg_growth", "wage_front_growth"):
            row[column] = round(d.rng.uniform(-2, 9), 1) if known else None
    if int(d.unit[-2:]) % 3 == 0 and d.period.number == 2:
        whole = {"signed_on": d.day(), "valid_to": date(d.period.year, 12, 30)}
        rows += [
            d.row(contract_id=f"S{n}{d.period}", contract_kind=kind, parent_contract=None,
                  wage_avg_growth=5, wage_front_growth=round(d.rng.uniform(3, 9), 1), **whole)
            for n, kind in enumerate(CONTRACTS)
        ]  # fmt: skip
    return rows


def _con_02(d: Draw) -> list[Row]:
    rows = d.things("check_id")
    for row in rows:
        row["contract_id"] = f"S{d.rng.randint(0, 3)}2020Q2"
    return rows


def _right_01(d: Draw) -> list[Row]:
    rows = d.things("slip_id", 1, 4)
    for row in rows:
        taken = row["received_on"] + timedelta(d.rng.randint(0, 3))
        row["accepted_on"] = None if d.chance(0.15) else taken
        row["due_on"] = after_workdays(taken, 10) if row["accepted_on"] else None
        closed = taken + timedelta(d.rng.randint(1, 25))
        row["closed_on"] = closed if row["accepted_on"] and d.chance(0.8) else None
    return rows


def _right_03(d: Draw) -> list[Row]:
    rows = d.each_of("function", 2)
    for row in rows:
        asked = d.chance(0.7)
        row["sat_total"] = d.rng.randint(50, 90) if asked else None
        row["sat_yes"] = d.rng.randint(0, 50) if asked else None
    return rows


def _cadre_02(d: Draw) -> list[Row]:
    return [
        d.row(visit_id=f"{d.period}-{n}", cadre=d.rng.choice(["甲", "乙"]), visit_on=d.day(),
              place=d.rng.choice(["总装车间", "食堂"]))
        for n in range(d.rng.randint(2, 9))
    ]  # fmt: skip


def _cadre_03(d: Draw) -> list[Row]:
    """Turns of office of one to three months, told in each month in which they fall."""
    rows = []
    for officer in ("甲", "乙"):
        span = 2 if officer == "甲" else 3
        since = _months_before(d.period.start, (d.period.number - 1) % span)
        until = _months_before(since, -span) - timedelta(1)
        events = d.rng.choice([0, 0, 0, 1, 2])
        rows.append(d.row(officer=officer, from_on=since, to_on=until, theme_events=events))
    return rows


def _cadre_04(d: Draw) -> list[Row]:
    rows = d.things("item_id", 1, 3)
    for row in rows:
        if row["due_on"] is None or row["kind"] in ("定期访谈", "过错约谈"):
            row["due_on"] = None if row["item_id"].startswith(f"CADRE-04-{d.period}") else row[
                "due_on"]  # fmt: skip
            row["done_on"] = d.day()
            continue
        if row["item_id"].startswith(f"CADRE-04-{d.period}"):
            row["due_on"] = d.day(d.period.start, d.period.end + timedelta(90))
        done = row["due_on"] + timedelta(d.rng.randint(-9, 6))
        row["done_on"] = None if d.chance(0.25) else done
    return rows


def _eval_01(d: Draw) -> list[Row]:
    rows = []
    for target in ("工会工作", "工会主席"):
        for rater in ("会员", "职工代表", "工会机关"):
            votes = [d.rng.randint(5, 60) for _ in range(4)]
            names = ("very_sat", "basic_sat", "unsat", "unclear")
            counted = dict(zip(names, votes, strict=True))
            total = {"ballots": sum(votes), "eligible": sum(votes) + d.rng.randint(0, 30)}
            rows.append(d.row(object=target, rater=rater, **counted, **total))
    return rows


SUBJECTS = ("401", "402", "40201", "501", "50101", "502", "503", "304")


def _fin_books(d: Draw) -> list[Row]:
    return [d.row(subject=s) for s in SUBJECTS if d.chance(0.9)]


def _fin_06(d: Draw) -> list[Row]:
    rows = d.things("item_id", 2, 4)
    for row in rows:
        row["item_kind"] = d.rng.choice(["大额项目", "公务接待", "公务用车", "预付款"])
    return rows


def _res_02(d: Draw) -> list[Row]:
    return [d.row(project_id=f"X{n}") for n in range(2)]


def _res_03(d: Draw) -> list[Row]:
    rows = d.things("doc_id", 2, 4)
    for row in rows:
        row["doc_kind"] = d.rng.choice(["制度", "流程", "表单"])
        left = row["effective_on"] + timedelta(d.rng.randint(30, 700))
        row["repealed_on"] = left if d.chance(0.3) else None
    return rows


LETTERS = (
    # task, work, indicator, direction, annual target, mark
    ("T1", "W01", "I-ORG-15", "越大越好", 900, 5), ("T2", "W01", "I-ORG-17", "越大越好", 60, 3),
    ("T3", "W07", "I-SKILL-15", "越大越好", 12, 4), ("T4", "W16", "I-FIN-05", "越大越好", 90000, 6),
    ("T5", "W08", "I-SAFE-08", "越小越好", 40, 2), ("T6", "W11", "I-RIGHT-04", "达标", 50, 3),
    ("T7", "W13", "I-CULT-03", "越大越好", 800, 1), ("T8", "W16", "I-FIN-06", "达标", 100, 2),
)  # fmt: skip
RATES = ("I-ORG-17", "I-SAFE-08", "I-RIGHT-04", "I-FIN-06")


def _tgt_01(d: Draw) -> list[Row]:
    rows = []
    year = d.period.year
    for task, work, indicator, direction, target, mark in LETTERS:
        parts = {str(year): 1.0, **{f"{year}Q{q}": 0.25 for q in (1, 2, 3, 4)}}
        parts |= {f"{year}-{m:02d}": 0.08 for m in (5, 7, 12)}
        for label, share in parts.items():
            part = 1.0 if indicator in RATES else share
            aim = round(target * part * d.rng.uniform(0.2, 2), 2)
            mine = mark if label == str(year) else None
            rows.append(d.row(task_id=task, work=work, indicator=indicator, period=label,
                              direction=direction, target=aim, weight=mine))  # fmt: skip
    return rows


def _tgt_02(d: Draw) -> list[Row]:
    sizes = {"I-ORG-15": 5000, "I-ORG-17": 60, "I-SKILL-15": 20, "I-FIN-05": 50000}
    return [
        d.row(task_id=task, actual=round(sizes.get(indicator, 50) * d.rng.uniform(0.5, 1.6), 2))
        for task, _, indicator, *_ in LETTERS
        if d.chance(0.9)
    ]


MAKERS: Mapping[str, Callable[[Draw], list[Row]]] = {
    "ORG-01": _org_01, "ORG-02": _org_02, "ORG-03": _org_03, "ORG-05": _org_05, "ORG-06": _org_06,
    "HOME-01": _home_01, "HOME-02": _home_02, "HOME-03": _home_03, "AID-01": _aid_01,
    "AID-02": _aid_02, "AID-03": _aid_03, "MUT-01": _mut_01, "WARM-01": _warm_01,
    "WARM-02": _warm_02, "INNO-02": _inno_02, "INNO-03": _inno_03, "SKILL-01": _skill_01,
    "SKILL-02": _skill_02, "SKILL-03": _skill_03, "SKILL-04": _skill_04, "SKILL-05": _skill_05,
    "SAFE-02": _safe_02, "SAFE-03": _safe_03, "DEMO-01": _demo_01, "DEMO-02": _demo_02,
    "DEMO-03": _demo_03, "CON-01": _con_01, "CON-02": _con_02, "RIGHT-01": _right_01,
    "RIGHT-03": _right_03, "CADRE-02": _cadre_02, "CADRE-03": _cadre_03, "CADRE-04": _cadre_04,
    "EVAL-01": _eval_01, "FIN-03": _fin_books, "FIN-04": _fin_books, "FIN-06": _fin_06,
    "RES-02": _res_02, "RES-03": _res_03, "TGT-01": _tgt_01, "TGT-02": _tgt_02,
    "CULT-01": lambda d: d.things("activity_id", 0, 3), "CULT-02": lambda d: d.things("room_id"),
    "RES-01": lambda d: d.things("output_id", 0, 2),
}  # fmt: skip
NOT_NEEDED = ("ORG-04", "RIGHT-04", "HONOR-01", "FIN-02", "NARR-01", "EVAL-02")
"""No indicator of the catalogue reads them."""
AUDITS = ("AUD-00", "AUD-01", "AUD-02", "AUD-03", "AUD-04", "AUD-05")
SELDOM = 0.85
"""How often a form that nobody owes is sent."""


def _silent(unit: str, form: Form, period: Period) -> bool:
    """What some unions leave out: some months, the end of a year, all but monthly reports."""
    at = GRASSROOTS.index(unit) if unit in GRASSROOTS else -1
    if at == 2:
        return period.label in ("2020-02", "2020-03", "2020-07", "2020Q1", "2020Q3")
    if at == 6:
        return period.end > date(2020, 10, 31)
    if unit == COUNTIES[2] and period.label == "2020-07":
        return True
    return at == 9 and period.span > 1


def _asked(form: Form, unit: str) -> bool:
    kinds, levels = form.reporters.types, form.reporters.levels
    of_kind = not kinds or TYPES.get(unit, "基层工会委员会") in kinds
    return of_kind and (not levels or LEVELS.get(unit, "基层") in levels)


def _audits(d: Draw) -> list[Row]:
    """A county audits three of its unions: the rows are about them."""
    mine = [u for u in GRASSROOTS if COUNTIES[GRASSROOTS.index(u) % 3] == d.unit]
    rows = []
    for unit in mine[:3] if d.period.year == 2020 else mine[:2]:
        if d.form.code == "AUD-00":
            if not d.chance(0.35):
                continue
            begun = d.day()
            opinion = begun + timedelta(d.rng.randint(10, 60)) if d.chance(0.8) else None
            due = opinion + timedelta(30) if opinion else None
            found = d.rng.randint(0, 5) if opinion else None
            filed = due + timedelta(d.rng.randint(-20, 9)) if due and d.chance(0.8) else None
            rows.append(d.row(
                audit_id=f"{d.period}-{unit}", org_code=unit, start_on=begun, opinion_on=opinion,
                rectify_due=due, rectify_on=filed, issues=found,
                fixed=d.rng.randint(0, found) if found is not None else None,
            ))  # fmt: skip
            continue
        for n in range(2):
            budget = round(d.rng.uniform(5000, 9000), 2)
            rows.append(d.row(
                org_code=unit, project=f"项目{n}", budget=budget,
                spent=round(budget * d.rng.uniform(0.4, 1.35), 2),
                effect_score=d.rng.randint(40, 99), voucher_ok=d.chance(0.8),
                upper_award=d.rng.randint(0, 2), certs=d.rng.randint(0, 9),
                chief_titles=d.rng.randint(0, 2), persons=d.rng.randint(1, 400),
                held_on=d.day() if d.chance(0.8) else None,
            ))  # fmt: skip
    return rows


def _rows(d: Draw) -> list[Row]:
    if d.form.code in AUDITS:
        return _audits(d) if d.unit in COUNTIES else []
    if not _asked(d.form, d.unit) or _silent(d.unit, d.form, d.period) or d.unit == STOPPED:
        return []
    if not d.form.reporters.expected and not d.chance(SELDOM):
        return []
    return MAKERS.get(d.form.code, _single)(d)


def sendings(definitions: Definitions, seed: int) -> list[Sending]:
    """Every workbook of two years: most come in time and are taken at once, some are not."""
    found: list[Sending] = []
    sent: dict[tuple[str, str], list[Row]] = {}
    for month in MONTHS:
        for period in closing_periods(Period.parse(month)):
            for unit in UNITS:
                forms = {}
                for form in _forms(definitions, period):
                    rng = Random(f"{seed}/{form.code}/{unit}/{period}")  # noqa: S311
                    before = sent.setdefault((form.code, unit), [])
                    rows = _rows(Draw(definitions, form, unit, period, rng, before))
                    if rows:
                        forms[form.code] = rows
                        before += rows
                if forms:
                    found += _ways(definitions, unit, period, forms, seed)
    found.append(_summary_of_a_county(definitions, seed))
    return found


def _forms(definitions: Definitions, period: Period) -> Iterator[Form]:
    for code in definitions.form_codes:
        if code in NOT_NEEDED:
            continue
        try:
            yield definitions.form(code, period)
        except KeyError:
            continue


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 11, tzinfo=CHINA)


def _ways(
    definitions: Definitions, unit: str, period: Period, forms: dict[str, list[Row]], seed: int
) -> list[Sending]:
    """How a workbook comes in: returned first, late, explained, or corrected after the lock."""
    rng = Random(f"{seed}/{unit}/{period}/way")  # noqa: S311
    came = period.end + timedelta(rng.choice([2, 3, 3, 3, 4, 9, 14, 25]))
    main = Sending(unit, period.label, _at(came), "accepted", 2, forms)
    ways = [main]
    named = sorted(forms)
    if rng.random() < 0.2:
        first = Sending(unit, period.label, _at(came - timedelta(1)), "returned", 1)
        first.findings.append((rng.choice(named), "退回", None))
        ways.insert(0, first)
    if rng.random() < 0.3:
        main.findings.append((rng.choice(named), "须说明", "已核实"))
    if rng.random() < 0.15 and period.year == 2020:
        form = rng.choice(named)
        again = Sending(unit, period.label, _at(period.end + timedelta(75)), "accepted", 3)
        again.forms[form] = [_changed(definitions, form, r, rng) for r in forms[form]]
        ways.append(again)
    elif rng.random() < 0.1:
        asked = Sending(unit, period.label, _at(period.end + timedelta(76)), "explain", 4)
        asked.findings.append((rng.choice(named), "须说明", None))
        ways.append(asked)
    return ways


def _changed(definitions: Definitions, code: str, row: Row, rng: Random) -> Row:
    """The same thing with other counts; cumulative points and targets stay as they were."""
    if code in ("SAFE-03", "TGT-01", "AUD-00", "EVAL-01"):
        return dict(row)
    kept = {"cycle_year", "campaign_year", "year", "seq"}
    return {
        k: v + rng.randint(1, 5) if type(v) in (int, float) and k not in kept else v
        for k, v in row.items()
    }


def _summary_of_a_county(definitions: Definitions, seed: int) -> Sending:
    """A county's own sum of its unions' months, which must never be added to theirs."""
    form = definitions.form("ORG-02", Period.parse("2020-12"))
    rng = Random(seed)  # noqa: S311
    draw = Draw(definitions, form, COUNTIES[0], Period.parse("2020-12"), rng, [])
    row = draw.row(workers_total=99999, members_total=88888, new_members=7777)
    return Sending(COUNTIES[0], "2020-12", _at(date(2021, 1, 3)), "accepted", 2, {"ORG-02": [row]})


def accepted(all_sent: Sequence[Sending]) -> Iterator[tuple[Sending, str, list[Row]]]:
    """Each form of each accepted workbook that no later one of the same union replaced."""
    newest: dict[tuple[str, str, str], datetime] = {}
    taken = [s for s in all_sent if s.state == "accepted"]
    for s in taken:
        for form in s.forms:
            slot = (s.reporter, s.period, form)
            newest[slot] = max(newest.get(slot, s.received), s.received)
    for s in taken:
        for form, rows in s.forms.items():
            if newest[s.reporter, s.period, form] == s.received:
                yield s, form, rows
