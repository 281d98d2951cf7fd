"""Where unions stood before and after the changes of a period, and the sums that must agree.

The same unions with the same figures are added up twice, along the relations of the eve and along
those of the last day: parents differ, totals must not. Unions that were not there on one of the
two days stand in lines of their own, so that nothing is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipelines.figures import BLOCK, INDUSTRY, UNASSIGNED

NEW, GONE, OUTSIDE = "（期初不在册）", "（期末不在册）", "（不属本会）"
LINES = (BLOCK, INDUSTRY)
BALANCED = ("期初", "划出", "划入", "新建、恢复等", "撤并等", "期末")
SUMMED = ("工会", "会员", "职工")
BEFORE, AFTER = "变动前隶属", "变动后隶属"
ALL_PARENTS, PLAIN = "合计", "逐户直接相加"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change as it is listed; names as they were on the eve of its day."""

    unit: str
    name: str
    change: str
    line: str
    from_name: str
    to_name: str
    successor: str
    effective: date
    approval: str
    members: int | None
    workers: int | None
    filed_by: str
    confirmed_by: str
    new_name: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """One union on one line: its parents on the eve and on the last day, and what it reported.

    A parent is None where the union did not exist (or had ended) on that day; `inside_before` and
    `inside_after` say whether it belonged to the unit the report is about. `members` and `workers`
    are its last figures of the period, None where it reported none or was no more at its end.
    """

    unit: str
    line: str
    before: str | None
    after: str | None
    inside_before: bool
    inside_after: bool
    members: int | None
    workers: int | None


@dataclass(frozen=True)
class Reorganised:
    """Everything R-11 tells of one unit and period beside its figures."""

    changes: Sequence[ChangeRow]
    standings: Sequence[Standing]
    attribution: str
    confirmed_kinds: Sequence[str]
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """Unions, members and workers together."""

    unions: int = 0
    members: int = 0
    workers: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.unions + other.unions, self.members + other.members, self.workers + other.workers
        )

    def __sub__(self, other: Count) -> Count:
        return Count(
            self.unions - other.unions, self.members - other.members, self.workers - other.workers
        )


@dataclass(frozen=True, slots=True)
class Moved:
    """The proof of one line: by parent, the same unions along the relations of two days."""

    line: str
    before: Mapping[str, Count]
    after: Mapping[str, Count]
    plain: Count

    @property
    def parents(self) -> list[str]:
        """Parents in order of name, those that are no union last."""
        names = {*self.before, *self.after}
        return sorted(names, key=lambda n: (n.startswith("（"), n == UNASSIGNED, n))

    def total(self, side: Mapping[str, Count]) -> Count:
        """The sum over all parents."""
        return sum(side.values(), Count())


class TotalsMoved(Exception):
    """A total differs between two ways of adding up the same unions: one of them is wrong."""


def proof(standings: Iterable[Standing], line: str) -> Moved:
    """Add the unions of one line up by the parents of either day; TotalsMoved if they differ."""
    before: dict[str, Count] = defaultdict(Count)
    after: dict[str, Count] = defaultdict(Count)
    plain = Count()
    for s in standings:
        if s.line != line or not (s.inside_before or s.inside_after):
            continue
        one = Count(1, s.members or 0, s.workers or 0)
        plain += one
        before[_place(s.before, s.inside_before, NEW)] += one
        after[_place(s.after, s.inside_after, GONE)] += one
    moved = Moved(line, dict(before), dict(after), plain)
    for side in (before, after):
        if moved.total(side) != plain:
            raise TotalsMoved(f"{line}: {moved.total(side)} is not {plain}")
    return moved


def _place(parent: str | None, inside: bool, absent: str) -> str:
    if parent is None:
        return absent
    return parent if inside else OUTSIDE


def balance(standings: Iterable[Standing], line: str) -> dict[str, list[int]]:
    """Parent → unions on the eve, moved out, moved in, new, ended, on the last day."""
    table: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for s in standings:
        if s.line != line:
            continue
        old = _place(s.before, s.inside_before, "") if s.before is not None else None
        now = _place(s.after, s.inside_after, "") if s.after is not None else None
        if old is not None:
            table[old][0] += 1
        if now is not None:
            table[now][5] += 1
        if old is None and now is not None:
            table[now][3] += 1
        elif old is not None and now is None:
            table[old][4] += 1
        elif old is not None and now is not None and old != now:
            table[old][1] += 1
            table[now][2] += 1
    return dict(table)


def behind(standings: Iterable[Standing], line: str, basis: str) -> list[Standing]:
    """The unions that a number of the balance or of the check counts, by what it is called.

    期末：甲总工会 counts those that stood under it on the last day; 会员变动前隶属：合计 adds up
    the members of all.
    """
    what, _, parent = basis.partition("：")
    found = []
    for s in standings:
        if s.line != line:
            continue
        if what in BALANCED:
            places = _balanced(s, what)
        elif not (s.inside_before or s.inside_after):
            continue
        else:
            old = _place(s.before, s.inside_before, NEW)
            now = _place(s.after, s.inside_after, GONE)
            places = {old} if what.endswith(BEFORE) else {now}
        if places and (parent in places or parent in (ALL_PARENTS, PLAIN)):
            found.append(s)
    return found


def _balanced(s: Standing, what: str) -> set[str]:
    """The parents under which a union counts in a column of the balance."""
    old = None if s.before is None else _place(s.before, s.inside_before, "")
    now = None if s.after is None else _place(s.after, s.inside_after, "")
    moved = old is not None and now is not None and old != now
    place = {
        "期初": old,
        "划出": old if moved else None,
        "划入": now if moved else None,
        "新建、恢复等": now if old is None else None,
        "撤并等": old if now is None else None,
        "期末": now,
    }[what]
    return set() if place is None else {place}
