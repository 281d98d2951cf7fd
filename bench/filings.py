"""What unions file, loaded without workbooks, and the same again for the unions after them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench import ours
from bench.figures import Row
from definitions import Definitions
from definitions.model import Form
from definitions.periods import Period

Filed = dict[str, dict[tuple[str, str], list[Row]]]
"""Union → (form, period) → rows."""


def settle(own: dict[tuple[str, str], list[Row]]) -> None:
    """Take out what the generator leaves for a close to find, because it sees one union at a time.

    Invented unions share a few names of events, name contracts of an industry that files none, and
    help more households than they keep files of. In one union of 33 all of it stays.
    """
    for (form, period), rows in own.items():
        for row in rows:
            if form == "CULT-01":
                row["name"] = f"{row['name']}（{row['org_code']}）"
            elif form == "SKILL-02":
                row["trade"] = f"{row['trade']}（{row['org_code']}）"
            elif form == "CON-01":
                row["parent_contract"] = None
        if form == "AID-02":
            own[form, period] = [r for r in rows if r["aid_kind"] == "临时救助"]


def load_rows(
    rows: Filed,
    months: Sequence[str],
    workbook: Callable[[str, dict[tuple[str, str], list[Row]]], bytes] | None = None,
    arrives: str = "",
) -> int:
    """Filings through the loader; each union's month is one submission. Gives how many there are.

    `workbook` makes the original of a union's month where one is wanted, to be marked or walked
    to. `arrives` is the moment (ISO, China time) that all arrive at; without it they do at nine on
    the first day of the month after.
    """
    from pipelines.flow.ground import definitions, engine, moment
    from pipelines.load import filing_of
    from pipelines.places import places
    from warehouse import receipts
    from warehouse.organisations import ids
    from warehouse.personal import data_key
    from warehouse.receipts import NewReceipt
    from warehouse.submissions import NewSubmission
    from warehouse.submissions import load as load_submissions

    known, key, loaded, originals = definitions(), data_key(), 0, places().originals
    for label in months:
        month = Period.parse(label)
        at = moment(arrives or f"{month.next().start}T09:00")
        with engine().begin() as connection:
            org_ids = ids(connection)
            owners = {
                code: pages
                for code, own in rows.items()
                if (pages := {p: r for p, r in own.items() if Period.parse(p[1]).end == month.end})
            }
            arrived = receipts.record_many(
                connection,
                [
                    NewReceipt(
                        sha256=originals.put(workbook(code, pages))
                        if workbook
                        else f"{label}{code}{arrives}",
                        size=1, file_name=f"{code}.xlsx", channel="bench",
                        source=f"{label}{code}{arrives}", sender=code, received_at=at,
                    )
                    for code, pages in owners.items()
                ],
            )  # fmt: skip
            loaded += len(owners)
            load_submissions(
                connection,
                [
                    NewSubmission(
                        receipt_id=receipt.id, member="", sha256=receipt.sha256, format="xlsx",
                        reporter_id=org_ids[code], period=label, state="accepted", cover={},
                        definitions=known.digest, received_at=at,
                        forms=sorted({form for form, _ in pages}),
                        filings=[
                            filing_of(_sheet(known, form, period, r), known, code, org_ids, key)
                            for (form, period), r in sorted(pages.items())
                        ],
                    )
                    for (code, pages), receipt in zip(owners.items(), arrived, strict=True)
                    if receipt is not None
                ],
                at,
            )  # fmt: skip
            connection.exec_driver_sql("UPDATE receipt SET state = 'processed'")
    return loaded


def _sheet(known: Definitions, code: str, period: str, rows: Sequence[Row]) -> Any:
    """Rows as the reader leaves them: header in row 4, data below."""
    from pipelines.workbook import FormSheet

    form: Form = known.form(code, Period.parse(period))
    return FormSheet(
        form=code,
        edition=form.edition,
        sheet=f"{form.code} {form.title}"[:31],
        header_row=4,
        columns=list(range(1, len(form.columns) + 1)),
        row_numbers=list(range(5, 5 + len(rows))),
        values=[
            [
                float(v)
                if c.type.numeric and (v := row.get(c.code)) is not None
                else row.get(c.code)
                for row in rows
            ]
            for c in form.columns
        ],
        period=period,
    )


def further(unions: int) -> dict[str, int]:
    """What the first block filed, for the unions after it too; how many rows tables have then.

    ValueError unless they are whole blocks.
    """
    from bench.multiply import multiply
    from pipelines.flow.ground import engine

    with engine().begin() as connection:
        multiply(connection, unions)
    ours.settle()
    with engine().connect() as connection:
        return {
            table: int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())  # noqa: S608
            for table in ("submission", "filing", "filing_row")
        }
