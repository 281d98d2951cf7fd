"""The definitions themselves: whole, consistent, and refused with every mistake named at once."""

from __future__ import annotations

import shutil
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from definitions import Definitions, DefinitionsInvalid, Period, load_definitions
from definitions.__main__ import main
from definitions.calendars import CalendarUnknown, WorkingDays
from definitions.examples import example_mistakes
from definitions.loading import HERE
from definitions.model import ColumnKind, ColumnType, Severity
from definitions.organisations import load_organisations
from definitions.periods import PeriodKind, closing_periods

FIRST_FORMS = {
    "ORG-01": 24, "ORG-02": 20, "ORG-03": 14, "HOME-01": 11, "HOME-02": 15, "AID-02": 11,
    "WARM-01": 14, "INNO-01": 10, "INNO-02": 12, "SKILL-01": 16, "SKILL-02": 11, "SKILL-03": 12,
    "SKILL-04": 8, "DEMO-02": 18, "DEMO-03": 13, "RIGHT-01": 13, "RIGHT-02": 14, "FIN-01": 11,
    "TGT-01": 10, "TGT-02": 6, "EVAL-01": 10, "EVAL-02": 6, "HONOR-01": 7,
}  # fmt: skip


@cache
def definitions() -> Definitions:
    return load_definitions()


# --- what is there -----------------------------------------------------------------------------


def test_the_first_forms_have_all_their_columns() -> None:
    found = {f.code: len(f.columns) for f in definitions().forms}
    assert {code: found.get(code) for code in FIRST_FORMS} == FIRST_FORMS


def test_the_command_says_that_the_definitions_can_be_used(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main() == 0
    assert "digest" in capsys.readouterr().out


def test_every_rule_with_a_condition_has_rows_that_pass_and_rows_that_fail() -> None:
    bare = [
        rule.code
        for form in definitions().forms
        for rule in definitions().rules_of(form)
        if rule.check and not (rule.passes and rule.fails)
    ]
    assert bare == []


def test_every_column_is_explained_to_the_reporter() -> None:
    bare = [
        f"{form.code}.{column.code}"
        for form in definitions().forms
        for column in form.columns
        if not column.guidance
    ]
    assert bare == []


def test_persons_are_marked_in_the_forms_about_persons() -> None:
    marked = {
        f"{form.code}.{column.code}": column.personal
        for form in definitions().forms
        for column in form.columns
        if column.personal
    }
    assert marked == {
        "AID-01.bank_card": "identity",
        "AID-01.id_no": "identity",
        "AID-01.name": "name",
        "CADRE-02.cadre": "name",
        "CADRE-03.officer": "name",
        "DEMO-02.name": "name",
        "INNO-02.leader": "name",
        "ORG-01.chair_name": "name",
        "ORG-01.contact": "identity",
        "ORG-04.id_no": "identity",
        "ORG-04.name": "name",
        "ORG-04.phone": "identity",
        "SKILL-01.trainer": "name",
        "SKILL-03.id_no": "identity",
        "SKILL-03.name": "name",
        "SKILL-04.apprentice": "name",
        "SKILL-04.master": "name",
        "SKILL-05.top_name": "name",
        "TGT-01.owner": "name",
    }
    assert all(
        column.personal == "identity"
        for form in definitions().forms
        for column in form.columns
        if column.type is ColumnType.IDNO
    )


def test_only_funds_may_be_taken_back() -> None:
    negative = {
        f"{form.code}.{column.code}"
        for form in definitions().forms
        for column in form.columns
        if column.negative
    }
    assert {n for n in negative if n.startswith("FIN-01")} == {
        "FIN-01.paid", "FIN-01.retained", "FIN-01.remitted", "FIN-01.cum_paid"
    }  # fmt: skip
    # a household may spend more on its hardship than it earns
    assert {n for n in negative if not n.startswith("FIN-")} == {"AID-01.percap_month"}


def test_heads_are_counted_apart_from_times() -> None:
    """人 and 人次 are never added: no measure sums columns of two units."""
    mixed = []
    for indicator in definitions().indicators.values():
        for measure in indicator.measures:
            form = definitions().newest(measure.form)
            names = measure.sum.columns if measure.sum else ()
            units = {form.column(n).unit for n in names} & {"人", "人次"}
            if len(units) > 1 or (
                units and indicator.aggregate == "sum" and units != {indicator.unit}
            ):
                mixed.append(indicator.code)
    assert mixed == []


def test_drills_and_contests_are_never_added_up() -> None:
    """26万多 in drills and 26万余 in contests may be the same people (V-O-010)."""
    for indicator in definitions().indicators.values():
        for measure in indicator.measures:
            if measure.form == "SKILL-02" and measure.sum:
                assert measure.where is not None, indicator.code
                assert "event_kind" in measure.where.columns, indicator.code


def test_stocks_are_taken_at_the_end_and_never_summed_over_months() -> None:
    wrong = []
    for indicator in definitions().indicators.values():
        for measure in indicator.measures:
            form = definitions().newest(measure.form)
            kinds = {form.column(n).kind for n in (measure.sum.columns if measure.sum else ())}
            monthly = form.period in (PeriodKind.MONTH, PeriodKind.QUARTER)
            if monthly and measure.take == "flow" and kinds & {
                ColumnKind.STOCK, ColumnKind.CUMULATIVE
            }:  # fmt: skip
                wrong.append(indicator.code)
    assert wrong == []


def test_severities_follow_the_catalogue() -> None:
    rule = definitions().rule
    assert rule("V-R-001").severity is Severity.RETURN
    assert rule("V-R-029").severity is Severity.EXPLAIN
    assert rule("V-T-001").severity is Severity.NOTICE


def test_star_weights_agree_with_the_schemes() -> None:
    """Reporters' totals are compared with the weights by which homes are really rated."""
    table = definitions().parameters["star_weights"]
    names = {"member": "会员", "employer": "所在单位", "upper": "上级工会"}
    for year in (2017, 2018):
        scheme = next(
            s
            for s in definitions().schemes
            if s.kind == "star-home" and s.first_year <= year <= (s.last_year or year)
        )
        weights = {names[b.code]: b.weight for b in scheme.blocks}
        assert weights == table.at(date(year, 12, 31)), year
    with pytest.raises(LookupError):
        table.at(date(2016, 12, 31))


def test_awards_hold_from_the_day_they_were_decided() -> None:
    skills = definitions().parameters["skill_awards"]
    award = skills.at(date(2017, 8, 1))
    assert (
        1 * award["一级（高级技师）"] + 2 * award["二级（技师）"] + 3 * award["三级（高级工）"]
        == 8500
    )
    with pytest.raises(LookupError):
        skills.at(date(2017, 7, 31))
    with pytest.raises(LookupError):
        definitions().parameters["studio_awards"].at(date(2017, 12, 31))


def test_every_threshold_has_a_date_and_an_authority() -> None:
    for parameter in definitions().parameters.values():
        days = [value.since for value in parameter.values]
        assert days == sorted(days), parameter.code
        assert all(value.authority for value in parameter.values), parameter.code


def test_codes_that_clerks_write_lead_to_the_code_list() -> None:
    lists = definitions().code_lists
    assert lists["VOTE_MODE"].aliases["网络"] == "网上"
    assert lists["AID_KIND"].aliases["生活"] == "生活救助"
    assert lists["SKILL_LEVEL"].aliases["技师"] == "二级（技师）"
    for code, code_list in lists.items():
        assert set(code_list.aliases.values()) <= set(code_list.values), code
        assert not set(code_list.aliases) & set(code_list.values), code


def test_tables_of_regions_and_industries() -> None:
    assert definitions().regions["640381"] == "青铜峡市"
    assert len([r for r in definitions().regions if r.startswith("64")]) == 28
    assert len(definitions().industries) == 97
    assert definitions().industries["S95"] == "群众团体、社会团体和其他成员组织"


def test_equal_files_have_equal_digests_and_a_changed_file_another(tmp_path: Path) -> None:
    root = copied(tmp_path)
    assert load_definitions(root).digest == definitions().digest
    break_line(root / "forms/ORG-02.yaml", "月末在册会员，按会籍统计", "月末会员")
    assert load_definitions(root).digest != definitions().digest


# --- what a broken file gets -------------------------------------------------------------------


def copied(tmp_path: Path) -> Path:
    root = tmp_path / "definitions"
    shutil.copytree(HERE, root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return root


def break_line(path: Path, good: str, bad: str) -> int:
    """Replace the only occurrence of a text; returns its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(good) == 1, f"{good!r} stands {text.count(good)} times in {path.name}"
    path.write_text(text.replace(good, bad), encoding="utf-8")
    return text[: text.index(good)].count("\n") + 1


def mistakes(root: Path) -> set[tuple[str, int]]:
    with pytest.raises(DefinitionsInvalid) as caught:
        load_definitions(root)
    return {(m.file, m.line) for m in caught.value.mistakes}


def test_all_mistakes_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    root = copied(tmp_path)
    broken = {
        ("forms/ORG-02.yaml", "check: members_total <= workers", "check: members <= workers"),
        ("forms/WARM-01.yaml", "list: WARM_OBJECT", "list: WARM_OBJECTS"),
        ("forms/SKILL-03.yaml", "derived: rate('skill_awards'", "derived: rate('skil_awards'"),
        ("rules/cross_form.yaml", "{ORG_02.workers_total} 人，月", "{ORG_02.workers} 人，月"),
        ("indicators/ORG.yaml", "sum: social_workers", "sum: social_worker"),
        ("parameters/funds.yaml", "since: 2010-01-01", "since: 2010-13-01"),
        ("calendars/2017.yaml", "festivals: {", "festivals: {["),
    }  # fmt: skip
    lines = {(file, break_line(root / file, good, bad)) for file, good, bad in broken}
    assert mistakes(root) == lines


def test_a_doubled_key_is_a_mistake_and_not_the_last_one_wins(tmp_path: Path) -> None:
    root = copied(tmp_path)
    path = root / "code_lists.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "SEX: {values: [男, 女], source: 又一次}\n", encoding="utf-8")
    assert mistakes(root) == {("code_lists.yaml", text.count("\n") + 1)}


def test_a_file_of_the_wrong_shape_is_a_mistake_and_not_a_crash(tmp_path: Path) -> None:
    root = copied(tmp_path)
    (root / "rules/timeliness.yaml").write_text("- code: V-T-001\n", encoding="utf-8")
    (root / "indicators/FIN.yaml").write_text("I-FIN-01: {}\n", encoding="utf-8")
    found = mistakes(root)
    assert ("rules/timeliness.yaml", 1) in found
    assert ("indicators/FIN.yaml", 1) in found


def test_two_names_for_one_heading_are_refused(tmp_path: Path) -> None:
    root = copied(tmp_path)
    line = break_line(
        root / "forms/ORG-02.yaml", "aliases: [女会员, ", "aliases: [女职工, 女会员, "
    )
    with pytest.raises(DefinitionsInvalid) as caught:
        load_definitions(root)
    (mistake,) = caught.value.mistakes
    assert "'女职工' names both workers_f and members_f" in mistake.message
    assert (mistake.file, mistake.line) == ("forms/ORG-02.yaml", line - 2)


def one_mistake(root: Path) -> tuple[str, int, str]:
    """File, line and reason of the only mistake."""
    with pytest.raises(DefinitionsInvalid) as caught:
        load_definitions(root)
    (mistake,) = caught.value.mistakes
    return mistake.file, mistake.line, mistake.message


@pytest.mark.parametrize("found", [True, False])
def test_a_rule_over_many_unions_shows_a_scene_of_either_kind(found: bool) -> None:
    known = definitions()
    rule = known.rule("V-O-011")
    one_kind = tuple(s for s in rule.scenes if bool(s.found) is found)
    told = example_mistakes(
        rule.model_copy(update={"scenes": one_kind}), None, {}, known.code_lists
    )
    assert list(told) == [(("scenes",), "V-O-011 needs a scene that passes and one that fails")]
    assert list(example_mistakes(rule, None, {}, known.code_lists)) == []


def test_a_rule_without_examples_is_refused(tmp_path: Path) -> None:
    root = copied(tmp_path)
    file = root / "rules/standing.yaml"
    text = file.read_text(encoding="utf-8")
    at = text.index("- code: V-O-103")
    block = text[at : text.index("- code: V-O-104")]
    line = text[:at].count("\n") + 1
    for side, other in (("passes", "fails"), ("fails", "passes")):
        kept = block[block.index("  passes:") : block.index("  fails:")]
        bare = block.replace(kept, "") if side == "passes" else block[: block.index("  fails:")]
        file.write_text(text.replace(block, bare), encoding="utf-8")
        reason = f"V-O-103 needs at least one example: {side}"
        assert one_mistake(root) == ("rules/standing.yaml", line, reason), other


@pytest.mark.parametrize(
    ("file", "good", "bad", "reason"),
    [
        ("forms/ORG-03.yaml", "required_when: change_type == '撤销'",
         "required_when: change_type == '解散'", "解散 is not in CHANGE_TYPE"),
        ("rules/cross_form.yaml", "link_kind in ['领导结对户', '职工结对户']",
         "link_kind in ['领导结对户', '职工结对']", "职工结对 is not in LINK_KIND"),
        ("rules/cross_form.yaml", "and (blank(outcome) or outcome != '取消代表资格')",
         "and (blank(outcome) or outcome != '取消资格')", "取消资格 is not in REP_OUTCOME"),
        ("rules/cross_form.yaml", "exists_in('SKILL-02', 'event_level', '省级')",
         "exists_in('SKILL-02', 'event_level', '省')", "省 is not in HONOR_LEVEL"),
        ("rules/cross_form.yaml", "{org_code: A, plan: 住院医疗, persons_insured: 121,",
         "{org_code: A, plan: 住院, persons_insured: 121,", "V-X-004: 住院 is not in MUT_PLAN"),
        ("rules/cross_form.yaml",
         'event_level: 国家级}]}\n    period: "2017"\n  fails',
         'event_level: 国际级}]}\n    period: "2017"\n  fails', "V-X-019: 国际级 is not in"),
        ("rules/cells.yaml", "cell: ORG-02.groups, typed: 6.5", "cell: ORG-02.group, typed: 6.5",
         "V-C-001: no such cell ORG-02.group"),
        ("rules/sheets.yaml", "rows: [{slip_id: D1}, {slip_id: D2}]",
         "rows: [{slip_no: D1}, {slip_id: D2}]", "V-S-001: RIGHT-01 has no column slip_no"),
    ],
)  # fmt: skip
def test_a_value_or_column_that_does_not_exist_is_refused(
    file: str, good: str, bad: str, reason: str, tmp_path: Path
) -> None:
    root = copied(tmp_path)
    line = break_line(root / file, good, bad)
    found_file, found_line, message = one_mistake(root)
    assert (found_file, message.startswith(reason)) == (file, True), message
    assert abs(found_line - line) <= 6  # a folded condition is told at its key


def test_an_indicator_may_not_mix_units(tmp_path: Path) -> None:
    root = copied(tmp_path)
    path = root / "indicators/SKILL.yaml"
    text = path.read_text(encoding="utf-8")
    head = text[: text.index("- code: I-SKILL-02")]
    line = head.count("\n") + 1
    for good, bad, reason in (
        ("sum: person_times}]", "sum: persons + person_times}]", "adds 人 and 人次"),
        ("unit: 人次\n", "unit: 人\n", "人 is made of 人次"),
        ("sum: person_times}]", "sum: person_times}, {form: SKILL-01, sum: cost}]", "人次 and 元"),
    ):
        path.write_text(head + text[len(head) :].replace(good, bad, 1), encoding="utf-8")
        file, where, message = one_mistake(root)
        assert (file, where) == ("indicators/SKILL.yaml", line)
        assert message.startswith("I-SKILL-02: "), message
        assert reason in message


def test_heads_are_no_share_of_times(tmp_path: Path) -> None:
    root = copied(tmp_path)
    path = root / "indicators/SKILL.yaml"
    with path.open("a", encoding="utf-8") as file:
        file.write(
            "- {code: I-SKILL-99, name: 受教育面, unit: '%', aggregate: ratio, multiply: 100,\n"
            "  numerator: [{form: SKILL-01, sum: person_times}],\n"
            "  denominator: [{form: ORG-02, sum: workers_total, take: latest}],\n"
            "  authority: 无, definition: 人次除以人}\n"
        )
    assert one_mistake(root)[2] == "I-SKILL-99: a share of 人 in 人次 is no share"


UNION = (
    "- {{code: {code}, name: {code}工会, type: 区县总工会, level: 区县级, region: '640105', "
    "found: 2010-01-01, status: {status}, parents: [{parents}]}}\n"
)


@pytest.mark.parametrize(
    ("unions", "line", "reason"),
    [
        ([("A", "正常", "{line: 块, parent: B, since: 2010-01-01}"),
          ("B", "正常", "{line: 块, parent: A, since: 2010-01-01}")],
         1, "A is its own ancestor on line 块"),
        ([("A", "正常", "{line: 块, parent: B, since: 2010-01-01, until: 2017-07-01}, "
                        "{line: 块, parent: C, since: 2017-06-01}"),
          ("B", "正常", ""), ("C", "正常", "")],
         1, "two parents on line 块 at one time"),
        ([("B", "已撤销", ""), ("A", "正常", "{line: 块, parent: B, since: 2017-07-01}")],
         2, "B is 已撤销 and takes nobody in"),
        ([("B", "已合并", ""), ("A", "正常", "{line: 条, parent: B, since: 2017-07-01}")],
         2, "B is 已合并 and takes nobody in"),
    ],
)  # fmt: skip
def test_a_registry_that_contradicts_itself_is_refused(
    unions: list[tuple[str, str, str]], line: int, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "organisations.yaml"
    lines = [UNION.format(code=c, status=s, parents=p) for c, s, p in unions]
    path.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(DefinitionsInvalid) as caught:
        load_organisations(path, definitions())
    found = {(m.file, m.line, m.message) for m in caught.value.mistakes}
    assert ("organisations.yaml", line, reason) in found


def test_a_union_that_left_before_the_end_may_have_been_below_it(tmp_path: Path) -> None:
    path = tmp_path / "organisations.yaml"
    left = "{line: 块, parent: B, since: 2010-01-01, until: 2017-07-01}"
    unions = [("B", "已撤销", ""), ("A", "正常", left)]
    lines = [UNION.format(code=c, status=s, parents=p) for c, s, p in unions]
    path.write_text("".join(lines), encoding="utf-8")
    assert [o.code for o in load_organisations(path, definitions())] == ["B", "A"]


# --- periods -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "kind", "start", "end", "previous", "last_year", "chinese"),
    [
        ("2017-03", "month", "2017-03-01", "2017-03-31", "2017-02", "2016-03", "2017年3月"),
        ("2016-02", "month", "2016-02-01", "2016-02-29", "2016-01", "2015-02", "2016年2月"),
        ("2017-01", "month", "2017-01-01", "2017-01-31", "2016-12", "2016-01", "2017年1月"),
        ("2017Q1", "quarter", "2017-01-01", "2017-03-31", "2016Q4", "2016Q1", "2017年第一季度"),
        ("2017Q3", "quarter", "2017-07-01", "2017-09-30", "2017Q2", "2016Q3", "2017年第三季度"),
        ("2017H2", "half", "2017-07-01", "2017-12-31", "2017H1", "2016H2", "2017年下半年"),
        ("2017", "year", "2017-01-01", "2017-12-31", "2016", "2016", "2017年度"),
    ],
)  # fmt: skip
def test_period_arithmetic(
    label: str, kind: str, start: str, end: str, previous: str, last_year: str, chinese: str
) -> None:
    period = Period.parse(label)
    assert (period.kind, period.label, period.chinese) == (kind, label, chinese)
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)
    assert (period.previous().label, period.last_year().label) == (previous, last_year)


@pytest.mark.parametrize("label", ["2017-13", "2017-3", "2017Q5", "17Q1", "2017年3月", ""])
def test_what_is_not_a_period(label: str) -> None:
    with pytest.raises(ValueError, match="不是所属期"):
        Period.parse(label)


def test_a_month_closes_the_longer_periods_that_end_with_it() -> None:
    def closed(label: str) -> list[str]:
        return [p.label for p in closing_periods(Period.parse(label))]

    assert closed("2017-05") == ["2017-05"]
    assert closed("2017-09") == ["2017-09", "2017Q3"]
    assert closed("2017-06") == ["2017-06", "2017Q2", "2017H1"]
    assert closed("2017-12") == ["2017-12", "2017Q4", "2017H2", "2017"]


def test_months_of_a_period_and_what_it_contains() -> None:
    quarter = Period.parse("2017Q2")
    assert [m.label for m in quarter.months()] == ["2017-04", "2017-05", "2017-06"]
    assert quarter.contains(Period.parse("2017-06"))
    assert not quarter.contains(Period.parse("2017-07"))
    assert Period.parse("2017").contains(quarter)


def test_an_edition_is_found_by_the_period_it_covers() -> None:
    assert definitions().form("ORG-02", Period.parse("2016-01")).code == "ORG-02"
    assert definitions().form("WARM-01", Period.parse("2017")).period is PeriodKind.CAMPAIGN
    assert definitions().form("ORG-03", Period.parse("2017-06")).period is PeriodKind.EVENT
    for code, label in (("ORG-02", "2015-12"), ("ORG-02", "2017Q1"), ("WARM-01", "2017-02")):
        with pytest.raises(KeyError):
            definitions().form(code, Period.parse(label))


# --- working days and deadlines ----------------------------------------------------------------


def test_a_slip_accepted_before_the_national_day_is_due_after_it() -> None:
    """From Thu 2025-09-25: 9-26, 28, 29, 30, 10-09, 10, 11, 13, 14, 15 (9-28, 10-11 are 调休)."""
    calendar = definitions().calendar
    assert calendar.add(date(2025, 9, 25), 10) == date(2025, 10, 15)
    assert calendar.add(date(2025, 9, 25), 7) == date(2025, 10, 11)
    assert calendar.between(date(2025, 9, 25), date(2025, 10, 15)) == 10
    assert calendar.between(date(2025, 10, 15), date(2025, 9, 25)) == -10


def test_a_year_nobody_has_announced_fails_loudly() -> None:
    with pytest.raises(CalendarUnknown, match="2031"):
        definitions().calendar.is_workday(date(2031, 3, 3))
    with pytest.raises(CalendarUnknown, match="2003"):
        definitions().calendar.is_workday(date(2003, 12, 31))
    with pytest.raises(CalendarUnknown):
        definitions().calendar.festival("lantern", 2014)


def test_a_local_calendar_overrides_the_published_one(tmp_path: Path) -> None:
    root = copied(tmp_path)
    path = root / "calendars/2017.yaml"
    break_line(path, "holidays: []", "holidays: [2017-09-25]")
    break_line(path, "working_weekends: []", "working_weekends: [2017-09-24]")
    local: WorkingDays = load_definitions(root).calendar
    assert not local.is_workday(date(2017, 9, 25))
    assert local.is_workday(date(2017, 9, 24))
    assert definitions().calendar.is_workday(date(2017, 9, 25))


@pytest.mark.parametrize(
    ("form", "period", "due", "lock"),
    [
        ("ORG-02", "2017-03", "2017-04-05", "2017-04-12"),  # 4-04 is 清明, 4-05 is worked
        ("ORG-02", "2017-09", "2017-10-09", "2017-10-12"),  # the 5th lies in the National Day week
        ("FIN-01", "2017-01", "2017-02-15", "2017-02-20"),
        ("INNO-01", "2017Q1", "2017-04-10", "2017-04-20"),
        ("INNO-02", "2017", "2018-01-10", "2018-01-31"),
        ("EVAL-01", "2017", "2017-12-20", "2018-01-02"),  # 12-31 is a Sunday, 1-01 a holiday
        ("WARM-01", "2017", "2017-02-21", "2017-03-03"),  # lantern festival 2017-02-11
        ("TGT-01", "2017", "2017-01-20", "2017-02-03"),  # signed in January of the same year
    ],
)
def test_deadlines_move_to_the_next_working_day(
    form: str, period: str, due: str, lock: str
) -> None:
    parsed = Period.parse(period)
    days = definitions().calendar.deadlines(definitions().form(form, parsed).due, parsed)
    assert (days.due.isoformat(), days.lock.isoformat()) == (due, lock)


def test_festivals_are_a_fortnight_apart() -> None:
    calendar = definitions().calendar
    for year in range(2015, 2027):
        spring, lantern = (calendar.festival(n, year) for n in ("spring", "lantern"))
        assert (lantern - spring).days == 14
        assert not calendar.is_workday(spring)
