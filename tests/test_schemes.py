"""Schemes as files: what the versions of 2019 say, and what the loader refuses, with its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from assessment_data import SCHEMES, scheme

from definitions.documents import Document
from definitions.loading import load_definitions
from definitions.scheme_files import overlaps, read_schemes, unknown_in_small

D = Decimal


@pytest.fixture(scope="module")
def known():
    return load_definitions()


def complaints(tmp_path: Path, text: str, *others: str) -> list[str]:
    """What the loader says of a scheme file, as `file:line: reason`, beside the other files."""
    (tmp_path / "NEW.yaml").write_text(text, encoding="utf-8")
    paths = [tmp_path / "NEW.yaml", *(SCHEMES / f"{code}.yaml" for code in others)]
    documents = [Document(p, p.parent) for p in paths]
    whole, small = read_schemes(documents)
    overlaps([*whole, *small])
    return [str(m) for d in documents for m in d.mistakes]


def changed(code: str, before: str, after: str) -> str:
    text = (SCHEMES / f"{code}.yaml").read_text(encoding="utf-8")
    assert before in text
    return text.replace(before, after, 1)


def line_of(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


# The versions of 2019 ----------------------------------------------------------------------------

FULL = {"T01": 8, "T02": 5, "T03": 6, "T04": 4, "T05": 4, "T06": 5, "T07": 7, "T08": 5,
        "T09": 6, "T10": 5, "T11": 6, "T12": 4, "T13": 4, "T14": 3, "T15": 2, "T16": 6,
        "D1": 6, "D2": 4, "D3": 3, "D4": 3, "D5": 4}  # fmt: skip
FAMILIES = ("TRA-FED", "TRA-IND", "TRA-GRASS", "TRA-GFP", "FPA", "SWH", "MEV-UNIT", "MEV-CHAIR",
            "DQ", "FIT", "PAIR")  # fmt: skip
SMALL = ("REP", "SFC", "SKL", "STU", "STP", "INN", "DEM", "LMR", "IFE")


def test_every_scheme_of_section_8_has_a_version_for_2019(known):
    assert {known.scheme(f, 2019).code for f in FAMILIES} == {f"{f}-2019" for f in FAMILIES}
    assert {known.small_scheme(f, 2019).code for f in SMALL} == {f"{f}-2019" for f in SMALL}
    with pytest.raises(KeyError, match="SKL has no version for 2018"):
        known.small_scheme("SKL", 2018)


@pytest.mark.parametrize(
    ("variant", "weights"),
    [
        ("TRA-FED", (70, 20, 10)),
        ("TRA-IND", (60, 20, 20)),
        ("TRA-GRASS", (40, 50, 10)),
        ("TRA-GFP", (80, 15, 5)),
    ],
)
def test_the_four_variants_share_all_hundred_marks_and_differ_in_weights(known, variant, weights):
    tra = known.scheme(variant, 2019)
    assert tuple(b.weight for b in tra.blocks) == weights
    assert {i.code: i.marks for i in tra.blocks[0].items} == FULL
    assert sum(FULL.values()) == 80 + 20
    assert tra.coverage is None


def test_half_of_the_guizhou_table_is_marked_by_quarter(known):
    parts = [p for i in known.scheme("TRA-GFP", 2019).blocks[0].items for p in i.parts]
    assert sum(p.marks for p in parts if p.function == "SF12") == 50
    others = [p for i in known.scheme("TRA-FED", 2019).blocks[0].items for p in i.parts]
    assert not [p for p in others if p.function == "SF12"]


def test_guizhou_audits_every_union_and_others_half(known):
    def best(family):
        parts = [p for i in known.scheme(family, 2019).blocks[0].items for p in i.parts]
        return next(p.steps[0] for p in parts if p.indicator == "I-AUD-02")

    assert (best("TRA-GFP"), best("TRA-FED")) == ((100, 1), (50, 1))


def test_no_grassroots_union_falls_under_two_variants(known):
    grass, power = known.scheme("TRA-GRASS", 2019).applies, known.scheme("TRA-GFP", 2019).applies
    assert grass.levels == power.levels == ("基层",)
    assert grass.not_industries == power.industries


def test_old_versions_stay_and_end_where_the_next_begin(known):
    assert known.scheme("TRA-FED", 2017).code == "TRA-FED-2017"
    assert known.scheme("SWH", 2018).code == "SWH-2018"
    assert known.scheme("SWH", 2018).last_year == 2018
    with pytest.raises(KeyError, match="TRA-FED has no version for 2018"):
        known.scheme("TRA-FED", 2018)


def test_members_hold_the_largest_share_on_both_tracks(known):
    unit, chair = (known.scheme(f"MEV-{t}", 2019).blocks[0] for t in ("UNIT", "CHAIR"))
    assert (unit.rated, tuple(unit.raters.values())) == ("工会工作", (60, 10, 10, 20))
    assert (chair.rated, tuple(chair.raters.values())) == ("工会主席", (50, 15, 15, 20))


def test_the_audit_scheme_agrees_with_the_dated_parameters(known):
    day = date(2019, 12, 31)
    fpa = known.scheme("FPA", 2019)
    weights = known.parameters["fund_performance_weights"].at(day)
    assert [b.weight for b in fpa.blocks] == list(weights.values())
    bands = known.parameters["fund_performance_bands"].at(day)
    assert {b.name: b.at_least for b in fpa.bands} == bands
    marks = known.parameters["fund_performance_marks"].at(day)
    parts = {p.indicator: p for b in fpa.blocks for i in b.items for p in i.parts}
    for form in ("AUD-01", "AUD-02", "AUD-03", "AUD-04", "AUD-05"):
        assert parts[f"{form}:projects"].marks == marks["项目"]
        assert parts[f"{form}:spending"].marks == marks["资金"]
        assert parts[f"{form}:spending"].band == (marks["满分下限"], marks["满分上限"])
        assert parts[f"{form}:spending"].limits == (marks["零分下限"], marks["零分上限"])
        assert parts[f"{form}:scale"].marks == marks["规模"]
        assert parts[f"{form}:scale"].target == marks["规模参与率"]
        assert parts[f"{form}:effect"].marks == marks["成效"]
        assert parts[f"{form}:award"].marks == marks["奖励上限"]
    assert parts["FUND:rectified"].marks == marks["整改"]


def test_ballots_agree_with_the_dated_parameters(known):
    day = date(2019, 12, 31)
    worth = list(known.parameters["ballot_values"].at(day).values())
    for family in ("TRA-FED", "MEV-UNIT", "MEV-CHAIR"):
        ballots = known.scheme(family, 2019).ballots
        assert [ballots.very_sat, ballots.basic_sat, ballots.unsat] == worth
        assert ballots.unclear_explain_pct == known.parameters["ballot_unclear_pct"].at(day)


def test_fitness_aims_at_the_dated_target(known):
    part = scheme("FIT-2019").blocks[0].items[0].parts[0]
    assert part.target == known.parameters["fitness_target_pct"].at(date(2019, 12, 31))
    assert part.base == D("29.8")


@pytest.mark.parametrize(
    ("family", "field", "value", "complaint"),
    [
        ("SKL", "rates", "no_such_rates", "unknown parameter no_such_rates"),
        ("SKL", "category", "colour", "SKILL-03 has no column colour"),
        ("REP", "form", "DEMO-99", "unknown form DEMO-99"),
        ("LMR", "indicator", "I-CULT-99", "unknown indicator I-CULT-99"),
    ],
)
def test_small_schemes_name_only_what_exists(known, family, field, value, complaint):
    forms = {f.code: f for f in known.forms}
    sound = known.small_scheme(family, 2019)
    assert [*unknown_in_small(sound, forms, known.parameters, known.indicators)] == []
    broken = sound.model_copy(update={field: value})
    found = [*unknown_in_small(broken, forms, known.parameters, known.indicators)]
    assert found[0][0] == (field,)
    assert complaint in found[0][1]


# What the loader refuses -------------------------------------------------------------------------


def test_sound_files_have_no_complaints(tmp_path):
    text = changed("MEV-UNIT-2019", "code: MEV-UNIT-2019", "code: MEV-NEW-2019")
    assert complaints(tmp_path, text) == []


def test_a_weight_sum_of_99_is_refused_at_the_blocks(tmp_path):
    text = changed("TRA-FED-2019", "weight: 70", "weight: 69")
    where = line_of(text, "blocks:")
    assert complaints(tmp_path, text) == [
        f"NEW.yaml:{where}: Value error, block weights sum to 99, not 100"
    ]


def test_a_table_of_99_marks_is_refused_at_its_block(tmp_path):
    text = changed(
        "TRA-FED-2019", "{indicator: I-ORG-29, marks: 3", "{indicator: I-ORG-29, marks: 2"
    )
    where = line_of(text, "- code: targets")
    found = complaints(tmp_path, text)
    assert [f for f in found if f.startswith(f"NEW.yaml:{where}: ")]
    assert "marks of items sum to 99, not 100" in found[0]


@pytest.mark.parametrize(
    ("below", "complaint"),
    [("89", "a gap between 效益较好, below 89, and 效益好, from 90"),
     ("91", "an overlap between 效益较好, below 91, and 效益好, from 90")],
)  # fmt: skip
def test_the_printed_80_to_89_leaves_a_gap_and_is_refused_at_its_line(tmp_path, below, complaint):
    text = changed("FPA-2019", "at_least: 80, below: 90", f"at_least: 80, below: {below}")
    where = line_of(text, "name: 效益较好")
    assert complaints(tmp_path, text) == [f"NEW.yaml:{where}: Value error, {complaint}"]


@pytest.mark.parametrize("floor", ["1", "70"])
def test_bands_that_leave_out_the_lowest_totals_are_refused(tmp_path, floor):
    text = changed("FPA-2019", "name: 效益较差, at_least: 0", f"name: 效益较差, at_least: {floor}")
    where = line_of(text, "bands:")
    assert complaints(tmp_path, text) == [
        f"NEW.yaml:{where}: Value error, bands must fall from the highest to 0 without a gap"
    ]


@pytest.mark.parametrize("shares", ["会员: 35, 职工代表: 35", "会员: 30, 职工代表: 40"])
def test_members_who_are_not_the_largest_share_are_refused(tmp_path, shares):
    text = changed("MEV-UNIT-2019", "会员: 60, 职工代表: 10", shares)
    found = complaints(tmp_path, text)
    assert len(found) == 1
    assert "会员 must hold the largest share" in found[0]
    assert found[0].startswith(f"NEW.yaml:{line_of(text, '- code: ratings')}: ")


def test_a_variant_of_nothing_is_refused_where_it_says_so(tmp_path):
    text = changed("TRA-IND-2019", "based_on: TRA-FED-2019", "based_on: TRA-XXX-2019")
    where = line_of(text, "based_on")
    assert complaints(tmp_path, text) == [
        f"NEW.yaml:{where}: no scheme TRA-XXX-2019 to be based on"
    ]


def test_a_variant_of_a_variant_is_refused(tmp_path):
    text = changed("TRA-GFP-2019", "based_on: TRA-FED-2019", "based_on: TRA-IND-2019")
    assert "no scheme TRA-IND-2019" in complaints(tmp_path, text, "TRA-IND-2019", "TRA-FED-2019")[0]


def test_quarters_for_a_part_that_no_item_has_are_refused(tmp_path):
    text = changed("TRA-GFP-2019", "  - I-ORG-17\n", "  - I-ORG-99\n")
    found = complaints(tmp_path, text, "TRA-FED-2019")
    assert "no item has I-ORG-99" in found[0]


def test_two_versions_for_one_year_are_refused(tmp_path):
    text = changed("SWH-2018", "first_year: 2018", "first_year: 2017")
    text = text.replace("code: SWH-2018", "code: SWH-2099", 1)
    assert "SWH-2017 and SWH-2099 overlap" in complaints(tmp_path, text, "SWH-2017")[0]


@pytest.mark.parametrize(
    ("code", "before", "after", "complaint"),
    [
        ("INN-2019", "推广价值: 30", "推广价值: 29", "weights of criteria sum to 99, not 100"),
        ("STP-2019", "ties: 计分项目", "ties: 工龄", "工龄 is none of the conditions"),
        ("SFC-2019", "reminders: [6, 9]", "reminders: [9, 6]", "reminders must rise"),
        ("DEM-2019", "equals: 是}", "equals: 是, at_least: 1}", "one of equals, at_least"),
        ("STU-2019", "top_pct: 20", "top_pct: 120", "less than or equal to 100"),
    ],
)
def test_small_schemes_are_refused_at_their_line(tmp_path, code, before, after, complaint):
    text = changed(code, before, after)
    found = complaints(tmp_path, text)
    assert len(found) == 1
    assert complaint in found[0]
    assert found[0].startswith(f"NEW.yaml:{line_of(text, after)}: ")
