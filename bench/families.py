"""Every family of reports over a federation of 500 unions: how long each takes and what it makes.

A province, a city, ten counties and eight industry unions above 500 grassroots unions. The first
block of 250 and all federations file every form of December 2019 with its quarter, half-year and
year, through the loader (`bench.closing`); the further blocks are copies (`bench.multiply`). Each
family is then made by the function that the command line calls. What finds nothing to print says
why in its own words; whatever else goes wrong ends the run.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import catalogue, closing
from bench.figures import Row
from bench.organisations import BLOCK, TRADES, county_of, federation
from definitions import load_definitions
from definitions.periods import Period

UNITS, MONTH, YEAR = 500, "2019-12", 2019
CLOSED, AFTER = "2020-01-25T09:00", "2020-02-20T09:00"


@dataclass(frozen=True, slots=True)
class Made:
    """One family: seconds, files, megabytes, the most rows of one table; or why there is none."""

    code: str
    told: str
    seconds: float
    files: tuple[str, ...]
    megabytes: float = 0.0
    longest: int = 0
    reason: str = ""


def prepare(folder: Path) -> int:
    """Register, open December and load what was filed; how many filings there are then."""
    kept = folder / f"families-{BLOCK}.pickle"
    if not kept.exists():
        rows = closing.filed(load_definitions(), federation(BLOCK), [MONTH], everyone=True)
        kept.write_bytes(pickle.dumps(rows))
    closing.open_for(UNITS, [MONTH])
    closing.load_rows(pickle.loads(kept.read_bytes()), [MONTH], _workbook)  # noqa: S301 - our own
    return closing.further(UNITS)["filing"]


def _workbook(number: int, pages: dict[tuple[str, str], list[Row]]) -> bytes:
    """The original that a close marks: a sheet for each form, at the addresses of the rows."""
    by_form = {form: rows for (form, _), rows in pages.items()}
    return catalogue.workbook(load_definitions(), by_form, number, Period.parse(MONTH))


def families() -> list[tuple[str, str, Callable[[], Iterable[str]]]]:
    """Code, what it is of, and what makes it: returns the files."""
    from pipelines import flow
    from pipelines.flow.downloading import write_download
    from pipelines.flow.reports import REPORTS
    from pipelines.places import places

    def closed() -> list[str]:
        return list(flow.close_period(MONTH, CLOSED)["files"])

    def reviewed() -> list[str]:
        draft = flow.prepare_review(YEAR, AFTER)
        return list(flow.publish_review(draft["publication"], "主席", AFTER)["files"])

    def downloaded() -> Iterable[str]:
        made = flow.download("ORG-02", MONTH, MONTH, AFTER)
        return write_download(made, places().root / "download")

    def report(code: str, period: str, unit: str | None = None) -> Callable[[], Iterable[str]]:
        return lambda: flow.publish_report(code, period, AFTER, unit)["files"]

    number, office = "示考〔2020〕1号", "考核办"
    found: list[tuple[str, str, Callable[[], Iterable[str]]]] = [
        ("R-03 R-11 R-14", "a close: bulletin, board, transfers, workbooks", closed),
        ("R-01", "the federation and all counties and cities", reviewed),
        ("R-02", "every scheme of the year", lambda: flow.assess(YEAR, AFTER)["files"]),
        ("R-11", "the year", lambda: flow.publish_transfers(str(YEAR), AFTER)["files"]),
        ("R-14", "ORG-02 as xlsx, CSV, Parquet", downloaded),
    ]
    periods = {"R-09": str(YEAR), "R-10": str(YEAR), "R-13": f"{YEAR}Q4"}
    for code in REPORTS:
        period = periods.get(code, MONTH)
        unit = TRADES[0] if code == "R-10" else county_of(1) if code == "R-09" else None
        found.append((code, f"{period}, {unit or 'the federation'}", report(code, period, unit)))
    found += [
        (
            "R-05",
            "audits of the year",
            lambda: flow.publish_audit_reports(YEAR, committee="经审委", by="经审办", at=AFTER),
        ),
        (
            "R-06",
            "star homes",
            lambda: flow.publish_star_list("SWH-2019", YEAR, document=number, by=office, at=AFTER),
        ),
        (
            "R-07",
            "what is due",
            lambda: flow.publish_due_notices(office="办公室", by="办公室", at=AFTER),
        ),
        (
            "R-08",
            "what follows",
            lambda: flow.publish_funding_note(
                "IFE-2019", YEAR, document=number, by=office, at=AFTER
            ),
        ),
    ]
    return sorted(found, key=lambda one: one[0])


def run(folder: Path) -> list[Made]:
    """Make everything, in an installation of its own; one after the other, the close first."""
    filings = prepare(folder)
    print(f"{filings:,} filings", flush=True)
    wanted = sorted(families(), key=lambda one: not one[0].startswith("R-03"))
    found = []
    for code, told, make in wanted:
        began = time.perf_counter()
        try:
            files = tuple(make())
        except LookupError as nothing:
            found.append(Made(code, told, time.perf_counter() - began, (), reason=str(nothing)))
            continue
        seconds = time.perf_counter() - began
        paths = [Path(f) for f in files]
        size = sum(p.stat().st_size for p in paths) / 2**20
        found.append(Made(code, told, seconds, files, size, _longest(paths)))
        print(f"{code} {told}: {seconds:.1f} s, {len(files)} files", flush=True)
    return found


def _longest(paths: Sequence[Path]) -> int:
    """Rows of the longest sheet of any workbook."""
    import openpyxl

    longest = 0
    for path in paths:
        if path.suffix == ".xlsx":
            book: Any = openpyxl.load_workbook(path, read_only=True)
            longest = max(longest, *(s.max_row or 0 for s in book.worksheets))
            book.close()
    return longest


def table(found: Sequence[Made]) -> str:
    """The figures, by family."""
    lines = [
        f"| {UNITS} unions | of | s | files | MB | rows of the longest sheet |",
        "|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {m.code} | {m.told} | {m.seconds:.1f} | {len(m.files) or m.reason} | "
        f"{m.megabytes:.1f} | {m.longest:,} |"
        for m in sorted(found, key=lambda m: m.code)
    ]
    return "\n".join(lines)
