"""The registry of the sample: named organisations, and grassroots unions made in families."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from definitions.model import Model
from definitions.organisations import Organisation, Parent
from definitions.periods import Period
from samples.spread import mix, spread

HERE = Path(__file__).parent
MOVE_DAY = date(2017, 7, 1)
MOVE_APPROVAL = "石总工〔2017〕{number}号"
FEDERATIONS = ("省总工会", "市总工会", "区县总工会", "开发区（园区）总工会", "产业工会")

# trade: industry code, registration type, what such an employer is called
TRADES: dict[str, tuple[str, str, str]] = {
    "机械制造": ("C34", "170私营企业", "机械厂"),
    "化工": ("C26", "159其他有限责任公司", "化工公司"),
    "建材": ("C30", "170私营企业", "建材厂"),
    "冶金": ("C31", "159其他有限责任公司", "冶金公司"),
    "煤炭": ("B06", "151国有独资公司", "煤业公司"),
    "食品": ("C14", "170私营企业", "食品厂"),
    "乳品": ("C14", "159其他有限责任公司", "乳业公司"),
    "酿酒": ("C15", "159其他有限责任公司", "酒业公司"),
    "制药": ("C27", "159其他有限责任公司", "制药公司"),
    "纺织": ("C17", "159其他有限责任公司", "纺织公司"),
    "汽车": ("C36", "300外商投资企业", "汽车公司"),
    "电子": ("C39", "159其他有限责任公司", "电子公司"),
    "电力供应": ("D44", "110国有企业", "供电公司"),
    "供水": ("D46", "110国有企业", "水务公司"),
    "建筑": ("E47", "159其他有限责任公司", "建筑公司"),
    "商贸": ("F52", "170私营企业", "商贸公司"),
    "公交": ("G54", "110国有企业", "公交公司"),
    "物流": ("G54", "170私营企业", "物流公司"),
    "快递": ("G60", "170私营企业", "快递公司"),
    "餐饮": ("H62", "170私营企业", "餐饮公司"),
    "软件": ("I65", "170私营企业", "软件公司"),
    "银行": ("J66", "169其他股份公司", "支行"),
    "物业": ("K70", "170私营企业", "物业公司"),
    "园区": ("L72", "170私营企业", "小企业"),
    "学校": ("P83", "400事业", "学校"),
    "幼教": ("P83", "700民办非企业", "幼儿园"),
    "医院": ("Q84", "400事业", "医院"),
}
# Section of the industry → industry union of the top federation.
INDUSTRY_LINE = {
    "B": "110000C90001",
    "C": "110000C90001",
    "P": "110000C90002",
    "Q": "110000C90002",
    "G": "110000C90003",
}


class Family(Model):
    """A set of grassroots unions of one parent; families.yaml says what the fields mean."""

    id: str
    code: str = ""
    parent: str = ""
    place: str = ""
    region: str = ""
    number: int = 1
    count: int = 1
    joint: int = 0
    workers: int
    smallest: int = 32
    largest: int = 100_000
    trades: tuple[str, ...] = ()
    moves_to: str = ""
    since: str = ""
    until: str = ""
    steady: bool = False
    fulltime: int = 0


@dataclass(frozen=True)
class Union:
    """One grassroots union with what its rows are grown from."""

    org: Organisation
    family: Family
    index: int
    workers: int
    employer: str

    @property
    def code(self) -> str:
        """Organisation code."""
        return self.org.code

    @property
    def first_month(self) -> Period:
        """The month in which it reports for the first time."""
        found = self.org.found
        if found < date(2016, 1, 1):
            return Period.parse("2016-01")
        return Period.parse(f"{found:%Y-%m}")

    @property
    def is_new(self) -> bool:
        """Founded within the years that are reported month by month."""
        return self.org.found >= date(2016, 1, 1)

    @property
    def covered(self) -> int:
        """Units it covers."""
        return 4 + self.index % 5 if self.org.is_joint else 1

    def parent_on(self, day: date) -> str:
        """Code of the territorial parent, with the transfers of ORG-03 applied."""
        if self.family.moves_to and day >= MOVE_DAY:
            return self.family.moves_to
        parent = self.org.parent_on("块", day)
        if parent is None:
            raise LookupError(f"{self.code} has no parent on {day}")
        return parent


@dataclass(frozen=True)
class Registry:
    """All organisations with the ways up from each."""

    named: tuple[Organisation, ...]
    unions: tuple[Union, ...]
    _by_code: dict[str, Organisation] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        everyone = (*self.named, *(u.org for u in self.unions))
        object.__setattr__(self, "_by_code", {o.code: o for o in everyone})

    def org(self, code: str) -> Organisation:
        """The organisation of that code."""
        return self._by_code[code]

    @cached_property
    def union(self) -> dict[str, Union]:
        """Grassroots unions by code."""
        return {u.code: u for u in self.unions}

    def family(self, *names: str) -> list[Union]:
        """Unions of some families, in order."""
        return [u for u in self.unions if u.family.id in names]

    def parent(self, code: str, day: date) -> str | None:
        """Territorial parent on a day, transfers applied."""
        union = self.union.get(code)
        return union.parent_on(day) if union else self.org(code).parent_on("块", day)

    def way_up(self, code: str, day: date) -> Iterator[str]:
        """The organisation itself and everyone above it on the territorial line."""
        at: str | None = code
        while at is not None:
            yield at
            at = self.parent(at, day)

    def under(self, code: str, day: date) -> list[Union]:
        """Grassroots unions below an organisation on a day, founded by then."""
        return [u for u in self.unions if u.org.found <= day and code in self.way_up(u.code, day)]

    def sender(self, code: str, day: date) -> str:
        """Who hands in the row of an organisation: itself, or the nearest federation above."""
        for at in self.way_up(code, day):
            if at in SELF_REPORTING or self.org(at).type in FEDERATIONS:
                return at
        raise LookupError(f"nobody reports for {code}")


SELF_REPORTING = {"110107G00001", "640300G00001"}


@cache
def registry() -> Registry:
    """The sample's registry, the same on every call."""
    named = [Organisation.model_validate(o) for o in _yaml("organisations.yaml")]
    by_code = {o.code: o for o in named}
    unions: list[Union] = []
    serials: dict[str, int] = {}
    for data in _yaml("families.yaml"):
        family = Family.model_validate(data)
        if family.code:
            org = by_code[family.code]
            unions.append(
                Union(org, family, 0, family.workers, org.name.removesuffix("工会委员会"))
            )
            continue
        unions += _grow(family, serials, by_code[family.parent].found)
    return Registry(tuple(o for o in named if o.level != "基层"), tuple(unions))


def _yaml(name: str) -> list[dict[str, Any]]:
    data: list[dict[str, Any]] = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    return data


def _grow(family: Family, serials: dict[str, int], parent_found: date) -> Iterator[Union]:
    sizes = _sizes(family)
    for i in range(family.count):
        number = family.number + i
        trade = family.trades[i % len(family.trades)]
        industry, reg_type, kind = TRADES[trade]
        joint = i < family.joint
        stem = f"{family.region}{'L' if joint else 'G'}"
        serials[stem] = serials.get(stem, 100) + 1
        code = f"{stem}{serials[stem]:05d}"
        found = _founded(family, i)
        employer = f"{family.place}第{number:03d}{kind}"
        under = max(found, parent_found)
        parents = [
            Parent(line="块", parent=family.parent, since=under, approval=_approval(under, i))
        ]
        industrial = INDUSTRY_LINE.get(industry[0])
        if industrial and not joint and mix("line", code) % 3:
            parents.append(
                Parent(
                    line="条", parent=industrial, since=found, approval=_approval(found, i + 400)
                )
            )
        org = Organisation(
            code=code,
            name=f"{employer}联合工会" if joint else f"{employer}工会",
            type="联合基层工会" if joint else "基层工会委员会",
            level="基层",
            region=family.region,
            industry=industry,
            reg_type=reg_type,
            found=found,
            is_joint=joint,
            lead="块为主",
            parents=tuple(parents),
        )
        yield Union(org, family, i, sizes[i], employer)


def _sizes(family: Family) -> list[int]:
    """Workers of each union at the start: skewed as in life, exact in total."""
    room = family.workers - family.smallest * family.count
    weights = [1 + (mix("size", family.id, i) % 1000 / 250) ** 2 for i in range(family.count)]
    if family.largest < 100_000:
        weights = [1 + mix("size", family.id, i) % 100 / 100 for i in range(family.count)]
    return [family.smallest + s for s in spread(room, weights)]


def _founded(family: Family, index: int) -> date:
    n = mix("found", family.id, index)
    if not family.since:
        return date(1985 + n % 28, 1 + n % 12, 1 + n % 27)
    first = Period.parse(family.since)
    last = Period.parse(family.until or family.since)
    months = last.number - first.number + 1
    return date(first.year, first.number + index % months, 5 + n % 15)


def _approval(found: date, index: int) -> str:
    return f"示总工组〔{found.year}〕{index + 10}号"


@cache
def organisations() -> tuple[Organisation, ...]:
    """Everyone as registered at the start; parents before children."""
    known = registry()
    named = {o.code for o in known.named}
    grassroots = [u.org for u in known.unions]
    return (*known.named, *(o for o in grassroots if o.code not in named))


def write_organisations(path: Path) -> None:
    """Write the whole registry as one file in the form of organisations.yaml."""
    data = [o.model_dump(mode="json", exclude_defaults=True) for o in organisations()]
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(
        data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=10_000
    )
    path.write_text(text, encoding="utf-8")
