"""The warehouse: migrations agree with tables, values are append-only, moves change no total."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from definitions import Period
from definitions.organisations import Organisation
from warehouse import audit, receipts
from warehouse.current import current_rows
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions, sql, warehouse
from warehouse.organisations import (
    ancestors,
    ids,
    names_on,
    open_periods,
    register,
    standing,
)
from warehouse.originals import OriginalDamaged, Originals
from warehouse.personal import conceal, data_key, reveal
from warehouse.reorganisations import apply_changes
from warehouse.rollup import compute
from warehouse.submissions import NewFiling, NewRow, NewSubmission, load
from warehouse.timeline import Change

JAN = datetime(2016, 1, 1, tzinfo=UTC)
TOP, COUNTY, ZONE, TRADE, MILL, MINE = "T", "C", "Z", "I", "G1", "G2"


def org(code: str, level: str, parents: list[tuple[str, str]], **more: object) -> Organisation:
    return Organisation.model_validate(
        {
            "code": code,
            "name": f"{code}工会",
            "type": "基层工会委员会" if level == "基层" else "市总工会",
            "level": level,
            "region": "640200",
            "found": "2010-01-01",
            "parents": [{"line": ln, "parent": p, "since": "2010-01-01"} for ln, p in parents],
            **more,
        }
    )


FEDERATION = [
    org(TOP, "省级", []),
    org(COUNTY, "区县级", [("块", TOP)]),
    org(ZONE, "区县级", [("块", TOP)]),
    org(TRADE, "市级", [("块", TOP)]),
    org(MILL, "基层", [("块", COUNTY), ("条", TRADE)]),
    org(MINE, "基层", [("块", COUNTY)]),
]


@pytest.fixture
def connection(warehouse_home, definitions):
    with warehouse().begin() as opened:
        register_definitions(opened, definitions, JAN)
        register(opened, FEDERATION, JAN)
        ensure_partitions(opened, 2017)
        ensure_partitions(opened, 2016)
        yield opened
        opened.rollback()


def report(
    connection,
    definitions,
    members: dict[str, int],
    period: str = "2017-03",
    *,
    reporter: str = COUNTY,
    received: datetime = datetime(2017, 4, 3, tzinfo=UTC),
) -> dict[int, int]:
    """Hand in ORG-02 with these member counts; everything else as small as may be."""
    known = ids(connection)
    form = definitions.form("ORG-02", Period.parse(period))
    place = form.position
    rows = []
    for n, (code, count) in enumerate(members.items()):
        numbers: list[float | None] = [None] * len(form.columns)
        texts: list[str | None] = [None] * len(form.columns)
        texts[place["org_code"]] = code
        numbers[place["members_total"]] = float(count)
        numbers[place["new_members"]] = 1.0
        rows.append(NewRow(6 + n, known[code], code, numbers, texts))
    receipt = receipts.record(
        connection,
        sha256=f"{period}{reporter}{received}{members}",
        size=1,
        file_name="月报.xlsx",
        channel="test",
        source=f"{period}{reporter}{received}{members}",
        sender=reporter,
        received_at=received,
    )
    assert receipt is not None
    return load(
        connection,
        [
            NewSubmission(
                receipt_id=receipt.id,
                member="",
                sha256=receipt.sha256,
                format="xlsx",
                reporter_id=known[reporter],
                period=period,
                state="accepted",
                cover={},
                definitions=definitions.digest,
                received_at=received,
                filings=[
                    NewFiling(
                        "ORG-02",
                        form.edition,
                        period,
                        Period.parse(period).end,
                        "月报",
                        list(range(1, len(form.columns) + 1)),
                        rows,
                    )
                ],
            )
        ],
        received,
    )


def members(connection, definitions, period: str = "2017-03") -> dict[str, float]:
    rows = current_rows(connection, definitions, "ORG-02", [period])
    return dict(zip(rows["org"], rows["members_total"], strict=True))


def figure(connection, computation: int, org_code: str, indicator: str, period: str, line: int = 1):
    return connection.execute(
        text(
            "SELECT v.value, v.reported, v.expected FROM indicator_value v "
            "LEFT JOIN organisation o ON o.id = v.org_id WHERE computation_id = :c "
            "AND coalesce(o.code, '0') = :o AND indicator = :i AND period = :p AND line = :l "
            "AND basis = 'reported'"
        ),
        {"c": computation, "o": org_code, "i": indicator, "p": period, "l": line},
    ).first()


def move(connection, code: str, line: str, old: str, new: str, day: date, known_at: datetime):
    return apply_changes(
        connection,
        [Change(code, "划转", line, old, new, day, "示总工发〔2017〕6号", 1, 6)],
        known_at,
    )


def test_migrations_and_tables_agree(connection):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from warehouse.tables import metadata

    context = MigrationContext.configure(
        connection,
        opts={"include_name": lambda n, k, _: not (k == "table" and n.startswith("filing_row_"))},
    )
    assert compare_metadata(context, metadata) == []


def test_a_second_version_supersedes_and_the_first_stays(connection, definitions):
    report(connection, definitions, {MILL: 100, MINE: 50})
    report(
        connection,
        definitions,
        {MILL: 101, MINE: 50},
        received=datetime(2017, 4, 5, tzinfo=UTC),
    )
    assert members(connection, definitions) == {MILL: 101, MINE: 50}
    states = connection.execute(
        text("SELECT superseded_at IS NULL FROM filing ORDER BY received_at")
    ).scalars()
    assert list(states) == [False, True]
    assert connection.execute(text("SELECT count(*) FROM filing_row")).scalar() == 2 + 2


def test_a_replayed_older_version_never_becomes_current(connection, definitions):
    report(connection, definitions, {MILL: 101}, received=datetime(2017, 4, 5, tzinfo=UTC))
    current = report(
        connection, definitions, {MILL: 100}, received=datetime(2017, 4, 3, tzinfo=UTC)
    )
    assert current == {}
    assert members(connection, definitions) == {MILL: 101}


def test_as_of_a_cut_off_the_old_version_is_read_again(connection, definitions):
    report(connection, definitions, {MILL: 100}, received=datetime(2017, 4, 3, tzinfo=UTC))
    report(connection, definitions, {MILL: 101}, received=datetime(2017, 4, 9, tzinfo=UTC))
    then = current_rows(
        connection,
        definitions,
        "ORG-02",
        ["2017-03"],
        cutoff=datetime(2017, 4, 6, tzinfo=UTC),
    )
    assert list(then["members_total"]) == [100]


def test_the_roster_is_frozen_and_unreported_is_not_zero(connection, definitions):
    month = Period.parse("2017-03")
    open_periods(connection, definitions, month, datetime(2017, 3, 25, tzinfo=UTC))
    report(connection, definitions, {MILL: 100})
    at = datetime(2017, 4, 12, tzinfo=UTC)
    computation = compute(connection, definitions, month, at, at)
    assert tuple(figure(connection, computation, COUNTY, "I-ORG-04", "2017-03")) == (100, 1, 2)
    assert figure(connection, computation, ZONE, "I-ORG-04", "2017-03") is None


def test_a_move_changes_no_total_on_either_line(connection, definitions):
    for month, received in (("2017-03", 4), ("2017-04", 5)):
        open_periods(
            connection, definitions, Period.parse(month), datetime(2017, 3, 25, tzinfo=UTC)
        )
        report(
            connection,
            definitions,
            {MILL: 100, MINE: 50},
            month,
            received=datetime(2017, received, 3, tzinfo=UTC),
        )
    known_at = datetime(2017, 4, 20, tzinfo=UTC)
    assert move(connection, MINE, "块", COUNTY, ZONE, date(2017, 4, 1), known_at) == 1
    assert move(connection, MINE, "块", COUNTY, ZONE, date(2017, 4, 1), known_at) == 0
    at = datetime(2017, 5, 12, tzinfo=UTC)
    march = compute(connection, definitions, Period.parse("2017-03"), at, at)
    april = compute(connection, definitions, Period.parse("2017-04"), at, at)

    def count(computation: int, code: str, period: str, line: int = 1) -> float | None:
        found = figure(connection, computation, code, "I-ORG-04", period, line)
        return None if found is None else found.value

    assert count(march, COUNTY, "2017-03") == 100 + 50
    assert count(april, COUNTY, "2017-04") == 100
    assert count(april, ZONE, "2017-04") == 50
    assert count(march, TOP, "2017-03") == count(april, TOP, "2017-04") == 150
    # the industry line: one member, the rest outside, the same total
    assert count(april, TRADE, "2017-04", 2) + count(april, "0", "2017-04", 2) == 150
    # the month before the cut-off of the move is read as it was then
    early = datetime(2017, 4, 19, tzinfo=UTC)
    as_then = compute(connection, definitions, Period.parse("2017-04"), early, early)
    assert count(as_then, ZONE, "2017-04") is None


def test_flows_belong_to_the_parent_of_the_month_and_comparable_basis_to_the_parent_now(
    connection, definitions
):
    for month in range(1, 7):
        report(
            connection,
            definitions,
            {MILL: 100, MINE: 50},
            f"2017-{month:02d}",
            received=datetime(2017, month + 1, 3, tzinfo=UTC),
        )
    move(connection, MINE, "块", COUNTY, ZONE, date(2017, 5, 1), datetime(2017, 5, 20, tzinfo=UTC))
    at = datetime(2017, 7, 12, tzinfo=UTC)
    half = compute(connection, definitions, Period.parse("2017H1"), at, at)
    # one new member a month and union: two unions for four months, then one each for two
    assert figure(connection, half, COUNTY, "I-ORG-15", "2017H1").value == 2 * 4 + 2
    assert figure(connection, half, ZONE, "I-ORG-15", "2017H1").value == 2
    assert figure(connection, half, TOP, "I-ORG-15", "2017H1").value == 12


def test_ancestors_and_names_are_dated(connection):
    assert ancestors(connection, 1, date(2017, 3, 31), [MILL])[MILL] == {MILL, COUNTY, TOP}
    assert names_on(connection, date(2017, 3, 31))["G1工会"] == (MILL,)
    move(connection, MILL, "块", COUNTY, ZONE, date(2017, 4, 1), JAN)
    assert ancestors(connection, 1, date(2017, 3, 31), [MILL])[MILL] == {MILL, COUNTY, TOP}
    assert ancestors(connection, 1, date(2017, 4, 1), [MILL])[MILL] == {MILL, ZONE, TOP}


def test_an_abolished_union_keeps_its_rows_and_owes_nothing_more(connection, definitions):
    report(connection, definitions, {MINE: 50})
    apply_changes(
        connection,
        [Change(MINE, "撤销", "块", COUNTY, None, date(2017, 4, 1), "示总工发〔2017〕7号", 1, 6)],
        datetime(2017, 4, 20, tzinfo=UTC),
    )
    state = {o.code: o.status for o in standing(connection, date(2017, 4, 30))}
    assert state[MINE] == "已撤销"
    before = {o.code: o.status for o in standing(connection, date(2017, 3, 31))}
    assert before[MINE] == "正常"
    assert members(connection, definitions) == {MINE: 50}


def test_the_same_bytes_are_recognised(connection):
    common = {
        "sha256": "abc",
        "size": 1,
        "file_name": "a.xlsx",
        "channel": "drop-folder",
        "sender": COUNTY,
        "received_at": JAN,
    }
    first = receipts.record(connection, source="a@1", **common)
    again = receipts.record(connection, source="b@2", **common)
    same = receipts.record(connection, source="a@1", **common)
    assert first is not None
    assert (first.state, again and again.state, same) == ("waiting", "duplicate", None)
    assert receipts.waiting(connection) == [first.id]


def test_the_content_digest_sees_a_changed_value(connection, definitions):
    def digest() -> str:
        return connection.execute(text(sql("content_digest"))).one().digest

    empty = digest()
    report(connection, definitions, {MILL: 100})
    once = digest()
    report(connection, definitions, {MILL: 101}, received=datetime(2017, 4, 9, tzinfo=UTC))
    assert len({empty, once, digest()}) == 3


def test_the_audit_log_shows_a_tampered_entry(connection):
    for n in range(3):
        audit.note(connection, at=JAN, actor="测试", action="note", subject=str(n))
    assert audit.first_broken(connection) is None
    connection.execute(text("UPDATE audit_log SET subject = 'x' WHERE subject = '1'"))
    assert audit.first_broken(connection) == 2


def test_personal_values_rest_concealed_and_equal_ones_stay_equal(warehouse_home):
    key = data_key()
    hidden = conceal("11010519491231002X", key)
    assert "1949" not in hidden
    assert hidden == conceal("11010519491231002X", key)
    assert reveal(hidden, key) == "11010519491231002X"


def test_one_new_file_among_kept_ones_is_kept(tmp_path):
    originals = Originals(tmp_path)
    kept = originals.put(b"one")
    again, new = originals.put_many([b"one", b"two"])
    assert again == kept
    assert originals.get(new) == b"two"


def test_a_damaged_original_is_noticed(tmp_path):
    originals = Originals(tmp_path)
    sha256 = originals.put(b"one")
    assert originals.put(b"one") == sha256
    assert originals.get(sha256) == b"one"
    originals.path(sha256).chmod(0o644)
    originals.path(sha256).write_bytes(b"two")
    with pytest.raises(OriginalDamaged):
        originals.get(sha256)
