"""What every part of the flow stands on: definitions, engine, places, and times as arguments."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, NullPool, create_engine

from definitions import Definitions, DefinitionsInvalid, load_definitions
from definitions.decided import as_document
from definitions.loading import Stamp, stamp
from pipelines.closing_checks.registry import refuse_unimplemented
from warehouse.editions import register_definitions
from warehouse.engine import prepare
from warehouse.proposals import decisions
from warehouse.server import database_url

CHINA = ZoneInfo("Asia/Shanghai")


ASKED_AGAIN_AFTER = 1.0
"""Seconds for which a process believes that nothing was decided anew. What is decided begins on a
day to come, so nobody is too late."""


def definitions() -> Definitions:
    """The definitions as they stand: the files, and above them what was decided with four eyes.

    DefinitionsInvalid stops everything before it starts; so does a rule over many organisations
    that nothing finds, or a query that finds no rule.
    """
    url, moment_ = database_url(), time.monotonic()
    kept = _DECIDED.get(url)
    if kept is None and _READ and _READ[0] != stamp():
        # The process that this one was forked from read files that have changed since.
        definitions_with.cache_clear()
    if kept is None or moment_ - kept[0] > ASKED_AGAIN_AFTER:
        # A connection of its own: a forked process must not speak on its parent's.
        with create_engine(engine().url, poolclass=NullPool).connect() as connection:
            kept = moment_, as_document(decisions(connection))
        _DECIDED[url] = kept
    return definitions_with(kept[1])


_DECIDED: dict[str, tuple[float, str]] = {}
_READ: list[Stamp] = []
"""What the files looked like when they were read ahead, if they were."""


@lru_cache(maxsize=4)
def definitions_with(decided: str) -> Definitions:
    """The files with some decided values, the text of the document of definitions/decided.py."""
    known = load_definitions(decided=decided) if decided else load_definitions()
    refuse_unimplemented(known)
    return known


def files_alone() -> Definitions:
    """The definitions of the files: for what is made without a warehouse."""
    return definitions_with("")


def read_ahead() -> None:
    """Read the files in a process that others are forked from, so that these need not.

    Of use where they hold as they are: once a parameter has been decided in the portal, each
    process reads them again with what was decided.

    A file that cannot be used stops nobody here: whoever needs it says so.
    """
    _READ[:] = [stamp()]
    with suppress(DefinitionsInvalid):
        files_alone()


def forget_definitions() -> None:
    """Ask for everything again the next time."""
    _DECIDED.clear()
    definitions_with.cache_clear()


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
