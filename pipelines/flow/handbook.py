"""The handbook with pictures: each form's own workbook filled with its examples, as it looks."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import openpyxl
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties

from definitions import Definitions, Period
from definitions.calendars import CalendarUnknown
from definitions.model import Form
from expectations.findings import column_letters
from pipelines.flow.ground import files_alone as definitions
from pipelines.handbook import Site, build
from pipelines.handbook.form_pages import example_row
from pipelines.templates import TemplateOrganisation, template_bytes

SAMPLE = TemplateOrganisation("640105Z00001", "示范区总工会")
WIDTH = 2000
"""Width of a picture in pixels: readable when opened, and a few dozen kilobytes."""
EXAMPLE_ROWS = 3
CONVERSION_SECONDS = 900


def write_handbook(out: str, year: int, pictures: bool = True) -> dict[str, int]:
    """Write the whole site below a folder; counts of pages and pictures.

    `year` is the one whose due dates the calendar shows. Pictures need LibreOffice; without it, or
    where it is not wanted, pages show the example as a table alone. What lies in the folder from
    an earlier handbook is replaced; a folder with anything else in it is refused.
    """
    known, folder = definitions(), Path(out)
    _clear(folder)
    shown = pictures_of(known, known.form_codes, year) if pictures else {}
    files = build(Site(known, year, shown))
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return {
        "pages": sum(name.endswith(".html") for name in files),
        "pictures": len(shown),
    }


def _clear(folder: Path) -> None:
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / "style.css").exists() or not (folder / "terms.html").exists():
        raise FileNotFoundError(f"{folder} 里有别的文件，请换一个空文件夹")
    shutil.rmtree(folder)


def pictures_of(known: Definitions, codes: Iterable[str], year: int) -> dict[str, bytes]:
    """A PNG of each form's filled sheet, by form code; nothing where LibreOffice is not there."""
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        return {}
    found = {}
    with tempfile.TemporaryDirectory(prefix="handbook-") as place:
        folder = Path(place)
        for code in codes:
            content = sample_workbook(known, known.newest(code), year)
            (folder / f"{code}.xlsx").write_bytes(content)
        subprocess.run(  # noqa: S603 - the office program of this machine, on files made here
            [
                office,
                f"-env:UserInstallation={(folder / 'profile').as_uri()}",
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                str(folder),
                *sorted(str(p) for p in folder.glob("*.xlsx")),
            ],
            check=True,
            capture_output=True,
            timeout=CONVERSION_SECONDS,
        )
        for pdf in sorted(folder.glob("*.pdf")):
            found[pdf.stem] = _picture(pdf)
    return found


def sample_workbook(known: Definitions, form: Form, year: int) -> bytes:
    """The workbook of one form with one row of its columns' examples, its sheet on one page."""
    month = _month(form, year)
    period = month.within(form.period)
    try:
        days = {form.code: known.calendar.deadlines(form.due, period)}
    except CalendarUnknown:
        days = {}
    rows = {form.code: [example_row(form)]}
    made = template_bytes(known, [form], SAMPLE, month, days, rows, date(year, 1, 1))
    return _one_page(made, form)


def _one_page(content: bytes, form: Form) -> bytes:
    """Only the form's sheet, down to two rows below the example, as wide as the paper.

    Printed as it is, a wide form runs over a dozen pages of empty rows.
    """
    book = openpyxl.load_workbook(io.BytesIO(content))
    first = form.columns[0].label
    sheet = next(s for s in book.worksheets if s.title.startswith(form.code))
    header = next(c.row for row in sheet.iter_rows() for c in row if c.value == first)
    for other in [s for s in book.worksheets if s is not sheet]:
        book.remove(other)
    for name in list(book.defined_names):
        del book.defined_names[name]
    sheet.print_title_rows = None
    sheet.print_area = f"A1:{column_letters(len(form.columns))}{header + 1 + EXAMPLE_ROWS}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 8  # A3
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 1
    sheet.oddFooter = HeaderFooterItem()
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _month(form: Form, year: int) -> Period:
    """December of the year before, or the first December that the edition covers."""
    wanted = max(year - 1, form.valid_from.year)
    if form.valid_to is not None:
        wanted = min(wanted, form.valid_to.year - 1)
    return Period.parse(f"{wanted}-12")


def _picture(pdf: Path) -> bytes:
    """The first page without its empty margins."""
    import pypdfium2
    from PIL import Image, ImageChops

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        picture: Image.Image = page.render(scale=2.5).to_pil().convert("RGB")
    finally:
        document.close()
    blank = Image.new("RGB", picture.size, (255, 255, 255))
    box = ImageChops.difference(picture, blank).getbbox()
    if box is not None:
        margin = 12
        picture = picture.crop(
            (
                max(box[0] - margin, 0),
                max(box[1] - margin, 0),
                min(box[2] + margin, picture.width),
                min(box[3] + margin, picture.height),
            )
        )
    if picture.width > WIDTH:
        height = round(picture.height * WIDTH / picture.width)
        picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    picture.quantize(64).save(target, "PNG", optimize=True)
    return target.getvalue()
