"""The sample input says what the articles print, adds up, and is the same every time."""

from __future__ import annotations

import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from stdnum.cn import ric, uscc

from definitions.catalogue import Definitions
from definitions.loading import load_definitions
from definitions.organisations import load_organisations
from definitions.periods import Period
from samples import build, irregular
from samples.build import rows
from samples.entries import Entry, Row
from samples.facts import Fact, facts, printed
from samples.identity import id_number
from samples.identity import uscc as credit_code
from samples.membership import transfers
from samples.registry import MOVE_DAY, registry, write_organisations
from samples.spoiled import spoiled_cases
from samples.spread import evenly, spread
from samples.targets import tasks

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
YINCHUAN, SHIZUISHAN, QINGTONGXIA = "640100Z00001", "640200Z00001", "640381Z00001"
FENGTAI, YIZHUANG, SHOUGANG = "110106Z00001", "110115K00001", "110107G00001"
HIGH_TECH, ECOLOGICAL = "640202K00001", "640221K00001"
SUB_DISTRICT = "640105J00001"


@cache
def definitions() -> Definitions:
    return load_definitions()


def of(form: str, unit: str, year: int = 2017) -> list[Row]:
    """Rows of a form below a unit in a year; a register's later sending replaces the earlier."""
    shape = definitions().newest(form)
    found: dict[Any, Row] = {}
    for n, entry in enumerate(rows()):
        if entry.form != form or entry.period.year != year:
            continue
        if unit not in registry().way_up(entry.row["org_code"], entry.period.end):
            continue
        key = tuple(entry.row[k] for k in shape.ledger.keys) if shape.ledger else n
        found[key] = entry.row
    return list(found.values())


def total(rows_: Iterable[Row], column: str) -> float:
    return sum(row[column] or 0 for row in rows_)


def is_contest(row: Row) -> bool:
    return row["event_kind"] != "岗位练兵"


# --- facts ---


@pytest.mark.parametrize("fact", facts().values(), ids=lambda f: f.id)
def test_every_figure_is_quoted_word_for_word(fact: Fact) -> None:
    if not SEEDS.is_dir():
        pytest.skip(f"the articles are not at {SEEDS}: quotations are NOT checked")
    assert fact.sentence in (SEEDS / fact.article).read_text(encoding="utf-8")


def test_a_submitted_fact_names_a_form_and_one_of_its_columns() -> None:
    for fact in facts().values():
        if fact.submitted:
            assert fact.column in definitions().newest(fact.form).position, fact.id
        else:
            assert fact.note or fact.period, fact.id


# --- figures, unit by unit ---


def test_yinchuan_trains_300000_person_times_for_5000000_yuan() -> None:
    classes = of("SKILL-01", YINCHUAN)
    assert total(classes, "person_times") == 300_000
    assert total(classes, "cost") == 5_000_000


def test_yinchuan_drills_and_contests_are_two_figures() -> None:
    events = of("SKILL-02", YINCHUAN)
    drills = [e for e in events if not is_contest(e)]
    contests = [e for e in events if is_contest(e)]
    assert (len(drills), total(drills, "enterprises")) == (3000, 2000)
    assert total(drills, "persons") == 260_000
    assert (len(contests), total(contests, "enterprises")) == (120, 3000)
    assert total(contests, "persons") == 260_000
    rate = 100 * total(contests, "persons") / total(contests, "should_persons")
    assert f"{rate:.2f}" == "92.00"
    assert rate >= 92  # 92%以上


def test_yinchuan_has_37000_certificates_of_which_3725_through_contests() -> None:
    roster = of("SKILL-03", YINCHUAN)
    assert len({p["id_no"] for p in roster}) == len(roster) == 37_000
    through = [p for p in roster if "大赛" in p["route"]]
    assert len(through) == 3_725
    senior = {"一级（高级技师）", "二级（技师）", "三级（高级工）"}
    assert {p["cert_level"] for p in through} <= senior
    rates = {"一级（高级技师）": 3000, "二级（技师）": 2000, "三级（高级工）": 500}
    assert all(p["award_due"] == rates.get(p["cert_level"], 0) for p in roster)


def test_650_unions_move_and_no_total_with_them() -> None:
    moves = transfers()
    old = Counter(m.row["from_parent"] for m in moves)
    assert old[SHIZUISHAN] == 48
    assert sum(old.values()) - old[SHIZUISHAN] == 602
    opening = sum(
        e.row["members_total"] - e.row["new_members"] + e.row["lost_members"] for e in org_02(JULY)
    )
    assert opening == sum(e.row["members_total"] for e in org_02(JUNE))
    known = registry()
    for each in moves:
        assert known.parent(each.row["org_code"], date(2017, 6, 30)) == each.row["from_parent"]
        assert known.parent(each.row["org_code"], MOVE_DAY) == each.row["to_parent"]


JUNE, JULY = Period.parse("2017-06"), Period.parse("2017-07")


def org_02(at: Period) -> Iterator[Entry]:
    for entry in rows():
        below = entry.form == "ORG-02" and entry.period == at
        if below and SHIZUISHAN in registry().way_up(entry.owner, at.end):
            yield entry


def test_41_social_workers_from_july_on() -> None:
    assert total([e.row for e in org_02(JUNE)], "social_workers") == 0
    assert total([e.row for e in org_02(JULY)], "social_workers") == 41


def test_high_tech_zone_pairs_156_masters_with_278_apprentices_against_100() -> None:
    pairs = of("SKILL-04", HIGH_TECH)
    assert (len({p["master"] for p in pairs}), len(pairs)) == (156, 278)
    letter = [t for t in of("TGT-01", HIGH_TECH) if t["indicator"] == "I-SKILL-15"]
    assert [t["target"] for t in letter if t["period"] == "2017"] == [100]
    assert total(of("INNO-01", HIGH_TECH), "wuxiao_award") == 17
    assert total(of("INNO-01", SHIZUISHAN), "wuxiao_award") == 17


def test_ecological_zone_holds_three_classes_for_184_from_30_enterprises() -> None:
    classes = of("SKILL-01", ECOLOGICAL)
    assert (len(classes), total(classes, "persons")) == (3, 184)
    assert total(classes, "enterprises") == 30


def test_two_festivals_of_the_zones() -> None:
    visits = of("WARM-01", SHIZUISHAN)
    assert (total(visits, "households"), total(visits, "cash")) == (2602, 1_300_000)
    assert (total(visits, "severe_persons"), total(visits, "severe_amount")) == (25, 100_000)


def test_qingtongxia_slips_836_83_16_each_with_its_upstream() -> None:
    slips = of("RIGHT-01", QINGTONGXIA)
    kinds = Counter(s["slip_kind"] for s in slips)
    assert kinds["职工维权服务菜单"] == 836
    assert kinds["企业服务需求订单"] == 83
    assert kinds["工会维权服务受理单"] == 16
    known = {s["slip_id"] for s in slips}
    for slip in slips:
        assert set((slip["parent_slip"] or "").split("、")) - {""} <= known
        assert (slip["slip_kind"] == "职工维权服务菜单") == (slip["parent_slip"] is None)
        assert slip["closed_on"] <= slip["due_on"]
        days = definitions().calendar.between(slip["accepted_on"], slip["closed_on"])
        assert 0 < days <= 10
    # Every menu feeds exactly one order, every order one acceptance.
    fed = Counter(p for s in slips for p in (s["parent_slip"] or "").split("、") if p)
    assert set(fed.values()) == {1}
    assert len(fed) == 836 + 83


def test_qingtongxia_representatives_366_of_398_in_23_units() -> None:
    reps = of("DEMO-02", QINGTONGXIA)
    trained = [r for r in reps if r["trained_on"]]
    assert (len(trained), len(reps)) == (366, 398)
    assert f"{100 * len(trained) / len(reps):.2f}" == "91.96"
    assert len({r["org_code"] for r in reps}) == 23
    assert all(r["candidates"] == 2 * r["seats"] for r in reps)
    assert len({r["org_code"] for r in reps if r.get("eval_ballots")}) == 12
    assert len({r["org_code"] for r in reps if r.get("outcome") == "奖励"}) == 6


def test_qingtongxia_results() -> None:
    proposals = of("DEMO-03", QINGTONGXIA)
    assert len(proposals) == 216
    assert total(proposals, "rules_changed") == 52
    assert total(proposals, "gaps_found") == 32
    assert total(proposals, "saving") == 750_000
    disputes = of("RIGHT-02", QINGTONGXIA)
    assert total(disputes, "mediated_ok") == 149
    assert (total(disputes, "wage_cases"), total(disputes, "wage_persons")) == (4, 98)
    assert total(disputes, "wage_amount") == 54_560
    assert (total(disputes, "overtime_stopped"), total(disputes, "facilities")) == (17, 1020)


def test_fengtai_grows_by_101_unions_of_which_68_with_100_workers() -> None:
    months = of("ORG-02", FENGTAI)
    assert (total(months, "new_unions"), total(months, "new_unions_100")) == (101, 68)
    assert total(months, "new_members") == 15_632
    opened = {s["site_id"]: s["site_tier"] for s in of("HOME-01", FENGTAI)}
    assert Counter(t == "暖心驿站" for t in opened.values()) == {True: 900, False: 58}


def test_star_homes_16_unions_3890_raters_and_one_80_90_90_in_both_years() -> None:
    first, second = of("HOME-02", YIZHUANG, 2017), of("HOME-02", YIZHUANG, 2018)
    assert (len(first), total(first, "members_rated")) == (16, 3890)
    golden = {}
    for year, homes in ((2017, first), (2018, second)):
        for home in homes:
            if (home["member_score"], home["employer_score"], home["upper_score"]) == (80, 90, 90):
                golden[year] = (home["org_code"], home["total_reported"])
    assert golden[2017][0] == golden[2018][0]
    assert (golden[2017][1], golden[2018][1]) == (86.0, 85.0)


def test_shougang_has_28_new_studios_of_50_and_400_million_yuan() -> None:
    studios = of("INNO-02", SHOUGANG, 2018)
    assert len(studios) == 50
    assert sum(s["created_on"].year == 2018 for s in studios) == 28
    assert total(studios, "benefit") * 10_000 == 400_000_000
    awards = {"未达标": 0, "达标": 20_000, "优秀": 30_000}
    assert all(s["award"] == awards[s["grade"]] for s in studios)


def test_sub_district_of_29_unions_trains_1500_inside_yinchuans_total() -> None:
    assert len(registry().under(SUB_DISTRICT, date(2017, 12, 31))) == 29
    classes = of("SKILL-01", SUB_DISTRICT)
    assert (len(classes), total(classes, "person_times")) == (46, 1500)


# --- consistency ---


def test_members_are_last_month_plus_new_minus_lost() -> None:
    before: dict[str, int] = {}
    for entry in rows():
        if entry.form == "ORG-02":
            row = entry.row
            if entry.owner in before:
                balance = before[entry.owner] + row["new_members"] - row["lost_members"]
                assert row["members_total"] == balance, (entry.owner, entry.period)
            before[entry.owner] = row["members_total"]
            assert row["members_f"] <= row["workers_f"] <= row["workers_total"]
            assert row["members_migrant"] <= row["members_total"] <= row["workers_total"]


def test_funds_are_two_per_cent_split_sixty_to_forty_and_add_up_in_the_year() -> None:
    due: dict[tuple[str, int], int] = defaultdict(int)
    for entry in rows():
        if entry.form == "FIN-01":
            row = entry.row
            assert row["due"] * 50 == row["payroll"]
            assert row["retained"] == pytest.approx(0.6 * row["paid"], abs=0.005)
            assert row["retained"] + row["remitted"] == pytest.approx(row["paid"], abs=0.001)
            due[entry.owner, entry.period.year] += row["due"]
            assert row["cum_due"] == due[entry.owner, entry.period.year]


def test_letters_weigh_100_and_their_parts_make_the_year() -> None:
    weights: dict[str, float] = defaultdict(float)
    parts: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    yearly: dict[tuple[str, str], int] = {}
    for entry in rows():
        if entry.form != "TGT-01":
            continue
        row = entry.row
        task = row["org_code"], row["task_id"]
        if row["period"] == "2017":
            weights[row["org_code"]] += row["weight"]
            yearly[task] = row["target"]
        else:
            parts[task][len(row["period"])] += row["target"]
    assert weights and set(weights.values()) == {100}
    for task, sums in parts.items():
        # 2017Q1 has six characters, 2017-01 seven.
        assert sums[6] == sums[7] == yearly[task]


def test_every_county_and_zone_has_a_letter_for_what_the_scheme_asks() -> None:
    asked = {
        part.indicator
        for block in definitions().scheme("TRA-FED", 2017).blocks
        for item in block.items
        for part in item.parts
        if part.target == "letter"
    }
    named = {e.row["indicator"] for e in rows() if e.form == "TGT-01"}
    assert asked <= named


def test_every_row_fits_its_form() -> None:
    known = definitions()
    lists = known.code_lists
    for entry in rows():
        form = known.newest(entry.form)
        assert set(entry.row) <= set(form.position), entry.form
        for column in form.columns:
            value = entry.row.get(column.code)
            assert value is not None or not column.required, (entry.form, column.code, entry.row)
            if value is not None and column.list and column.type == "enum":
                assert value in lists[column.list].values, (entry.form, column.code, value)


def test_codes_are_valid_and_used_once() -> None:
    codes = [credit_code("81", "640105", n) for n in range(2000)]
    assert len(set(codes)) == 2000
    assert all(uscc.calc_check_digit(c[:17]) == c[17] for c in codes)
    numbers = [id_number("640105", n) for n in range(0, 37_000, 11)]
    assert len(set(numbers)) == len(numbers)
    assert all(ric.calc_check_digit(n) == n[17] for n in numbers)
    # Nobody alive: the youngest would be over ninety in 2017.
    assert max(int(n[6:10]) for n in numbers) <= 1920


@pytest.mark.parametrize(
    ("whole", "weights", "shares"),
    [(10, [1, 1, 1], [4, 3, 3]), (7, [2, 1], [5, 2]), (0, [], []), (5, [0, 3], [0, 5])],
)
def test_spread_is_exact(whole: int, weights: list[float], shares: list[int]) -> None:
    assert spread(whole, weights) == shares
    assert sum(evenly(37_000, 319)) == 37_000


def test_spread_refuses_to_lose_anything() -> None:
    with pytest.raises(ValueError, match="over nothing"):
        spread(3, [0, 0])


# --- registry and files ---


def test_registry_file_loads_without_a_mistake(tmp_path: Path) -> None:
    write_organisations(tmp_path / "organisations.yaml")
    loaded = load_organisations(tmp_path / "organisations.yaml", definitions())
    assert len({o.code for o in loaded}) == len(loaded) > 1300
    assert {len(o.code) for o in loaded} == {12}


def test_build_is_the_same_every_time_and_names_what_will_come_of_it(tmp_path: Path) -> None:
    months = ["2017-04", "2017-05"]
    first = build(tmp_path / "a", definitions(), months)
    second = build(tmp_path / "b", definitions(), months)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    assert [(h.path.name, h.at) for h in first] == [(h.path.name, h.at) for h in second]
    assert {h.path.parent.name for h in first} == set(months)
    assert len({h.path for h in first}) == len(first)
    outcomes = Counter((h.month, h.expected_outcome) for h in first)
    assert outcomes["2017-04", "returned"] == 1
    assert outcomes["2017-05", "explain"] == 1
    assert all(h.at.utcoffset() is not None for h in first)
    assert {h.path.suffix for h in first} == {".xlsx", ".et"}


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(path.relative_to(folder).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def test_changing_a_fact_changes_a_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cells() -> float:
        book = load_workbook(io.BytesIO(built.path.read_bytes()), read_only=True)
        sheet = next(s for s in book.worksheets if s.title.startswith("WARM-01"))
        header = [c.value for c in sheet[2]]
        place = header.index("慰问户数")
        return sum(r[place] for r in sheet.iter_rows(min_row=3, values_only=True))

    built = zone_campaign(tmp_path)
    before = cells()
    changed = facts()["shizuishan-festival-households"].model_copy(update={"value": 2702})
    monkeypatch.setitem(facts(), changed.id, changed)
    rows.cache_clear()
    try:
        built = zone_campaign(tmp_path)
        assert before == spread(2602, (45, 33, 22))[0]
        assert cells() == spread(2702, (45, 33, 22))[0]
    finally:
        rows.cache_clear()


def zone_campaign(folder: Path) -> Any:
    found = build(folder, definitions(), ["2017-02"])
    return next(h for h in found if h.sender == HIGH_TECH and h.period == "2017")


def test_what_is_missing_is_a_short_list_without_printed_figures() -> None:
    fixed = {"qingtongxia", "fengtai", "shuofang", "yizhuang", "shougang", "gaoxin-joint"}
    gone = irregular.missing_rows()
    assert 0 < len(gone) <= 10
    assert not {family for family, _ in gone} & fixed


def test_targets_are_met_by_most_and_missed_by_some() -> None:
    from samples.targets import Totals

    totals = Totals(rows())
    shares = [
        totals.value(t.unit, t.goal.indicator, Period.parse("2017")) / t.target
        for t in tasks(totals)
    ]
    missed = sum(s < 1 for s in shares)
    assert 0 < missed < len(shares) / 2
    assert printed("shizuishan-apprentices") / printed("shizuishan-pairs-target") in shares


def test_spoiled_cases_have_names_files_and_twins_that_differ() -> None:
    cases = spoiled_cases(definitions())
    assert len({c.name for c in cases}) == len(cases) >= 24
    for case in cases:
        # What needs no mending is its own twin: a file name, say, means nothing.
        assert case.data != case.twin or not case.expected, case.name
        assert case.file_name and case.twin_name and case.story
        codes = definitions().rules
        assert {rule for rule, _ in (*case.expected, *case.twin_expected)} <= set(codes), case.name
        gravest = {codes[rule].severity.value for rule, _ in case.expected}
        wanted = {"returned": "退回", "explain": "须说明"}.get(case.outcome)
        assert wanted in gravest if wanted else not gravest & {"退回", "须说明"}, case.name
