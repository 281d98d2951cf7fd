"""The same input, once, three times over, and by a run killed again and again: one end state."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.flow import collecting
from pipelines.flow.ground import engine
from pipelines.places import places
from samples import funds, membership
from samples.registry import registry
from samples.spoiled import spoiled_cases
from samples.spoiled.grids import zipped
from samples.writing import Habit
from tests.acceptance import SPRING, book_bytes, move_row, query, save, write_registry
from tests.conftest import installation
from warehouse.engine import sql
from warehouse.personal import KEY_VARIABLE

AT = "2017-06-03T09:00:00"
KILLS = 20
CHUNK = 10
CITY, YONGNING, HELAN, LINGWU = "640100Z00001", "640121Z00001", "640122Z00001", "640181Z00001"
FAMILIES = {
    YONGNING: ("yongning",),
    HELAN: ("helan", "helan-new"),
    LINGWU: ("lingwu", "lingwu-new"),
}
SPOILED = (
    "wps-et", "empty-file", "password", "hidden-row", "members-over-workers", "renamed-moved",
    "ten-thousands-for-yuan", "identity-as-number", "zip-one-bad",
)  # fmt: skip
KEY = "QUFB" * 21 + "QQ=="


@pytest.fixture(scope="module")
def input_files(tmp_path_factory: pytest.TempPathFactory, definitions: Definitions) -> Path:
    """A drop folder as three counties leave it: reports, versions, a move, zips, spoiled files."""
    files: list[tuple[str, bytes]] = []
    for label in ("2017-03", "2017-04"):
        for county in FAMILIES:
            habit: Habit = "et" if county == LINGWU else "plain"
            files.append((f"{county}/{label}/月报.xlsx", report(definitions, county, label, habit)))
    cases = {c.name: c for c in spoiled_cases(definitions)}
    files += [
        (f"{YONGNING}/更正/{n}{Path(cases[n].file_name).suffix}", cases[n].data) for n in SPOILED
    ]
    again = [cases[n].twin for n in ("members-over-workers", "identity-as-number")]
    files += [
        (f"{YONGNING}/改好/一并.zip", zipped({f"{n}/月报.xlsx": d for n, d in enumerate(again)})),
        (f"{CITY}/划转.xlsx", transfer(definitions)),
        (f"{CITY}/抢报.xlsx", rival(definitions)),
        (f"{LINGWU}/不是表格.docx", b"PK\x03\x04 not a workbook"),
    ]
    drop = tmp_path_factory.mktemp("input")
    for n, (name, data) in enumerate(files):
        path = save((drop / name).parent, Path(name).name, data)
        os.utime(path, (1_500_000_000 + n, 1_500_000_000 + n))
    assert 15 <= len(files) <= 25
    return drop


def unions(county: str) -> list[str]:
    return [u.code for u in registry().family(*FAMILIES[county])][-12:]


def report(definitions: Definitions, county: str, label: str, habit: Habit) -> bytes:
    """A county's month: members of twelve unions, the register of new ones, funds in March."""
    wanted, at = set(unions(county)), Period.parse(label)
    new = {u.code for u in registry().family(*FAMILIES[county][1:])}
    rows = {
        "ORG-01": [e.row for e in membership.register(at) if e.owner in new],
        "ORG-02": [
            e.row for e in membership.org_02() if e.period == at and e.row["org_code"] in wanted
        ],
        "FIN-01": [
            e.row
            for e in funds.fin_01()
            if label == "2017-03" and e.period == at and e.row["org_code"] in wanted
        ],
    }
    return book_bytes(definitions, county, {f: r for f, r in rows.items() if r}, label, habit)


def transfer(definitions: Definitions) -> bytes:
    """ORG-03: one union of 贺兰 goes to 永宁 on 1 April."""
    row = move_row(unions(HELAN)[0], HELAN, YONGNING, date(2017, 4, 1))
    return book_bytes(definitions, CITY, {"ORG-03": [row]}, "2017-04")


def rival(definitions: Definitions) -> bytes:
    """ORG-02 of the city for a union that its county has reported already."""
    at, code = Period.parse("2017-03"), unions(LINGWU)[0]
    rows = [e.row for e in membership.org_02() if e.period == at and e.row["org_code"] == code]
    return book_bytes(definitions, CITY, {"ORG-02": rows}, at.label)


@pytest.fixture(scope="module")
def registered(
    blank_warehouse: str, server_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A warehouse with the counties, to be copied: what was founded in 2017 is not in it yet."""
    codes = [u.code for u in registry().unions if u.family.id in ("yongning", "helan", "lingwu")]
    home = tmp_path_factory.mktemp("registered")
    with installation(blank_warehouse, server_home, home):
        flow.register_organisations(str(write_registry(home / "organisations.yaml", codes)), SPRING)
        collecting.register(collecting.definitions(), collecting.moment(SPRING))
        (name,) = query("SELECT current_database()")[0]
        engine().dispose()
        yield name


@dataclass(frozen=True)
class EndState:
    """What a finished run leaves: content of the warehouse, workbooks for collection."""

    lines: int
    digest: str
    returned: frozenset[tuple[str, bytes]]
    waiting: int
    left_in_drop: int


def end_state() -> EndState:
    with engine().connect() as connection:
        content = connection.execute(text(sql("content_digest"))).one()
    here = places()
    return EndState(
        content.lines,
        content.digest,
        frozenset(
            # Numbers of receipts differ: a killed transaction leaves a gap.
            (re.sub(r"/\d{6}-", "/", p.relative_to(here.returned).as_posix()), p.read_bytes())
            for p in here.returned.rglob("*")
            if p.is_file()
        ),
        query("SELECT count(*) FROM receipt WHERE state = 'waiting'")[0][0],
        sum(p.is_file() for p in here.drop.rglob("*")),
    )


def collect() -> None:
    """What collect_submissions does: sweep, then process chunk by chunk."""
    flow.sweep(AT, settle_seconds=0)
    for receipts in collecting.waiting_chunks(CHUNK):
        flow.process(receipts, AT)


def start(work: Callable[[], None]) -> int:
    """Do the work in a process of its own, everything imported already; returns its id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        engine().dispose(close=False)  # the parent's connections are not ours to close
        work()
        status = 0
    finally:
        os._exit(status)


def ended(pid: int, within: float) -> bool:
    """Wait at most `within` seconds for a process; whether it ended of itself, soundly."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0, f"the run failed of itself: {status}"
            return True
        time.sleep(0.002)
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class Installations:
    """Fresh installations on the registered warehouse, and the input for their drop folders."""

    def __init__(self, registered: str, server_home: Path, folder: Path, files: Path) -> None:
        self._registered = registered
        self._server_home = server_home
        self._folder = folder
        self.files = files
        self._count = 0

    def fresh(self) -> AbstractContextManager[Path]:
        self._count += 1
        return installation(self._registered, self._server_home, self._folder / str(self._count))

    def deliver(self, into: str = "") -> None:
        """Copy the input into the drop folder, times kept."""
        for path in sorted(self.files.rglob("*")):
            if path.is_file():
                relative = path.relative_to(self.files)
                target = places().drop / relative.parent / into / relative.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)


@pytest.fixture(scope="module")
def installations(
    registered: str, server_home: Path, tmp_path_factory: pytest.TempPathFactory, input_files: Path
) -> Iterator[Installations]:
    with pytest.MonkeyPatch.context() as patch:
        # One key for all, or the same person would look different in each.
        patch.setenv(KEY_VARIABLE, KEY)
        yield Installations(registered, server_home, tmp_path_factory.mktemp("runs"), input_files)


@dataclass(frozen=True)
class Quiet:
    """One undisturbed run: its end state, and how long it took once everything was warm."""

    state: EndState
    outcomes: dict[str, int]
    rules: set[str]
    seconds: float


@pytest.fixture(scope="module")
def quiet(installations: Installations) -> Quiet:
    """Collected here, which warms everything; then in a process of its own, to take the time."""
    with installations.fresh():
        installations.deliver()
        collect()
        state = end_state()
        outcomes = {s: n for s, n in query("SELECT state, count(*) FROM submission GROUP BY 1")}
        rules = {rule for (rule,) in query("SELECT DISTINCT rule FROM finding")}
    with installations.fresh():
        installations.deliver()
        begun = time.monotonic()
        assert ended(start(collect), within=60)
        took = time.monotonic() - begun
        assert end_state() == state
    return Quiet(state, outcomes, rules, took)


def test_the_input_holds_what_can_happen(quiet: Quiet) -> None:
    assert quiet.outcomes.keys() == {"accepted", "explain", "returned"}
    assert {"V-O-007", "V-F-016", "V-F-024", "V-R-063"} <= quiet.rules
    assert (quiet.state.waiting, quiet.state.left_in_drop) == (0, 0)
    assert quiet.state.lines > 200


def test_three_deliveries_are_one(quiet: Quiet, installations: Installations) -> None:
    with installations.fresh():
        installations.deliver()
        collect()
        installations.deliver()  # the same files again, in the same places
        collect()
        installations.deliver(into="又一次")
        collect()
        state = end_state()
        states = {s: n for s, n in query("SELECT state, count(*) FROM receipt GROUP BY 1")}
    answers = {name for name, _ in state.returned if name.endswith("-重复上传.txt")}
    # Nothing but the answers to those who sent the same again is new.
    kept = frozenset((name, data) for name, data in state.returned if name not in answers)
    assert replace(state, returned=kept) == quiet.state
    assert states["duplicate"] >= states["processed"]
    assert answers


def test_killed_twenty_times_the_end_state_is_the_same(
    quiet: Quiet, installations: Installations
) -> None:
    dice = random.Random(20171231)  # noqa: S311 - the same moments each time
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        with installations.fresh():
            installations.deliver()
            while not ended(pid := start(collect), within=dice.uniform(0, 0.8 * quiet.seconds)):
                kill(pid)
                kills += 1
            assert end_state() == quiet.state
    print(f"{kills} kills in {rounds} rounds, of {quiet.seconds:.2f} s undisturbed")


def test_a_full_disk_is_an_error_and_loses_nothing(
    quiet: Quiet, installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sum(p.is_file() for p in installations.files.rglob("*"))
    with installations.fresh() as home:
        installations.deliver()
        with monkeypatch.context() as patch:
            full_after(patch, 5)
            with pytest.raises(OSError, match="No space left on device"):
                collect()
        kept = query("SELECT count(*) FROM receipt")[0][0]
        assert kept + end_state().left_in_drop >= files
        flow.sweep(AT, settle_seconds=0)
        with monkeypatch.context() as patch:
            full_after(patch, 0)  # the first marked workbook finds no room
            with pytest.raises(OSError, match="No space left on device"):
                collect()
        assert end_state().waiting > 0
        collect()
        assert end_state() == quiet.state
        assert not list((home / "originals").rglob(".part-*"))


def full_after(patch: pytest.MonkeyPatch, flushes: int) -> None:
    """Let the disk be full after some flushes."""
    left = [flushes]
    real = os.fsync

    def fsync(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    patch.setattr(os, "fsync", fsync)
