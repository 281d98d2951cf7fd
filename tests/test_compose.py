"""docker-compose.yml, read as Docker would: pinned, checked, without root, secrets from outside."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from pipelines.channel_settings import channel_settings
from warehouse import server

REPOSITORY = Path(__file__).resolve().parent.parent
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(COMPOSE)["services"]
LASTING = sorted(set(SERVICES) - {"prepare"})
BOTH = {"/var/lib/union-reports/drop", "/srv/sftpgo/data"}


def mounts(service: dict) -> dict[str, str]:
    return {target: source for source, target, *_ in (v.split(":") for v in service["volumes"])}


def test_exactly_these_services():
    assert set(SERVICES) == {
        "postgres",
        "prepare",
        "airflow-apiserver",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "portal",
        "sftp",
        "mail",
        "mailbox",
        "mail-in",
        "storage",
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned_to_a_full_version(name):
    assert re.fullmatch(r"[a-z/-]+:v?\d+(\.\d+)+(-[a-z]+)?", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_runs_as_root_or_can_become_it(name):
    service = SERVICES[name]
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert not service.get("privileged")
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["read_only"] is True


@pytest.mark.parametrize("name", LASTING)
def test_every_lasting_service_is_health_checked_and_restarted(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_database_is_the_embedded_ones_major_version_and_not_published():
    postgres = SERVICES["postgres"]
    assert postgres["image"].startswith("postgres:18.")
    assert "ports" not in postgres
    assert postgres["networks"] == ["inside"]
    # Version 18 of the image moved its data; the old mount point would lose it with the container.
    assert "/var/lib/postgresql" in mounts(postgres)


def test_airflow_waits_for_the_database_and_the_preparing_job():
    for name in (n for n in SERVICES if n.startswith("airflow-")):
        needs = SERVICES[name]["depends_on"]
        assert needs["postgres"]["condition"] == "service_healthy"
        assert needs["prepare"]["condition"] == "service_completed_successfully"
    assert SERVICES["prepare"]["restart"] == "no"


def test_the_portal_reads_the_warehouse_and_knows_none_of_airflows_secrets():
    portal, airflow = SERVICES["portal"], SERVICES["airflow-scheduler"]
    url = "UNION_REPORTS_DATABASE_URL"
    assert portal["environment"][url] == airflow["environment"][url]
    assert mounts(portal) == mounts(airflow)
    assert not [name for name in portal["environment"] if name.startswith("AIRFLOW__")]
    assert "--https" in portal["command"]
    assert portal["depends_on"]["prepare"]["condition"] == "service_completed_successfully"
    # Row-level security holds for the role that is made beside the databases.
    script = (REPOSITORY / "deploy/postgres/10-databases.sh").read_text("utf-8")
    assert "create role portal_reader nologin noinherit" in script
    ignored = (REPOSITORY / ".dockerignore").read_text("utf-8").splitlines()
    assert "!portal" in ignored


def test_the_sftp_server_writes_where_the_sweep_reads_as_the_same_user():
    sweeping, sftp = SERVICES["airflow-scheduler"], SERVICES["sftp"]
    sources = {s for m in (mounts(sweeping), mounts(sftp)) for t, s in m.items() if t in BOTH}
    assert sources == {"drop"}
    assert sweeping["user"] == sftp["user"]
    assert sftp["environment"]["SFTPGO_COMMON__UPLOAD_MODE"] == "1"


def test_the_mailbox_and_the_store_are_the_ones_the_channels_are_told_of():
    told = SERVICES["airflow-scheduler"]["environment"]
    assert told["UNION_REPORTS_MAILBOX_HOST"] in SERVICES
    own = SERVICES["mailbox"]["environment"]["MAILBOX_PASSWORD"]
    assert told["UNION_REPORTS_MAILBOX_PASSWORD"] == own
    store = SERVICES["storage"]["environment"]
    assert told["UNION_REPORTS_OBJECT_STORAGE_SECRET_KEY"] == store["ROOT_SECRET_KEY"]
    assert told["UNION_REPORTS_OBJECT_STORAGE_ENDPOINT"] == "http://storage:7070"
    given = {k: "x" if "${" in str(v) else str(v) for k, v in told.items()}
    settings = channel_settings({**given, "UNION_REPORTS_SMTP_SENDER": "a@b.example"})
    assert settings.smtp and settings.mailbox and settings.object_storage
    # The bucket is a folder that the image brings along, owned by whom the store runs as.
    assert mounts(SERVICES["storage"])["/data"] == "objects"
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    bucket = told["UNION_REPORTS_OBJECT_STORAGE_BUCKET"]
    assert f"/var/lib/union-reports/objects/{bucket}" in dockerfile
    assert "USER 1000:1000" in (REPOSITORY / "deploy/mailbox/Dockerfile").read_text("utf-8")


def test_secrets_come_from_the_environment_and_a_missing_one_stops_everything():
    secret = re.compile(r"(PASSWORD|SECRET|KEY)$")
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if secret.search(variable):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", str(value)), variable
            for password in re.findall(r"://\w+:(.*?)@", str(value)):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", password), variable


def test_only_sftp_listens_beyond_this_machine():
    published = {
        (name, port)
        for name, service in SERVICES.items()
        for port in service.get("ports", [])
        if not port.startswith("127.0.0.1:")
    }
    assert published == {("sftp", "${SFTP_PORT:-2022}:2022")}


def test_the_image_is_built_from_the_lock_and_holds_every_layer():
    dockerfile = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER 1000:1000$", dockerfile, re.MULTILINE)
    bases = set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    assert all(re.fullmatch(r"python:3\.1[123]\.\d+-slim-\w+", base) for base in bases)
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    assert copied == {
        "definitions", "expectations", "warehouse", "sql", "pipelines", "portal", "running",
        "dags",
    }  # fmt: skip
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    release = re.search(r"^UV_VERSION := (\S+)", makefile, re.MULTILINE)
    assert release
    assert f"uv=={release[1]}" in dockerfile


def test_new_secrets_fill_every_variable_once_and_are_never_overwritten(tmp_path):
    (tmp_path / "deploy").mkdir()
    script = tmp_path / "deploy" / "new-secrets"
    script.write_bytes((REPOSITORY / "deploy" / "new-secrets").read_bytes())
    subprocess.run(["bash", str(script)], check=True, capture_output=True)
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [x for x in file.read_text().splitlines() if not x.startswith("#")]
    written = dict(line.split("=", 1) for line in lines)
    assert set(written) == set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE))
    assert len(set(written.values())) == len(written)
    Fernet(written.pop("AIRFLOW_FERNET_KEY"))
    AESSIV(base64.b64decode(written.pop("UNION_REPORTS_DATA_KEY")))
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in written.values())
    before = file.read_bytes()
    assert subprocess.run(["bash", str(script)], capture_output=True).returncode == 1
    assert file.read_bytes() == before


@pytest.fixture
def composed(monkeypatch):
    """The embedded server, set up by the script that the container runs at its first start.

    Not below pytest's own folder, which the next pytest of the same user closes to the server's.
    """
    home = tempfile.mkdtemp(prefix="union-reports-test-")
    monkeypatch.setenv(server.HOME_VARIABLE, home)
    monkeypatch.delenv(server.URL_VARIABLE, raising=False)
    monkeypatch.setenv(server.OPTIONS_VARIABLE, "-c fsync=off")
    server.start()
    environment = {
        "PATH": f"{server._binaries()}:{os.environ['PATH']}",
        "PGHOST": str(server._socket_directory()),
        "UNION_REPORTS_DB_PASSWORD": "a'b",
        "AIRFLOW_DB_PASSWORD": "0123",
    }
    script = REPOSITORY / "deploy" / "postgres" / "10-databases.sh"
    subprocess.run(["bash", str(script)], env=environment, check=True, capture_output=True)
    yield server.database_url()
    server.stop()
    shutil.rmtree(home)


def owned_by(url: str, role: str, database: str) -> str:
    """URL of a database on the composed server for one of its roles."""
    return server._with_database(url, database).replace("postgres@", f"{role}@", 1)


@pytest.mark.airflow
def test_the_preparing_job_works_for_owners_without_special_rights(composed, tmp_path):
    home = tmp_path / "home"
    (home / "airflow").mkdir(parents=True)
    passwords = home / "airflow" / "passwords.json"
    done = subprocess.run(
        [sys.executable, "-m", "running", "prepare"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(REPOSITORY),
            "AIRFLOW_HOME": str(home / "airflow"),
            server.HOME_VARIABLE: str(home),
            server.URL_VARIABLE: owned_by(composed, "union_reports", "union_warehouse"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": owned_by(composed, "airflow", "airflow"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
            "AIRFLOW_ADMIN_PASSWORD": "one",
            "AIRFLOW_CHAIR_PASSWORD": "two",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert passwords.stat().st_mode & 0o777 == 0o600
    for role, database in (("union_reports", "union_warehouse"), ("airflow", "airflow")):
        url = owned_by(composed, role, database).replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            tables, special = connection.execute(
                "select (select count(*) from pg_tables where tableowner = current_user),"
                " (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)"
            ).fetchone()
        assert tables > 10
        assert not special
