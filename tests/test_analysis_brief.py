"""R-13: quartiles, odd ones out and trends are what an independent count says, and no more."""

from __future__ import annotations

import html
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from definitions import Period
from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.ground import CHINA, engine
from pipelines.personal_numbers import blotted
from pipelines.publish.spread import histogram, label, spread
from tests.acceptance import query
from tests.federation import union
from tests.filed import file_rows
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.organisations import open_periods, register
from warehouse.submissions import NewFinding

AT = "2019-05-20T06:00:00+08:00"
LATER = "2019-06-20T06:00:00+08:00"
LINK = re.compile(r'<a class="n" id="[^"]+" href="/numbers/([^/"]+)/(\d+)"[^>]*>([^<]+)</a>')
ENDS = ("2017-06", "2017-09", "2017-12", "2018-03", "2018-06", "2018-09", "2018-12", "2019-03")
COUNTY = {"A": 12, "B": 11, "C": 3}
ODD, WORDS = "A12", "本厂大部分为季节工，未入会；联系人电话13912345678"
SHARE = "I-ORG-09"


def members(org: str, number: int, month: int) -> int:
    """Members of 200 workers: about nine tenths, growing by one a quarter; one has a tenth."""
    return 20 if org == ODD else 172 + number + month


def row(org: str, number: int, month: int) -> dict[str, Any]:
    count = members(org, number, month)
    return {
        "org_code": org, "workers_total": 200, "workers_f": 80, "workers_migrant": 10,
        "members_total": count, "members_f": 8, "members_migrant": 1, "new_unions": 0,
        "new_unions_100": 0, "new_members": 3, "lost_members": 1, "realname_members": 10,
        "covered_units": 1, "fulltime_cadres": 1, "parttime_cadres": 2,
    }  # fmt: skip


UNITS = [(f"{c}{n:02d}", c, n) for c, count in COUNTY.items() for n in range(1, count + 1)]


@dataclass
class Story:
    """The federation, and its brief of the first quarter of 2019 by unit."""

    definitions: Definitions
    made: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    """Three counties of twelve, eleven and three unions; one union far off, and it says why."""
    unions = [union("F", "省级"), *(union(c, "区县级", {"块": "F"}) for c in COUNTY)]
    unions += [union(code, "基层", {"块": county}) for code, county, _ in UNITS]
    opening = datetime(2017, 1, 1, tzinfo=CHINA)
    with engine().begin() as connection:
        register(connection, unions, opening)
        register_definitions(connection, definitions, opening)
        for year in (2017, 2018, 2019):
            ensure_partitions(connection, year)
        for at, month in enumerate(ENDS):
            period = Period.parse(month)
            open_periods(connection, definitions, period,
                         datetime(period.year, period.number, 25, tzinfo=CHINA))  # fmt: skip
            for county in COUNTY:
                found: list[NewFinding] = []
                rows = [row(code, n, at) for code, c, n in UNITS if c == county]
                if county == "A" and month == "2019-03":
                    found = [explained(len(rows) + 3)]
                file_rows(connection, definitions, "ORG-02", month, county, rows, findings=found)
        words(connection)
    made = {u: flow.publish_report("R-13", "2019Q1", AT, u) for u in ("F", "A", "C")}
    yield Story(definitions, made)


def explained(line: int) -> NewFinding:
    """A figure let pass at receipt because its union said why."""
    return NewFinding(
        rule="V-P-001", severity="须说明", message="会员 20 人，较上月变动较大", advice="请说明",
        form="ORG-02", sheet="表", row=line, columns=[6], field="members_total", value="20",
        expected="", cell=f"F{line}", explanation=WORDS,
    )  # fmt: skip


def words(connection: Any) -> None:
    """What a close found about the odd union, with the words it sent in a later workbook."""
    connection.execute(
        text(
            "INSERT INTO finding (submission_id, rule, severity, message, advice, form, sheet, "
            "row_no, columns, field, value, expected, cell, explanation, stage, period, org_id, "
            "opened_at) SELECT s.id, 'V-O-015', '须说明', '比例异常', '', 'ORG-02', '表', "
            "15, '{6}', 'members_total', '20', '', 'F15', :words, 'closing', '2019-03', o.id, :at "
            "FROM submission s, organisation o, organisation r WHERE s.period = '2019-03' "
            "AND s.reporter_id = r.id AND r.code = 'A' AND o.code = :odd"
        ),
        {"words": WORDS, "at": datetime(2019, 4, 2, tzinfo=CHINA), "odd": ODD},
    )


def printed(made: dict[str, Any]) -> dict[tuple[str, str, str, str], Decimal]:
    rows = query(
        "SELECT unit, period, indicator, basis, value FROM publication_number "
        "WHERE publication_id = :p",
        p=made["publication"],
    )
    return {(r.unit, r.period, r.indicator, r.basis): r.value for r in rows}


def page(made: dict[str, Any]) -> str:
    path = next(Path(f) for f in made["files"] if f.endswith(".html"))
    return path.read_text(encoding="utf-8")


def text_of(made: dict[str, Any]) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page(made).split('<details id="sources">')[0]))


def shares(unit: str) -> list[float]:
    last = len(ENDS) - 1
    return [members(c, n, last) / 2 for c, county, n in UNITS if unit in ("F", county)]


@pytest.mark.parametrize("unit", ["F", "A"])
def test_quartiles_are_those_of_the_unions_shares(story: Story, unit: str) -> None:
    told, values = printed(story.made[unit]), shares(unit)
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    want = {
        "基层家数": len(values), "基层最低": min(values), "基层下四分位": first,
        "基层中位数": middle, "基层上四分位": third, "基层最高": max(values),
    }  # fmt: skip
    have = {b: float(told[unit, "2019Q1", SHARE, b]) for b in want}
    assert have == pytest.approx(want)


def test_three_unions_have_no_distribution_and_no_peers(story: Story) -> None:
    told = text_of(story.made["C"])
    assert "最多3家，不足10家，不作分布分析" in told
    assert not [k for k in printed(story.made["C"]) if k[3].startswith("基层")]
    assert "未发现偏离较大的基层工会" in told


def test_who_lies_far_off_is_told_with_whom_it_was_compared_and_what_it_says(story: Story) -> None:
    told = text_of(story.made["F"])
    assert "A12工会" in told
    others = [members(c, n, len(ENDS) - 1) / 2 for c, _, n in UNITS]
    assert f"{statistics.median(others):,.2f}" in told
    assert f"共{len(others)}家" in told or f"{len(others)}家" in told
    assert "100—299人" in told
    assert "季节工" in told
    assert "13912345678" not in page(story.made["F"])
    assert "均已说明原因" in told
    assert "经说明采用的数" in told
    files = [Path(f) for f in story.made["F"]["files"] if f.endswith(".xlsx")]
    cells = {
        str(c) for s in openpyxl.load_workbook(files[0]) for r in s.iter_rows(values_only=True)
        for c in r
    }  # fmt: skip
    assert any("季节工" in c for c in cells)
    assert not any("13912345678" in c for c in cells)


def test_a_trend_is_told_from_its_first_quarter_with_the_right_verb(story: Story) -> None:
    told, values = text_of(story.made["F"]), printed(story.made["F"])
    sums = [sum(members(c, n, at) for c, _, n in UNITS) for at in range(len(ENDS))]
    quarters = [f"{e[:4]}Q{int(e[5:]) // 3}" for e in ENDS]
    have = [values["F", q, "I-ORG-04", "本期"] for q in quarters]
    assert have == sums
    gone = Decimal(sums[-1] - sums[0]) / sums[0] * 100
    assert f"会员人数由2017年第二季度的{sums[0]:,}人增长到本季的{sums[-1]:,}人" in told
    assert values["F", "2019Q1", "I-ORG-04", f"比{quarters[0]}"] == pytest.approx(gone)
    points = Decimal(sums[-1] - sums[0]) / (200 * len(UNITS)) * 100
    assert f"提高{points:.1f}个百分点" in told


def test_one_year_makes_no_trend(story: Story) -> None:
    made = flow.publish_report("R-13", "2018Q1", AT)
    assert "不足5个，不作走势分析" in text_of(made)
    assert not [k for k in printed(made) if re.fullmatch(r"比\d{4}Q\d", k[3])]


def _sides(made: dict[str, Any]) -> list[tuple[str, str]]:
    """Indicator and the first signs of the side of every number, in reading order."""
    rows = query(
        "SELECT indicator, left(basis, 5) AS basis FROM publication_number "
        "WHERE publication_id = :p ORDER BY ordinal",
        p=made["publication"],
    )
    return [("" if r.basis == "本期" else r.indicator, r.basis) for r in rows]


def test_numbers_over_many_unions_walk_to_each_of_them(story: Story) -> None:
    found = [(r, int(n), html.unescape(t)) for r, n, t in LINK.findall(page(story.made["A"]))]
    assert len(found) == story.made["A"]["numbers"]
    bases, seen = set(), set()
    for number, told in ((n, r) for n, r in enumerate(_sides(story.made["A"]), 1)):
        reference = found[0][0]
        if told in seen:
            continue
        seen.add(told)
        step = flow.walk(reference, number)
        bases.add(step.basis[:2])
        if step.basis == "基层中位数" and step.indicator == SHARE:
            assert len(step.parts) == COUNTY["A"]
            assert statistics.median(p.value or Decimal(0) for p in step.parts) == step.value
            below = flow.walk(reference, step.parts[0].address)
            assert {p.label for p in below.parts} == {"分子", "分母"}
            assert below.unit == ODD
        elif step.basis.startswith("比20"):
            assert len(step.parts) == 2
            assert all(p.value is not None for p in step.parts)
    assert {"本期", "基层", "比2"} <= bases


def test_a_part_of_a_year_or_a_year_is_refused(story: Story) -> None:
    for period in ("2019-03", "2018"):
        with pytest.raises(LookupError, match="按季编写"):
            flow.publish_report("R-13", period, AT)


def test_editions_come_again_and_differences_are_named(story: Story) -> None:
    last = len(ENDS) - 1
    rows = [row(c, n, last) for c, county, n in UNITS if county == "B"]
    rows[0]["members_total"] += 15
    with engine().begin() as connection:
        file_rows(connection, story.definitions, "ORG-02", "2019-03", "B", rows,
                  at=datetime(2019, 6, 1, 9, tzinfo=CHINA))  # fmt: skip
    assert flow.reproduce(story.made["F"]["publication"]).equal
    moved = flow.compare(story.made["F"]["publication"], LATER)
    assert {"I-ORG-04", SHARE} <= {d.indicator for d in moved}
    assert {r.kind for d in moved for r in d.reasons} == {"更正"}
    assert {r.org for d in moved for r in d.reasons} == {"B01"}


# --- pure numbers ---


def test_a_histogram_counts_every_value_once_whatever_they_are() -> None:
    cases = ([1, 1, 1], [0, 0, 100000], [90, 91, 92, 93, 94, 95, 96, 97, 12345], [0.1, 0.2, 0.3])
    for case in cases:
        values = [Decimal(str(v)) for v in case]
        spans = histogram(values, spread(values, Decimal("1.5")))
        assert sum(s.count for s in spans) == len(values)
        assert len({label(s) for s in spans}) == len(spans) <= 14


def test_long_numbers_in_a_unions_words_are_blotted() -> None:
    said = "电话13912345678，身份证64010219900101123X，卡号6222 0000 1111 2222，减员1,234人、12.5%"
    assert blotted(said) == "电话（号码略），身份证（号码略），卡号（号码略），减员1,234人、12.5%"
    for number in ("1380 013 8000", "138 001 38000", "640105 800101 123", "138－0013－8000",
                   "138.0013.8000"):  # fmt: skip
        assert blotted(f"甲{number}乙") == "甲（号码略）乙"
    said = "139-1234-5678，640102 19900101 123x，2019-03-11 2019-04-12，工发〔2019〕12号"
    assert blotted(said) == "（号码略），（号码略），2019-03-11 2019-04-12，工发〔2019〕12号"


def test_the_years_review_says_which_totals_hold_it(story: Story) -> None:
    draft = flow.prepare_review(2019, LATER)
    told = {
        Path(f).name[0]: html.unescape(re.sub(r"<[^>]+>", "", Path(f).read_text(encoding="utf-8")))
        for f in draft["files"]
        if f.endswith(".html")
    }
    for unit in ("F", "A"):
        assert "1家单位的2处数据经审核提示异常" in told[unit], unit  # by two rules
        assert f"{ODD}工会2019年3月“" in told[unit]
        assert "本厂大部分为季节工" in told[unit]
        assert "13912345678" not in told[unit]
        assert f"本节合计含{ODD}工会经说明采用的异常数据" in told[unit]
    for unit in ("B", "C"):
        assert "异常" not in told[unit], unit
