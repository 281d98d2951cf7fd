"""What would have been: a year under a changed scheme, an old cut-off again, the view of today.

Nothing here is kept: every transaction is rolled back, and the official result stays untouched.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess import AssessmentInputs, AssessmentResult
from pipelines.assess import assess as score
from pipelines.assess.changed_scheme import ChangeRefused, changed, changed_by_document
from pipelines.assess.comparing import Move, compare
from pipelines.assessment_year.stages import Refused
from pipelines.flow import editions as made
from pipelines.flow.ground import definitions, engine, moment
from warehouse import assessment_year as kept
from warehouse.assessment_year import Edition, Round


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results side by side, with who moves and why; `notes` say what the reader must know."""

    title: str
    before: AssessmentResult
    after: AssessmentResult
    moves: tuple[Move, ...]
    notes: tuple[str, ...] = ()

    @property
    def moved(self) -> tuple[Move, ...]:
        """Units for which anything published differs."""
        return tuple(m for m in self.moves if m.moved)


@dataclass(frozen=True, slots=True)
class Rerun:
    """An edition scored again at its own moments, and beside it the view of today."""

    edition: Edition
    identical: bool
    digest: str
    today: Comparison
    inputs_changed: tuple[str, ...]


def what_if(
    scheme: str,
    year: int,
    *,
    overrides: Mapping[str, Any] | None = None,
    file: str = "",
    number: int | None = None,
) -> Comparison:
    """Score an edition (the newest by default) under a changed scheme on the same inputs.

    `overrides` are settings by path, or `file` is a YAML file whose fields replace the scheme's.
    """
    if bool(overrides) == bool(file):
        raise ChangeRefused("试算须给出改动的设置或者一个方案文件，且只能给出一种。")
    with engine().connect() as connection:
        found, edition, known = _edition(connection, scheme, year, number)
        official = made.scheme_of(known, scheme)
        if overrides:
            other = changed(official, overrides)
        else:
            other = changed_by_document(official, _document(file))
        inputs, _, _ = made.inputs_as_of(
            connection, known, official, year, found.id, edition.cutoff, edition.known_at
        )
        before = score(official, inputs)
        # A block that the year never collected for, or a veto cause that is gone, is left aside.
        after = score(other, _fitting(inputs, other))
        connection.rollback()
    notes = [f"以第 {edition.number} 版结果的同一份数据试算，不影响正式结果。"]
    if made.digest_of(before) != edition.digest:
        notes.append("注意：按原方案重算与留存结果不一致，请先核查。")
    title = f"{year}年度考核试算：{official.title}"
    return Comparison(title, before, after, compare(before, after), tuple(notes))


def _document(file: str) -> Mapping[str, Any]:
    data = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ChangeRefused(f"{Path(file).name} 不是方案文件。")
    return data


def _fitting(inputs: AssessmentInputs, scheme: Any) -> AssessmentInputs:
    causes = {v.code for v in scheme.veto}
    return replace(inputs, vetoes=tuple(v for v in inputs.vetoes if v.code in causes))


def _edition(
    connection: Connection, scheme: str, year: int, number: int | None
) -> tuple[Round, Edition, Definitions]:
    found = kept.round_of(connection, scheme, year)
    listed = kept.editions(connection, found.id) if found else []
    chosen = [e for e in listed if number in (None, e.number)]
    if found is None or not chosen:
        raise Refused(f"{year}年度 {scheme} 没有{f'第 {number} 版' if number else '考核'}结果。")
    edition = chosen[-1]
    return found, edition, made.definitions_of(connection, edition.definitions)


def rerun(scheme: str, year: int, *, at: str, number: int | None = None) -> Rerun:
    """Score an edition again at its own moments, and once more as everything stands at `at`.

    The first must be the kept result, digit for digit; the second lists what later corrections,
    later decisions and, where they changed, today's definitions would make of it.
    """
    when = moment(at)
    with engine().connect() as connection:
        found, edition, known = _edition(connection, scheme, year, number)
        official = made.scheme_of(known, scheme)
        again = made.scored(
            connection, known, official, year, found.id, edition.cutoff, edition.known_at
        )
        today = definitions()
        current = made.scored(
            connection, today, _today(today, official.family, year), year, found.id, when, when
        )
        connection.rollback()
    comparison = Comparison(
        f"{year}年度考核：第 {edition.number} 版与现时数据对照",
        again.result,
        current.result,
        compare(again.result, current.result),
        _moments(edition, when),
    )
    return Rerun(
        edition,
        again.digest == edition.digest,
        again.digest,
        comparison,
        input_differences(again.inputs, current.inputs),
    )


def _today(known: Definitions, family: str, year: int) -> Any:
    return known.scheme(family, year)


def _moments(edition: Edition, when: datetime) -> tuple[str, ...]:
    return (
        f"第 {edition.number} 版：数据截止 {edition.cutoff:%Y-%m-%d %H:%M}，"
        f"核定事项截止 {edition.known_at:%Y-%m-%d %H:%M}；现时：{when:%Y-%m-%d %H:%M}。",
    )


def input_differences(before: AssessmentInputs, after: AssessmentInputs) -> tuple[str, ...]:
    """Which figures, letters, ballots and marks differ, each in a sentence."""
    names = {u.code: u.name for u in (*before.units, *after.units)}
    facts = {i.code: i.name for i in (*before.indicators, *after.indicators)}
    found = []

    def told(what: str, keyed: Any, shown: Any) -> None:
        was = {keyed(x): x for x in getattr(before, what)}
        now = {keyed(x): x for x in getattr(after, what)}
        for key in sorted({*was, *now}, key=str):
            old = shown(was[key]) if key in was else "无"
            new = shown(now[key]) if key in now else "无"
            if old != new:
                unit, rest = key[0], "·".join(facts.get(k, str(k)) for k in key[1:])
                found.append(f"{names.get(unit, unit)} {rest}：{old} → {new}")

    told("measurements", lambda m: (m.unit, m.indicator), lambda m: _figure(m))
    told("targets", lambda t: (t.unit, t.indicator), lambda t: f"目标 {t.annual.normalize():f}")
    told(
        "tallies",
        lambda t: (t.unit, t.rater),
        lambda t: f"{t.ballots} 票（{t.very_sat}/{t.basic_sat}/{t.unsat}/{t.unclear}）",
    )
    told("assessor_marks", lambda m: (m.unit, m.item, m.assessor), lambda m: f"{m.raw} 分")
    told("vetoes", lambda v: (v.unit, v.code), lambda v: v.title)
    return tuple(found)


def _figure(found: Any) -> str:
    if found.value is None:
        return "未报"
    text = f"{found.value.normalize():f}"
    if found.denominator:
        text += f"（{found.numerator.normalize():f}÷{found.denominator.normalize():f}）"
    return text


def as_text(comparison: Comparison) -> str:
    """A comparison as plain lines, for the command line."""
    out = io.StringIO()
    print(comparison.title, *comparison.notes, sep="\n", file=out)
    still = len(comparison.moves) - len(comparison.moved)
    print(f"有变化 {len(comparison.moved)} 家，无变化 {still} 家。", file=out)
    for move in comparison.moved:
        print(f"- {move.sentence}", file=out)
    return out.getvalue()
