"""ORG, HOME, AID, WARM and MUT of the catalogue, straight from the formula texts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from chinese_calendar import is_workday

from tests.independent.frames import Asked, Frame, Mask, Value, filled, quotient, tell

Formula = Callable[[Asked], Value]


def stock(form: str, column: str) -> Formula:
    """Σ of a column as last told."""
    return lambda a: a.stock(form, column)


def share(form: str, top: str, base: str, times: float = 100) -> Formula:
    """One stock of a form in another."""
    return lambda a: quotient(a.stock(form, top), a.stock(form, base), times)


def flow(form: str, column: str | Mask, where: Mask | None = None) -> Formula:
    """Σ of a column over the period."""
    return lambda a: a.flow(form, column, where) if where else a.flow(form, column)


def flow_share(form: str, top: str, base: str, times: float = 100) -> Formula:
    """One flow of a form in another."""
    return lambda a: quotient(a.flow(form, top), a.flow(form, base), times)


def is_in(column: str, *codes: Any) -> Mask:
    """Where a column holds one of some codes."""
    return lambda f: f[column].isin(codes)


def yes(column: str) -> Mask:
    """Where a column says 是."""
    return lambda f: f[column].eq(True)  # noqa: FBT003


def count(form: str, where: Mask) -> Formula:
    """Rows as last told that meet a condition."""
    return lambda a: a.stock(form, None, where)


def count_share(form: str, where: Mask) -> Formula:
    """The share of a form's rows that meet a condition."""
    return lambda a: quotient(a.stock(form, None, where), a.stock(form, None), 100)


def workdays(after: date, until: date) -> int:
    """Working days from the day after one until another."""
    days = (until - after).days
    return sum(is_workday(after + timedelta(n)) for n in range(1, days + 1))


# --- ORG ---


def grassroots_unions(a: Asked) -> Value:
    """count distinct ORG-01.org_code, org_level=基层 and status=正常 at period end"""
    return a.stock(
        "ORG-01", None, lambda f: f["org_level"].eq("基层") & f["status"].eq("正常")
    )  # one row per union and year, so rows are different unions


def net_growth(a: Asked) -> Value:
    """Σ ORG-02.new_members − Σ ORG-02.lost_members"""
    came, left = a.flow("ORG-02", "new_members"), a.flow("ORG-02", "lost_members")
    return None if came is None else came - (left or 0)


def elected_in_time(a: Asked) -> Value:
    """count(ORG-06.term_end ≥ period end or ORG-06.extension_doc present) / count(org_code)"""

    def in_time(f: Frame) -> Any:
        # the period of the report itself: a year, whose end is that of the period asked for
        terms = zip(f["term_end"], f["ends"], strict=True)
        return tell(f, (t >= e for t, e in terms)) | filled(f["extension_doc"])

    return quotient(a.stock("ORG-06", None, in_time), a.stock("ORG-06", None), 100)


def changed(*kinds: str) -> Formula:
    """Unions with a change of some kinds: one that moves on both lines moves once."""
    return lambda a: a.different("ORG-03", ["unit"], is_in("change_type", *kinds))


ORG: dict[str, Formula] = {
    "I-ORG-01": grassroots_unions,
    "I-ORG-02": stock("ORG-02", "covered_units"),
    "I-ORG-03": stock("ORG-02", "workers_total"),
    "I-ORG-04": stock("ORG-02", "members_total"),
    "I-ORG-05": stock("ORG-02", "members_f"),
    "I-ORG-06": stock("ORG-02", "members_migrant"),
    "I-ORG-07": stock("ORG-02", "members_dispatch"),
    "I-ORG-08": stock("ORG-02", "members_newform"),
    "I-ORG-09": share("ORG-02", "members_total", "workers_total"),
    "I-ORG-10": share("ORG-02", "members_f", "members_total"),
    "I-ORG-11": share("ORG-05", "built_units", "should_units"),
    "I-ORG-12": share("ORG-05", "built_units_100", "should_units_100"),
    "I-ORG-13": flow("ORG-02", "new_unions"),
    "I-ORG-14": flow("ORG-02", "new_unions_100"),
    "I-ORG-15": flow("ORG-02", "new_members"),
    "I-ORG-16": net_growth,
    "I-ORG-17": share("ORG-02", "realname_members", "members_total"),
    "I-ORG-18": count_share("ORG-01", yes("legal_person")),
    "I-ORG-19": elected_in_time,
    "I-ORG-20": count_share("ORG-06", yes("has_audit")),
    "I-ORG-21": count_share("ORG-06", yes("has_women")),
    "I-ORG-22": stock("ORG-02", "fulltime_cadres"),
    "I-ORG-23": share("ORG-02", "fulltime_cadres", "workers_total", 1000),
    "I-ORG-24": stock("ORG-02", "social_workers"),
    "I-ORG-25": changed("划转"),
    "I-ORG-26": changed("撤销", "合并"),
    "I-ORG-27": share("ORG-05", "list_built_industry", "list_should_industry"),
    "I-ORG-28": share("ORG-05", "group_members", "group_workers"),
    "I-ORG-29": share("ORG-05", "cum_new_unions", "year_target_unions"),
    "I-ORG-30": share("ORG-05", "cum_new_members", "year_target_members"),
}

# --- HOME ---

HOMES = is_in("site_tier", "示范职工之家", "公共区域职工之家", "职工小家")


def member_score(a: Asked) -> Value:
    """Σ(HOME-02.member_score × HOME-02.members_rated) / Σ HOME-02.members_rated"""
    weighted = a.flow("HOME-02", lambda f: f["member_score"] * f["members_rated"])
    return quotient(weighted, a.flow("HOME-02", "members_rated"))


STAR_WEIGHTS = {2017: (40, 30, 30), 2018: (50, 25, 25)}


def star_home(a: Asked) -> Value:
    """w_m×member_score + w_e×employer_score + w_u×upper_score, of the union itself (none)"""
    member, employer, upper = STAR_WEIGHTS[min(2018, a.end.year)]
    rows = a.known("HOME-02")
    rows = rows[(rows["unit"] == a.head) & (rows["ends"] >= a.start)]
    if rows.empty:
        return None
    (row,) = rows.to_dict("records")
    scored = member * row["member_score"] + employer * row["employer_score"]
    return float((scored + upper * row["upper_score"]) / 100)


def answered_in_time(a: Asked) -> Value:
    """count(HOME-03.replied_on within 10 workdays) / count(HOME-03.opinion_id)"""

    def soon(f: Frame) -> Any:
        answered = zip(f["received_on"], f["replied_on"], strict=True)
        return tell(f, (r is not None and workdays(o, r) <= 10 for o, r in answered))

    return quotient(a.counted("HOME-03", soon), a.counted("HOME-03"), 100)


HOME: dict[str, Formula] = {
    "I-HOME-01": count("HOME-01", lambda f: HOMES(f) & f["status"].eq("在用")),
    "I-HOME-02": lambda a: a.counted("HOME-01", HOMES, dated="open_date"),
    "I-HOME-03": lambda a: a.counted("HOME-01", is_in("site_tier", "暖心驿站"), dated="open_date"),
    "I-HOME-04": flow("HOME-01", "served"),
    "I-HOME-05": flow_share("HOME-02", "members_rated", "members_eligible"),
    "I-HOME-06": member_score,
    "I-HOME-07": star_home,
    "I-HOME-08": lambda a: a.counted("HOME-03"),
    "I-HOME-09": answered_in_time,
}

# --- AID ---

ILL = ("本人大病", "供养直系亲属大病")


def in_file(a: Asked, *more: Mask) -> Value:
    """Households with no exit date up to the end of the period."""

    def open_then(f: Frame) -> Any:
        kept = tell(f, (d is None or d > a.end for d in f["exit_date"]))
        for condition in more:
            kept &= condition(f)
        return kept

    return a.standing_sum("AID-01", open_then)


def not_kept(a: Asked) -> Value:
    """in-file households with cause 大病/上学 and no AID-02 record in the year

    AID-02 names no household, so it is the household's union that has no such record.
    """
    aid = a.known("AID-02")
    aid = aid[(aid["ends"] >= date(a.end.year, 1, 1)) & (aid["cum_households"] > 0)]

    def helped(kind: str) -> set[str]:
        return set(aid.loc[aid["aid_kind"] == kind, "unit"])

    ill, school = helped("医疗（大病）救助"), helped("助学救助")
    left_ill = in_file(a, is_in("main_cause", *ILL), lambda f: ~f["unit"].isin(ill))
    left_school = in_file(a, is_in("main_cause", "子女上学"), lambda f: ~f["unit"].isin(school))
    return None if left_ill is None else left_ill + (left_school or 0)


def households(a: Asked) -> Value:
    """distinct households in the year (AID-02.cum_households of last month)"""
    return a.stock("AID-02", "cum_households")


AID: dict[str, Formula] = {
    "I-AID-01": in_file,
    "I-AID-02": lambda a: quotient(in_file(a, is_in("main_cause", *ILL)), in_file(a), 100),
    "I-AID-03": lambda a: in_file(a, is_in("hard_type", "深度困难")),
    "I-AID-04": lambda a: a.counted("AID-01", dated="exit_date"),
    "I-AID-05": households,
    "I-AID-06": flow("AID-02", "amount"),
    "I-AID-07": lambda a: quotient(a.flow("AID-02", "amount"), households(a)),
    "I-AID-08": flow("AID-02", "persons", is_in("aid_kind", "医疗（大病）救助")),
    "I-AID-09": count("AID-03", is_in("link_kind", "领导结对户", "职工结对户")),
    "I-AID-10": count("AID-03", is_in("link_kind", "基层联系点")),
    "I-AID-11": not_kept,
}

# --- WARM, MUT ---


def warmth(a: Asked) -> Value:
    """Σ (WARM-01.cash + WARM-01.goods)"""
    return a.flow("WARM-01", lambda f: f["cash"] + f["goods"])


WARM: dict[str, Formula] = {
    "I-WARM-01": flow("WARM-01", "households"),
    "I-WARM-02": warmth,
    "I-WARM-03": lambda a: quotient(warmth(a), a.flow("WARM-01", "households")),
    "I-WARM-04": flow("WARM-01", "enterprises"),
    "I-WARM-05": flow("WARM-02", "persons"),
}
MUT: dict[str, Formula] = {
    "I-MUT-01": stock("MUT-01", "persons_insured"),
    "I-MUT-02": lambda a: quotient(
        a.stock("MUT-01", "persons_insured"), a.stock("ORG-02", "members_total"), 100
    ),
    "I-MUT-03": flow("MUT-01", "claims"),
    "I-MUT-04": flow("MUT-01", "claim_amount"),
    "I-MUT-05": flow_share("MUT-01", "claim_amount", "premium"),
}

TABLE: dict[str, Formula] = ORG | HOME | AID | WARM | MUT
