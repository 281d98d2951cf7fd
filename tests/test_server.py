"""The database server: one URL chooses it, the embedded one is shared, restarted and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from warehouse import server

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture
def embedded(monkeypatch):
    """A home directory whose name needs quoting everywhere, with nothing in it yet.

    Not below pytest's own folder, which the next pytest of the same user closes to the server's.
    """
    folder = Path(tempfile.mkdtemp(prefix="union-reports-test-"))
    home = folder / "总工会 it's home"
    monkeypatch.setenv(server.HOME_VARIABLE, str(home))
    monkeypatch.delenv(server.URL_VARIABLE, raising=False)
    monkeypatch.setenv(server.OPTIONS_VARIABLE, "-c fsync=off")
    yield home
    server.stop()
    shutil.rmtree(folder)


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def test_eight_processes_asking_at_once_get_one_server_and_one_database(embedded):
    script = "from warehouse import server; print(server.ensure_database())"

    def ask(_):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(ask, range(8)))
    assert urls == {server.database_url()}
    with connect(urls.pop()) as connection:
        version, addresses, database = connection.execute(
            "select current_setting('server_version_num')::int / 10000,"
            " current_setting('listen_addresses'), current_database()"
        ).fetchone()
    assert (version, addresses, database) == (18, "", "union_warehouse")


def test_the_socket_lies_where_only_its_owner_may_enter(embedded):
    server.start()
    directory = server._socket_directory()
    assert directory.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(directory)) < 100


def test_a_killed_server_starts_again_with_its_data(embedded):
    url = server.ensure_database()
    with connect(url) as connection:
        connection.execute("create table kept as select 1 as one")
    pid = int((embedded / "pg" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(psycopg.OperationalError):
        while True:
            connect(url)
    with connect(server.database_url()) as connection:
        assert connection.execute("select one from kept").fetchone() == (1,)


def test_an_initdb_that_was_killed_is_made_again(embedded):
    (embedded / "pg.new").mkdir(parents=True)
    (embedded / "pg.new" / "PG_VERSION").write_text("18")
    with connect(server.ensure_database()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)
    assert not (embedded / "pg.new").exists()


def test_stop_leaves_nothing_running_and_may_be_called_twice(embedded):
    server.start()
    assert server.is_running()
    server.stop()
    server.stop()
    assert not server.is_running()


@pytest.mark.parametrize(
    ("given", "warehouse", "airflow"),
    [
        (
            "postgresql://u:p%40ss@db:5433/reports?sslmode=require",
            "postgresql+psycopg://u:p%40ss@db:5433/reports?sslmode=require",
            "postgresql+psycopg://u:p%40ss@db:5433/airflow?sslmode=require",
        ),
        (
            "postgres://u@db",
            "postgresql+psycopg://u@db/union_warehouse",
            "postgresql+psycopg://u@db/airflow",
        ),
        (
            "postgresql+psycopg2:///reports?host=/var/run/postgresql",
            "postgresql+psycopg:///reports?host=/var/run/postgresql",
            "postgresql+psycopg:///airflow?host=/var/run/postgresql",
        ),
    ],
)
def test_one_url_chooses_any_server(monkeypatch, given, warehouse, airflow):
    monkeypatch.setenv(server.URL_VARIABLE, given)
    assert server.database_url() == warehouse
    assert server.database_url(server.AIRFLOW_DATABASE) == airflow


def test_another_kind_of_database_is_refused(monkeypatch):
    monkeypatch.setenv(server.URL_VARIABLE, "mysql://u@db/reports")
    with pytest.raises(ValueError, match="postgresql"):
        server.database_url()
