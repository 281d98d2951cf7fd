"""What R-12 counts beside the catalogue's indicators: slips by topic, channel, days and result.

Each count is an indicator of the report's own, made from the code lists, so that it is added up,
compared, walked and made again like any other; it is kept with no computation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from definitions.catalogue import Definitions
from definitions.measures import Indicator
from pipelines.publish.report_count import ReportCount, report_count

SLIPS, DISPUTES, CENTRE = "RIGHT-01", "RIGHT-02", "RIGHT-03"
MENU = "职工维权服务菜单"
KINDS = {MENU: "I-RIGHT-01", "企业服务需求订单": "I-RIGHT-02", "工会维权服务受理单": "I-RIGHT-03"}
OPEN_RESULT = "办理中"
FILED, CLOSED, QUICK, IN_TIME, OVER_TIME, DAYS = (
    f"I-R12-{what}" for what in ("报送工会", "办结", "较快", "时限内", "超时限", "平均")
)
OPEN, WAITING, UNDER_WAY, OVERDUE = (
    f"I-R12-未办结{what}" for what in ("", "未受理", "未到期", "已超期")
)
SETTLED, PENDING = "I-R12-争议办结", "I-R12-争议未结"
RATED = "I-R12-评价"
_ACCEPTED = "filled(accepted_on) and filled(closed_on)"
_SPENT = "workdays(accepted_on, closed_on)"
_STANDS = "(blank(closed_on) or closed_on > period.end)"


def topics(known: Definitions) -> tuple[str, ...]:
    """Topics of appeals in the order of the code list."""
    return known.code_lists["TOPIC"].values


def topic(name: str) -> str:
    """The code of the menus of a topic."""
    return f"I-R12-诉求-{name}"


def topic_share(name: str) -> str:
    """The code of a topic's share of all menus."""
    return f"I-R12-占比-{name}"


def topic_persons(name: str) -> str:
    """The code of the workers concerned by a topic; it decides what is withheld, unprinted."""
    return f"I-R12-人数-{name}"


def channel(name: str) -> str:
    """The code of the menus that came by a channel."""
    return f"I-R12-渠道-{name}"


def of_kind(code: str, kind: str) -> str:
    """The code of a count of closed slips, of one kind of slip."""
    return f"{code}-{kind}"


def result(name: str) -> str:
    """The code of the slips closed with a result."""
    return f"I-R12-结果-{name}"


def rating(name: str) -> str:
    """The code of the closed slips with which the worker was so content."""
    return f"I-R12-满意-{name}"


def rating_persons(name: str) -> str:
    """The code of the workers behind a rating; unprinted."""
    return f"I-R12-评价人数-{name}"


def centre(what: str, function: str) -> str:
    """The code of what a service centre received, answered or solved in one of its functions."""
    return f"I-R12-中心{what}-{function}"


def results(known: Definitions) -> tuple[str, ...]:
    """Results with which a slip is closed."""
    return tuple(v for v in known.code_lists["RESULT"].values if v != OPEN_RESULT)


def ratings(known: Definitions) -> tuple[str, ...]:
    """How content a worker may be."""
    return known.code_lists["SAT3"].values


def functions(known: Definitions) -> tuple[str, ...]:
    """Functions of a service centre."""
    return known.code_lists["CENTER_FUNC"].values


CENTRE_COUNTS = {"受理": "received", "答复": "answered", "解决": "solved"}


def counts(known: Definitions) -> dict[str, Indicator]:
    """The report's own indicators by code; {} where the federation has no slips."""
    forms = {f.code for f in known.forms}
    made: list[Indicator] = []
    if SLIPS in forms:
        made += [*_received(known), *_closed(known), *_standing()]
    if DISPUTES in forms:
        made.append(_count(SETTLED, "办结劳动争议", {"form": DISPUTES, "sum": "closed"}))
        told = {"form": DISPUTES, "sum": "open_end", "take": "latest"}
        made.append(_count(PENDING, "期末未结劳动争议", told, aggregate="latest", better="lower"))
    if CENTRE in forms:
        for function in functions(known):
            for what, column in CENTRE_COUNTS.items():
                told = {"form": CENTRE, "sum": column, "where": f"function == '{function}'"}
                made.append(_count(centre(what, function), f"{function}{what}件数", told))
    return {i.code: i for i in made}


KIND_OF = "同类单位"
"""What the basis of a number over unions of a kind begins with: 同类单位中位数."""
PEERS = {
    "会员占职工比例（%）": "I-ORG-09",
    "人均工资总额（元）": "I-R13-人均工资总额",
    "人均拨缴经费（元）": "I-R13-人均拨缴经费",
}
"""What unions of a kind are compared in (V-O-015) → the indicator that says the same."""


def peer_counts(known: Definitions) -> dict[str, Indicator]:
    """What the comparison with unions of a kind reads and no indicator of the catalogue tells."""
    if not {"FIN-01", "ORG-02"} <= {f.code for f in known.forms}:
        return {}
    made: dict[str, Indicator] = {}
    for name, column in (("人均工资总额", "payroll"), ("人均拨缴经费", "paid")):
        made[f"I-R13-{name}"] = ReportCount.model_validate(
            {
                "code": f"I-R13-{name}",
                "name": name,
                "unit": "元",
                "aggregate": "ratio",
                "numerator": [{"form": "FIN-01", "sum": column}],
                "denominator": [{"form": "ORG-02", "sum": "workers_total", "take": "latest"}],
                "decimals": 2,
                "better": "neither",
                "authority": "领域目录 9.3（R-13）；本报告自设",
                "definition": f"{name}，期内数除以期末职工人数",
            }
        )
    return made


def told_apart(known: Definitions) -> dict[str, str]:
    """Counts of slips by what they are about or how content workers were, and of what is few.

    Code of the slips → code of the workers concerned.
    """
    if SLIPS not in {f.code for f in known.forms}:
        return {}
    found = {topic(t): topic_persons(t) for t in topics(known)}
    return found | {rating(r): rating_persons(r) for r in ratings(known)}


def only_appeals(known: Definitions) -> Definitions:
    """The definitions with nothing but what R-12 prints, for computing no more than that."""
    own = {c: i for c, i in known.indicators.items() if c.startswith("I-RIGHT-")}
    return replace(known, indicators={**own, **counts(known)})


def _received(known: Definitions) -> Iterator[Indicator]:
    """Of the month in which a slip was received."""
    filed = {"form": SLIPS, "distinct": "org_code", "take": "latest"}
    yield _count(FILED, "报送诉求台账的工会", filed, unit="家", aggregate="latest")
    menu = f"slip_kind == '{MENU}'"
    menus = {"form": SLIPS, "count": "rows", "where": menu}
    for name in topics(known):
        where = f"{menu} and topic == '{name}'"
        told = {"form": SLIPS, "count": "rows", "where": where}
        yield _count(topic(name), f"{name}类诉求", told)
        yield _share(topic_share(name), f"{name}类诉求占比", told, menus)
        persons = {"form": SLIPS, "sum": "persons", "where": where}
        yield _count(topic_persons(name), f"{name}类诉求涉及职工", persons, unit="人")
    for name in known.code_lists["CHANNEL"].values:
        told = {"form": SLIPS, "count": "rows", "where": f"{menu} and channel == '{name}'"}
        yield _count(channel(name), f"来自{name}的诉求", told)


def _closed(known: Definitions) -> Iterator[Indicator]:
    """Of the month in which a slip was closed."""
    bands = {
        QUICK: ("预警天数以内办结", f"{_SPENT} <= param.slip_amber_workdays"),
        IN_TIME: (
            "预警天数至时限内办结",
            f"{_SPENT} > param.slip_amber_workdays and {_SPENT} <= param.slip_limit_workdays",
        ),
        OVER_TIME: ("超过时限办结", f"{_SPENT} > param.slip_limit_workdays"),
    }
    for kind in ("", *KINDS):
        mine = f"slip_kind == '{kind}'" if kind else "filled(slip_kind)"
        name = kind or "诉求"

        def code(of: str, kind: str = kind) -> str:
            return of_kind(of, kind) if kind else of

        yield _count(code(CLOSED), f"办结{name}", _done(mine))
        for of, (words, where) in bands.items():
            told = _done(f"{mine} and {_ACCEPTED} and {where}")
            yield _count(code(of), f"{words}的{name}", told)
        top = {"form": SLIPS, "sum": _SPENT, "where": f"{mine} and {_ACCEPTED}"}
        yield ReportCount.model_validate(
            {
                "code": code(DAYS),
                "name": f"{name}平均办理工作日",
                "unit": "个工作日",
                "aggregate": "wmean",
                "numerator": [{**top, "dated": "closed_on"}],
                "denominator": [_done(f"{mine} and {_ACCEPTED}")],
                "decimals": 1,
                "better": "lower",
                **_SOURCE,
                "definition": f"期内办结的{name}从受理到办结的平均工作日",
            }
        )
    for name in results(known):
        yield _count(result(name), f"办理结果为{name}", _done(f"result == '{name}'"))
    yield _count(RATED, "职工作出评价", _done("filled(satisfied)"))
    for name in ratings(known):
        where = f"satisfied == '{name}'"
        yield _count(rating(name), f"职工评价{name}", _done(where))
        persons = {"form": SLIPS, "sum": "persons", "where": where, "dated": "closed_on"}
        yield _count(rating_persons(name), f"评价{name}的诉求涉及职工", persons, unit="人")


def _done(where: str) -> dict[str, str]:
    return {"form": SLIPS, "count": "rows", "where": where, "dated": "closed_on"}


def _standing() -> Iterator[Indicator]:
    """Of the register as it stands at the end of the period."""
    states = {
        OPEN: ("期末未办结诉求", _STANDS),
        WAITING: ("期末尚未受理的诉求", f"{_STANDS} and blank(accepted_on)"),
        UNDER_WAY: (
            "期末正在办理、没有超过时限的诉求",
            f"{_STANDS} and filled(accepted_on) and (blank(due_on) or due_on >= period.end)",
        ),
        OVERDUE: (
            "期末超过时限没有办结的诉求",
            f"{_STANDS} and filled(accepted_on) and due_on < period.end",
        ),
    }
    for code, (name, where) in states.items():
        told = {"form": SLIPS, "count": "rows", "where": where, "take": "standing"}
        yield _count(code, name, told, aggregate="latest", better="lower")


_SOURCE = {"authority": "领域目录 9.3（R-12）；本报告自设"}


def _count(
    code: str, name: str, measure: Mapping[str, Any], *, unit: str = "件", **more: str
) -> Indicator:
    told = f"{name}，诉求台账中同一单只计一次"
    return report_count("R-12", code, name, unit, measure, definition=told, **more)


def _share(code: str, name: str, top: Mapping[str, Any], bottom: Mapping[str, Any]) -> Indicator:
    return ReportCount.model_validate(
        {
            "code": code,
            "name": name,
            "unit": "%",
            "aggregate": "ratio",
            "numerator": [top],
            "denominator": [bottom],
            "multiply": 100,
            "decimals": 1,
            "better": "neither",
            **_SOURCE,
            "definition": f"{name}，以职工维权服务菜单为全部",
        }
    )
