"""What stands in the warehouse at a moment: current rows of a form, typed by its columns."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.model import ColumnType, Form
from warehouse.engine import sql
from warehouse.measuring import measured_by_industry, own_marks
from warehouse.organisations import standing
from warehouse.personal import PREFIX, conceal, data_key

FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)


def typed(form: Form, rows: pd.DataFrame) -> pd.DataFrame:
    """Arrays `numbers` and `texts` → one nullable column per form column, other columns kept."""
    count = len(form.columns)
    numbers = np.array(
        [list(r) + [None] * (count - len(r)) for r in rows.pop("numbers")], dtype=float
    ).reshape(len(rows), count)
    texts = np.array(
        [list(r) + [None] * (count - len(r)) for r in rows.pop("texts")], dtype=object
    ).reshape(len(rows), count)
    columns: dict[str, Any] = {}
    for position, column in enumerate(form.columns):
        if column.type.numeric:
            given = numbers[:, position]
            values: Any = pd.arrays.FloatingArray(np.nan_to_num(given), np.isnan(given))
        else:
            values = pd.array(texts[:, position], dtype="string")
            if column.type is ColumnType.BOOL:
                values = pd.array(
                    [None if v is None else v == "是" for v in texts[:, position]],
                    dtype="boolean",
                )
            elif column.type is ColumnType.DATE:
                values = pd.to_datetime(pd.Series(texts[:, position], dtype="string")).array
        columns[column.code] = values
    return rows.reset_index(drop=True).assign(**columns)


def current_rows(
    connection: Connection,
    definitions: Definitions,
    form_code: str,
    periods: Collection[str],
    org_codes: Collection[str] | None = None,
    cutoff: datetime | None = None,
) -> pd.DataFrame:
    """Current rows of a form for some periods.

    Columns: filing_id, sheet, row_no, org (code), reporter (code), period, then the form's columns
    with nullable dtypes. Rows of several editions are aligned by column code.
    """
    ends = [Period.parse(label).end for label in periods]
    found = connection.execute(
        text(sql("current_rows")),
        {
            "form": form_code,
            "periods": list(periods),
            # the partitions they lie in: whoever asks for a few unions is not told of all others
            "starts": min(ends, default=date.max),
            "ends": max(ends, default=date.min),
            "orgs": None if org_codes is None else list(org_codes),
            "cutoff": cutoff or FAR_FUTURE,
        },
    )
    rows = pd.DataFrame(found.mappings().all(), columns=list(found.keys()))
    if rows.empty:
        form = definitions.newest(form_code)
        return typed(form, rows)
    parts = []
    editions = {f.edition: f for f in definitions.forms if f.code == form_code}
    for edition, part in rows.groupby("edition", sort=False):
        parts.append(typed(editions[str(edition)], part.drop(columns="edition").copy()))
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]


class WarehouseContext:
    """What validation may ask of the warehouse; one transaction, read only, memoised."""

    def __init__(self, connection: Connection, definitions: Definitions) -> None:
        self._connection = connection
        self._definitions = definitions
        self._organisations: dict[str, pd.DataFrame] = {}

    def rows(
        self, form: str, periods: Collection[str], orgs: Collection[str] | None = None
    ) -> pd.DataFrame:
        """Current rows of a form; see `current_rows`."""
        return current_rows(self._connection, self._definitions, form, periods, orgs)

    def organisations(self, period: str) -> pd.DataFrame:
        """Columns code, name, level, type, status, region, industry, is_joint, block, industry."""
        if period not in self._organisations:
            found = standing(self._connection, Period.parse(period).end)
            by_id = {o.id: o.code for o in found}
            self._organisations[period] = pd.DataFrame(
                [
                    {
                        "org_code": o.code,
                        "name": o.name,
                        "level": o.level,
                        "type": o.type,
                        "status": o.status,
                        "region": o.region,
                        "industry": o.industry,
                        "is_joint": o.is_joint,
                        "block": by_id.get(o.block or 0),
                        "industry_parent": by_id.get(o.industry_parent or 0),
                    }
                    for o in found
                ]
            )
        return self._organisations[period]

    def seal(self, value: str) -> str:
        """A personal value as rows have it; one that was read from them stays as it is."""
        return value if value.startswith(PREFIX) else conceal(value, data_key())

    def computed(self, period: str) -> pd.DataFrame:
        """Columns indicator, org_code, value: the newest computation of a period, if any."""
        found = self._connection.execute(
            text(sql("computed_values")),
            {
                "period": period,
                "by_industry": measured_by_industry(self._connection, FAR_FUTURE),
                "own_marks": own_marks(self._definitions),
            },
        )
        return pd.DataFrame(found.mappings().all(), columns=list(found.keys()))
