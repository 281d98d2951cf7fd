"""Cases about the layout of a table: headers, columns, rows that are no data, merged cells."""

from __future__ import annotations

import copy
from dataclasses import replace

from samples.spoiled import grids
from samples.spoiled.good import SIGNED_ON, Good, Grids, SpoiledCase, case_of
from samples.spoiled.grids import Cell


def three_line_headers(good: Good) -> SpoiledCase:
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


def renamed_moved(good: Good) -> SpoiledCase:
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


def missing_column(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        for row in found[1].cells[1:]:
            del row[5]

    return case_of(
        good.grids("ORG-02"), "missing-column", "嫌表太宽，删掉了“会员人数”一列", damage,
        [("V-F-004", "A2")], "returned",
    )  # fmt: skip


def hidden_row(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].hidden_rows.add(4)

    return case_of(
        good.grids("ORG-02"), "hidden-row", "筛选后忘了取消，第5行隐藏着", damage,
        [("V-F-008", "A5")], "explain",
    )  # fmt: skip


def total_wrong(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    sheet = whole[1]
    total: list[object] = ["合计"]
    for c in range(1, len(sheet.cells[1])):
        total.append(sum(row[c] for row in sheet.cells[2:8]))
    sheet.cells.append(total)

    def damage(found: Grids) -> None:
        found[1].put("F9", found[1].at("F9") + 10)

    case = case_of(
        whole, "total-wrong", "改了明细，没有改合计", damage,
        [("V-S-002", "F9"), ("V-N-013", "")], "explain",
    )  # fmt: skip
    return replace(case, twin_expected=[("V-N-013", "")])


def example_left_in(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        row = list(found[1].cells[2])
        row[0] = "示例"
        found[1].cells.insert(2, row)

    return case_of(
        good.grids("ORG-02"), "example-left-in", "模板里的示例行没有删", damage,
        [("V-N-014", "")], "accepted",
    )  # fmt: skip


def title_rows(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].cells[1:1] = [
        [],
        ["永宁县总工会组织部"],
        ["填报单位：永宁县总工会", None, None, "单位：人"],
        [],
    ]
    return SpoiledCase(
        "title-rows", "表头上面加了部门、填报单位和空行", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def merged_words(good: Good) -> SpoiledCase:
    """One region for three unions, typed once into a merged cell."""
    whole = good.grids("ORG-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    sheet = whole[1]
    for row in (4, 5):
        sheet.put(f"O{row}", None)
    sheet.merges.append((2, 14, 4, 14))
    return SpoiledCase(
        "merged-words", "三个单位同在一个区划，单元格合并了", "名录.xlsx",
        grids.xlsx(whole, SIGNED_ON), "名录（标准）.xlsx", twin, [("V-N-012", "O4")], ("accepted",),
    )  # fmt: skip


def merged_numbers(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[1].put("P4", None)
        found[1].merges.append((2, 15, 3, 15))

    return case_of(
        good.grids("ORG-02"), "merged-numbers", "两个单位的涵盖单位数合并成一格", damage,
        [("V-F-030", "P4")], "returned",
    )  # fmt: skip


def row_numbers(good: Good) -> SpoiledCase:
    """A 序号 of one's own, with gaps and repeats."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for row, number in zip(whole[1].cells[1:], ("序号", 1, 2, 2, 5, 6, 9), strict=True):
        row.insert(0, number)
    return SpoiledCase(
        "row-numbers", "自己加了序号列，删行以后号不连续", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def notes_below(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].cells += [[], ["填表说明：会员人数为月末数。"], ["制表人：见封面"]]
    return SpoiledCase(
        "notes-below", "表下面写了填表说明和制表人", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def extra_sheets(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole += [
        grids.Grid("Sheet2", [["草稿"], ["永宁县", 5]]),
        grids.Grid("说明", [["本月数据由各基层工会报来"]]),
    ]
    return SpoiledCase(
        "extra-sheets", "留着 Sheet2 草稿和一页说明", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin, [("V-N-016", "")],
        ("accepted",),
    )  # fmt: skip


def one_sheet_each(good: Good) -> SpoiledCase:
    """The rows of six unions on two sheets of one form."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    second = copy.deepcopy(whole[1])
    second.name = "续表"
    second.cells = [*second.cells[:2], *second.cells[5:]]
    whole[1].cells = whole[1].cells[:5]
    return SpoiledCase(
        "one-sheet-each", "一张表拆在两个工作表里报", "会员月报.xlsx",
        grids.xlsx([*whole, second], SIGNED_ON), "会员月报（标准）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


def comments(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].comments[4, 5] = "红色为新增"
    return SpoiledCase(
        "comments", "用批注说明哪些是新增的", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（标准）.xlsx", twin, [("V-N-017", "")],
        ("accepted",),
    )  # fmt: skip


def line_breaks(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-01")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("A2", "工会组织\n编码")
    whole[1].put("R2", "建会\r\n日期")
    name = str(whole[1].at("B3"))
    whole[1].put("B3", f"{name[:4]}\n{name[4:]}")
    return SpoiledCase(
        "line-breaks", "表头和名称里按了回车", "名录.xlsx",
        grids.xlsx(whole, SIGNED_ON), "名录（标准）.xlsx", twin, [("V-N-011", "B3")], ("accepted",),
    )  # fmt: skip


def months_side_by_side(good: Good) -> SpoiledCase:
    """Members of three months in three columns: no edition of the form is so declared."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    for i, row in enumerate(whole[1].cells[1:]):
        members = row[5]
        row[5:6] = ["1月", "2月", "3月"] if i == 0 else [members - 2, members - 1, members]
    return SpoiledCase(
        "months-side-by-side", "把1、2、3月的会员人数并排列成三列", "会员季度表.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报.xlsx", twin,
        [("V-F-004", "A2"), ("V-N-015", "F2")], ("returned",),
    )  # fmt: skip


def overlapping_parts(good: Good) -> SpoiledCase:
    """女 and 农民工 overlap: together they may exceed the whole."""
    whole = good.grids("ORG-02")
    twin = grids.xlsx(whole, SIGNED_ON)
    whole[1].put("G3", 100)
    whole[1].put("C3", 110)
    whole[1].put("H3", 90)
    whole[1].put("D3", 95)
    return SpoiledCase(
        "overlapping-parts", "“其中”各列有重叠，相加大于合计", "会员月报.xlsx",
        grids.xlsx(whole, SIGNED_ON), "会员月报（二）.xlsx", twin, [], ("accepted",),
    )  # fmt: skip


CASES = (
    three_line_headers, renamed_moved, missing_column, hidden_row, total_wrong, example_left_in,
    title_rows, merged_words, merged_numbers, row_numbers, notes_below, extra_sheets,
    one_sheet_each, comments, line_breaks, months_side_by_side, overlapping_parts,
)  # fmt: skip
