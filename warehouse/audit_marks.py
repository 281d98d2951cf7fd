"""Fund-performance marks of audited unions: slips and books gathered for the scoring."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import Indicator
from definitions.periods import PeriodKind
from warehouse.computed import Computed
from warehouse.engine import sql
from warehouse.fund_performance import Books, Project, composite

Values = Mapping[tuple[str, str], Decimal]


def audit_marks(
    connection: Connection,
    definitions: Definitions,
    indicator: Indicator,
    periods: Sequence[Period],
    figures_of: Callable[[int], Values],
) -> Iterator[Computed]:
    """The mark of every union with a slip in a year; over the temporary tables of a roll-up.

    `figures_of` gives a unit's figures by period label and indicator.
    """
    for period in (p for p in periods if p.kind is PeriodKind.YEAR):
        try:
            weights = _table(definitions, "fund_performance_weights", period)
            marks = _table(definitions, "fund_performance_marks", period)
        except LookupError:  # a year before audits were marked, looked at for comparison only
            continue
        slips = _slips(connection, definitions, [c for c in weights if c.startswith("AUD")], period)
        for org, by_form in sorted(slips.items()):
            values = figures_of(org)
            members = values.get((period.label, "I-ORG-04"))
            total = composite(by_form, _books(values, period, definitions), members, weights, marks)
            count = sum(len(projects) for projects in by_form.values())
            yield Computed(
                1, org, period.label, "reported", indicator.code, total, total, None, count, None
            )


def _table(definitions: Definitions, code: str, period: Period) -> dict[str, Decimal]:
    found = definitions.parameters[code].at(period.end)
    return {str(k): Decimal(str(v)) for k, v in found.items()}


def _slips(
    connection: Connection, definitions: Definitions, forms: Sequence[str], period: Period
) -> dict[int, dict[str, list[Project]]]:
    places = {(f.code, f.edition): f.position for f in definitions.forms if f.code in forms}
    found: dict[int, dict[str, list[Project]]] = defaultdict(lambda: defaultdict(list))
    rows = connection.execute(text(sql("slips")), {"forms": list(forms), "years": [period.label]})
    for r in rows:
        place = places[r.form, r.edition]

        def number(name: str, row: Any = r, at: Mapping[str, int] = place) -> Decimal:
            return row.numbers[at[name]] or Decimal(0)

        found[r.org_id][r.form].append(
            Project(
                budget=number("budget"),
                spent=number("spent"),
                held=r.texts[place["held_on"]] is not None,
                persons=number("persons"),
                effect=number("effect_score"),
                awards=number("upper_award"),
                certificates=number("certs"),
                titles=number("chief_titles"),
                vouched=r.texts[place["voucher_ok"]] == "是",
            )
        )
    return found


def _books(values: Values, period: Period, definitions: Definitions) -> Books:
    """The year's fund figures of one unit; income at least as high as spending is in balance."""

    def share(code: str) -> Decimal | None:
        found = values.get((period.label, code))
        return None if found is None else found / 100

    paid, remitted = (values.get((period.label, c)) for c in ("I-FIN-02", "I-FIN-05"))
    kept = Decimal(str(definitions.parameters["fund_retained_share_pct"].at(period.end))) / 100
    owed = paid * (1 - kept) if paid is not None else None
    income, spending = (values.get((period.label, c)) for c in ("I-FIN-07", "I-FIN-08"))
    executed, fixed = share("I-FIN-09"), share("I-AUD-04")
    return Books(
        collected=share("I-FIN-03"),
        remitted=remitted / owed if owed and remitted is not None else None,
        budgeted=executed is not None,
        executed=executed,
        approved=share("I-FIN-12"),
        balanced=income is not None and spending is not None and income >= spending,
        rectified=Decimal(1) if fixed is None else fixed,
    )
