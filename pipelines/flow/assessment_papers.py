"""Papers beside the book: star list (R-06), and what money and honours follow (R-08)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess import UnitResult
from pipelines.assess.funding import Allocation
from pipelines.assess.results import Standing
from pipelines.assess.wording import ABSENT, marks, plain
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import consequences as following
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import definitions, moment, register
from pipelines.flow.paper_ground import edition_shown, keep_made, paper_on, scheme_name
from pipelines.flow.recipes import Asked, to_keep
from pipelines.publish import Publication
from pipelines.publish import assessment_papers as papers
from warehouse.rectifications import consequences_of
from warehouse.windows import china_day

STARS, NOTE = "R-06 星级职工之家名单", "R-08 经费与结果运用说明"

_SHOWN = (Stage.NOTICE, Stage.WAITING, Stage.FINAL)
"""When the members may read who is to be a star home."""


def publish_star_list(scheme: str, year: int, *, document: str, by: str, at: str) -> list[str]:
    """R-06: who is a star home, by the weights of the year."""
    asked = to_keep(year, moment(at), scheme=scheme, document=document)
    return keep_made(made_star_list, asked, by)


def made_star_list(connection: Connection, asked: Asked) -> tuple[Publication, int]:
    """The list of an edition, and the computation behind it."""
    shown = edition_shown(connection, asked)
    if shown.found.stage not in _SHOWN:
        raise Refused(f"考核目前处于“{shown.found.stage}”阶段，公示之前不编印名单。")
    result = shown.result
    # Who reached no star is told so in the book and in a letter, not in a list of honours.
    starred = {b.name for b in result.scheme.bands if b.at_least > 0}
    stars = [u for u in result.units if u.grade in starred and u.standing is not Standing.INVALID]
    counts = "、".join(
        f"{band} {count} 家"
        for band in (b.name for b in result.scheme.bands)
        if (count := sum(u.grade == band for u in stars))
    )
    rows = [
        (str(i), u.unit.name,
         *(ABSENT if b.score is None else marks(b.score) for b in u.blocks),
         _share(u), marks(u.total or 0), u.grade)
        for i, u in enumerate(stars, 1)
    ]  # fmt: skip
    paper = papers.star_list(
        federation=shown.federation,
        year=asked.period.year,
        number=str(asked.told("document")),
        weights="、".join(f"{b.name} {plain(b.weight)}%" for b in result.scheme.blocks),
        rows=rows,
        parties=[b.name for b in result.scheme.blocks],
        counts=f"共评定 {len(stars)} 家，其中{counts}。" if stars else "本年度没有评定星级的工会。",
        issued=china_day(asked.issued_at),
        final=shown.found.stage == Stage.FINAL,
    )
    return paper_on(STARS, paper, shown, asked)


def _share(unit: UnitResult) -> str:
    found = next((b.participation_pct for b in unit.blocks if b.participation_pct), None)
    return ABSENT if found is None else f"{found:.2f}%"


def _allocated(one: Allocation, total: int, whole: Decimal, step: int) -> str:
    """How one amount came about, beside what the note says of all of them."""
    told = f"{plain(one.base)} × {one.coefficient:.2f}"
    if total != whole and whole:
        told = f"按比例为 {total * one.claim / whole:,.2f} 元"
    odd = one.yuan % step if one.yuan != one.claim else 0
    return f"{told}，另计尾数 {plain(odd)} 元" if odd else told


def _rounding(money: following.Money, whole: Decimal) -> str:
    """How the claims became amounts, where these are others; `whole` is what is claimed in all."""
    if all(a.yuan == a.claim for a in money.allocations):
        return ""
    step, odd = plain(money.step), money.total % money.step
    told = (
        f"各单位应得合计 {plain(whole)} 元，以 {step} 元为单位按最大余数法取整，合计不变。"
        if money.total == whole
        else f"可安排经费总额 {plain(money.total)} 元，各单位应得合计 {plain(whole)} 元，"
        f"按应得比例分配，以 {step} 元为单位按最大余数法取整。"
    )
    if odd:
        told += (
            f"不足 {step} 元的尾数 {plain(odd)} 元计入应得最多的单位，"
            "并列的计入单位编码在前的一家。"
        )
    return told


def publish_funding_note(
    scheme: str, year: int, *, document: str, by: str, at: str, pool: int | None = None
) -> list[str]:
    """R-08: coefficients, next year's amounts, how districts' shares arrived, honours, talks."""
    known, when = definitions(), moment(at)
    register(known, when)
    asked = to_keep(year, when, scheme=scheme, document=document, pool=pool, rules=known.digest)
    return keep_made(lambda connection, one: made_funding_note(connection, known, one), asked, by)


def made_funding_note(
    connection: Connection, known: Definitions, asked: Asked
) -> tuple[Publication, int]:
    """The note on an edition, and the computation behind it.

    Coefficients and amounts are those of the day of the note, which a round does not fix: they come
    from the definitions in force when it was kept.
    """
    if asked.again:
        known = definitions_of(connection, str(asked.told("rules")))
    scheme, year = str(asked.told("scheme")), asked.period.year
    day, pool = china_day(asked.issued_at), asked.told("pool")
    money = following.money_of(connection, known, scheme, year, day, asked.known_at, pool)
    shown = edition_shown(connection, asked)
    brought = consequences_of(connection, shown.edition.id, asked.known_at)
    names = {u.unit.code: u.unit.name for u in shown.result.units}

    def of(kind: str) -> tuple[str, ...]:
        return tuple(names.get(c.unit, c.unit) for c in brought if c.kind == kind)

    whole = sum((a.claim for a in money.allocations), Decimal(0))
    short = [
        f"{name}：{one.payer}尚差 {plain(one.short)} 元。"
        for _, name, one, _ in money.shares
        if one.short
    ]
    paper = papers.funding_note(
        papers.FundingFacts(
            federation=shown.federation,
            year=year,
            number=str(asked.told("document")),
            scheme=scheme_name(shown.result.scheme),
            base=plain(money.base),
            total=plain(money.total),
            rounding=_rounding(money, whole),
            coefficients=tuple((g, f"{r:.2f}") for g, r in money.coefficients.items()),
            allocations=tuple(
                (a.union.name, a.union.grade, f"{a.coefficient:.2f}", plain(a.claim),
                 plain(a.yuan), _allocated(a, money.total, whole, money.step))
                for a in money.allocations
            ),
            shares=tuple(
                (name, one.payer, plain(one.due), plain(one.arrived), plain(one.short), day)
                for _, name, one, day in money.shares
            ),
            shortfalls=tuple(short),
            ungraded=money.ungraded,
            honours=of("表彰"),
            talks=of("约谈"),
            rectified=of("限期整改"),
            issued=day,
        )
    )  # fmt: skip
    name = scheme_name(shown.result.scheme)
    return paper_on(NOTE, paper, shown, asked, of=name)
