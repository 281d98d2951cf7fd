"""The portal beside Airflow: its process, its port, and sample accounts for a first look."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text

from running import airflow
from running.airflow import Airflow, AirflowFailed
from warehouse import accounts, server
from warehouse.engine import sql

CHINA = ZoneInfo("Asia/Shanghai")
PREFERRED_PORT = 8000
# Who holds which role where, in a sample; the places are found in the registry of the day.
SAMPLE = (
    ("reporter", "unit", "块", ()),
    ("signer", "unit", "块", ()),
    ("county_reviewer", "county", "块", ()),
    ("industry_reviewer", "industry", "条", ()),
    ("steward", "top", "块", ()),
    ("department", "top", "块", ("W03",)),
    ("finance", "top", "块", ()),
    ("assessor", "top", "块", ()),
    ("leader", "top", "块", ()),
    ("administrator", "top", "块", ()),
)


@dataclass
class Portal:
    """A running portal."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Address of its start page, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def check_alive(self) -> None:
        """AirflowFailed, with the end of its log, when it has stopped by itself."""
        if self.process.poll() is not None:
            words = self.log.read_text(errors="replace")[-3000:]
            raise AirflowFailed(f"portal stopped: {words}")

    def wait_healthy(self, timeout: float = 120) -> None:
        """Wait until it answers; AirflowFailed when it stops or takes longer."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                if httpx.get(f"{self.url}/health", timeout=5, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise AirflowFailed(f"portal is not healthy yet; log: {self.log}")

    def stop(self, patience: float = 25) -> None:
        """Ask it to finish what it is doing, then insist."""
        self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(running: Airflow, at: str = "") -> Portal:
    """Start the portal on the warehouse of this home; `at` is the moment it believes to be in."""
    port = airflow._free_port(PREFERRED_PORT)
    environment = {
        **os.environ,
        "PYTHONPATH": running.environment["PYTHONPATH"],
        "NO_PROXY": running.environment["NO_PROXY"],
        server.HOME_VARIABLE: str(server.home()),
        "UNION_REPORTS_AIRFLOW_URL": running.url,
        "UNION_REPORTS_AIRFLOW_USER": airflow.CHAIR,
        "UNION_REPORTS_AIRFLOW_PASSWORD": running.passwords[airflow.CHAIR],
        "UNION_REPORTS_PORTAL_AT": at,
        "GX_ANALYTICS_ENABLED": "False",
    }
    log = airflow._log_file(running.home, "portal")
    with log.open("ab") as file:
        process = subprocess.Popen(  # noqa: S603
            [
                sys.executable, "-m", "portal", "serve",
                "--port", str(port), "--airflow", running.url,
            ],
            env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=airflow._die_with_parent,
        )  # fmt: skip
    return Portal(port, process, log)


def sample_accounts(at: datetime) -> list[tuple[str, str, str, str]]:
    """Open one account per role where nobody has one yet; (login, role, union, password) of each.

    The passwords are random and known only to whoever reads them here. Nothing happens where there
    are accounts already, or no organisations.
    """
    from pipelines.flow import ground

    known = ground.definitions()
    made = []
    with ground.engine().begin() as connection:
        accounts.keep_roles(connection, known)
        if connection.execute(text("SELECT EXISTS (SELECT FROM account)")).scalar():
            return []
        places = connection.execute(text(sql("sample_places")), {"today": at.date()}).mappings()
        found = dict(places.one())
        for role, place, line, works in SAMPLE:
            org = found[place]
            if org is None:
                continue
            password = secrets.token_urlsafe(12)
            name = f"样例{known.roles.role(role).name}"
            number = accounts.create_account(
                connection, role, name, at=at, actor="running", password=password, must_change=False
            )
            accounts.grant(
                connection, known, number, role, org, at=at, actor="running",
                line=line, works=works, personal=bool(works),
            )  # fmt: skip
            made.append((role, known.roles.role(role).name, org, password))
    return made


def print_accounts(made: list[tuple[str, str, str, str]]) -> None:
    """Tell the accounts once; the passwords are kept nowhere."""
    if not made:
        return
    print("    门户样例账号（口令只显示这一次）  sample accounts (passwords are shown only now)")
    for login, role, org, password in made:
        print(f"      {login:<18} {password}   {role}（{org}）")
    print("    忘记口令 reset a password: python -m portal password LOGIN")
