"""What a cell becomes: each line is something people really write."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from definitions.model import CodeList, Column
from definitions.periods import Period
from pipelines.read.cells import Context, Typed, parse_number, type_cell
from pipelines.read.sheet import ErrorCell, Merged, Percent, Uncached

LISTS = {
    "AID_KIND": CodeList(
        values=("生活救助", "医疗（大病）救助", "助学救助"),
        aliases={"大病救助": "医疗（大病）救助"},
        source="测试",
    ),
    "REG_TYPE": CodeList(values=("110国有企业", "170私营企业"), source="测试"),
    "SKILL": CodeList(values=("三级（高级工）", "无"), source="测试"),
}
NAMES = {"示范机械厂工会": ("640200-0031",), "第一工会": ("640200-0001", "640200-0002")}
MARCH = Period.parse("2017-03")


def column(kind: str, **settings: object) -> Column:
    settings = {"code": "x", "label": "某列", "kind": "flow", **settings}
    return Column.model_validate({"type": kind, **settings})


def typed(value: object, kind: str, **settings: object) -> Typed:
    organisation = bool(settings.pop("organisation", False))
    scale = settings.pop("scale", None)
    context = Context(
        column=column(kind, **settings),
        period=MARCH,
        names=NAMES,
        code_lists=LISTS,
        organisation=organisation,
        scale=scale,  # type: ignore[arg-type]
    )
    return type_cell(value, context)


@pytest.mark.parametrize(
    ("written", "value", "rule"),
    [
        (128.0, 128.0, ""),
        ("128", 128.0, "V-N-001"),
        ("１２８", 128.0, "V-N-001"),
        ("1,234", 1234.0, "V-N-001"),
        ("1，234，567", 1234567.0, "V-N-001"),
        (" 128\xa0", 128.0, "V-N-001"),
        ("1 234", 1234.0, "V-N-001"),
        ("1 2 8", 128.0, "V-N-001"),
        ("120人", 120.0, "V-N-002"),
        ("120 名", 120.0, "V-N-002"),
        ("2万", 20000.0, "V-F-028"),
        ("1.2万人", 12000.0, "V-F-028"),
        ("-5", -5.0, "V-N-001"),
        ("(5)", -5.0, "V-N-001"),
    ],
)
def test_counts_are_read_in_every_writing(written: object, value: float, rule: str) -> None:
    result = typed(written, "int", unit="人")
    assert (result.value, result.rule, result.readable) == (value, rule, True)


@pytest.mark.parametrize(
    ("written", "value", "rule"),
    [
        ("3.5万元", 35000.0, "V-F-028"),
        ("2000万", 20_000_000.0, "V-F-028"),
        ("1.3亿元", 130_000_000.0, "V-F-028"),
        ("￥1,300,000.00", 1_300_000.0, "V-N-001"),
        ("5000元", 5000.0, "V-N-002"),
        ("5000元整", 5000.0, "V-N-002"),
    ],
)
def test_money_with_its_unit_in_the_cell(written: str, value: float, rule: str) -> None:
    result = typed(written, "dec", unit="元")
    assert (result.value, result.rule) == (value, rule)


def test_money_in_a_column_of_ten_thousands() -> None:
    assert typed("3.5万元", "dec", unit="万元")[:2] == (3.5, "V-N-002")
    assert typed("35000元", "dec", unit="万元")[:2] == (3.5, "V-F-028")


def test_the_unit_of_the_header_scales_bare_numbers_only() -> None:
    ten_thousand = Decimal(10000)
    assert typed(130.0, "dec", unit="元", scale=ten_thousand)[:2] == (1_300_000.0, "V-N-003")
    assert typed(0.07, "dec", unit="元", scale=ten_thousand).value == 700.0
    assert typed("5元", "dec", unit="元", scale=ten_thousand)[:2] == (5.0, "V-N-002")


@pytest.mark.parametrize(
    "written",
    [
        "约200", "200多", "50余", "近300", "200以上", "200左右", "二百", "待统计", "12,34",
        "1.2.3", "12 34", "120户", "3-5", "100%", "1,2", "几十", "未知", "１２８abc", "#DIV/0!",
    ],
)  # fmt: skip
def test_what_is_no_exact_number_is_returned_never_zero(written: str) -> None:
    result = typed(written, "int", unit="人")
    assert (result.value, result.rule, result.readable) == (None, "V-C-014", False)


@pytest.mark.parametrize("written", [float("nan"), float("inf"), True, date(2017, 3, 5)])
def test_values_that_only_look_like_numbers(written: object) -> None:
    assert not typed(written, "dec", unit="元").readable


def test_nothing_is_zero_only_where_the_form_says_so() -> None:
    for word in ("无", "/", "—", "-", "没有", "未开展"):
        assert typed(word, "int", unit="人", zero_words=True)[:2] == (0.0, "V-N-005")
        assert typed(word, "int", unit="人")[:2] == (None, "V-N-006")
        assert typed(word, "int", unit="人", required=True)[:2] == (None, "V-C-014")
    assert typed("无", "text").value == "无"
    assert typed("—", "str").value is None


@pytest.mark.parametrize(
    ("written", "value", "rule", "readable"),
    [
        (92.0, 92.0, "", True),
        ("92%", 92.0, "V-N-018", True),
        ("92％", 92.0, "V-N-018", True),
        (Percent(0.92), 92.0, "V-N-018", True),
        (0.92, 0.92, "V-F-027", True),
        ("0.92", 0.92, "V-F-027", True),
        (0.0, 0.0, "", True),
        ("九成", None, "V-C-014", False),
    ],
)
def test_per_cent(written: object, value: float | None, rule: str, readable: bool) -> None:
    assert typed(written, "pct", unit="%")[:3] == (value, rule, readable)


@pytest.mark.parametrize(
    ("written", "value", "rule"),
    [
        (date(2017, 3, 5), date(2017, 3, 5), ""),
        (datetime(2017, 3, 5, 8, 30), date(2017, 3, 5), ""),  # noqa: DTZ001 - cells have no zone
        ("2017-03-05", date(2017, 3, 5), ""),
        ("2017.3.5", date(2017, 3, 5), "V-N-007"),
        ("2017/3/5", date(2017, 3, 5), "V-N-007"),
        ("2017年3月5日", date(2017, 3, 5), "V-N-007"),
        ("２０１７年３月５日", date(2017, 3, 5), "V-N-007"),
        ("2017年3月", date(2017, 3, 1), "V-N-007"),
        ("20170305", date(2017, 3, 5), "V-N-007"),
        (20170305.0, date(2017, 3, 5), "V-N-007"),
        (42799.0, date(2017, 3, 5), "V-N-007"),
        ("3月5日", date(2017, 3, 5), "V-F-029"),
    ],
)
def test_dates_in_every_writing(written: object, value: date, rule: str) -> None:
    assert typed(written, "date")[:3] == (value, rule, True)


@pytest.mark.parametrize(
    "written", ["2017-02-30", "2017年13月1日", "不详", 12.0, 2017.1, "17.3.5", time(8), True]
)
def test_no_date_is_made_up(written: object) -> None:
    assert typed(written, "date")[:3] == (None, "V-C-011", False)


def test_a_serial_is_a_date_in_date_columns_only() -> None:
    assert typed(42799.0, "int", unit="人").value == 42799.0
    assert typed(42799.0, "code").value == "42799"


@pytest.mark.parametrize(
    ("written", "value"),
    [("是", True), ("√", True), ("有", True), (True, True), (1.0, True), ("1", True),
     ("否", False), ("×", False), ("无", False), (0.0, False)],
)  # fmt: skip
def test_yes_and_no(written: object, value: bool) -> None:
    assert typed(written, "bool").value is value


def test_neither_yes_nor_no() -> None:
    assert typed("也许", "bool")[:3] == (None, "V-C-010", False)


@pytest.mark.parametrize(
    ("name", "written", "value", "rule"),
    [
        ("AID_KIND", "生活救助", "生活救助", ""),
        ("AID_KIND", "大病救助", "医疗（大病）救助", "V-N-010"),
        ("AID_KIND", "医疗(大病)救助", "医疗（大病）救助", "V-N-010"),
        ("AID_KIND", "醫療（大病）救助", "医疗（大病）救助", "V-N-010"),
        ("AID_KIND", "生活 救助", "生活救助", "V-N-010"),
        ("AID_KIND", "其它", "其它", ""),
        ("REG_TYPE", 110.0, "110国有企业", "V-N-010"),
        ("REG_TYPE", "私营企业", "170私营企业", "V-N-010"),
        ("SKILL", "高级工", "三级（高级工）", "V-N-010"),
        ("SKILL", "无", "无", ""),
    ],
)
def test_words_of_a_list(name: str, written: object, value: str, rule: str) -> None:
    assert typed(written, "enum", list=name)[:2] == (value, rule)


def test_several_words_of_a_list() -> None:
    for written in (
        "生活救助、大病救助",
        "生活救助,大病救助",
        "生活救助；大病救助",
        "生活救助 大病救助",
    ):
        assert typed(written, "multi", list="AID_KIND").value == "生活救助、医疗（大病）救助"
    assert typed("生活救助、飞行", "multi", list="AID_KIND").value == "生活救助、飞行"


def test_codes_stay_text_and_long_numbers_are_refused() -> None:
    assert typed("640200-0031", "code")[:2] == ("640200-0031", "")
    assert typed(640200001.0, "code")[:2] == ("640200001", "V-N-009")
    assert typed("６４０２００", "region")[:2] == ("640200", "V-N-011")
    assert typed(640200.0, "region").value == "640200"
    for kind in ("idno", "uscc", "code"):
        assert typed(1.1010519491231e17, kind)[:3] == (None, "V-F-024", False)
    assert typed("11010519491231002x", "idno").value == "11010519491231002X"
    assert typed(13895201234.0, "phone").value == "13895201234"


def test_names_of_unions_become_codes_when_there_is_just_one() -> None:
    assert typed("示范机械厂工会", "code", organisation=True)[:2] == ("640200-0031", "V-N-008")
    assert typed("第一工会", "code", organisation=True)[1:] == (
        "V-F-022", False, "640200-0001、640200-0002",
    )  # fmt: skip
    assert typed("没有的工会", "code", organisation=True)[1:3] == ("V-F-023", False)


def test_names_of_people_lose_inner_spaces() -> None:
    assert typed("李  敏", "str", personal="name")[:2] == ("李敏", "V-C-013")
    assert typed("岗位\n练兵", "str")[:2] == ("岗位练兵", "V-N-011")
    assert typed("岗位 练兵", "str")[:2] == ("岗位 练兵", "")
    assert typed("第一条\n第二条", "text")[:2] == ("第一条\n第二条", "")


def test_cells_that_are_no_value() -> None:
    assert typed(ErrorCell("#REF!"), "int")[:3] == (None, "V-F-019", False)
    assert typed(Uncached(), "int")[:3] == (None, "V-F-020", False)
    assert typed(Merged(100.0), "int")[:3] == (None, "V-F-030", False)
    assert typed(Merged("一车间"), "str")[:3] == ("一车间", "V-N-012", True)
    assert typed("", "int") == (None, "", True, None)
    assert typed("　", "int").value is None


@given(
    st.text(alphabet="0123456789.,，万亿千百元人约余多 ％%-/无()（）一二三", min_size=1, max_size=9)
)
def test_text_is_never_read_as_zero_unless_it_says_zero(text: str) -> None:
    result = typed(text, "dec", unit="元")
    if result.value == 0.0:
        assert any(c == "0" for c in text)
        assert not any(c in text for c in "123456789一二三约余多")
    if result.value is None and text.strip():
        assert result.rule


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_number_survives_thousands_separators(number: Decimal) -> None:
    parsed = parse_number(f"{number:,}")
    assert parsed is not None
    assert parsed[0] == number
