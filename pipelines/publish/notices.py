"""Notices (R-07): what a unit is told to do or to know, by which day, and by whom.

Pure: what is printed comes in as values and words that were worked out before; here it becomes
documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.publish.paper import Grid, Heading, Paper, Part, Signatures, Text, Words, said
from pipelines.publish.publication import chinese_day


@dataclass(frozen=True, slots=True)
class Notice:
    """What every notice says: to whom, by whom, under which number, on which day.

    `office` is whom the unit answers; `answer_by` the last day, where an answer is asked.
    """

    unit: str
    issuer: str
    office: str
    number: str
    issued: date
    answer_by: date | None = None

    @property
    def until(self) -> str:
        """The last day as a sentence wants it."""
        return f"{chinese_day(self.answer_by)}前" if self.answer_by else "及时"

    def paper(self, title: str, parts: list[Part], **more: Any) -> Paper:
        """The notice as a paper of one page, where its words leave it that."""
        told: dict[str, Any] = {"addressee": self.unit, "compact": True, **more}
        return Paper(
            title, self.issuer, tuple(parts), number=self.number, issued=self.issued, **told
        )


# --- rectification ---


@dataclass(frozen=True, slots=True)
class Rectification:
    """What a unit must put right; `kind` 整改 or, once it is overdue, 督办."""

    unit: str
    number: str
    matter: str
    basis: str
    issued_on: date
    due_on: date
    problems: tuple[str, ...] = ()
    days_late: Words = "0"


def rectification_notice(given: Rectification, federation: str, office: str) -> Paper:
    """R-07 整改通知书: what was found, what is asked, by which day, to whom."""
    parts: list[Part] = [
        Text(f"根据{given.basis}，{given.matter}。现通知你单位限期整改，有关事项如下。"),
        *([Heading("存在的问题")] if given.problems else []),
        *(Text(p, "numbered") for p in given.problems),
        Heading("整改要求"),
        Text("逐项查明原因，制定整改措施，明确责任人和完成时限。", "numbered"),
        Text("整改情况经主要负责人签字、加盖公章后书面报送。", "numbered"),
        Heading("报送期限"),
        Text(
            f"请于{chinese_day(given.due_on)}前将整改结果和佐证材料报送{office}。"
            "逾期未报的予以督办，并在考核中扣分。"
        ),
    ]
    return Paper(
        "整改通知书", federation, tuple(parts), given.number, given.unit, given.issued_on,
        compact=True,
    )  # fmt: skip


def overdue_notice(
    given: Rectification, federation: str, office: str, today: date, answer_by: date
) -> Paper:
    """R-07 整改督办通知书: what was asked when, how late it is, and the last day that is left."""
    parts = (
        Text(
            said(
                f"{chinese_day(given.issued_on)}印发的《整改通知书》（{given.number}）要求你单位就"
                f"“{given.matter}”于{chinese_day(given.due_on)}前报送整改结果。截至"
                f"{chinese_day(today)}，已逾期 ",
                given.days_late,
                " 日，仍未收到整改结果。",
            )
        ),
        Text(
            f"现予督办。请于{chinese_day(answer_by)}前将整改结果报送{office}，并书面说明逾期原因。"
            "仍不报送的，按考核办法扣分，并约谈主要负责人。"
        ),
    )
    return Paper("整改督办通知书", federation, parts, f"{given.number}（督）", given.unit, today)


# --- audit ---


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit to come; `aspects` and `bands` as the scheme of the year has them."""

    year: int
    start_on: date
    notice_days: int
    aspects: tuple[str, ...]
    bands: tuple[str, ...]


def audit_notice(notice: Notice, audit: Audit) -> Paper:
    """R-07 审计通知书: what is audited from which day, what to have ready, a slip to sign."""
    return notice.paper(
        "审计通知书",
        [
            Text(
                f"根据年度审计工作安排，决定派出审计组，自{chinese_day(audit.start_on)}起对你单位"
                f"{audit.year}年度工会经费使用绩效进行审计。现将有关事项通知如下。"
            ),
            Heading("审计范围和内容"),
            Text(
                f"{audit.year}年度工会经费收支和使用绩效，按{'、'.join(audit.aspects)}等 "
                f"{len(audit.aspects)} 个方面计分，综合得分评定为"
                f"{''.join(f'“{b}”' for b in audit.bands)}。"
            ),
            Heading("需要准备的资料"),
            Text(
                "各项经费绩效报告单，年度预算、决算，会计账簿和凭证，大额支出审批和会议记录，"
                "上次审计整改材料。"
            ),
            Heading("工作要求"),
            Text(
                "你单位应对所提供资料的真实性、完整性负责，并给予必要的工作条件。"
                f"本通知书于实施审计 {audit.notice_days} 日前送达。"
            ),
        ],
        receipt=Signatures(
            (
                ("送达文书", f"审计通知书（{notice.number}）", ""),
                ("受送达单位", f"{notice.unit}（盖章）", ""),
                ("签收人", "", "签名：　　　　　　　　　年　月　日"),
                ("送达人", "", "签名：　　　　　　　　　年　月　日"),
            ),
            height=24,
        ),
    )


# --- slips ---

SLIP_HEADS = ("单号", "单别", "诉求类别", "受理日期", "应办结日期", "超期（工作日）")


Rows = tuple[tuple[Words, ...], ...]
"""What a notice lists, and how many of them is said before it (`count`)."""


def slips_notice(notice: Notice, limit: int, rows: Rows, count: Words) -> Paper:
    """R-07 诉求超期督办: slips past their last day; `limit` in working days after acceptance."""
    return notice.paper(
        "职工诉求超期督办通知书",
        [
            Text(
                said(
                    f"职工诉求应自受理次日起 {limit} 个工作日内办结。截至"
                    f"{chinese_day(notice.issued)}，你单位有 ",
                    count,
                    " 件诉求超过期限仍未办结，现予督办。",
                )
            ),
            Grid(SLIP_HEADS, (25, 31, 17, 18, 19, 23), rows, "llcccr"),
            Text(
                f"请于{notice.until}办结，将结果告知职工本人并回访满意情况，在“三单”诉求流转台账中"
                f"续报，并书面报{notice.office}。"
            ),
            Text("确有困难不能按期办结的，应说明原因、进展和预计办结日期。"),
        ],
    )


# --- representatives ---

REPRESENTATIVE_HEADS = (
    "代表编号", "选区职工", "收回票数", "不满意票", "不满意率", "测评得分", "备注",
)  # fmt: skip


def recall_notice(
    notice: Notice, year: int, recall: str, seats: int, rows: Rows, count: Words
) -> Paper:
    """R-07 代表资格取消告知: who reached the share of a recall; the recall is the electors'."""
    return notice.paper(
        "职工代表资格取消告知书",
        [
            Text(
                said(
                    f"按照职工代表评估制，你单位{year}年度职工代表履职评估中，下列 ",
                    count,
                    f" 名代表的不满意率达到 {recall}%（含本数），应予取消代表资格，特此告知。",
                )
            ),
            Grid(REPRESENTATIVE_HEADS, (18, 15, 15, 15, 15, 15, 30), rows, "lrrrrrl"),
            Text("本告知不代替罢免决定。当地规定须经选区职工同意的，应提请其表决。", "numbered"),
            Text("作出决定前应听取代表本人意见；对票数有异议的，核对原始评估票。", "numbered"),
            Text(f"资格取消后出现空缺的，按 1:{seats} 提出候选人，及时补选。", "numbered"),
            Text(f"办理结果请于{notice.until}书面报{notice.office}。", "numbered"),
        ],
    )  # fmt: skip


# --- safety ---

EDUCATION_HEADS = ("扣满时的扣分编号", "扣满日期", "教育完成期限", "目前情况")


def education_notice(notice: Notice, points: str, workdays: int, rows: Rows, count: Words) -> Paper:
    """R-07 脱岗教育通知: whose points are used up, by the number of the case, never by name."""
    return notice.paper(
        "脱岗安全教育通知书",
        [
            Text(
                said(
                    "按照安全信誉积分制，你单位有 ",
                    count,
                    f" 名职工本年度累计扣满 {points} 分，应脱岗参加安全教育，自扣满次日起 "
                    f"{workdays} 个工作日内完成，考试合格后返岗。",
                )
            ),
            Grid(EDUCATION_HEADS, (34, 24, 26, 36), rows, "lccl"),
            Text("人员以你单位安全信誉积分台账为准，本通知不列姓名。", "numbered"),
            Text("教育期间不安排上岗作业；教育内容、时间和考试成绩存档备查。", "numbered"),
            Text("完成后用原扣分编号在台账中续报教育完成日期。", "numbered"),
        ],
    )


# --- unions merged or ended ---


def merger_notice(notice: Notice, matters: tuple[str, ...]) -> Paper:
    """R-07 撤并工会核查: what was told of unions ended or merged, and what has to be checked."""
    return notice.paper(
        "撤并工会情况核查通知书",
        [
            Text(
                "《中华人民共和国工会法》规定，任何组织和个人不得随意撤销、合并工会组织。"
                "现请你单位对下列情况进行核查。"
            ),
            Heading("需要核查的情况"),
            *(Text(m, "numbered") for m in matters),
            Heading("核查内容"),
            Text("撤销、合并的原因和依据，是否经民主程序，是否报上一级工会批准。", "numbered"),
            Text("会员会籍、工会干部安排，经费和资产的清理移交情况。", "numbered"),
            Text("没有依据随意撤并的，是否已经纠正、恢复工会组织。", "numbered"),
            Heading("报送要求"),
            Text(f"请于{notice.until}将核查情况和佐证材料书面报{notice.office}。"),
        ],
    )


# --- events ---


@dataclass(frozen=True, slots=True)
class Event:
    """An event in labour relations as it was reported last.

    `late` are the days of the calendar by which the report came after its time, if it did.
    """

    kind: str
    reporter: str
    enterprise: str
    happened_on: date
    reported_on: date
    late: Words
    workers: Words
    opinions: Words
    measures: str
    resolved_on: date | None


def event_bulletin(notice: Notice, event: Event) -> Paper:
    """R-07 重大情况快报: what happened, whom it touches, what was done, what is asked."""
    told = said(
        f"{chinese_day(event.happened_on)}，{event.enterprise}发生{event.kind}情况，涉及职工 ",
        event.workers,
        f" 人。{event.reporter}于{chinese_day(event.reported_on)}报告",
        said("，晚于规定时限 ", event.late, " 日。") if event.late else "。",
    )
    done = [Text(f"据报告单位填报：{event.measures.rstrip('。')}。")]
    if event.opinions:
        done.append(Text(said("已征集职工意见 ", event.opinions, " 件。")))
    after = (
        f"该情况已于{chinese_day(event.resolved_on)}化解，请{event.reporter}做好后续工作，防止反复。"
        if event.resolved_on
        else f"目前尚未化解。请{event.reporter}及时介入，依法维护职工权益，配合有关方面妥善处置，"
        f"每月续报，化解后即报{notice.office}。"
    )
    title = f"重大劳动关系情况快报（{'终报' if event.resolved_on else '首报'}）"
    return notice.paper(
        title,
        [
            Heading("基本情况"),
            Text(told),
            Heading("处置情况"),
            *done,
            Heading("工作要求"),
            Text(after),
        ],
        addressee="",
        copies=f"上级工会，同级党委和政府，{event.reporter}",
    )
