"""Cases about single cells: numbers, codes, dates and words as people type them."""

from __future__ import annotations

from datetime import date

from samples.identity import id_number
from samples.registry import registry
from samples.spoiled import grids
from samples.spoiled.good import ROWS, SIGNED_ON, Good, Grids, SpoiledCase, case_of


def ditto_in_number(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("D5", "同上")

    return case_of(
        good.grids("ORG-02"), "ditto-in-number", "农民工人数写“同上”", damage,
        [("V-C-014", "D5")], "returned",
    )  # fmt: skip


def text_numbers(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "１４０")
        found[1].put("F3", " 120 ")
        found[1].put("M4", "4人")

    return case_of(
        good.grids("ORG-02"), "text-numbers", "数字存成文本，有全角、空格和“人”字", damage,
        [("V-N-001", "B3"), ("V-N-001", "F3"), ("V-N-002", "M4")], "accepted",
    )  # fmt: skip


def about_and_more(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "约140")
        found[1].put("F4", "130余")

    return case_of(
        good.grids("ORG-02"), "about-and-more", "照着总结填“约”“余”", damage,
        [("V-C-014", "B3"), ("V-C-014", "F4")], "returned",
    )  # fmt: skip


def members_over_workers(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("F4", 1310)

    return case_of(
        good.grids("ORG-02"), "members-over-workers", "会员人数多打了一个 0", damage,
        [("V-R-001", "F4")], "returned",
    )  # fmt: skip


def ten_thousands_for_yuan(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        for row in ROWS:
            for column in "BCDFGHIJ":
                value = found[1].at(f"{column}{row}")
                found[1].put(f"{column}{row}", value / 10_000)

    return case_of(
        good.grids("ORG-02", "FIN-01"), "ten-thousands-for-yuan", "经费表以元填报，整张填成了万元",
        lambda found: damage([found[0], found[2]]),
        [("V-R-063", f"B{row}") for row in ROWS], "explain",
    )  # fmt: skip


def twenty_million_in_words(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", f"{found[1].at('B3') // 10_000}万")

    return case_of(
        good.grids("FIN-01"), "unit-in-cell", "工资总额写成“××万”，别的单元格是元", damage,
        [("V-F-028", "B3")], "explain",
    )  # fmt: skip


def identity_as_number(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("D4", float(int(str(found[1].at("D4"))[:17] + "0")))

    return case_of(
        good.grids("SKILL-03"), "identity-as-number", "身份证号列没有设成文本，末位变成 0", damage,
        [("V-F-024", "D4")], "returned",
    )  # fmt: skip


def reference_error(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].errors[3, 1] = "#REF!"

    return case_of(
        good.grids("FIN-01"), "reference-error", "引用的工作表删掉了，单元格是 #REF!", damage,
        [("V-F-019", "B4")], "returned",
    )  # fmt: skip


def credit_code_wrong(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        code = str(found[1].at("E3"))
        found[1].put("E3", code[:-1] + ("0" if code[-1] != "0" else "1"))

    return case_of(
        good.grids("ORG-01"), "credit-code-wrong", "信用代码末位抄错", damage,
        [("V-C-004", "E3")], "returned",
    )  # fmt: skip


def share_as_fraction(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("L3", 0.92)

    return case_of(
        good.grids("ORG-03"), "share-as-fraction", "百分比填成 0.92", damage,
        [("V-F-027", "L3")], "explain",
    )  # fmt: skip


def no_such_day(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("R3", "2025-02-30")

    return case_of(
        good.grids("ORG-01"), "no-such-day", "建会日期写成 2025-02-30", damage,
        [("V-C-011", "R3")], "returned",
    )  # fmt: skip


def duplicate_key(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("A6", found[1].at("A5"))

    return case_of(
        good.grids("ORG-02"), "duplicate-key", "复制上一行后忘了改编码", damage,
        [("V-S-001", "A5"), ("V-S-001", "A6")], "returned",
    )  # fmt: skip


def twenty_million(good: Good) -> SpoiledCase:
    """The seed of rule 35: a merging tool read “2000万” as text, and summed it as 0."""

    def damage(found: Grids) -> None:
        found[1].put("K3", "2000万")

    whole = good.grids("FIN-01")
    whole[1].put("K3", 20_000_000)
    return case_of(
        whole, "twenty-million", "建会筹备金写成“2000万”", damage, [("V-F-028", "K3")], "explain"
    )


def twenty_million_of_what(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("D3", "2000万左右")

    return case_of(
        good.grids("FIN-01"), "twenty-million-or-so", "实拨经费写成“2000万左右”", damage,
        [("V-C-014", "D3")], "returned",
    )  # fmt: skip


def ditto_in_words(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("O4", "同上")
    whole[1].put("O5", "〃")
    return SpoiledCase(
        "ditto-in-words", "行政区划写“同上”和“〃”", "名录.xlsx", grids.xlsx(whole, SIGNED_ON),
        "名录（标准）.xlsx", twin, [("V-N-004", "O4")], ("accepted",),
    )  # fmt: skip


def words_for_zero(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for cell, word in (("J3", "无"), ("J4", "/"), ("J5", "—"), ("K3", "没有")):
        whole[1].put(cell, word)
    return SpoiledCase(
        "words-for-zero", "没有发生的填了“无”“/”“—”", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin,
        [("V-N-005", "J3"), ("V-N-005", "K3")], ("accepted",),
    )  # fmt: skip


def dash_for_required(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "—")

    return case_of(
        good.grids("ORG-02"), "dash-for-required", "职工人数填“—”，这一栏不能当作 0", damage,
        [("V-C-014", "B3")], "returned",
    )  # fmt: skip


def commas_and_spaces(good: Good) -> SpoiledCase:
    whole = good.grids("FIN-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    payroll, due = whole[1].at("B3"), whole[1].at("C3")
    whole[1].put("B3", f"{payroll:,}")
    whole[1].put(
        "C3",
        f"{due:,}".replace(",", "，").translate(
            str.maketrans("0123456789", "０１２３４５６７８９")
        ),
    )
    whole[1].put("B4", f"\u00a0{whole[1].at('B4'):,}.00 ".replace(",", " "))
    return SpoiledCase(
        "commas-and-spaces", "金额带千分号、全角数字、不间断空格", "经费表.xlsx",
        grids.xlsx(whole, SIGNED_ON), "经费表（标准）.xlsx", twin,
        [("V-N-001", "B3"), ("V-N-001", "C3")], ("accepted",),
    )  # fmt: skip


def header_in_ten_thousands(good: Good) -> SpoiledCase:
    """The header says 万元 and so do the numbers: converted, and told."""
    whole = good.grids("FIN-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("B2", "上月全部职工工资总额（万元）")
    for row in ROWS:
        whole[1].put(f"B{row}", whole[1].at(f"B{row}") / 10_000)
    return SpoiledCase(
        "header-in-ten-thousands", "表头写明万元，按万元填", "经费表.xlsx",
        grids.xlsx(whole, SIGNED_ON), "经费表（标准）.xlsx", twin, [("V-N-003", "B3")],
        ("accepted",),
    )  # fmt: skip


def percents(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-03")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("L3", "40%")
    return SpoiledCase(
        "percent-sign", "比例带百分号", "变动表.xlsx", grids.xlsx(whole, SIGNED_ON),
        "变动表（标准）.xlsx", twin, [("V-N-018", "L3")], ("accepted",),
    )  # fmt: skip


def percent_format(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-03")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("L3", 0.4)
    whole[1].percents.add((2, 11))
    return SpoiledCase(
        "percent-format", "单元格设成百分比格式，存的是 0.4", "变动表.xlsx",
        grids.xlsx(whole, SIGNED_ON), "变动表（标准）.xlsx", twin, [("V-N-018", "L3")],
        ("accepted",),
    )  # fmt: skip


def tenths_in_words(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("L3", "四成")

    return case_of(
        good.grids("ORG-03"), "tenths-in-words", "比例写成“四成”", damage, [("V-C-014", "L3")],
        "returned",
    )  # fmt: skip


def days_as_written(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    shapes = ("{0.year}.{0.month}.{0.day}", "{0.year}年{0.month}月{0.day}日", "{0:%Y%m%d}",
              "{0.year}/{0.month}/{0.day}")  # fmt: skip
    for row, shape in zip(range(3, 7), shapes, strict=True):
        whole[1].put(f"R{row}", shape.format(whole[1].at(f"R{row}")))
    return SpoiledCase(
        "days-as-written", "日期有的用点，有的写年月日，有的连写", "名录.xlsx",
        grids.xlsx(whole, SIGNED_ON), "名录（标准）.xlsx", twin, [("V-N-007", "R3")], ("accepted",),
    )  # fmt: skip


def day_without_year(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("G3", "3月20日")

    return case_of(
        good.grids("ORG-03"), "day-without-year", "生效日期只写了月日", damage,
        [("V-F-029", "G3")], "explain",
    )  # fmt: skip


def names_for_codes(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for row, union in zip(ROWS, good.unions, strict=True):
        whole[1].put(f"A{row}", registry().org(union.code).name)
    return SpoiledCase(
        "names-for-codes", "编码列填的是单位名称", "会员月报.xlsx", grids.xlsx(whole, SIGNED_ON),
        "会员月报（标准）.xlsx", twin, [("V-N-008", "A3")], ("accepted",),
    )  # fmt: skip


def name_of_nobody(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("A3", "永宁县第九棉纺厂工会")

    return case_of(
        good.grids("ORG-02"), "name-of-nobody", "填的单位名称在名录里查不到", damage,
        [("V-F-023", "A3")], "returned",
    )  # fmt: skip


def traditional_words(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for cell, word in (("B2", "職工人數"), ("F2", "會員人數"), ("G2", "女會員人數")):
        whole[1].put(cell, word)
    return SpoiledCase(
        "traditional-words", "表头是繁体字", "會員月報.xlsx", grids.xlsx(whole, SIGNED_ON),
        "会员月报.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def mojibake(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("B3", "锟斤拷锟斤拷锟斤拷")

    return case_of(
        good.grids("ORG-01"), "mojibake", "从别的系统倒出来，名称成了乱码", damage,
        [("V-F-035", "B3")], "returned",
    )  # fmt: skip


def typed_in_advance(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("G8", date(2017, 5, 20))

    return case_of(
        good.grids("SKILL-03"), "typed-in-advance", "下个月的人员提前录了进去", damage,
        [("V-C-011", "G8")], "returned",
    )  # fmt: skip


def negative_members(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("M3", -3)

    return case_of(
        good.grids("ORG-02"), "negative-members", "退会的会员在“新发展”里填负数", damage,
        [("V-C-001", "M3")], "returned",
    )  # fmt: skip


def refund(good: Good) -> SpoiledCase:
    """A column marked for refunds may be negative."""
    whole = good.grids("FIN-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    sheet = whole[1]
    due = sheet.at("C3")
    for column, value in (("D", -1000), ("F", -600), ("G", -400), ("H", due + 1000)):
        sheet.put(f"{column}3", value)
    return SpoiledCase(
        "refund", "上月多缴，本月冲减，实拨为负数", "经费表.xlsx", grids.xlsx(whole, SIGNED_ON),
        "经费表（标准）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def identity_in_remark(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("N3", f"经办人身份证{id_number('640121', 4321)}")

    return case_of(
        good.grids("ORG-03"), "identity-in-remark", "说明里写了身份证号", damage,
        [("V-C-016", "N3")], "explain",
    )  # fmt: skip


def link_to_another_file(good: Good) -> SpoiledCase:
    whole = good.grids("FIN-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    return SpoiledCase(
        "link-to-another-file", "公式引用了自己电脑上的另一个文件", "经费表.xlsx",
        grids.with_external_link(twin, "file:///D:/报表/2月.xlsx"), "经费表（粘贴为数值）.xlsx",
        twin, [("V-F-021", "")], ("explain",),
    )  # fmt: skip


def formula_never_computed(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].formulas[2, 1] = ("=1000000+0", "")

    return case_of(
        good.grids("FIN-01"), "formula-never-computed", "程序写的公式，没有用 Excel 算过", damage,
        [("V-F-020", "B3")], "returned",
    )  # fmt: skip


CASES = (
    ditto_in_number, ditto_in_words, words_for_zero, dash_for_required, text_numbers,
    commas_and_spaces, about_and_more, members_over_workers, ten_thousands_for_yuan,
    header_in_ten_thousands, twenty_million_in_words, twenty_million, twenty_million_of_what,
    share_as_fraction, percents, percent_format, tenths_in_words, identity_as_number,
    identity_in_remark, no_such_day, days_as_written, day_without_year, typed_in_advance,
    reference_error, link_to_another_file, formula_never_computed, credit_code_wrong,
    duplicate_key, names_for_codes, name_of_nobody, traditional_words, mojibake, negative_members,
    refund,
)  # fmt: skip
