"""命令行：报送的一生——上传、状态、审核、退回、更正、影响说明、取回原件。"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from definitions.life_cycle import life_cycle
from pipelines import flow
from pipelines.commands.edge import At, a_day, console, now
from pipelines.flow.handling import Actor

By = Annotated[str, typer.Option(help="经办人姓名")]
For = Annotated[str, typer.Option("--for", help="以哪个工会的身份办理（编码）")]


app = typer.Typer()


@app.command("work", help="校验工作进程：收到上传立即处理，直到被停止")
def work(
    ahead: Annotated[
        float, typer.Option(help="时钟比真实时间快多少秒（演示过去的年份时为负）")
    ] = 0.0,
) -> None:
    """Run the worker that processes uploads as they come."""
    from pipelines.flow.uploading import work as run

    with suppress(KeyboardInterrupt):
        run(lambda: (datetime.fromisoformat(now()) + timedelta(seconds=ahead)).isoformat())


@app.command("upload", help="以某个单位的名义上传文件，由工作进程立即处理")
def upload(files: list[Path], sender: str, by: By, at: At) -> None:
    """Upload files as the portal does; says what became of each."""
    from pipelines.flow.uploading import Upload

    given = [Upload(f.name, f.read_bytes()) for f in files]
    for one in flow.upload(given, sender, Actor(by, sender), at):
        console.print(f"{one.file_name}：回执 {one.receipt:06d}，{one.said}")


@app.command("progress", help="查看回执的处理进度和结果")
def progress(receipts: list[int]) -> None:
    """Show how far receipts have come."""
    from pipelines.flow.uploading import told

    for one in flow.progress(receipts):
        console.print(f"{one.receipt:06d} {one.file_name}：{told(one)}")


@app.command("submission", help="查看一份报送：状态、签名、经过、现在可以做什么")
def submission(number: int, at: At, by: By = "", for_: For = "") -> None:
    """Show where a submission stands and everything that happened to it."""
    case, cycle = flow.submission_case(number, at), life_cycle()
    state = cycle.state(case.state)
    console.print(
        f"报送 {number}：{case.reporter or '单位不明'} {case.period or ''} 第 {case.version} 版"
        f"，{state.chinese}（{state.tells}）"
    )
    table = Table("时间", "经过", "状态", "经办", "说明")
    for step in case.steps:
        who = "、".join(filter(None, (step.actor or "系统", step.org)))
        due = f"，限 {step.due_on}" if step.due_on else ""
        table.add_row(
            f"{step.at:%Y-%m-%d %H:%M}", cycle.transition(step.verb).chinese,
            cycle.state(step.to_state).chinese, who, step.reason + due,
        )  # fmt: skip
    console.print(table)
    for transition, why in flow.possible(case, Actor(by or "命令行", for_ or None), at):
        console.print(f"{'×' if why else '○'} {transition.chinese} {why or transition.verb}")


@app.command("act", help="办理一份报送：check 审核、accept 终审、send_back 退回、sign 签发……")
def act(
    number: int,
    verb: str,
    by: By,
    for_: For,
    at: At,
    reason: Annotated[str, typer.Option(help="理由")] = "",
    assignee: Annotated[str | None, typer.Option(help="指定谁改")] = None,
    due: Annotated[str | None, typer.Option(help="期限，如 2017-04-12", callback=a_day)] = None,
    finding: Annotated[int | None, typer.Option(help="认可或不认可哪一条说明")] = None,
) -> None:
    """Take one step."""
    done = flow.act(
        number, verb, Actor(by, for_), at,
        reason=reason, assignee=assignee, due=due, finding=finding,
    )  # fmt: skip
    console.print(f"报送 {number} 现在是“{life_cycle().state(done.state).chinese}”")


@app.command("tasks", help="待办：退回未改、待说明的报送，最急的在前")
def tasks(
    unit: Annotated[list[str] | None, typer.Option(help="只看哪些单位")] = None,
    assignee: Annotated[str | None, typer.Option(help="只看指定给谁的")] = None,
) -> None:
    """List what waits for its unit."""
    table = Table("报送", "单位", "所属期", "状态", "原因", "经办人", "期限")
    for task in flow.open_tasks(unit, assignee):
        table.add_row(
            str(task.submission_id), task.reporter or "", task.period or "",
            life_cycle().state(task.state).chinese, task.reason, task.assignee,
            str(task.due_on or ""),
        )  # fmt: skip
    console.print(table)


@app.command("original", help="按内容哈希取回一份原件（记入日志）")
def original(
    sha256: str,
    to: Annotated[Path, typer.Option(help="写到哪个文件；“-”为标准输出")],
    by: By,
    reason: Annotated[str, typer.Option(help="为什么要取")],
    at: At,
) -> None:
    """Give an original back, with an entry in the audit log before a byte is given."""
    from pipelines.flow.handling import original as fetch
    from warehouse.originals import write_private

    data = fetch(sha256, Actor(by), reason, at)
    if str(to) == "-":
        sys.stdout.buffer.write(data)
        return
    write_private(to, data)
    console.print(f"已写入 {to}（{len(data)} 字节）")
