"""Explanations: given once, they hold while row, values and rule stay; repeats are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.model import Dated, Severity
from definitions.periods import Period
from expectations.findings import Finding
from pipelines import flow
from pipelines.explanations import Fingerprints
from pipelines.places import places
from pipelines.workbook import ReadWorkbook
from samples.registry import registry
from tests.acceptance import (
    SPRING,
    Outcome,
    book_bytes,
    explained,
    hand_in,
    member_row,
    outcome_of,
    process_waiting,
    query,
    returned_path,
    review_rows,
    save,
    write_registry,
)
from tests.checking import members, sheet, workbook
from warehouse.personal import conceal

SECRET = bytes(range(64))
YONGNING = "640121Z00001"
MILL, MINE, POST = (u.code for u in registry().family("yongning")[:3])
WORDS = "正在按编制配备专职主席，年底到位"


@cache
def definitions() -> Definitions:
    return load_definitions()


# --- what a fingerprint is about ---


def no_cadre(row: dict[str, Any], **more: Any) -> tuple[ReadWorkbook, Finding]:
    """A month of a union with many workers and no full-time cadre, and what is said about it."""
    book = workbook(sheet("ORG-02", row), **more)
    rule = definitions().rule("V-R-007")
    place = definitions().newest("ORG-02").position["fulltime_cadres"] + 1
    finding = Finding(
        rule="V-R-007", severity=rule.severity, form="ORG-02", sheet=book.sheets[0].sheet,
        message=f"职工 {row['workers_total']} 人，专职工会干部 0 人", advice=rule.advice,
        row=6, columns=(place,), field="fulltime_cadres", value="0",
    )  # fmt: skip
    return book, finding


def printed(
    row: dict[str, Any], known: Definitions | None = None, secret: bytes = SECRET, **more: Any
) -> str:
    period = more.pop("period", "2017-03")
    book, finding = no_cadre(row, period=period, **more)
    book.sheets[0].period = period
    (value,) = Fingerprints(known or definitions(), secret).of_workbook(book, [finding]).values()
    return value


MANY = members(workers_total=250, members_total=230, fulltime_cadres=0)


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"period": "2017-04"}, id="the next month"),
        pytest.param({"row": MANY | {"new_members": 7}}, id="another column of the row"),
    ],
)
def test_the_same_question_has_the_same_fingerprint(same: dict[str, Any]) -> None:
    assert printed(**{"row": MANY, **same}) == printed(MANY)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"row": MANY | {"workers_total": 260}}, id="a value that the rule reads"),
        pytest.param({"row": MANY | {"fulltime_cadres": 1}}, id="the marked value"),
        pytest.param({"row": MANY | {"org_code": "A002"}}, id="another union's row"),
        pytest.param({"row": MANY, "secret": SECRET[::-1]}, id="another installation"),
    ],
)
def test_another_question_has_another_fingerprint(other: dict[str, Any]) -> None:
    assert printed(**other) != printed(MANY)


def changed(code: str, value: Any) -> Definitions:
    """Definitions in which a threshold is another one from April 2017 on."""
    old = definitions().parameters[code]
    first = old.values[0]
    new = old.model_copy(
        update={
            "values": (
                first.model_copy(update={"until": date(2017, 3, 31)}),
                Dated(since=date(2017, 4, 1), value=value, authority="某文"),
            )
        }
    )
    return replace(definitions(), parameters={**definitions().parameters, code: new})


def test_a_new_threshold_asks_again_and_another_rule_s_threshold_does_not() -> None:
    lower = changed("fulltime_cadre_workers", 150)
    assert printed(MANY, lower) == printed(MANY)
    assert printed(MANY, lower, period="2017-04") != printed(MANY)
    other = changed("single_union_members", 30)
    assert printed(MANY, other, period="2017-04") == printed(MANY)


@pytest.mark.parametrize(
    ("code", "threshold"),
    [("V-P-005", "stock_change_pct"), ("V-O-014", "remittance_tolerance_pct")],
)
def test_a_threshold_that_no_condition_names_stands_beside_its_rule(
    code: str, threshold: str
) -> None:
    _, finding = no_cadre(MANY)
    told = replace(finding, rule=code)
    looser = changed(threshold, 1000)

    def of(known: Definitions, label: str) -> str:
        return Fingerprints(known, SECRET).of(
            told, org="A001", row_key="A001", marked=(), period=Period.parse(label)
        )

    assert of(looser, "2017-03") == of(definitions(), "2017-03")
    assert of(looser, "2017-04") != of(definitions(), "2017-04")


def test_a_new_text_of_the_rule_asks_again() -> None:
    rule = definitions().rule("V-R-007").model_copy(update={"title": "未配专职主席，请说明"})
    known = replace(definitions(), rules={**definitions().rules, "V-R-007": rule})
    assert printed(MANY, known) != printed(MANY)


def test_only_what_asks_for_words_about_a_row_has_a_fingerprint() -> None:
    book, finding = no_cadre(MANY)
    book.sheets[0].period = "2017-03"
    findings = [
        replace(finding, severity=Severity.RETURN),
        replace(finding, severity=Severity.NOTICE),
        replace(finding, row=None, columns=()),
        replace(finding, sheet="别的表"),
        finding,
    ]
    prints = Fingerprints(definitions(), SECRET)
    assert list(prints.of_workbook(book, findings)) == [4]


def test_a_personal_value_is_told_apart_and_cannot_be_read() -> None:
    """The same value has the same fingerprint as reported and as kept, sealed."""
    column = definitions().newest("SKILL-03").column("id_no")
    prints = Fingerprints(definitions(), SECRET)
    rule = definitions().rule("V-C-016")
    finding = Finding(
        rule=rule.code, severity=rule.severity, message="", advice="", form="SKILL-03"
    )

    def of(value: str) -> str:
        period = Period.parse("2017")
        return prints.of(finding, org="A", row_key="A", marked=[(column, value)], period=period)

    person, other = "640121196504210016", "640121196504210024"
    assert of(person) != of(other)
    assert of(person) == of(conceal(person, SECRET))
    assert person not in of(person)


# --- the whole way ---


@dataclass
class Told:
    """Files handed in, by name."""

    folder: Path
    files: dict[str, Path] = field(default_factory=dict)

    def give(self, name: str, data: bytes, at: str, sender: str = YONGNING) -> Outcome:
        self.files[name] = save(self.folder / name, f"{name}.xlsx", data)
        hand_in([self.files[name]], sender, at)
        process_waiting(at)
        return outcome_of(self.files[name])


@pytest.fixture(scope="module")
def told(module_home: Path) -> Iterator[Told]:
    units = write_registry(module_home.parent / "units.yaml", [MILL, MINE, POST])
    flow.register_organisations(str(units), SPRING)
    for month in ("2017-03", "2017-04", "2017-05"):
        flow.open_period(month, f"{month}-25T09:00:00")
    yield Told(module_home.parent / "explained-files")


def month(period: str, workers: int = 250, **change: Any) -> bytes:
    row = member_row(MILL, 230) | {"workers_total": workers, "fulltime_cadres": 0} | change
    small = member_row(MINE, 80)
    return book_bytes(definitions(), YONGNING, {"ORG-02": [row, small]}, period)


def words_of(outcome: Outcome) -> list[tuple[str, str | None, int | None]]:
    return [
        (f.rule, f.explanation, f.explained_by) for f in outcome.findings if f.severity == "须说明"
    ]


def test_what_was_explained_in_march_is_not_asked_in_april_and_asked_when_it_changes(
    told: Told,
) -> None:
    asked = told.give("march", month("2017-03"), "2017-04-03T09:00:00")
    assert (asked.state, words_of(asked)) == ("explain", [("V-R-007", None, None)])
    book = explained(returned_path(asked), WORDS)
    path = told.folder / "march-explained.xlsx"
    book.save(path)
    first = told.give("march-words", path.read_bytes(), "2017-04-03T15:00:00")
    assert (first.state, words_of(first)) == ("accepted", [("V-R-007", WORDS, None)])
    (origin,) = (f.id for f in first.findings if f.severity == "须说明")

    version = told.give("march-v2", month("2017-03", groups=6), "2017-04-04T09:00:00")
    assert (version.state, words_of(version)) == ("accepted", [("V-R-007", WORDS, origin)])

    april = told.give("april", month("2017-04"), "2017-05-03T09:00:00")
    assert (april.state, words_of(april)) == ("accepted", [("V-R-007", WORDS, origin)])

    more = told.give("may", month("2017-05", workers=260), "2017-06-02T09:00:00")
    assert (more.state, words_of(more)) == ("explain", [("V-R-007", None, None)])


def test_words_that_did_not_let_a_workbook_pass_are_not_carried(told: Told) -> None:
    """Explained, but returned for something else: the words are not yet accepted."""
    row = member_row(MINE, 300) | {"fulltime_cadres": 0, "members_total": "约300"}
    bad = book_bytes(definitions(), MINE, {"ORG-02": [row]}, "2017-04")
    first = told.give("bad", bad, "2017-05-04T09:00:00", MINE)
    assert first.state == "returned"
    book = explained(returned_path(first), WORDS)
    path = told.folder / "bad-explained.xlsx"
    book.save(path)
    again = told.give("bad-words", path.read_bytes(), "2017-05-04T10:00:00", MINE)
    assert again.state == "returned"
    good = member_row(MINE, 300) | {"fulltime_cadres": 0}
    data = book_bytes(definitions(), MINE, {"ORG-02": [good]}, "2017-04")
    third = told.give("good", data, "2017-05-04T11:00:00", MINE)
    assert ("V-R-007", None, None) in words_of(third)


def test_words_given_before_stand_in_the_marked_workbook(told: Told) -> None:
    """Returned for another reason, the sender sees that this one is settled."""
    data = month("2017-04", members_f="约45")
    outcome = told.give("april-bad", data, "2017-05-04T12:00:00")
    assert outcome.state == "returned"
    book = openpyxl.load_workbook(returned_path(outcome))
    (line,) = [r for r in review_rows(book) if "V-R-007" in r]
    assert WORDS in line


# --- the same bytes again (V-F-006) ---


def answers(code: str) -> dict[str, str]:
    folder = places().returned / code
    return {p.name: p.read_text("utf-8-sig") for p in sorted(folder.glob("*重复上传*"))}


def test_the_sender_of_the_same_bytes_is_told_what_became_of_them(told: Told) -> None:
    row = member_row(POST, 81)
    data = book_bytes(definitions(), POST, {"ORG-02": [row]}, "2017-03")
    first = told.give("once", data, "2017-04-05T09:00:00", POST)
    assert first.state == "accepted"
    assert answers(POST) == {}
    second = told.give("twice", data, "2017-04-05T16:20:00", POST)
    assert second.id == first.id
    ((name, text),) = answers(POST).items()
    assert name.endswith("-twice-重复上传.txt")
    assert "同一份文件已经收到过，本次忽略" in text
    assert "2017年4月5日 09:00" in text and "2017年4月5日 16:20" in text
    assert "2017年3月，已接收，计入汇总" in text
    assert "如要更正，请修改数据后重新报送" in text
    (places().returned / POST / name).unlink()
    process_waiting("2017-04-05T18:00:00")
    hand_in([told.files["twice"]], POST, "2017-04-05T18:00:00")
    assert answers(POST) == {}, "collected once, told once"


def test_the_same_bytes_again_after_a_return_point_to_the_marked_workbook(told: Told) -> None:
    row = member_row(POST, 82) | {"members_total": "约82"}
    data = book_bytes(definitions(), POST, {"ORG-02": [row]}, "2017-03")
    first = told.give("wrong", data, "2017-04-06T09:00:00", POST)
    told.give("wrong-again", data, "2017-04-06T10:00:00", POST)
    ((_, text),) = answers(POST).items()
    assert f"（编号 {first.receipt:06d}）" in text and "退回修改" in text
    assert "原样再报，结果不变" in text


def test_two_copies_in_one_delivery_are_answered_once_the_first_is_processed(told: Told) -> None:
    row = member_row(POST, 83)
    data = book_bytes(definitions(), POST, {"ORG-02": [row]}, "2017-03")
    one = save(told.folder / "pair", "甲.xlsx", data)
    two = save(told.folder / "pair", "乙.xlsx", data)
    before = len(answers(POST))
    hand_in([one, two], POST, "2017-04-07T09:00:00")
    assert len(answers(POST)) == before
    process_waiting("2017-04-07T09:30:00")
    assert len(answers(POST)) == before + 1
    assert query("SELECT count(*) FROM receipt WHERE answered_at IS NULL AND state = 'duplicate'")[
        0
    ] == (0,)
