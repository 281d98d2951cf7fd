"""The demonstration: two years of sample workbooks through the real DAGs, ending with the review.

Files are dropped when their senders sent them; every DAG run is told what day it is, so two years
pass in minutes and in the order in which they happened.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from running import airflow, portal
from running.airflow import Airflow
from warehouse import server

if TYPE_CHECKING:
    from definitions import Definitions

CHINA = ZoneInfo("Asia/Shanghai")
REVIEWED = 2017
REGISTERED_AT = datetime(REVIEWED - 2, 12, 31, 9, tzinfo=CHINA)
SPOILED_AT = datetime(REVIEWED, 4, 5, 16, tzinfo=CHINA)
# The day after the review was published: when its readers open the portal.
LOOKED_AT_ON = datetime(REVIEWED + 1, 3, 3, 9, tzinfo=CHINA)


@dataclass(frozen=True)
class HandedIn:
    """One sample file: who sends it, and when it arrives."""

    path: Path
    sender: str
    at: datetime
    period: str


@dataclass
class Story:
    """What has happened so far, for the closing words."""

    counts: Counter[str] = field(default_factory=Counter)
    files: list[str] = field(default_factory=list)
    runs: int = 0


def run() -> None:
    """Everything from an empty directory to the published review; ends all it has started."""
    began = time.monotonic()
    home = server.home() / "demo"
    os.environ[server.HOME_VARIABLE] = str(home)
    _clear(home)
    _say(
        "准备环境：PostgreSQL、Airflow、样例工作簿", "Preparing PostgreSQL, Airflow and the samples"
    )
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build_samples, home / "samples")
        running = airflow.start(schedules=False)
        try:
            running.wait_healthy(airflow.DAGS)
            files = building.result()
            story = _drive(running, files)
            _closing_words(home, running, story, time.monotonic() - began)
            portal.print_accounts(portal.sample_accounts(LOOKED_AT_ON))
            _say("打开门户看一看：make look", "Have a look in the portal: make look")
        finally:
            running.stop()
            server.stop()


def build_samples(folder: Path) -> list[HandedIn]:
    """Write the sample workbooks and the registry of organisations, and register these."""
    from definitions import load_definitions
    from pipelines import flow
    from samples import build

    definitions = load_definitions()
    made = build(folder, definitions)
    flow.register_organisations(str(folder / "organisations.yaml"), REGISTERED_AT.isoformat())
    handed = [HandedIn(h.path, h.sender, h.at, h.period) for h in made]
    return handed + spoiled_samples(folder / "spoiled", definitions)


def spoiled_samples(folder: Path, definitions: Definitions) -> list[HandedIn]:
    """Workbooks as people spoil them, all of which come back; those that pass stay in the tests.

    They are of a county and month whose good workbooks arrive as well, so no figure hangs on them.
    """
    from samples.spoiled import spoiled_cases

    folder.mkdir(parents=True, exist_ok=True)
    handed = []
    for case in spoiled_cases(definitions):
        if "accepted" in case.outcomes:
            continue
        path = folder / f"{case.name}-{case.file_name}"
        path.write_bytes(case.data)
        # Several files of one sender that correct nothing may share a sweep.
        handed.append(HandedIn(path, case.sender, SPOILED_AT, f"2017-03 {case.name}"))
    return handed


@dataclass(frozen=True)
class Event:
    """One DAG run of the story, at its moment; `form` is what a person would type."""

    at: datetime
    dag_id: str
    form: dict[str, Any] = field(default_factory=dict)
    files: Sequence[HandedIn] = ()


def timetable(files: Iterable[HandedIn]) -> list[Event]:
    """Everything that happens, in order: openings, collections, closings, marks and the review.

    The year before is history: its months are opened at one go and closed once, with its year. A
    month of the year under review opens on its 25th and is closed when its last form is locked,
    December with those of the year. Files are collected when the last of a batch arrives; the year
    is marked and reviewed when the assessors' marks are in.
    """
    from definitions import load_definitions

    known = load_definitions()
    history = {"periods": [f"{REVIEWED - 1}-{month:02d}" for month in range(1, 13)]}
    events = [
        Event(_day(REVIEWED - 1, 1, 25), "open_period", history),
        _closing(known, f"{REVIEWED - 1}-12"),
    ]
    for month in range(1, 13):
        form = {"periods": [f"{REVIEWED}-{month:02d}"]}
        events.append(Event(_day(REVIEWED, month, 25), "open_period", form))
        events.append(_closing(known, f"{REVIEWED}-{month:02d}"))
    for batch in batches(sorted(files, key=lambda f: f.at)):
        events.append(Event(batch[-1].at, "collect_submissions", files=batch))
    for year in (REVIEWED, REVIEWED + 1):
        events.append(Event(_day(year + 1, 3, 1), "assess_targets", {"year": year}))
    events.append(Event(_day(REVIEWED + 1, 3, 2), "publish_year_end_review", {"year": REVIEWED}))
    return sorted(events, key=lambda e: e.at)


def _closing(known: Definitions, label: str) -> Event:
    """The morning after the last lock of the forms that end with a month, a year's among them."""
    from definitions.periods import Period, closing_periods

    last = max(
        known.calendar.deadlines(form.due, period).lock
        for period in closing_periods(Period.parse(label))
        for form in known.forms
        if form.covers(period)
    )
    morning = last + timedelta(days=1)
    at = _day(morning.year, morning.month, morning.day)
    return Event(at, "close_period", {"periods": [label]})


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 6, tzinfo=CHINA)


def batches(files: Sequence[HandedIn]) -> list[list[HandedIn]]:
    """Files that one sweep may take together: those of a day, so that none is late but the late.

    A correction waits for the answer to what it corrects, so it comes in a batch of its own.
    """
    found: list[list[HandedIn]] = []
    for file in files:
        batch = found[-1] if found else []
        if (
            batch
            and file.at.date() == batch[0].at.date()
            and (file.sender, file.period) not in {(b.sender, b.period) for b in batch}
        ):
            batch.append(file)
        else:
            found.append([file])
    return found


def _drive(running: Airflow, files: Sequence[HandedIn]) -> Story:
    """Run every event in order; a month is closed while the next one is already being collected.

    That is safe because a closing reads what stood at its own moment, whatever comes later.
    """
    story = Story()
    closing: tuple[Event, str] | None = None
    for event in timetable(files):
        for file in event.files:
            _drop(file)
        if closing and event.dag_id not in ("open_period", "collect_submissions"):
            _finish(running, *closing, story)
            closing = None
        run_id = running.trigger(event.dag_id, {"at": event.at.isoformat(), **event.form})
        if event.dag_id == "close_period":
            closing = event, run_id
            continue
        if event.dag_id == "publish_year_end_review":
            question = running.answer_hitl(event.dag_id, run_id, "同意发布")
            _say(f"{question['subject']} → {airflow.CHAIR}：同意发布", "Signed off by the chair")
        _finish(running, event, run_id, story)
    if closing:
        _finish(running, *closing, story)
    return story


def _finish(running: Airflow, event: Event, run_id: str, story: Story) -> None:
    running.wait_run(event.dag_id, run_id)
    story.runs += 1
    _note(running, event, run_id, story)


# The task of each DAG whose result the story is interested in.
RESULTS = {
    "open_period": "open_one",
    "collect_submissions": "summarise",
    "close_period": "close_one",
    "assess_targets": "assess",
    "publish_year_end_review": "publish",
}


def _note(running: Airflow, event: Event, run_id: str, story: Story) -> None:
    day = f"{event.at:%Y-%m-%d}"
    for result in running.results(event.dag_id, run_id, RESULTS[event.dag_id]):
        story.files += result.get("files", [])
        match event.dag_id:
            case "collect_submissions":
                counts = Counter({k: v for k, v in result.items() if k != "chunks"})
                story.counts.update(counts, files=len(event.files))
                _say(
                    f"{day} 收到 {len(event.files)} 份：{_chinese(counts)}",
                    f"{len(event.files)} files: {_english(counts)}",
                )
            case "close_period":
                period = event.form["periods"][0]
                share = f"{result['reported']}/{result['expected']}"
                _say(
                    f"{day} {period} 已汇总，已报/应报 {share}",
                    f"{period} closed, reported {share}",
                )
            case "assess_targets":
                year = event.form["year"]
                _say(f"{day} {year} 年度目标责任考核完成", f"{year} assessed")


def _drop(file: HandedIn) -> None:
    """Lay a file into its sender's folder with the time at which it arrived."""
    folder = server.home() / "drop" / file.sender
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.path.name
    shutil.copyfile(file.path, target)
    os.utime(target, (file.at.timestamp(),) * 2)


WORDS = {
    "accepted": ("接收", "accepted"),
    "explain": ("须说明", "to be explained"),
    "returned": ("退回", "returned"),
    "duplicate": ("重复", "duplicates"),
}


def _chinese(counts: Counter[str]) -> str:
    return "，".join(f"{WORDS[k][0]} {n}" for k, n in counts.items() if k in WORDS and n) or "无"


def _english(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {WORDS[k][1]}" for k, n in counts.items() if k in WORDS and n) or "none"


def _closing_words(home: Path, running: Airflow, story: Story, seconds: float) -> None:
    succeeded = sum(run["state"] == "success" for d in airflow.DAGS for run in running.runs(d))
    here = Path(os.path.relpath(home))
    print()
    _say(
        f"收到文件 {story.counts['files']} 份：{_chinese(story.counts)}",
        f"{story.counts['files']} files received: {_english(story.counts)}",
    )
    _say(
        f"Airflow 运行 {story.runs} 次，记录为成功 {succeeded} 次",
        f"{story.runs} Airflow runs, {succeeded} recorded as successful",
    )
    _say(f"发布文件 {len(story.files)} 份", f"{len(story.files)} files published")
    print(f"\n  发布的文件 published        {here / 'published'}")
    print(f"  退回的工作簿 returned       {here / 'returned'}")
    print(f"  空白填报表 templates        {here / 'templates'}")
    print(f"  样例工作簿 samples          {here / 'samples'}")
    print(f"  Airflow 日志 logs           {here / 'airflow' / 'logs'}")
    print(f"\n用时 {seconds:.0f} 秒。Finished in {seconds:.0f} s.", flush=True)


def _say(chinese: str, english: str) -> None:
    print(f"{chinese}    {english}", flush=True)


def _clear(home: Path) -> None:
    """Begin anew: stop what an earlier demonstration may have left, remove what it made."""
    airflow.stop_leftovers()
    server.stop()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
