"""Every family of reports over a federation of 500 unions: how long each takes and what it makes.

The federation and its year are those of `bench.synthetic`. December is closed, the year reviewed,
and an assessment year played to its end for districts, industry unions and star homes; then each
family is made by the function that the command line calls. What finds nothing to print says why in
its own words; whatever else goes wrong ends the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.apart import installation, process
from bench.figures import union_code
from bench.synthetic import CLOSED, MONTH, YEAR, county_code, prepare, reorganise, trade_code

UNITS = 500
REVIEWED, AFTER = "2020-02-21T09:00", "2020-03-20T15:00"
ASSESSED = ("TRA-FED-2019", "TRA-IND-2019", "SWH-2019")


@dataclass(frozen=True, slots=True)
class Made:
    """One family: seconds, files, megabytes, the most rows of one sheet; or why there is none."""

    code: str
    told: str
    seconds: float
    files: tuple[str, ...]
    megabytes: float = 0.0
    longest: int = 0
    reason: str = ""


Maker = Callable[[], Iterable[str]]


def families() -> list[tuple[str, str, Maker]]:
    """Code, what it is of, and what makes it: returns the files. In an order that works."""
    from bench.assessed_year import play
    from pipelines import flow
    from pipelines.flow.downloading import write_download
    from pipelines.places import places
    from warehouse.life_cycle import Actor

    number, office, by = "示总工发〔2020〕{n}号", "市总工会办公室", "考核办"

    def reviewed() -> list[str]:
        draft = flow.prepare_review(YEAR, REVIEWED)
        return list(flow.publish_review(draft["publication"], "主席", REVIEWED)["files"])

    def downloaded(form: str, first: str, last: str) -> Maker:
        return lambda: write_download(
            flow.download(form, first, last, AFTER), places().root / "download"
        )

    def report(code: str, period: str, unit: str | None = None) -> Maker:
        return lambda: flow.publish_report(code, period, AFTER, unit)["files"]

    def played(scheme: str) -> Maker:
        def make() -> Iterable[str]:
            play(scheme)
            return flow.publish_book(
                scheme, YEAR, by=by, at=AFTER,
                letter="示考通〔2020〕{n}号" if scheme != "SWH-2019" else "",
            )  # fmt: skip

        return make

    def followed(scheme: str) -> Maker:
        from pipelines.flow.consequences import decide_consequences

        def make() -> Iterable[str]:
            decide_consequences(
                scheme, YEAR, document="示总工纪〔2020〕4号", by=Actor("主席办公会"), at=AFTER
            )
            return flow.publish_funding_note(
                scheme, YEAR, document=number.format(n=18), by=by, at=AFTER
            )

        return make

    quarter, county = f"{YEAR}Q4", county_code(0)
    return [
        ("R-03 R-11 R-14", "December closed: bulletin, board, moves, workbooks",
         lambda: flow.close_period(MONTH, CLOSED)["files"]),
        ("R-01", "the year: the federation and all counties", reviewed),
        ("R-02", "every scheme of the year as scored",
         lambda: flow.assess(YEAR, REVIEWED)["files"]),
        *(("R-02", f"{s}, played to its end, in Word", played(s)) for s in ASSESSED),
        ("R-04", "December", report("R-04", MONTH)),
        ("R-04", "December, a county", report("R-04", MONTH, county)),
        ("R-05", "audits of the year",
         lambda: flow.publish_audit_reports(
             YEAR, committee="示范市总工会经费审查委员会", by="经审办", at=AFTER)),
        ("R-06", "star homes",
         lambda: flow.publish_star_list(
             "SWH-2019", YEAR, document=number.format(n=17), by=by, at=AFTER)),
        ("R-08", "what follows for industry unions", followed("TRA-IND-2019")),
        ("R-07", "what is due",
         lambda: [
             *flow.publish_notices(office=office, by=by, at=AFTER),
             *flow.publish_due_notices(office=office, by=by, at=AFTER, number=number, first=30),
         ]),
        ("R-09", "the year, a county", report("R-09", str(YEAR), county)),
        ("R-09", "the year, a union", report("R-09", str(YEAR), union_code(7))),
        ("R-09", "December, a union", report("R-09", MONTH, union_code(131))),
        ("R-10", "the year, an industry union", report("R-10", str(YEAR), trade_code(0))),
        ("R-10", "the quarter, an industry union", report("R-10", quarter, trade_code(1))),
        ("R-11", "the year", lambda: flow.publish_transfers(str(YEAR), AFTER)["files"]),
        ("R-12", "December", report("R-12", MONTH)),
        ("R-13", "the quarter", report("R-13", quarter)),
        ("R-14", "ORG-02 of twelve months as xlsx, CSV, Parquet",
         downloaded("ORG-02", f"{YEAR}-01", MONTH)),
    ]  # fmt: skip


def measure(kept: Path | None, laid: Path | None) -> list[Made]:
    """Every family in an installation of its own; what it files and its files in folders given."""
    from warehouse.server import ensure_database

    with installation() as scratch:
        home, folder = laid or scratch / "families", kept or scratch / "workbooks"
        with process(home, ensure_database("families")) as there:
            found: list[Made] = there(run, folder)
    return found


def run(folder: Path) -> list[Made]:
    """Make everything, one after the other; in the process of an installation."""
    print(prepare(folder, UNITS), flush=True)
    print(f"{reorganise(UNITS)} moves", flush=True)
    return [one_of(*family) for family in families()]


def one_of(code: str, told: str, make: Maker) -> Made:
    """One family, timed."""
    began = time.perf_counter()
    try:
        files = tuple(make())
    except (IndexError, KeyError):
        raise
    except LookupError as nothing:
        print(f"{code} {told}: {nothing}", flush=True)
        return Made(code, told, time.perf_counter() - began, (), reason=str(nothing))
    seconds = time.perf_counter() - began
    paths = [Path(f) for f in files]
    size = sum(p.stat().st_size for p in paths) / 2**20
    print(f"{code} {told}: {seconds:.1f} s, {len(files)} files", flush=True)
    return Made(code, told, seconds, files, size, _longest(paths))


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
    """The figures by family: seconds, files, MB, rows."""
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
