"""Commands that open a month, take files in and speak to those who send them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines import flow
from pipelines.commands.edge import At, console

app = typer.Typer()


@app.command("register", help="登记工会组织名录文件中的组织")
def register(path: Path, at: At) -> None:
    """Enter the organisations of a registry file."""
    console.print(flow.register_organisations(str(path), at))


@app.command("open", help="开启一个月份：冻结应报名单，生成填报表")
def open_(period: str, at: At) -> None:
    """Open a month and the longer periods it closes."""
    console.print(flow.open_period(period, at))


@app.command("template", help="生成一个单位一个月份的填报表")
def template(organisation: str, period: str, to: Path, at: At) -> None:
    """Write one organisation's workbook to a file."""
    to.write_bytes(flow.template_for(organisation, period, at))
    console.print(f"已生成 {to}")


@app.command("hand-in", help="交入文件并立即处理")
def hand_in(
    files: list[Path],
    at: At,
    sender: Annotated[str, typer.Option(help="交件单位编码")] = "",
    period: Annotated[str | None, typer.Option(help="应属期，如 2017-03")] = None,
) -> None:
    """Take files in and process them at once."""
    waiting = flow.hand_in([str(f) for f in files], sender, at, period)
    console.print(flow.process(waiting, at))


@app.command("collect", help="收取各渠道和收件文件夹并处理，答复报送人")
def collect(at: At) -> None:
    """Take in every channel, process what waits, answer; a server that is away stops no other."""
    away = []
    for channel in flow.channel_names():
        try:
            flow.receive(channel, at)
        except ConnectionError as error:
            away.append(str(error))
    for chunk in flow.sweep(at):
        console.print(flow.process(chunk, at))
    console.print({**flow.tell(at), **flow.deliver_messages(at)})
    if away:
        console.print(f"[red]{'；'.join(away)}[/red]")
        raise typer.Exit(1)


CONTACTS = "登记联系方式（CSV：工会组织编码、种类、地址、可报送、接收通知、起始日、终止日）"


@app.command("contacts", help=CONTACTS)
def contacts(path: Path, at: At) -> None:
    """Enter who may be reached where, and whose files from an address are."""
    console.print(f"新登记联系方式 {flow.register_contacts(str(path), at)} 条")


@app.command("chase", help="催报：按实际进度提醒，逾期的沿条、块两线上报，并发出通知")
def chase(at: At) -> None:
    """Remind who has not reported."""
    console.print({**flow.chase(at), **flow.tell(at), **flow.deliver_messages(at)})


MESSAGE_STATES = {
    "unsure": "不确定是否发出", "refused": "对方拒收", "given up": "多次未成", "bounced": "退信",
}  # fmt: skip


@app.command("messages", help="列出没有发成、需要人看一眼的通知")
def messages() -> None:
    """List messages that did not go out, or may not have."""
    table = Table("编号", "方式", "地址", "主题", "状态", "尝试", "原因")
    for m in flow.waiting_messages():
        state = MESSAGE_STATES[m.state]
        table.add_row(str(m.id), m.way, m.address, m.subject, state, str(m.tries), m.error)
    console.print(table)


@app.command("resend", help="重发列出的通知")
def resend(numbers: list[int], at: At) -> None:
    """Let messages that somebody looked at go again."""
    console.print(f"将重发 {flow.resend(numbers, at)} 封")
