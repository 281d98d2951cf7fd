"""An assessment year in the portal, by the people who have a part in it.

Ten of its marks, drawn from the printed book, are followed link by link down to the cells of the
workbooks that were sent.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import openpyxl
import pytest
from portal_site import words

from definitions import Definitions
from pipelines.flow.assessing_year import assessment_state, decide_final, end_notices
from pipelines.flow.assessment_book import publish_book
from portal.reading import assessment_entries as entered
from portal.reading import assessments
from tests.acceptance import query
from tests.assessed_workbooks import (
    BASE,
    COUNTY,
    OTHER,
    OWN,
    SCHEME,
    TOP,
    YEAR,
    Place,
    handed_in,
)
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor

RATERS = ("会员", "职工代表", "党政领导", "工会机关")
REASON = {"reason": "按年度安排", "document": "总工纪〔2018〕4号"}
D = Decimal


@dataclass
class Story:
    """The place after a year, and what pages said on the way, by name."""

    place: Place
    said: dict[str, list[str]]
    status: dict[str, int]


def flash(browser: Any, path: str) -> list[str]:
    """What the next page says after a change."""
    return list(words(browser.get(path)))


@pytest.fixture(scope="module")
def story(module_home: Path, definitions: Definitions) -> Iterator[Story]:
    place = handed_in(definitions, module_home.parent / "assessed-workbooks")
    made = Story(place, {}, {})
    _told_and_rated(made)
    _marked_and_reviewed(made)
    _noticed_and_appealed(made)
    yield made


def step(made: Story, login: str, code: str, **more: str) -> None:
    """Take a step; the page that follows must say that it was taken."""
    browser = made.place.as_(login)
    answer = browser.post(f"{BASE}/steps/{code}", REASON | more)
    assert answer.status_code == 303, answer.text
    made.said[code] = flash(browser, f"{BASE}/course")


def _told_and_rated(made: Story) -> None:
    place, said = made.place, made.said
    place.on("2018-02-10")
    made.status["reporter may not begin"] = place.as_("tian").post(
        "/assessments/start", {"scheme": SCHEME, "year": "2017", "reason": "试"}
    ).status_code  # fmt: skip
    kao = place.as_("kao")
    kao.post("/assessments/start", {"scheme": SCHEME, "year": "2017", "reason": "年度安排"})
    tian = place.as_("tian")
    said["asked"] = words(tian.get(OWN))
    made.status["another unit's page"] = place.as_("he").get(OWN).status_code
    lines = {"item": ["T01", "T11", "K1"], "indicator": ["I-ORG-17", "I-RIGHT-08", ""],
             "remark": ["另有一家企业刚建会", "", "已全部落实"]}  # fmt: skip
    wrong = {"value": ["九十", "66", "5"], "score": ["99", "", "30"]}
    refused = tian.post(f"{OWN}/self", lines | wrong)
    made.status["self refused"], said["self refused"] = refused.status_code, words(refused)
    wrong = {"value": ["88", "66", "5"], "score": ["99", "", "30"]}
    said["self refused again"] = words(tian.post(f"{OWN}/self", lines | wrong))
    nothing = {k: ["", "", ""] for k in ("value", "score", "remark")}
    said["file about nothing"] = words(
        tian.post(f"{OWN}/self", lines | nothing, files={"file": ("空.pdf", b"%PDF-1.4")})
    )
    right = {"value": ["88", "65", ""], "score": ["1", "", "30"]}
    kept = tian.post(
        f"{OWN}/self", lines | right,
        files={"file": ("台账.pdf", b"%PDF-1.4 ledger")},
    )  # fmt: skip
    assert kept.status_code == 303, kept.text
    said["self"] = words(tian.get(OWN))
    more = {"file": ("补充台账.pdf", b"%PDF-1.4 more")}
    assert tian.post(f"{OWN}/self", lines | right, files=more).status_code == 303
    right["value"][1] = "66"
    assert tian.post(f"{OWN}/self", lines | right).status_code == 303
    said["own files"] = re.findall(r"/assessment-evidence/(\d+)", tian.get(OWN).text)
    said["self, told"] = words(kao.get(f"{BASE}/self"))
    place.on("2018-02-12")
    step(made, "kao", "compute")
    said["too late"] = words(place.as_("tian").post(f"{OWN}/self", lines | right))
    asked = {(u, r): 100_000 if r == "会员" else 20 for u in (COUNTY, OTHER) for r in RATERS}
    typed = {"opens_on": "2018-02-12", "closes_on": "2018-02-14"}
    typed["electorates"] = f"{COUNTY} 会员代表 20\n{TOP} 会员 20"
    place.as_("kao").post(f"{BASE}/steps/rate", REASON | typed)
    said["strange raters"] = flash(place.as_("kao"), f"{BASE}/course")
    step(
        made, "kao", "rate", opens_on="2018-02-12", closes_on="2018-02-14",
        electorates="\n".join(f"{u} {r} {n}" for (u, r), n in asked.items()),
    )  # fmt: skip
    path = f"{BASE}/ballots/{COUNTY}"
    kao = place.as_("kao")
    many = counts({"会员": (90_000, 90_000), "职工代表": (21, 21)})
    answer = kao.post(path, many)
    made.status["ballots refused"], said["ballots refused"] = answer.status_code, words(answer)
    odd = kao.post(path, counts({"职工代表": (20, 20)}) | {"ballots": ["²"]})
    made.status["no count"] = odd.status_code
    said["unbalanced"] = words(kao.post(path, counts({"职工代表": (20, 19)})))
    for unit in (COUNTY, OTHER):
        told = {r: (20, 20) for r in RATERS[1:]}
        assert kao.post(f"{BASE}/ballots/{unit}", counts(told)).status_code == 303
    said["ballots"] = words(kao.get(f"{BASE}/ballots"))
    refused = kao.post(f"{BASE}/steps/mark", {"reason": "评完"})
    assert refused.status_code == 303
    said["close refused"] = flash(kao, f"{BASE}/course")
    step(made, "kao", "mark")


def counts(told: dict[str, tuple[int, int]]) -> dict[str, list[str]]:
    """Form fields: ballots of each rater group, and how many of them are satisfied."""
    raters = list(told)
    return {
        "rater": raters,
        "ballots": [str(told[r][0]) for r in raters],
        "very_sat": [str(told[r][1]) for r in raters],
        **{n: ["" for _ in raters] for n in ("basic_sat", "unsat", "unclear")},
        "mode": ["现场" for _ in raters],
    }


def _marked_and_reviewed(made: Story) -> None:
    place, said = made.place, made.said
    place.on("2018-02-20")
    ping, items = place.as_("ping"), ["D5", "K1", "K2", "K3"]
    form = {"assessor": "考评一组", "item": items, "why": ["", "", "", ""],
            "evidence": ["", "", "", ""], "raw": ["100", "101", "90", "x"]}  # fmt: skip
    said["mark is no number"] = words(ping.post(f"{BASE}/marks/{COUNTY}", form))
    said["marks refused"] = words(
        ping.post(f"{BASE}/marks/{COUNTY}", form | {"raw": ["100", "101", "90", ""]})
    )
    made.status["chair may not mark"] = (
        place.as_("zhuxi").post(f"{BASE}/marks/{COUNTY}", form).status_code
    )
    for unit in (COUNTY, OTHER):
        good = form | {"raw": ["95", "90", "92", "88"], "why": ["材料不全"] * 4}
        answer = ping.post(
            f"{BASE}/marks/{unit}", good,
            files={"file": ("考评记录.docx", b"PK record")},
        )  # fmt: skip
        assert answer.status_code == 303, answer.text
    said["marks"] = words(ping.get(f"{BASE}/marks/{COUNTY}"))
    step(made, "kao", "review")
    shen = place.as_("shen")
    said["review"] = words(shen.get(f"{BASE}/review/{COUNTY}"))
    rule = {"about": "核定实绩|I-RIGHT-08", "value": "60.5", "reason": "档案核实",
            "document": "总工会审〔2018〕1号"}  # fmt: skip
    said["ruling refused"] = words(
        shen.post(f"{BASE}/review/{COUNTY}", rule | {"about": "核定实绩|I-XX-01"})
    )
    made.status["assessor may not rule"] = (
        place.as_("kao").post(f"{BASE}/review/{COUNTY}", rule).status_code
    )
    assert shen.post(f"{BASE}/review/{COUNTY}", rule).status_code == 303
    step(made, "shen", "inspect", seed="20180222-公证")
    ping = place.as_("ping")
    drawn = [s["unit"] for s in state().sample]
    for unit in drawn:
        report = {"outcome": "属实", "finding": "台账与上报一致", "evidence": "核查记录1号",
                  "inspected_on": "2018-02-20"}  # fmt: skip
        late = ping.post(f"{BASE}/sample/{unit}", report | {"inspected_on": "2018-03-09"})
        made.status["inspected tomorrow"] = late.status_code
        assert ping.post(f"{BASE}/sample/{unit}", report).status_code == 303
    said["sample"] = words(ping.get(f"{BASE}/sample"))


def _noticed_and_appealed(made: Story) -> None:
    place, said = made.place, made.said
    place.on("2018-02-26")
    said["before the notice"] = words(place.as_("tian").get(OWN))
    step(made, "liang", "notify")
    tian = place.as_("tian")
    said["noticed"] = words(tian.get(OWN))
    blank = {"about": "调解成功率", "claim": "", "evidence": ""}
    said["appeal refused"] = words(tian.post(f"{OWN}/appeals", blank))
    answer = tian.post(
        f"{OWN}/appeals",
        blank | {"claim": "漏计一件，应为 64"},
        files={"file": ("调解书.pdf", b"%PDF-1.4 mediation")},
    )
    assert answer.status_code == 303, answer.text
    said["appealed"] = words(tian.get(OWN))
    (number,) = [a.id for a in state().appeals]
    path, give = f"{BASE}/appeals/{number}", {"outcome": "支持", "document": "总工申〔2018〕1号"}
    give |= {"reason": "调解书属实", "about": "核定实绩|I-RIGHT-08", "value": "64"}
    made.status["assessor may not answer"] = place.as_("ping").post(path, give).status_code
    shen = place.as_("shen")
    said["appeal"] = words(shen.get(path))
    said["answer refused"] = words(shen.post(path, give | {"about": "", "value": ""}))
    step(made, "zhuxi", "finalise")
    said["final too early"] = said.pop("finalise")
    assert end_notices("2018-03-05T08:00:00") == []
    place.on("2018-02-27")
    shen = place.as_("shen")
    answer = shen.post(path, give)
    assert answer.status_code == 303, [w for w in words(answer) if "。" in w]
    said["answered"] = words(shen.get(path))
    place.on("2018-03-06")
    late = place.as_("tian").post(f"{OWN}/appeals", blank | {"claim": "再改", "evidence": "无"})
    made.status["appeal too late"], said["appeal too late"] = late.status_code, words(late)
    asked = end_notices("2018-03-06T08:00:00")
    assert end_notices("2018-03-06T08:00:00") == asked  # a repeated task asks the same
    said["asked"] += [f"{a['scheme']} {a['edition']} {a['summary']}" for a in asked]
    said["waiting"] = words(place.as_("zhuxi").get(f"{BASE}/course"))
    step(made, "liang", "finalise")
    said["four eyes"] = said.pop("finalise")
    step(made, "zhuxi", "finalise")
    place.on("2018-03-08")
    kao = place.as_("kao")
    assert kao.post(f"{BASE}/consequences", {"document": "总工发〔2018〕11号"}).status_code == 303
    said["consequences"] = words(kao.get(f"{BASE}/consequences"))


def state() -> Any:
    found = assessment_state(SCHEME, YEAR, "2018-12-31T09:00:00")
    assert found is not None
    return found


# --- what the pages said ---


def has(said: list[str], wanted: str) -> bool:
    return any(wanted in line for line in said)


def test_a_unit_sees_each_item_with_the_systems_figure_and_tells_its_own(story: Story) -> None:
    assert has(story.said["asked"], "系统的数") and has(story.said["asked"], "组织领导与责任落实")
    assert story.status["self refused"] == 422
    assert has(story.said["self refused"], "“九十”不是数字")
    told = next(line for line in story.said["self refused again"] if "处问题" in line)
    assert "自评分 99 不在 0—1 之间" in told and "共 2 处问题" in told
    assert has(story.said["self"], "自评已保存，改动 3 项")
    assert has(story.said["self, told"], "tian同志")
    assert has(story.said["too late"], "自评已经结束")
    assert story.status["another unit's page"] == 404


def test_the_list_counts_the_gaps_that_each_units_page_shows(story: Story) -> None:
    found = state().round
    with warehouse().connect() as connection:
        counted = entered.gap_counts(connection, found)
        shown = {
            u.code: len(
                entered.gaps(assessments.sheet(connection, found.assessment_id, u.org_id).detail)
            )
            for u in entered.units_of(connection, found, date(2018, 3, 8))
        }
    assert counted == {unit: n for unit, n in shown.items() if n}
    assert counted[COUNTY] >= 1
    assert has(words(story.place.as_("shen").get(f"{BASE}/review")), f"{counted[COUNTY]} 项")


def test_what_a_unit_told_stands_beside_what_was_computed_and_is_scored(story: Story) -> None:
    sheet = story.place.as_("shen").get(f"{BASE}/units/{COUNTY}").text
    rows = [[plain(c) for c in CELL.findall(r)] for r in ROW.findall(sheet)]
    (computed,) = [c[3].split(" ")[0] for c in rows if len(c) > 4 and c[4] == "88"]
    assert float(computed) != 88
    assert has(story.said["review"], "自报与核算不符")
    rows = query(
        "SELECT DISTINCT ON (item) item, value, account_id FROM self_assessment "
        "ORDER BY item, id DESC"
    )
    assert [(r.item, r.value) for r in rows] == [("K1", None), ("T01", D(88)), ("T11", D(66))]
    assert all(r.account_id is not None for r in rows)


def test_a_file_shows_what_was_told_before_and_stays_with_a_line_that_changes(story: Story) -> None:
    assert has(story.said["file about nothing"], "尚未填写任何一项自评，附件无从对应")
    files = query("SELECT id, file_name FROM assessment_evidence WHERE about = '自评' ORDER BY id")
    assert [f.file_name for f in files] == ["台账.pdf", "补充台账.pdf"]
    assert story.said["own files"] == [str(files[1].id)] * 3


def test_more_ballots_than_members_or_voters_are_refused_and_nothing_is_kept(story: Story) -> None:
    assert story.status["ballots refused"] == 422
    told = next(line for line in story.said["ballots refused"] if "处问题" in line)
    assert re.search(r"收回会员评价 90000 票，多于会员 \d+ 人", told)
    assert "收回 21 票，多于应评 20 人" in told
    assert has(story.said["unbalanced"], "各类票合计 19 票，与收回 20 票不符")
    kept = query("SELECT rater, ballots FROM rating_tally ORDER BY id")
    assert [(r.rater, r.ballots) for r in kept] == [(r, 20) for r in RATERS[1:]] * 2
    assert has(story.said["ballots"], "2 方评价还没有上报或者无效")
    assert has(story.said["close refused"], "评价票尚未上报")
    assert story.status["no count"] == 422
    told = next(line for line in story.said["strange raters"] if "群众评价没有开始" in line)
    assert f"{TOP} 不是本次考核的单位" in told and "“会员代表”不是本方案的评价主体" in told


def test_marks_need_reason_and_evidence_and_the_file_can_be_taken(story: Story) -> None:
    assert has(story.said["mark is no number"], "K3：“x”不是数字")
    told = next(line for line in story.said["marks refused"] if "评分未录入" in line)
    for part in ("评分 101 不在 0—100 之间", "不是满分的须写明理由", "须写明佐证材料的文号"):
        assert part in told
    assert story.status["chair may not mark"] == 403
    assert has(story.said["marks"], "考评记录.docx")
    shen = story.place.as_("shen")
    (file,) = set(re.findall(r"/assessment-evidence/\d+", shen.get(f"{BASE}/marks/{COUNTY}").text))
    assert shen.get(file).content == b"PK record"
    assert story.place.as_("he").get(file).status_code == 404
    assert story.place.as_("tian").get(file).status_code == 404  # an assessor's paper is not theirs
    assert story.place.as_("er").get(file).status_code == 404  # nor of the county's own leader
    log = query("SELECT actor FROM audit_log WHERE action = 'assessment.evidence.read'")
    assert [r.actor.startswith("account:") for r in log] == [True]


def test_rulings_and_answers_are_for_the_joint_review(story: Story) -> None:
    assert has(story.said["ruling refused"], "没有可以“核定实绩”的“I-XX-01”")
    assert story.status["assessor may not rule"] == 403
    assert story.status["assessor may not answer"] == 403
    assert has(story.said["answer refused"], "支持的须写明更正内容")
    assert has(story.said["answered"], "支持")
    made = query("SELECT value, source FROM assessment_ruling ORDER BY id")
    assert [(r.value, r.source) for r in made] == [(D("60.5"), "联合会审"), (D(64), "申诉")]


def test_a_unit_sees_its_total_only_when_it_is_published_and_appeals_in_time(story: Story) -> None:
    assert not has(story.said["before the notice"], "总分")
    assert has(story.said["noticed"], "总分")
    assert has(story.said["noticed"], "2018-03-05")  # five working days after 26 February
    assert has(story.said["appeal refused"], "请求和理由")
    assert has(story.said["appealed"], "申诉已受理")
    assert story.status["appeal too late"] == 422
    assert has(story.said["appeal too late"], "申诉期已于2018年3月5日结束")
    assert story.status["inspected tomorrow"] == 422


def test_time_ends_the_notice_and_a_second_person_signs(story: Story) -> None:
    assert has(story.said["final too early"], "公示期至2018年3月5日")
    assert has(story.said["asked"], "公示期满，申诉均已答复")
    assert has(story.said["waiting"], "待审定")
    assert has(story.said["four eyes"], "公示由liang同志办理，审定须由另一人办理")
    taken = state().taken
    assert [t.stage_to for t in taken[-3:]] == ["公示", "待审定", "审定"]
    assert [t.actor for t in taken[-3:]] == ["liang同志", "系统", "zhuxi同志"]
    assert [t.account_id is None for t in taken[-3:]] == [False, True, False]
    again = decide_final(
        SCHEME, YEAR, state().round.edition, approve=False, by=Actor("主席"), document="x",
        at="2018-03-09T09:00:00",
    )  # fmt: skip
    assert again == "审定", "a question that was answered elsewhere changes nothing"


def test_a_right_over_a_county_and_sight_of_the_whole_sign_no_result(story: Story) -> None:
    er = story.place.as_("er")
    assert er.get(f"{BASE}/course").status_code == 404
    assert er.post(f"{BASE}/steps/reopen", REASON).status_code == 404
    assert state().round.stage == "审定"


def test_what_follows_is_decided_once_and_rectification_goes_to_the_unit(story: Story) -> None:
    assert has(story.said["consequences"], "经费系数")
    number = query("SELECT min(r.id) AS n FROM rectification r JOIN organisation o "
                   "ON o.id = r.org_id WHERE o.code = :c", c=COUNTY)[0].n  # fmt: skip
    assert number, "the county failed and has to put things right"
    tian, he, kao = (story.place.as_(n) for n in ("tian", "he", "kao"))
    told = {"words": "已制定措施", "evidence": "整改报告1号"}
    assert he.post(f"/my/rectifications/{number}", told).status_code == 404
    assert tian.post(f"/my/rectifications/{number}", told).status_code == 303
    accept = {"kind": "验收销号", "words": "合格"}
    assert tian.post(f"{BASE}/rectifications/{number}", accept).status_code == 404
    assert kao.post(f"{BASE}/rectifications/{number}", accept).status_code == 303
    steps = query("SELECT kind, entered_by FROM rectification_step ORDER BY id")
    assert [(s.kind, s.entered_by) for s in steps] == [
        ("报送结果", "tian同志"), ("验收销号", "kao同志"),
    ]  # fmt: skip


def test_two_people_of_one_name_are_two_people() -> None:
    one = Actor("王芳", account=7)
    assert one.is_whom("王芳", 7) and not one.is_whom("王芳", 8)
    assert one.is_whom("王芳", None), "an operator of that name may be the same person"
    assert not one.is_whom("李敏", None)
    assert (one.logged, Actor("王芳").logged) == ("account:7", "王芳")


# --- ten marks of the book, followed to their cells ---

ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.S)
CELL = re.compile(r"<t[dh][^>]*>(.*?)</t[dh]>", re.S)


def plain(fragment: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", fragment)).strip()


@dataclass(frozen=True)
class Printed:
    """A mark as the book prints it."""

    unit: str
    name: str
    actual: float
    mark: float


def printed_marks(book: Any) -> list[Printed]:
    """Every mark of the book that was made of a figure of forms."""
    names = {"永宁县总工会": COUNTY, "贺兰县总工会": OTHER}
    found = []
    for name, code in names.items():
        (page,) = [s for s in book.sheetnames if s.endswith(name)]
        rows = list(book[page].iter_rows(values_only=True))
        start = next(i for i, r in enumerate(rows) if r[6] == "计分方法") + 1
        for r in rows[start:]:
            if isinstance(r[5], (int, float)) and isinstance(r[7], (int, float)):
                name = re.sub(r"（[^（]*）$", "", r[1])
                found.append(Printed(code, name, float(r[5]), float(r[7])))
    return found


def test_ten_marks_of_the_book_end_at_cells_of_the_workbooks_that_were_sent(story: Story) -> None:
    files = publish_book(SCHEME, YEAR, by="考核办", at="2018-03-10T09:00:00")
    book = openpyxl.load_workbook(next(f for f in files if f.endswith(".xlsx")))
    marks = printed_marks(book)
    print(len(marks), marks[:3])
    assert len(marks) >= 16
    browser = story.place.as_("shen")
    for mark in Random(5).sample(marks, 10):  # noqa: S311
        follow(browser, mark)


def follow(browser: Any, mark: Printed) -> None:
    """From the unit's sheet to the figure, its cells, the workbook; and up again by adding."""
    sheet = browser.get(f"{BASE}/units/{mark.unit}").text
    line = next(
        r for r in ROW.findall(sheet)
        if plain(CELL.findall(r)[0]).split("责任人")[0].strip().endswith(mark.name)
        and "/numbers/" in r
    )  # fmt: skip
    shown = plain(CELL.findall(line)[1]).split("/")[0]
    # Without a signed letter a mark is 0, and the figure is walked all the same.
    assert (0 if "缺报" in shown else float(shown)) == pytest.approx(mark.mark, abs=0.006)
    address = html.unescape(re.search(r'href="(/numbers/[^"]+)"', line)[1])
    sums, whole = cells_below(browser, address)
    assert sums or whole, f"{address} ends at no cell"
    if sums and set(sums) <= {"分子", "分母"} and "分母" in sums:
        value = float(sums["分子"] / sums["分母"])
        assert any(
            value * times == pytest.approx(mark.actual, rel=1e-3, abs=0.006)
            for times in (1, 100)
        ), (address, sums, mark)  # fmt: skip


def cells_below(browser: Any, address: str, depth: int = 0) -> tuple[dict[str, Decimal], int]:
    """What cells add by side, each compared with its workbook, and how many whole workbooks.

    Where a page tells of parts only, its first part is opened, until there are cells.
    """
    page = browser.get(address)
    assert page.status_code == 200, address
    sums: dict[str, Decimal] = {}
    whole = 0
    for row in ROW.findall(page.text):
        link = re.search(r'href="(/figures/originals/\d+)"', row)
        if not link:
            continue
        cells = [plain(c) for c in CELL.findall(row)]
        place, side, adds = cells[3], cells[5], cells[6]
        book = original(browser, link[1])
        if place == "整份报表":
            whole += 1
            continue
        name, places = place.rsplit(" ", 1)
        values = [book[name][p].value for p in places.split("、")]
        assert all(v is not None for v in values), (address, place)
        told = D(adds.replace(",", ""))
        numbers = [D(str(v)) for v in values if isinstance(v, (int, float))]
        assert told == sum(numbers) or told == 1, (address, place, values, adds)
        sums[side] = sums.get(side, D(0)) + told
    onward = re.findall(r'<tr data-href="(/numbers/[^"]+)"', page.text)
    if not sums and not whole and onward and depth < 5:
        return cells_below(browser, html.unescape(onward[-1]), depth + 1)
    return sums, whole


OPENED: dict[str, Any] = {}


def original(browser: Any, path: str) -> Any:
    """The workbook as it came, taken through the portal."""
    if path not in OPENED:
        answer = browser.post(path, {"reason": "核对考核得分"})
        assert answer.status_code == 200, path
        OPENED[path] = openpyxl.load_workbook(io.BytesIO(answer.content), data_only=True)
    return OPENED[path]


@pytest.mark.parametrize(
    ("said", "computed", "differs"),
    [
        # who copies the figure that the page shows has said the same
        ("92.0877", "92.08766863156", False),
        ("1019", "1019.0000", False),
        ("92.0877", "92.0876", True),
        ("2", "1.99994", True),
        ("2", "1.99996", False),
    ],
)
def test_a_figure_departs_only_where_the_page_shows_another(
    said: str, computed: str, differs: bool
) -> None:
    assert assessments.differ(Decimal(said), Decimal(computed)) is differs
