"""Command line of the portal: `python -m portal serve | account | password`.

Beside the pages runs the worker that judges uploads as they come: whoever uploads sits and waits.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from pipelines.flow import ground
from warehouse import accounts

app = typer.Typer(help="门户：网页服务与账号", no_args_is_help=False)
console = Console()
USER_ERROR = 2
COMMAND_LINE = "命令行"
# A demonstration of past years says what day it is; unset, it is today.
CLOCK_VARIABLE = "UNION_REPORTS_PORTAL_AT"


@app.callback(invoke_without_command=True)
def alone(context: typer.Context) -> None:
    """Without a command: serve on this machine."""
    if context.invoked_subcommand is None:
        serve()


@app.command("serve", help="启动网页服务")
def serve(
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    https: Annotated[bool, typer.Option(help="只在 HTTPS 下发送会话（前面有反向代理时）")] = False,
    airflow: Annotated[str, typer.Option(help="Airflow 页面地址，供有权限的人打开")] = "",
    worker: Annotated[
        bool, typer.Option(help="同时运行校验工作进程；另有机器运行时用 --no-worker")
    ] = True,
) -> None:
    """Serve the portal until stopped, with a worker that judges what is uploaded."""
    import uvicorn

    from pipelines.flow import uploading
    from portal.app import create_app

    # The server gives a signal back after its own stop; the worker is to be ended all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    ahead = _ahead()
    app = create_app(clock=_clock(ahead), secure=https, airflow_url=airflow)
    with uploading.worker(ahead=ahead) if worker else nullcontext():
        uvicorn.run(
            app, host=host, port=port, log_level="warning", server_header=False,
            timeout_graceful_shutdown=20,
        )  # fmt: skip


@app.command("account", help="开立账号并授权；第一个管理员也这样开立")
def account(
    login: Annotated[str, typer.Argument(help="账号")],
    name: Annotated[str, typer.Argument(help="姓名")],
    role: Annotated[str, typer.Option(help="角色，如 administrator、steward、reporter")],
    org: Annotated[str, typer.Option(help="工会组织编码")],
    line: Annotated[str, typer.Option(help="块 或 条")] = "块",
    work: Annotated[list[str] | None, typer.Option(help="分管工作，如 W03，可写多次")] = None,
    personal: Annotated[bool, typer.Option(help="可看人员明细（仅业务部门）")] = False,
) -> None:
    """Open an account with one grant; prints an initial password, to be replaced at first use."""
    known, at = ground.definitions(), datetime.now(ground.CHINA)
    password = secrets.token_urlsafe(12)
    with ground.engine().begin() as connection:
        accounts.keep_roles(connection, known)
        number = accounts.create_account(
            connection, login, name, at=at, actor=COMMAND_LINE, password=password
        )
        accounts.grant(
            connection, known, number, role, org,
            at=at, actor=COMMAND_LINE, line=line, works=work or (), personal=personal,
        )  # fmt: skip
    console.print(f"账号 {login} 已开立，初始口令：{password}", soft_wrap=True, highlight=False)
    console.print("首次登录须更换口令。")


@app.command("password", help="重置一个账号的口令并解锁")
def password(login: Annotated[str, typer.Argument(help="账号")]) -> None:
    """Give an account a new initial password; prints it."""
    known, at = ground.definitions(), datetime.now(ground.CHINA)
    wanted = secrets.token_urlsafe(12)
    with ground.engine().begin() as connection:
        number = accounts.account_of(connection, login)
        accounts.set_password(
            connection, number, wanted, accounts.limits_on(known, at.date()),
            at=at, actor=COMMAND_LINE, must_change=True,
        )  # fmt: skip
    console.print(f"账号 {login} 的新口令：{wanted}", soft_wrap=True, highlight=False)


def _ahead() -> float:
    """Seconds by which the clock that the environment asks for is ahead of the real one."""
    given = os.environ.get(CLOCK_VARIABLE)
    return (ground.moment(given) - datetime.now(ground.CHINA)).total_seconds() if given else 0.0


def _clock(ahead: float) -> Callable[[], datetime]:
    """A clock so many seconds ahead of the real one."""
    return lambda: datetime.now(ground.CHINA) + timedelta(seconds=ahead)


def main() -> None:
    """A user error is one Chinese sentence and exit code 2; anything else keeps its traceback."""
    try:
        app()
    except (accounts.AccountRefused, LookupError) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
