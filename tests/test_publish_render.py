"""Published documents as a reader's programs show them: all there, nothing cut, page for page."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest
from publish_figures import COUNTS, EXTRAS, definitions, month, year

from pipelines.figures import Unit
from pipelines.publish import bulletin, review
from pipelines.publish.publication import Publication

pytestmark = [
    pytest.mark.render,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]


def pages(publication: Publication, folder: Path, ending: str) -> list[str]:
    """The text of each page that LibreOffice makes of a file of the publication."""
    name, content = next(f for f in publication.files if f[0].endswith(ending))
    (folder / name).write_bytes(content)
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}",
         "--convert-to", "pdf", "--outdir", str(folder), str(folder / name)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    pdf = pypdfium2.PdfDocument(folder / f"{Path(name).stem}.pdf")
    try:
        return [re.sub(r"\s+", "", page.get_textpage().get_text_range()) for page in pdf]
    finally:
        pdf.close()


def test_review_reads_from_title_to_signature_on_few_pages(tmp_path: Path) -> None:
    found = pages(review(year(), definitions(), EXTRAS), tmp_path, ".docx")
    assert found[0].startswith("示范总工会2017年工作总结")
    assert "示范总工会2018年1月20日附：数字编号" in "".join(found[-2:])
    assert 10 <= len(found) <= 24
    for number, text in enumerate(found, 1):
        assert f"—{number}—" in text
    whole = "".join(found)
    assert "培训职工300,184人次" in whole
    assert whole.count("石嘴山高新技术产业开发区总工会") > 10  # long names wrap, whole


def test_chief_figures_of_very_many_unions_keep_to_one_page(tmp_path: Path) -> None:
    unions = tuple(Unit(f"G{n}", f"青铜峡市恒信酒业公司第{n}工会委员会", "基层") for n in range(60))
    counts = {code: {u.code: 900 + n for n, u in enumerate(unions)} for code in COUNTS}
    found = pages(review(year(counts, unions), definitions(), EXTRAS), tmp_path, ".docx")
    (lying,) = [p for p in found if "各单位主要指标" in p]
    assert "第59工会委员会" in lying
    assert re.search("合计[0-9,]+注：按“基层工会组织数”列前9位", lying)


def test_annex_pages_name_their_heads_again(tmp_path: Path) -> None:
    found = pages(review(year(), definitions(), EXTRAS), tmp_path, ".xlsx")
    moves = [p for p in found if "石总工发〔2017〕21号" in p]
    assert len(moves) > 1
    assert all("现上级工会" in p for p in moves)
    assert not any("###" in p for p in found)  # a column too narrow for its number


def test_bulletin_fits_a_few_pages(tmp_path: Path) -> None:
    found = pages(bulletin(month(30), definitions(), EXTRAS), tmp_path, ".docx")
    assert len(found) <= 5
    assert "缺报30份" in "".join(found)
