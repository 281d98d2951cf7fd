"""What every part of the flow stands on: definitions, engine, places, and times as arguments."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from definitions import Definitions, load_definitions
from pipelines.closing_checks.registry import refuse_unimplemented
from warehouse.editions import register_definitions
from warehouse.engine import prepare
from warehouse.server import database_url

CHINA = ZoneInfo("Asia/Shanghai")


@lru_cache(maxsize=1)
def definitions() -> Definitions:
    """The definitions of this process; DefinitionsInvalid stops everything before it starts.

    So does a rule over many organisations that nothing finds, or a query that finds no rule.
    """
    known = load_definitions()
    refuse_unimplemented(known)
    return known


@lru_cache(maxsize=2)
def _prepared(_url: str) -> Engine:
    return prepare()


def engine() -> Engine:
    """The warehouse, migrated once per process."""
    return _prepared(database_url())


def moment(at: str) -> datetime:
    """An ISO time; without a zone it is China's."""
    parsed = datetime.fromisoformat(at)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=CHINA)


def register(known: Definitions, at: datetime) -> None:
    """Keep the edition of the definitions that is about to be used."""
    with engine().begin() as connection:
        register_definitions(connection, known, at)
