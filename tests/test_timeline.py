"""Timelines: what a change does to one union, in small tables."""

from __future__ import annotations

from datetime import date

import pytest
from federation import event, moved

from warehouse.objections import Ground, left_hanging, objections
from warehouse.timeline import Change, Span, State, Timeline, applied, circle, replayed

FOUND, DAY, LATER = date(2010, 1, 1), date(2017, 3, 1), date(2017, 6, 1)


def base(parent: str = "A", **state: str) -> Timeline:
    return Timeline(
        (Span(FOUND, None, "旧名"),),
        (Span(FOUND, None, State(**state)),),
        {"块": (Span(FOUND, None, parent),)},
    )


def parents(timeline: Timeline, line: str = "块") -> list[tuple[date | None, date | None, str]]:
    return [(s.since, s.until, s.value) for s in timeline.parents[line]]


def test_a_transfer_cuts_the_relation_in_force_and_what_was_planned_after_it() -> None:
    planned = Timeline((), (), {"块": (Span(FOUND, LATER, "A"), Span(LATER, None, "C"))})
    found = applied(planned, 1, moved("G", "A", "B", DAY))
    assert parents(found) == [(FOUND, DAY, "A"), (DAY, None, "B")]
    same_day = applied(found, 2, moved("G", "A", "D", DAY))
    assert parents(same_day) == [(FOUND, DAY, "A"), (DAY, None, "D")]


def test_order_of_approval_does_not_matter_order_of_effect_does() -> None:
    early, late = moved("G", "A", "B", DAY), moved("G", "B", "C", LATER)
    wanted = [(FOUND, DAY, "A"), (DAY, LATER, "B"), (LATER, None, "C")]
    assert parents(replayed(base(), [(1, late), (2, early)])) == wanted
    assert parents(replayed(base(), [(2, late), (1, early)])) == wanted


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (event("G", "撤销", DAY), State(), State(status="已撤销")),
        (event("G", "合并", DAY, successor="H"), State(), State(status="已合并")),
        (event("G", "恢复", DAY), State(status="已撤销"), State()),
        (event("G", "新建", DAY), State(status="筹建"), State()),
        (event("G", "升格", DAY), State(level="区县级"), State(level="市级")),
        (
            event("G", "升格", DAY, after={"level": "省级", "type": "产业工会"}),
            State(level="区县级"),
            State(level="省级", type="产业工会"),
        ),
        (
            event("G", "转型（产业转机关）", DAY),
            State(type="产业工会", level="市级", resident="驻会", lead="条为主"),
            State(type="基层工会委员会", level="基层"),
        ),
        (event("G", "领导关系变更", DAY, line="条"), State(), State(lead="条为主")),
        (
            event("G", "领导关系变更", DAY, after={"lead": "同级党委（党组）为主"}),
            State(),
            State(lead="同级党委（党组）为主"),
        ),
        (
            event("G", "领导关系变更", DAY, after={"resident": "归口管理"}),
            State(resident="协管"),
            State(resident="归口管理"),
        ),
        (event("G", "划转", DAY, after={"level": "省级"}), State(), State()),
    ],
)
def test_a_state_from_the_day_on_and_not_before(
    change: Change, before: State, after: State
) -> None:
    timeline = Timeline((), (Span(FOUND, None, before),), {})
    found = applied(timeline, 1, change)
    assert found.state_on(date(2017, 2, 28)) == before
    assert found.state_on(DAY) == after


def test_a_decision_older_than_the_registration_holds_from_its_own_day() -> None:
    young = Timeline((), (Span(LATER, None, State(status="筹建")),), {})
    found = applied(young, 1, event("G", "新建", DAY, to_parent="A"))
    assert (found.state_on(DAY), found.state_on(LATER)) == (State(), State())
    assert found.state_on(FOUND) is None


def test_a_new_name_stands_from_its_day_and_the_end_keeps_the_parent() -> None:
    found = replayed(
        base(),
        [(1, event("G", "更名", DAY, after={"name": "新名"})), (2, event("G", "撤销", LATER))],
    )
    assert (found.name_on(FOUND), found.name_on(LATER)) == ("旧名", "新名")
    assert found.parent_on("块", date(2018, 1, 1)) == "A"
    assert found.end is not None


def test_a_circle_is_seen_on_the_days_on_which_it_would_exist() -> None:
    spans = {
        "A": (Span(FOUND, LATER, "T"), Span(LATER, None, "B")),
        "B": (Span(FOUND, None, "T"),),
    }
    above = lambda code: spans.get(code, ())  # noqa: E731
    assert circle(above, "B", "A", DAY) == ["A", "B"]
    assert circle(above, "B", "A", DAY, LATER) is None


def ground() -> Ground:
    """T over A and B, G below A, H ended in March."""
    return Ground(
        {
            "T": Timeline((), (Span(FOUND, None, State()),), {}),
            "A": base("T"),
            "B": base("T"),
            "G": base("A"),
            "H": replayed(base("B"), [(1, event("H", "撤销", DAY))]),
        }
    )


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (moved("G", "A", "B", LATER), []),
        (moved("G", "B", "A", LATER), ["V-O-102"]),
        (moved("H", "B", "A", LATER), ["V-O-105"]),
        (moved("H", "B", "A", DAY), []),  # on its last day it may still be moved
        (event("H", "恢复", LATER, to_parent="A"), []),
        (event("G", "恢复", LATER, to_parent="A"), ["V-O-112"]),
        (moved("G", "A", "H", LATER), ["V-O-106"]),
        (moved("G", "A", "H", date(2017, 1, 1)), ["V-O-106"]),  # it ends while it would hold G
        (event("G", "合并", LATER, successor="H"), ["V-O-106"]),
        (event("G", "合并", LATER, successor="G"), ["V-O-107"]),
        (event("G", "分立", LATER, successor="X"), ["V-O-104"]),
        (moved("G", "A", "X", LATER), ["V-O-104"]),
        (moved("A", "T", "G", LATER), ["V-O-108"]),
        (moved("A", "T", "A", LATER), ["V-O-108"]),
        (event("A", "撤销", LATER), ["V-O-110"]),
        (event("G", "撤销", LATER), []),
        (event("G", "更名", LATER), ["V-O-111"]),
        (event("G", "更名", LATER, after={"name": "旧名"}), ["V-O-111"]),
        (event("G", "更名", LATER, after={"name": "新名"}), []),
    ],
)
def test_what_stands_against_a_change(change: Change, rules: list[str]) -> None:
    assert [o.rule for o in objections(change, ground())] == rules


def test_a_second_parent_of_the_same_day_is_an_overlap() -> None:
    land = ground()
    land.apply(moved("G", "A", "B", LATER))
    (found,) = objections(moved("G", "B", "T", LATER), land)
    assert (found.rule, found.values["other"]) == ("V-O-109", "B")


def test_children_that_left_before_do_not_stand_against_the_end() -> None:
    land = ground()
    land.apply(moved("G", "A", "B", LATER))
    assert objections(event("A", "撤销", LATER), land) == []
    assert [o.rule for o in objections(event("A", "撤销", DAY), land)] == ["V-O-110"]


def test_taking_back_what_others_stand_on_is_seen() -> None:
    land = ground()
    land.apply(event("H", "恢复", LATER, to_parent="B"))
    land.apply(moved("G", "A", "H", LATER))
    assert left_hanging(land, ["H"]) == []
    land.put("H", replayed(base("B"), [(1, event("H", "撤销", DAY))]))
    (found,) = left_hanging(land, ["H"])
    assert found.rule == "V-O-114"
    assert "仍有下级工会 G" in found.values["why"]
