"""The year-end review, from the months that came in to its files, as a multiple of bare SQL totals.

The bare way is one statement: every number of every current row of the year, added up by form and
column (`TOTALS`). It knows no indicator, line, unit, comparison or withheld figure, and writes
nothing. The review is `prepare_review` and `publish_review` as the command line calls them, at a
cut-off of its own, so that nothing is computed beforehand: figures of the year for everyone, the
reviews of the federation and of every county as Word, HTML, xlsx (the federation's as PDF too).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import ours
from bench.apart import database, installation, process, say, spending
from bench.synthetic import BEFORE, MONTHS, YEAR, prepare
from bench.watch import Memory, processor_seconds

TOTALS = """
SELECT r.form, n.place, sum(n.value) AS total, count(*) AS told
FROM filing_row AS r
JOIN filing AS f ON f.id = r.filing_id
CROSS JOIN LATERAL unnest(r.numbers) WITH ORDINALITY AS n (value, place)
WHERE f.superseded_at IS NULL
  AND r.period_end BETWEEN :first AND :last
  AND n.value IS NOT NULL
GROUP BY r.form, n.place
"""
REVIEWED = "2020-02-21T09:00"


@dataclass
class ReviewRun:
    """One size: what was there, the bare totals, and the review; in seconds and MB."""

    unions: int
    filed: dict[str, int]
    totals: int = 0
    bare: float = 0.0
    prepared: float = 0.0
    published: float = 0.0
    processors: float = 0.0
    server: float = 0.0
    files: int = 0
    megabytes: float = 0.0
    memory: Memory = field(default_factory=Memory)

    @property
    def whole(self) -> float:
        """Seconds from the months to the files."""
        return self.prepared + self.published


def measure(sizes: Sequence[int], months: int, kept: Path | None) -> list[ReviewRun]:
    """A review for each size of federation, each in a fresh process on a database of its own.

    Filled are the last so many months of the year, 1 to 12, and the one that the year before is
    known by; what is filed stays in a folder given. ValueError when a size is not whole blocks.
    """
    with installation() as scratch:
        folder = kept or scratch / "workbooks"
        return [_run(unions, (BEFORE, *MONTHS[-months:]), scratch, folder) for unions in sizes]


def _run(unions: int, months: Sequence[str], scratch: Path, folder: Path) -> ReviewRun:
    say(f"{unions:,} unions: filling {len(months)} months")
    with database(f"review_{unions}", scratch) as (home, url):
        with process(home, url) as there:
            filed = there(prepare, folder, unions, months)
        with process(home, url) as there:
            pid = there(ours.warm, "publishing")
            seconds, totals = there(bare)
            with spending(pid, scratch) as spent:
                run: ReviewRun = there(review, unions, filed)
    say(f"  {filed}; totals in {seconds:.2f} s, review in {run.whole:.1f} s")
    return replace(run, bare=seconds, totals=totals, server=spent.server, memory=spent.memory)


# --- in the process of an installation ---


def bare() -> tuple[float, int]:
    """Median seconds of five, and how many totals there are."""
    from datetime import date

    from sqlalchemy import text

    from pipelines.flow.ground import engine

    seconds, rows = [], 0
    with engine().connect() as connection:
        for _ in range(5):
            began = time.perf_counter()
            asked = {"first": date(YEAR, 1, 1), "last": date(YEAR, 12, 31)}
            rows = len(connection.execute(text(TOTALS), asked).all())
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), rows


def review(unions: int, filed: dict[str, int]) -> ReviewRun:
    """The review of the year, drafted and published."""
    from pipelines import flow

    run = ReviewRun(unions, filed)
    began, used = time.perf_counter(), processor_seconds()
    draft = flow.prepare_review(YEAR, REVIEWED)
    run.prepared = time.perf_counter() - began
    began = time.perf_counter()
    files = flow.publish_review(draft["publication"], "主席", REVIEWED)["files"]
    run.published = time.perf_counter() - began
    run.processors = processor_seconds() - used
    run.files = len(files)
    run.megabytes = sum(Path(f).stat().st_size for f in files) / 2**20
    return run


# --- the figures ---


def table(runs: Sequence[ReviewRun], months: int) -> str:
    """The figures, a column for each size, under how many months of the year were filled."""
    rows: list[tuple[str, list[str]]] = [
        ("filings", [f"{r.filed['filing']:,}" for r in runs]),
        ("rows", [f"{r.filed['filing_row']:,}" for r in runs]),
        ("bare SQL totals, s (totals)", [f"{r.bare:.2f} ({r.totals:,})" for r in runs]),
        ("draft of the reviews, s", [f"{r.prepared:.1f}" for r in runs]),
        ("signed and laid out, s", [f"{r.published:.1f}" for r in runs]),
        ("review ÷ bare totals, clock", [f"**{r.whole / r.bare:.0f}**" for r in runs]),
        ("processors, s: Python", [f"{r.processors:.1f}" for r in runs]),
        ("processors, s: PostgreSQL", [f"{r.server:.1f}" for r in runs]),
        ("files (MB)", [f"{r.files} ({r.megabytes:.0f})" for r in runs]),
        ("memory, MB: process", [f"{r.memory.parent / 2**20:.0f}" for r in runs]),
        ("memory, MB: its children", [f"{r.memory.children / 2**20:.0f}" for r in runs]),
        ("memory, MB: PostgreSQL", [f"{r.memory.server / 2**20:.0f}" for r in runs]),
    ]
    lines = [
        f"{months} months and {BEFORE}\n",
        "| | " + " | ".join(f"{r.unions:,} unions" for r in runs) + " |",
        "|---|" + "---:|" * len(runs),
    ]
    return "\n".join([*lines, *(f"| {told} | " + " | ".join(cells) + " |" for told, cells in rows)])
