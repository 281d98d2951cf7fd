"""A close over thousands of unions with the whole catalogue: time, memory, and how both grow.

As in life are the registry (a province with cities, counties and industry unions), the roster of
every form, and the first block of 100 unions: their workbooks of March 2019 with every form of the
month and the quarter are taken in, read, checked and loaded by the pipeline; what they filed for
February and for March of the year before goes through the loader without workbooks. The further
blocks are copies of the first made in SQL (`bench.multiply`): rows, filings and files grow as in
life, while figures vary no more than among 100 unions. One union in 33 has something that waits for
words (`settle`); its workbook is marked from the original of the first block. Federations file
nothing here.

Then `close_period` runs as it is, in a fresh process: once for each size.
"""

from __future__ import annotations

import os
import pickle
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import catalogue, organisations, ours
from bench.figures import Row, union_code
from bench.organisations import federation
from bench.watch import Cost, Memory, Stopwatch
from bench.workbooks import ERRORS_EVERY
from definitions import Definitions, load_definitions
from definitions.model import Form
from definitions.organisations import Organisation
from definitions.periods import Period

Filed = dict[str, dict[tuple[str, str], list[Row]]]
"""Union → (form, period) → rows."""
MONTH, BLOCK = catalogue.MONTH, organisations.BLOCK
EARLIER = ("2018-03", "2019-02")
"""Months that the one which closes is compared with."""
SEED = 20190403
FIGURES, CHECKS, ROWS, KEPT, MARKED, OUT, REST = (
    "figures of the month and the quarter",
    "checks that only a close can make",
    "rows of the consolidated workbooks",
    "files kept in the store",
    "workbooks laid back with what waits",
    "files laid out",
    "drawing, bulletin, board, R-11",
)
STAGE_OF = {
    "close_period": REST,
    "consolidate": FIGURES,
    "check_at_close": CHECKS,
    "rows_of": ROWS,
    "named": ROWS,
    "keep_draft": KEPT,
    "tell_waiting": MARKED,
    "lay_out": OUT,
}
STAGES = (FIGURES, CHECKS, ROWS, REST, KEPT, MARKED, OUT)


@dataclass
class ClosingRun:
    """One close: what it was over, what it told, and what it cost by stage."""

    unions: int
    filed: dict[str, int]
    told: dict[str, int]
    files: int = 0
    megabytes: float = 0.0
    costs: dict[str, Cost] = field(default_factory=dict)
    wall: float = 0.0
    server: float = 0.0
    memory: Memory = field(default_factory=Memory)

    @property
    def processor(self) -> float:
        """Processor seconds of the process that closes and of its children."""
        return sum(c.processor for c in self.costs.values())


# --- what the first block files ---


def block(folder: Path) -> list[Path]:
    """Workbooks of the month that closes; beside them rows of the months before.

    Made once, in some minutes, and kept in the folder.
    """
    paths = [folder / f"block-{BLOCK}" / f"{union_code(n)}.xlsx" for n in range(1, BLOCK + 1)]
    if _before(folder).exists() and all(p.exists() for p in paths):
        return paths
    known, month = load_definitions(), Period.parse(MONTH)
    rows = filed(known, federation(BLOCK), [*EARLIER, MONTH])
    wanted = {
        (f.code, month.within(f.period).label) for f in catalogue.forms_of_month(known, month)
    }
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for n, path in enumerate(paths, 1):
        own = {f: r for (f, label), r in rows[union_code(n)].items() if (f, label) in wanted}
        path.write_bytes(catalogue.workbook(known, own, n, month))
    before = {
        code: {place: r for place, r in own.items() if place not in wanted}
        for code, own in rows.items()
    }
    _before(folder).write_bytes(pickle.dumps(before))
    return paths


def _before(folder: Path) -> Path:
    return folder / f"block-{BLOCK}.pickle"


def filed(known: Definitions, registry: Sequence[Organisation], months: Sequence[str]) -> Filed:
    """What the grassroots unions of a registry file for some months."""
    from samples.generate import generate

    codes = [c for c in known.form_codes if c not in catalogue.LEFT_OUT]
    made = generate(known, registry, months, SEED, codes)
    unions = {o.code for o in registry if o.level == "基层"}
    found: Filed = {u: defaultdict(list) for u in sorted(unions)}
    for place, rows in made.tables.items():
        for row in rows:
            if row["org_code"] in unions:
                found[str(row["org_code"])][place].append(row)
    for number, own in enumerate(found.values(), 1):
        if number % ERRORS_EVERY:
            settle(own)
    return found


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
    moment_of: str = "",
) -> int:
    """Filings through the loader; each union's month is one submission.

    `workbook` makes the original of a union's month where one is wanted, to be marked or walked
    to. All arrive at `moment_of`, or at nine on the first of the month after.
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
        at = moment(moment_of or f"{month.next().start}T09:00")
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
                        else f"{label}{code}{moment_of}",
                        size=1, file_name=f"{code}.xlsx", channel="bench",
                        source=f"{label}{code}{moment_of}", sender=code, received_at=at,
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


# --- in the process of an installation ---


def load_earlier(folder: Path) -> int:
    """The first block's earlier months."""
    return load_rows(pickle.loads(_before(folder).read_bytes()), EARLIER)  # noqa: S301 - our own


def open_for(unions: int, months: Sequence[str]) -> None:
    """Register the province and freeze who must report."""
    from pipelines.flow.ground import definitions, engine, moment, register
    from warehouse.engine import ensure_partitions
    from warehouse.organisations import open_periods
    from warehouse.organisations import register as register_all

    when = moment(ours.OPENED)
    register(definitions(), when)
    with engine().begin() as connection:
        register_all(connection, federation(unions), when)
        for year in range(2017, 2020):
            ensure_partitions(connection, year)
        for month in months:
            open_periods(connection, definitions(), Period.parse(month), when)


def further(unions: int) -> dict[str, int]:
    """The further blocks' filings; how many filings and rows there are then."""
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


def close() -> ClosingRun:
    """`close_period` with its costs by stage."""
    from pipelines.flow import closing

    watch = Stopwatch()
    began = time.perf_counter()
    with ExitStack() as stack:
        stack.enter_context(watch.watching(closing, STAGE_OF))
        told = closing.close_period(MONTH, ours.CLOSED[MONTH])
    wall = time.perf_counter() - began
    paths = [Path(p) for p in told["files"]]
    return ClosingRun(
        0, {}, {k: v for k, v in told.items() if isinstance(v, int)}, len(paths),
        sum(p.stat().st_size for p in paths) / 2**20, watch.costs, wall,
    )  # fmt: skip


def warm() -> int:
    """Everything imported and loaded, so that a close is measured and not a start."""
    from pipelines.flow import closing
    from pipelines.flow.ground import definitions, engine

    assert closing  # noqa: S101
    with engine().connect():
        definitions()
    return os.getpid()
