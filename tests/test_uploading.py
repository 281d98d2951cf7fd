"""Uploads: kept at once, processed at once, in order however many come, whatever dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow import ground, uploading
from pipelines.flow.collecting import waiting_chunks
from pipelines.flow.ground import engine
from pipelines.flow.handling import Actor, StepRefused
from pipelines.flow.uploading import Upload, Uploaded, progress, told, upload, work_once
from pipelines.inbox import DropFolder, take
from pipelines.places import places
from samples.registry import registry
from samples.spoiled.grids import zipped
from tests.acceptance import SPRING, book_bytes, member_row, query, save, write_registry
from warehouse.gates import broken_gates
from warehouse.life_cycle import wrong_states

MILL, MINE, POST = (u.code for u in registry().family("yongning")[:3])
AT = "2017-04-05T09:00:00"
CLERK = Actor("李敏", MILL)


@pytest.fixture(scope="module")
def open_month(module_home: Path) -> Iterator[Path]:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", [MILL, MINE, POST])), SPRING
    )
    flow.open_period("2017-03", "2017-03-26T09:00:00")
    yield module_home


def month(definitions: Definitions, members: int, unit: str = MILL) -> bytes:
    return book_bytes(definitions, unit, {"ORG-02": [member_row(unit, members)]}, "2017-03")


def send(*files: bytes, at: str = AT, unit: str = MILL) -> list[Uploaded]:
    given = [Upload(f"{n}月报.xlsx", data) for n, data in enumerate(files, start=1)]
    return upload(given, unit, Actor("李敏", unit), at)


def versions(unit: str) -> list[tuple[int, int]]:
    """(version, members) of a union's month, by arrival."""
    rows = query(
        "SELECT s.version, r.numbers FROM submission s JOIN organisation o ON o.id = s.reporter_id "
        "JOIN filing f ON f.submission_id = s.id JOIN filing_row r ON r.filing_id = f.id "
        "WHERE o.code = :o ORDER BY s.received_at, s.receipt_id",
        o=unit,
    )
    place = ground.definitions().newest("ORG-02").position["members_total"]
    return [(r.version, int(r.numbers[place])) for r in rows]


def current(unit: str) -> list[int]:
    rows = query(
        "SELECT s.version FROM filing f JOIN submission s ON s.id = f.submission_id "
        "JOIN organisation o ON o.id = f.reporter_id "
        "WHERE o.code = :o AND f.superseded_at IS NULL", o=unit,
    )  # fmt: skip
    return [r.version for r in rows]


def test_an_upload_is_kept_answered_and_followed_to_its_verdict(
    open_month: Path, definitions: Definitions
) -> None:
    (one,) = send(data := month(definitions, 101))
    assert (one.fresh, one.said) == (True, "已收妥，等待校验")
    (seen,) = progress([one.receipt])
    assert (seen.stage, seen.ahead, seen.outcomes) == ("received", 0, ())
    assert work_once(AT) == 1
    (seen,) = progress([one.receipt])
    assert (seen.stage, [o.verdict for o in seen.outcomes]) == ("done", ["accepted"])
    assert told(seen) == "已通过"
    assert work_once(AT) == 0
    (again,) = send(data, at="2017-04-05T10:00:00")
    assert not again.fresh
    assert again.said == (
        "您以前交过内容完全相同的文件（4月5日 09:00 收到的《1月报.xlsx》），"
        "不必再报，也没有重复处理。"
        "那一份的结果：已通过。"
    )
    assert work_once(AT) == 0
    assert versions(MILL) == [(1, 101)]


def test_several_files_and_a_zip_are_answered_each_for_itself(
    open_month: Path, definitions: Definitions
) -> None:
    both = zipped({"甲/月报.xlsx": month(definitions, 71, POST), "乙/空.xlsx": b"nothing"})
    given = [Upload("打包.zip", both), Upload("C:\\桌面\\说明.txt", b"no workbook at all")]
    first, second = upload(given, POST, Actor("张会计", POST), AT)
    assert second.file_name == "说明.txt"
    while work_once(AT):
        pass
    zip_, text = progress([first.receipt, second.receipt])
    assert [(o.member, o.verdict) for o in zip_.outcomes] == [
        ("乙/空.xlsx", "returned"), ("甲/月报.xlsx", "accepted"),
    ]  # fmt: skip
    assert told(zip_) == "退回修改 1 份、已通过 1 份"
    assert [o.verdict for o in text.outcomes] == ["returned"]
    with pytest.raises(StepRefused, match="没有选择文件"):
        upload([], POST, CLERK, AT)


def test_twenty_uploaders_at_one_moment(open_month: Path, definitions: Definitions) -> None:
    """One version each, in order of arrival; the last is current; two workers and a sweep at once.

    Five of the twenty send what another sends too.
    """
    books = [month(definitions, 110 + n, MINE) for n in range(15)]
    books += books[:5]
    with ThreadPoolExecutor(20) as pool:
        answers = [a for (a,) in pool.map(lambda d: send(d, unit=MINE), books)]
    fresh = [a.receipt for a in answers if a.fresh]
    assert len(fresh) == 15
    assert all("完全相同" in a.said for a in answers if not a.fresh)

    def run(_: int) -> None:
        while work_once(AT):
            pass

    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(run, n) for n in range(2)]
        runs += [pool.submit(flow.process, sorted(fresh)[n::2], AT) for n in range(2)]
        for done in runs:
            done.result()
    found = versions(MINE)
    assert [version for version, _ in found] == list(range(1, 16))
    assert {members for _, members in found} == {110 + n for n in range(15)}
    assert current(MINE) == [15]
    assert {p.stage for p in progress(fresh)} == {"done"}
    with engine().connect() as connection:
        assert wrong_states(connection) == []
        assert broken_gates(connection) == []


def test_two_sweeps_at_once_take_each_file_once(
    open_month: Path, definitions: Definitions, tmp_path: Path
) -> None:
    for n in range(6):
        save(tmp_path / POST, f"{n}.xlsx", month(definitions, 130 + n, POST))
    before = len(versions(POST))

    def sweep(_: int) -> int:
        taken = take(engine(), places().originals, DropFolder(tmp_path, 0), ground.moment(AT))
        return taken.received

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(sweep, range(2))) == 6
        chunks = [i for c in waiting_chunks() for i in c]
        list(pool.map(lambda _: flow.process(chunks, AT), range(2)))
    found = versions(POST)
    assert len(found) == before + 6
    assert [v for v, _ in found] == sorted({v for v, _ in found})


def test_an_older_version_replayed_never_becomes_current(
    open_month: Path, definitions: Definitions
) -> None:
    """What was received first is processed last, and a later one that failed is tried again."""
    (late,) = send(month(definitions, 103), at="2017-04-05T10:00:00")
    (early,) = send(month(definitions, 102), at="2017-04-05T09:00:00")
    flow.process([late.receipt], AT)
    assert {p.stage for p in progress([late.receipt, early.receipt])} == {"done"}
    assert versions(MILL)[-2:] == [(2, 102), (3, 103)]
    assert current(MILL) == [3]


def test_what_the_system_cannot_process_stops_nobody_and_is_told(
    open_month: Path, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bad,) = send(month(definitions, 145))
    (good,) = send(month(definitions, 146, POST), unit=POST)
    real = flow.process

    def process(ids: list[int], at: str) -> dict[str, int]:
        if bad.receipt in ids:
            raise RuntimeError("the disk is full")
        return real(ids, at)

    monkeypatch.setattr(uploading, "process", process)
    while work_once(AT):
        pass
    broken, fine = progress([bad.receipt, good.receipt])
    assert (broken.stage, fine.stage) == ("failed", "done")
    assert "不必重报" in told(broken)
    monkeypatch.setattr(uploading, "process", real)
    assert work_once(AT) == 0  # not tried for ever
    flow.process([bad.receipt], AT)  # the next sweep does
    assert progress([bad.receipt])[0].stage == "done"


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def test_a_worker_that_is_killed_leaves_nothing_half_and_is_replaced(
    open_month: Path, definitions: Definitions
) -> None:
    first = len(versions(MINE))
    with uploading.worker() as pid:
        (warm,) = send(month(definitions, 150, MINE), unit=MINE, at="2017-04-05T09:00:00")
        until(lambda: progress([warm.receipt])[0].stage == "done")
        began = time.monotonic()
        (timed,) = send(month(definitions, 151, MINE), unit=MINE, at="2017-04-05T09:01:00")
        until(lambda: progress([timed.receipt])[0].stage == "done")
        took = time.monotonic() - began
        assert took < 20, "a warm worker answers within seconds"
        killed = pid()
        (one,) = send(month(definitions, 152, MINE), unit=MINE, at="2017-04-05T10:00:00")
        until(lambda: progress([one.receipt])[0].stage in ("reading", "checking", "done"))
        os.kill(killed, signal.SIGKILL)
        until(lambda: progress([one.receipt])[0].stage == "done")
        assert pid() != killed
    found = versions(MINE)[first:]
    assert [m for _, m in found] == [150, 151, 152]
    assert [v for v, _ in found] == list(range(first + 1, first + 4))
    with engine().connect() as connection:
        assert broken_gates(connection) == []
