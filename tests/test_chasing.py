"""Chasing: a reminder by what was really done, word up both lines, each threshold once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from acceptance import process_waiting, query, save
from channel_servers import webhook
from channel_story import COUNTY, OPENED, OTHER, STRANGERS, UNIONS, bad, good, rows, set_up

from definitions.catalogue import Definitions
from pipelines import flow
from pipelines.flow.ground import engine, moment
from warehouse import contacts
from warehouse.contacts import Contact

CITY = "640100Z00001"
SILENT, TAKER = UNIONS[1], UNIONS[2]


@pytest.fixture(scope="module")
def story(module_home, tmp_path_factory) -> Iterator[list[str]]:
    """March is due on 5 April (for ORG-02) and locked on the 12th; the chat hears everything."""
    with pytest.MonkeyPatch.context() as patch, webhook() as (address, posted):
        patch.setenv("UNION_REPORTS_CHAT_OFFICE", address)
        set_up(tmp_path_factory.mktemp("registry"))
        yield posted


def noted(kind: str) -> dict[str, dict]:
    """Key → facts of the notices of a kind."""
    found = query("SELECT key, facts FROM notice WHERE kind = :k ORDER BY key", k=kind)
    return {r.key: r.facts for r in found}


def due_days() -> dict[str, str]:
    found = query("SELECT DISTINCT due_on, lock_on FROM expected_filing WHERE form = 'ORG-02'")
    return {"due": str(found[0].due_on), "lock": str(found[0].lock_on)}


def test_the_days_of_the_story(story):
    assert due_days() == {"due": "2017-04-05", "lock": "2017-04-12"}


def test_nothing_is_said_long_before_and_on_a_holiday(story):
    assert flow.chase("2017-03-27T08:30:00") == {"reminders": 0, "escalations": 0, "standing": 0}
    # 2 to 4 April 2017 were Qingming.
    assert flow.chase("2017-04-03T08:30:00")["holiday"] == 1


def test_each_is_reminded_by_what_it_did(story, definitions: Definitions, tmp_path):
    flow.note_fetched(TAKER, "2017-03", "portal", "2017-03-28T10:00:00")
    flow.hand_in([str(save(tmp_path, "坏.xlsx", bad(definitions)))], COUNTY, OPENED)
    process_waiting("2017-03-29T09:00:00")
    done = flow.chase("2017-04-01T08:30:00")
    assert done["reminders"] > 0
    assert done["escalations"] == 0
    facts = noted("reminder")
    mine = {k.split(":")[3]: f for k, f in facts.items() if ":2017-04-05:" in k}
    assert {f["stage"] for f in mine.values()} == {"before"}
    # Only one working day is left: the days before were a weekend and Qingming, and 1 April a 调休.
    assert mine[SILENT]["status"] == "never"
    assert mine[TAKER]["status"] == "started"
    assert flow.chase("2017-04-01T17:30:00")["reminders"] == 0


def test_who_handed_in_hears_nothing_and_the_others_once_more(story, definitions, tmp_path):
    flow.hand_in([str(save(tmp_path, "好.xlsx", good(definitions)))], COUNTY, "2017-04-05T08:00:00")
    process_waiting("2017-04-05T08:00:00")
    flow.chase("2017-04-05T08:30:00")
    today = {k.split(":")[3] for k in noted("reminder") if k.endswith(":before-0")}
    assert set(STRANGERS) <= today
    late = noted("reminder")
    org02 = definitions.newest("ORG-02").title
    for union in UNIONS:
        own = [f for k, f in late.items() if f":{union}:before-0" in k]
        assert all(org02 not in f["forms"] for f in own)


def test_late_goes_up_one_level_and_then_two_on_both_lines(story):
    flow.chase("2017-04-06T08:30:00")
    up = noted("escalation")
    first = {k: f for k, f in up.items() if k.endswith(f":{OTHER}:late-1")}
    assert first
    assert not [k for k in up if ":late-3" in k]
    (block,) = (f for k, f in first.items() if ":2017-04-05:块:" in k)
    assert block["count"] == len(STRANGERS)
    assert block["expected"] == len(STRANGERS)
    flow.chase("2017-04-10T08:30:00")
    up = noted("escalation")
    second = {k: f for k, f in up.items() if k.endswith(f":{CITY}:late-3")}
    assert {k.split(":")[3] for k in second} >= {"块"}
    lines = {k.split(":")[3] for k in up}
    assert lines == {"块", "条"}


def test_after_the_lock_the_missing_are_told_v_t_003(story, definitions):
    flow.chase("2017-04-13T08:30:00")
    missing = {k: f for k, f in noted("reminder").items() if k.endswith(":missing")}
    mine = next(f for k, f in missing.items() if f":2017-04-05:{STRANGERS[0]}:" in k)
    rule = definitions.rule("V-T-003")
    assert mine["message"] == rule.message.replace("{lock_on}", "2017-04-12")
    assert mine["advice"] == rule.advice
    assert [k for k in noted("escalation") if k.endswith(f":{OTHER}:missing")]
    # A week later it is history.
    before = len(noted("reminder"))
    flow.chase("2017-05-02T08:30:00")
    after = {k for k in noted("reminder") if ":2017-04-05:" in k}
    assert len(after) <= before
    assert not [k for k in after if k.endswith(":missing") and k not in missing]


def test_everything_goes_into_one_message_and_not_too_often(story):
    with engine().begin() as connection:
        contacts.enter(
            connection, [Contact(STRANGERS[0], "chat", "office")], moment(OPENED), "test"
        )
    when = "2017-04-13T09:00:00"
    waiting = query(
        "SELECT n.id FROM notice n JOIN organisation o ON o.id = n.org_id WHERE o.code = :c "
        "AND n.told_at IS NULL AND n.noted_at >= :s",
        c=STRANGERS[0], s=moment("2017-04-06T09:00:00"),
    )  # fmt: skip
    assert len(waiting) > 1
    told = flow.tell(when)
    assert told["digests"] >= 1
    assert flow.deliver_messages(when)["sent"] == 1
    (posted,) = story
    assert "V-T" not in posted
    flow.tell("2017-04-13T09:10:00")
    assert flow.deliver_messages("2017-04-13T09:10:00") == {}
    (row,) = query("SELECT subject, body, notices FROM outbox WHERE way = 'chat'")
    assert sorted(row.notices) == sorted(r.id for r in waiting)
    assert row.subject.startswith("【报送提醒】2017年3月缺报")
    assert row.subject.endswith(f"等 {len(waiting)} 项")


def test_no_reported_value_and_nobody_stands_in_what_is_told(story):
    """Facts are labels, counts and names of unions: every word of a message comes from them."""
    numbers = {str(r["members_total"]) for r in rows(101)}
    for row in query("SELECT facts::text AS facts FROM notice"):
        assert not numbers & set(row.facts.replace('"', " ").split())
