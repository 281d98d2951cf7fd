"""命令行: the same steps by hand. The clock is read here, at the edge, and nowhere below."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from definitions import DefinitionsInvalid, Period
from expectations.findings import column_letters
from pipelines import assessment_commands, correction_commands, flow, submission_commands
from pipelines.command_line import At, console
from pipelines.flow.ground import definitions, engine, moment

app = typer.Typer(help="工会报表：收件、校验、汇总、考核与发布", no_args_is_help=True)
USER_ERROR = 2


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
    until: Annotated[str, typer.Option(help="重开到哪一天为止，如 2017-05-10")],
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


@app.command("transfers", help="组织关系变动与可比口径说明（R-11）")
def transfers(
    period: str, at: At, unit: Annotated[str | None, typer.Option(help="单位编码")] = None
) -> None:
    """Publish R-11 of a period."""
    console.print(flow.publish_transfers(period, at, unit))


@app.command("report", help="生成并印发一种报告，如 report R-04 2017-03（数据质量通报）")
def report(
    code: str,
    period: str,
    at: At,
    unit: Annotated[str | None, typer.Option(help="单位编码，缺省为最上级")] = None,
    by: Annotated[str, typer.Option(help="经办人")] = "system",
) -> None:
    """Publish a report of a unit and period."""
    console.print(flow.publish_report(code, period, at, unit, by))


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


@app.command("mechanisms", help="五篇文章的工作机制对照表：报表、指标、规则、报告和证明它的测试")
def mechanisms(
    out: Annotated[Path | None, typer.Option(help="写成 CSV 文件；缺省为显示在屏幕上")] = None,
) -> None:
    """Print or write what carries each mechanism, and the tests that prove it."""
    from pipelines.handbook.mechanism_table import HEADERS, mechanism_rows

    rows = mechanism_rows(definitions())
    if out is not None:
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([HEADERS, *rows])
        console.print(f"{len(rows)} 项机制已写入 {out}")
        return
    table = Table(*HEADERS, show_lines=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"共 {len(rows)} 项机制")


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


@app.command("compare", help="列出一个版次与现在相比有变化的数和原因")
def compare(publication: int, at: At) -> None:
    """List every number of an edition that would be another now, and why."""
    table = Table("单位", "期间", "指标", "口径", "当时", "现在", "原因")
    for d in flow.compare(publication, at):
        why = "；".join(f"{r.kind}：{r.what}" for r in d.reasons[:3])
        more = f"等{len(d.reasons)}项" if len(d.reasons) > 3 else ""
        table.add_row(d.unit, d.period, d.indicator, d.basis, d.printed_then or "—",
                      d.printed_now or "—", why + more)  # fmt: skip
    console.print(f"有变化的数 {table.row_count} 个")
    console.print(table)


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


@app.command("deliver", help="分发已发布的版次：文件夹、对象存储、邮件")
def deliver(
    publication: int,
    at: At,
    folder: Annotated[str | None, typer.Option(help="放到哪个文件夹")] = None,
    bucket: Annotated[str | None, typer.Option(help="放到哪个存储桶")] = None,
    mail: Annotated[list[str] | None, typer.Option(help="发给谁，可写多次")] = None,
    list_name: Annotated[str, typer.Option(help="分发名单的名称")] = "",
) -> None:
    """Hand a published edition on."""
    done = flow.deliver(
        publication, at, folder=folder, bucket=bucket, mail_to=mail or (), list_name=list_name
    )
    for one in done:
        console.print(f"{one.channel} {one.target}：{len(one.handed)} 件")


@app.command("site", help="把一年的发布件写成可从U盘打开的网页")
def site(year: int, to: Path, at: At) -> None:
    """Write a year's publications as a static site."""
    made = flow.write_site(year, str(to), at)
    console.print(f"{made['publications']} 件、{made['files']} 个文件，请打开 {made['index']}")


@app.command("bi-views", help="建立或更新供报表工具读取的只读视图（reports）")
def bi_views() -> None:
    """Create the views of the schema reports."""
    from warehouse.bi import create_views

    with engine().begin() as connection:
        made = create_views(connection, definitions())
    console.print(f"已建立 {len(made)} 个视图")


@app.command("backup", help="备份数据库和全部原件到一个文件夹")
def backup(
    folder: Path,
    with_key: Annotated[bool, typer.Option(help="连同数据密钥（须另行妥善保管）")] = False,
) -> None:
    """Write a backup."""
    from warehouse.backup import backup as write

    made = write(folder, with_key=with_key)
    console.print(f"数据库 {made.dump_bytes:,} 字节，原件 {made.originals} 份，已写入 {folder}")


@app.command("restore", help="把备份恢复到新装的系统")
def restore(folder: Path) -> None:
    """Restore a backup into an empty installation."""
    from warehouse.backup import restore as read

    made = read(folder)
    console.print(f"已恢复：数据库 {made.dump_bytes:,} 字节，原件 {made.originals} 份")


@app.command("handbook", help="由定义文件生成填报手册（静态网页，可打印）")
def handbook(
    out: Annotated[Path, typer.Option(help="写到哪个文件夹")],
    at: At,
    year: Annotated[int | None, typer.Option(help="报送日历的年份，缺省为当年")] = None,
    pictures: Annotated[bool, typer.Option(help="是否生成填写样例图（需要 LibreOffice）")] = True,
) -> None:
    """Write the handbook as a static site."""
    from pipelines.flow.handbook import write_handbook

    made = write_handbook(str(out), year or moment(at).year, pictures)
    console.print(
        f"已生成 {made['pages']} 页、{made['pictures']} 幅样图，请打开 {out / 'index.html'}"
    )


@app.command("verify", help="检查日志链、原件与数据摘要")
def verify() -> None:
    """Audit chain, originals and content digest."""
    from sqlalchemy import text

    from pipelines.places import places
    from warehouse import audit
    from warehouse.engine import sql

    with engine().connect() as connection:
        broken = audit.first_broken(connection)
        hashes = connection.execute(text("SELECT DISTINCT sha256 FROM receipt")).scalars().all()
        digest = connection.execute(text(sql("content_digest"))).one()
    for sha256 in hashes:
        places().originals.get(sha256)
    console.print(f"原件 {len(hashes)} 份完好；数据行 {digest.lines}，摘要 {digest.digest}")
    if broken is not None:
        console.print(f"[red]日志自第 {broken} 条起被改动[/red]")
        raise typer.Exit(1)


app.add_typer(submission_commands.app)
app.add_typer(correction_commands.app)
app.add_typer(assessment_commands.app, name="assessment")


def main() -> None:
    """A user error is one Chinese sentence and exit code 2; anything else keeps its traceback."""
    try:
        app()
    except DefinitionsInvalid as error:
        console.print(f"[red]定义文件有 {len(error.mistakes)} 处错误，未做任何处理：[/red]")
        console.print(str(error))
        sys.exit(USER_ERROR)
    except (LookupError, FileNotFoundError) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
