"""Papers beside the book: star list (R-06), and what money and honours follow (R-08)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection

from definitions import Definitions
from pipelines.assess import UnitResult
from pipelines.assess.funding import Allocation
from pipelines.assess.results import Standing
from pipelines.assess.wording import ABSENT, plain
from pipelines.assessment_year.stages import Refused, Stage
from pipelines.flow import consequences as following
from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import definitions, moment, register
from pipelines.flow.paper_ground import edition_shown, keep_made, paper_on, scheme_name
from pipelines.flow.recipes import Asked, to_keep
from pipelines.flow.score_papers import counted, numbers_of, scored, share_cast
from pipelines.publish import Publication
from pipelines.publish import assessment_papers as papers
from pipelines.publish.paper import Words, listed, said
from pipelines.publish.paper_numbers import Numbers
from pipelines.publish.quoting import (
    BASE,
    BLOCK_OF,
    CLAIM,
    CLAIMED,
    GRANT,
    GRANTED,
    IN_PROPORTION,
    ODD,
    POOL,
    RATE,
    SHARE_CAME,
    SHARE_DUE,
    SHARE_SHORT,
    TOTAL,
)
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
    tell = numbers_of(result, shown.top)
    counts = listed(
        said(f"{band.name} ", counted(tell, band.name, having), " 家")
        for band in result.scheme.bands
        if (having := [u for u in stars if u.grade == band.name])
    )
    told = said("共评定 ", counted(tell, "评定", stars), " 家，其中", counts, "。")
    rows = [
        (str(i), u.unit.name,
         *(scored(tell, u, b.score, f"{BLOCK_OF}{b.block.code}") for b in u.blocks),
         _share(tell, u), scored(tell, u, u.total, TOTAL), u.grade)
        for i, u in enumerate(stars, 1)
    ]  # fmt: skip
    paper = papers.star_list(
        federation=shown.federation,
        year=asked.period.year,
        number=str(asked.told("document")),
        weights="、".join(f"{b.name} {plain(b.weight)}%" for b in result.scheme.blocks),
        rows=rows,
        parties=[b.name for b in result.scheme.blocks],
        counts=told if stars else "本年度没有评定星级的工会。",
        issued=china_day(asked.issued_at),
        final=shown.found.stage == Stage.FINAL,
    )
    return paper_on(STARS, paper, shown, asked)


def _share(tell: Numbers, unit: UnitResult) -> Words:
    block = next((b for b in unit.blocks if b.participation_pct), None)
    return ABSENT if block is None else share_cast(tell, unit, block)


def _yuan(tell: Numbers, value: Decimal | int, basis: str, unit: str = "") -> Words:
    return tell(plain(value), value, basis, unit)


def _allocated(tell: Numbers, one: Allocation, money: following.Money) -> Words:
    """How one amount came about, beside what the note says of all of them."""
    code, whole = one.union.code, money.claimed
    told = said(
        _yuan(tell, one.base, BASE), " × ",
        tell(f"{one.coefficient:.2f}", one.coefficient, RATE, code),
    )  # fmt: skip
    if money.total != whole and whole:
        share = money.total * one.claim / whole
        told = said("按比例为 ", tell(f"{share:,.2f}", share, IN_PROPORTION, code), " 元")
    odd = one.yuan % money.step if one.yuan != one.claim else 0
    return said(told, "，另计尾数 ", _yuan(tell, odd, ODD), " 元") if odd else told


def _rounding(tell: Numbers, money: following.Money) -> Words:
    """How the claims became amounts, where these are others."""
    if all(a.yuan == a.claim for a in money.allocations):
        return ""
    step, odd = plain(money.step), money.total % money.step
    whole = _yuan(tell, money.claimed, CLAIMED)
    told = (
        said("各单位应得合计 ", whole, f" 元，以 {step} 元为单位按最大余数法取整，合计不变。")
        if money.total == money.claimed
        else said(
            "可安排经费总额 ", _yuan(tell, money.total, POOL), " 元，各单位应得合计 ", whole,
            f" 元，按应得比例分配，以 {step} 元为单位按最大余数法取整。",
        )
    )  # fmt: skip
    if odd:
        told = said(
            told, f"不足 {step} 元的尾数 ", _yuan(tell, odd, ODD),
            " 元计入应得最多的单位，并列的计入单位编码在前的一家。",
        )  # fmt: skip
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

    tell = numbers_of(shown.result, shown.top).money()
    short = [
        said(f"{name}：{one.payer}尚差 ", _yuan(tell, one.short, f"{SHARE_SHORT}{one.payer}", code),
             " 元。")
        for code, name, one, _ in money.shares
        if one.short
    ]  # fmt: skip
    paper = papers.funding_note(
        papers.FundingFacts(
            federation=shown.federation,
            year=year,
            number=str(asked.told("document")),
            scheme=scheme_name(shown.result.scheme),
            base=_yuan(tell, money.base, BASE),
            total=_yuan(tell, money.total, GRANTED),
            rounding=_rounding(tell, money),
            coefficients=tuple(
                (g, tell(f"{r:.2f}", r, f"{RATE}:{g}")) for g, r in money.coefficients.items()
            ),
            allocations=tuple(
                (a.union.name, a.union.grade,
                 tell(f"{a.coefficient:.2f}", a.coefficient, RATE, a.union.code),
                 _yuan(tell, a.claim, CLAIM, a.union.code),
                 _yuan(tell, a.yuan, GRANT, a.union.code), _allocated(tell, a, money))
                for a in money.allocations
            ),
            shares=tuple(
                (name, one.payer, _yuan(tell, one.due, f"{SHARE_DUE}{one.payer}", code),
                 _yuan(tell, one.arrived, f"{SHARE_CAME}{one.payer}", code),
                 _yuan(tell, one.short, f"{SHARE_SHORT}{one.payer}", code), day)
                for code, name, one, day in money.shares
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
