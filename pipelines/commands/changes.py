"""Commands about changes of organisations."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pipelines import flow
from pipelines.commands.edge import At, console

app = typer.Typer()


@app.command("transfers", help="组织关系变动与可比口径说明（R-11）")
def transfers(
    period: str, at: At, unit: Annotated[str | None, typer.Option(help="单位编码")] = None
) -> None:
    """Publish R-11 of a period."""
    console.print(flow.publish_transfers(period, at, unit))


@app.command("changes", help="列出待复核的组织变动")
def changes() -> None:
    """List changes that wait for a second pair of eyes."""
    found = flow.waiting_changes()
    table = Table(*(found[0] if found else ["没有待复核的变动"]))
    for row in found:
        table.add_row(*(str(v) for v in row.values()))
    console.print(table)


By = Annotated[str, typer.Option(help="复核单位编码")]
Person = Annotated[str, typer.Option(help="复核人")]


@app.command("confirm-change", help="复核通过组织变动（须为申报单位的上级工会）")
def confirm_change(numbers: list[int], at: At, by: By, person: Person) -> None:
    """Put waiting changes in force."""
    console.print(f"已生效 {flow.confirm_changes(numbers, by, person, at)} 项")


@app.command("reject-change", help="复核退回组织变动")
def reject_change(
    numbers: list[int],
    at: At,
    by: By,
    person: Person,
    reason: Annotated[str, typer.Option(help="理由")],
) -> None:
    """Refuse waiting changes with a reason."""
    console.print(f"已退回 {flow.reject_changes(numbers, by, person, reason, at)} 项")


@app.command("withdraw-change", help="撤回所属期未关闭的组织变动")
def withdraw_change(
    numbers: list[int],
    at: At,
    by: Annotated[str, typer.Option(help="撤回单位和经办人")],
    reason: Annotated[str, typer.Option(help="理由")],
) -> None:
    """Undo changes whose period is still open."""
    console.print(f"已撤回 {flow.withdraw_changes(numbers, by, reason, at)} 项")
