"""CON, RIGHT, CADRE, CULT, WOM and RES of the catalogue, straight from the formula texts."""

from __future__ import annotations

from typing import Any

from tests.independent.frames import (
    Asked,
    Frame,
    Mask,
    Value,
    filled,
    later_or_same,
    month_end,
    quotient,
    tell,
)
from tests.independent.unions import (
    Formula,
    count,
    flow,
    flow_share,
    is_in,
    share,
    workdays,
    yes,
)
from tests.independent.works import all_of, register_count, register_share, register_sum, workers

# --- CON ---


def valid(a: Asked, *more: Mask) -> Mask:
    """Contracts signed and not expired at the end of the period."""

    def then(f: Frame) -> Any:
        days = zip(f["signed_on"], f["valid_to"], strict=True)
        kept = tell(f, (s <= a.end <= v for s, v in days))
        for condition in more:
            kept &= condition(f)
        return kept

    return then


def general(f: Frame) -> Any:
    """Collective contracts proper; what lies under an industry contract is counted there."""
    return f["contract_kind"].eq("集体合同") & ~filled(f["parent_contract"])


def all_four(a: Asked) -> Value:
    """unions holding all four valid CON-01.contract_kind / unions with a contract"""
    rows = a.standing("CON-01")
    if rows is None:
        return None
    kinds = rows[valid(a)(rows)].groupby("unit")["contract_kind"].nunique()
    return quotient(float((kinds >= 4).sum()), float(len(kinds)), 100)


def inspected(a: Asked) -> Value:
    """distinct CON-02.contract_id / valid CON-01.contract_id (numbers are each union's own)"""
    seen = a.different("CON-02", ["unit", "contract_id"])
    return quotient(seen, a.standing_sum("CON-01", valid(a)), 100)


def wage_gap(a: Asked) -> Value:
    """CON-01.wage_front_growth − CON-01.wage_avg_growth, weighted by the workers covered"""

    def told(f: Frame) -> Any:
        wages = f["contract_kind"].eq("工资专项集体合同")
        return wages & filled(f["wage_front_growth"]) & filled(f["wage_avg_growth"])

    def weighted(f: Frame) -> Any:
        return (f["wage_front_growth"] - f["wage_avg_growth"]) * f["workers"]

    of_these = valid(a, told)
    return quotient(
        a.standing_sum("CON-01", of_these, weighted), a.standing_sum("CON-01", of_these, "workers")
    )


def second_bargaining(a: Asked) -> Value:
    """count(CON-01.parent_contract present) / enterprises under an industry contract"""
    below = valid(a, is_in("scope", "企业"), lambda f: filled(f["parent_contract"]))
    return quotient(
        a.standing_sum("CON-01", below),
        a.standing_sum("CON-01", valid(a, is_in("scope", "行业")), "enterprises"),
        100,
    )


CON: dict[str, Formula] = {
    "I-CON-01": lambda a: a.standing_sum("CON-01", valid(a, general), "enterprises"),
    "I-CON-02": lambda a: a.standing_sum("CON-01", valid(a, general), "workers"),
    "I-CON-03": all_four,
    "I-CON-04": inspected,
    "I-CON-05": wage_gap,
    "I-CON-06": second_bargaining,
    "I-CON-07": register_sum("CON-02", "quota_agreed"),
}

# --- RIGHT ---

MENU, ORDER, CASE = (
    is_in("slip_kind", kind)
    for kind in ("职工维权服务菜单", "企业服务需求订单", "工会维权服务受理单")
)


def mean_workdays(a: Asked) -> Value:
    """mean workdays RIGHT-01.accepted_on→closed_on, of what was closed in the period"""

    def through(f: Frame) -> Any:
        return filled(f["accepted_on"]) & filled(f["closed_on"])

    rows = a.things("RIGHT-01", "closed_on")
    rows = a.mine(rows)
    rows = rows[through(rows)]
    days = [workdays(s, e) for s, e in zip(rows["accepted_on"], rows["closed_on"], strict=True)]
    return quotient(float(sum(days)), float(len(days)))


RIGHT: dict[str, Formula] = {
    "I-RIGHT-01": register_count("RIGHT-01", MENU),
    "I-RIGHT-02": register_count("RIGHT-01", ORDER),
    "I-RIGHT-03": register_count("RIGHT-01", CASE),
    "I-RIGHT-04": register_share(
        "RIGHT-01", lambda f: later_or_same(f["due_on"], f["closed_on"]), all_of, dated="due_on"
    ),
    "I-RIGHT-05": mean_workdays,
    "I-RIGHT-06": register_share("RIGHT-01", ORDER, MENU),
    "I-RIGHT-07": flow("RIGHT-02", "disputes"),
    "I-RIGHT-08": flow_share("RIGHT-02", "mediated_ok", "closed"),
    "I-RIGHT-09": flow("RIGHT-02", "wage_amount"),
    "I-RIGHT-10": flow("RIGHT-02", "wage_persons"),
    "I-RIGHT-11": flow("RIGHT-02", "legal_aid"),
    "I-RIGHT-12": flow_share("RIGHT-03", "solved", "received"),
    "I-RIGHT-13": flow_share("RIGHT-03", "sat_yes", "sat_total"),
}

# --- CADRE ---


def cadre_months(a: Asked) -> Value:
    """Full-time cadre-months: the cadres of a quarter, once for each of its months."""
    return a.months_of("CADRE-01", "fulltime")


def visits(a: Asked) -> Value:
    """count CADRE-02.visit_id / full-time cadre-months; a place visited twice a day is one visit"""
    made = a.different("CADRE-02", ["unit", "cadre", "visit_on", "place"])
    return quotient(made, cadre_months(a))


def often_below(a: Asked) -> Value:
    """cadre-months with ≥ 4 CADRE-02.visit_id / cadre-months; visits of one day are one"""
    rows = a.things("CADRE-02")
    rows = rows.assign(month=[month_end(d) for d in rows["day"]])
    days = rows.groupby(["unit", "cadre", "month"])["visit_on"].nunique()
    found = sum(n >= 4 and a.is_under(unit, month) for (unit, _, month), n in days.items())
    return quotient(
        float(found) if len(rows) or a.heard("CADRE-02") else None, cadre_months(a), 100
    )


def cadres(f: Frame) -> Any:
    """CADRE-01.fulltime + CADRE-01.parttime"""
    return f["fulltime"] + f["parttime"]


def at_the_front(a: Asked) -> Value:
    """CADRE-01.field_pct, weighted by cadres where units are put together"""

    def told(f: Frame) -> Any:
        return filled(f["field_pct"])

    weighted = a.stock("CADRE-01", lambda f: f["field_pct"] * cadres(f), told)
    return quotient(weighted, a.stock("CADRE-01", cadres, told))


def turns_with_events(a: Asked) -> Value:
    """rotating officers with Σ CADRE-03.theme_events ≥ 1 / officers, of turns that end"""
    rows = a.known("CADRE-03")
    rows = rows[tell(rows, (a.start <= d <= a.end for d in rows["to_on"]))]
    turns = rows.groupby(["unit", "officer", "from_on", "to_on"])["theme_events"].sum()
    mine = [n for (unit, _, _, to), n in turns.items() if a.is_under(unit, month_end(to))]
    return quotient(float(sum(n >= 1 for n in mine)), float(len(mine)), 100)


PROMISES = is_in("kind", "组织承诺", "主席承诺")

CADRE: dict[str, Formula] = {
    "I-CADRE-01": lambda a: quotient(
        a.flow("CADRE-01", "trained"), a.stock("CADRE-01", cadres), 100
    ),
    "I-CADRE-02": visits,
    "I-CADRE-03": often_below,
    "I-CADRE-04": at_the_front,
    "I-CADRE-05": turns_with_events,
    "I-CADRE-06": register_share(
        "CADRE-04",
        lambda f: PROMISES(f) & later_or_same(f["due_on"], f["done_on"]),
        PROMISES,
        dated="due_on",
    ),
    "I-CADRE-07": lambda a: quotient(
        a.stock("CADRE-05", "leaders_worker"),
        a.stock("CADRE-05", lambda f: f["leaders_full"] + f["leaders_part"]),
        100,
    ),
    "I-CADRE-08": flow("CADRE-05", "chair_meetings"),
}

# --- CULT ---


def fitness(a: Asked) -> Value:
    """CULT-01.fitness_persons_ytd: a count of the year so far, so the largest that was last told"""
    rows = a.known("CULT-01")
    rows = rows[(rows["ends"] >= a.start) & filled(rows["fitness_persons_ytd"])]
    told = rows.sort_values("ends").groupby(["unit", "ends"])["fitness_persons_ytd"].max()
    last = {unit: n for (unit, _), n in told.items()}
    mine = [float(n) for unit, n in last.items() if a.is_under(unit, a.end)]
    return sum(mine) if mine else None


def information(f: Frame) -> Any:
    """weights × (CULT-03.adopted_city, CULT-03.adopted_prov, CULT-03.adopted_nat)"""
    return f["adopted_city"] + 3 * f["adopted_prov"] + 5 * f["adopted_nat"]


def kilometres(a: Asked) -> Value:
    """CULT-04.cum_km_avg, weighted by walkers where units are put together"""
    walked = a.stock("CULT-04", lambda f: f["cum_km_avg"] * f["walkers"])
    return quotient(walked, a.stock("CULT-04", "walkers"))


CULT: dict[str, Formula] = {
    "I-CULT-01": lambda a: quotient(fitness(a), workers(a), 100),
    "I-CULT-02": register_count("CULT-01"),
    "I-CULT-03": register_sum("CULT-01", "person_times"),
    "I-CULT-04": lambda a: quotient(
        a.counted("CULT-01", yes("is_major"), "units"),
        a.counted("CULT-01", yes("is_major"), "units_should"),
        100,
    ),
    "I-CULT-05": count("CULT-02", all_of),
    "I-CULT-06": flow_share("CULT-02", "fund_group", "fund_unit", 1),
    "I-CULT-07": flow("CULT-03", "wechat_persons"),
    "I-CULT-08": flow("CULT-03", information),
    "I-CULT-09": kilometres,
}

# --- WOM, RES ---

WOM: dict[str, Formula] = {
    "I-WOM-01": share("WOM-01", "special_contract_workers", "workers_f"),
    "I-WOM-02": lambda a: quotient(
        a.flow("WOM-01", "checkups"), a.stock("WOM-01", "workers_f"), 100
    ),
}


def in_force(kind: str) -> Formula:
    """count RES-03.doc_kind=… in force"""

    def figure(a: Asked) -> Value:
        def then(f: Frame) -> Any:
            days = zip(f["effective_on"], f["repealed_on"], strict=True)
            standing = (s <= a.end and (r is None or r > a.end) for s, r in days)
            return f["doc_kind"].eq(kind) & tell(f, standing)

        return a.standing_sum("RES-03", then)

    return figure


RES: dict[str, Formula] = {
    "I-RES-01": register_share("RES-01", lambda f: f["adopted_as"].ne("未转化"), all_of),
    "I-RES-02": flow("RES-02", lambda f: f["selected"].eq(True).astype(int)),  # noqa: FBT003
    "I-RES-03": in_force("制度"),
    "I-RES-04": in_force("流程"),
}

TABLE: dict[str, Formula] = CON | RIGHT | CADRE | CULT | WOM | RES
