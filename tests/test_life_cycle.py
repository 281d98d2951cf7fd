"""The life of a submission: every transition that may be, every one that may not, random walks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from definitions import Period
from definitions.life_cycle import LifeCycle, life_cycle
from pipelines.flow import handling
from pipelines.flow.ground import definitions, engine, register
from pipelines.flow.handling import Actor, Overtaken, StepRefused, act, possible, submission_case
from pipelines.life_cycle import Asked, refusal
from tests.federation import moment, union
from warehouse import audit, receipts
from warehouse.gates import broken_gates
from warehouse.life_cycle import Case, state_on, wrong_states
from warehouse.organisations import ids, open_periods
from warehouse.organisations import register as enter
from warehouse.submissions import NewFiling, NewFinding, NewRow, NewSubmission, load

CYCLE = life_cycle()
STATES = [s.code for s in CYCLE.states]
PEOPLE = [t for t in CYCLE.transitions if t.actor != "system"]
DAY = date(2017, 4, 6)
SIGNATURES = ("复核人", "单位负责人")
TOP, COUNTY, TRADE, UNIT, STRANGER = "P", "C1", "T1", "U1", "C2"


def case(state: str, **changes: Any) -> Case:
    """A submission in a state: signed, unit U1 below C1 below P, T1 beside them."""
    start = Case(
        id=1, reporter=UNIT, period="2017-03", version=1, verdict="accepted", state=state, seen=0,
        locks_on=None, received_at=moment(2017, 4, 5), sender=UNIT, leading=(COUNTY, TOP),
        other=(TRADE,), checked_by=(), objecting=(), signed=dict.fromkeys(SIGNATURES, "封面签名"),
        words=(), steps=(),
    )  # fmt: skip
    return replace(start, **changes)


def willing(verb: str) -> tuple[Actor, Asked, dict[str, Any]]:
    """Somebody who may do it, with all that is asked for, and what the case must be like."""
    transition = CYCLE.transition(verb)
    organisation = {"unit": UNIT, "leading": COUNTY, "other": TRADE}[transition.actor]
    changes: dict[str, Any] = {}
    if verb in ("accept_words", "refuse_words"):
        changes["words"] = (7,)
    if verb in ("sign_review", "sign"):
        changes["signed"] = {} if verb == "sign_review" else {"复核人": "王强"}
    if verb == "accept":
        organisation, changes["checked_by"] = TOP, (COUNTY,)
    asked = Asked(verb, "数字与台账不符", DAY + timedelta(2), 7)
    return Actor("张审核", organisation), asked, changes


def refused(state: str, verb: str, actor: Actor | None = None, **changes: Any) -> str | None:
    person, asked, needed = willing(verb)
    return refusal(case(state, **{**needed, **changes}), asked, actor or person, DAY, SIGNATURES)


ALLOWED = [(s, t.verb) for t in PEOPLE for s in t.sources if s != "draft"]
FORBIDDEN = [
    (s, t.verb) for s, t in product(STATES, CYCLE.transitions)
    if t.actor == "system" or s not in t.sources
]  # fmt: skip


@pytest.mark.parametrize(("state", "verb"), ALLOWED)
def test_every_allowed_transition_is_open_to_whom_it_belongs(state: str, verb: str) -> None:
    assert refused(state, verb) is None


@pytest.mark.parametrize(("state", "verb"), FORBIDDEN)
def test_every_other_transition_is_refused_with_a_sentence(state: str, verb: str) -> None:
    person = Actor("操作员", COUNTY)
    said = refusal(case(state), Asked(verb, "理由", DAY, 7), person, DAY, SIGNATURES)
    assert said is not None
    assert CYCLE.transition(verb).chinese in said


def test_the_whole_table_is_what_was_decided() -> None:
    """The domain's line from draft to superseded, and nothing that leaves an end again."""
    ends = {s for s in STATES if not any(s in t.sources for t in CYCLE.transitions)}
    assert ends == {"superseded", "discarded"}
    line = ["draft", "received", "parsed", "validated", "checked", "accepted", "locked",
            "corrected", "superseded"]  # fmt: skip
    for here, there in zip(line, line[1:], strict=False):
        assert any(t.to == there and here in t.sources for t in CYCLE.transitions), (here, there)
    assert {t.to for t in CYCLE.transitions if "returned" in t.sources and t.to} == {
        "resent", "discarded", "superseded",
    }  # fmt: skip


@pytest.mark.parametrize(("state", "verb"), ALLOWED)
def test_nobody_else_may(state: str, verb: str) -> None:
    strangers = {STRANGER, UNIT, COUNTY, TRADE, TOP} - {
        "unit": {UNIT}, "leading": {COUNTY, TOP}, "other": {TRADE},
    }[CYCLE.transition(verb).actor]  # fmt: skip
    for organisation in strangers:
        assert refused(state, verb, Actor("某人", organisation)) is not None
    assert refused(state, verb, Actor("某人")) == "请说明以哪个工会的身份办理"


@pytest.mark.parametrize(("state", "verb"), ALLOWED)
def test_a_role_without_the_verb_may_not(state: str, verb: str) -> None:
    person, *_ = willing(verb)
    right = CYCLE.transition(verb).right
    others = Actor(person.name, person.organisation, CYCLE.rights - {str(right)})
    assert "权限" in str(refused(state, verb, others))
    assert refused(state, verb, replace(others, rights=frozenset({str(right)}))) is None


@pytest.mark.parametrize("verb", [t.verb for t in PEOPLE if "reason" in t.needs])
def test_what_needs_a_reason_is_refused_without_one(verb: str) -> None:
    person, asked, needed = willing(verb)
    state = CYCLE.transition(verb).sources[-1]
    said = refusal(case(state, **needed), replace(asked, reason="  "), person, DAY, SIGNATURES)
    assert said is not None
    assert "理由" in said
    past = replace(asked, due_on=DAY - timedelta(1))
    assert "过去" in str(refusal(case(state, **needed), past, person, DAY, SIGNATURES))


@pytest.mark.parametrize(
    ("changes", "actor", "verb", "said"),
    [
        ({"signed": {}}, COUNTY, "check", "还没有签齐：缺复核人、单位负责人"),
        ({"signed": {"复核人": "王强"}}, COUNTY, "check", "缺单位负责人"),
        ({"words": (7, 8)}, COUNTY, "check", "还有 2 条说明"),
        ({"checked_by": (COUNTY,)}, COUNTY, "check", "已经审核过"),
        ({"checked_by": (COUNTY, TOP)}, COUNTY, "send_back", "再上一级已经审核"),
        ({}, TOP, "check", "终审接收"),
        ({"checked_by": (COUNTY,)}, COUNTY, "accept", "只有最上一级"),
        ({}, TRADE, "check", "可以会签同意或提出异议"),
        ({"signed": {}}, UNIT, "sign", "请先由复核人签名"),
        (
            {"signed": {"复核人": "张审核"}, "signers": ((None, "张审核"),)},
            UNIT,
            "sign",
            "不能是同一人",
        ),
        ({"signed": {"复核人": "王强"}}, UNIT, "sign_review", "已经签过（王强）"),
        ({"words": (8,)}, COUNTY, "accept_words", "这条说明不存在"),
    ],
)
def test_what_is_out_of_order(changes: dict[str, Any], actor: str, verb: str, said: str) -> None:
    state = "explained" if "words" in verb else "validated"
    asked = Asked(verb, "" if verb in ("check", "accept") else "理由", DAY, 7)
    found = refusal(case(state, **changes), asked, Actor("张审核", actor), DAY, SIGNATURES)
    assert found is not None
    assert said in found


@pytest.mark.parametrize(
    ("signer", "actor", "same"),
    [
        ((4, "王强"), Actor("王强", UNIT, account=4), True),
        ((4, "王强"), Actor("王 强", UNIT, account=4), True),  # renamed meanwhile
        ((4, "王强"), Actor("王强", UNIT, account=5), False),  # two people of one name
        ((4, "王强"), Actor("赵国庆", UNIT, account=5), False),
        ((None, "王强"), Actor("王强", UNIT, account=5), True),  # nobody knows whose account
        ((4, "王强"), Actor("王强", UNIT), True),
    ],
)
def test_who_signs_is_told_apart_by_account(
    signer: tuple[int | None, str], actor: Actor, same: bool
) -> None:
    signed = case("validated", signed={"复核人": signer[1]}, signers=(signer,))
    said = refusal(signed, Asked("sign"), actor, DAY, SIGNATURES)
    assert ("不能是同一人" in str(said)) is same
    assert (said is None) is not same


def test_skipping_a_level_or_an_objection_takes_a_reason() -> None:
    top = Actor("李主任", TOP)
    bare, reasoned = Asked("accept"), Asked("accept", "区县工会换届，经批准代审")
    assert "还没有审核" in str(refusal(case("validated"), bare, top, DAY, SIGNATURES))
    assert refusal(case("validated"), reasoned, top, DAY, SIGNATURES) is None
    objected = case("checked", checked_by=(COUNTY,), objecting=(TRADE,))
    assert "有异议" in str(refusal(objected, bare, top, DAY, SIGNATURES))
    assert refusal(objected, reasoned, top, DAY, SIGNATURES) is None


def test_data_that_contradict_themselves_are_not_loaded() -> None:
    good = CYCLE.model_dump(by_alias=True)
    for spoil in (
        lambda d: d["transitions"].append({**d["transitions"][0], "verb": "x", "to": "nowhere"}),
        lambda d: d["transitions"].append(dict(d["transitions"][0])),
        lambda d: d["states"].append({**d["states"][0], "code": "island"}),
        lambda d: d["transitions"][0].update(right=None),
    ):
        data = {k: [dict(v) for v in values] for k, values in good.items()}
        spoil(data)
        with pytest.raises(ValidationError):
            LifeCycle.model_validate(data)


def test_locking_needs_nobody_to_run_anything() -> None:
    lock = date(2017, 4, 12)
    assert state_on("checked", lock, lock) == "checked"
    assert state_on("checked", lock, lock + timedelta(1)) == "locked"
    assert state_on("returned", lock, lock + timedelta(1)) == "returned"
    assert state_on("checked", None, lock + timedelta(1)) == "checked"


# --- in the warehouse ---

AT = "2017-04-06T09:00:00"
COUNTY_CHECKER = Actor("马审核", COUNTY)
TOP_CHECKER = Actor("李主任", TOP)


@dataclass
class Stage:
    """A federation of four, committed, into which submissions are loaded one by one."""

    count: int = 0

    def submit(
        self,
        verdict: str = "accepted",
        period: str = "2017-03",
        *,
        words: str | None = None,
        signed: bool = True,
        reporter: str = UNIT,
        day: int = 5,
        forms: tuple[str, ...] = ("ORG-02",),
    ) -> int:
        """One submission, received later than those before on the same day; its id."""
        self.count += 1
        received = moment(2017, 4, day) + timedelta(seconds=self.count)
        severity = {"returned": "退回"}.get(verdict, "须说明")
        finding = NewFinding(
            "V-R-007", severity, "专职工会干部 0 人", "请说明", "ORG-02", "月报", 6, [3],
            "fulltime_cadres", "0", "", "C6", explanation=words, fingerprint=f"print-{self.count}",
        )  # fmt: skip
        with engine().begin() as connection:
            known = ids(connection)
            receipt = receipts.record(
                connection, sha256=f"life-{self.count}", size=1, file_name="表.xlsx",
                channel="test", source=f"life-{self.count}", sender=reporter, received_at=received,
            )  # fmt: skip
            assert receipt is not None
            filings = [_filing(f, period, reporter, known[reporter], self.count) for f in forms]
            submission = NewSubmission(
                receipt_id=receipt.id, member="", sha256=f"life-{self.count}", format="xlsx",
                reporter_id=known[reporter], period=period, state=verdict,
                cover={"reviewed_by": "x", "signed_by": "y"} if signed else {},
                definitions=definitions().digest, received_at=received, forms=forms,
                filings=filings if verdict == "accepted" else (),
                findings=[finding] if words or verdict != "accepted" else (),
            )  # fmt: skip
            load(connection, [submission], received)
            return int(
                connection.execute(
                    text("SELECT id FROM submission WHERE receipt_id = :r"), {"r": receipt.id}
                ).scalar_one()
            )


def _filing(code: str, period: str, reporter: str, org_id: int, number: int) -> NewFiling:
    """One row about the reporter, told apart by its number."""
    at = Period.parse(period)
    form = definitions().form(code, at)
    numbers: list[float | None] = [float(number) if c.type.numeric else None for c in form.columns]
    texts: list[str | None] = [None] * len(form.columns)
    texts[form.position["org_code"]] = reporter
    row = NewRow(6, org_id, reporter, numbers, texts)
    columns = list(range(1, len(form.columns) + 1))
    return NewFiling(code, form.edition, period, at.end, code, columns, [row])


@pytest.fixture(scope="module")
def stage(module_home: Any) -> Iterator[Stage]:
    """P over C1 and C2; U1 below C1, with T1 on the industry line."""
    from warehouse.engine import ensure_partitions

    known = definitions()
    register(known, moment(2017, 3, 1))
    with engine().begin() as connection:
        unions = [
            union(TOP, "市级"),
            union(COUNTY, "区县级", {"块": TOP}),
            union(STRANGER, "区县级", {"块": TOP}),
            union(TRADE, "区县级", {"块": TOP}),
            union(UNIT, "基层", {"块": COUNTY, "条": TRADE}),
        ]
        enter(connection, unions, moment(2016, 1, 1))
        ensure_partitions(connection, 2017)
        open_periods(connection, known, Period.parse("2017-03"), moment(2017, 3, 25))
    yield Stage()


def verbs(case: Case) -> list[str]:
    return [s.verb for s in case.steps]


def test_from_validated_to_accepted_level_by_level(stage: Stage) -> None:
    one = stage.submit(signed=False)
    start = submission_case(one, AT)
    assert (start.state, start.leading, start.other) == ("validated", (COUNTY, TOP), (TRADE,))
    with pytest.raises(StepRefused, match="还没有签齐"):
        act(one, "check", COUNTY_CHECKER, AT)
    act(one, "sign_review", Actor("王强", UNIT), AT)
    act(one, "sign", Actor("赵国庆", UNIT), AT)
    act(one, "concur", Actor("产业审核员", TRADE), AT)
    assert act(one, "check", COUNTY_CHECKER, AT).state == "checked"
    done = act(one, "accept", TOP_CHECKER, AT)
    assert done.state == "accepted"
    assert verbs(done) == [
        "send", "read", "pass", "sign_review", "sign", "concur", "check", "accept",
    ]  # fmt: skip
    assert [(s.from_state, s.to_state) for s in done.steps[-2:]] == [
        ("validated", "checked"), ("checked", "accepted"),
    ]  # fmt: skip
    assert submission_case(one, "2017-04-30T09:00:00").state == "locked"
    with engine().connect() as connection:
        assert audit.first_broken(connection) is None


def test_sent_back_is_a_task_until_the_unit_sends_again(stage: Stage) -> None:
    one = stage.submit()
    back = act(one, "send_back", COUNTY_CHECKER, AT, reason="会员数与花名册不符", assignee="李敏")
    assert back.state == "returned"
    (task,) = handling.open_tasks([UNIT])
    assert (task.submission_id, task.reason, task.assignee) == (one, "会员数与花名册不符", "李敏")
    assert task.due_on == date(2017, 4, 10)  # two working days from Thursday the 6th
    act(one, "assign", COUNTY_CHECKER, AT, assignee="王强", due="2017-04-12")
    assert handling.open_tasks(assignee="李敏") == []
    two = stage.submit()
    assert handling.open_tasks([UNIT]) == []
    assert submission_case(one, AT).state == "superseded"
    assert submission_case(two, AT).state == "validated"


def test_a_second_failing_version_answers_the_first_and_asks_itself(stage: Stage) -> None:
    one = stage.submit("returned", "2017-02")
    two = stage.submit("explain", "2017-02")
    assert [submission_case(i, AT).state for i in (one, two)] == ["resent", "explaining"]
    assert [t.submission_id for t in handling.open_tasks([UNIT])] == [two]
    act(two, "set_aside", COUNTY_CHECKER, AT, reason="误报的空表")
    assert submission_case(two, AT).state == "discarded"
    assert handling.open_tasks([UNIT]) == []


def test_words_are_judged_one_by_one_and_refused_ones_carry_no_further(stage: Stage) -> None:
    from warehouse.findings import explained, refused_words

    one = stage.submit(period="2017-01", words="专职主席年底到位")
    here = submission_case(one, AT)
    assert here.state == "explained"
    (finding,) = here.words
    with pytest.raises(StepRefused, match="1 条说明"):
        act(one, "check", COUNTY_CHECKER, AT)
    mark = f"print-{stage.count}"
    with engine().connect() as connection:
        assert explained(connection, [mark]) == {mark: (finding, "专职主席年底到位")}
    back = act(one, "refuse_words", COUNTY_CHECKER, AT, reason="去年也这样写", finding=finding)
    assert (back.state, back.words) == ("returned", ())
    with engine().connect() as connection:
        assert explained(connection, [mark]) == {}
        assert refused_words(connection, [mark]) == {mark: frozenset({"专职主席年底到位"})}
    two = stage.submit(period="2017-01", words="编办〔2017〕3号已批，五月到岗")
    (finding,) = submission_case(two, AT).words
    act(two, "accept_words", COUNTY_CHECKER, AT, finding=finding)
    assert act(two, "check", COUNTY_CHECKER, AT).state == "checked"


def test_the_second_of_two_people_is_told_and_overwrites_nothing(stage: Stage) -> None:
    one = stage.submit()
    seen = submission_case(one, AT).seen
    act(one, "check", COUNTY_CHECKER, AT, seen=seen)
    with pytest.raises(Overtaken, match="马审核 刚刚对这份报送做了“审核通过”"):
        act(one, "send_back", Actor("杨审核", COUNTY), AT, seen=seen, reason="不符")
    assert verbs(submission_case(one, AT))[-1] == "check"


def test_who_is_on_a_submission_is_told_and_lapses(stage: Stage) -> None:
    one = stage.submit()
    first, second = Actor("马审核", COUNTY), Actor("杨审核", COUNTY)
    assert handling.claim_submission(one, first, AT).own
    told = handling.claim_submission(one, second, "2017-04-06T09:10:00")
    assert (told.actor, told.own) == ("马审核", False)
    assert handling.claim_submission(one, second, "2017-04-06T09:15:00").own
    handling.release_submission(one, first)
    assert not handling.claim_submission(one, first, "2017-04-06T09:20:00").own
    handling.release_submission(one, second)
    assert handling.claim_submission(one, first, "2017-04-06T09:20:00").own


def test_a_version_after_the_lock_corrects_and_at_last_takes_the_place(stage: Stage) -> None:
    """Two forms locked; one is corrected, the other still stands; then that one too."""
    one = stage.submit(reporter=TRADE, forms=("ORG-02", "FIN-01"))
    act(one, "accept", TOP_CHECKER, AT)
    late = "2017-05-02T09:00:00"
    assert submission_case(one, "2017-04-13T09:00:00").state == "accepted"  # funds lock later
    assert submission_case(one, late).state == "locked"
    stage.submit(reporter=TRADE, day=28)
    assert submission_case(one, late).state == "corrected"
    with pytest.raises(StepRefused, match="已更正"):
        act(one, "uncheck", TOP_CHECKER, late, reason="重审")
    stage.submit(reporter=TRADE, day=29, forms=("FIN-01",))
    assert submission_case(one, late).state == "superseded"


TAKEN: list[str] = []
MOVES = st.lists(
    st.one_of(
        st.tuples(
            st.just("submit"), st.sampled_from(["accepted", "accepted", "explain", "returned"])
        ),
        # One of those open to somebody just then, and any verb by anybody.
        st.tuples(st.just("open"), st.integers(0, 40)),
        st.tuples(st.just("open"), st.integers(0, 40)),
        st.tuples(
            st.sampled_from([t.verb for t in CYCLE.transitions]),
            st.sampled_from([UNIT, COUNTY, TRADE, TOP, STRANGER]),
        ),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(moves=MOVES, words=st.booleans(), day=st.sampled_from([6, 30]))
def test_random_walks_stay_inside(stage: Stage, moves: Any, words: bool, day: int) -> None:
    """Whatever is tried by whomever: known states, legal moves, a whole chain, sound gates."""
    at = f"2017-04-{day:02d}T09:00:00"
    newest = stage.submit(words="年底到位" if words else None)
    walked = [newest]
    for verb, who in moves:
        if verb == "submit":
            newest = stage.submit(who, words="年底到位" if words else None)
            walked.append(newest)
            continue
        before = submission_case(newest, at)
        if verb == "open":
            ways = [
                (t.verb, code)
                for code in (UNIT, COUNTY, TRADE, TOP)
                for t, why in possible(before, Actor("某人", code), at)
                if why is None
            ]
            if not ways:
                continue
            verb, who = ways[who % len(ways)]
        finding = before.words[0] if before.words else None
        try:
            after = act(newest, verb, Actor("某人", who), at, reason="理由", finding=finding)
        except StepRefused:
            assert submission_case(newest, at) == before
            continue
        TAKEN.append(verb)
        transition = CYCLE.transition(verb)
        assert before.state in transition.sources
        assert after.state == transition.target(before.state)
        assert after.seen == before.seen + 1
        assert verb in {t.verb for t, why in possible(before, Actor("某人", who), at) if not why}
    for submission in walked:
        found = submission_case(submission, at)
        assert found.state in STATES
        assert [s.seq for s in found.steps if 0 < s.seq < 10**6] == list(range(1, found.seen + 1))
    with engine().connect() as connection:
        assert wrong_states(connection) == []
        assert broken_gates(connection) == []


def test_the_walks_went_somewhere() -> None:
    """Random walks that are always refused would prove nothing."""
    assert len(TAKEN) >= 20
    assert {"check", "send_back", "concur", "object"} <= set(TAKEN)


def test_every_right_is_a_verb_that_some_role_holds() -> None:
    roles = definitions().roles
    assert CYCLE.rights <= roles.verbs.keys()
    assert CYCLE.rights <= {verb for role in roles.roles for verb in role.verbs}


SEEN_BY = {"county": (COUNTY, True), "stranger": (STRANGER, False), "unit": (UNIT, True)}
TABLES = ("submission_step", "submission_claim", "correction", "receipt_progress", "form_draft")


@pytest.mark.parametrize("table", TABLES)
def test_only_who_sees_a_submission_sees_what_was_done_with_it(stage: Stage, table: str) -> None:
    """Of a union next door not even that there was a step; a draft's content nobody reads."""
    from warehouse import accounts, corrections, drafts
    from warehouse.receipt_progress import note_stage
    from warehouse.sight import as_person

    when, one = moment(2017, 4, 6), stage.submit()
    act(one, "send_back", COUNTY_CHECKER, AT, reason="不符")
    handling.claim_submission(one, COUNTY_CHECKER, AT)
    known = definitions()
    with engine().begin() as connection:
        (receipt,) = connection.execute(
            text("SELECT receipt_id FROM submission WHERE id = :i"), {"i": one}
        ).scalars()
        note_stage(connection, [receipt], "done", when)
        corrections.enter(connection, one, "0" * 64, [("表", "A1", "")], "核", "confirm",
                          COUNTY_CHECKER, when)  # fmt: skip
        if drafts.find(connection, UNIT, "2017-03", "ORG-02") is None:
            drafts.keep(connection, UNIT, "2017-03", "ORG-02", [], {}, 0, COUNTY_CHECKER, when)
        accounts.keep_roles(connection, known)
        numbers = {}
        for login, (org, _) in SEEN_BY.items():
            name = f"{login}-{table}"
            numbers[login] = accounts.create_account(connection, name, name, at=when, actor="t")
            role = "reporter" if org == UNIT else "county_reviewer"
            accounts.grant(connection, known, numbers[login], role, org, at=when, actor="t")
    for login, (_, sees) in SEEN_BY.items():
        with as_person(engine(), numbers[login], DAY) as reading:
            rows = reading.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            assert (rows > 0) is sees, (login, table)
    with (
        pytest.raises(ProgrammingError),
        as_person(engine(), numbers["county"], DAY) as reading,
    ):
        reading.execute(text("SELECT content FROM form_draft"))
