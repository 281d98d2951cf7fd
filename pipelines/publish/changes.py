"""Transfers between parents: who moved where, that no total moved, and the comparable basis."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from pipelines.figures import BLOCK, Figure, Transfer, display
from pipelines.publish.content import Block, Column, Inline, Paragraph, Table
from pipelines.publish.telling import NONE, Teller, side
from pipelines.publish.unit_tables import line_check

_MOVED = "I-ORG-25"
_MEMBERS = "I-ORG-04"
_BASES = ("上年同期", "可比口径上年")
_CHECKED = ("I-ORG-01", "I-ORG-03", "I-ORG-04")


def transfers(teller: Teller, limit: int) -> list[Block]:
    """Sentences and tables on changes of parent; one sentence when there were none."""
    figures = teller.figures
    moved = [t for t in figures.transfers if t.change == "划转"]
    blocks: list[Block] = []
    if not figures.transfers:
        blocks.append(Paragraph(("报告期内无工会组织隶属关系变动，各项同比即为可比口径。",)))
    else:
        blocks.append(Paragraph(tuple(_told(teller, moved))))
        blocks.append(_routes(teller, limit))
        if moved:
            blocks.append(_flows(teller, moved, limit))
    # What is told along the industry line alone has no other line to be checked against.
    along = teller.lines.get(figures.unit.code, BLOCK) == BLOCK
    check = line_check(teller, _CHECKED) if along else None
    if check is not None:
        blocks.append(
            Paragraph(
                (
                    "合计数由基层工会逐户相加，一个单位在地方（块）、产业（条）两线各计一次，"
                    "隶属关系变动只改变归属，不改变合计；两线核对如下。",
                )
            )
        )
        blocks.append(check)
    basis = _basis(teller, limit)
    if basis is not None:
        blocks.append(
            Paragraph(
                (
                    "同一批上年数据分别按上年隶属关系和现隶属关系汇总，各单位数有增减，合计不变。"
                    "文中“可比口径”均以现隶属单位的上年数为基数。",
                )
            )
        )
        blocks.append(basis)
    return blocks


def _count(teller: Teller, count: int, basis: str) -> Inline:
    """A count of rows of the list of transfers, walking back to the figure of transfers."""
    whole = teller.figures.get(_MOVED) or Figure(
        _MOVED, teller.figures.unit.code, teller.figures.period.label, BLOCK, Decimal(count)
    )
    return teller.number(whole, Decimal(count), f"{count:,}", basis, source="changes")


def _told(teller: Teller, moved: list[Transfer]) -> list[Inline]:
    others = Counter(t.change for t in teller.figures.transfers if t.change != "划转")
    runs: list[Inline] = []
    if moved:
        runs += ["报告期内经批准划转工会", _count(teller, len(moved), "划转明细"), "家"]
        into = Counter(t.to_name for t in moved).most_common()
        own = teller.figures.unit.name
        if len(into) == 1:
            runs.append(f"，{'均' if len(moved) > 1 else ''}划入{into[0][0]}。")
        else:
            runs.append("。其中，划入")
            for i, (name, count) in enumerate(into[:6]):
                runs += ["、" if i else "", name, _count(teller, count, f"划入{name}"), "家"]
            runs.append(f"等{len(into)}个上级工会。" if len(into) > 6 else "。")
        left, came = (
            sum(getattr(t, side) == own for t in moved) for side in ("from_name", "to_name")
        )
        # What moves within a whole leaves it as it was; what joins it or leaves it does not.
        if (left or came) and not (len(into) == 1 and came == len(moved)):
            runs += ["本单位划出", _count(teller, left, f"{own}划出") if left else "0", "家、划入"]
            runs += [_count(teller, came, f"{own}划入") if came else "0", "家。"]
        elif not came and _within(teller):
            runs += ["划出", _count(teller, len(moved), "划出合计"), "家、划入"]
            runs += [_count(teller, len(moved), "划入合计"), "家，净变动0家，合计不变。"]
    for i, (change, count) in enumerate(sorted(others.items())):
        lead = "、" if i else "另有" if moved else "报告期内"
        runs += [f"{lead}{change}工会", _count(teller, count, f"{change}明细"), "家"]
    if others:
        runs.append("。" if moved else "，没有工会划转。")
    return [r for r in runs if r]


def _within(teller: Teller) -> bool:
    """Whether all moves stayed below the unit: last year's members are the same by either parents.

    A move between two streets of different counties names neither county.
    """
    whole = teller.figures.get(_MEMBERS)
    if whole is not None and whole.comparable is not None:
        return whole.comparable == whole.last_year
    below = (teller.figures.get(_MEMBERS, u.code) for u in teller.figures.children.get(BLOCK, ()))
    known = [f for f in below if f is not None]
    then, now = (sum((side(f, b) or Decimal(0) for f in known), Decimal(0)) for b in _BASES)
    return then == now != 0


Move = tuple[str, str, str, str]
"""Change, line, name of the parent before and after."""


def counted_in(moves: Sequence[Move], basis: str) -> list[int]:
    """Places of the changes that a number of this section counts, by what it is called."""
    rest = _REST.fullmatch(basis)
    if rest and rest["what"] == "项":
        named = {route for route, _ in _ordered(moves)[-int(rest["n"]) :]}
        return [i for i, move in enumerate(moves) if move in named]
    if rest:
        names = set(_parents(moves)[-int(rest["n"]) :])
        side = 2 if rest["side"] == "划出" else 3
        return [i for i, m in enumerate(moves) if m[0] == "划转" and m[side] in names]
    return [i for i, move in enumerate(moves) if _counts(move, basis)]


def declared(what: str, change: str, line: str, day: date) -> str:
    """What the members (会员) or workers (职工) told with one change are called."""
    return f"变动时{what}：{change}（{line}，{day.isoformat()}）"


_REST = re.compile(r"其余(?P<n>\d+)(?P<what>项|家)(?P<side>划出|划入)?")


def _counts(move: Move, basis: str) -> bool:
    change, _, source, target = move
    if basis == "变动明细":
        return True
    if basis == _route(move):
        return True
    if change != "划转" and basis == f"{change}明细":
        return True
    wanted = ("划转明细", "划出合计", "划入合计", "合计划出", "合计划入", f"划入{target}",
              f"{source}划出", f"{target}划入")  # fmt: skip
    return change == "划转" and basis in wanted


def _route(move: Move) -> str:
    change, line, source, target = move
    return f"{change}（{line}）{source or NONE}→{target or NONE}"


def _ordered(moves: Iterable[Move]) -> list[tuple[Move, int]]:
    """Routes with how often each was taken, most first."""
    return sorted(Counter(moves).items(), key=lambda item: (-item[1], item[0]))


def _parents(moves: Iterable[Move]) -> list[str]:
    """Parents that unions left or came to, those with most of them first."""
    given = [m for m in moves if m[0] == "划转"]
    count = Counter([m[2] or NONE for m in given] + [m[3] or NONE for m in given])
    return sorted(count, key=lambda name: (-count[name], name))


def _moves(transfers: Iterable[Transfer]) -> list[Move]:
    return [(t.change, t.line, t.from_name, t.to_name) for t in transfers]


def _routes(teller: Teller, limit: int) -> Table:
    """Transfers by change, line, from and to, most first."""
    ordered = _ordered(_moves(teller.figures.transfers))
    rows: list[tuple[Inline, ...]] = [
        (
            move[0],
            move[1],
            move[2] or NONE,
            move[3] or NONE,
            _count(teller, count, _route(move)),
        )
        for move, count in ordered[:limit]
    ]
    rest = ordered[limit:]
    if rest:
        number = sum(count for _, count in rest)
        rows.append(
            (f"其余{len(rest)}项", "", "", "", _count(teller, number, f"其余{len(rest)}项"))
        )
    total = len(teller.figures.transfers)
    rows.append(("合计", "", "", "", _count(teller, total, "变动明细")))
    columns = (
        Column("变动类型", "center", 1.0),
        Column("隶属线", "center", 0.8),
        Column("原上级工会", "left", 2.3),
        Column("现上级工会", "left", 2.3),
        Column("工会数（家）", weight=1.0),
    )
    return Table(
        "工会组织关系变动情况",
        columns,
        tuple(rows),
        totals=1,
        note="注：逐户名单及批准文号见附表。",
    )


def _flows(teller: Teller, moved: list[Transfer], limit: int) -> Table:
    """Out, in and net by parent: the net column adds to nothing."""
    out = Counter(t.from_name or NONE for t in moved)
    into = Counter(t.to_name or NONE for t in moved)
    names = _parents(_moves(moved))
    rows: list[tuple[Inline, ...]] = []
    for name in names[:limit]:
        rows.append((name, *_net(teller, out[name], into[name], name)))
    rest = names[limit:]
    if rest:
        words = f"其余{len(rest)}家"
        sums = (sum(out[n] for n in rest), sum(into[n] for n in rest))
        rows.append((words, *_net(teller, *sums, words)))
    rows.append(("合计", *_net(teller, len(moved), len(moved), "合计")))
    columns = (
        Column("上级工会", "left", 2.6),
        Column("划出（家）"),
        Column("划入（家）"),
        Column("净变动（家）"),
    )
    return Table("划转平衡表", columns, tuple(rows), totals=1)


def _net(teller: Teller, out: int, into: int, name: str) -> tuple[Inline, ...]:
    net = into - out
    return (
        _count(teller, out, f"{name}划出") if out else "0",
        _count(teller, into, f"{name}划入") if into else "0",
        f"{net:+,}" if net else "0",
    )


def _basis(teller: Teller, limit: int) -> Table | None:
    """Last year's members by the parents of then and of now; None where nothing differs."""
    indicator = teller.indicator(_MEMBERS)
    if indicator is None:
        return None
    pairs = []
    for unit in teller.figures.children.get(BLOCK, ()):
        figure = teller.figures.get(_MEMBERS, unit.code)
        if figure is not None and (figure.last_year, figure.comparable) != (None, None):
            pairs.append((unit, figure))
    whole = [sum((side(f, b) or Decimal(0) for _, f in pairs), Decimal(0)) for b in _BASES]
    if all(f.last_year == f.comparable for _, f in pairs) or whole[0] != whole[1]:
        # Below the last level nothing is compared, and a sum that differs would prove nothing.
        return None
    moved = [(u, f) for u, f in pairs if f.last_year != f.comparable]
    shown, rest = moved[:limit], [p for p in pairs if p not in moved[:limit]]
    rows: list[tuple[Inline, ...]] = []
    for unit, figure in shown:
        rows.append(
            (
                unit.name,
                teller.cell(figure, "上年同期"),
                teller.cell(figure, "可比口径上年"),
                _difference(figure.last_year, figure.comparable),
                teller.changed(figure),
                teller.changed(figure, "可比口径上年"),
            )
        )

    def summed(name: str, figures: list[Figure]) -> tuple[Inline, ...]:
        then = sum((f.last_year or Decimal(0) for f in figures), Decimal(0))
        now = sum((f.comparable or Decimal(0) for f in figures), Decimal(0))
        value = sum((f.value or Decimal(0) for f in figures), Decimal(0))
        return (
            name,
            display(then, indicator),
            display(now, indicator),
            _difference(then, now),
            teller.change(value, then, _MEMBERS) or NONE,
            teller.change(value, now, _MEMBERS) or NONE,
        )

    if rest:
        rows.append(summed(f"其余{len(rest)}家", [f for _, f in rest]))
    rows.append(summed("合计", [f for _, f in pairs]))
    columns = (
        Column("单位", "left", 2.2),
        Column("上年数（原隶属）", weight=1.2),
        Column("上年数（现隶属）", weight=1.2),
        Column("归属增减", weight=1.0),
        Column("比上年", weight=1.2),
        Column("可比口径", weight=1.2),
    )
    return Table(
        f"{indicator.name}（{indicator.unit}）可比口径对照", columns, tuple(rows), totals=1
    )


def _difference(before: Decimal | None, after: Decimal | None) -> str:
    gap = (after or Decimal(0)) - (before or Decimal(0))
    return f"{gap:+,.0f}" if gap else "0"
