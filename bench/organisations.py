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
