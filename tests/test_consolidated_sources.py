"""From a row of consolidated data to the workbook it came in: in each format and by walking."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import openpyxl
import pandas as pd
import pytest

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow import walking_consolidated
from pipelines.flow.downloading import download
from pipelines.flow.ground import engine, moment
from pipelines.flow.sheets import consolidated_of
from pipelines.flow.storing import publish as keep
from pipelines.places import places
from pipelines.publish import Publication
from pipelines.publish.consolidated import KIND, head_of
from pipelines.small_cells import sensitive_columns
from tests.published import COUNTIES, LATER, UNITS, publish

DECEMBER = Period.parse("2017-12")
FORM = "ORG-02"


@dataclass
class Kept:
    """R-14 of one form as kept, and its workbook."""

    definitions: Definitions
    publication: int
    reference: str
    book: dict[str, pd.DataFrame]

    def sheet(self, name: str) -> pd.DataFrame:
        """A sheet by the heads of its table."""
        return self.book[name]


@pytest.fixture(scope="module")
def kept(module_home: Any, definitions: Definitions) -> Iterator[Kept]:
    """The shared federation, with ORG-02 of December consolidated and published."""
    publish(definitions, module_home.parent / "sources-files", reviewed=False)
    at = moment(LATER)
    with engine().begin() as connection:
        made = consolidated_of(
            connection, definitions, FORM, DECEMBER, "块", date(2017, 12, 31), at
        )
        assert made is not None
        number, _ = keep(connection, made, None, at)
    book = pd.read_excel(io.BytesIO(made.files[0][1]), sheet_name=None, header=2, dtype=object)
    yield Kept(definitions, number, made.reference, book)


@cache
def original(sha256: str) -> openpyxl.Workbook:
    """The workbook as it was received."""
    return openpyxl.load_workbook(io.BytesIO(places().originals.get(sha256)), data_only=True)


def same(told: Any, received: Any) -> bool:
    """Whether a published cell says what the original does."""
    if pd.isna(told):
        return received in (None, "")
    if isinstance(told, int | float) and not isinstance(told, bool):
        return Decimal(str(told)) == Decimal(str(received))
    return str(told).strip() == str(received).strip()


def test_any_cell_of_the_workbook_is_found_in_an_original(kept: Kept) -> None:
    data, sources = kept.sheet("数据"), kept.sheet("数据来源").set_index("来源")
    letters = kept.sheet("原表列位").set_index("列位")
    heads = [h for h in letters.columns if h in data.columns]
    asked = [(row, head) for row in range(len(data)) for head in heads]
    assert len(asked) > 150
    for row, head in random.Random(14).sample(asked, 150):  # noqa: S311 - a draw
        line = data.iloc[row]
        source = sources.loc[line["来源"]]
        cell = f"{letters.loc[source['列位'], head]}{line['原表行']}"
        received = original(source["原件SHA-256"])[source["原件工作表"]][cell].value
        assert same(line[head], received), (row, head, cell)
    assert set(sources["报送单位编码"]) == set(COUNTIES.values())
    assert sources["数据行数"].sum() == len(data) == len(UNITS)


def test_csv_and_parquet_say_it_on_each_row(kept: Kept) -> None:
    made = download(FORM, "2017-06", "2017-12", LATER)
    files = {name.rpartition(".")[2]: io.BytesIO(content) for name, content in made.files}
    csv = pd.read_csv(files["csv"], dtype=str)
    parquet = pd.read_parquet(files["parquet"])
    told = ["原件文件名", "原件SHA-256", "原件工作表", "原表行", "各栏原表列"]
    assert csv[told].equals(parquet[told].astype(str))
    codes = list(csv.columns[4 : list(csv.columns).index("报送单位编码")])
    place = codes.index("members_total")
    for row in csv.to_dict("records"):
        cell = row["各栏原表列"].split(" ")[place] + row["原表行"]
        received = original(row["原件SHA-256"])[row["原件工作表"]][cell].value
        assert Decimal(row["members_total"]) == Decimal(str(received))


def test_a_total_walks_to_its_subtotals_and_they_to_cells(kept: Kept) -> None:
    sums = kept.sheet("分上级小计").set_index("上级工会")
    total = flow.walk(kept.reference, flow.find_cell(kept.publication, "合计 会员人数"))
    with pytest.raises(LookupError, match="合计是"):  # of a county it would tell the others'
        flow.walk(kept.reference, f"块/{COUNTIES['helan']}/2017-12/{FORM}.members_total/合计")
    assert total.value == sums.loc["合计", "会员人数（人）"]
    assert [p.label for p in total.parts] == [n for n in sums.index if n != "合计"]
    for part in total.parts:
        assert part.value == sums.loc[part.label, "会员人数（人）"]
        below = flow.walk(kept.reference, part.address)
        assert below.value == part.value == sum(p.value or 0 for p in below.parts)
        unit = flow.walk(kept.reference, below.parts[0].address)
        (cell,) = unit.cells
        received = original(cell.sha256)[cell.sheet][cell.cells[0]].value
        assert unit.value == Decimal(str(received)) == below.parts[0].value


def test_a_cell_is_found_by_its_union_and_head(kept: Kept) -> None:
    unit = UNITS[0]
    address = flow.find_cell(kept.publication, f"{unit} 会员人数（人）")
    assert address == f"块/{unit}/2017-12/{FORM}.members_total"
    data = kept.sheet("数据").set_index("单位编码")
    assert flow.find_cell(kept.publication, f"{data.loc[unit, '单位名称']} 会员人数") == address
    assert flow.find_cell(kept.publication, "合计 会员人数").endswith("/合计")
    assert flow.find_cell(kept.publication, f"{unit} 没有这一栏") == ""
    assert flow.walk(kept.publication, address).value == data.loc[unit, "会员人数（人）"]


def test_heads_with_brackets_are_typed_as_the_workbook_writes_them(kept: Kept) -> None:
    at = moment(LATER)
    for form, label, period in (
        ("ORG-05", "应建产业（行业）工会数", Period.parse("2019-06")),
        ("SKILL-02", "工种（领域）", Period.parse("2017Q4")),
    ):
        column = next(c for c in kept.definitions.form(form, period).columns if c.label == label)
        made = Publication(
            KIND, f"{form}合并报表", "110000Z90001", period, at, kept.definitions.digest,
            (("x.xlsx", form.encode()),), recipe={"form": form, "line": "块", "day": "2017-12-31"},
        )  # fmt: skip
        with engine().begin() as connection:
            number, _ = keep(connection, made, None, at)
        address = f"块/{UNITS[0]}/{period.label}/{form}.{column.code}"
        half = label.replace("（", "(").replace("）", ")")
        for head in (column.code, label, half, head_of(column)):
            assert flow.find_cell(number, f"{UNITS[0]} {head}") == address, head
        assert flow.find_cell(number, f"{UNITS[0]} {label.partition('（')[0]}") == ""


def test_unions_of_one_name_are_asked_for_by_code(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {UNITS[0]: "机械厂工会", UNITS[1]: "机械厂工会", UNITS[2]: "西区 一矿（本部）工会"}
    plainly = walking_consolidated.standing

    def renamed(*asked: Any) -> list[Any]:
        return [replace(o, name=names.get(o.code, o.name)) for o in plainly(*asked)]

    monkeypatch.setattr(walking_consolidated, "standing", renamed)
    assert flow.find_cell(kept.publication, "机械厂工会 会员人数") == ""
    assert f"/{UNITS[1]}/" in flow.find_cell(kept.publication, f"{UNITS[1]} 会员人数")
    found = flow.find_cell(kept.publication, "西区　一矿(本部)工会 会员人数（人）")
    assert f"/{UNITS[2]}/" in found


def test_what_no_row_tells_is_not_walked_to(kept: Kept) -> None:
    at = moment(LATER)
    with engine().begin() as connection:
        found = [
            (form.code, consolidated_of(
                connection, kept.definitions, form.code, DECEMBER, "块", date(2017, 12, 31), at
            ))
            for form in kept.definitions.forms
            if form.covers(DECEMBER)
            and sensitive_columns(kept.definitions, form.code, DECEMBER.end)
        ]  # fmt: skip
        told = []
        for code, made in found:
            if made is None:
                continue
            number, _ = keep(connection, made, None, at)
            few = sensitive_columns(kept.definitions, code, DECEMBER.end)
            form = kept.definitions.form(code, DECEMBER)
            book = openpyxl.load_workbook(io.BytesIO(made.files[0][1]))
            heads = {str(c.value).partition("（")[0] for c in book["原表列位"][3]}
            assert not heads & {c.label for c in form.columns if c.code in few}
            if "rows" in few:
                assert book["数据来源"].max_row == 3
            told += [
                (number, f"块/{UNITS[0]}/2017-12/{code}.{c.code}")
                for c in form.columns
                if c.code in few or c.personal or "rows" in few
            ]
    assert told
    for number, address in told:
        with pytest.raises(LookupError, match="不逐行公布"):
            flow.walk(number, address)


def test_it_is_made_again_byte_for_byte(kept: Kept) -> None:
    assert flow.reproduce(kept.publication).equal
