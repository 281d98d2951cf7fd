"""Rows of the audit forms, and figures of the funds, as the fund-performance scheme reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pipelines.assess import Measurement
from pipelines.assess.fund_audit import AuditedBooks, Ratio, SlipRow

ZERO = Decimal(0)


def slip_rows(form: str, rows: Iterable[Mapping[str, Any]]) -> list[SlipRow]:
    """Projects of one slip (AUD-01 to AUD-05); a project is held when it has a day.

    Counts left blank are none. Vouchers are sound only where the slip says 是.
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
            vouched=row["voucher_ok"] == "是",
            reference=f"{row['sheet']}!{row['row_no']}",
        )
        for row in rows
    ]


def _number(value: Any) -> Decimal:
    return ZERO if value is None else Decimal(str(value))


def books_of(
    figures: Mapping[str, Measurement], kept_pct: Decimal, audits: Iterable[Mapping[str, Any]]
) -> AuditedBooks:
    """The year's books of one union: its fund figures by indicator, and its rows of AUD-00.

    What the union had to remit is what it paid less the share it keeps.
    """
    paid, remitted = _value(figures, "I-FIN-02"), _value(figures, "I-FIN-05")
    income, spending = _value(figures, "I-FIN-07"), _value(figures, "I-FIN-08")
    executed = _ratio(figures, "I-FIN-09")
    issues, fixed = ZERO, ZERO
    for row in audits:
        issues += _number(row["issues"])
        fixed += _number(row["fixed"])
    owed = None if paid is None else paid * (100 - kept_pct) / 100
    return AuditedBooks(
        collected=_ratio(figures, "I-FIN-03"),
        remitted=None if owed is None or remitted is None else (remitted, owed),
        budgeted=None if "I-FIN-09" not in figures else executed is not None,
        approved=_ratio(figures, "I-FIN-12"),
        executed=executed,
        balanced=None if income is None or spending is None else income >= spending,
        rectified=(fixed, issues) if issues else None,
    )


def _value(figures: Mapping[str, Measurement], code: str) -> Decimal | None:
    found = figures.get(code)
    return None if found is None or not found.reported else found.value


def _ratio(figures: Mapping[str, Measurement], code: str) -> Ratio | None:
    found = figures.get(code)
    if found is None or found.numerator is None or found.denominator is None:
        return None
    return found.numerator, found.denominator
