"""Cases about files: formats, passwords, archives, and which period they are of."""

from __future__ import annotations

import copy

from samples.entries import month
from samples.spoiled import grids
from samples.spoiled.good import SIGNED_ON, Good, Grids, SpoiledCase, case_of
from samples.spoiled.grids import grids_of


def wps_et(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02", "FIN-01")
    return SpoiledCase(
        "wps-et", "WPS 按默认格式另存为 .et，内容无误", "3月报表.et", grids.et(whole),
        "3月报表.xlsx", grids.xlsx(whole, SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def wrong_extension(good: Good) -> SpoiledCase:
    whole = good.grids("ORG-02")
    return SpoiledCase(
        "wrong-extension", "内容是 .xls，文件名却是 .xlsx", "新建 Microsoft Excel 工作表 (3).xlsx",
        grids.et(whole), "附件2.xlsx", grids.xlsx(whole, SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def gbk_csv(good: Good) -> SpoiledCase:
    table = good.grids("FIN-01")[1]
    table.cells = table.cells[1:]
    return SpoiledCase(
        "gbk-csv", "另存为 csv，GBK 编码，表头以上有填报单位各行", "经费表.csv",
        grids.gbk_csv(good.lines("FIN-01"), table),
        "经费表.xlsx", grids.xlsx(good.grids("FIN-01"), SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def html_as_xls(good: Good) -> SpoiledCase:
    table = good.grids("FIN-01")[1]
    table.cells = table.cells[1:]
    return SpoiledCase(
        "html-as-xls", "从网页系统“导出 Excel”，其实是 HTML", "导出.xls",
        grids.html_table(good.lines("FIN-01"), table),
        "经费表.xlsx", grids.xlsx(good.grids("FIN-01"), SIGNED_ON), [], ("accepted",),
    )  # fmt: skip


def empty_file(good: Good) -> SpoiledCase:
    return SpoiledCase(
        "empty-file", "网盘没有同步完，传上来的是 0 字节", "3月报表.xlsx", b"",
        "3月报表.xlsx", grids.xlsx(good.grids("ORG-02"), SIGNED_ON),
        [("V-F-016", "")], ("returned",),
    )  # fmt: skip


def password(good: Good) -> SpoiledCase:
    whole = grids.xlsx(good.grids("ORG-02"), SIGNED_ON)
    return SpoiledCase(
        "password", "怕别人看到，加了打开密码", "3月报表（加密）.xlsx",
        grids.with_password(whole, "yongning2017"), "3月报表.xlsx", whole,
        [("V-F-007", "")], ("returned",),
    )  # fmt: skip


def zip_one_bad(good: Good) -> SpoiledCase:
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


def wrong_period(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[0].put("B5", "2018年3月")

    return case_of(
        good.grids("ORG-02"), "wrong-period", "封面年份多打了一年", damage,
        [("V-F-010", "B5")], "returned", expected_period="2017-03",
    )  # fmt: skip


def last_month_again(good: Good) -> SpoiledCase:
    february = grids_of(good.book("ORG-02", period=month(2017, 2)))
    march = good.grids("ORG-02")
    return SpoiledCase(
        "last-month-again", "把2月的文件当3月的又交了一遍", "月报.xlsx",
        grids.xlsx(february, SIGNED_ON), "月报.xlsx", grids.xlsx(march, SIGNED_ON),
        [("V-F-010", "B5")], ("returned",), expected_period="2017-03",
    )  # fmt: skip


def zip_in_zip(good: Good) -> SpoiledCase:
    whole = grids.xlsx(good.grids("ORG-02"), SIGNED_ON)
    inner = grids.zipped({"会员月报.xlsx": whole})
    return SpoiledCase(
        "zip-in-zip", "各科室压缩后再打成一个包，文件夹套文件夹", "3月汇总.zip",
        grids.zipped({"组织部/3月.zip": inner}),
        "3月汇总.zip", grids.zipped({"组织部/会员月报.xlsx": whole}), [], ("accepted",),
    )  # fmt: skip


def rar_archive(good: Good) -> SpoiledCase:
    return SpoiledCase(
        "rar-archive", "用 WinRAR 压成 rar 发来", "3月报表.rar",
        b"Rar!\x1a\x07\x01\x00" + bytes(range(256)) * 4,
        "3月报表.xlsx", grids.xlsx(good.grids("ORG-02"), SIGNED_ON),
        [("V-F-017", "")], ("returned",),
    )  # fmt: skip


def file_name_says_nothing(good: Good) -> SpoiledCase:
    whole = grids.xlsx(good.grids("ORG-02"), SIGNED_ON)
    return SpoiledCase(
        "file-name-says-nothing", "文件名写的是别的单位、别的月份、别的表",
        "2018年12月贺兰县经费表.xlsx", whole, "附件2.xls", whole, [], ("accepted",),
    )  # fmt: skip


def range_of_months(good: Good) -> SpoiledCase:
    def damage(found: Grids) -> None:
        found[0].put("B5", "2017年1-3月")

    return case_of(
        good.grids("ORG-02"), "range-of-months", "月报的所属期写成“1-3月”", damage,
        [("V-F-010", "B5")], "returned",
    )  # fmt: skip


def headers_only(good: Good) -> SpoiledCase:
    """Nothing happened, and nothing says so; the twin says 零报告."""
    bad = good.grids("ORG-02")
    bad[1].cells = bad[1].cells[:2]
    twin = copy.deepcopy(bad)
    zero = next(i for i, row in enumerate(twin[0].cells) if row[:1] == ["零报告"])
    twin[0].put(f"B{zero + 1}", "是")
    return SpoiledCase(
        "headers-only", "交了一张只有表头的空表，没有说零报告", "空表.xlsx",
        grids.xlsx(bad, SIGNED_ON), "空表（零报告）.xlsx", grids.xlsx(twin, SIGNED_ON),
        [("V-F-025", "")], ("returned",),
    )  # fmt: skip


CASES = (
    wps_et, wrong_extension, gbk_csv, html_as_xls, empty_file, password, zip_one_bad, zip_in_zip,
    rar_archive, file_name_says_nothing, wrong_period, last_month_again, range_of_months,
    headers_only,
)  # fmt: skip
