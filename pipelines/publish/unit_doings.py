"""What a unit did, in its book: visits, promises, stations, honours."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from pipelines import counted_rows
from pipelines.figures import display
from pipelines.personal_numbers import holds_number
from pipelines.publish.content import (
    Block,
    Column,
    Inline,
    Paragraph,
    Section,
    Subheading,
    Table,
)
from pipelines.publish.tables import LISTED, rest_note
from pipelines.publish.telling import NONE, Teller
from pipelines.publish.unit_records import Station, UnitBook, stand

HOME = "职工家中"


def among_workers(teller: Teller, book: UnitBook) -> Section | None:
    teller.open("U5")
    visits = _visits(teller, book)
    promises = _promises(teller, book)
    if not visits and not promises:
        return None
    if not visits or not promises:
        return Section("U5", "下基层" if visits else "“双亮”承诺", tuple(visits or promises))
    blocks = (Subheading("干部下基层"), *visits, Subheading("“双亮”承诺与约谈"), *promises)
    return Section("U5", "下基层与承诺", blocks)


def _visits(teller: Teller, book: UnitBook) -> list[Block]:
    blocks: list[Block] = []
    told = teller.sentence(
        [
            ("I-CADRE-02", "干部下基层{n}次，人均月下基层次数为{v}"),
            ("I-CADRE-03", "达到规定天数的干部人月占{v}"),
            ("I-CADRE-01", "干部培训率{v}"),
        ]
    )
    if told:
        blocks.append(Paragraph(tuple(told)))
    if book.visit_kinds:
        columns = (
            Column("地点类别", "left", 2.0),
            Column("次数（次）"),
            Column("接触职工（人次）"),
            Column("了解诉求（条）"),
        )
        rows = tuple(
            (
                k.kind,
                _row(teller, "CADRE-02", counted_rows.VISITS, k.visits, "place_kind", k.kind),
                _row(teller, "CADRE-02", "persons_met", k.met, "place_kind", k.kind),
                _row(teller, "CADRE-02", "issues", k.issues, "place_kind", k.kind),
            )
            for k in book.visit_kinds
        )
        blocks.append(Table("本单位干部下基层情况", columns, rows))
    if book.visits:
        heads = (
            Column("日期", "center", 1.2),
            Column("地点类别", "left", 1.1),
            Column("地点", "left", 2.4),
            Column("接触职工（人）", weight=1.1),
            Column("了解诉求（条）", weight=1.1),
        )
        listed = tuple(
            (
                short_day(v.day),
                v.kind or NONE,
                NONE if v.kind == HOME else safe(v.place),
                _row(teller, "CADRE-02", "persons_met", v.met, "visit_id", v.key),
                _row(teller, "CADRE-02", "issues", v.issues, "visit_id", v.key),
            )
            for v in book.visits[:LISTED]
        )
        note = "注：不列干部姓名；到职工家中走访的不列地点。"
        note += rest_note(len(book.visits), "列最近{n}次", "")
        blocks.append(Table("本单位干部下基层记录", heads, listed, note=note))
    return blocks


def _row(
    teller: Teller, form: str, what: str, value: int | Decimal | None, column: str, key: str
) -> Inline:
    """A count of the unit's own rows of one thing or kind; — where nothing was reported."""
    if value is None:
        return NONE
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    code = counted_rows.code_of(form, what, column, key)
    return teller.counted(counted_rows.SOURCE, code, value, text, counted_rows.OWN)


def safe(words: str) -> str:
    """Free text as it may be printed: one that holds a telephone or identity number is not."""
    if not words:
        return NONE
    return "（含个人号码，不列）" if holds_number(words) else words


def _promises(teller: Teller, book: UnitBook) -> list[Block]:
    blocks: list[Block] = []
    told = teller.sentence([("I-CADRE-06", "到期承诺{d}项，按期兑现{n}项，兑现率{v}")])
    if told:
        blocks.append(Paragraph(tuple(told)))
    if book.promises:
        end = teller.figures.period.end
        columns = (
            Column("类别", "left", 1.0),
            Column("领域", "left", 1.1),
            Column("内容", "left", 2.8),
            Column("期限", "center", 1.2),
            Column("兑现（约谈）", "center", 1.2),
            Column("情况", "center", 1.0),
        )
        rows = tuple(
            (
                p.kind,
                p.field or NONE,
                safe(p.content),
                short_day(p.due),
                short_day(p.done),
                stand(p, end),
            )
            for p in book.promises[:LISTED]
        )
        note = rest_note(len(book.promises), "列{n}项，未兑现的在前")
        blocks.append(Table("本单位承诺和约谈事项", columns, rows, note=note))
    return blocks


def short_day(day: date | None) -> str:
    return f"{day:%Y-%m-%d}" if day else NONE


# --- stations ---


def stations(teller: Teller, book: UnitBook) -> Section | None:
    teller.open("U6")
    blocks: list[Block] = []
    told = teller.sentence(
        [
            ("I-HOME-01", "在用职工之家{v}"),
            ("I-HOME-03", "本期新建暖心驿站{v}"),
            ("I-HOME-04", "服务职工{v}"),
            ("I-AID-10", "基层联系点{v}"),
        ]
    )
    if told:
        blocks.append(Paragraph(tuple(told)))
    if book.sites:
        columns = (
            Column("阵地", "left", 2.4),
            Column("类型", "left", 1.2),
            Column("启用日期", "center", 1.2),
            Column("面积（平方米）", weight=1.0),
            Column("服务（人次）", weight=1.0),
            Column("状态", "center", 0.8),
        )
        rows = tuple(
            (
                safe(s.name),
                s.tier or NONE,
                short_day(s.opened),
                _row(teller, "HOME-01", "area", s.area, "site_id", s.key),
                _row(teller, "HOME-01", "served", s.served, "site_id", s.key),
                s.status or NONE,
            )
            for s in book.sites[:LISTED]
        )
        note = rest_note(len(book.sites), "按服务人次列前{n}处")
        blocks.append(Table("本单位服务阵地", columns, rows, note=note))
    walked = _walk(teller, book.station) if book.station is not None else []
    if walked:
        blocks.append(Paragraph(tuple(walked)))
    return Section("U6", "服务阵地与驿站", tuple(blocks)) if blocks else None


def _walk(teller: Teller, station: Station) -> list[Inline]:
    """How far the walk has led: 人均累计…公里，到达…，距…还差…公里。"""
    code = "I-CULT-09"
    figure = teller.figures.get(code)
    if figure is None or not figure.value:
        return []
    told: list[Inline] = ["“重走长征路”健步行", *teller.words(code, "人均累计{v}", figure)]
    told.append(f"，到达{station.reached}")
    if station.following:
        left = display(station.left, teller.definitions.indicators[code])
        told.append(f"，距{station.following}还差")
        told.append(teller.number(figure, station.left, left, "距下一站"))
        told.append("公里。")
    else:
        told.append("，已走完全程。")
    return told


def honours(book: UnitBook) -> Section | None:
    if not book.honours:
        return None
    columns = (
        Column("荣誉", "left", 3.0),
        Column("层级", "center", 0.9),
        Column("对象", "center", 0.9),
        Column("授予日期", "center", 1.2),
        Column("表彰文号", "left", 1.8),
    )
    rows = tuple(
        (safe(h.name), h.level or NONE, h.object or NONE, short_day(h.day), h.document or NONE)
        for h in book.honours[:LISTED]
    )
    note = rest_note(len(book.honours), "列最近{n}项")
    told = Paragraph(("本期获得的荣誉表彰如下。",))
    return Section("U7", "荣誉表彰", (told, Table("荣誉表彰", columns, rows, note=note)))
