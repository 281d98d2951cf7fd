"""Rows put straight into the warehouse as accepted workbooks, for tests of what is made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from definitions import Definitions, Period
from definitions.model import ColumnType
from pipelines.flow.ground import CHINA
from warehouse import receipts
from warehouse.organisations import ids
from warehouse.submissions import NewFiling, NewFinding, NewRow, NewSubmission, load


def file_rows(
    connection: Connection,
    definitions: Definitions,
    form_code: str,
    period: str,
    reporter: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    at: datetime | None = None,
    findings: Sequence[NewFinding] = (),
) -> int:
    """One accepted workbook of a reporter with rows by column code, each about its `org_code`.

    It arrives three days after the period unless `at` says otherwise; a second one of the same
    reporter, form and period supersedes the first. Returns the filing's id.
    """
    when = Period.parse(period)
    form = definitions.form(form_code, when)
    place, known = form.position, ids(connection)
    keys = [c for c in form.identity if c in place]
    lines = []
    for number, row in enumerate(rows):
        numbers: list[float | None] = [None] * len(form.columns)
        texts: list[str | None] = [None] * len(form.columns)
        for code, value in row.items():
            if value is None:
                continue
            if form.column(code).type.numeric:
                numbers[place[code]] = float(value)
            elif form.column(code).type is ColumnType.BOOL:
                texts[place[code]] = "是" if value else "否"
            else:
                texts[place[code]] = value.isoformat() if isinstance(value, date) else str(value)
        key = "\t".join(str(row.get(k) or "") for k in keys)
        lines.append(NewRow(4 + number, known[row["org_code"]], key, numbers, texts))
    received = at or datetime.combine(when.end + timedelta(days=3), datetime.min.time(), CHINA)
    source = f"{form_code} {period} {reporter} {received.isoformat()}"
    sha256 = hashlib.sha256(source.encode()).hexdigest()
    receipt = receipts.record(
        connection, sha256=sha256, size=1, file_name=f"{reporter}-{form_code}-{period}.xlsx",
        channel="test", source=source, sender=reporter, received_at=received,
    )  # fmt: skip
    assert receipt is not None
    filing = NewFiling(
        form_code, form.edition, period, when.end, form.title[:31],
        list(range(1, len(form.columns) + 1)), lines,
    )  # fmt: skip
    submission = NewSubmission(
        receipt_id=receipt.id, member="", sha256=sha256, format="xlsx", reporter_id=known[reporter],
        period=period, state="accepted", cover={}, definitions=definitions.digest,
        received_at=received, filings=[filing], findings=list(findings),
    )  # fmt: skip
    return load(connection, [submission], received)[id(filing)]
