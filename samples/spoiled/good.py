"""What a case is, and the good book of a small county that every damage is done to."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from definitions.catalogue import Definitions
from definitions.periods import Period
from samples.entries import Row, month
from samples.membership import register
from samples.registry import registry
from samples.skills import skill_03
from samples.spoiled import grids
from samples.spoiled.grids import Grid, grids_of
from samples.writing import Book, FilledForm, cover_pairs

Outcome = Literal["accepted", "explain", "returned"]
Grids = list[Grid]
Expected = list[tuple[str, str]]
SENDER = "640121Z00001"
PERIOD = month(2017, 3)
SIGNED_ON = date(2017, 4, 5)
ROWS = range(3, 9)


@dataclass(frozen=True)
class SpoiledCase:
    """One spoiled file and its repaired twin.

    `outcomes` has one entry per document: two for a zip with two workbooks. `expected_period` is
    the period of the slot that the file was handed into, when the channel knows one.
    """

    name: str
    story: str
    file_name: str
    data: bytes
    twin_name: str
    twin: bytes
    expected: Expected
    outcomes: tuple[Outcome, ...]
    sender: str = SENDER
    expected_period: str | None = None
    twin_expected: Expected = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome of its documents."""
        return max(self.outcomes, key=("accepted", "explain", "returned").index)


class Good:
    """The good book of a small county for March 2017, by sheets."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.unions = registry().family("yongning")[1:7]

    def book(self, *forms: str, period: Period = PERIOD) -> Book:
        """A workbook with the rows of some forms."""
        org = registry().org(SENDER)
        filled = [
            FilledForm(self.definitions.form(f, period.within(self.definitions.newest(f).period)),
                       self.rows(f))
            for f in forms
        ]  # fmt: skip
        return Book(org.code, org.name, period, SIGNED_ON, filled)

    def rows(self, form: str) -> list[Row]:
        """Six rows of a form."""
        codes = [u.code for u in self.unions]
        match form:
            case "ORG-01":
                wanted = set(codes)
                return [e.row for e in register(PERIOD) if e.owner in wanted]
            case "ORG-02":
                return [_member_row(code, i) for i, code in enumerate(codes)]
            case "FIN-01":
                return [_fund_row(code, i) for i, code in enumerate(codes)]
            case "ORG-03":
                return [_split_row(codes[0], codes[1])]
            case "SKILL-03":
                people = (e.row for e in skill_03() if e.owner in set(codes))
                paid = {"paid_on": None, "award_due": 0, "award_paid": 0}
                lower = paid | {"cert_level": "四级（中级工）", "route": "职业技能鉴定"}
                return [
                    next(people) | lower | {"cert_date": date(2017, 2, 6 + i)} for i in range(6)
                ]
            case _:
                raise KeyError(form)

    def grids(self, *forms: str, period: Period = PERIOD) -> Grids:
        """The book as grids."""
        return grids_of(self.book(*forms, period=period))

    def lines(self, form: str) -> list[str]:
        """What stands above a table in a file without a cover."""
        said = dict(cover_pairs(self.book(form)))
        return [
            self.definitions.newest(form).title,
            "　".join(f"{k}：{said[k]}" for k in ("填报单位", "填报单位编码", "所属期")),
            "　".join(f"{k}：{said[k]}" for k in ("单位负责人", "复核人", "填报人", "填报日期")),
            "　".join(f"{k}：{said[k]}" for k in ("制定机关", "批准文号", "有效期至", "表样版本")),
        ]


def _member_row(code: str, i: int) -> Row:
    workers, members = 140 + i * 12, 120 + i * 11
    return {
        "org_code": code,
        "workers_total": workers,
        "workers_f": 52 + i,
        "workers_migrant": 61 + i,
        "workers_dispatch": 6,
        "members_total": members,
        "members_f": 45 + i,
        "members_migrant": 50 + i,
        "members_dispatch": 4,
        "members_newform": 0,
        "new_unions": 0,
        "new_unions_100": 0,
        "new_members": 3 + i,
        "lost_members": 1 + i % 2,
        "realname_members": members - 2,
        "covered_units": 1,
        "groups": 5,
        # From 200 workers on there must be one; the last union has exactly 200.
        "fulltime_cadres": 1,
        "parttime_cadres": 3,
        "social_workers": 0,
    }


def _fund_row(code: str, i: int) -> Row:
    payroll = (140 + i * 12) * 5000 // 500_000 * 500_000 + 500_000
    due = payroll // 50
    return {
        "org_code": code,
        "payroll": payroll,
        "due": due,
        "paid": due,
        "paid_route": "税务代收",
        "retained": due * 6 // 10,
        "remitted": due * 4 // 10,
        "arrears": 0,
        "cum_due": due * 3,
        "cum_paid": due * 3,
        "prep_fund": 0,
    }


def _split_row(code: str, successor: str) -> Row:
    return {
        "seq": 1,
        "org_code": code,
        "change_type": "分立",
        "line": "块",
        "effective_date": date(2017, 3, 20),
        "approval_doc": "永总工〔2017〕7号",
        "members_at_change": 120,
        "workers_at_change": 140,
        "funds_settled": True,
        "split_ratio": 40,
        "successor": successor,
    }


def case_of(
    good: Grids, name: str, story: str, damage: Callable[[Grids], None], expected: Expected,
    outcome: Outcome, *, file_name: str = "", expected_period: str | None = None,
) -> SpoiledCase:  # fmt: skip
    """A case in which both spoiled file and twin are .xlsx."""
    bad = copy.deepcopy(good)
    damage(bad)
    return SpoiledCase(
        name=name,
        story=story,
        file_name=file_name or f"{name}.xlsx",
        data=grids.xlsx(bad, SIGNED_ON),
        twin_name=f"{name}-repaired.xlsx",
        twin=grids.xlsx(good, SIGNED_ON),
        expected=expected,
        outcomes=(outcome,),
        expected_period=expected_period,
    )
