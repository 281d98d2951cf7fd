"""Shared fixtures: one embedded PostgreSQL for the whole run, an empty warehouse for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
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


@pytest.fixture
def warehouse_home(
    blank_warehouse: str, server_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A fresh installation: its own warehouse (by URL) and its own home directory."""
    import psycopg

    from warehouse import server
    from warehouse.engine import engine_for

    base = server.database_url("postgres").replace("+psycopg", "")
    name = f"t_{abs(hash(str(tmp_path))) % 10**12}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{blank_warehouse}"')
    url = server.database_url(name)
    monkeypatch.setenv(server.URL_VARIABLE, url)
    monkeypatch.setenv(server.HOME_VARIABLE, str(tmp_path / "home"))
    yield tmp_path / "home"
    engine_for(url).dispose()
    monkeypatch.undo()
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def definitions():
    """The federation's definitions as they stand in the checkout."""
    from definitions import load_definitions

    return load_definitions()
