"""Published editions reach folder, bucket, list and stick once each, and nothing unsigned does."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import boto3
import pandas as pd
import pytest
from moto import mock_aws

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow.bi_views import renew_views
from pipelines.flow.downloading import Download, download
from samples.registry import organisations
from tests.acceptance import query
from tests.published import COUNTIES, LATER, UNITS, Published, publish

AT = "2018-03-03T09:00:00"


@pytest.fixture(scope="module")
def published(module_home: Path, definitions: Definitions) -> Iterator[Published]:
    """The shared federation."""
    yield publish(definitions, module_home.parent / "delivery-files")


def reference() -> str:
    return str(query("SELECT reference FROM publication ORDER BY id LIMIT 1")[0].reference)


def test_an_edition_is_laid_into_a_folder_once_and_whole(
    published: Published, tmp_path: Path
) -> None:
    (done,) = flow.deliver(reference(), AT, folder=str(tmp_path))
    files = {f.name: f for f in tmp_path.rglob("*") if f.is_file()}
    assert set(files) == set(done.handed)
    kept = query("SELECT f.name, f.sha256 FROM publication_file f JOIN publication p "
                 "ON p.id = f.publication_id WHERE p.reference = :r", r=reference())  # fmt: skip
    for row in kept:
        assert hashlib.sha256(files[row.name].read_bytes()).hexdigest() == row.sha256
    assert flow.deliver(reference(), AT, folder=str(tmp_path)) == []


def test_an_edition_is_put_into_a_bucket(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "nobody")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="reports")
        (done,) = flow.deliver(reference(), AT, bucket="reports")
        found = [o["Key"] for o in client.list_objects_v2(Bucket="reports")["Contents"]]
    assert sorted(done.handed) == sorted(found)
    assert all(key.startswith("2017/R-01") for key in found)


def test_nothing_unsigned_is_handed_on(published: Published, tmp_path: Path) -> None:
    draft = flow.prepare_review(2017, LATER)
    with pytest.raises(LookupError, match="没有发布"):
        flow.deliver(draft["publication"], LATER, folder=str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_year_works_from_a_stick(published: Published, tmp_path: Path) -> None:
    told = flow.write_site(2017, str(tmp_path / "stick"), AT)
    root = Path(told["index"]).parent
    assert told["publications"] >= 5
    pages = list(root.rglob("*.html"))
    assert len(pages) == told["publications"] + 1
    for page in pages:
        for link in re.findall(r'(?:href|src)="([^"]+)"', page.read_text(encoding="utf-8")):
            assert not re.match(r"(?:[a-z]+:)?//|/", link), (page, link)
            path, _, anchor = link.partition("#")
            target = page if not path else page.parent / unquote(path)
            assert target.is_file(), (page, link)
            if anchor:
                assert f'id="{anchor}"' in target.read_text(encoding="utf-8"), (page, link)
    assert all(len(p.name.encode()) < 100 for p in root.rglob("*"))


def test_rows_are_taken_away_in_three_formats_that_agree(published: Published) -> None:
    import io

    made = download("ORG-02", "2017-06", "2017-12", LATER, unit=COUNTIES["helan"])
    files = {name.rpartition(".")[2]: content for name, content in made.files}
    csv = pd.read_csv(io.BytesIO(files["csv"]), dtype=str)
    table = pd.read_parquet(io.BytesIO(files["parquet"]))
    given = [
        r for p in ("2017-06", "2017-12") for r in published.rows["ORG-02", p]
        if r["org_code"].startswith("640122")
    ]  # fmt: skip
    assert made.rows == len(csv) == len(table) == len(given)
    total = sum(r["members_total"] for r in given)
    assert csv["members_total"].astype(float).sum() == table["members_total"].sum() == total
    book = pd.read_excel(io.BytesIO(files["xlsx"]), sheet_name=None, header=2)
    sheet = book["数据"]
    assert sorted(sheet["所属期"]) == sorted(r for r in csv["所属期"])
    assert sheet["会员人数（人）"].sum() == total


def test_what_stands_is_never_added_over_several_periods(published: Published) -> None:
    import io

    made = download("ORG-02", "2017-06", "2017-12", LATER, unit=COUNTIES["helan"])
    content = next(content for name, content in made.files if name.endswith(".xlsx"))
    sums = pd.read_excel(io.BytesIO(content), sheet_name="分上级小计", header=2)
    totals = sums[sums["上级工会"] == "合计"].set_index("所属期")
    for label, told in (("2017-06", "2017年6月"), ("2017-12", "2017年12月")):
        given = [r for r in published.rows["ORG-02", label] if r["org_code"].startswith("640122")]
        for code, head in (
            ("members_total", "会员人数（人）"),
            ("new_members", "本月新发展会员数（人）"),
        ):
            assert totals.loc[told, head] == sum(r[code] or 0 for r in given)
    flowed = totals.loc[["2017年6月", "2017年12月"], "本月新发展会员数（人）"].sum()
    assert totals.loc["各期", "本月新发展会员数（人）"] == flowed
    assert pd.isna(totals.loc["各期", "会员人数（人）"])
    cover = pd.read_excel(io.BytesIO(content), sheet_name="说明", header=None)
    assert "2017年6月至2017年12月" in cover[1].tolist()


def test_downloads_of_two_units_and_of_a_level_are_told_apart(published: Published) -> None:
    import io

    def cover(made: Download) -> dict[str, str]:
        content = next(content for name, content in made.files if name.endswith(".xlsx"))
        sheet = pd.read_excel(io.BytesIO(content), sheet_name="说明", header=None)
        return {str(k): str(v) for k, v in zip(sheet[0], sheet[1], strict=True)}

    asked = ("ORG-02", "2017-12", "2017-12", LATER)
    whole = download(*asked)
    counties = [download(*asked, unit=code) for code in COUNTIES.values()]
    level = download(*asked, level="基层")
    names = {made.files[0][0] for made in (whole, *counties, level)}
    assert len(names) == 4
    assert [cover(c)["汇总单位"] in c.files[0][0] for c in counties] == [True, True]
    assert sum(c.rows for c in counties) == whole.rows == level.rows
    assert cover(level)["级次"] == "只含基层工会的报表"
    assert cover(level)["报送情况"].endswith("（各级次合计）")
    assert "级次" not in cover(whole)
    with pytest.raises(LookupError, match="没有符合条件的数据"):
        download(*asked, level="市级")


def test_an_industry_unions_download_counts_its_own_line(published: Published) -> None:
    import io

    parents = {u.code: u.parent_on("条", Period.parse("2017-12").end) for u in organisations()}
    over = next(p for code in UNITS if (p := parents[code]))
    below = {code for code in UNITS if parents[code] == over}
    made = download("ORG-02", "2017-12", "2017-12", LATER, line="条", unit=over)
    assert made.units == len(below) and 0 < len(below) < len(UNITS)
    content = next(content for name, content in made.files if name.endswith(".xlsx"))
    sheet = pd.read_excel(io.BytesIO(content), sheet_name="说明", header=None)
    told = dict(zip(sheet[0], sheet[1], strict=True))["报送情况"]
    assert f"实报{len(below)}份" in told


def test_a_download_says_why_there_is_nothing(published: Published) -> None:
    for asked, why in (
        (("ORG-02", "2017-06", "2016-12"), "先后"),
        (("ORG-02", "2010-01", "2010-01"), "没有"),
        (("AID-01", "2017-06", "2017-06"), "没有"),
    ):
        with pytest.raises(LookupError, match=why):
            download(*asked, LATER)


def test_bi_views_are_stable_and_hold_no_person(
    published: Published, definitions: Definitions
) -> None:
    made = renew_views()
    assert renew_views() == made  # again is harmless
    assert "form_org_02" in made
    rows = query("SELECT sum(members_total) AS members FROM reports.form_org_02 "
                 "WHERE period = '2017-12'")  # fmt: skip
    given = published.rows["ORG-02", "2017-12"]
    assert rows[0].members == sum(r["members_total"] for r in given)
    personal = {c.code for f in definitions.forms for c in f.columns if c.personal}
    shown = query("SELECT table_name, column_name FROM information_schema.columns "
                  "WHERE table_schema = 'reports'")  # fmt: skip
    by_form = {(f"form_{f.code.lower().replace('-', '_')}", c.code)
               for f in definitions.forms for c in f.columns if c.personal}  # fmt: skip
    assert personal
    assert not by_form & {(r.table_name, r.column_name) for r in shown}
    figures = query("SELECT count(*) AS n FROM reports.figures")
    assert figures[0].n > 100
