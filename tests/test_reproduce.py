"""An edition comes out again byte for byte elsewhere; what differs now is named with its cause."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import installation

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.differences import Difference
from pipelines.flow.ground import CHINA, engine
from pipelines.places import places
from tests.acceptance import query
from tests.published import COUNTIES, LATER, PARENT, UNITS, Rows, hand_in, publish
from warehouse.backup import BackupDamaged, backup, restore
from warehouse.engine import warehouse
from warehouse.reorganisations import apply_changes
from warehouse.timeline import Change

NUMBER = re.compile(r'<a class="n" id="[^"]+" href="/numbers/[^"]+" data-ref="([^"]+)">([^<]+)</a>')
DIGITS = re.compile(r"[\d.]+")
CORRECTED_AT = datetime(2018, 4, 2, 9, tzinfo=CHINA)
MOVED_AT = datetime(2018, 4, 10, 9, tzinfo=CHINA)
CITY = "640100Z00001"
COVERED = "I-ORG-02"


@dataclass
class Story:
    """A second machine: restored, then 50 corrections and 10 transfers came late."""

    reference: str
    equal_there: tuple[bool, ...]
    before: dict[str, set[str]]
    differences: tuple[Difference, ...]
    after: dict[str, set[str]]
    corrected: set[str]
    moved: set[str]


def told(title: str, folder: str) -> dict[str, set[str]]:
    """What a review prints: source of every number → its texts, read from the page."""
    found: dict[str, set[str]] = {}
    for path in (places().root / folder / "2017").glob(f"R-01*/{title}*/*.html"):
        for ref, text in NUMBER.findall(path.read_text(encoding="utf-8")):
            digits = "".join(DIGITS.findall(html.unescape(text)))
            found.setdefault(html.unescape(ref), set()).add(digits)
    return found


def corrections(rows: Rows) -> tuple[Rows, set[str]]:
    """50 cells of December's ORG-02 and FIN-01 put right; the unions concerned."""
    made: Rows = {}
    done: list[tuple[str, str]] = []
    asked = (("ORG-02", ("covered_units", "groups", "social_workers")), ("FIN-01", ("prep_fund",)))
    for form, columns in asked:
        given = copy.deepcopy(rows[form, "2017-12"])
        for row in given:
            for column in columns:
                if len(done) < 50 and column in row:
                    row[column] = (row[column] or 0) + 1
                    done.append((row["org_code"], column))
        made[form, "2017-12"] = given
    assert len(done) == 50
    return made, {org for org, _ in done}


@pytest.fixture(scope="module")
def story(
    blank_warehouse: str, server_home: Path, module_home: Path, definitions: Definitions,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Story]:  # fmt: skip
    made = publish(definitions, module_home.parent / "reproduce-files")
    saved = module_home.parent / "backup"
    backup(saved, with_key=True)
    files = query("SELECT p.id, p.reference, p.title FROM publication p ORDER BY p.id")
    (reference,) = [f.reference for f in files if f.title.startswith("银川市")]
    before = told("银川市总工会2017年工作总结", "published")
    there = tmp_path_factory.mktemp("elsewhere")
    with installation("template0", server_home, there / "home") as home:
        restore(saved)
        assert home != module_home
        late, corrected = corrections(made.rows)
        flow.reopen_period(
            "2017-12", until="2018-04-05", reason="年终核对", document="宁总工〔2018〕8号",
            requested_by="数据管理员", approved_by="主席", at="2018-03-30T09:00:00+08:00",
        )  # fmt: skip
        hand_in(definitions, there, late, "更正", CORRECTED_AT)
        sent = query("SELECT state FROM submission WHERE received_at >= :t", t=CORRECTED_AT)
        assert {s.state for s in sent} == {"accepted"}
        moved = [u for u in UNITS if PARENT[u] == COUNTIES["yongning"]][:5]
        back = [u for u in UNITS if PARENT[u] == COUNTIES["helan"]][:5]
        day = date(2017, 12, 1)
        with warehouse().begin() as connection:
            changes = [
                Change(u, "划转", "块", PARENT[u], other, day, "银总工〔2018〕3号", 0, 3)
                for units, other in ((moved, COUNTIES["helan"]), (back, COUNTIES["yongning"]))
                for u in units
            ]
            assert apply_changes(connection, changes, MOVED_AT) is not None
        equal = tuple(flow.reproduce(f.id).equal for f in files)
        differences = flow.compare(reference, LATER)
        flow.prepare_review(2017, LATER)
        yield Story(
            reference, equal, before, differences, told("银川市总工会2017年工作总结", "drafts"),
            corrected, {*moved, *back},
        )  # fmt: skip


def test_every_edition_is_made_again_byte_for_byte_on_another_machine(story: Story) -> None:
    assert len(story.equal_there) >= 5
    assert all(story.equal_there)


def test_compare_names_exactly_the_numbers_that_the_new_edition_prints_otherwise(
    story: Story,
) -> None:
    changed = {
        ref for ref in {*story.before, *story.after}
        if story.before.get(ref) != story.after.get(ref)
    }  # fmt: skip
    found = {
        "/".join(("块条"[d.line - 1], d.unit, d.period, d.indicator, d.basis))
        for d in story.differences
        if DIGITS.findall(d.printed_then) != DIGITS.findall(d.printed_now)
    }
    # a sum that the document makes has the same source as its neighbours of other units
    assert {r for r in changed if "合计" not in r} == {r for r in found if "合计" not in r}
    assert len(changed) > 20


def test_every_difference_has_its_cause_and_only_what_happened_is_a_cause(story: Story) -> None:
    kinds = {r.kind for d in story.differences for r in d.reasons}
    unexplained = [d for d in story.differences if "考核或审核变化" in {r.kind for r in d.reasons}]
    assert unexplained == []
    assert {"更正", "组织变动"} <= kinds <= {"更正", "组织变动", "人数保护"}
    corrected = {r.org for d in story.differences for r in d.reasons if r.kind == "更正"}
    moved = {r.org for d in story.differences for r in d.reasons if r.kind == "组织变动"}
    assert corrected <= story.corrected
    assert moved == story.moved
    covered = {
        (d.then, d.now, *(r.kind for r in d.reasons if r.kind != "更正"))
        for d in story.differences
        if (d.indicator, d.basis, d.unit, d.line) == (COVERED, "本期", CITY, 1)
    }
    ((then, now),) = covered  # no other kind of cause: nothing moved out of the city
    assert now - then == Decimal(len(UNITS))
    counties = [d for d in story.differences if d.unit in COUNTIES.values() and d.line == 1]
    assert any(r.kind == "组织变动" for d in counties for r in d.reasons)


def test_a_backup_is_restored_whole_or_not_at_all(
    story: Story, tmp_path: Path, module_home: Path
) -> None:
    saved = module_home.parent / "backup"
    with pytest.raises(BackupDamaged, match="不是空的"):
        restore(saved)
    with pytest.raises(BackupDamaged, match="不是完整的备份"):
        restore(tmp_path)
    assert not any(p.name.startswith(".part") for p in saved.rglob("*"))
    assert engine() is not None
