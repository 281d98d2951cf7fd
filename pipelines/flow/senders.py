"""Whether the one who sent a workbook may send for the union on its cover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from definitions import Definitions, Period
from expectations.findings import finding_of
from pipelines.flow.ground import engine
from pipelines.flow.returned import Arrived
from pipelines.inbox import HandIn
from pipelines.workbook import ReadWorkbook
from warehouse.organisations import ancestors, ids
from warehouse.tables import LINES
from warehouse.windows import china_day

RULE = "V-O-101"


def refuse_strangers(
    items: Sequence[tuple[Arrived, ReadWorkbook]], known: Definitions, when: datetime
) -> int:
    """Turn back, before anything is compared, what a union sends in the name of one not below it.

    Such a workbook is nobody's: it counts against no union, and says nothing about one. Staff who
    hand a file in answer for it themselves; an unknown sender is left to the registry's rules.
    Returns how many were turned back.
    """
    doubtful = [
        (arrived.receipt.sender, workbook)
        for arrived, workbook in items
        if arrived.receipt.sender not in ("", workbook.org_code)
        and arrived.receipt.channel != HandIn.name
        and workbook.org_code is not None
        and not workbook.failed
    ]
    if not doubtful:
        return 0
    days = {china_day(when)}
    for label in {w.period for _, w in doubtful if w.period}:
        # A move inside the period leaves both the old and the new parent entitled.
        days |= {Period.parse(label).start, Period.parse(label).end}
    with engine().connect() as connection:
        registered = ids(connection)
        codes = sorted({str(w.org_code) for _, w in doubtful} & registered.keys())
        above: dict[str, set[str]] = {code: {code} for code in codes}
        for day in days:
            for line in LINES.values():
                for code, chain in ancestors(connection, line, day, codes).items():
                    above[code] |= chain
    refused = 0
    for sender, workbook in doubtful:
        org = str(workbook.org_code)
        if sender not in registered or org not in above or sender in above[org]:
            continue
        said = finding_of(known.rule(RULE), {"reporter": sender, "org": org}, value=org)
        workbook.findings = [said]
        workbook.sheets = []
        workbook.org_code = None
        workbook.failed = True
        refused += 1
    return refused
