"""One-vote vetoes: entered by the federation, with a document, never by a workbook."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from warehouse import audit
from warehouse.organisations import ids
from warehouse.tables import veto


def enter_veto(
    connection: Connection,
    organisation: str,
    year: int,
    code: str,
    title: str,
    document: str,
    *,
    actor: str,
    at: datetime,
) -> None:
    """Enter a veto; LookupError for an unknown organisation or a missing document number."""
    known = ids(connection)
    if organisation not in known:
        raise LookupError(f"工会组织编码 {organisation} 未登记")
    if not document.strip():
        raise LookupError("一票否决必须注明文号")
    connection.execute(
        insert(veto)
        .values(
            org_id=known[organisation],
            year=year,
            code=code,
            title=title,
            document=document,
            entered_by=actor,
            entered_at=at,
        )
        .on_conflict_do_nothing()
    )
    audit.note(
        connection,
        at=at,
        actor=actor,
        action="veto.enter",
        subject=organisation,
        detail={"year": year, "code": code, "document": document},
    )
