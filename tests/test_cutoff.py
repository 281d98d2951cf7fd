"""The warehouse as of a cut-off, laid out once for a transaction that only reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from definitions.catalogue import Definitions
from pipelines.flow.ground import engine
from tests.every_form import install
from warehouse.cutoff import expected_laid_out, no_longer_whole, prepare_cutoff

THEN, NOW = datetime(2020, 5, 1, tzinfo=UTC), datetime(2021, 2, 1, tzinfo=UTC)
YEAR = (date(2020, 1, 1), date(2020, 12, 31))
MARCH = (date(2020, 3, 1), date(2020, 3, 31))


def expected(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM expected_state")).scalar_one())


def test_it_is_laid_out_again_only_for_another_cutoff_or_span(
    module_home: Path, definitions: Definitions
) -> None:
    install(definitions, ("ORG-02",))
    with engine().connect() as connection:
        expected_laid_out(connection, NOW, *YEAR)
        year = expected(connection)
        connection.execute(text("DELETE FROM expected_state"))
        expected_laid_out(connection, NOW, *YEAR)
        assert expected(connection) == 0  # left as it was
        expected_laid_out(connection, NOW, *MARCH)
        march = expected(connection)
        assert 0 < march < year
        expected_laid_out(connection, NOW, *YEAR)
        assert expected(connection) == year

        connection.execute(text("DELETE FROM expected_state"))
        prepare_cutoff(connection, THEN)  # relations of another day now
        expected_laid_out(connection, NOW, *YEAR)
        assert expected(connection) == year
        connection.rollback()
        expected_laid_out(connection, NOW, *YEAR)  # a new transaction has nothing
        assert expected(connection) == year

        connection.execute(text("DELETE FROM expected_state"))
        no_longer_whole(connection)  # as a report of single unions leaves it
        expected_laid_out(connection, NOW, *YEAR)
        assert expected(connection) == year
