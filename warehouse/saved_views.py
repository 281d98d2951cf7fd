"""Filters of a list that a person keeps under a name; nobody else sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse.tables import saved_view


@dataclass(frozen=True, slots=True)
class SavedView:
    """One kept view: its number, its name, and the query part of its address."""

    id: int
    name: str
    filters: str


def views_of(connection: Connection, account: int, page: str) -> list[SavedView]:
    """What a person keeps for a page, by name."""
    rows = connection.execute(
        select(saved_view.c.id, saved_view.c.name, saved_view.c.filters)
        .where(saved_view.c.account_id == account, saved_view.c.page == page)
        .order_by(saved_view.c.name)
    )
    return [SavedView(**row) for row in rows.mappings()]


def save_view(
    connection: Connection, account: int, page: str, name: str, filters: str, at: datetime
) -> None:
    """Keep filters under a name; a name used again takes the new ones."""
    entry = upsert(saved_view).values(
        account_id=account, page=page, name=name, filters=filters, saved_at=at
    )
    connection.execute(
        entry.on_conflict_do_update(
            index_elements=["account_id", "page", "name"],
            set_={"filters": entry.excluded.filters, "saved_at": entry.excluded.saved_at},
        )
    )


def drop_view(connection: Connection, account: int, number: int) -> None:
    """Forget a view; another person's stays."""
    connection.execute(
        delete(saved_view).where(saved_view.c.id == number, saved_view.c.account_id == account)
    )
