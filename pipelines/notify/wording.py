"""What a message says: plain, short, in the words of the office; counts and places, never data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from definitions import Period

CHINA = ZoneInfo("Asia/Shanghai")
STATES = {"accepted": "已接收", "explain": "请补充说明", "returned": "请改正后重报"}
# ID numbers, bank cards and mobile numbers that somebody wrote into a file name.
_NUMBERS = re.compile(r"(?<!\d)(\d{15,19}[\dXx]?|1[3-9]\d{9})(?!\d)")


@dataclass(frozen=True, slots=True)
class Text:
    """Subject and body of a message."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document that its sender waits to hear of.

    `returned` is the name of the marked workbook as it goes with the message, empty where none
    does; `personal` that there is one which may not be mailed. `said` are sentences about time.
    """

    name: str
    state: str
    period: str = ""
    grave: int = 0
    words: int = 0
    returned: str = ""
    personal: bool = False
    repeats: datetime | None = None
    said: tuple[str, ...] = ()


def clock(moment: datetime) -> str:
    """A moment as people in China write it."""
    local = moment.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


def in_chinese(label: str) -> str:
    """The name of a period."""
    return Period.parse(label).chinese


def masked(name: str) -> str:
    """A file name as it may be repeated to whom it came from."""
    return _NUMBERS.sub("〔号码已隐去〕", name)


# --- answers to what was sent ---


def verdict(
    outcomes: Sequence[Outcome], union: str, received: datetime, *, mailed: bool, portal: str = ""
) -> Text:
    """The answer to one mail, or to one uploaded file: what became of each document."""
    worst = next((s for s in ("returned", "explain") if any(o.state == s for o in outcomes)), "")
    head = {"returned": "退回修改", "explain": "须说明", "": "已接收"}[worst]
    if not worst and all(o.repeats for o in outcomes):
        head = "重复上传"
    periods = sorted({o.period for o in outcomes if o.period})
    about = "、".join(in_chinese(p) for p in periods[:2]) + ("等" if len(periods) > 2 else "")
    what = "邮件" if mailed else "文件"
    lines = [
        f"{union or '您好'}：",
        "",
        f"您 {clock(received)} 报来的{what}已收到并保存"
        + (f"，共 {len(outcomes)} 份，处理结果如下。" if len(outcomes) > 1 else "，处理结果如下。"),
        "",
    ]
    for number, outcome in enumerate(outcomes, 1):
        lines += _outcome(outcome, f"{number}．" if len(outcomes) > 1 else "", mailed)
    lines.append("")
    if worst:
        way = "直接回复本邮件并附上改好的文件" if mailed else "把改好的文件放回原来的文件夹"
        lines += [
            "请在退回件上改：有问题的单元格已标色并加批注，“审核意见”页逐条写明原因和改法。",
            f"改好后{way}即可，不必删除批注。",
        ]
        if worst == "explain":
            lines.append("数据属实的，在“审核意见”页“说明”栏写明原因，再报一次。")
    else:
        lines.append("不需要再做什么。")
    return Text(
        f"【{head}】{about}{'报表' if about else '来件'}{f'（{union}）' if union else ''}",
        _signed(lines, portal),
    )


def _outcome(outcome: Outcome, number: str, mailed: bool) -> list[str]:
    period = f"{in_chinese(outcome.period)}，" if outcome.period else ""
    lines = [f"{number}《{masked(outcome.name)}》：{period}{STATES[outcome.state]}。"]
    if outcome.repeats is not None:
        lines.append(
            f"   与 {clock(outcome.repeats)} 收到的文件内容完全相同，没有重复处理；"
            "以上是上次的结果。"
        )
    counts = [f"须改正 {outcome.grave} 处"] * (outcome.grave > 0)
    counts += [f"须说明 {outcome.words} 处"] * (outcome.words > 0)
    if counts and outcome.state != "accepted":
        lines.append(f"   {'，'.join(counts)}。")
    if outcome.returned:
        lines.append(f"   带标注的退回件：{masked(outcome.returned)}")
    elif outcome.personal:
        where = "请登录系统下载" if mailed else "请在退回文件夹中取"
        lines.append(f"   退回件含个人信息或过大，不随邮件发送，{where}。")
    lines += [f"   {s}。" for s in outcome.said]
    return lines


def stranger(address: str, *, known: bool, mailed: bool) -> Text:
    """To an address that no union has registered, or whose sender could not be confirmed."""
    what = "邮箱" if mailed else "文件夹"
    if known:
        lines = [
            "您好：",
            "",
            f"收到一封以本邮箱（{address}）名义发来的邮件，但邮件来源没有通过校验，"
            "附件已保存，暂未处理。",
            "如果确是您发的，请用单位邮箱的网页或客户端直接重发，不要经其他服务器代发；",
            "如果不是您发的，请告知上级工会，不必理会该邮件。",
        ]
        return Text("【未处理】邮件来源没有通过校验", _signed(lines, ""))
    lines = [
        "您好：",
        "",
        f"来件已收到并妥善保存，但{what}“{address}”还没有登记为任何工会的报送{what}，所以暂未处理。",
        "请联系上级工会登记；登记以后，已经发来的文件会自动处理并答复，不必重发。",
    ]
    return Text(f"【未处理】报送{what}尚未登记", _signed(lines, ""))


def nothing_attached(portal: str) -> Text:
    """To a mail without a file that could be a report."""
    lines = [
        "您好：",
        "",
        "您的邮件已收到，但没有找到报表附件，所以没有可以处理的内容。",
        "请把填好的 Excel（或 WPS）文件作为普通附件发来，几个文件可以一起发，也可以打包成 zip。",
        "贴在正文里的表格、截图，以及网盘链接和“超大附件”，系统都收不到。",
    ]
    return Text("【没有附件】请附上报表文件后重发", _signed(lines, portal))


def too_large(portal: str, limit_mb: int, file: str = "") -> Text:
    """To a mail, or about a file put into a folder, that is larger than what is taken."""
    if file:
        lines = [
            "您好：",
            "",
            f"文件《{file}》超过 {limit_mb} MB，没有收取，已移到本文件夹，内容未动。",
            "报表本身一般只有几百 KB：请去掉图片和无关的内容后重新放入，或分几个文件放。",
        ]
        return Text("【未收取】文件过大", _signed(lines, portal))
    lines = [
        "您好：",
        "",
        f"您的邮件超过 {limit_mb} MB，没有收取，原件仍在收件邮箱里。",
        "报表本身一般只有几百 KB：请去掉图片和无关的附件，或分几封邮件发来。",
    ]
    return Text("【未收取】邮件过大", _signed(lines, portal))


# --- digests ---

STATUS = {
    "never": "还没有打开过填报表",
    "started": "已取填报表，还没有报送",
    "returned": "已退回，还没有重报",
    "explain": "还没有补充说明",
    "accepted": "部分报表还没有报送",
}
STEPS = {
    "send_back": "上级工会退回了报表，请改正后重报",
    "refuse_words": "上级工会没有认可所写的说明，请更正或重新说明",
    "assign": "有一件退回的报表指定了经办人，请按期办理",
    "set_aside": "一件来件已作废，不作为报送",
    "uncheck": "上级工会撤销了审核",
    "accept_words": "所写的说明已认可",
    "accept": "报表已终审接收",
    "object": "另一条线的上级提出了会签异议",
}
ORDER = ("returned", "missing", "late", "escalation", "standing", "step", "before", "other")


def digest(
    union: str, notices: Sequence[tuple[str, Mapping[str, Any]]], portal: str, most: int
) -> Text:
    """Everything that a union is to be told, gravest first; `most` lines, the rest counted."""
    items = sorted((_item(kind, facts) for kind, facts in notices), key=lambda i: ORDER.index(i[0]))
    lines = [f"{union}：", ""]
    if len(items) > 1:
        lines += [f"有 {len(items)} 项报送事项：", ""]
    for number, (_, text) in enumerate(items[:most], 1):
        lines.append(f"{number}．{text}。" if len(items) > 1 else f"{text}。")
    if len(items) > most:
        lines.append(f"其余 {len(items) - most} 项请登录系统查看。")
    first = items[0][1].split("，", 1)[0].split("\n", 1)[0]
    more = f"等 {len(items)} 项" if len(items) > 1 else ""
    return Text(f"【报送提醒】{first}{more}", _signed(lines, portal))


def _item(kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    period = in_chinese(facts["period"]) if facts.get("period") else ""
    if kind == "verdict":
        return _verdict_item(period, facts)
    if kind == "reminder":
        return _reminder(period, facts)
    if kind == "escalation":
        return "escalation", _escalation(period, facts)
    if kind == "standing":
        return "standing", (
            f"{period}报表关账核对发现 {facts['count']} 处待核实，"
            f"请在 {facts['due']} 前说明或更正；带标注的“待核实”件已备好"
        )
    if kind == "step":
        due = f"，{facts['due']} 前办理" if facts.get("due") else ""
        return "step", f"{period}报表，{STEPS[facts['verb']]}{due}（原因请登录系统查看）"
    if kind == "bounced":
        return "other", f"{facts['name']}的联系邮箱收不到邮件，请核实后重新登记"
    raise KeyError(kind)


def _verdict_item(period: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    state = facts["state"]
    counts = "".join(
        f"，{word} {facts[name]} 处"
        for name, word in (("grave", "须改正"), ("words", "须说明"))
        if facts.get(name) and state != "accepted"
    )
    again = "（与以前报来的相同，没有重复处理）" if facts.get("repeated") else ""
    order = "returned" if state != "accepted" else "other"
    return order, f"{period}报表{STATES[state]}{counts}{again}"


def _reminder(period: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    forms = _listed(facts["forms"], 6, "张表")
    status = STATUS[facts["status"]]
    if facts["stage"] == "missing":
        return (
            "missing",
            f"{period}缺报：{forms}。{facts['message']}。{facts['advice'].rstrip('。')}",
        )
    if facts["stage"] == "late":
        return "late", (
            f"{period}报表迟报，已逾期 {facts['workdays']} 个工作日（期限 {facts['due_on']}）："
            f"{forms}；{status}。{facts['lock_on']} 锁定，以后须凭更正申请补报"
        )
    left = f"还有 {facts['workdays']} 个工作日截止" if facts["workdays"] else "今天截止"
    return "before", f"{period}报表{left}（{facts['due_on']}）：{forms}；{status}"


def _escalation(period: str, facts: Mapping[str, Any]) -> str:
    never = f"，其中 {facts['never']} 家从未打开填报表" if facts["never"] else ""
    state = "缺报" if facts["missing"] else f"逾期 {facts['workdays']} 个工作日仍未报送"
    return (
        f"{period}报表，{facts['line']}线下级 {facts['expected']} 家应报，"
        f"{facts['count']} 家{state}{never}：{_listed(facts['names'], 30, '家', facts['count'])}"
    )


def _listed(names: Sequence[str], most: int, unit: str, count: int | None = None) -> str:
    whole = len(names) if count is None else count
    return "、".join(names[:most]) + (f"等 {whole} {unit}" if whole > most else "")


def _signed(lines: Sequence[str], portal: str) -> str:
    foot = ["", "——"]
    if portal:
        foot.append(f"登录系统：{portal}")
    foot.append("本信由工会统计报送系统自动发出。")
    return "\n".join([*lines, *foot]) + "\n"
