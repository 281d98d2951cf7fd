"""R-09 from the warehouse: what a unit is and was, and the lists that it reported itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.periods import PeriodKind
from pipelines.assess.stages import reached
from pipelines.figures import Figures
from pipelines.flow.assessing import latest_results
from pipelines.flow.filed_rows import day_of, decimal, labels_of, plain_rows
from pipelines.flow.industry_line import along_industry, leads_industry
from pipelines.flow.single_unit import with_own_months
from pipelines.publish import Publication
from pipelines.publish.unit_book import unit_book
from pipelines.publish.unit_records import (
    PROMISES,
    Honour,
    Identity,
    Placing,
    Promise,
    Site,
    Span,
    Station,
    UnitBook,
    Visit,
    VisitKind,
    stand,
)
from warehouse.current import current_rows
from warehouse.engine import sql
from warehouse.organisations import Registered, standing

WALK = "I-CULT-09"
ROUTE = "long_march_route"
_TOLD = ("target-responsibility", "star-home")


def unit_book_of(connection: Connection, known: Definitions, figures: Figures) -> Publication:
    """R-09 of the unit and period of some figures; an industry union is told along its line."""
    figures = with_own_months(connection, known, figures)
    lines: Mapping[str, str] = {}
    if leads_industry(figures):
        along = along_industry(connection, figures)
        figures, lines = along.figures, along.lines
    day = figures.period.end
    organisations = {o.id: o for o in standing(connection, day, figures.cutoff)}
    own = next(o for o in organisations.values() if o.code == figures.unit.code)
    rows = _Own(connection, known, figures)
    visits = rows.visits()
    told = UnitBook(
        identity=_identity(own, organisations, known),
        history=_history(connection, own, figures),
        visits=visits,
        visit_kinds=rows.visit_kinds(),
        promises=rows.promises(),
        sites=rows.sites(),
        honours=rows.honours(),
        placings=_placings(connection, known, figures),
        station=_station(known, figures),
        forms={f.code: f.title for f in known.forms},
        lines=lines,
    )
    return unit_book(figures, told, known)


def _identity(
    own: Registered, organisations: Mapping[int, Registered], known: Definitions
) -> Identity:
    def named(number: int | None) -> str:
        one = organisations.get(number) if number is not None else None
        return one.name if one is not None else ""

    parents = {
        "块": named(own.block),
        "条": named(own.industry_parent),
        "经费": named(own.fund_parent),
    }
    return Identity(
        code=own.code,
        name=own.name,
        type=own.type,
        level=own.level,
        status=own.status,
        lead=own.lead,
        region=known.regions.get(own.region or "", own.region or ""),
        industry=known.industries.get(own.industry or "", own.industry or ""),
        found=own.found,
        joint=bool(own.is_joint),
        parents={line: name for line, name in parents.items() if name},
    )


def _history(connection: Connection, own: Registered, figures: Figures) -> list[Span]:
    rows = connection.execute(
        text(sql("unit_history")),
        {"unit": own.id, "cutoff": figures.cutoff, "day": figures.period.end},
    )
    return [Span(r.what, r.value or "", r.since, r.until, r.approval or "") for r in rows]


def _placings(connection: Connection, known: Definitions, figures: Figures) -> list[Placing]:
    """Results of the year, told in the book of the year alone."""
    if figures.period.kind is not PeriodKind.YEAR:
        return []
    schemes = {s.code: s for s in known.schemes if s.kind in _TOLD}
    kept = latest_results(connection, figures.period.year, figures.cutoff)
    code = figures.unit.code
    found = []
    for one in kept:
        scheme = schemes.get(one.scheme)
        if scheme is None or one.total is None or not one.detail:
            continue
        if one.detail["unit"]["code"] != code:
            continue
        beside = sum(
            o.scheme == one.scheme and o.ranking_group == one.ranking_group and o.rank is not None
            for o in kept
        )
        found.append(
            Placing(
                one.scheme, scheme.title, one.ranking_group or "", one.total, one.grade or "",
                one.rank, beside,
            )
        )  # fmt: skip
    return found


def _station(known: Definitions, figures: Figures) -> Station | None:
    figure, route = figures.get(WALK), known.parameters.get(ROUTE)
    if figure is None or figure.value is None or route is None:
        return None
    marks = {str(k): Decimal(str(v)) for k, v in route.at(figures.period.end).items()}
    progress = reached(marks, figure.value)
    return Station(progress.stage, progress.following, progress.left_km) if progress else None


class _Own:
    """Lists of rows that a unit reported about itself, as they stood at the cut-off."""

    def __init__(self, connection: Connection, known: Definitions, figures: Figures) -> None:
        self._connection = connection
        self._known = known
        self._figures = figures
        self._period = figures.period
        labels = labels_of(Period(PeriodKind.YEAR, self._period.year))
        self._labels = [n for n in labels if Period.parse(n).end <= self._period.end]

    def _of(self, form: str) -> list[dict[str, Any]]:
        """The year's rows up to the end of the period; a thing told again stands as told last."""
        editions = [f for f in self._known.forms if f.code == form]
        if not editions:
            return []
        frame = current_rows(
            self._connection, self._known, form, self._labels, [self._figures.unit.code],
            self._figures.cutoff,
        )  # fmt: skip
        rows = plain_rows(frame)
        rows.sort(key=lambda row: Period.parse(row["period"]).end)
        ledger = next((f.ledger for f in reversed(editions) if f.ledger), None)
        if ledger is None:
            return rows
        return list({tuple(row[k] for k in ledger.keys): row for row in rows}.values())

    def _inside(self, day: date | None) -> bool:
        return day is not None and self._period.start <= day <= self._period.end

    def _visited(self) -> list[dict[str, Any]]:
        return [r for r in self._of("CADRE-02") if self._inside(day_of(r["visit_on"]))]

    def visits(self) -> list[Visit]:
        """Visits of the period, the newest first."""
        found = [
            Visit(
                str(r["visit_id"]), day, _text(r["place_kind"]), _text(r["place"]),
                _whole(r["persons_met"]), _whole(r["issues"]),
            )
            for r in self._visited()
            if (day := day_of(r["visit_on"])) is not None
        ]  # fmt: skip
        return sorted(found, key=lambda v: (-v.day.toordinal(), v.key))

    def visit_kinds(self) -> list[VisitKind]:
        """Visits by kind of place, the most frequent first; an officer is once a day in a place."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in self._visited():
            groups.setdefault(_text(row["place_kind"]), []).append(row)
        found = [
            VisitKind(
                kind,
                len({(r["cadre"], day_of(r["visit_on"]), r["place"]) for r in rows}),
                _added(rows, "persons_met"),
                _added(rows, "issues"),
            )
            for kind, rows in groups.items()
            if kind
        ]
        return sorted(found, key=lambda k: (-k.visits, k.kind))

    def promises(self) -> list[Promise]:
        """Promises due or told in the period and talks held in it, the broken ones first."""
        rows = []
        for r in self._of("CADRE-04"):
            due, done = day_of(r["due_on"]), day_of(r["done_on"])
            told_in = Period.parse(r["period"])
            filed = told_in.end >= self._period.start and told_in.end <= self._period.end
            if filed or self._inside(due) or self._inside(done):
                rows.append(
                    Promise(
                        _text(r["kind"]), _text(r["field"]), _text(r["content"]), due, done,
                        _text(r["verified_by"]),
                    )
                )  # fmt: skip
        order = ("到期未兑现", "未到期", "逾期兑现", "按期兑现", "已进行", "—")
        end = self._period.end
        return sorted(
            rows,
            key=lambda p: (
                p.kind not in PROMISES,
                order.index(stand(p, end)),
                p.due or p.done or end,
                p.content,
            ),
        )

    def sites(self) -> list[Site]:
        """Homes and stations as last told, those that served most first."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for row in self._of("HOME-01"):
            if self._inside(Period.parse(row["period"]).end):
                groups.setdefault(str(row["site_id"]), []).append(row)
        found = []
        for key, rows in groups.items():
            rows.sort(key=lambda r: Period.parse(r["period"]).end)
            last = rows[-1]
            found.append(
                Site(
                    key, _text(last["site_name"]), _text(last["site_tier"]),
                    day_of(last["open_date"]), decimal(last["area"]), _total(rows, "served"),
                    _text(last["status"]),
                )
            )  # fmt: skip
        return sorted(found, key=lambda s: (-(s.served or 0), s.key))

    def honours(self) -> list[Honour]:
        """Honours granted in the period, the newest first."""
        found = [
            Honour(
                _text(r["honor"]), _text(r["level"]), _text(r["object_kind"]),
                day_of(r["granted_on"]), _text(r["doc_no"]),
            )
            for r in self._of("HONOR-01")
            if self._inside(day_of(r["granted_on"]))
        ]  # fmt: skip
        return sorted(found, key=lambda h: (-(h.day.toordinal() if h.day else 0), h.name))


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)


def _whole(value: Any) -> int | None:
    number = decimal(value)
    return None if number is None else int(number)


def _total(rows: Sequence[Mapping[str, Any]], column: str) -> Decimal | None:
    told = [n for r in rows if (n := decimal(r[column])) is not None]
    return _plain(sum(told, Decimal(0))) if told else None


def _added(rows: Sequence[Mapping[str, Any]], column: str) -> int | None:
    found = _total(rows, column)
    return None if found is None else int(found)


def _plain(value: Decimal) -> Decimal:
    """Without a fraction of nothing, as a count is written."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value
