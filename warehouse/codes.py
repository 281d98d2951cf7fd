"""Codes of organisations and the ids behind them, looked up in one way."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from warehouse.tables import organisation


def ids(connection: Connection, codes: Collection[str] | None = None) -> dict[str, int]:
    """Code → id of some organisations (or all); who is not registered is left out."""
    wanted = select(organisation.c.code, organisation.c.id)
    if codes is not None:
        wanted = wanted.where(organisation.c.code.in_(sorted(codes)))
    return {row.code: row.id for row in connection.execute(wanted)}


def id_of(connection: Connection, code: str | None) -> int | None:
    """The id of one organisation; None where nobody has that code."""
    return ids(connection, [code]).get(code) if code else None
