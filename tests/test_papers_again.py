"""Papers come out again byte for byte after the round went on and units sent corrections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from portal_site import Site, words
from typer.testing import CliRunner

from definitions import Definitions
from pipelines import flow
from pipelines.__main__ import app
from pipelines.assessment_year.stages import Refused
from pipelines.flow import assessing_year as steps
from pipelines.flow import assessment_entries as entries
from pipelines.flow import consequences as following
from pipelines.flow.differences import PAPER, Difference
from pipelines.flow.ground import CHINA
from tests.acceptance import query
from tests.test_every_scheme import ASPECTS, AT, assessed, slip
from tests.two_unions import CITY, MILL, file
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor

__all__ = ["assessed"]

SCHEME, YEAR = "SWH-2019", 2019
OFFICE, JURY, CHAIR = Actor("考核办 01"), Actor("会审组 02"), Actor("主席办公会")
CORRECTED = datetime(2020, 8, 1, 1, tzinfo=UTC)
NOW = "2020-08-10T09:00:00"


@dataclass
class Story:
    """Every paper by what it is, made again and compared after everything went on."""

    kept: dict[str, Any] = field(default_factory=dict)
    equal: dict[str, bool] = field(default_factory=dict)
    differences: dict[str, tuple[Difference, ...]] = field(default_factory=dict)


def newest(kind: str, like: str = "%") -> Any:
    """The paper of a kind that was kept last."""
    return query(
        "SELECT p.id, p.title, p.recipe FROM publication p "
        "WHERE p.kind LIKE :k AND p.title LIKE :t ORDER BY p.id DESC LIMIT 1",
        k=f"{kind}%", t=like,
    )[0]  # fmt: skip


def the_round_begins(kept: dict[str, Any]) -> None:
    """A run, notices and reports; then a round until its notice, with papers on the way."""
    kept["run"] = newest("R-02", "%星级职工之家%")
    flow.publish_due_notices(by="考核办 01", at=AT, number="示总工督〔2020〕{n}号")
    kept["slip"] = newest("R-07", "职工诉求超期%")
    kept["recall"] = newest("R-07", "职工代表资格%")
    kept["event"] = newest("R-07", "重大劳动关系%E2%")
    kept["other event"] = newest("R-07", "重大劳动关系%E1%")
    flow.publish_audit_reports(YEAR, committee="示范市总工会经费审查委员会", by="办", at=AT)
    kept["audit"] = newest("R-05")
    assert following.audits_to_follow(AT) == 1
    flow.publish_notices(by="考核办 01", at=AT)
    kept["rectification"] = newest("R-07", "整改%")
    steps.start_assessment(SCHEME, YEAR, by=OFFICE, reason="年度安排", at=AT)
    steps.compute_marks(SCHEME, YEAR, by=OFFICE, reason="年报已锁定", at="2020-06-20T10:00")
    flow.publish_book(SCHEME, YEAR, by="考核办 01", at="2020-06-20T11:00")
    kept["first book"] = newest("R-02")
    entries.open_rating(
        SCHEME, YEAR, opens_on="2020-06-21", closes_on="2020-06-23", electorates={}, by=OFFICE,
        reason="组织评价", at="2020-06-21T10:00",
    )  # fmt: skip
    entries.close_rating(SCHEME, YEAR, by=OFFICE, reason="评价结束", at="2020-06-23T18:00")
    steps.submit_to_review(SCHEME, YEAR, by=OFFICE, reason="评分已齐", at="2020-06-24T09:00")
    drawn = entries.draw_sample(
        SCHEME, YEAR, seed="20200625-公证", by=JURY, reason="抽查", at="2020-06-25T09:00"
    )
    flow.publish_book(SCHEME, YEAR, by="考核办 01", at="2020-06-25T10:00")
    kept["book before inspection"] = newest("R-02")
    for unit in drawn:
        entries.enter_inspection(
            SCHEME, YEAR, unit, outcome="属实", finding="台账与上报一致", evidence="核查记录",
            inspected_on="2020-06-26", by=JURY, at="2020-06-26T09:00",
        )  # fmt: skip
    steps.give_notice(SCHEME, YEAR, by=OFFICE, reason="抽查完毕", at="2020-06-27T09:00")
    flow.publish_book(
        SCHEME, YEAR, by="考核办 01", at="2020-06-28T09:00", letter="示总工考〔2020〕{n}号"
    )
    kept["book at notice"] = newest("R-02")
    flow.publish_star_list(
        SCHEME, YEAR, document="示总工发〔2020〕9号", by="考核办 01", at="2020-06-28T09:00"
    )
    kept["stars"] = newest("R-06")


def the_round_goes_on(kept: dict[str, Any]) -> None:
    """Signed, with its note; what was to be put right is; then the result is taken up again."""
    steps.finalise(
        SCHEME, YEAR, by=CHAIR, reason="会议审定", document="示总工纪〔2020〕3号",
        at="2020-07-20T09:00",
    )  # fmt: skip
    flow.publish_funding_note(
        SCHEME, YEAR, document="示总工财〔2020〕3号", by="考核办 01", at="2020-07-21T09:00",
        pool=100_000,
    )  # fmt: skip
    kept["note"] = newest("R-08")
    (open_,) = following.open_rectifications("2020-07-21T09:00")
    for day, kind in (("2020-07-22", "报送结果"), ("2020-07-23", "验收销号")):
        following.record_rectification(
            open_.number, kind, words="已整改", evidence="整改报告", happened_on=day,
            by=OFFICE, at=f"{day}T09:00",
        )  # fmt: skip
    steps.reopen_final(
        SCHEME, YEAR, by=CHAIR, reason="数据更正", document="示总工纪〔2020〕5号",
        at="2020-07-30T09:00",
    )  # fmt: skip


def units_correct() -> None:
    """What the papers tell of is sent again, and the year is scored anew."""
    home = {"cycle_year": 2019, "members_eligible": 200, "members_rated": 190,
            "member_mode": "测评表", "member_score": 90.0, "employer_score": 95.0,
            "upper_score": 95.0, "star_applied": "五星"}  # fmt: skip
    audit = {"audit_id": "示审〔2020〕1号", "year": 2019, "notice_on": date(2020, 4, 1),
             "start_on": date(2020, 4, 8), "opinion_on": date(2020, 5, 6),
             "rectify_due": date(2020, 6, 5), "issues": 2, "fixed": 2,
             "money_issue": 32600.0}  # fmt: skip
    closed = {"slip_kind": "工会维权服务受理单", "channel": "来电", "topic": "劳动报酬",
              "received_on": date(2020, 5, 20), "accepted_on": date(2020, 5, 21), "persons": 3,
              "slip_id": "S1", "closed_on": date(2020, 6, 19), "result": "已解决"}  # fmt: skip
    event = {"event_id": "E1", "event_kind": "欠薪", "enterprise": "示例机械厂",
             "happened_on": date(2020, 6, 8), "workers": 90, "reported_on": date(2020, 6, 11),
             "measures": "已派员进驻"}  # fmt: skip
    with warehouse().begin() as c:
        file(c, "HOME-02", "2019", home, received=CORRECTED)
        file(c, "AUD-00", "2020-05", audit, received=CORRECTED)
        file(c, "RIGHT-01", "2020-05", closed, received=CORRECTED)
        file(c, "RIGHT-04", "2020-06", event, received=CORRECTED)
        for form in ASPECTS:
            file(c, form, "2019", slip("甲", effect_score=60.0), received=CORRECTED)
    flow.assess(YEAR, "2020-08-05T09:00:00")


@pytest.fixture(scope="module")
def story(assessed: dict[str, Any]) -> Iterator[Story]:  # noqa: F811
    told = Story()
    the_round_begins(told.kept)
    the_round_goes_on(told.kept)
    units_correct()
    for name, one in told.kept.items():
        told.equal[name] = flow.reproduce(one.id).equal
        told.differences[name] = flow.compare(one.id, NOW)
    yield told


PAPERS = ("run", "slip", "recall", "event", "other event", "audit", "rectification", "first book",
          "book before inspection", "book at notice", "stars", "note")  # fmt: skip


@pytest.mark.parametrize("paper", PAPERS)
def test_a_paper_is_made_again_byte_for_byte_after_everything_went_on(
    story: Story, paper: str
) -> None:
    assert story.equal[paper]


CAUSES = {
    "run": {"更正 HOME-02"},
    "slip": {"现在不能编印", "更正 RIGHT-01"},
    "recall": set(),
    "event": {"现在不能编印", "更正 RIGHT-04"},
    "other event": {"更正 RIGHT-04"},
    "audit": {"更正 AUD-00", "更正 AUD-01"},
    "rectification": {"现在不能编印", "考核进程"},
    "first book": {"考核进程", "考核或审核变化"},
    "book before inspection": {"考核进程", "考核或审核变化"},
    "book at notice": {"考核进程"},
    "stars": {"现在不能编印", "考核进程"},
    "note": {"现在不能编印", "考核进程"},
}


@pytest.mark.parametrize("paper", PAPERS)
def test_compare_names_the_files_that_would_be_others_and_why(story: Story, paper: str) -> None:
    found = story.differences[paper]
    causes = {
        f"{r.kind} {r.what.split()[2]}" if r.submission else r.kind
        for d in found
        for r in d.reasons
    }
    assert CAUSES[paper] <= causes
    assert bool(found) is bool(CAUSES[paper])
    files = [d for d in found if d.source == PAPER]
    assert bool(files) is bool(found)
    for one in files:
        assert one.indicator.endswith((".docx", ".pdf", ".xlsx"))
        assert one.printed_then != one.printed_now


def test_compare_names_the_numbers_of_a_paper_that_would_be_others(story: Story) -> None:
    told = {
        name: {
            (d.unit, d.indicator, d.basis): (d.printed_then, d.printed_now)
            for d in found
            if d.source != PAPER
        }
        for name, found in story.differences.items()
    }
    assert told["other event"] == {(MILL, "RIGHT-04:workers", "E1"): ("120", "90")}
    audit = told["audit"]
    assert audit[MILL, "AUD-00:fixed", "示审〔2020〕1号"] == ("0", "2")
    assert (MILL, "FPA-2019", "总分") in audit
    # what was counted and what the audit cost stay as they were
    assert (MILL, "AUD-00:issues", "示审〔2020〕1号") not in audit
    run = told["run"]
    assert run[MILL, "SWH-2019", "块:member"] == ("80.00", "90.00")
    assert run[MILL, "SWH-2019", "评价:member:会员评家:收回"] == ("180", "190")
    # nobody sent anything new of the other union
    assert {unit for unit, _, _ in run} == {MILL}
    # what was told before the inspection is told again with another result
    assert told["recall"] == told["rectification"] == {}


def test_compare_says_of_each_number_what_came_of_the_forms_that_it_is_made_of(
    story: Story,
) -> None:
    def forms(paper: str, basis: str) -> set[str]:
        return {
            r.what.split()[2]
            for d in story.differences[paper]
            if d.source != PAPER and d.basis == basis
            for r in d.reasons
        }

    assert forms("other event", "E1") == {"RIGHT-04"}
    assert forms("audit", "示审〔2020〕1号") == {"AUD-00"}
    assert forms("run", "总分") == {"HOME-02"}
    assert forms("audit", "总分") == {*ASPECTS, "AUD-00"}


def test_nothing_differs_from_itself_and_nothing_is_kept(story: Story) -> None:
    before = query("SELECT count(*) AS n FROM publication")[0].n
    assert flow.compare(story.kept["recall"].id, AT) == ()
    assert flow.compare(story.kept["audit"].id, "2020-07-01T09:00:00") == ()
    assert query("SELECT count(*) AS n FROM publication")[0].n == before


def test_a_paper_kept_without_its_recipe_is_said_so(story: Story) -> None:
    with warehouse().begin() as c:
        made = c.exec_driver_sql(
            "UPDATE publication SET recipe = '{}' WHERE id = %(id)s RETURNING id",
            {"id": story.kept["stars"].id},
        )
        assert made.rowcount == 1
        c.commit()
    with pytest.raises(Refused, match="没有记下编印依据"):
        flow.reproduce(story.kept["stars"].id)


def test_the_page_lists_files(story: Story, definitions: Definitions) -> None:
    site = Site(definitions, at=datetime.fromisoformat(NOW).replace(tzinfo=CHINA))
    site.account("zhuxi", ("leader", CITY))
    browser = site.signed_in("zhuxi")
    page = browser.get(f"/publications/{story.kept['audit'].id}/now?worked=1")
    assert page.status_code == 200
    assert [w for w in words(page) if re.fullmatch(r"\d+ 个数、2 个文件现在会不同", w)]
    assert "AUD-00 重报更正" in page.text
    number = browser.get(f"/numbers/{story.kept['audit'].id}/1")
    assert number.status_code == 200
    assert "由这些部分组成" in number.text
    asked = browser.get(f"/numbers/{story.kept['audit'].id}", params={"printed": "32,600"})
    assert "示审〔2020〕1号" in asked.text
    gone = browser.get(f"/publications/{story.kept['note'].id}/now?worked=1")
    assert "现在不能编印" in gone.text


def test_the_command_lists_files(story: Story) -> None:
    said = CliRunner().invoke(app, ["compare", str(story.kept["audit"].id), "--at", NOW])
    assert said.exit_code == 0
    assert "有变化的文件 2 个" in said.output
    same = CliRunner().invoke(app, ["reproduce", str(story.kept["audit"].id)])
    assert same.exit_code == 0
    assert "不一致" not in same.output
