"""Reading what arrived, with the mends that hold for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from definitions import Definitions
from pipelines.flow.ground import engine
from pipelines.flow.returned import Arrived
from pipelines.mending import applicable, apply_units, mended_definitions
from pipelines.read import Document, read_documents
from pipelines.workbook import ReadWorkbook
from warehouse.mends import Mend, any_mend, standing_mends


def read_mended(
    documents: Sequence[Arrived],
    known: Definitions,
    names: Mapping[str, tuple[str, ...]],
    extra: Sequence[Mend] = (),
) -> Iterator[ReadWorkbook]:
    """Read documents in order; their keys are their numbers.

    A document to which a mend applies is read once more with it: which period and union it is of
    is known only when it has been read. `extra` are mends that are only being tried.
    """
    given = [
        Document(str(n), a.data, a.member or a.receipt.file_name, a.receipt.expected_period)
        for n, a in enumerate(documents)
    ]
    read = read_documents(given, known, names)
    with engine().connect() as connection:
        mends = [*(standing_mends(connection) if any_mend(connection) else ()), *extra]
    if not mends:
        yield from read
        return
    first = list(read)
    own = [
        applicable(
            mends,
            workbook.period or documents[n].receipt.expected_period,
            frozenset(filter(None, (workbook.org_code, documents[n].receipt.sender))),
        )
        for n, workbook in enumerate(first)
    ]
    for names_of in dict.fromkeys(tuple(m for m in o if m.kind != "unit") for o in own):
        if not names_of:
            continue
        again = [
            n for n, o in enumerate(own) if tuple(m for m in o if m.kind != "unit") == names_of
        ]
        mended = mended_definitions(known, names_of)
        for workbook in read_documents([given[n] for n in again], mended, names):
            first[int(workbook.key)] = workbook
    for workbook, mine in zip(first, own, strict=True):
        apply_units(workbook, mine, known)
        yield workbook
