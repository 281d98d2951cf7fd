"""INNO, SKILL, SAFE and DEMO of the catalogue, straight from the formula texts."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.independent.frames import (
    Asked,
    Frame,
    Mask,
    Value,
    filled,
    later_or_same,
    quotient,
    tell,
)
from tests.independent.unions import (
    Formula,
    count,
    count_share,
    flow,
    flow_share,
    is_in,
    share,
    stock,
    yes,
)


def workers(a: Asked) -> Value:
    """ORG-02.workers_total at the end of the period."""
    return a.stock("ORG-02", "workers_total")


def register_sum(form: str, column: str, where: Mask | None = None) -> Formula:
    """Σ of a column over the things of a register whose day is in the period."""
    return lambda a: a.counted(form, where, column) if where else a.counted(form, column=column)


def register_count(form: str, where: Mask | None = None) -> Formula:
    """Things of a register whose day is in the period."""
    return lambda a: a.counted(form, where) if where else a.counted(form)


def register_share(form: str, top: Mask, base: Mask, dated: str = "") -> Formula:
    """The share of some things of a register in others."""
    return lambda a: quotient(
        a.counted(form, top, dated=dated), a.counted(form, base, dated=dated), 100
    )


def all_of(f: Frame) -> Any:
    """Every row."""
    return f["unit"].notna()


# --- INNO ---

INNO: dict[str, Formula] = {
    "I-INNO-01": flow("INNO-01", "suggestions"),
    "I-INNO-02": flow_share("INNO-01", "adopted", "suggestions"),
    "I-INNO-03": flow_share("INNO-01", "implemented", "suggestions"),
    "I-INNO-04": flow("INNO-01", "benefit", yes("benefit_audited")),
    "I-INNO-05": flow("INNO-01", "wuxiao_award"),
    "I-INNO-06": count("INNO-02", all_of),
    "I-INNO-07": lambda a: a.counted("INNO-02", dated="created_on"),
    "I-INNO-08": count_share("INNO-02", is_in("grade", "达标", "优秀")),
    "I-INNO-09": flow("INNO-02", "benefit"),
    "I-INNO-10": flow("INNO-02", "award"),
    "I-INNO-11": register_count("INNO-03", is_in("kind", "先进操作法")),
    "I-INNO-12": register_sum("INNO-03", "saving"),
    "I-INNO-13": lambda a: quotient(a.flow("INNO-01", "suggestions"), workers(a)),
}

# --- SKILL ---


def contests(f: Frame) -> Any:
    """event_kind ≠ 岗位练兵"""
    return f["event_kind"].ne("岗位练兵")


HIGH = is_in("cert_level", "一级（高级技师）", "二级（技师）", "三级（高级工）")
CONTEST_ROUTE = is_in("route", "国家级大赛", "自治区（省）级大赛")


def letter_target(a: Asked, indicator: str) -> Value:
    """TGT-01.target of the year in the unit of an indicator; only annual rows bear a mark."""

    def annual(f: Frame) -> Any:
        return f["indicator"].eq(indicator) & filled(f["weight"])

    return a.flow("TGT-01", "target", annual)


SKILL: dict[str, Formula] = {
    "I-SKILL-01": register_count("SKILL-01"),
    "I-SKILL-02": register_sum("SKILL-01", "person_times"),
    "I-SKILL-03": lambda a: quotient(a.counted("SKILL-01", column="persons"), workers(a), 100),
    "I-SKILL-04": register_sum("SKILL-01", "cost"),
    "I-SKILL-05": lambda a: quotient(
        a.counted("SKILL-01", column="cost"), a.counted("SKILL-01", column="person_times")
    ),
    "I-SKILL-06": register_count("SKILL-02", is_in("event_kind", "岗位练兵")),
    "I-SKILL-07": register_count("SKILL-02", contests),
    "I-SKILL-08": register_sum("SKILL-02", "enterprises", contests),
    "I-SKILL-09": register_sum("SKILL-02", "persons", contests),
    "I-SKILL-10": lambda a: quotient(
        a.counted("SKILL-02", contests, "persons"),
        a.counted("SKILL-02", contests, "should_persons"),
        100,
    ),
    "I-SKILL-11": lambda a: a.different("SKILL-03", ["id_no"]),
    "I-SKILL-12": register_count("SKILL-03", lambda f: CONTEST_ROUTE(f) & HIGH(f)),
    "I-SKILL-13": register_sum("SKILL-03", "award_paid"),
    "I-SKILL-14": register_count("SKILL-03", yes("title_promoted")),
    "I-SKILL-15": register_count("SKILL-04"),
    "I-SKILL-16": lambda a: quotient(a.counted("SKILL-04"), letter_target(a, "I-SKILL-15"), 100),
    "I-SKILL-17": flow("SKILL-05", lambda f: filled(f["top_name"]).astype(int)),
}

# --- SAFE ---


def worn_out(a: Asked) -> Frame:
    """Who lost twelve points in a year, on the day on which the twelfth went."""
    rows = a.things("SAFE-03", since=date(a.end.year, 1, 1)).sort_values(["day", "ends", "sent"])
    rows = rows.assign(lost=rows.groupby(["unit", "person_key"])["points"].cumsum())
    return rows[rows["lost"] >= 12]


def _first_of_each(a: Asked, rows: Frame) -> Value:
    rows = rows.drop_duplicates(["unit", "person_key"])
    rows = a.mine(rows[tell(rows, (d >= a.start for d in rows["day"]))])
    return float(len(rows)) if len(rows) or a.heard("SAFE-03") else None


def twelve_points(a: Asked) -> Value:
    """count distinct SAFE-03.person_key with Σ points ≥ 12 in the year"""
    return _first_of_each(a, worn_out(a))


def educated(a: Asked) -> Value:
    """count(SAFE-03.edu_done_on) / I-SAFE-06"""
    rows = worn_out(a)
    done = _first_of_each(a, rows[filled(rows["edu_done_on"])])
    return quotient(done, twelve_points(a), 100)


SAFE: dict[str, Formula] = {
    "I-SAFE-01": stock("SAFE-01", "units"),
    "I-SAFE-02": stock("SAFE-01", "persons"),
    "I-SAFE-03": share("SAFE-01", "clean_teams", "teams"),
    "I-SAFE-04": register_count("SAFE-02"),
    "I-SAFE-05": register_share(
        "SAFE-02", lambda f: later_or_same(f["due_on"], f["fixed_on"]), all_of, dated="due_on"
    ),
    "I-SAFE-06": twelve_points,
    "I-SAFE-07": educated,
    "I-SAFE-08": lambda a: quotient(a.flow("SAFE-01", "violations"), workers(a), 1000),
}

# --- DEMO ---

DEMO: dict[str, Formula] = {
    "I-DEMO-01": count_share("DEMO-01", yes("has_congress")),
    "I-DEMO-02": count_share("DEMO-01", yes("has_disclosure")),
    "I-DEMO-03": count("DEMO-02", all_of),
    "I-DEMO-04": count_share("DEMO-02", lambda f: filled(f["trained_on"])),
    "I-DEMO-05": flow_share("DEMO-02", "eval_unsat", "eval_ballots"),
    "I-DEMO-06": flow("DEMO-02", lambda f: f["outcome"].eq("取消代表资格").astype(int)),
    "I-DEMO-07": flow("DEMO-02", lambda f: f["outcome"].eq("奖励").astype(int)),
    "I-DEMO-08": register_count("DEMO-03"),
    "I-DEMO-09": register_share("DEMO-03", yes("implemented"), yes("accepted")),
    "I-DEMO-10": register_sum("DEMO-03", "rules_changed"),
    "I-DEMO-11": register_sum("DEMO-03", "saving"),
    "I-DEMO-12": flow_share("DEMO-01", "quality_sat", "quality_total"),
}

TABLE: dict[str, Formula] = INNO | SKILL | SAFE | DEMO
