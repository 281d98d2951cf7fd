"""Seats of a joint committee, shared among its groups by their unions and members (V-O-016)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from sqlalchemy import Connection, text

from pipelines.closing_checks.asking import Asked, Hit
from warehouse.engine import sql


def crowded_committees(connection: Connection, asked: Asked) -> Iterator[Hit]:
    """Committees whose size leaves some group far from its due, if every group has a seat.

    A group is what stands directly under the union on the industry line. Its due is the mean of its
    shares of grassroots unions and of members.
    """
    groups: dict[tuple[int, int], dict[str, tuple[int, int]]] = {}
    seats: dict[tuple[int, int], int] = {}
    for row in connection.execute(text(sql("across_committee_groups")), {"ends": asked.day}):
        key = (row.at_filing, row.at_row)
        seats[key] = int(row.committee)
        groups.setdefault(key, {})[row.name] = (row.unions, int(row.members))
    limit = Fraction(str(asked.parameters["seat_deviation"]))
    for (filing, row_no), found in groups.items():
        if len(found) < 2:
            continue
        committee = seats[filing, row_no]
        due = dues(committee, found)
        given = allocate(committee, due) if committee >= len(found) else {}
        off = {name: abs(given[name] - due[name]) for name in given}
        if given and max(off.values()) < limit:
            continue
        if given:
            worst = max(off, key=lambda name: (off[name], name))
            fault = (
                f"按各集团基层工会数和会员数分配并保证每个集团至少1名，{worst}应占"
                f"{float(due[worst]):.1f}名而只能分到{given[worst]}名"
            )
        else:
            fault = "不足以保证每个集团至少1名"
        yield Hit(
            filing, row_no, ("committee",),
            {"committee": committee, "groups": len(found), "fault": fault},
        )  # fmt: skip


def dues(seats: int, groups: Mapping[str, tuple[int, int]]) -> dict[str, Fraction]:
    """Each group's exact due of the seats from its (grassroots unions, members)."""
    unions = sum(u for u, _ in groups.values())
    members = sum(m for _, m in groups.values())
    return {
        name: seats * (_share(u, unions, len(groups)) + _share(m, members, len(groups))) / 2
        for name, (u, m) in groups.items()
    }


def _share(part: int, whole: int, groups: int) -> Fraction:
    return Fraction(part, whole) if whole else Fraction(1, groups)


def allocate(seats: int, due: Mapping[str, Fraction]) -> dict[str, int]:
    """Whole seats by largest remainder, at least one for each group.

    ValueError when there are fewer seats than groups. Equal remainders go by name.
    """
    if seats < len(due):
        raise ValueError(f"{seats} seats for {len(due)} groups")
    open_, left, given = dict(due), seats, dict.fromkeys(due, 1)
    # Groups due less than one seat get theirs first; the others share what remains.
    while small := [n for n, d in open_.items() if _of(d, open_, left) < 1]:
        left -= len(small)
        for name in small:
            del open_[name]
    shares = {name: _of(d, open_, left) for name, d in open_.items()}
    given |= {name: int(share) for name, share in shares.items()}
    rest = seats - sum(given.values())
    for name in sorted(shares, key=lambda n: (int(shares[n]) - shares[n], n))[:rest]:
        given[name] += 1
    return given


def _of(due: Fraction, open_: Mapping[str, Fraction], seats: int) -> Fraction:
    whole = sum(open_.values(), Fraction(0))
    return due / whole * seats if whole else Fraction(seats, len(open_))
