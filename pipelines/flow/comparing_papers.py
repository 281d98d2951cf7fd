"""A paper beside what it would say now: numbers and files that differ, and what happened since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess.fund_audit import SLIPS
from pipelines.assessment_year.stages import Refused
from pipelines.flow.audited_slips import BOOKS, MEMBERS
from pipelines.flow.consequences import rectifications_at
from pipelines.flow.differences import (
    DEFINED,
    NOT_NOW,
    PAPER,
    RULED,
    STEP,
    Difference,
    Key,
    Reason,
    came,
    difference,
    keyed,
    numbers_made,
    value_of,
)
from pipelines.flow.notice_ground import KIND as NOTICE
from pipelines.flow.recipes import kept_before
from pipelines.flow.rectification_notices import ORDER, OVERDUE
from pipelines.flow.reproducing import make
from pipelines.publish import Publication
from pipelines.publish.quoting import BALLOT_OF, ROW
from warehouse import assessment_year as years
from warehouse.publications import Edition, PrintedNumber, numbers_of
from warehouse.revisions import above_at, changed_lines


def compared_paper(
    connection: Connection, edition: Edition, old: Definitions, new: Definitions, when: datetime
) -> tuple[Difference, ...]:
    """Numbers of a paper that would be others, then its files, each with what happened since."""
    why: tuple[Reason, ...] = ()
    made: Publication | None = None
    try:
        made = make(connection, new, edition, when)
    except Refused as error:
        why = (Reason(NOT_NOW, str(error)),)
    then = {f.name: f.sha256 for f in edition.files}
    files = made.files if made else ()
    now = {name: hashlib.sha256(content).hexdigest() for name, content in files}
    before = keyed(numbers_of(connection, edition.id).values())
    after = numbers_made(made) if made else before
    changed = [k for k in dict.fromkeys((*before, *after)) if _differs(before, after, k)]
    names = [n for n in sorted({*then, *now}) if then.get(n) != now.get(n)]
    if not names and not changed:
        return ()
    why += tuple(_happened(connection, edition, old, when))
    # A round keeps the definitions that it began with; a note on it follows those of its day.
    rules = edition.recipe.get("rules", "" if "edition" in edition.recipe else old.digest)
    if rules not in ("", new.digest):
        why += (Reason(DEFINED, "定义、参数有修改"),)
    why = why or (Reason(RULED, edition.title),)
    below = _Below(connection, edition, old, when)
    numbers = [difference(k, before.get(k), after.get(k), below.narrowed(why, k)) for k in changed]
    return (*numbers, *(_file(edition, n, then.get(n, ""), now.get(n, ""), why) for n in names))


def _differs(
    before: Mapping[Key, PrintedNumber], after: Mapping[Key, PrintedNumber], key: Key
) -> bool:
    return value_of(before.get(key)) != value_of(after.get(key))


def _file(edition: Edition, name: str, then: str, now: str, why: Sequence[Reason]) -> Difference:
    return Difference(
        source=PAPER, line=0, unit=edition.unit, period=edition.period, indicator=name,
        basis=PAPER, then=None, now=None, printed_then=then[:12], printed_now=now[:12],
        reasons=tuple(why),
    )  # fmt: skip


class _Below:
    """Which of the things that happened are about a number: of its unit and those below it, and
    of a form that it is made of."""

    def __init__(
        self, connection: Connection, edition: Edition, known: Definitions, when: datetime
    ) -> None:
        self.known = known
        self.above = above_at(connection, when, [kept_before(edition, when).period.end])

    def narrowed(self, why: tuple[Reason, ...], key: Key) -> tuple[Reason, ...]:
        """What is told of no union in particular stays; where nothing of the number's own is
        found (a rank that moved with others) everything does."""
        units, forms = {key[2], *key[6]}, self._forms(key)
        own = tuple(
            r
            for r in why
            if not r.org
            or ((r.org in units or self._over(r.org) & units) and (not forms or r.form in forms))
        )
        return own if any(r.org for r in own) or not any(r.org for r in why) else why

    def _over(self, org: str) -> frozenset[str]:
        none: frozenset[str] = frozenset()
        return frozenset().union(
            *(over.get((line, org), none) for over in self.above.values() for line in (1, 2))
        )

    def _forms(self, key: Key) -> frozenset[str]:
        """Forms that decide a number; none where that is not known."""
        source, code, basis = key[0], key[4], key[5]
        if source == ROW:
            return frozenset({code.partition(":")[0]})
        scheme = next((s for s in self.known.schemes if s.code == code), None)
        if scheme is None:
            return frozenset()
        if basis.startswith(BALLOT_OF):
            return frozenset({"EVAL-01", "HOME-02"})
        told = {w for w in basis.split(":") if w in self.known.indicators}
        parts = (p for b in scheme.blocks for i in b.items for p in i.parts)
        codes = told or {c for p in parts for c in p.codes}
        if scheme.kind == "fund-audit":
            codes |= {*BOOKS, MEMBERS}
        read = {
            m.form
            for c in codes
            if c in self.known.indicators
            for m in self.known.indicators[c].measures
        }
        return frozenset({*read, *_READ_BY[scheme.kind]} if scheme.kind in _READ_BY else ())


_READ_BY = {
    "star-home": ("HOME-02",),
    "member-evaluation": ("EVAL-01",),
    "fund-audit": (*SLIPS, "AUD-00"),
    "single-target": ("TGT-01", "TGT-02"),
    "target-responsibility": (
        "TGT-01", "TGT-02", "EVAL-01", "EVAL-02", "HONOR-01", "RES-02", "AUD-00",
    ),
}  # fmt: skip
"""Kind of a scheme → forms that it reads beside those of its indicators."""


def _happened(
    connection: Connection, edition: Edition, known: Definitions, when: datetime
) -> Iterator[Reason]:
    """What came after a paper: steps of its round, or filings about what it tells."""
    asked = kept_before(edition, edition.cutoff)
    if "edition" in edition.recipe:
        year = asked.period.year
        found = years.round_of(connection, str(asked.told("scheme")), year, when)
        taken = years.steps_taken(connection, found.id, when) if found else []
        for step in taken:
            if step.at > asked.known_at:
                told = f"（{step.document}）" if step.document else ""
                yield Reason(STEP, f"{step.stage_to}：{step.reason}{told}")
        newest = found.edition if found else None
        if newest not in (None, edition.recipe["edition"]):
            yield Reason(RULED, f"考核结果已有第 {newest} 版")
        return
    if edition.recipe.get("notice") in (ORDER, OVERDUE):
        numbers = [int(case) for case in asked.told("cases")]
        for one in rectifications_at(connection, when):
            if one.number in numbers:
                yield Reason(STEP, f"整改事项 {one.number}：{one.state}")
        return
    unit = edition.unit if edition.kind == NOTICE else ""
    for line in changed_lines(connection, known, edition.cutoff, when):
        if unit in ("", line.org):
            yield came(line)
