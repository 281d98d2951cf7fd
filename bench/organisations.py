"""The invented federation that every measurement works on."""

from __future__ import annotations

from datetime import date

from bench.figures import union_code, union_name
from definitions.organisations import Organisation, Parent

CITY, COUNTY = "640100Z00001", "640105Z00001"
FOUNDED = date(2000, 1, 1)


def organisations(unions: int) -> list[Organisation]:
    """A city, a county below it, and the invented grassroots unions below that."""
    city = Organisation(
        code=CITY, name="银川市总工会", type="市总工会", level="市级", region="640100",
        found=FOUNDED,
    )  # fmt: skip
    county = Organisation(
        code=COUNTY, name="银川市西夏区总工会", type="区县总工会", level="区县级",
        region="640105", found=FOUNDED, parents=(Parent(line="块", parent=CITY, since=FOUNDED),),
    )  # fmt: skip
    grassroots = [
        Organisation(
            code=union_code(n), name=union_name(n), type="基层工会委员会", level="基层",
            region="640105", found=FOUNDED,
            parents=(Parent(line="块", parent=COUNTY, since=FOUNDED),),
        )
        for n in range(1, unions + 1)
    ]  # fmt: skip
    return [city, county, *grassroots]


# --- a province, for what a close costs ---

PROVINCE = "640000Z00001"
TRADES = tuple(f"640000C9{n:04d}" for n in range(1, 9))
A_COUNTY, A_CITY, BLOCK = 50, 1000, 100
"""Unions of a county, of a city, and those that all further ones are copies of."""


def county_of(number: int) -> str:
    """The county union above the n-th invented union."""
    return f"64{(number - 1) // A_COUNTY:04d}Z10000"


def city_of(number: int) -> str:
    """The city union above that county."""
    return f"64{(number - 1) // A_CITY:04d}Z00000"


def trade_of(number: int) -> str | None:
    """The industry union of the n-th union; one in five has none."""
    place = number % 10
    return TRADES[place] if place < len(TRADES) else None


def federation(unions: int) -> list[Organisation]:
    """A province with cities of 1,000 unions, counties of 50, and eight industry unions."""
    found = [_head(PROVINCE, "示范省总工会", "省总工会", "省级", None)]
    found += [
        _head(code, f"示范省第{n}产业工会", "产业工会", "省级", PROVINCE)
        for n, code in enumerate(TRADES, 1)
    ]
    for n in range(1, unions + 1, A_CITY):
        code = city_of(n)
        found.append(_head(code, f"第{code[2:6]}市总工会", "市总工会", "市级", PROVINCE))
    for n in range(1, unions + 1, A_COUNTY):
        code = county_of(n)
        found.append(_head(code, f"第{code[2:6]}县总工会", "区县总工会", "区县级", city_of(n)))
    for n in range(1, unions + 1):
        trade = trade_of(n)
        parents = [Parent(line="块", parent=county_of(n), since=FOUNDED)]
        if trade:
            parents.append(Parent(line="条", parent=trade, since=FOUNDED))
        found.append(
            Organisation(
                code=union_code(n), name=union_name(n), type="基层工会委员会", level="基层",
                region="640105", found=FOUNDED, parents=tuple(parents),
            )
        )  # fmt: skip
    return found


def _head(code: str, name: str, kind: str, level: str, parent: str | None) -> Organisation:
    above = (Parent(line="块", parent=parent, since=FOUNDED),) if parent else ()
    return Organisation(
        code=code, name=name, type=kind, level=level, region="640100", found=FOUNDED, parents=above
    )
