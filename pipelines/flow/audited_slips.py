"""Rows of the audit forms, and figures of the funds, as the fund-performance scheme reads them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from definitions import Definitions, Period
from pipelines.assess import Measurement
from pipelines.assess.fund_audit import SLIPS, AuditedBooks, Ratio, SlipRow, audit_figures
from pipelines.fund_shares import retained_pct
from warehouse.organisations import Registered

ZERO = Decimal(0)
BOOKS = (
    "I-FIN-02", "I-FIN-03", "I-FIN-05", "I-FIN-07", "I-FIN-08", "I-FIN-09", "I-FIN-12", "I-AUD-04",
)  # fmt: skip
"""Figures that the sixth aspect, 经费管理, is read from."""
MEMBERS = "I-ORG-04"


class Filed(Protocol):
    """Rows of the forms of a year."""

    def of(self, form: str) -> list[dict[str, Any]]:
        """Rows of a form as plain dictionaries."""
        ...


def audited(
    definitions: Definitions,
    units: Sequence[Registered],
    rows: Filed,
    figures: Iterable[Measurement],
    period: Period,
) -> Iterator[Measurement]:
    """Every figure that the audit scheme scores, of the audited unions of a year."""
    known: dict[str, dict[str, Measurement]] = defaultdict(dict)
    for measurement in figures:
        known[measurement.unit][measurement.indicator] = measurement
    slips: dict[str, list[SlipRow]] = defaultdict(list)
    for form in SLIPS:
        filed = rows.of(form)
        for row, slip in zip(filed, slip_rows(form, filed), strict=True):
            slips[row["org_code"]].append(slip)
    marks = definitions.parameters["fund_performance_marks"].at(period.end)
    awards = {str(k): Decimal(str(v)) for k, v in marks.items()}
    for union in units:
        kept = retained_pct(
            definitions, "块", period.end, region=union.region or "", industry=union.industry or ""
        )
        books = books_of(known[union.code], kept)
        members = _value(known[union.code], MEMBERS)
        yield from audit_figures(union.code, slips[union.code], members, books, awards)


def slip_rows(form: str, rows: Iterable[Mapping[str, Any]]) -> list[SlipRow]:
    """Projects of one slip (AUD-01 to AUD-05); a project is held when it has a day.

    Counts left blank are none. Vouchers are sound only where the slip says so.
    """
    return [
        SlipRow(
            form=form,
            project=str(row["project"] or ""),
            budget=_number(row["budget"]),
            spent=_number(row["spent"]),
            held=row["held_on"] is not None,
            persons=_number(row["persons"]),
            effect=_number(row["effect_score"]),
            awards=_number(row["upper_award"]),
            certificates=_number(row["certs"]),
            titles=_number(row["chief_titles"]),
            vouched=row["voucher_ok"] is True,
            reference=f"{row['sheet']}!{row['row_no']}",
        )
        for row in rows
    ]


def _number(value: Any) -> Decimal:
    return ZERO if value is None else Decimal(str(value))


def books_of(figures: Mapping[str, Measurement], kept_pct: Decimal) -> AuditedBooks:
    """The year's books of one union from its fund figures by indicator.

    What the union had to remit is what it paid less the share it keeps.
    """
    paid, remitted = _value(figures, "I-FIN-02"), _value(figures, "I-FIN-05")
    income, spending = _value(figures, "I-FIN-07"), _value(figures, "I-FIN-08")
    executed, fixed = _ratio(figures, "I-FIN-09"), _ratio(figures, "I-AUD-04")
    owed = None if paid is None else paid * (100 - kept_pct) / 100
    return AuditedBooks(
        collected=_ratio(figures, "I-FIN-03"),
        remitted=None if owed is None or remitted is None else (remitted, owed),
        budgeted=None if "I-FIN-09" not in figures else executed is not None,
        approved=_ratio(figures, "I-FIN-12"),
        executed=executed,
        balanced=None if income is None or spending is None else income >= spending,
        rectified=fixed if fixed and fixed[1] else None,
        reference="；".join(
            m.reference for code in BOOKS if (m := figures.get(code)) and m.reference
        ),
    )


def _value(figures: Mapping[str, Measurement], code: str) -> Decimal | None:
    found = figures.get(code)
    silent = found is None or (found.expected > 0 and found.reported == 0)
    return None if found is None or silent else found.value


def _ratio(figures: Mapping[str, Measurement], code: str) -> Ratio | None:
    found = figures.get(code)
    if found is None or found.numerator is None or found.denominator is None:
        return None
    return found.numerator, found.denominator
