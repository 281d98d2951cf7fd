"""命令行：更正——数字建议与确认、格式订正与预览、锁定后更正的影响说明。"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.commands.edge import At, console
from pipelines.flow.handling import Actor

app = typer.Typer()

By = Annotated[str, typer.Option(help="经办人姓名")]
For = Annotated[str, typer.Option("--for", help="以哪个工会的身份办理（编码）")]
Reason = Annotated[str, typer.Option(help="理由")]


@app.command("propose", help="对一份报送提出更正建议，由填报单位确认后生效")
def propose(
    number: int,
    cell: Annotated[list[str], typer.Option(help="工作表!单元格=新值，可写多次")],
    reason: Reason,
    by: By,
    for_: For,
    at: At,
) -> None:
    """Propose values for cells; first shows what would be found with them."""
    from pipelines.flow.correcting import NewCell, propose_correction, try_correction

    cells = []
    for one in cell:
        place, found, value = one.partition("=")
        sheet, there, address = place.rpartition("!")
        if not (found and there):
            raise LookupError(f"“{one}”应写成 工作表!单元格=新值")
        cells.append(NewCell(sheet, address, value, reason))
    actor = Actor(by, for_)
    trial = try_correction(number, cells, actor, at)
    for finding in trial.findings:
        console.print(f"{finding.severity} {finding.sheet} {finding.cell} {finding.message}")
    made = propose_correction(number, cells, reason, actor, at)
    console.print(f"更正建议 {made} 已提出，试算结果：{trial.verdict}")


@app.command("corrections", help="列出等单位确认的更正建议")
def corrections(
    unit: Annotated[list[str] | None, typer.Option(help="只看哪些单位")] = None,
) -> None:
    """List proposals that wait for their units."""
    from pipelines.flow.correcting import waiting_corrections

    table = Table("编号", "报送", "单位", "所属期", "单元格", "理由", "提出人")
    for one in waiting_corrections(unit):
        where = "、".join(f"{s}!{c}" for s, c, _ in one.cells)
        table.add_row(
            str(one.id), str(one.submission), one.reporter or "", one.period or "", where,
            one.reason, one.proposed_by,
        )  # fmt: skip
    console.print(table)


@app.command("confirm", help="填报单位确认一条更正建议，成为新版本")
def confirm(number: int, by: By, for_: For, at: At) -> None:
    """Confirm a proposal."""
    from pipelines.flow.correcting import decide_correction

    receipt = decide_correction(number, True, Actor(by, for_), at)
    console.print(f"已确认，回执 {receipt:06d}")


@app.command("decline", help="填报单位不同意一条更正建议")
def decline(number: int, reason: Reason, by: By, for_: For, at: At) -> None:
    """Decline a proposal with a reason."""
    from pipelines.flow.correcting import decide_correction

    decide_correction(number, False, Actor(by, for_), at, reason=reason)
    console.print("已回复不同意")


@app.command("mend", help="订正写法：一个表头、计量单位或工作表名，先预览，--make 才生效")
def mend(
    kind: Annotated[str, typer.Argument(help="heading 表头、unit 计量单位、sheet 工作表名")],
    form: Annotated[str, typer.Argument(help="表号")],
    written: Annotated[str, typer.Argument(help="报表里是怎样写的，如 在册会员、万元")],
    since: Annotated[str, typer.Option(help="从哪一期起")],
    reason: Reason,
    by: By,
    for_: For,
    at: At,
    column: Annotated[str | None, typer.Option(help="哪一栏（字段名）；单位可不写")] = None,
    unit: Annotated[list[str] | None, typer.Option(help="限于哪些单位；缺省为全部")] = None,
    until: Annotated[str | None, typer.Option(help="到哪一期止")] = None,
    make: Annotated[bool, typer.Option(help="保存规则并按它重读原件")] = False,
) -> None:
    """Show what a mend would change; with --make keep it and read the originals again."""
    from pipelines.flow.correcting import make_mend, preview_mend
    from warehouse.mends import Mend

    if kind not in ("heading", "unit", "sheet"):
        raise LookupError(f"没有“{kind}”这种订正")
    rule = Mend(kind, form, written, column, tuple(unit or ()), since, until, reason)  # type: ignore[arg-type]
    table = Table("报送", "单位", "原结论", "新结论", "消除的问题", "新出现的问题", "变动的格数")
    for one in preview_mend(rule, at):
        table.add_row(
            str(one.submission), one.reporter or "", one.before, one.after,
            str(len(one.gone)), str(len(one.new)), str(one.cells),
        )  # fmt: skip
    console.print(table)
    if make:
        number, again = make_mend(rule, Actor(by, for_), at)
        console.print(f"订正规则 {number} 已生效，重读 {len(again)} 份原件")


@app.command("end-mend", help="停用一条订正规则；已按它读的不变")
def end_mend(number: int, by: By, at: At) -> None:
    """End a mend."""
    from pipelines.flow.correcting import end_mend as end

    end(number, Actor(by), at)
    console.print(f"订正规则 {number} 已停用")


@app.command("impact", help="锁定后更正的影响说明：已公布的数、得分、名次哪些会变（只试算）")
def impact(
    at: At,
    file: Annotated[Path | None, typer.Option(help="更正后的文件")] = None,
    sender: Annotated[str, typer.Option(help="填报单位编码")] = "",
    correction: Annotated[int | None, typer.Option(help="或：更正建议的编号")] = None,
    by: By = "命令行",
) -> None:
    """Tell what a late correction would move."""
    from pipelines.flow.impact import impact_of_correction, impact_of_file

    if correction is not None:
        told = impact_of_correction(correction, Actor(by), at)
    elif file is not None:
        told = impact_of_file(file.name, file.read_bytes(), sender, at)
    else:
        raise LookupError("请写明 --file 或 --correction")
    console.print(f"{'重大' if told.material else '非重大'}：{told.because}")
    figures = Table("指标", "单位", "所属期", "口径", "现在", "更正后", "已公布于")
    for one in told.figures:
        figures.add_row(
            one.indicator, one.unit, one.period, one.basis, str(one.before), str(one.after),
            "；".join(one.printed),
        )  # fmt: skip
    console.print(figures)
    marks = Table("考核", "年度", "单位", "总分", "等次", "名次")
    for mark in told.marks:
        marks.add_row(
            mark.scheme, str(mark.year), mark.unit,
            *(f"{a} → {b}" for a, b in (mark.total, mark.grade, mark.rank)),
        )  # fmt: skip
    console.print(marks)
