"""A late correction's statement, made before anything changes, equals what is found after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from definitions.catalogue import Definitions
from definitions.periods import Period
from pipelines import flow
from pipelines.consolidate import consolidate
from pipelines.flow.ground import definitions as load
from pipelines.flow.ground import engine, moment
from pipelines.flow.handling import Actor, StepRefused
from pipelines.flow.impact import Impact, figures_moved, impact_of_file
from pipelines.flow.uploading import Upload, progress, upload, work_once
from samples.registry import registry
from tests.acceptance import SPRING, book_bytes, fund_row, member_row, query, write_registry

UNITS = [u.code for u in registry().family("yongning")[:3]]
OTHERS = [u.code for u in registry().family("helan")[:2]]
MONTH, CLOSED = "2017-03", "2017-04-21T09:00:00"


@dataclass
class Story:
    """A month closed and published; the clock goes on with each correction."""

    definitions: Definitions
    clock: datetime
    number: int = 0

    def tick(self) -> str:
        self.clock += timedelta(minutes=7)
        return self.clock.isoformat()

    def book(self, unit: str, rows: dict[str, list[dict[str, Any]]]) -> bytes:
        return book_bytes(self.definitions, unit, rows, MONTH)


def give(data: bytes, unit: str, at: str) -> str:
    """Upload and process; the verdict."""
    (one,) = upload([Upload("月报.xlsx", data)], unit, Actor("李敏", unit), at)
    while work_once(at):
        pass
    ((outcome,),) = [p.outcomes for p in progress([one.receipt])]
    return outcome.verdict


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    flow.register_organisations(
        str(write_registry(module_home / "organisations.yaml", [*UNITS, *OTHERS])), SPRING
    )
    flow.open_period(MONTH, "2017-03-26T09:00:00")
    told = Story(definitions, moment("2018-03-06T09:00:00"))
    for n, unit in enumerate([*UNITS, *OTHERS]):
        rows = {"ORG-02": [member_row(unit, 120 + n)], "FIN-01": [fund_row(unit, 1_000_000)]}
        assert give(told.book(unit, rows), unit, "2017-04-05T09:00:00") == "accepted"
    flow.close_period(MONTH, CLOSED)
    flow.open_period("2017-12", "2017-12-26T09:00:00")
    flow.assess(2017, "2018-03-05T09:00:00")
    yield told


def computed(at: str) -> dict[str, int]:
    labels = [r.period for r in query("SELECT DISTINCT period FROM computation")]
    with engine().begin() as connection:
        return {
            label: consolidate(connection, load(), Period.parse(label), moment(at), moment(at))
            for label in labels
        }


def bare(impact: Impact) -> list[Any]:
    return sorted((replace(f, printed=()) for f in impact.figures), key=repr)


def content() -> list[Any]:
    """Everything a try could leave behind, counted."""
    tables = ("receipt", "submission", "filing", "finding", "computation", "indicator_value",
              "assessment", "audit_log", "submission_step")  # fmt: skip
    return [query(f"SELECT count(*) AS n FROM {t}")[0].n for t in tables]  # noqa: S608


CORRECTIONS = st.tuples(
    st.sampled_from(UNITS + OTHERS),
    st.integers(100, 170),
    st.sampled_from([None, 900_000, 1_000_000, 1_500_000]),
)


@settings(
    max_examples=4, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(correction=CORRECTIONS)
def test_the_statement_equals_the_difference_found_after_applying(
    story: Story, correction: tuple[str, int, int | None]
) -> None:
    unit, members, payroll = correction
    story.number += 1
    rows = {"ORG-02": [member_row(unit, members) | {"groups": 5 + story.number}]}
    if payroll is not None:
        rows["FIN-01"] = [fund_row(unit, payroll)]
    data = story.book(unit, rows)
    before_all = content()
    told = impact_of_file("更正.xlsx", data, unit, story.tick())
    assert content() == before_all, "a try leaves nothing behind"
    flow.reopen_period(
        MONTH, until=story.clock.date().isoformat(), reason="更正", document="示总工〔2017〕9号",
        requested_by="甲", approved_by="乙", at=story.tick(), organisations=[unit],
    )  # fmt: skip
    before = computed(story.tick())
    assert give(data, unit, story.tick()) == "accepted"
    after = computed(story.tick())
    with engine().connect() as connection:
        found = figures_moved(connection, before, after)
    assert found, "the correction moved nothing: the property would hold of anything"
    assert bare(told) == sorted(found, key=repr)
    stands = query(
        "SELECT r.numbers FROM filing f JOIN filing_row r ON r.filing_id = f.id "
        "JOIN organisation o ON o.id = f.reporter_id "
        "WHERE o.code = :o AND f.form = 'ORG-02' AND f.superseded_at IS NULL", o=unit,
    )  # fmt: skip
    place = story.definitions.newest("ORG-02").position["members_total"]
    assert [int(r.numbers[place]) for r in stands] == [members]


def marks(year: int) -> dict[tuple[str, str], tuple[Any, str, Any]]:
    """(scheme, unit) → total, grade, rank of the newest assessments."""
    rows = query(
        "SELECT DISTINCT ON (a.scheme, u.org_id) a.scheme, o.code, u.total, u.grade, u.rank "
        "FROM assessment a JOIN assessment_unit u ON u.assessment_id = a.id "
        "JOIN organisation o ON o.id = u.org_id WHERE a.year = :y "
        "ORDER BY a.scheme, u.org_id, a.cutoff DESC", y=year,
    )  # fmt: skip
    return {(r.scheme, r.code): (r.total, r.grade, r.rank) for r in rows}


def test_marks_and_ranks_move_as_was_told(story: Story) -> None:
    """The year is assessed again after the correction; marks differ just where it was said."""
    unit = OTHERS[1]
    rows = {"ORG-02": [member_row(unit, 160) | {"realname_members": 100}]}
    data = story.book(unit, rows)
    flow.assess(2017, story.tick())
    before = marks(2017)
    told = impact_of_file("更正.xlsx", data, unit, story.tick())
    flow.reopen_period(
        MONTH, until=story.clock.date().isoformat(), reason="更正", document="示总工〔2018〕9号",
        requested_by="甲", approved_by="乙", at=story.tick(), organisations=[unit],
    )  # fmt: skip
    assert give(data, unit, story.tick()) == "accepted"
    flow.assess(2017, story.tick())
    after = marks(2017)
    assert before, "nobody was assessed"
    moved = {
        (m.scheme, m.unit): ((m.total[0], m.grade[0], m.rank[0]),
                             (m.total[1], m.grade[1], m.rank[1]))
        for m in told.marks
    }  # fmt: skip
    assert moved == {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }
    assert moved, "the correction moved no mark: the test would hold of anything"


def test_a_locked_month_s_correction_waits_for_its_statement(story: Story) -> None:
    from pipelines.flow.correcting import NewCell, decide_correction, propose_correction
    from pipelines.flow.impact import impact_of_correction, statement_of

    unit, steward = UNITS[1], Actor("马管理", "640121Z00001")
    (row,) = query(
        "SELECT s.id, f.sheet, f.sheet_columns FROM submission s "
        "JOIN filing f ON f.submission_id = s.id JOIN organisation o ON o.id = s.reporter_id "
        "WHERE o.code = :o AND f.form = 'ORG-02' AND f.superseded_at IS NULL", o=unit,
    )  # fmt: skip
    from expectations.findings import column_letters

    at = story.definitions.newest("ORG-02").position["groups"]
    cell = f"{column_letters(row.sheet_columns[at])}3"
    flow.reopen_period(
        MONTH, until=story.clock.date().isoformat(), reason="更正", document="示总工〔2018〕10号",
        requested_by="甲", approved_by="乙", at=story.tick(), organisations=[unit],
    )  # fmt: skip
    number = propose_correction(
        row.id, [NewCell(row.sheet, cell, "41")], "台账核对", steward, story.tick()
    )
    clerk = Actor("王强", unit)
    with pytest.raises(StepRefused, match="影响说明"):
        decide_correction(number, True, clerk, story.tick())
    impact = impact_of_correction(number, steward, story.tick())
    kept = statement_of(number)
    assert kept is not None
    assert kept[1] == impact.material
    assert kept[2]["because"] == impact.because
    receipt = decide_correction(number, True, clerk, story.tick())
    while work_once(story.tick()):
        pass
    assert receipt is not None
    assert [o.verdict for o in progress([receipt])[0].outcomes] == ["accepted"]


def test_it_names_what_was_printed_and_says_whether_that_is_material(story: Story) -> None:
    unit = UNITS[0]
    big = impact_of_file(
        "更正.xlsx", story.book(unit, {"ORG-02": [member_row(unit, 175)]}), unit, story.tick()
    )
    printed = [f for f in big.figures if f.printed]
    assert printed
    assert all("引用号" in p for f in printed for p in f.printed)
    assert (big.material, "超过 1%" in big.because) == (True, True)
    rows = query(
        "SELECT r.numbers FROM filing f JOIN filing_row r ON r.filing_id = f.id "
        "JOIN organisation o ON o.id = f.reporter_id "
        "WHERE o.code = :o AND f.form = 'ORG-02' AND f.superseded_at IS NULL", o=unit,
    )  # fmt: skip
    at = story.definitions.newest("ORG-02").position
    stands = int(rows[0].numbers[at["members_total"]])
    row = member_row(unit, stands) | {"groups": 99}
    small = impact_of_file("更正.xlsx", story.book(unit, {"ORG-02": [row]}), unit, story.tick())
    assert not small.material


def test_what_would_be_returned_anyway_has_no_statement(story: Story) -> None:
    unit = UNITS[1]
    row = member_row(unit, 110) | {"members_total": 190}
    with pytest.raises(StepRefused, match="必须改正"):
        impact_of_file("更正.xlsx", story.book(unit, {"ORG-02": [row]}), unit, story.tick())
    with pytest.raises(StepRefused):
        impact_of_file("空.xlsx", b"nothing", unit, story.tick())


def test_a_try_holds_nobody_up(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a try, all of its writing done, others upload and are judged."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    from pipelines.flow import impact

    written, others_done, real = Event(), Event(), impact._moves

    def held(*given: Any) -> Any:
        written.set()
        assert others_done.wait(60), "the others wait for the try"
        return real(*given)

    monkeypatch.setattr(impact, "_moves", held)
    unit, other, at = UNITS[2], OTHERS[0], story.tick()
    data = story.book(unit, {"ORG-02": [member_row(unit, 133)]})
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(impact_of_file, "更正.xlsx", data, unit, at)
        assert written.wait(60)
        late = story.book(other, {"ORG-02": [member_row(other, 111) | {"groups": 77}]})
        assert give(late, other, at) in ("accepted", "returned")
        others_done.set()
        assert told.result().reporter == unit
    assert query("SELECT 1 FROM receipt WHERE channel = 'trial'") == []
