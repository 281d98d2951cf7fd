"""Two hundred unions of three levels and two lines, a year of their reports, and its assessment.

Rows are drawn as for the catalogue's indicators (tests/independent/seeded); nine unions move in
mid-year, some report late or correct after the lock, and some correct after the cut-off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from definitions import Definitions, Period
from definitions.organisations import Organisation
from pipelines.assessment_year.rating import Ballots
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from pipelines.flow import assessment_rulings as rulings
from pipelines.load import filing_of
from tests.checking import sheet
from tests.independent import frames, seeded, targets
from tests.independent.seeded import CHINA, FOUNDED, Relation, Sending
from warehouse import receipts
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, warehouse
from warehouse.life_cycle import Actor
from warehouse.organisations import ids, open_periods, register
from warehouse.receipts import NewReceipt
from warehouse.submissions import NewFinding, NewSubmission
from warehouse.submissions import load as load_submissions
from warehouse.vetoes import enter_veto

TOP = "640200C00001"
COUNTIES = tuple(f"64020{n}C00001" for n in range(1, 7))
ZONES = tuple(f"64027{n}K00001" for n in range(1, 4))
TRADES = tuple(f"640200C9000{n}" for n in range(1, 6))
GRASSROOTS = tuple(f"64020{n % 6 + 1}G{n + 1:05d}" for n in range(185))
HEADS = (*COUNTIES, *ZONES)
UNITS = (TOP, *HEADS, *TRADES, *GRASSROOTS)
MOVED = GRASSROOTS[:40:5] + GRASSROOTS[100:101]
MOVE_DAY = date(2020, 7, 1)
LEVELS = {TOP: "市级", **dict.fromkeys(HEADS, "区县级"), **dict.fromkeys(TRADES, "市级")}
TYPES = {
    TOP: "市总工会", **dict.fromkeys(COUNTIES, "区县总工会"),
    **dict.fromkeys(ZONES, "开发区（园区）总工会"), **dict.fromkeys(TRADES, "产业工会"),
}  # fmt: skip
PLACES = ("青山", "临河", "永宁", "平川", "红寺", "安康", "高新", "经开", "临空")
NAMES = {
    TOP: "示范市总工会",
    **{
        c: f"{p}{'县总工会' if c in COUNTIES else '开发区总工会'}"
        for c, p in zip(HEADS, PLACES, strict=True)
    },
    **dict(
        zip(
            TRADES,
            ("机械冶金工会", "财贸金融工会", "教科文卫工会", "建设交通工会", "能源化工工会"),
            strict=True,
        )
    ),
}
FORMS = {
    "ORG-02", "FIN-01", "INNO-01", "SAFE-01", "MUT-01", "CULT-03", "RIGHT-02", "WOM-01", "CADRE-01",
    "TGT-01", "TGT-02",
}  # fmt: skip
MONTHS = ("2019-12", *(f"2020-{m:02d}" for m in range(1, 13)))
OPENED = datetime(2019, 1, 1, tzinfo=UTC)
CUTOFF = datetime(2021, 2, 8, 9, tzinfo=CHINA)
LATER = datetime(2021, 6, 1, 9, tzinfo=CHINA)


def relations() -> list[Relation]:
    """Every relation, with the moves of July 2020."""
    found = [Relation(u, "块", TOP, FOUNDED, None) for u in (*HEADS, *TRADES)]
    for n, unit in enumerate(GRASSROOTS):
        parent, trade = HEADS[n % 9], TRADES[n % 6 - 1] if n % 6 else None
        for line, above in (("块", parent), ("条", trade)):
            if above is None:
                continue
            if unit in MOVED and line == "块":
                found.append(Relation(unit, line, above, FOUNDED, MOVE_DAY))
                found.append(Relation(unit, line, HEADS[(n + 4) % 9], MOVE_DAY, None))
            else:
                found.append(Relation(unit, line, above, FOUNDED, None))
    return found


def organisations() -> list[Organisation]:
    """The registry as the warehouse takes it."""
    parents: dict[str, list[dict[str, Any]]] = {}
    for r in relations():
        parents.setdefault(r.unit, []).append(
            {"line": r.line, "parent": r.parent, "since": r.since, "until": r.until}
        )
    return [
        Organisation.model_validate(
            {
                "code": code,
                "name": NAMES.get(code, f"示范企业{code[-3:]}工会委员会"),
                "type": TYPES.get(code, "基层工会委员会"),
                "level": LEVELS.get(code, "基层"),
                "region": "640200",
                "found": FOUNDED,
                "status": "正常",
                "parents": parents.get(code, []),
            }
        )
        for code in UNITS
    ]


@contextmanager
def two_hundred() -> Iterator[None]:
    """The independent calculation and the drawing of rows, about this federation."""
    with pytest.MonkeyPatch.context() as patch:
        told = {
            "GRASSROOTS": GRASSROOTS, "UNITS": UNITS, "TYPES": TYPES, "LEVELS": LEVELS,
            "TRADES": TRADES, "COUNTIES": HEADS, "MONTHS": MONTHS, "STOPPED": "",
            "relations": relations, "_silent": _silent, "_forms": _forms,
        }  # fmt: skip
        for module in (seeded, frames, targets):
            for name, value in told.items():
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        yield


def _silent(unit: str, form: Any, period: Period) -> bool:
    """A union in fifteen leaves out a quarter of the year; MUT-01 is sent at year's ends."""
    if form.code == "MUT-01" and not period.label.endswith("-12"):
        return True
    at = GRASSROOTS.index(unit) if unit in GRASSROOTS else -1
    return at % 15 == 3 and period.end.month in (4, 5, 6)


def _forms(definitions: Definitions, period: Period) -> Iterator[Any]:
    for code in definitions.form_codes:
        if code in FORMS:
            try:
                yield definitions.form(code, period)
            except KeyError:
                continue


def submitted(definitions: Definitions, seed: int) -> list[Sending]:
    """What was sent; a county's own sum of its unions (never added) is left out."""
    with two_hundred():
        return [s for s in seeded.sendings(definitions, seed) if not _summary(s)]


def _summary(s: Sending) -> bool:
    return s.reporter in HEADS and set(s.forms) == {"ORG-02"}


def hand_in(definitions: Definitions, sent: Sequence[Sending], at: datetime) -> None:
    """Workbooks as the loader leaves them, in the order of their judging."""
    with warehouse().begin() as connection:
        org_ids = ids(connection)
        for wave in sorted({s.wave for s in sent}):
            some = [s for s in sent if s.wave == wave]
            names = [f"{at:%m}/{wave}/{n}/{s.reporter}/{s.period}" for n, s in enumerate(some)]
            arrived = receipts.record_many(
                connection,
                [
                    NewReceipt(sha256=name, size=1, file_name="表.xlsx", channel="test",
                               source=name, sender=s.reporter, received_at=s.received)
                    for name, s in zip(names, some, strict=True)
                ],
            )  # fmt: skip
            load_submissions(
                connection,
                [
                    NewSubmission(
                        receipt_id=receipt.id, member="", sha256=name, format="xlsx",
                        reporter_id=org_ids[s.reporter], period=s.period, state=s.state, cover={},
                        definitions=definitions.digest, received_at=s.received,
                        filings=[_page(definitions, s, f, org_ids) for f in sorted(s.forms)],
                        findings=[
                            NewFinding(f"V-R-{n:03d}", severity, "", "", form, "表", 6, (), "", "",
                                       "", f"{at:%m}A{wave}", words)
                            for n, (form, severity, words) in enumerate(s.findings, start=1)
                        ],
                    )
                    for name, s, receipt in zip(names, some, arrived, strict=True)
                    if receipt is not None
                ],
                at.replace(minute=wave),
            )  # fmt: skip


def _page(definitions: Definitions, s: Sending, form: str, org_ids: dict[str, int]) -> Any:
    made = sheet(form, *s.forms[form], period=s.period)
    made.period = s.period
    return filing_of(made, definitions, s.reporter, org_ids, b"k" * 64)


@dataclass(frozen=True)
class Assessed:
    """What people did in the year's assessment, for the second calculation."""

    definitions: Definitions
    sent: list[Sending]
    later: list[Sending]
    ballots: dict[tuple[str, str], dict[str, int]]
    marks: dict[tuple[str, str], list[float]]
    veto: tuple[str, str]
    ruled: dict[tuple[str, str], float]
    appealed: dict[tuple[str, str], float]
    units: dict[str, tuple[str, ...]]


RATERS = {"会员": 140, "职工代表": 40, "党政领导": 12, "工会机关": 9}
SCHEMES = {"TRA-FED-2019": HEADS, "TRA-IND-2019": TRADES}
OFFICE, JURY, CHAIR, MARKER = (
    Actor(name) for name in ("考核办 01", "会审组 02", "主席办公会", "考评组 05")
)
VETOED, RULED, APPEALED, REFUSED = HEADS[1], HEADS[2], HEADS[3], HEADS[7]


def year_assessed(definitions: Definitions) -> Assessed:
    """The whole year, from the registry to two final results."""
    everything = submitted(definitions, 77)
    sent = [s for s in everything if s.received <= CUTOFF]
    later = [s for s in everything if s.received > CUTOFF]
    with warehouse().begin() as connection:
        register_definitions(connection, definitions, OPENED)
        register(connection, organisations(), OPENED)
        for year in range(2018, 2022):
            ensure_partitions(connection, year)
        for month in MONTHS:
            open_periods(connection, definitions, Period.parse(month), OPENED)
    hand_in(definitions, sent, datetime(2021, 2, 7, 9, tzinfo=CHINA))
    told = Assessed(definitions, sent, later, {}, {}, (VETOED, "V4"), {}, {}, dict(SCHEMES))
    for scheme, units in SCHEMES.items():
        _collect(told, scheme, units)
    with warehouse().begin() as connection:
        enter_veto(
            connection, VETOED, 2020, "V4", "2020年度经费欠缴", "示总工发〔2021〕5号",
            actor=OFFICE.name, at=datetime(2021, 2, 25, 9, tzinfo=CHINA),
        )  # fmt: skip
    for scheme, units in SCHEMES.items():
        _decide(told, scheme, units)
    return told


def _collect(told: Assessed, scheme: str, units: Sequence[str]) -> None:
    """Self-assessment, computed marks, ballots, assessors' marks."""
    rng = Random(scheme)  # noqa: S311
    steps.start_assessment(scheme, 2020, by=OFFICE, reason="年度安排", at="2021-01-05T09:00:00")
    steps.compute_marks(
        scheme, 2020, by=OFFICE, reason="年报已锁定", at="2021-02-09T09:00:00",
        cutoff=CUTOFF.isoformat(),
    )  # fmt: skip
    electorates = {(u, r): n for u in units for r, n in RATERS.items()}
    entries.open_rating(
        scheme, 2020, opens_on="2021-02-09", closes_on="2021-02-18", electorates=electorates,
        by=OFFICE, reason="按方案组织评价", at="2021-02-09T10:00:00",
    )  # fmt: skip
    given = []
    for (unit, rater), eligible in electorates.items():
        cast = rng.randint(int(eligible * 0.7) + 1, eligible)
        unclear, unsat = rng.randint(0, cast // 9), rng.randint(0, cast // 8)
        basic = rng.randint(0, (cast - unclear - unsat) // 2)
        counts = {"eligible": eligible, "ballots": cast, "very_sat": cast - unclear - unsat - basic,
                  "basic_sat": basic, "unsat": unsat, "unclear": unclear}  # fmt: skip
        told.ballots[unit, rater] = counts
        given.append(Ballots(unit, rater, **counts))
    entries.enter_ballots(scheme, 2020, given, by=OFFICE, at="2021-02-19T09:00:00")
    entries.close_rating(scheme, 2020, by=OFFICE, reason="评价结束", at="2021-02-19T10:00:00")
    marks = []
    for unit in units:
        for item in ("D5", "K1", "K2", "K3"):
            for group in ("考评一组", "考评二组"):
                raw = Decimal(rng.randint(700, 1000)) / 10
                told.marks.setdefault((unit, item), []).append(float(raw))
                reason = "" if raw == 100 else "佐证材料不全"
                marks.append(entries.GivenMark(unit, item, group, raw, reason, "考评档案"))
    entries.enter_marks(scheme, 2020, marks, by=MARKER, at="2021-02-24T09:00:00")


def _decide(told: Assessed, scheme: str, units: Sequence[str]) -> None:
    """Joint review, inspection, notice, appeals, final."""
    steps.submit_to_review(scheme, 2020, by=OFFICE, reason="评分完成", at="2021-02-26T09:00:00")
    if scheme == "TRA-FED-2019":
        told.ruled[RULED, "I-RIGHT-08"] = 66.5
        rulings.rule(
            scheme, 2020, RULED, kind="核定实绩", key="I-RIGHT-08", value=Decimal("66.5"),
            reason="调解档案核实", document="示考会纪〔2021〕1号", by=JURY,
            at="2021-02-26T10:00:00",
        )  # fmt: skip
    drawn = entries.draw_sample(
        scheme, 2020, seed="20210227-公证", by=JURY, reason="会审结束", at="2021-02-27T09:00:00"
    )
    for unit in drawn:
        entries.enter_inspection(
            scheme, 2020, unit, outcome="属实", finding="台账与上报一致", evidence="核查记录",
            inspected_on="2021-03-01", by=JURY, at="2021-03-01T17:00:00",
        )  # fmt: skip
    steps.give_notice(scheme, 2020, by=OFFICE, reason="会审通过", at="2021-03-02T09:00:00")
    if scheme == "TRA-FED-2019":
        _appeals(told, scheme)
    steps.finalise(
        scheme, 2020, by=CHAIR, reason="会议审定", document="示总工纪〔2021〕3号",
        at="2021-03-10T09:00:00",
    )  # fmt: skip


def _appeals(told: Assessed, scheme: str) -> None:
    first = rulings.file_appeal(
        scheme, 2020, APPEALED, about="女职工专项体检率", claim="体检人数漏计一批",
        by=Actor("平川县 03"), evidence="体检结算单", at="2021-03-03T09:00:00",
    )  # fmt: skip
    second = rulings.file_appeal(
        scheme, 2020, REFUSED, about="群众评价", claim="请求重新评价", by=Actor("经开区 04"),
        evidence="情况说明", at="2021-03-03T10:00:00",
    )  # fmt: skip
    told.appealed[APPEALED, "I-WOM-02"] = 58.25
    rulings.decide_appeal(
        scheme, 2020, first, outcome="支持", reason="结算单属实", document="示考申〔2021〕1号",
        by=JURY, at="2021-03-05T09:00:00",
        remedies=[rulings.Remedy("核定实绩", "I-WOM-02", Decimal("58.25"))],
    )  # fmt: skip
    rulings.decide_appeal(
        scheme, 2020, second, outcome="不予支持", reason="评价程序合规", by=JURY,
        document="示考申〔2021〕2号", at="2021-03-05T10:00:00",
    )  # fmt: skip
