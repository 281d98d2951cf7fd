"""FIN-01: two per cent of the payroll, sixty to forty, month by month."""

from __future__ import annotations

from collections.abc import Iterator

from samples.entries import FIRST_YEAR, LAST_YEAR, Entry, months_of
from samples.membership import heads
from samples.registry import Union, registry
from samples.spread import mix


def fin_01() -> Iterator[Entry]:
    """Funds due, paid and divided, every union, every month."""
    for union in registry().unions:
        cum_due = cum_paid = 0
        for at in months_of((FIRST_YEAR, LAST_YEAR)):
            head = heads().get((union.code, at))
            if head is None:
                continue
            if at.number == 1:
                cum_due = cum_paid = 0
            payroll = _payroll(union, at.year, at.number, head.workers)
            due = payroll // 50
            paid = due - _short(union, at.year, at.number, due)
            cum_due, cum_paid = cum_due + due, cum_paid + paid
            retained = paid * 60 / 100
            yield Entry(
                "FIN-01",
                at,
                union.code,
                {
                    "org_code": union.code,
                    "payroll": payroll,
                    "due": due,
                    "paid": paid,
                    "paid_route": _route(union),
                    "retained": round(retained, 2),
                    "remitted": round(paid - retained, 2),
                    "arrears": due - paid,
                    "cum_due": cum_due,
                    "cum_paid": cum_paid,
                },
            )


def _payroll(union: Union, year: int, month: int, workers: int) -> int:
    """Yuan, a multiple of 50 so that two per cent is a whole number."""
    wage = 3900 + mix("wage", union.family.id, union.index % 7) % 2400
    wage = wage * (106 if year == 2017 else 100) // 100
    # A step of four never gives two months the same wage.
    season = 96 + (mix("pay", union.code) + month * 4) % 9
    return workers * wage * season // 100 // 50 * 50


def _short(union: Union, year: int, month: int, due: int) -> int:
    """What one union in eleven leaves unpaid in a few months of the year."""
    if mix("arrears", union.code) % 11 or mix("late", union.code, year, month) % 4:
        return 0
    return due * (10 + mix("part", union.code, month) % 16) // 100


def _route(union: Union) -> str:
    if union.org.reg_type in ("400事业", "500机关"):
        return "财政划拨"
    return "税务代收" if mix("route", union.code) % 10 else "自行缴纳"
