"""Commands that keep the system: backups, checks, and pages made from the definitions."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.commands.edge import At, console
from pipelines.flow.ground import definitions, engine, moment

app = typer.Typer()


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
