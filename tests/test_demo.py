"""The demonstration's timetable: two years in the order in which they happened."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from running.demo import CHINA, HandedIn, batches, timetable


def file(sender: str, at: str, period: str = "2017-10") -> HandedIn:
    moment = datetime.fromisoformat(at).replace(tzinfo=CHINA)
    return HandedIn(Path(f"{sender}.xlsx"), sender, moment, period)


def test_files_of_a_day_share_a_sweep_and_those_of_the_next_do_not():
    files = [
        file("A", "2017-11-05T09:00"),
        file("B", "2017-11-05T17:00"),
        file("C", "2017-11-06T09:00"),  # one working day late, and only this one
    ]
    assert [[f.sender for f in b] for b in batches(files)] == [["A", "B"], ["C"]]


def test_a_correction_waits_for_the_answer_to_what_it_corrects():
    files = [
        file("A", "2017-11-04T09:00"),
        file("B", "2017-11-04T10:00"),
        file("A", "2017-11-04T19:00"),
    ]
    assert [[f.sender for f in b] for b in batches(files)] == [["A", "B"], ["A"]]


def test_two_years_are_told_in_order():
    late = file("A", "2018-02-20T09:00", "2017")
    events = timetable([file("A", "2017-11-05T09:00"), late])
    assert [e.at for e in events] == sorted(e.at for e in events)
    dags = [e.dag_id for e in events]
    assert dags.count("open_period") == 1 + 12
    assert dags.count("close_period") == 1 + 12  # December when the year is locked
    collected = next(e for e in events if e.files)
    opened = next(e for e in events if e.form.get("periods") == ["2017-10"])
    closed = [e for e in events if e.form.get("periods") == ["2017-10"]][-1]
    assert opened.at < collected.at < closed.at
    assert closed.at == datetime(2017, 11, 21, 6, tzinfo=CHINA)  # funds are locked on the 20th
    # The review is published after the assessors' marks and the year's marks.
    review = dags.index("publish_year_end_review")
    assert events[review - 1].dag_id == "assess_targets"
    assert events.index(next(e for e in events if late in e.files)) < review
