"""Commands about distribution lists: whom publications are mailed to."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from pipelines.commands.edge import At, console
from pipelines.flow.ground import engine, moment

app = typer.Typer()
lists = typer.Typer(help="分发名单：已发布的文件用邮件发给谁")
app.add_typer(lists, name="lists")

By = Annotated[str, typer.Option(help="经办人")]
Name = Annotated[str, typer.Argument(help="名单名称")]


@lists.command("show", help="列出分发名单；写明名称的列出其中各个地址")
def show(name: Annotated[str | None, typer.Argument(help="名单名称")] = None) -> None:
    """Lists that stand, or the addresses of one."""
    from warehouse import distribution

    with engine().connect() as connection:
        if name is None:
            table = Table("名单", "所属单位", "地址", "建立")
            for one in distribution.lists(connection):
                made = f"{one.created_at:%Y-%m-%d} {one.created_by}"
                table.add_row(one.name, one.org, str(len(one.members)), made)
        else:
            table = Table("序号", "部门或人员", "地址", "加入")
            for m in distribution.named(connection, name).members:
                table.add_row(str(m.id), m.whom, m.address, f"{m.added_at:%Y-%m-%d} {m.added_by}")
    console.print(table)


@lists.command("make", help="建立一个分发名单")
def make(
    name: Name,
    unit: Annotated[str, typer.Option(help="是哪个单位的名单；通知书只发被通知单位自己的名单")],
    by: By,
    at: At,
) -> None:
    """A new, empty list."""
    from warehouse import distribution

    with engine().begin() as connection:
        distribution.make(connection, name, unit, moment(at), by)
    console.print(f"已建立分发名单“{name}”")


@lists.command("add", help="把一个地址加入名单")
def add(
    name: Name,
    address: Annotated[str, typer.Argument(help="邮件地址")],
    whom: Annotated[str, typer.Option(help="是哪个部门或哪位同志")],
    by: By,
    at: At,
) -> None:
    """Put an address on a list."""
    from warehouse import distribution

    with engine().begin() as connection:
        number = distribution.named(connection, name).id
        added = distribution.add(connection, number, [(whom, address)], moment(at), by)
    console.print(f"已加入“{name}”" if added else f"{address} 原已在“{name}”中")


@lists.command("remove", help="把一个地址移出名单")
def remove(
    name: Name,
    address: Annotated[str, typer.Argument(help="邮件地址")],
    by: By,
    at: At,
) -> None:
    """Take an address off a list."""
    from warehouse import distribution
    from warehouse.contacts import MAIL, normal

    with engine().begin() as connection:
        one = distribution.named(connection, name)
        wanted = normal(MAIL, address)
        member = next((m.id for m in one.members if m.address == wanted), 0)
        distribution.remove(connection, one.id, member, moment(at), by)
    console.print(f"已把 {wanted} 移出“{name}”")


@lists.command("rename", help="更改名单名称")
def rename(name: Name, to: Annotated[str, typer.Argument(help="新名称")], by: By, at: At) -> None:
    """Call a list otherwise."""
    from warehouse import distribution

    with engine().begin() as connection:
        number = distribution.named(connection, name).id
        distribution.rename(connection, number, to, moment(at), by)
    console.print(f"“{name}”已改名“{to}”")


@lists.command("end", help="停用一个名单；分发记录仍在")
def end(name: Name, by: By, at: At) -> None:
    """Nothing more is sent to a list."""
    from warehouse import distribution

    with engine().begin() as connection:
        distribution.end(connection, distribution.named(connection, name).id, moment(at), by)
    console.print(f"已停用“{name}”")
