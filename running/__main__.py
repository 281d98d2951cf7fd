"""Command line of the runtime: `python -m running up | demo | pictures | prepare | stop`."""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from running import airflow
from warehouse import server

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="what `make demo` left, at its last day")] = False,
) -> None:
    """Start PostgreSQL, Airflow and the portal; they run until Ctrl-C."""
    from running import portal
    from running.demo import LOOKED_AT_ON

    at = ""
    if demo:
        os.environ[server.HOME_VARIABLE] = str(server.home() / "demo")
        at = LOOKED_AT_ON.isoformat()
    print(
        "正在启动 PostgreSQL、Airflow 与门户 ……   Starting PostgreSQL, Airflow and the portal …",
        flush=True,
    )
    running = airflow.start(schedules=not demo)
    site = None
    try:
        site = portal.start(running, at)
        made = portal.sample_accounts(LOOKED_AT_ON if demo else datetime.now(portal.CHINA))
        running.wait_healthy(airflow.DAGS)
        site.wait_healthy()
        print(f"\n  门户 portal  {site.url}")
        portal.print_accounts(made)
        print(f"\n  Airflow  {running.url}")
        for user, password in running.passwords.items():
            print(f"    账号 account: {user}    密码 password: {password}")
        print(f"  投递目录 drop folder: {server.home() / 'drop'}")
        print(f"  日志 logs: {running.home / 'logs'}")
        print("\n按 Ctrl-C 停止。Press Ctrl-C to stop.", flush=True)
        while True:
            running.check_alive()
            site.check_alive()
            time.sleep(2)
    except KeyboardInterrupt:
        print("\n正在停止 ……   Stopping …", flush=True)
    finally:
        if site is not None:
            site.stop()
        running.stop()
        server.stop()


@app.command()
def demo() -> None:
    """Two years of real sample input through Airflow, from hand-in to published review."""
    from running.demo import run

    run()


@app.command()
def pictures(
    only: Annotated[str, typer.Option(help="only pages whose name matches this pattern")] = "",
) -> None:
    """Every page of the portal, at two widths, from a copy of what `make demo` left."""
    from running import pictures as taken

    missed = taken.run(server.home() / "demo", only)
    for name in missed:
        print(f"没有拍到 not reached: {name}")
    print(f"图片 pictures: {taken.FOLDER}")
    if missed:
        raise typer.Exit(1)


@app.command()
def prepare() -> None:
    """Bring both databases to the newest schema and set Airflow's passwords; for containers.

    Airflow's settings and AIRFLOW_ADMIN_PASSWORD, AIRFLOW_CHAIR_PASSWORD come from the environment.
    """
    from warehouse.engine import prepare as prepare_warehouse

    prepare_warehouse()
    airflow.migrate(dict(os.environ))
    airflow.write_passwords(
        Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]),
        {
            airflow.ADMIN: os.environ["AIRFLOW_ADMIN_PASSWORD"],
            airflow.CHAIR: os.environ["AIRFLOW_CHAIR_PASSWORD"],
        },
    )
    print("Databases and accounts are ready.")


@app.command()
def stop() -> None:
    """Stop what an earlier run may have left running below the home directory."""
    airflow.stop_leftovers()
    server.stop()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # A service manager's stop is handled like Ctrl-C, so that nothing is left behind.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except airflow.AirflowFailed as error:
        sys.exit(f"Airflow: {error}")
