"""What was measured, the ratios that matter, and one table a person can read."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.ours import MARK, READ, STAGES, VALIDATE
from bench.watch import Cost, Memory

TIMES_NAIVE = 50.0
TIMES_BARE = 4.0
VALIDATION_TO_READING = 1.0


@dataclass
class Run:
    """One run of this pipeline over a month of workbooks by some worker processes."""

    shape: str
    workbooks: int
    workers: int
    chunk: int
    wall: float
    costs: Mapping[str, Cost]
    server: float
    returned: int
    cold: float = 0.0
    memory: Memory | None = None

    def per_workbook(self, stage: str) -> Cost:
        """Milliseconds of one stage per workbook."""
        cost = self.costs.get(stage, Cost())
        return Cost(1000 * cost.wall / self.workbooks, 1000 * cost.processor / self.workbooks)

    @property
    def wall_ms(self) -> float:
        """Milliseconds on the clock per workbook, all workers together."""
        return 1000 * self.wall / self.workbooks

    @property
    def loaded_ms(self) -> float:
        """The same from receipt to loaded values and findings, as issue 2 has it.

        Without the time that the workers spent on marked workbooks; all of them were busy.
        """
        marking = self.costs.get(MARK, Cost()).wall / self.workers
        return 1000 * (self.wall - marking) / self.workbooks

    @property
    def processor_ms(self) -> float:
        """Milliseconds of processors per workbook, PostgreSQL's included."""
        spent = sum(c.processor for c in self.costs.values()) + self.server
        return 1000 * spent / self.workbooks


@dataclass
class Other:
    """Another way over the same files: milliseconds per workbook of each repetition."""

    name: str
    shape: str
    workbooks: int
    walls: Sequence[float]
    processors: Sequence[float]

    @property
    def wall_ms(self) -> float:
        """Median over the repetitions, all processes together."""
        return statistics.median(self.walls)

    @property
    def processor_ms(self) -> float:
        """Median over the repetitions."""
        return statistics.median(self.processors)


@dataclass
class Results:
    """Everything one bench run measured."""

    cores: int
    machine: str
    files: dict[str, str]
    runs: list[Run] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    expectations: int = 0

    def timed(self, shape: str, workers: int | None = None) -> list[Run]:
        """Runs without memory sampling."""
        return [
            r
            for r in self.runs
            if r.shape == shape and r.memory is None and (workers is None or r.workers == workers)
        ]

    def other(self, name: str, shape: str) -> Other | None:
        """What another way took, if it was measured."""
        return next((o for o in self.others if (o.name, o.shape) == (name, shape)), None)


def median_run(runs: Sequence[Run]) -> Run:
    """The run whose time on the clock is the median (the lower of the middle two)."""
    return sorted(runs, key=lambda r: r.wall)[(len(runs) - 1) // 2]


def ratio(one: float, other: float) -> float:
    """How many times `other` goes into `one`; 0 when nothing was measured."""
    return one / other if other else 0.0


@dataclass(frozen=True)
class Goal:
    """A target, what was reached, and whether that is enough."""

    text: str
    reached: float
    limit: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.reached >= self.limit if self.at_least else 0 < self.reached <= self.limit

    def line(self) -> str:
        """One line of the table."""
        wanted = f"{'≥' if self.at_least else '≤'} {self.limit:g}"
        return f"{self.text}|{self.reached:.1f}|{wanted}|{'met' if self.met else 'NOT MET'}"


def goals(results: Results) -> list[Goal]:
    """The targets of issue 2 against the largest run of each shape at equal cores."""
    found = []
    for shape in dict.fromkeys(r.shape for r in results.runs):
        runs = results.timed(shape, results.cores)
        if not runs:
            continue
        most = max(r.workbooks for r in runs)
        ours = median_run([r for r in runs if r.workbooks == most])
        naive, bare = results.other("naive", shape), results.other("unzip-and-parse", shape)
        if naive:
            times = ratio(naive.wall_ms, ours.wall_ms)
            found.append(Goal(f"naive ÷ ours, {shape}", times, TIMES_NAIVE, True))
        if bare:
            loaded = ratio(ours.loaded_ms, bare.wall_ms)
            found.append(Goal(f"ours ÷ bare, to loaded values, {shape}", loaded, TIMES_BARE, False))
            times = ratio(ours.wall_ms, bare.wall_ms)
            found.append(
                Goal(f"ours ÷ bare, with marked workbooks, {shape}", times, TIMES_BARE, False)
            )
    for run in _largest_chunks(results):
        found.append(
            Goal(
                f"validate ÷ read, one chunk of {run.chunk:,}, {run.shape}",
                ratio(run.per_workbook(VALIDATE).wall, run.per_workbook(READ).wall),
                VALIDATION_TO_READING,
                False,
            )
        )
    return found


def _largest_chunks(results: Results) -> list[Run]:
    found = []
    for shape in dict.fromkeys(r.shape for r in results.runs):
        alone = results.timed(shape, 1)
        if alone:
            most = max(r.workbooks for r in alone)
            found.append(median_run([r for r in alone if r.workbooks == most]))
    return found


def markdown(results: Results) -> str:
    """Every table of a bench run, as Markdown that also reads well on a terminal."""
    parts = [
        aligned_table(
            "Targets",
            ["target", "reached", "wanted", ""],
            [g.line().split("|") for g in goals(results)],
        ),
        _ways(results),
        *(_stages(run) for run in _largest_chunks(results)),
        _growth(results),
    ]
    return "\n\n".join(parts)


def _ways(results: Results) -> str:
    rows = []
    for shape in dict.fromkeys(r.shape for r in results.runs):
        runs = results.timed(shape, results.cores)
        if not runs:
            continue
        most = max(r.workbooks for r in runs)
        ours = median_run([r for r in runs if r.workbooks == most])
        rows += [
            [
                f"this pipeline, {most:,} {shape}",
                f"{ours.wall_ms:.2f}",
                f"{ours.processor_ms:.2f}",
                "1",
            ],
            [
                "  of it, to loaded values and findings",
                f"{ours.loaded_ms:.2f}",
                f"{ours.processor_ms - ours.per_workbook(MARK).processor:.2f}",
                "",
            ],
        ]
        for other in results.others:
            if other.shape == shape:
                rows.append(
                    [
                        f"{other.name}, {other.workbooks:,} {shape}",
                        f"{other.wall_ms:.2f}",
                        f"{other.processor_ms:.2f}",
                        f"{ratio(other.wall_ms, ours.wall_ms):.2f}",
                    ]
                )
    return aligned_table(
        f"The whole way, milliseconds per workbook on {results.cores} cores",
        ["", "clock", "processors", "times ours"],
        rows,
    )


def _stages(run: Run) -> str:
    rows = []
    for stage in STAGES:
        cost = run.per_workbook(stage)
        share = ratio(run.costs.get(stage, Cost()).wall, run.wall)
        rows.append([stage, f"{cost.wall:.2f}", f"{cost.processor:.2f}", f"{share:.0%}"])
    rows.append(["PostgreSQL's own processes", "", f"{1000 * run.server / run.workbooks:.2f}", ""])
    rows.append(["together", f"{run.wall_ms:.2f}", f"{run.processor_ms:.2f}", "100%"])
    return aligned_table(
        f"Where it goes: {run.workbooks:,} {run.shape} workbooks, one process, chunks of "
        f"{run.chunk:,}, {run.returned} returned; milliseconds per workbook",
        ["stage", "clock", "processors", "share"],
        rows,
    )


def _growth(results: Results) -> str:
    rows = []
    for shape in dict.fromkeys(r.shape for r in results.runs):
        runs = [r for r in results.runs if r.shape == shape and r.workers == results.cores]
        for count in sorted({r.workbooks for r in runs}):
            timed = [r for r in runs if r.workbooks == count and r.memory is None]
            watched = [r.memory for r in runs if r.workbooks == count and r.memory is not None]
            if not timed:
                continue
            run = median_run(timed)
            memory = max(watched, key=lambda m: m.together, default=None)
            rows.append(
                [
                    f"{count:,} {shape}",
                    f"{run.chunk:,}",
                    f"{run.wall_ms:.2f}",
                    f"{run.processor_ms:.2f}",
                    f"{run.cold:.1f}",
                    *(
                        [
                            f"{m / 2**20:.0f}"
                            for m in (memory.parent, memory.children, memory.together)
                        ]
                        if memory
                        else ["", "", ""]
                    ),
                ]
            )
    return aligned_table(
        f"Growth, {results.cores} worker processes; memory of one worker, MB at its peak",
        ["workbooks", "chunk", "clock ms", "processors ms", "cold s", "parent", "children", "both"],
        rows,
    )


def aligned_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A title and a table whose columns stand below each other on a terminal too."""
    widths = [max(len(str(r[i])) for r in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            c + " " * (w - len(c)) if i == 0 else " " * (w - len(c)) + c
            for i, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        return "| " + " | ".join(padded) + " |"

    rule = (
        "|" + "|".join("-" * (w + 1) + ("-" if i == 0 else ":") for i, w in enumerate(widths)) + "|"
    )
    return "\n".join([f"**{title}**", "", line(head), rule, *map(line, rows)])


def told(results: Results) -> str:
    """What a bench run prints: the machine, the files, every table."""
    files = "\n".join(f"{shape}: {said}" for shape, said in results.files.items())
    return f"\n{results.machine}\n\n{files}\n\n{markdown(results)}\n"


def write_page(results: Results, day: str) -> None:
    """docs/speed.md: how it was measured stays above, the numbers below are those of `day`."""
    page = Path(__file__).resolve().parent.parent / "docs" / "speed.md"
    mark = "<!-- numbers -->"
    text = page.read_text(encoding="utf-8") if page.exists() else f"# Speed\n\n{mark}\n"
    above = text.partition(mark)[0]
    files = "\n".join(f"- {shape}: {said}" for shape, said in results.files.items())
    page.write_text(
        f"{above}{mark}\n\nMeasured on {day}. {results.machine}.\n\n{files}\n"
        f"- naive: {results.expectations} expectations a workbook\n\n{markdown(results)}\n",
        encoding="utf-8",
    )
