"""Commands about reports, what stands behind their numbers, and handing them on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from definitions import Period
from expectations.findings import column_letters
from pipelines import flow
from pipelines.commands.edge import At, console
from pipelines.flow.ground import definitions, engine, moment

app = typer.Typer()


@app.command("trace", help="由一个数查到原始单元格")
def trace(
    indicator: str,
    organisation: str,
    period: str,
    at: At,
    line: Annotated[str, typer.Option(help="块 或 条")] = "块",
    limit: Annotated[int, typer.Option(help="最多列出多少个单元格")] = 40,
) -> None:
    """List the cells behind one figure as it stands at a moment."""
    from warehouse.lineage import cells_behind
    from warehouse.organisations import ids
    from warehouse.tables import LINES

    known = definitions()
    table = Table("项", "单位", "所属期", "文件", "工作表", "单元格", "数值")
    shown = total = 0
    with engine().begin() as connection:
        codes = {"0": 0, **ids(connection)}
        if indicator not in known.indicators:
            raise LookupError(f"没有编码为 {indicator} 的指标")
        if organisation not in codes:
            raise LookupError(f"工会组织编码 {organisation} 未登记")
        if line not in ("块", "条"):
            raise LookupError(f"统计线只有“块”和“条”，没有“{line}”")
        unit = codes[organisation]
        for cell in cells_behind(
            connection, known, indicator, unit, LINES[line], Period.parse(period), moment(at)
        ):
            total += 1
            if shown < limit:
                shown += 1
                table.add_row(
                    cell.side, cell.name, cell.period, cell.file_name, cell.sheet,
                    "、".join(f"{column_letters(c)}{cell.row}" for c in cell.columns),
                    str(cell.value),
                )  # fmt: skip
    console.print(f"{known.indicators[indicator].name}：{total} 个单元格")
    console.print(table)


@app.command(
    "report", help="生成并印发一种报告，如 report R-04 2017-03（数据质量通报）；R-01 为基层工会简式"
)
def report(
    code: str,
    period: str,
    at: At,
    unit: Annotated[str | None, typer.Option(help="单位编码，缺省为最上级")] = None,
    each: Annotated[bool, typer.Option("--each", help="给直接下级每个单位各出一份")] = False,
    by: Annotated[str, typer.Option(help="经办人")] = "system",
) -> None:
    """Publish a report of a unit and period."""
    if not each:
        console.print(flow.publish_report(code, period, at, unit, by))
        return
    made = flow.publish_reports_below(code, period, at, unit, by)
    console.print(f"共{len(made)}份")
    for one in made:
        console.print(f"{one['reference']}　{one['files'][0]}")


@app.command("walk", help="查数：由发布件中的一个数逐级查到单位、报表和单元格")
def walk(
    reference: Annotated[str, typer.Argument(help="本件编号，如 R01-7Q4ZK2XM")],
    number: Annotated[str, typer.Argument(help="数字编号，或“块/单位编码/2017/I-ORG-04”")],
    limit: Annotated[int, typer.Option(help="最多列出多少个单元格")] = 40,
) -> None:
    """Show one step of a walk down from a printed number."""
    from pipelines.publish.publication import clock

    step = flow.walk(reference, number)
    console.print(
        f"{step.title}：{step.unit_name} {step.period} {step.name}（{step.basis}）＝ {step.value}"
    )
    console.print(f"数据截止 {clock(step.cutoff)}；{step.rule}")
    parts = Table("组成", "数值", "继续查")
    for part in step.parts:
        parts.add_row(part.label, str(part.value), part.address)
    console.print(parts)
    cells = Table("单位", "所属期", "文件", "工作表", "单元格", "数值", "原件")
    for cell in step.cells[:limit]:
        cells.add_row(
            cell.unit_name, cell.period, cell.file_name, cell.sheet, "、".join(cell.cells),
            str(cell.adds), cell.sha256[:12],
        )  # fmt: skip
    console.print(f"共 {len(step.cells)} 处")
    console.print(cells)


@app.command("reproduce", help="按当时的数据、隶属关系和定义重做一个版次，逐字节核对")
def reproduce(publication: int) -> None:
    """Make an edition again and say whether every file is the same."""
    made = flow.reproduce(publication)
    for file in made.files:
        console.print(f"{'一致' if file.equal else '[red]不一致[/red]'}　{file.name}")
    if not made.equal:
        raise typer.Exit(1)


@app.command("pdf", help="取一个版次的 PDF；没有的，按当时数据现做并存档")
def pdf(
    publication: Annotated[str, typer.Argument(help="版次的序号，或本件编号如 R01-7Q4ZK2XM")],
    to: Annotated[Path, typer.Option(help="写到哪个文件夹")] = Path(),
) -> None:
    """Write the PDFs of an edition, made now where nobody has asked before."""
    which = int(publication) if publication.isdigit() else publication
    to.mkdir(parents=True, exist_ok=True)
    for name, content in flow.edition_pdf(which):
        (to / name).write_bytes(content)
        console.print(to / name)


@app.command(
    "compare", help="列出一个版次与现在相比有变化的数（考核、审计文书和通知书还有文件）和原因"
)
def compare(publication: int, at: At) -> None:
    """List every number of an edition, or file of a paper, that would be another now, and why."""
    from pipelines.flow.differences import PAPER

    table = Table("单位", "期间", "指标", "口径", "当时", "现在", "原因")
    found = flow.compare(publication, at)
    for d in found:
        why = "；".join(f"{r.kind}：{r.what}" for r in d.reasons[:3])
        more = f"等{len(d.reasons)}项" if len(d.reasons) > 3 else ""
        table.add_row(d.unit, d.period, d.indicator, d.basis, d.printed_then or "—",
                      d.printed_now or "—", why + more)  # fmt: skip
    papers = sum(d.source == PAPER for d in found)
    counts = f"有变化的数 {len(found) - papers} 个"
    console.print(f"{counts}，有变化的文件 {papers} 个" if papers else counts)
    console.print(table)


@app.command("withdraw", help="撤回已发布的版次：写明理由，文件移出发布目录，版次仍可查阅")
def withdraw(
    publication: Annotated[str, typer.Argument(help="版次的序号，或本件编号如 R01-7Q4ZK2XM")],
    by: Annotated[str, typer.Option(help="经办人")],
    reason: Annotated[str, typer.Option(help="撤回理由")],
    at: At,
) -> None:
    """Take a published edition back."""
    which = int(publication) if publication.isdigit() else publication
    done = flow.withdraw_edition(which, by=by, reason=reason, at=at)
    console.print(f"已撤回“{done.title}”第{done.edition}版，移出文件 {len(done.removed)} 个")
    if done.delivered:
        console.print(f"此前已分发 {done.delivered} 处，请另行通知收回")


@app.command("download", help="下载合并数据：xlsx、CSV、Parquet 各一份")
def download(
    form: str,
    first: str,
    last: str,
    to: Path,
    at: At,
    line: Annotated[str, typer.Option(help="块 或 条")] = "块",
    unit: Annotated[str | None, typer.Option(help="只取某单位的下级")] = None,
    level: Annotated[str | None, typer.Option(help="只取某层级，如 基层")] = None,
) -> None:
    """Write the rows of a form over a span of periods."""
    from pipelines.flow.downloading import write_download

    made = flow.download(form, first, last, at, line=line, unit=unit, level=level)
    for path in write_download(made, to):
        console.print(path)
    console.print(f"{made.rows} 行，{made.units} 家单位")


@app.command("deliver", help="分发已发布的版次：文件夹、对象存储、分发名单")
def deliver(
    publication: Annotated[str, typer.Argument(help="版次的序号，或本件编号如 R01-7Q4ZK2XM")],
    at: At,
    folder: Annotated[str | None, typer.Option(help="放到哪个文件夹")] = None,
    bucket: Annotated[str | None, typer.Option(help="放到哪个存储桶")] = None,
    to_list: Annotated[str | None, typer.Option("--list", help="发给哪个分发名单")] = None,
    notices: Annotated[
        bool, typer.Option("--notices", help="只发给单位的通知书也放入文件夹或存储桶")
    ] = False,
    by: Annotated[str, typer.Option(help="经办人")] = "system",
) -> None:
    """Hand a published edition on."""
    which = int(publication) if publication.isdigit() else publication
    done = flow.deliver(
        which, at, folder=folder, bucket=bucket, to_list=to_list, notices=notices, by=by
    )
    for one in done:
        console.print(f"{one.channel} {one.target}：{len(one.handed)} 件")
    if not done:
        console.print("都已分发过，没有再发")


@app.command("site", help="把一年的发布件写成可从U盘打开的网页")
def site(
    year: int,
    to: Path,
    at: At,
    notices: Annotated[bool, typer.Option("--notices", help="连同只发给单位的通知书")] = False,
) -> None:
    """Write a year's publications as a static site."""
    made = flow.write_site(year, str(to), at, notices=notices)
    console.print(f"{made['publications']} 件、{made['files']} 个文件，请打开 {made['index']}")


@app.command("bi-views", help="建立或更新供报表工具读取的只读视图（reports）")
def bi_views() -> None:
    """Create the views of the schema reports."""
    from pipelines.flow.bi_views import renew_views

    console.print(f"已建立 {len(renew_views())} 个视图")
