"""Tables of the review by kind: stations by type, contracts by kind and scope, relief by cause.

Each cell is an indicator of the review's own, made from the code lists of the forms, so that it is
added up, compared, walked and made again like any other; it is kept with no computation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from pipelines.figures import BLOCK, Figure
from pipelines.publish.content import Column, Inline, Table
from pipelines.publish.outline import PARTS
from pipelines.publish.report_count import report_count
from pipelines.publish.sheets import Book, Field
from pipelines.publish.sides import sides
from pipelines.publish.telling import NONE, Teller

REPORT = "R-01"
TOTAL = "合计"
_ACCOUNT = 3
"""Digits of an account; its parts have more."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What is told of every kind: a number of rows, or a column added up.

    `take`, `dated`, `distinct` and `where` are those of a measure; `decimals` of the unit as
    printed. A total has to be what the catalogue's indicator of the same thing is.
    """

    name: str
    unit: str
    column: str = ""
    take: str = "flow"
    dated: str = ""
    distinct: str = ""
    where: str = ""
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class ByKind:
    """A table of a section: the kinds in a column of a form, or columns that are kinds themselves.

    `kind` is a column with a code list, or with a `chart`: a dated parameter that names its codes,
    of which accounts that begin with `starts` are taken.
    `added` tells whether kinds may be added up; where one thing is in several kinds they may not.
    `tells` are indicators of the catalogue that its total is: they need no row elsewhere.
    """

    code: str
    title: str
    head: str
    form: str
    amounts: tuple[Amount, ...]
    kind: str = ""
    chart: str = ""
    starts: str = ""
    columns: tuple[str, ...] = ()
    where: str = ""
    added: bool = True
    tells: tuple[str, ...] = ()
    note: str = ""

    @property
    def condition(self) -> str:
        """Which rows of the form are in the table at all; empty for all of them."""
        if not self.starts:
            return self.where
        return f"starts_with({self.kind}, '{self.starts}') and length({self.kind}) == {_ACCOUNT}"


_IN_USE = "status == '在用'"
_OPEN = "(blank(exit_date) or exit_date > period.end)"
_VALID = "signed_on <= period.end and valid_to >= period.end"
_CONTRACTS = (
    Amount("有效合同", "份", take="standing"),
    Amount("覆盖企业", "家", "enterprises", "standing"),
    Amount("覆盖职工", "人", "workers", "standing"),
)
_ACCOUNTS = (
    Amount("决算", "元", "final", decimals=2),
    Amount("预算", "元", "budget", decimals=2),
)
_HOUSEHOLDS = (Amount("在档困难职工", "户", take="standing"),)
TABLES: tuple[ByKind, ...] = (
    ByKind("T01", "各类型基层工会组织", "工会类型", "ORG-01",
           (Amount("基层工会组织", "个", take="latest", distinct="org_code"),), "org_type",
           where="org_level == '基层' and status == '正常'", tells=("I-ORG-01",)),
    ByKind("T05", "各类型服务阵地", "阵地类型", "HOME-01",
           (Amount("在用阵地", "个", take="latest", where=_IN_USE),
            Amount("建筑面积", "平方米", "area", "latest", where=_IN_USE),
            Amount("服务职工", "人次", "served")), "site_tier", tells=("I-HOME-04",)),
    ByKind("T10", "各种集体合同", "合同种类", "CON-01", _CONTRACTS, "contract_kind",
           where=_VALID, added=False,
           note="注：各专项合同覆盖的是同一批职工，行业合同与其下的企业合同也会重复，不能相加。"),
    ByKind("T10范围", "集体合同覆盖形式", "覆盖形式", "CON-01", _CONTRACTS, "scope",
           where=f"{_VALID} and contract_kind == '集体合同'", added=False,
           note="注：只列综合集体合同；行业、区域合同与其下的企业合同会重复，不能相加。"),
    ByKind("T12", "在档困难职工类别", "困难类别", "AID-01", _HOUSEHOLDS, "hard_type",
           where=_OPEN, tells=("I-AID-01",)),
    ByKind("T12原因", "在档困难职工主要致困原因", "主要致困原因", "AID-01", _HOUSEHOLDS,
           "main_cause", where=_OPEN),
    ByKind("T13", "帮扶救助类别", "救助类别", "AID-02",
           (Amount("救助", "人次", "persons"), Amount("救助金额", "元", "amount", decimals=2)),
           "aid_kind", tells=("I-AID-06",)),
    ByKind("T13来源", "帮扶救助资金来源", "资金来源", "AID-02",
           (Amount("救助资金", "元", decimals=2),),
           columns=("fund_central", "fund_own", "fund_admin", "fund_social")),
    ByKind("T15", "各项互助保障计划参保与给付", "保障计划", "MUT-01",
           (Amount("期末参保", "人", "persons_insured", "latest"),
            Amount("给付", "人次", "claims"),
            Amount("给付金额", "元", "claim_amount", decimals=2)), "plan",
           tells=("I-MUT-01", "I-MUT-03", "I-MUT-04"),
           note="注：一人可参加几种计划，期末参保按计划分别计算。"),
    ByKind("T18", "各类技术攻关成果", "类别", "INNO-03",
           (Amount("完成", "项", dated="done_on"),
            Amount("节创价值", "万元", "saving", dated="done_on", decimals=2)), "kind",
           tells=("I-INNO-12",)),
    ByKind("T18荣誉", "获得荣誉表彰", "表彰层级", "HONOR-01",
           (Amount("荣誉表彰", "项", dated="granted_on"),), "level"),
    ByKind("T26", "职工服务中心各项职能", "服务职能", "RIGHT-03",
           (Amount("受理", "件", "received"), Amount("解决", "件", "solved")), "function"),
    ByKind("T29", "各类文体活动", "活动类型", "CULT-01",
           (Amount("举办活动", "场"), Amount("参与", "人次", "person_times")), "kind",
           tells=("I-CULT-02", "I-CULT-03")),
    ByKind("T30", "各级命名的职工书屋", "命名层级", "CULT-02",
           (Amount("职工书屋", "个", take="latest"), Amount("藏书", "册", "books", "latest"),
            Amount("借阅", "人次", "readers")), "level", tells=("I-CULT-05",)),
    ByKind("T31", "各级采用信息", "采用层级", "CULT-03", (Amount("采用信息", "条"),),
           columns=("adopted_city", "adopted_prov", "adopted_nat")),
    ByKind("T33", "干部下基层去向", "地点类别", "CADRE-02",
           (Amount("下基层记录", "条"), Amount("接触职工", "人次", "persons_met"),
            Amount("了解诉求", "条", "issues")), "place_kind"),
    ByKind("T34", "各领域公开承诺兑现", "承诺领域", "CADRE-04",
           (Amount("到期承诺", "项", dated="due_on"),
            Amount("按期兑现", "项", dated="due_on", where="done_on <= due_on")), "field",
           where="kind in ['组织承诺', '主席承诺']"),
    ByKind("T36收入", "经费收入决算", "科目", "FIN-04", _ACCOUNTS, "subject",
           "account_subjects", "4", tells=("I-FIN-07",)),
    ByKind("T36支出", "经费支出决算", "科目", "FIN-04", _ACCOUNTS, "subject",
           "account_subjects", "5", tells=("I-FIN-08",)),
    ByKind("T39", "“三公”经费支出", "类别", "FIN-06",
           (Amount("支出", "元", "amount", decimals=2),), "item_kind",
           where="item_kind in ['公务接待', '公务用车', '因公出国']"),
    ByKind("T41", "调研成果转化去向", "转化情况", "RES-01",
           (Amount("调研成果", "项"),), "adopted_as"),
)  # fmt: skip


def counts(known: Definitions) -> dict[str, Indicator]:
    """The review's own indicators by code, of the forms that these definitions hold."""
    forms = {f.code for f in known.forms}
    made: dict[str, Indicator] = {}
    for table in TABLES:
        if table.form in forms:
            made |= {i.code: i for i in _indicators(known, table)}
    return made


def _indicators(known: Definitions, table: ByKind) -> Iterator[Indicator]:
    for amount in table.amounts:
        for kind, measures in _measures(known, table, amount).items():
            name = amount.name if kind == TOTAL else f"{kind}{amount.name}"
            yield report_count(
                REPORT, code_of(table, amount, kind), name, amount.unit, *measures,
                aggregate=_aggregate(amount), decimals=amount.decimals,
                definition=f"{table.title}：{name}",
            )  # fmt: skip


def _measures(known: Definitions, table: ByKind, amount: Amount) -> dict[str, list[dict[str, Any]]]:
    """What each kind, and all of them, are added up from."""
    base: dict[str, Any] = {"form": table.form, "take": amount.take}
    if amount.dated:
        base["dated"] = amount.dated
    if table.columns:
        each = [base | {"sum": c} for c in table.columns]
        named = zip(kinds_of(known, table), each, strict=True)
        return {name: [m] for name, m in named} | {TOTAL: each}
    if amount.distinct:
        base["distinct"] = amount.distinct
    else:
        base |= {"sum": amount.column} if amount.column else {"count": "rows"}

    def of(*conditions: str) -> list[dict[str, Any]]:
        where = " and ".join(c for c in (table.condition, amount.where, *conditions) if c)
        return [base | {"where": where}] if where else [base]

    found = {k: of(f"{table.kind} == '{k}'") for k in kinds_of(known, table)}
    return found | ({TOTAL: of()} if table.added else {})


def _aggregate(amount: Amount) -> str:
    if amount.distinct:
        return "distinct"
    return "sum" if amount.take == "flow" else "latest"


def kinds_of(known: Definitions, table: ByKind) -> tuple[str, ...]:
    """The rows of a table in their order: values of a code list, codes of a chart, or columns."""
    form = known.newest(table.form)
    if table.columns:
        return tuple(form.column(c).label.removeprefix("其中") for c in table.columns)
    if table.chart:
        charts = [v.value for v in known.parameters[table.chart].values]
        codes = sorted({c for chart in charts for c in chart})
        return tuple(c for c in codes if c.startswith(table.starts) and len(c) == _ACCOUNT)
    return tuple(known.code_lists[str(form.column(table.kind).list)].values)


def label_of(known: Definitions, table: ByKind, kind: str, day: date) -> str:
    """What a kind is called on a day."""
    if not table.chart or kind == TOTAL:
        return kind
    return str(known.parameters[table.chart].at(day).get(kind, kind))


def code_of(table: ByKind, amount: Amount, kind: str) -> str:
    """The code of one cell of a table."""
    return f"I-R01-{table.code}-{amount.name}-{kind}"


def only_kinds(known: Definitions) -> Definitions:
    """The definitions with nothing but the review's own counts, for computing no more than that."""
    return replace(known, indicators=counts(known))


def tables(teller: Teller, wanted: Sequence[str]) -> list[tuple[ByKind, Table]]:
    """Of the tables by these codes those that anything was reported for, this year or the last."""
    known = {f.code for f in teller.definitions.forms}
    made = []
    for table in TABLES:
        if table.code in wanted and table.form in known:
            drawn = _table(teller, table)
            made += [(table, drawn)] if drawn is not None else []
    return made


def _table(teller: Teller, table: ByKind) -> Table | None:
    now, then = sides(teller.figures.period.kind)
    compared = any(_value(f, "上年同期") for f in _figures(teller, table))
    heads = [Column(table.head, "left", 2.2)]
    for n, amount in enumerate(table.amounts):
        heads.append(Column(f"{amount.name}（{amount.unit}）", weight=1.3))
        if n == 0 and compared:
            heads += [Column(then, weight=1.1), Column(f"比{then}", "center", 1.3)]
    rows: list[tuple[Inline, ...]] = []
    total: list[tuple[Inline, ...]] = []
    for kind in (*kinds_of(teller.definitions, table), TOTAL):
        codes = [code_of(table, a, kind) for a in table.amounts]
        found = [teller.figures.get(c, line=_line(teller)) for c in codes]
        if not any(_value(f, b) for f in found for b in ("本期", "上年同期")):
            continue
        day = teller.figures.period.end
        row: list[Inline] = [label_of(teller.definitions, table, kind, day)]
        for n, figure in enumerate(found):
            row.append(teller.cell(figure))
            if n == 0 and compared:
                row.append(teller.cell(figure, "上年同期"))
                row.append(NONE if figure is None else teller.changed(figure))
        (total if kind == TOTAL else rows).append(tuple(row))
    if not rows:
        return None
    if len(rows) == 1:
        total = []  # it would say the same once more
    return Table(table.title, tuple(heads), (*rows, *total), totals=len(total), note=table.note)


def _line(teller: Teller) -> str:
    return teller.lines.get(teller.figures.unit.code, BLOCK)


def _figures(teller: Teller, table: ByKind) -> Iterator[Figure]:
    kinds = (*kinds_of(teller.definitions, table), TOTAL)
    for amount in table.amounts:
        for kind in kinds:
            figure = teller.figures.get(code_of(table, amount, kind), line=_line(teller))
            if figure is not None:
                yield figure


def _value(figure: Figure | None, basis: str) -> Decimal | None:
    if figure is None:
        return None
    return figure.value if basis == "本期" else figure.last_year


def sheet(book: Book, teller: Teller) -> None:
    """Every table by kind in the annex: one row for each kind and amount."""
    now, then = sides(teller.figures.period.kind)
    known = {f.code for f in teller.definitions.forms}
    rows: list[tuple[Any, ...]] = []
    decimals: list[int | None] = []
    sections = {k: p.code for p in PARTS for t in p.topics for k in t.kinds}
    for table in TABLES:
        for figure in _figures(teller, table) if table.form in known else ():
            if not any(_value(figure, b) for b in ("本期", "上年同期")):
                continue
            indicator = teller.definitions.indicators[figure.indicator]
            _, amount, kind = figure.indicator.removeprefix("I-R01-").split("-", 2)
            name = label_of(teller.definitions, table, kind, teller.figures.period.end)
            told = (sections[table.code], table.title, name, amount, indicator.unit)
            rows.append((*told, figure.value, figure.last_year))
            decimals.append(indicator.decimals)
    if rows:
        fields = [
            Field("章节", "center", 8), Field("分类表", "text", 26), Field("类别", "text", 26),
            Field("项目", "text", 16), Field("计量单位", "center", 10), Field(now, "number", 16),
            Field(then, "number", 16),
        ]  # fmt: skip
        book.table("分类情况", "分类情况", fields, rows, decimals=decimals)
