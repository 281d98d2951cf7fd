"""The schema that BI tools read: renewed from the definitions, without what is withheld."""

from __future__ import annotations

from collections import defaultdict

from definitions import Definitions
from pipelines.flow.ground import definitions, engine
from pipelines.small_cells import COLUMNS, sensitive, sensitive_columns
from warehouse.bi import Untold, create_views


def renew_views() -> list[str]:
    """Create or renew every view of the schema `reports`; their names."""
    known = definitions()
    with engine().begin() as connection:
        return create_views(connection, known, untold(known))


def untold(known: Definitions) -> Untold:
    """What may be about few people on any day: a view holds rows of every year."""
    listed = known.parameters.get(COLUMNS)
    days = [dated.since for dated in listed.values] if listed else []
    columns: dict[str, set[str]] = defaultdict(set)
    for code in {f.code for f in known.forms}:
        for day in days:
            columns[code] |= sensitive_columns(known, code, day)
    return Untold(
        frozenset(code for day in days for code in sensitive(known, day).codes),
        {code: frozenset(few) for code, few in columns.items()},
    )
