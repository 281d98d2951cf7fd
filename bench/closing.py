"""A close over thousands of unions with the whole catalogue: time, memory, and how both grow.

As in life are the registry (a province with cities, counties and industry unions), the roster of
every form, and the first block of 100 unions: their workbooks of March 2019 with every form of the
month and the quarter are taken in, read, checked and loaded by the pipeline; what they filed for
February and for March of the year before goes through the loader without workbooks. The further
blocks are copies of the first made in SQL (`bench.multiply`): rows, filings and files grow as in
life, while figures vary no more than among 100 unions. One union in 33 has something that waits for
words (`bench.filings.settle`); its workbook is marked from the original of the first block.
Federations file nothing here.

Then `close_period` runs as it is, in a fresh process: once for each size.
"""

from __future__ import annotations

import pickle
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench import catalogue, organisations, ours
from bench.apart import database, installation, process, say, spending
from bench.figures import union_code
from bench.filings import Filed, further, load_rows, settle
from bench.organisations import federation
from bench.report import aligned_table
from bench.watch import Cost, Memory, Stopwatch
from bench.workbooks import ERRORS_EVERY
from definitions import Definitions, load_definitions
from definitions.organisations import Organisation
from definitions.periods import Period

MONTH, BLOCK = catalogue.MONTH, organisations.BLOCK
EARLIER = ("2018-03", "2019-02")
"""Months that the one which closes is compared with."""
SEED = 20190403
FIGURES, CHECKS, ROWS, KEPT, MARKED, OUT, REST = (
    "figures of the month and the quarter",
    "checks that only a close can make",
    "rows of the consolidated workbooks",
    "files kept in the store",
    "workbooks laid back with what waits",
    "files laid out",
    "drawing, bulletin, board, R-11",
)
STAGE_OF = {
    "close_period": REST,
    "consolidate": FIGURES,
    "check_at_close": CHECKS,
    "rows_of": ROWS,
    "named": ROWS,
    "keep_draft": KEPT,
    "tell_waiting": MARKED,
    "lay_out": OUT,
}
STAGES = (FIGURES, CHECKS, ROWS, REST, KEPT, MARKED, OUT)


@dataclass
class ClosingRun:
    """One close: what it was over, what it told, and what it cost by stage; in seconds and MB."""

    unions: int
    filed: dict[str, int]
    told: dict[str, int]
    files: int = 0
    megabytes: float = 0.0
    costs: dict[str, Cost] = field(default_factory=dict)
    wall: float = 0.0
    server: float = 0.0
    memory: Memory = field(default_factory=Memory)

    @property
    def processor(self) -> float:
        """Processor seconds of the process that closes and of its children."""
        return sum(c.processor for c in self.costs.values())


# --- what the first block files ---


def block(folder: Path) -> list[Path]:
    """Workbooks of the month that closes; beside them rows of the months before.

    Made once, in some minutes, and kept in the folder.
    """
    paths = [folder / f"block-{BLOCK}" / f"{union_code(n)}.xlsx" for n in range(1, BLOCK + 1)]
    if _before(folder).exists() and all(p.exists() for p in paths):
        return paths
    known, month = load_definitions(), Period.parse(MONTH)
    rows = filed(known, federation(BLOCK), [*EARLIER, MONTH])
    wanted = {
        (f.code, month.within(f.period).label) for f in catalogue.forms_of_month(known, month)
    }
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    for n, path in enumerate(paths, 1):
        own = {f: r for (f, label), r in rows[union_code(n)].items() if (f, label) in wanted}
        path.write_bytes(catalogue.workbook(known, own, n, month))
    before = {
        code: {place: r for place, r in own.items() if place not in wanted}
        for code, own in rows.items()
    }
    _before(folder).write_bytes(pickle.dumps(before))
    return paths


def _before(folder: Path) -> Path:
    return folder / f"block-{BLOCK}.pickle"


def filed(known: Definitions, registry: Sequence[Organisation], months: Sequence[str]) -> Filed:
    """What the grassroots unions of a registry file for some months."""
    from samples.generate import generate

    codes = [c for c in known.form_codes if c not in catalogue.LEFT_OUT]
    made = generate(known, registry, months, SEED, codes)
    unions = {o.code for o in registry if o.level == "基层"}
    found: Filed = {u: defaultdict(list) for u in sorted(unions)}
    for place, rows in made.tables.items():
        for row in rows:
            if row["org_code"] in unions:
                found[str(row["org_code"])][place].append(row)
    for number, own in enumerate(found.values(), 1):
        if number % ERRORS_EVERY:
            settle(own)
    return found


# --- in the process of an installation ---


def load_earlier(folder: Path) -> int:
    """The first block's earlier months."""
    return load_rows(pickle.loads(_before(folder).read_bytes()), EARLIER)  # noqa: S301 - our own


def open_for(unions: int, months: Sequence[str]) -> None:
    """Register the province and freeze who must report."""
    ours.open_for(federation(unions), months, range(2017, 2020))


def close() -> ClosingRun:
    """`close_period` with its costs by stage."""
    from pipelines.flow import closing

    watch = Stopwatch()
    began = time.perf_counter()
    with ExitStack() as stack:
        stack.enter_context(watch.watching(closing, STAGE_OF))
        told = closing.close_period(MONTH, ours.CLOSED[MONTH])
    wall = time.perf_counter() - began
    paths = [Path(p) for p in told["files"]]
    return ClosingRun(
        0, {}, {k: v for k, v in told.items() if isinstance(v, int)}, len(paths),
        sum(p.stat().st_size for p in paths) / 2**20, watch.costs, wall,
    )  # fmt: skip


# --- the measurement ---


def measure(sizes: Sequence[int], kept: Path | None) -> list[ClosingRun]:
    """A close for each size of federation, each in a fresh process on a database of its own.

    What the first block files stays in a folder given. ValueError when a size is not whole blocks.
    """
    with installation() as scratch:
        folder = kept or scratch / "workbooks"
        folder.mkdir(parents=True, exist_ok=True)
        return [_run(unions, scratch, folder) for unions in sizes]


def _run(unions: int, scratch: Path, folder: Path) -> ClosingRun:
    say(f"{unions:,} unions: what {BLOCK} of them file")
    with database(f"close_{unions}", scratch) as (home, url):
        with process(home, url) as there:
            paths = there(block, folder)
            there(open_for, unions, [*EARLIER, MONTH])
            there(load_earlier, folder)
            there(ours.take_in, paths, MONTH, "示范省总工会")
            chunks = there(ours.chunks, 500)
            counts = [there(ours.work, chunk, MONTH).counts for chunk in chunks]
            say(f"  {counts}; copying them")
            filed = there(further, unions)
        say(f"  {filed}; closing")
        with process(home, url) as there, spending(there(ours.warm, "closing"), scratch) as spent:
            run: ClosingRun = there(close)
    say(f"  closed in {run.wall:.1f} s")
    return replace(run, unions=unions, filed=filed, server=spent.server, memory=spent.memory)


def table(runs: Sequence[ClosingRun]) -> str:
    """What a close costs by size, where, and how it grows."""

    def per_union(seconds: float, run: ClosingRun) -> str:
        return f"{1000 * seconds / run.unions:.1f}"

    sizes = [f"{r.unions:,} unions" for r in runs]
    rows = [
        ["filings", *(f"{r.filed['filing']:,}" for r in runs)],
        ["rows", *(f"{r.filed['filing_row']:,}" for r in runs)],
        ["findings opened", *(f"{r.told['findings_opened']:,}" for r in runs)],
        ["files (MB)", *(f"{r.files} ({r.megabytes:.0f})" for r in runs)],
        ["clock, s", *(f"{r.wall:.1f}" for r in runs)],
        ["processors, s: Python", *(f"{r.processor:.1f}" for r in runs)],
        ["processors, s: PostgreSQL", *(f"{r.server:.1f}" for r in runs)],
        ["clock, ms a union", *(per_union(r.wall, r) for r in runs)],
        [
            "processors, ms a union",
            *(per_union(r.processor + r.server, r) for r in runs),
        ],
        *(
            [f"  {stage}, s", *(f"{r.costs.get(stage, Cost()).wall:.1f}" for r in runs)]
            for stage in STAGES
        ),
        ["memory, MB: closing process", *(f"{r.memory.parent / 2**20:,.0f}" for r in runs)],
        ["memory, MB: its children", *(f"{r.memory.children / 2**20:,.0f}" for r in runs)],
        ["memory, MB: PostgreSQL", *(f"{r.memory.server / 2**20:,.0f}" for r in runs)],
    ]
    return aligned_table("A month closes, the whole catalogue", ["", *sizes], rows)
