"""`python -m bench`: make a month of workbooks, measure every way over it, print one table."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from bench import books, catalogue, closing, families, months, report, review, scoring
from bench.apart import machine


def main() -> None:
    """Measure what is asked for and print it; write the page only when asked."""
    parser = options()
    given = parser.parse_args()
    if given.write and not given.on:
        parser.error("--write needs --on YYYY-MM-DD")
    if one := measurement(given):
        print(one)
        return
    results = months.measure(plan(given), given.workbooks)
    print(report.told(results))
    if given.write:
        report.write_page(results, given.on)


def options() -> argparse.ArgumentParser:
    """What can be asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 10,000 workbooks")
    parser.add_argument("--quick", action="store_true", help="a few workbooks once, to see it work")
    parser.add_argument("--cores", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--repeat", type=int, default=3, help="runs of which the median counts")
    parser.add_argument("--workbooks", type=Path, help="folder to keep generated workbooks in")
    parser.add_argument("--write", action="store_true", help="write docs/speed.md")
    parser.add_argument("--on", help="the date to state in the page; required with --write")
    parser.add_argument(
        "--catalogue", type=int, nargs="*", metavar="UNIONS",
        help="every form of a month, with its close, for so many unions (100 500)",
    )  # fmt: skip
    parser.add_argument(
        "--scoring", type=int, nargs="?", const=10_000, metavar="UNITS",
        help="scoring so many units (10000) with explanations, beside plain arrays",
    )  # fmt: skip
    parser.add_argument(
        "--close", type=int, nargs="*", metavar="UNIONS",
        help="closing a month of the whole catalogue for so many unions (1000 2500 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--portal", action="store_true",
        help="pages over 120,000 submissions, fifty people at once, from upload to verdict",
    )  # fmt: skip
    parser.add_argument(
        "--books", type=int, nargs="*", metavar="ROWS",
        help="the consolidated workbook beside plain XlsxWriter (1000 10000)",
    )  # fmt: skip
    parser.add_argument(
        "--families", action="store_true",
        help="every family of reports over a federation of 500 unions",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, help="folder to keep what --families makes")
    parser.add_argument(
        "--review", type=int, nargs="*", metavar="UNIONS",
        help="the year-end review as a multiple of bare SQL totals (100 300 1000)",
    )  # fmt: skip
    parser.add_argument(
        "--months", type=int, default=12, choices=range(1, 13), metavar="1..12",
        help="how many months of the year --review fills",
    )  # fmt: skip
    return parser


def measurement(given: argparse.Namespace) -> str:
    """The table of the first measurement that an option names; empty when none does."""
    kept = given.workbooks
    if given.portal:
        from bench import portal  # the web's libraries; nothing else here needs them

        found = portal.table(portal.measure())
    elif given.scoring is not None:
        return scoring.table(scoring.measure(given.scoring))
    elif given.books is not None:
        return books.table(books.measure(given.books or [1000, 10_000]))
    elif given.catalogue is not None:
        found = catalogue.table(catalogue.measure(given.catalogue or [100, 500], kept))
    elif given.close is not None:
        found = closing.table(closing.measure(given.close or [1000, 2500, 10_000], kept))
    elif given.families:
        found = families.table(families.measure(kept, given.keep))
    elif given.review is not None:
        runs = review.measure(given.review or [100, 300, 1000], given.months, kept)
        found = review.table(runs, given.months)
    else:
        return ""
    return f"{machine()}\n\n{found}"


def plan(given: argparse.Namespace) -> months.Plan:
    """What is run over the months of workbooks."""
    if given.quick:
        return months.Plan([40], [(40, 40)], 40, 1, 20, 1, given.cores)
    sizes = [100, 1000, 2000] + ([10_000] if given.full else [])
    return months.Plan(sizes, [(2000, 2000)], 1000, 12, 300, given.repeat, given.cores)


if __name__ == "__main__":
    main()
