"""Commands of a period's close and a year's assessment."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pipelines import flow
from pipelines.commands.edge import At, a_day, console
from pipelines.flow.ground import engine, moment

app = typer.Typer()


@app.command("close", help="关闭一个月份：汇总、通报、合并报表")
def close(period: str, at: At) -> None:
    """Roll a month up and publish what belongs to it."""
    console.print(flow.close_period(period, at))


@app.command("windows", help="查看一期各表的报送、锁定时间和状态，以及重开记录")
def windows_(period: str, at: At) -> None:
    """Show where every form of a period stands on a day."""
    forms, orders = flow.period_states(period, at)
    if not forms:
        raise LookupError(f"{period} 没有开启过")
    table = Table("表号", "表名", "状态", "报送截止", "锁定", "应报", "及时得分（平均）")
    for f in forms:
        mean = "—" if f.mean_mark is None else f"{f.mean_mark:.1f}"
        table.add_row(
            f.form, f.title, f.state.value, str(f.window.days.due), str(f.window.days.lock),
            str(f.on_roster), mean,
        )  # fmt: skip
    console.print(table)
    for o in orders:
        scope = "、".join(o.forms) or "全部报表"
        whom = "、".join(o.organisations) or "全部单位"
        over = f"，已于 {o.ended:%Y-%m-%d} 提前锁定" if o.ended else ""
        console.print(
            f"重开 {o.id}：{scope}；{whom}；至 {o.until}{over}；{o.reason}（{o.document}，"
            f"{o.requested_by} 申请，{o.approved_by} 批准）"
        )


@app.command("reopen", help="锁定后重开一期：写明原因、文号、范围和截止日，到期自动锁定")
def reopen(
    period: str,
    until: Annotated[str, typer.Option(help="重开到哪一天为止，如 2017-05-10", callback=a_day)],
    reason: Annotated[str, typer.Option(help="为什么重开")],
    document: Annotated[str, typer.Option(help="批准文号")],
    requested_by: Annotated[str, typer.Option(help="申请人")],
    approved_by: Annotated[str, typer.Option(help="批准人，不能与申请人相同")],
    at: At,
    form: Annotated[list[str] | None, typer.Option(help="限于哪张表，可写多次；缺省为全部")] = None,
    organisation: Annotated[
        list[str] | None, typer.Option(help="限于哪个单位（含其下级），可写多次；缺省为全部")
    ] = None,
) -> None:
    """Open a locked period again by a correction order."""
    order = flow.reopen_period(
        period,
        until=until,
        reason=reason,
        document=document,
        requested_by=requested_by,
        approved_by=approved_by,
        at=at,
        forms=form or (),
        organisations=organisation or (),
    )
    console.print(f"已重开 {period}，编号 {order}；{until} 之后自动锁定")


@app.command("relock", help="提前结束一次重开")
def relock(order: int, by: Annotated[str, typer.Option(help="经办人")], at: At) -> None:
    """End a reopening before its last day."""
    flow.relock_period(order, by, at)
    console.print(f"编号 {order} 的重开已结束")


@app.command("assess", help="年度考核：全部方案，或 --scheme 指定的一个")
def assess(year: int, at: At, scheme: str = "") -> None:
    """Score a year and write the assessment books."""
    console.print(flow.assess(year, at, scheme))


@app.command("veto", help="登记一票否决（须有文号）")
def veto(organisation: str, year: int, code: str, title: str, document: str, at: At) -> None:
    """Enter a one-vote veto with its document."""
    from warehouse.vetoes import enter_veto

    with engine().begin() as connection:
        enter_veto(
            connection,
            organisation,
            year,
            code,
            title,
            document,
            actor="命令行",
            at=moment(at),
        )
    console.print(f"已登记：{organisation} {year} {title}（{document}）")


@app.command("waiting", help="待核实清单：关账核对发现、尚未说明或更正的问题")
def waiting(
    at: At, period: Annotated[str | None, typer.Option(help="只看一期，如 2017-03")] = None
) -> None:
    """List what was found at the close and waits, oldest and gravest first."""
    table = Table("等级", "填报单位", "表", "所属期", "工作表", "单元格", "问题", "答复期限")
    for item in flow.waiting_findings(at, period):
        table.add_row(
            item.severity, item.reporter_name, item.form, item.period, item.sheet, item.cell,
            f"{item.message}（{item.rule}）", item.due.isoformat(),
        )  # fmt: skip
    console.print(f"待核实 {table.row_count} 处")
    console.print(table)
