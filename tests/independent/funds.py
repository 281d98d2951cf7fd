"""FIN, AUD and EVAL of the catalogue, straight from the formula texts and section 8.3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from tests.independent.frames import (
    Asked,
    Frame,
    Value,
    filled,
    later_or_same,
    quotient,
    tell,
)
from tests.independent.unions import Formula, flow, flow_share, grassroots_unions, is_in
from tests.independent.works import letter_target, register_share

# --- FIN ---


def accounts(first: str) -> Any:
    """Accounts that begin with a digit; what stands inside an account (4+ digits) is part of it."""
    return lambda f: f["subject"].str.startswith(first) & f["subject"].str.len().eq(3)


SPENDING = accounts("5")


def budget(f: Frame) -> Any:
    """FIN-03.budget + FIN-03.adjust; no adjustment is none"""
    return f["budget"] + f["adjust"].astype(float).fillna(0)


def hospitality(a: Asked) -> Value:
    """Σ FIN-06.amount this year / last year − 1 (三公 kinds), on the comparable basis of 10.5"""
    kinds = is_in("item_kind", "公务接待", "公务用车", "因公出国")
    now = replace(a, as_of=a.end).counted("FIN-06", kinds, "amount")
    before = a.last_year().counted("FIN-06", kinds, "amount")
    grown = quotient(now, before)
    return None if grown is None else 100 * (grown - 1)


def in_order(f: Frame) -> Any:
    """in_budget, pre_report, approve_before all met"""
    met = f["in_budget"].eq(True) & f["pre_report"].eq(True)  # noqa: FBT003
    return LARGE(f) & met & filled(f["approve_before"])


LARGE = is_in("item_kind", "大额项目")


def arrived(f: Frame) -> Any:
    """FIN-05.from_city_union+FIN-05.from_finance+FIN-05.from_dist_union"""
    return f["from_city_union"] + f["from_finance"] + f["from_dist_union"]


FIN: dict[str, Formula] = {
    "I-FIN-01": flow("FIN-01", "due"),
    "I-FIN-02": flow("FIN-01", "paid"),
    "I-FIN-03": flow_share("FIN-01", "paid", "due"),
    "I-FIN-04": flow("FIN-01", "retained"),
    "I-FIN-05": flow("FIN-01", "remitted"),
    "I-FIN-06": lambda a: quotient(a.flow("FIN-01", "remitted"), letter_target(a, "I-FIN-05"), 100),
    "I-FIN-07": flow("FIN-04", "final", accounts("4")),
    "I-FIN-08": flow("FIN-04", "final", SPENDING),
    "I-FIN-09": lambda a: quotient(
        a.flow("FIN-04", "final", SPENDING), a.flow("FIN-03", budget, SPENDING), 100
    ),
    "I-FIN-10": lambda a: quotient(
        a.flow("FIN-04", "final", is_in("subject", "501")),
        a.flow("FIN-04", "final", SPENDING),
        100,
    ),
    "I-FIN-11": hospitality,
    "I-FIN-12": register_share("FIN-06", in_order, LARGE),
    "I-FIN-13": lambda a: quotient(a.flow("FIN-05", arrived), a.flow("FIN-05", "standard"), 100),
}

# --- AUD ---

WEIGHTS = {"AUD-01": 15, "AUD-02": 15, "AUD-03": 20, "AUD-04": 15, "AUD-05": 15}
MANAGEMENT = 20


def spending(e: float) -> float:
    """1 for 0.90 ≤ e ≤ 1.05; linear 0 → 1 from 0.50 to 0.90; linear 1 → 0 from 1.05 to 1.30"""
    if e < 0.5 or e > 1.3:
        return 0
    if e < 0.9:
        return (e - 0.5) / 0.4
    return 1 if e <= 1.05 else (1.3 - e) / 0.25


def aspect(rows: Frame, members: Value) -> float:
    """Base (projects, funds), benefit (scale, effect) and award of one slip; 0 to 100."""
    sound = rows[rows["voucher_ok"].eq(True)]  # noqa: FBT003
    if sound.empty:
        return 0
    done = filled(sound["held_on"]).sum() / len(rows)
    spent = float(sound["spent"].sum())
    base = 30 * done + 30 * spending(spent / float(rows["budget"].sum()))
    scale = 15 * min(1, float(sound["persons"].sum()) / members / 0.3) if members else 0
    effect = 15 * float((sound["effect_score"] * sound["spent"]).sum()) / spent / 100
    award = 3 * sound["upper_award"] + 0.2 * sound["certs"] + sound["chief_titles"]
    return float(base + scale + effect + min(10, float(award.sum())))


def management(a: Asked, rows: Frame) -> float:
    """Collection, remittance, budget, approval and vouchers, execution, balance: 15 each; 10."""
    paid, due = a.flow("FIN-01", "paid"), a.flow("FIN-01", "due")
    owed = None if paid is None else 0.4 * paid  # 60 % stay with the union
    collected = min(1, quotient(paid, due) or 0)
    remitted = min(1, quotient(a.flow("FIN-01", "remitted"), owed) or 0)
    executed = FIN["I-FIN-09"](a)
    approved = FIN["I-FIN-12"](a)
    sound = [float(v) for v in rows["voucher_ok"]]
    if approved is not None:
        sound.append(approved / 100)
    income, outlay = FIN["I-FIN-07"](a), FIN["I-FIN-08"](a)
    balanced = income is not None and outlay is not None and income >= outlay
    fifteens = (
        collected
        + remitted
        + (executed is not None)
        + sum(sound) / len(sound)
        + (spending(executed / 100) if executed is not None else 0)
        + balanced
    )
    fixed = rectified(a)
    return 15 * fifteens + 10 * (1 if fixed is None else min(1, fixed / 100))


def fund_performance(a: Asked) -> Value:
    """Σ weight × aspect score / 100, to 2 decimals, of an audited union itself (none); yearly"""
    if a.period.span != 12 or a.line != "块":
        return None
    slips = {form: a.known(form) for form in WEIGHTS}
    mine = {
        form: f[(f["unit"] == a.head) & (f["label"] == a.period.label)] for form, f in slips.items()
    }
    if all(f.empty for f in mine.values()):
        return None
    own = a.of(a.head)
    members = own.stock("ORG-02", "members_total")
    scored = sum(WEIGHTS[form] * aspect(f, members) for form, f in mine.items())
    everything = pd.concat([f for f in mine.values() if not f.empty])
    return round((scored + MANAGEMENT * management(own, everything)) / 100, 2)


def rectified(a: Asked) -> Value:
    """AUD-00.fixed / AUD-00.issues, of the opinions delivered in the period"""
    return quotient(
        a.counted("AUD-00", column="fixed", dated="opinion_on"),
        a.counted("AUD-00", column="issues", dated="opinion_on"),
        100,
    )


def with_issues(f: Frame) -> Any:
    """Audits that found something to rectify."""
    return tell(f, (n is not None and n > 0 for n in f["issues"]))


AUD: dict[str, Formula] = {
    "I-AUD-01": fund_performance,
    "I-AUD-02": lambda a: quotient(
        a.different("AUD-00", ["unit"], dated="start_on"), grassroots_unions(a), 100
    ),
    "I-AUD-03": register_share(
        "AUD-00",
        lambda f: with_issues(f) & later_or_same(f["rectify_due"], f["rectify_on"]),
        with_issues,
        dated="rectify_due",
    ),
    "I-AUD-04": rectified,
}

# --- EVAL ---


def by_workers(f: Frame) -> Any:
    """What members and their representatives say of the union's work."""
    return f["object"].eq("工会工作") & f["rater"].isin(["会员", "职工代表"])


def votes(*weights: tuple[str, float]) -> Any:
    """Votes of some kinds with what each counts."""
    return lambda a: a.flow(
        "EVAL-01", lambda f: sum(w * f[column] for column, w in weights), by_workers
    )


BALLOTS = votes(("ballots", 1))

ASSESSED: dict[tuple[str, int], list[tuple[int, float | None]]] = {}
"""(union, year) → totals of its assessments by the order of their cut-offs; filled by the test."""


def assessed(a: Asked) -> Value:
    """The total of the newest assessment of the year under scheme TRA, of the union itself.

    Where the newest gave none, the union has none: an older total no longer stands.
    """
    if a.period.span != 12 or a.line != "块":
        return None
    runs = sorted(ASSESSED.get((a.head, a.end.year), []))
    return runs[-1][1] if runs else None


EVAL: dict[str, Formula] = {
    "I-EVAL-01": lambda a: quotient(votes(("very_sat", 1), ("basic_sat", 1))(a), BALLOTS(a), 100),
    "I-EVAL-02": lambda a: quotient(
        votes(("very_sat", 100), ("basic_sat", 75))(a), votes(("ballots", 1), ("unclear", -1))(a)
    ),
    "I-EVAL-03": lambda a: quotient(BALLOTS(a), votes(("eligible", 1))(a), 100),
    "I-EVAL-04": assessed,
}

TABLE: dict[str, Formula] = FIN | AUD | EVAL
