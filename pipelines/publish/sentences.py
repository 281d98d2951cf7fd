"""Clauses into running text: neighbours that moved alike share one comparison, zeros stay silent.

A review that gave every figure its own 比上年增长 would read as a list. So neighbouring figures
that grew are told together (分别比上年增长4.8%和4.9%), those that stood still as well
(均与上年持平), and a count that was nothing last year and is nothing now is left to the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from pipelines.figures import Figure, display, places
from pipelines.publish.content import Inline, Number

if TYPE_CHECKING:
    from pipelines.publish.telling import Teller

_LEANING = ("其中", "占")
_TOGETHER = 4
"""So many figures at most share one comparison: nobody matches five numbers with five."""


@dataclass(frozen=True, slots=True)
class _Clause:
    """A figure as told: its words, how it moved, what follows of its target.

    `moved` is what stands before the number of the change, alike for those that may share it.
    """

    figure: Figure
    said: tuple[Inline, ...]
    moved: str = ""
    change: Inline = ""
    more: tuple[Inline, ...] = ()


def sentence(
    teller: Teller, clauses: Sequence[tuple[str, str]], breaks: Sequence[str] = ()
) -> list[Inline]:
    """Clauses that have a value as sentences; [] when none has. `breaks` open a new sentence.

    Filings that are lacking stand in brackets after the neighbours that share them, unless the
    section says the same of all its figures.
    """
    told: list[list[_Clause]] = [[]]
    for code, words in clauses:
        if code in breaks and told[-1]:
            told.append([])
        words = words or teller.words_of(code)
        if not told[-1] and words.startswith(_LEANING):
            words = f"{teller.definitions.indicators[code].name}{{v}}"
        clause = _clause(teller, code, words)
        if clause is not None:
            told[-1].append(clause)
    return [run for one in told if one for run in _one(teller, one)]


def _clause(teller: Teller, code: str, words: str) -> _Clause | None:
    figure = teller.figures.get(code)
    if figure is None or figure.value is None or _silent(teller, figure):
        return None
    said = teller.words(code, words, figure)
    if not said:
        return None
    aim = tuple(teller.against_target(figure))
    comparison = teller.comparison(figure)
    if not comparison:
        if figure.last_year is None and figure.comparable is None:
            teller.uncompared = True
        return _Clause(figure, tuple(said), more=aim)
    head = comparison[0]
    if len(comparison) == 1 and isinstance(head, str):
        return _Clause(figure, tuple(said), head, more=aim)
    if len(comparison) == 2 and isinstance(head, str):
        return _Clause(figure, tuple(said), head, comparison[1], aim)
    # A comparable basis beside the other: too much to share.
    return _Clause(figure, (*said, "，", *comparison), more=aim)


def _silent(teller: Teller, figure: Figure) -> bool:
    """Whether a count is nothing, was nothing and was not asked for: no sentence is about that."""
    indicator = teller.definitions.indicators[figure.indicator]
    return (
        not figure.value
        and not figure.last_year
        and not figure.target
        and indicator.aggregate in ("sum", "latest", "distinct")
    )


def _one(teller: Teller, clauses: Sequence[_Clause]) -> list[Inline]:
    """One sentence."""
    groups: list[list[_Clause]] = []
    for _, alike in groupby(clauses, key=lambda c: _shared(teller, c)):
        group = list(alike)
        size = _TOGETHER if group[0].moved else len(group)
        groups += [g for i in range(0, len(group), size) for g in _apart(group[i : i + size])]
    parts = [_together(group) for group in groups]
    for i, group in enumerate(groups):
        last = group[-1].figure
        after = groups[i + 1][0].figure if i + 1 < len(groups) else None
        if after is None or teller.gap_to_tell(after) != teller.gap_to_tell(last):
            parts[i] += teller.gap_told(last)
    heavy = any(isinstance(r, str) and "，" in r for part in parts for r in part)
    runs: list[Inline] = []
    for i, part in enumerate(parts):
        if i:
            # 其中 and 占 lean on what stands before them.
            runs.append("，" if not heavy or _leans(part) else "；")
        runs += part
    return [*runs, "。"]


def _apart(group: Sequence[_Clause]) -> list[list[_Clause]]:
    """A group parted behind 其中 and 占: what follows is no part of what they are a part of."""
    parts: list[list[_Clause]] = [[]]
    for clause in group:
        if parts[-1] and _leans(parts[-1][-1].said) and not _leans(clause.said):
            parts.append([])
        parts[-1].append(clause)
    return parts


def _shared(teller: Teller, clause: _Clause) -> tuple[object, ...]:
    """What neighbours must have alike to be told together."""
    if clause.more or (not clause.moved and len(clause.said) > 3):
        return (id(clause),)
    # Filings that are lacking differently are told apart.
    return (clause.moved, isinstance(clause.change, Number), teller.gap_to_tell(clause.figure))


def gap_of(figure: Figure) -> tuple[int, int] | None:
    """(owed, come) where something owed is lacking, else None."""
    if figure.expected is None or figure.reported >= figure.expected:
        return None
    return figure.expected, figure.reported


def _leans(part: Sequence[Inline]) -> bool:
    return isinstance(part[0], str) and part[0].startswith(_LEANING)


def _together(group: Sequence[_Clause]) -> list[Inline]:
    runs: list[Inline] = []
    between = "、" if group[0].moved else "，"
    for i, clause in enumerate(group):
        if i:
            runs.append("，" if _leans(clause.said) else between)
        runs += clause.said
    first = group[0]
    if first.moved:
        runs.append("，")
        if len(group) == 1:
            runs += [first.moved, *([first.change] if first.change else [])]
        elif len({c.change.text for c in group if isinstance(c.change, Number)}) == 1:
            # All by as much: said once, and quoted as the first one's.
            runs += [_all(first.moved), first.change]
        elif isinstance(first.change, Number):
            runs.append(_each(first.moved))
            for i, clause in enumerate(group):
                if i:
                    runs.append("和" if i == len(group) - 1 else "、")
                runs.append(clause.change)
        else:
            runs.append(_all(first.moved))
    if first.more:
        runs += ["，", *first.more]
    return runs


def _each(moved: str) -> str:
    """分别比上年增长, 上年分别为."""
    return f"{moved[:-1]}分别为" if moved.endswith("为") else f"分别{moved}"


def _all(moved: str) -> str:
    """均与上年持平, 上年均为0, 上年均为."""
    told, nought = moved.removesuffix("0"), "0" if moved.endswith("为0") else ""
    return f"{told.removesuffix('为')}均为{nought}" if told.endswith("为") else f"均{moved}"


def spoken(value: Decimal, teller: Teller, code: str, words: str) -> str:
    """A value with its unit as a sentence says it: 户均471.18元, 14,300万元, 5.53个工作日.

    Sums of money from a million yuan on are told in 万元, as officials write them; to the cent
    they stand in the tables.
    """
    indicator = teller.definitions.indicators[code]
    unit = indicator.unit
    unit = {"工作日": "个工作日", "百分点": "个百分点", "比值": ""}.get(unit, unit)
    if "/" in unit and any(w in words for w in ("均", "每")):
        unit = unit.partition("/")[0]
    if unit == "元" and abs(value) >= _MILLION:
        value, unit = value / 10_000, "万元"
        return f"{trimmed(places(value, 2))}{unit}"
    text = display(value, indicator)
    return f"{trimmed(text) if unit == '万元' else text}{unit}"


_MILLION = Decimal(1_000_000)


def trimmed(text: str) -> str:
    """A number without noughts at the end of its decimals: 40.0 is 40, and 40 stays 40."""
    return text.rstrip("0").rstrip(".") if "." in text else text
