"""The cases: one good book, one named damage each, and the findings that it must bring back.

`expected` lists every finding by rule and cell in any order, 提示 included; an empty cell means
that the finding is about the file, the cover or a sheet. The damages follow the habits of
spreadsheets in the field's catalogue (6.9); `story` says who did what.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from definitions.loading import Definitions
from definitions.periods import Period
from samples.entries import Row, month
from samples.membership import register
from samples.registry import registry
from samples.skills import skill_03
from samples.spoiled import grids
from samples.spoiled.grids import Cell, Grid, grids_of
from samples.writing import Book, FilledForm, cover_pairs

Outcome = Literal["accepted", "explain", "returned"]
Grids = list[Grid]
Expected = list[tuple[str, str]]
SENDER = "640121Z00001"
PERIOD = month(2017, 3)
SIGNED_ON = date(2017, 4, 5)
ROWS = range(3, 9)


@dataclass(frozen=True)
class SpoiledCase:
    """One spoiled file and its repaired twin.

    `outcomes` has one entry per document: two for a zip with two workbooks. `expected_period` is
    the period of the slot that the file was handed into, when the channel knows one.
    """

    name: str
    story: str
    file_name: str
    data: bytes
    twin_name: str
    twin: bytes
    expected: Expected
    outcomes: tuple[Outcome, ...]
    sender: str = SENDER
    expected_period: str | None = None
    twin_expected: Expected = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """The gravest outcome of its documents."""
        return max(self.outcomes, key=("accepted", "explain", "returned").index)


def spoiled_cases(definitions: Definitions) -> list[SpoiledCase]:
    """All cases, each built anew; equal definitions give equal bytes, but for the password."""
    good = _Good(definitions)
    return [make(good) for make in CASES]


class _Good:
    """The good book of a small county for March 2017, by sheets."""

    def __init__(self, definitions: Definitions) -> None:
        self.definitions = definitions
        self.unions = registry().family("yongning")[1:7]

    def book(self, *forms: str, period: Period = PERIOD) -> Book:
        """A workbook with the rows of some forms."""
        org = registry().org(SENDER)
        filled = [
            FilledForm(self.definitions.form(f, period.within(self.definitions.newest(f).period)),
                       self.rows(f))
            for f in forms
        ]  # fmt: skip
        return Book(org.code, org.name, period, SIGNED_ON, filled)

    def rows(self, form: str) -> list[Row]:
        """Six rows of a form."""
        codes = [u.code for u in self.unions]
        match form:
            case "ORG-01":
                wanted = set(codes)
                return [e.row for e in register(PERIOD) if e.owner in wanted]
            case "ORG-02":
                return [_member_row(code, i) for i, code in enumerate(codes)]
            case "FIN-01":
                return [_fund_row(code, i) for i, code in enumerate(codes)]
            case "ORG-03":
                return [_split_row(codes[0], codes[1])]
            case "SKILL-03":
                people = (e.row for e in skill_03() if e.owner in set(codes))
                paid = {"paid_on": None, "award_due": 0, "award_paid": 0}
                lower = paid | {"cert_level": "四级（中级工）", "route": "职业技能鉴定"}
                return [
                    next(people) | lower | {"cert_date": date(2017, 2, 6 + i)} for i in range(6)
                ]
            case _:
                raise KeyError(form)

    def grids(self, *forms: str, period: Period = PERIOD) -> Grids:
        """The book as grids."""
        return grids_of(self.book(*forms, period=period))

    def lines(self, form: str) -> list[str]:
        """What stands above a table in a file without a cover."""
        said = dict(cover_pairs(self.book(form)))
        return [
            self.definitions.newest(form).title,
            "　".join(f"{k}：{said[k]}" for k in ("填报单位", "填报单位编码", "所属期")),
            "　".join(f"{k}：{said[k]}" for k in ("单位负责人", "复核人", "填报人", "填报日期")),
            "　".join(f"{k}：{said[k]}" for k in ("制定机关", "批准文号", "有效期至", "表样版本")),
        ]


def _member_row(code: str, i: int) -> Row:
    workers, members = 140 + i * 12, 120 + i * 11
    return {
        "org_code": code,
        "workers_total": workers,
        "workers_f": 52 + i,
        "workers_migrant": 61 + i,
        "workers_dispatch": 6,
        "members_total": members,
        "members_f": 45 + i,
        "members_migrant": 50 + i,
        "members_dispatch": 4,
        "members_newform": 0,
        "new_unions": 0,
        "new_unions_100": 0,
        "new_members": 3 + i,
        "lost_members": 1 + i % 2,
        "realname_members": members - 2,
        "covered_units": 1,
        "groups": 5,
        # From 200 workers on there must be one; the last union has exactly 200.
        "fulltime_cadres": 1,
        "parttime_cadres": 3,
        "social_workers": 0,
    }


def _fund_row(code: str, i: int) -> Row:
    payroll = (140 + i * 12) * 5000 // 500_000 * 500_000 + 500_000
    due = payroll // 50
    return {
        "org_code": code,
        "payroll": payroll,
        "due": due,
        "paid": due,
        "paid_route": "税务代收",
        "retained": due * 6 // 10,
        "remitted": due * 4 // 10,
        "arrears": 0,
        "cum_due": due * 3,
        "cum_paid": due * 3,
        "prep_fund": 0,
    }


def _split_row(code: str, successor: str) -> Row:
    return {
        "seq": 1,
        "org_code": code,
        "change_type": "分立",
        "line": "块",
        "effective_date": date(2017, 3, 20),
        "approval_doc": "永总工〔2017〕7号",
        "members_at_change": 120,
        "workers_at_change": 140,
        "funds_settled": True,
        "split_ratio": 40,
        "successor": successor,
    }


def _case(
    good: Grids, name: str, story: str, damage: Callable[[Grids], None], expected: Expected,
    outcome: Outcome, *, file_name: str = "", expected_period: str | None = None,
) -> SpoiledCase:  # fmt: skip
    """A case in which both spoiled file and twin are .xlsx."""
    bad = copy.deepcopy(good)
    damage(bad)
    return SpoiledCase(
        name=name,
        story=story,
        file_name=file_name or f"{name}.xlsx",
        data=grids.xlsx(bad, SIGNED_ON),
        twin_name=f"{name}-repaired.xlsx",
        twin=grids.xlsx(good, SIGNED_ON),
        expected=expected,
        outcomes=(outcome,),
        expected_period=expected_period,
    )


# --- containers and encodings ---


def wps_et(good: _Good) -> SpoiledCase:
    whole = good.grids("ORG-02", "FIN-01")
    return SpoiledCase(
        "wps-et", "WPS 按默认格式另存为 .et，内容无误", "3月报表.et", grids.et(whole),
        "3月报表.xlsx", grids.xlsx(whole, SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def wrong_extension(good: _Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    return SpoiledCase(
        "wrong-extension", "内容是 .xls，文件名却是 .xlsx", "新建 Microsoft Excel 工作表 (3).xlsx",
        grids.et(whole), "附件2.xlsx", grids.xlsx(whole, SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def gbk_csv(good: _Good) -> SpoiledCase:
    table = good.grids("FIN-01")[1]
    table.cells = table.cells[1:]
    return SpoiledCase(
        "gbk-csv", "另存为 csv，GBK 编码，表头以上有填报单位各行", "经费表.csv",
        grids.gbk_csv(good.lines("FIN-01"), table),
        "经费表.xlsx", grids.xlsx(good.grids("FIN-01"), SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def html_as_xls(good: _Good) -> SpoiledCase:
    table = good.grids("FIN-01")[1]
    table.cells = table.cells[1:]
    return SpoiledCase(
        "html-as-xls", "从网页系统“导出 Excel”，其实是 HTML", "导出.xls",
        grids.html_table(good.lines("FIN-01"), table),
        "经费表.xlsx", grids.xlsx(good.grids("FIN-01"), SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def empty_file(good: _Good) -> SpoiledCase:
    return SpoiledCase(
        "empty-file", "网盘没有同步完，传上来的是 0 字节", "3月报表.xlsx", b"",
        "3月报表.xlsx", grids.xlsx(good.grids("ORG-02"), SIGNED_ON),
        [("V-F-016", "")], ("returned",),
    )  # fmt: skip


def password(good: _Good) -> SpoiledCase:
    whole = grids.xlsx(good.grids("ORG-02"), SIGNED_ON)
    return SpoiledCase(
        "password", "怕别人看到，加了打开密码", "3月报表（加密）.xlsx",
        grids.with_password(whole, "yongning2017"), "3月报表.xlsx", whole,
        [("V-F-007", "")], ("returned",),
    )  # fmt: skip


def zip_one_bad(good: _Good) -> SpoiledCase:
    fine = grids.xlsx(good.grids("ORG-02"), SIGNED_ON)
    funds = good.grids("FIN-01")
    twin = grids.zipped(
        {"组织/会员月报.xlsx": fine, "经费/经费表.xlsx": grids.xlsx(funds, SIGNED_ON)}
    )
    bad = copy.deepcopy(funds)
    bad[1].put("D4", "约20000")
    spoiled = grids.zipped(
        {"组织/会员月报.xlsx": fine, "经费/经费表.xlsx": grids.xlsx(bad, SIGNED_ON)}
    )
    return SpoiledCase(
        "zip-one-bad", "两个文件打成一个压缩包，其中一个有错；好的照收", "3月报表.zip", spoiled,
        "3月报表.zip", twin, [("V-C-014", "D4")], ("accepted", "returned"),
    )  # fmt: skip


# --- period ---


def wrong_period(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[0].put("B5", "2018年3月")

    return _case(
        good.grids("ORG-02"), "wrong-period", "封面年份多打了一年", damage,
        [("V-F-010", "B5")], "returned", expected_period="2017-03",
    )  # fmt: skip


def last_month_again(good: _Good) -> SpoiledCase:
    february = grids_of(good.book("ORG-02", period=month(2017, 2)))
    march = good.grids("ORG-02")
    return SpoiledCase(
        "last-month-again", "把2月的文件当3月的又交了一遍", "月报.xlsx",
        grids.xlsx(february, SIGNED_ON), "月报.xlsx", grids.xlsx(march, SIGNED_ON),
        [("V-F-010", "B5")], ("returned",), expected_period="2017-03",
    )  # fmt: skip


# --- layout ---


def three_line_headers(good: _Good) -> SpoiledCase:
    """会员人数 over 合计 and 其中, and under it 女 and 农民工: merged over three lines."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    sheet = whole[1]
    header = sheet.cells[1]
    top: list[Cell] = list(header)
    middle: list[Cell] = [None] * len(header)
    low: list[Cell] = [None] * len(header)
    for first, name in ((1, "职工人数"), (5, "会员人数")):
        top[first : first + 4] = [name, None, None, None]
        middle[first : first + 4] = ["合计", "其中", None, None]
        low[first + 1 : first + 4] = ["女", "农民工", "劳务派遣工"]
        sheet.merges += [
            (1, first, 1, first + 3),
            (2, first, 3, first),
            (2, first + 1, 2, first + 3),
        ]
    single = [c for c in range(len(header)) if not 1 <= c <= 8]
    sheet.merges += [(1, c, 3, c) for c in single]
    sheet.cells[1:2] = [top, middle, low]
    return SpoiledCase(
        "three-line-headers", "沿用老表：三行合并表头", "会员月报（老表）.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def renamed_moved(good: _Good) -> SpoiledCase:
    """Two columns change places, three carry other names, a 备注 is added."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for i, row in enumerate(whole[1].cells[1:]):
        row[1], row[5] = row[5], row[1]
        row.append("备注" if i == 0 else None)
    whole[1].put("B2", "现有会员")
    whole[1].put("F2", "在岗职工")
    whole[1].put("N2", "减少会员")
    return SpoiledCase(
        "renamed-moved", "自己调了列的次序，改了表头叫法，加了备注列", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin,
        [("V-N-015", "U2")], ("accepted",),
    )  # fmt: skip


def missing_column(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        for row in found[1].cells[1:]:
            del row[5]

    return _case(
        good.grids("ORG-02"), "missing-column", "嫌表太宽，删掉了“会员人数”一列", damage,
        [("V-F-004", "A2")], "returned",
    )  # fmt: skip


def hidden_row(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].hidden_rows.add(4)

    return _case(
        good.grids("ORG-02"), "hidden-row", "筛选后忘了取消，第5行隐藏着", damage,
        [("V-F-008", "A5")], "explain",
    )  # fmt: skip


def total_wrong(good: _Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    sheet = whole[1]
    total: list[object] = ["合计"]
    for c in range(1, len(sheet.cells[1])):
        total.append(sum(row[c] for row in sheet.cells[2:8]))
    sheet.cells.append(total)

    def damage(found: Grids) -> None:
        found[1].put("F9", found[1].at("F9") + 10)

    case = _case(
        whole, "total-wrong", "改了明细，没有改合计", damage,
        [("V-S-002", "F9"), ("V-N-013", "")], "explain",
    )  # fmt: skip
    return replace(case, twin_expected=[("V-N-013", "")])


# --- cells ---


def ditto_in_number(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("D5", "同上")

    return _case(
        good.grids("ORG-02"), "ditto-in-number", "农民工人数写“同上”", damage,
        [("V-C-014", "D5")], "returned",
    )  # fmt: skip


def text_numbers(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "１４０")
        found[1].put("F3", " 120 ")
        found[1].put("M4", "4人")

    return _case(
        good.grids("ORG-02"), "text-numbers", "数字存成文本，有全角、空格和“人”字", damage,
        [("V-N-001", "B3"), ("V-N-001", "F3"), ("V-N-002", "M4")], "accepted",
    )  # fmt: skip


def about_and_more(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "约140")
        found[1].put("F4", "130余")

    return _case(
        good.grids("ORG-02"), "about-and-more", "照着总结填“约”“余”", damage,
        [("V-C-014", "B3"), ("V-C-014", "F4")], "returned",
    )  # fmt: skip


def members_over_workers(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("F4", 1310)

    return _case(
        good.grids("ORG-02"), "members-over-workers", "会员人数多打了一个 0", damage,
        [("V-R-001", "F4")], "returned",
    )  # fmt: skip


def ten_thousands_for_yuan(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        for row in ROWS:
            for column in "BCDFGHIJ":
                value = found[1].at(f"{column}{row}")
                found[1].put(f"{column}{row}", value / 10_000)

    return _case(
        good.grids("ORG-02", "FIN-01"), "ten-thousands-for-yuan", "经费表以元填报，整张填成了万元",
        lambda found: damage([found[0], found[2]]),
        [("V-R-063", f"B{row}") for row in ROWS], "explain",
    )  # fmt: skip


def twenty_million_in_words(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", f"{found[1].at('B3') // 10_000}万")

    return _case(
        good.grids("FIN-01"), "unit-in-cell", "工资总额写成“××万”，别的单元格是元", damage,
        [("V-F-028", "B3")], "explain",
    )  # fmt: skip


def identity_as_number(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("D4", float(int(str(found[1].at("D4"))[:17] + "0")))

    return _case(
        good.grids("SKILL-03"), "identity-as-number", "身份证号列没有设成文本，末位变成 0", damage,
        [("V-F-024", "D4")], "returned",
    )  # fmt: skip


def reference_error(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].errors[3, 1] = "#REF!"

    return _case(
        good.grids("FIN-01"), "reference-error", "引用的工作表删掉了，单元格是 #REF!", damage,
        [("V-F-019", "B4")], "returned",
    )  # fmt: skip


def credit_code_wrong(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        code = str(found[1].at("E3"))
        found[1].put("E3", code[:-1] + ("0" if code[-1] != "0" else "1"))

    return _case(
        good.grids("ORG-01"), "credit-code-wrong", "信用代码末位抄错", damage,
        [("V-C-004", "E3")], "returned",
    )  # fmt: skip


def share_as_fraction(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("L3", 0.92)

    return _case(
        good.grids("ORG-03"), "share-as-fraction", "百分比填成 0.92", damage,
        [("V-F-027", "L3")], "explain",
    )  # fmt: skip


def no_such_day(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("R3", "2025-02-30")

    return _case(
        good.grids("ORG-01"), "no-such-day", "建会日期写成 2025-02-30", damage,
        [("V-C-011", "R3")], "returned",
    )  # fmt: skip


def duplicate_key(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("A6", found[1].at("A5"))

    return _case(
        good.grids("ORG-02"), "duplicate-key", "复制上一行后忘了改编码", damage,
        [("V-S-001", "A5"), ("V-S-001", "A6")], "returned",
    )  # fmt: skip


def example_left_in(good: _Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        row = list(found[1].cells[2])
        row[0] = "示例"
        found[1].cells.insert(2, row)

    return _case(
        good.grids("ORG-02"), "example-left-in", "模板里的示例行没有删", damage,
        [("V-N-014", "")], "accepted",
    )  # fmt: skip


CASES: tuple[Callable[[_Good], SpoiledCase], ...] = (
    wps_et, wrong_extension, gbk_csv, html_as_xls, empty_file, password, zip_one_bad,
    wrong_period, last_month_again,
    three_line_headers, renamed_moved, missing_column, hidden_row, total_wrong, example_left_in,
    ditto_in_number, text_numbers, about_and_more, members_over_workers, ten_thousands_for_yuan,
    twenty_million_in_words, identity_as_number, reference_error, credit_code_wrong,
    share_as_fraction, no_such_day, duplicate_key,
)  # fmt: skip
