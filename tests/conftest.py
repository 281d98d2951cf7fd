"""Shared fixtures: one embedded PostgreSQL for the whole run, an empty warehouse for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    """An embedded server of this run's own, without fsync; stopped at the end.

    Not below pytest's own folder: the next pytest of the same user closes that to everyone else,
    and a server that runs as another user loses its files.
    """
    from warehouse import server

    home = Path(tempfile.mkdtemp(prefix="union-reports-test-"))
    before = {k: os.environ.get(k) for k in (server.HOME_VARIABLE, server.OPTIONS_VARIABLE)}
    os.environ[server.HOME_VARIABLE] = str(home)
    os.environ[server.OPTIONS_VARIABLE] = "-c fsync=off"
    server.start()
    yield home
    os.environ[server.HOME_VARIABLE] = str(home)
    server.stop()
    shutil.rmtree(home, ignore_errors=True)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def blank_warehouse(server_home: Path) -> str:
    """A migrated database that is copied for each test; returns its name."""
    from warehouse.engine import engine_for, prepare
    from warehouse.server import WAREHOUSE_DATABASE

    engine = prepare()
    engine.dispose()
    engine_for.cache_clear()
    return WAREHOUSE_DATABASE


@contextmanager
def installation(blank: str, server_home: Path, home: Path) -> Iterator[Path]:
    """A fresh installation: a copy of the blank warehouse (by URL) and a home of its own."""
    import psycopg

    from warehouse import server
    from warehouse.engine import engine_for

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(server.HOME_VARIABLE, str(server_home))
        patch.delenv(server.URL_VARIABLE, raising=False)
        base = server.database_url("postgres").replace("+psycopg", "")
        name = f"t_{abs(hash(str(home))) % 10**12}"
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{blank}"')
        url = server.database_url(name)
        patch.setenv(server.URL_VARIABLE, url)
        patch.setenv(server.HOME_VARIABLE, str(home))
        yield home
        engine_for(url).dispose()
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def warehouse_home(blank_warehouse: str, server_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A fresh installation for one test."""
    with installation(blank_warehouse, server_home, tmp_path / "home") as home:
        yield home


@pytest.fixture(scope="module")
def module_home(
    blank_warehouse: str, server_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A fresh installation that the tests of one module share."""
    with installation(blank_warehouse, server_home, tmp_path_factory.mktemp("module")) as home:
        yield home


@pytest.fixture(scope="session")
def definitions():
    """The federation's definitions as they stand in the checkout."""
    from definitions import load_definitions

    return load_definitions()
