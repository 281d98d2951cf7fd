"""考核年度命令: the steps of an assessment year by hand, what-if, papers and rectification."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from pipelines.commands.edge import At, a_day, a_moment, console

if TYPE_CHECKING:
    from warehouse.life_cycle import Actor

app = typer.Typer(help="年度考核：过程、试算、印发和整改", no_args_is_help=True)

By = Annotated[str, typer.Option(help="经办人")]
Why = Annotated[str, typer.Option(help="事由")]
Document = Annotated[str, typer.Option(help="文号（会议纪要或批准文件）")]


def _who(name: str) -> Actor:
    """An operator, who has no account of the portal."""
    from warehouse.life_cycle import Actor

    return Actor(name)


@app.command("show", help="查看一个年度各方案考核到了哪一步")
def show(year: int, at: At) -> None:
    """List the rounds of a year with what is next."""
    from pipelines.flow.assessing_year import assessment_states

    table = Table("方案", "阶段", "版次", "数据截止", "申诉", "下一步")
    for state in assessment_states(year, at):
        one = state.round
        waiting = sum(a.outcome is None for a in state.appeals)
        table.add_row(
            f"{one.scheme} {state.title}",
            one.stage + (f"（至{one.until}）" if one.until else ""),
            str(one.edition or "—"),
            f"{one.cutoff:%Y-%m-%d %H:%M}" if one.cutoff else "—",
            f"{len(state.appeals)} 件，待答复 {waiting} 件",
            "、".join(s.name for s in state.next_steps) or "—",
        )
    console.print(table)


@app.command("start", help="启动一个方案的年度考核（自评）")
def start(scheme: str, year: int, by: By, reason: Why, at: At) -> None:
    """Begin a round."""
    from pipelines.flow.assessing_year import start_assessment

    console.print(
        f"已启动，现为“{start_assessment(scheme, year, by=_who(by), reason=reason, at=at)}”阶段"
    )


@app.command("compute", help="按截止时间的上报数据核算，形成第一版结果")
def compute(
    scheme: str,
    year: int,
    by: By,
    reason: Why,
    at: At,
    cutoff: Annotated[
        str, typer.Option(help="数据截止时间，缺省为办理时间", callback=a_moment)
    ] = "",
) -> None:
    """Compute marks."""
    from pipelines.flow.assessing_year import compute_marks

    number = compute_marks(scheme, year, by=_who(by), reason=reason, at=at, cutoff=cutoff)
    console.print(f"第 {number} 版结果已留存")


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Lines of a CSV file; LookupError in Chinese where it is no UTF-8 or lacks a column."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            rows, heads = list(lines), lines.fieldnames or []
    except UnicodeDecodeError as error:
        raise LookupError(f"{path.name} 不是 UTF-8 编码，请另存为“CSV UTF-8”再用") from error
    lacking = [c for c in columns if c not in heads]
    if lacking:
        raise LookupError(f"{path.name} 缺少列：{'、'.join(lacking)}")
    return rows


def _count(written: str) -> int:
    if not (written or "").strip().isdecimal():
        raise LookupError(f"“{written}”不是人数")
    return int(written)


@app.command("open-rating", help="开始群众评价；CSV 列：单位编码、评价主体、应评人数")
def open_rating_(
    scheme: str,
    year: int,
    opens_on: Annotated[str, typer.Argument(callback=a_day)],
    closes_on: Annotated[str, typer.Argument(callback=a_day)],
    by: By,
    reason: Why,
    at: At,
    electorates: Annotated[Path | None, typer.Option(help="应评人数表（CSV）")] = None,
) -> None:
    """Open the ratings with how many may rate."""
    from pipelines.flow.assessment_entries import open_rating

    rows = _rows(electorates, ("单位编码", "评价主体", "应评人数")) if electorates else []
    given = {(r["单位编码"], r["评价主体"]): _count(r["应评人数"]) for r in rows}
    open_rating(
        scheme, year, opens_on=opens_on, closes_on=closes_on, electorates=given, by=_who(by),
        reason=reason, at=at,
    )  # fmt: skip
    console.print(f"群众评价 {opens_on} 至 {closes_on}，安排 {len(given)} 方评价")


@app.command("close-rating", help="结束群众评价，转入考评组评分")
def close_rating_(
    scheme: str, year: int, by: By, reason: Why, at: At, document: Document = ""
) -> None:
    """Go on to the marks of assessors."""
    from pipelines.flow.assessment_entries import close_rating

    close_rating(scheme, year, by=_who(by), reason=reason, at=at, document=document)
    console.print("已转入考评组评分")


@app.command("review", help="提交联合会审")
def review(scheme: str, year: int, by: By, reason: Why, at: At) -> None:
    """Hand over to the joint review."""
    from pipelines.flow.assessing_year import submit_to_review

    number = submit_to_review(scheme, year, by=_who(by), reason=reason, at=at)
    console.print(f"第 {number} 版结果已提交会审")


@app.command("draw", help="按公开的种子抽取现场核查单位")
def draw(scheme: str, year: int, seed: str, by: By, reason: Why, at: At) -> None:
    """Draw the sample."""
    from pipelines.flow.assessment_entries import draw_sample

    drawn = draw_sample(scheme, year, seed=seed, by=_who(by), reason=reason, at=at)
    console.print(f"抽中 {len(drawn)} 家：{'、'.join(drawn)}")


@app.command("notify", help="公示")
def notify(scheme: str, year: int, by: By, reason: Why, at: At, document: Document = "") -> None:
    """Publish for objections."""
    from pipelines.flow.assessing_year import give_notice

    number, until = give_notice(scheme, year, by=_who(by), reason=reason, at=at, document=document)
    console.print(f"第 {number} 版结果公示至 {until}")


@app.command("finalise", help="审定")
def finalise_(scheme: str, year: int, by: By, reason: Why, document: Document, at: At) -> None:
    """Make the result final."""
    from pipelines.flow.assessing_year import finalise

    number = finalise(scheme, year, by=_who(by), reason=reason, document=document, at=at)
    console.print(f"第 {number} 版结果已审定")


@app.command("what-if", help="试算：换一种方案再算一遍，不影响正式结果")
def what_if_(
    scheme: str,
    year: int,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="改动，如 blocks.targets.weight=60")
    ] = None,
    file: Annotated[str, typer.Option(help="改动后的方案文件（YAML）")] = "",
) -> None:
    """Score under a changed scheme; who moves and why."""
    from pipelines.flow.trying import as_text, what_if

    overrides = dict(_setting(c) for c in change or ())
    console.print(as_text(what_if(scheme, year, overrides=overrides, file=file)), markup=False)


def _setting(text: str) -> tuple[str, Any]:
    path, sign, value = text.partition("=")
    if not sign:
        raise LookupError(f"改动须写成“设置=数值”：{text}")
    return path.strip(), value.strip()


@app.command("rerun", help="按原截止时间重算一版结果，并与现时数据对照")
def rerun_(
    scheme: str,
    year: int,
    at: At,
    number: Annotated[int | None, typer.Option(help="第几版，缺省为最新")] = None,
) -> None:
    """Score an edition again; beside it the view of today."""
    from pipelines.flow.trying import as_text, rerun

    found = rerun(scheme, year, at=at, number=number)
    same = "与留存结果逐字节一致" if found.identical else "与留存结果不一致"
    console.print(f"第 {found.edition.number} 版重算{same}，摘要 {found.digest[:16]}")
    console.print(as_text(found.today), markup=False)
    for line in found.inputs_changed:
        console.print(f"  {line}", markup=False)


@app.command("book", help="编印考核结果汇编（R-02）和通知单")
def book(
    scheme: str,
    year: int,
    by: By,
    at: At,
    letter: Annotated[str, typer.Option(help="通知单文号，{n} 为序号；缺省不印通知单")] = "",
) -> None:
    """Print the book and the letters."""
    from pipelines.flow.assessment_book import publish_book

    console.print(publish_book(scheme, year, by=by, at=at, letter=letter))


@app.command("consequences", help="按审定结果落实结果运用，印发经费与结果运用说明（R-08）")
def consequences(
    scheme: str,
    year: int,
    by: By,
    document: Document,
    at: At,
    pool: Annotated[int | None, typer.Option(help="经费总额（元），缺省不限")] = None,
) -> None:
    """Decide what follows, and print the note."""
    from pipelines.flow.assessment_papers import publish_funding_note
    from pipelines.flow.consequences import decide_consequences

    for one in decide_consequences(scheme, year, document=document, by=_who(by), at=at):
        console.print(f"{one.unit} {one.kind}：{one.content}", markup=False)
    console.print(publish_funding_note(scheme, year, document=document, by=by, at=at, pool=pool))


@app.command("rectifications", help="整改清单：期限、状态、还剩几天")
def rectifications(at: At) -> None:
    """List what is to be put right."""
    from pipelines.flow.consequences import open_rectifications

    table = Table("编号", "单位", "来源", "事项", "期限", "状态", "剩余天数")
    for one in open_rectifications(at):
        table.add_row(
            str(one.number), one.name, one.source, one.matter, str(one.due_on), one.state,
            str(one.days_left),
        )  # fmt: skip
    console.print(table)


@app.command("rectify", help="登记整改：报送结果、退回重办、验收销号")
def rectify(
    number: int,
    kind: str,
    words: str,
    on: Annotated[str, typer.Option(help="办理日期", callback=a_day)],
    by: By,
    at: At,
    evidence: Annotated[str, typer.Option(help="佐证材料")] = "",
) -> None:
    """Keep what was done about a rectification."""
    from pipelines.flow.consequences import record_rectification

    record_rectification(
        number, kind, words=words, evidence=evidence, happened_on=on, by=_who(by), at=at
    )
    console.print(f"整改事项 {number} 已登记“{kind}”")


@app.command("notices", help="印发通知书（R-07）：整改和督办，以及到期应发的各种通知书")
def notices(
    by: By,
    at: At,
    office: Annotated[
        str, typer.Argument(help="答复报送到哪个部门，缺省按参数 notice_offices")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option(help="只发一种：审计通知书、诉求超期督办、代表资格取消告知等，可重复"),
    ] = None,
    number: Annotated[str, typer.Option(help="发文字号，{n} 为序号；缺省留空待填")] = "",
    first: Annotated[int, typer.Option(help="序号从几起")] = 1,
) -> None:
    """Print what is due and was not printed yet."""
    from pipelines.flow.notices import publish_due_notices
    from pipelines.flow.rectification_notices import publish_notices

    if not kind:
        console.print(publish_notices(office=office, by=by, at=at))
    console.print(
        publish_due_notices(kind or (), office=office, by=by, at=at, number=number, first=first)
    )


@app.command("stars", help="印发星级职工之家名单（R-06）")
def stars(scheme: str, year: int, by: By, document: Document, at: At) -> None:
    """Print the list of star homes."""
    from pipelines.flow.assessment_papers import publish_star_list

    console.print(publish_star_list(scheme, year, document=document, by=by, at=at))


@app.command("audit-reports", help="印发经费绩效审计报告（R-05）")
def audit_reports(
    year: int, committee: Annotated[str, typer.Argument(help="审计机构全称")], by: By, at: At
) -> None:
    """Print the report of every audit of a year's funds that has a mark."""
    from pipelines.flow.audit_papers import publish_audit_reports

    console.print(publish_audit_reports(year, committee=committee, by=by, at=at))
