"""AID-02 and WARM-01: relief month by month, and the visits around the Spring Festival."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from samples.entries import Entry, Row, month, year
from samples.facts import printed
from samples.registry import registry
from samples.spread import mix, spread

SHIZUISHAN = "640200Z00001"
ZONES = ("640202K00001", "640205K00001", "640221K00001")
KINDS = ("生活救助", "医疗（大病）救助", "助学救助")


def _counties() -> list[str]:
    return [o.code for o in registry().named if o.level == "区县级"]


def aid_02() -> Iterator[Entry]:
    """Counties and zones three kinds each, grassroots unions one row, mostly nothing."""
    severe = dict(zip(ZONES, spread(printed("shizuishan-severe-persons"), (10, 8, 7)), strict=True))
    money = dict(zip(ZONES, spread(printed("shizuishan-severe-yuan"), (10, 8, 7)), strict=True))
    for code in _counties():
        for kind in KINDS:
            cum_households = cum_amount = 0
            for m in range(1, 13):
                if code in ZONES and kind == KINDS[1]:
                    # The year's severe cases of the zones are those of the two festivals.
                    cases = severe[code] if m == 1 else 0
                    paid = money[code] if m == 1 else 0
                else:
                    cases, paid = _monthly(code, kind, m)
                # One household in five has been helped before in the year.
                again = cases // 5 if cum_households else 0
                cum_households = max(cum_households + cases - again, cases)
                cum_amount += paid
                row = _aid_row(code, kind, cases, paid, cum_households, cum_amount)
                yield Entry("AID-02", month(2017, m), code, row)
    for union in registry().unions:
        cum_households = cum_amount = 0
        for m in range(union.org.found.month if union.is_new else 1, 13):
            helps = not union.is_new and mix("helps", union.code, m) % 40 == 0
            cases = 1 + union.workers // 900 if helps else 0
            paid = cases * (600 + mix("paid", union.code) % 9 * 100)
            cum_households += cases
            cum_amount += paid
            row = _aid_row(union.code, KINDS[0], cases, paid, cum_households, cum_amount)
            yield Entry("AID-02", month(2017, m), union.code, row)


def _monthly(code: str, kind: str, m: int) -> tuple[int, int]:
    base, rate = {KINDS[0]: (14, 900), KINDS[1]: (4, 3800), KINDS[2]: (0, 2500)}[kind]
    if kind == KINDS[2] and m in (8, 9):
        base = 22
    cases = base and base + (mix("aid", code, kind) + m * 3) % 7
    return cases, cases * (rate + mix("rate", code, m) % 5 * 20)


def _aid_row(
    code: str, kind: str, cases: int, paid: int, cum_households: int, cum_amount: int
) -> Row:
    central, own, admin = paid * 50 // 100, paid * 30 // 100, paid * 15 // 100
    return {
        "org_code": code,
        "aid_kind": kind,
        "households": cases,
        "persons": cases + cases // 5,
        "amount": paid,
        "fund_central": central,
        "fund_own": own,
        "fund_admin": admin,
        "fund_social": paid - central - own - admin,
        "cum_households": cum_households,
        "cum_amount": cum_amount,
    }


def warm_01() -> Iterator[Entry]:
    """The campaign of Spring Festival 2017 by cities, counties, zones and larger unions."""
    households = spread(printed("shizuishan-festival-households"), (45, 33, 22))
    cash = spread(printed("shizuishan-festival-yuan"), households)
    people = spread(printed("shizuishan-severe-persons"), (10, 8, 7))
    severe = spread(printed("shizuishan-severe-yuan"), (10, 8, 7))
    for i, code in enumerate(ZONES):
        row = _warm_row(code, "困难职工", 30 - i * 4, households[i], cash[i])
        row |= {"severe_persons": people[i], "severe_amount": severe[i]}
        yield Entry("WARM-01", year(2017), code, row)
    # What else Shizuishan visited the article does not say, and so nothing is made up for it.
    silent = {u.code for u in registry().under(SHIZUISHAN, date(2017, 1, 31))}
    for org in registry().named:
        if org.level not in ("市级", "区县级") or org.code in ZONES or org.found.year == 2017:
            continue
        for kind, scale in (("困难职工", 260), ("困难农民工", 60), ("困难劳模", 8)):
            visited = scale + mix("visited", org.code, kind) % (scale // 2)
            if org.region.startswith("6402"):
                visited = 0
            yield Entry(
                "WARM-01",
                year(2017),
                org.code,
                _warm_row(org.code, kind, visited // 12, visited, visited * 500),
            )
    for union in registry().unions:
        if union.org.found < date(2016, 1, 1):
            visited = 0 if union.code in silent else 1 + union.workers // 160
            row = _warm_row(union.code, "困难职工", 0, visited, visited * 400)
            yield Entry("WARM-01", year(2017), union.code, row)


def _warm_row(code: str, kind: str, firms: int, households: int, cash: int) -> Row:
    finance, admin = cash * 40 // 100, cash * 25 // 100
    social = cash * 5 // 100
    return {
        "org_code": code,
        "campaign_year": 2017,
        "object_kind": kind,
        "enterprises": firms,
        "households": households,
        "cash": cash,
        "goods": 0,
        "raised_finance": finance,
        "raised_admin": admin,
        "raised_union": cash - finance - admin - social,
        "raised_social": social,
        "leaders_visit": firms // 3,
        "severe_persons": 0,
        "severe_amount": 0,
    }
