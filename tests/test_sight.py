"""Row-level security: what each role sees of whom, whatever is asked, and what no policy shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from federation import Federation, moment, moved, union
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import DBAPIError

from warehouse import accounts, audit
from warehouse.editions import register_definitions
from warehouse.engine import warehouse
from warehouse.sight import as_person, enter, may_fetch_original, may_upon
from warehouse.tables import metadata

AT = moment(2017, 4, 10)
TODAY = AT.date()
# P above the cities A and B; A1, A2 in A, B1 in B; I is the industry's union of A2 and B1.
UNIONS = [
    union("P", "省级"),
    union("A", "市级", {"块": "P"}),
    union("B", "市级", {"块": "P"}),
    union("I", "市级", {"块": "P"}),
    union("A1", "基层", {"块": "A"}),
    union("A2", "基层", {"块": "A", "条": "I"}),
    union("B1", "基层", {"块": "B", "条": "I"}),
]
FORMS = ("ORG-02", "FIN-01", "AID-01")
EVERYONE = {"P", "A", "B", "I", "A1", "A2", "B1"}
GRANTS = {
    "reporter": ("reporter", "A1", {}),
    "signer": ("signer", "A2", {}),
    "county": ("county_reviewer", "A", {}),
    "industry": ("industry_reviewer", "I", {"line": "条"}),
    "steward": ("steward", "P", {}),
    "relief": ("department", "A", {"works": ["W03"], "personal": True}),
    "finance": ("finance", "B", {}),
    "assessor": ("assessor", "B", {}),
    "leader": ("leader", "P", {}),
    "admin": ("administrator", "P", {}),
    "nobody": None,
}
SEEN = {
    "reporter": {"A1"},
    "signer": {"A2"},
    "county": {"A", "A1", "A2"},
    "industry": {"I", "A2", "B1"},
    "steward": EVERYONE,
    "relief": {"A", "A1", "A2"},
    "finance": {"B", "B1"},
    "assessor": {"B", "B1"},
    "leader": EVERYONE,
    "admin": set(),
    "nobody": set(),
}
# Only these see rows about persons: the unit itself, and an aid department that was named.
FORMS_SEEN = {
    **{who: {"ORG-02", "FIN-01"} for who in SEEN},
    "reporter": set(FORMS),
    "signer": set(FORMS),
    "relief": {"AID-01"},
    "finance": {"FIN-01"},
}


def deliver(connection, codes) -> None:
    """One hand-in of each union with every form, one row and one finding each."""
    connection.execute(
        text(
            """
            WITH sent AS (
                INSERT INTO receipt (sha256, size, file_name, channel, source, sender, received_at)
                SELECT code, 1, code || '.xlsx', 'test', code, code, :at FROM organisation
                WHERE code = ANY(:codes) RETURNING id, sender
            ), kept AS (
                INSERT INTO submission (receipt_id, member, sha256, format, reporter_id, period,
                    version, state, cover, definitions, received_at, processed_at)
                SELECT s.id, '', s.sender, 'xlsx', o.id, '2017-03', 1, 'accepted', '{}',
                    (SELECT max(digest) FROM definitions_edition), :at, :at
                FROM sent AS s JOIN organisation AS o ON o.code = s.sender
                RETURNING id, reporter_id
            ), forms AS (SELECT unnest(CAST(:forms AS text[])) AS form),
            found AS (
                INSERT INTO finding (submission_id, rule, severity, message, advice, form, sheet,
                    columns, field, value, expected, cell, opened_at)
                SELECT k.id, 'V-T-001', '提示', '', '', f.form, '', '{}', '', '', '', '', :at
                FROM kept AS k, forms AS f
            ), filed AS (
                INSERT INTO filing (submission_id, form, edition, period, reporter_id, sheet,
                    sheet_columns, row_count, received_at, accepted_at)
                SELECT k.id, f.form, '2016', '2017-03', k.reporter_id, '', '{}', 1, :at, :at
                FROM kept AS k, forms AS f RETURNING id, form, reporter_id
            )
            INSERT INTO filing_row
                (filing_id, period_end, form, row_no, org_id, key, numbers, texts)
            SELECT id, '2017-03-31', form, 1, reporter_id, '', '{}', '{}' FROM filed
            """
        ),
        {"at": AT, "codes": list(codes), "forms": list(FORMS)},
    )


@pytest.fixture(scope="module")
def engine(module_home, definitions) -> Iterator[Engine]:
    from warehouse.engine import ensure_partitions

    made = warehouse()
    with made.begin() as connection:
        ensure_partitions(connection, 2017)
        register_definitions(connection, definitions, AT)
        Federation(connection, definitions, UNIONS)
        accounts.keep_roles(connection, definitions)
        deliver(connection, EVERYONE)
        connection.execute(
            text(
                "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) "
                "SELECT '2017-03', 'month', '2017-03-01', '2017-03-31', max(digest), :at "
                "FROM definitions_edition"
            ),
            {"at": AT},
        )
        connection.execute(
            text(
                "INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on) "
                "SELECT '2017-03', f, id, '2017-04-05', '2017-04-07', '2017-04-12' "
                "FROM organisation, unnest(CAST(:forms AS text[])) AS f"
            ),
            {"forms": list(FORMS)},
        )
        connection.execute(
            text(
                "INSERT INTO computation (period, cutoff, definitions, computed_at) "
                "SELECT '2017-03', :at, max(digest), :at FROM definitions_edition"
            ),
            {"at": AT},
        )
        connection.execute(
            text(
                "INSERT INTO indicator_value (computation_id, line, org_id, period, basis, "
                "indicator, value, reported) SELECT c.id, 1, o.id, '2017-03', 'reported', i, 1, 1 "
                "FROM computation AS c, organisation AS o, "
                "unnest(ARRAY['I-ORG-01', 'I-FIN-01']) AS i"
            )
        )
        for login, how in GRANTS.items():
            number = accounts.create_account(connection, login, login, at=AT, actor="test")
            if how:
                role, org, more = how
                accounts.grant(
                    connection, definitions, number, role, org, at=AT, actor="test", **more
                )
    yield made


def number_of(engine: Engine, login: str) -> int:
    with engine.connect() as connection:
        return accounts.account_of(connection, login)


def ask(engine: Engine, login: str, query: str) -> set:
    with as_person(engine, number_of(engine, login), TODAY) as reading:
        rows = reading.execute(text(query)).all()
    return {row[0] if len(row) == 1 else tuple(row) for row in rows}


QUERIES = {
    "filing": "SELECT o.code, f.form FROM filing f JOIN organisation o ON o.id = f.reporter_id",
    "filing_row": "SELECT o.code, f.form FROM filing_row f JOIN organisation o ON o.id = f.org_id",
    "expected_filing": "SELECT o.code, e.form FROM expected_filing e "
    "JOIN organisation o ON o.id = e.org_id",
    "finding": "SELECT r.sender, f.form FROM finding f JOIN submission s ON s.id = f.submission_id "
    "JOIN receipt r ON r.id = s.receipt_id",
}


@pytest.mark.parametrize("table", QUERIES)
@pytest.mark.parametrize("login", GRANTS)
def test_who_sees_which_forms_of_whom(engine, login, table):
    wanted = {(org, form) for org in SEEN[login] for form in FORMS_SEEN[login]}
    assert ask(engine, login, QUERIES[table]) == wanted


@pytest.mark.parametrize("login", GRANTS)
def test_who_sees_whose_hand_ins_and_that_they_came(engine, login):
    assert ask(engine, login, "SELECT sender FROM receipt") == SEEN[login]
    assert ask(engine, login, "SELECT sha256 FROM submission") == SEEN[login]
    heard = "SELECT o.code FROM heard h JOIN organisation o ON o.id = h.org_id"
    assert ask(engine, login, heard) == SEEN[login]


@pytest.mark.parametrize(
    ("login", "indicators"),
    [("county", {"I-ORG-01", "I-FIN-01"}), ("finance", {"I-FIN-01"}), ("relief", set())],
)
def test_figures_go_by_key_work(engine, login, indicators):
    query = "SELECT o.code, v.indicator FROM indicator_value v JOIN organisation o ON o.id = org_id"
    assert ask(engine, login, query) == {(o, i) for o in SEEN[login] for i in indicators}


def test_everyone_inside_knows_which_unions_there_are(engine):
    assert ask(engine, "reporter", "SELECT code FROM organisation") == EVERYONE


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM session",
        "SELECT password_hash FROM account",
        "SELECT totp_secret FROM account",
        "SELECT * FROM recovery_code",
        "SELECT * FROM filing_row_2017_03",
        "SELECT enter_sight(5, '2017-04-10')",
        "INSERT INTO account_grant (account_id) VALUES (1)",
        "UPDATE filing SET form = 'X'",
        "DELETE FROM finding",
        "CREATE TABLE mine (x int)",
    ],
)
def test_what_no_person_may_do_through_the_portal(engine, query):
    with (
        pytest.raises(DBAPIError),
        as_person(engine, number_of(engine, "leader"), TODAY) as reading,
    ):
        reading.execute(text(query))


def test_accounts_are_for_administrators_and_oneself(engine):
    query = "SELECT login FROM account"
    assert ask(engine, "reporter", query) == {"reporter"}
    assert ask(engine, "admin", query) == set(GRANTS) - {"nobody"}
    grants = "SELECT a.login FROM account_grant g JOIN account a ON a.id = g.account_id"
    # Who works for the industry line alone is governed on that line.
    assert ask(engine, "admin", grants) == set(GRANTS) - {"nobody"}
    assert ask(engine, "county", grants) == {"county"}


def test_the_log_is_for_those_who_may_read_it(engine):
    query = "SELECT DISTINCT action FROM audit_log"
    assert ask(engine, "admin", query) == {"account.create", "account.grant"}
    assert ask(engine, "leader", query) == set()


def test_the_sight_ends_with_its_transaction_and_serves_the_next_person(engine):
    query = "SELECT sender FROM receipt"
    for login in ("leader", "reporter", "leader", "nobody", "county"):
        assert ask(engine, login, query) == SEEN[login]
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() != "portal_reader"
        assert connection.execute(text("SELECT count(*) FROM receipt")).scalar() == len(EVERYONE)


def test_a_reader_without_an_account_sees_nothing(engine):
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL ROLE portal_reader"))
        for table in ("receipt", "filing", "filing_row", "finding", "account", "audit_log"):
            rows = connection.execute(select(func.count()).select_from(metadata.tables[table]))
            assert rows.scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM heard")).scalar() == 0


def test_a_dropped_policy_shows_nothing_rather_than_everything(engine):
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("DROP POLICY sight ON receipt"))
        connection.execute(text("SET LOCAL ROLE portal_reader"))
        assert connection.execute(text("SELECT count(*) FROM receipt")).scalar() == 0
        transaction.rollback()


def test_every_table_with_an_organisation_in_it_has_a_policy_or_is_closed(engine):
    """Tables of later parts are closed to the portal until somebody writes their policy."""
    with engine.connect() as connection:
        open_ones = connection.execute(
            text(
                """
                SELECT c.relname FROM pg_class AS c
                WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
                AND NOT c.relrowsecurity
                AND has_any_column_privilege('portal_reader', c.oid, 'SELECT')
                """
            )
        ).scalars()
    bound = {"reporter_id", "submission_id", "filing_id", "receipt_id", "account_id"}
    public = {
        "organisation_name", "organisation_code", "organisation_state", "affiliation",
        "organisation_employer", "ranking_group",
        # whose account took a step of an assessment year is no secret inside
        "assessment_round", "assessment_stage", "assessment_edition", "rating_campaign",
    }  # fmt: skip
    leaks = {t for t in open_ones if bound & set(metadata.tables[t].c.keys()) and t not in public}
    assert leaks == set()


@pytest.mark.parametrize(
    ("login", "verb", "org", "form", "allowed"),
    [
        ("reporter", "submit", "A1", None, True),
        ("reporter", "submit", "A2", None, False),
        ("reporter", "send_back", "A1", None, False),
        ("county", "send_back", "A2", None, True),
        ("county", "send_back", "B1", None, False),
        ("county", "send_back", "P", None, False),
        ("industry", "send_back", "B1", None, True),
        ("industry", "send_back", "A1", None, False),
        ("finance", "audit_funds", "B1", "FIN-01", True),
        ("finance", "audit_funds", "B1", "ORG-02", False),
        ("admin", "manage_accounts", "A1", None, True),
        ("admin", "send_back", "A1", None, False),
    ],
)
def test_who_may_do_what_to_whom(engine, login, verb, org, form, allowed):
    number = number_of(engine, login)
    with engine.connect() as connection:
        org_id = connection.execute(
            text("SELECT id FROM organisation WHERE code = :c"), {"c": org}
        ).scalar_one()
        assert may_upon(connection, number, verb, org_id, TODAY, form) is allowed


def test_sight_follows_a_union_to_its_new_parent_on_the_day_it_moves(engine, definitions):
    move = moment(2017, 5, 1)
    with engine.connect() as connection, connection.begin() as transaction:
        from warehouse.reorganisations import apply_changes

        apply_changes(connection, [moved("A1", "A", "B", move.date())], AT)
        seen = {}
        for day in (TODAY, move.date()):
            for login in ("county", "assessor"):
                number = accounts.account_of(connection, login)
                connection.execute(text("SELECT enter_sight(:a, :d)"), {"a": number, "d": day})
                ids = text(
                    "SELECT code FROM organisation "
                    "WHERE id IN (SELECT sight_ids('portal.organisations'))"
                )
                seen[login, day] = set(connection.execute(ids).scalars())
        transaction.rollback()
    assert seen["county", TODAY] == {"A", "A1", "A2"}
    assert seen["assessor", TODAY] == {"B", "B1"}
    assert seen["county", move.date()] == {"A", "A2"}
    assert seen["assessor", move.date()] == {"B", "B1", "A1"}


def test_the_walk_over_organisations_is_made_once_and_looked_up_by_hash(engine):
    with as_person(engine, number_of(engine, "county"), TODAY) as reading:
        plan = "\n".join(
            reading.execute(
                text(
                    "EXPLAIN SELECT count(*) FROM filing f "
                    "JOIN expected_filing e ON e.org_id = f.reporter_id"
                )
            ).scalars()
        )
    assert "hashed SubPlan" in plan
    assert "affiliation" not in plan  # the walk itself was made when the person entered


ORIGINALS = {
    # every form of the workbook is seen by the unit itself; a named aid department lacks the rest
    "reporter": {"A1"},
    "signer": {"A2"},
    **dict.fromkeys(set(SEEN) - {"reporter", "signer"}, set()),
}


@pytest.mark.parametrize("login", GRANTS)
def test_a_file_goes_only_to_who_sees_every_form_in_it(engine, login):
    with engine.begin() as connection:
        connection.execute(text("UPDATE submission SET forms = :f"), {"f": list(FORMS)})
    with as_person(engine, number_of(engine, login), TODAY) as reading:
        open_ones = {code for code in EVERYONE if may_fetch_original(reading, code)}
        assert not may_fetch_original(reading, "unknown")
    assert open_ones == ORIGINALS[login]


def test_a_file_without_rows_about_persons_goes_to_who_answers_for_its_unit(engine):
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("DELETE FROM filing_row WHERE form = 'AID-01'"))
        connection.execute(text("DELETE FROM filing WHERE form = 'AID-01'"))
        connection.execute(text("UPDATE submission SET forms = '{ORG-02,FIN-01}'"))
        enter(connection, accounts_number(connection, "county"), TODAY)
        assert {c for c in EVERYONE if may_fetch_original(connection, c)} == {"A", "A1", "A2"}
        transaction.rollback()
    with engine.connect() as connection, connection.begin() as transaction:
        connection.execute(text("UPDATE submission SET forms = '{}'"))
        connection.execute(text("DELETE FROM filing"))
        enter(connection, accounts_number(connection, "county"), TODAY)
        # Nobody could read it, so nobody knows whom it speaks of.
        assert {c for c in EVERYONE if may_fetch_original(connection, c)} == set()
        transaction.rollback()


def accounts_number(connection, login: str) -> int:
    return accounts.account_of(connection, login)


# --- a past that its parent keeps ---


FILINGS = "SELECT o.code, f.period FROM filing f JOIN organisation o ON o.id = f.reporter_id"
ROWS = (
    "SELECT o.code, f.period_end, f.form FROM filing_row f JOIN organisation o ON o.id = f.org_id"
)
VALUES_SEEN = (
    "SELECT o.code, v.period, v.indicator FROM indicator_value v "
    "JOIN organisation o ON o.id = v.org_id"
)


def later_month(connection) -> None:
    """May of A1: its filing, rows and figures after it has moved from A to B."""
    for statement in (
        "INSERT INTO period (label, kind, starts, ends, definitions, opened_at) "
        "SELECT '2017-05', 'month', '2017-05-01', '2017-05-31', definitions, opened_at "
        "FROM period WHERE label = '2017-03'",
        "INSERT INTO filing (submission_id, form, edition, period, reporter_id, sheet, "
        "sheet_columns, row_count, received_at, accepted_at) SELECT submission_id, form, edition, "
        "'2017-05', reporter_id, sheet, sheet_columns, row_count, received_at, accepted_at "
        "FROM filing f WHERE period = '2017-03'",
        "INSERT INTO filing_row (filing_id, period_end, form, row_no, org_id, key, numbers, texts) "
        "SELECT id, '2017-05-31', form, 1, reporter_id, '', '{}', '{}' FROM filing "
        "WHERE period = '2017-05'",
        "INSERT INTO indicator_value (computation_id, line, org_id, period, basis, indicator, "
        "value, reported) SELECT computation_id, line, org_id, '2017-05', basis, indicator, value, "
        "reported FROM indicator_value WHERE period = '2017-03'",
    ):
        connection.execute(text(statement))


def test_a_former_parent_keeps_the_past_and_sees_nothing_later(engine, definitions):
    """A1 moves from the city A to B in May: A keeps March, without persons, and sees no May."""
    from warehouse.reorganisations import apply_changes

    move = moment(2017, 5, 1).date()
    with engine.connect() as connection, connection.begin() as transaction:
        apply_changes(connection, [moved("A1", "A", "B", move)], AT)
        later_month(connection)

        def seen(login: str, query: str) -> set:
            with connection.begin_nested() as point:
                number = accounts.account_of(connection, login)
                connection.execute(
                    text("SELECT enter_sight(:a, :d)"),
                    {"a": number, "d": moment(2017, 6, 10).date()},
                )
                connection.execute(text("SET LOCAL ROLE portal_reader"))
                found = {tuple(r) for r in connection.execute(text(query))}
                point.rollback()
            return {r for r in found if r[0] == "A1"}

        county = {login: seen(login, ROWS) for login in GRANTS}
        months = {login: {r[1] for r in seen(login, FILINGS)} for login in GRANTS}
        values = {login: {r[1:] for r in seen(login, VALUES_SEEN)} for login in GRANTS}
        transaction.rollback()
    assert months["county"] == {"2017-03"}
    assert {form for _, _, form in county["county"]} == {"ORG-02", "FIN-01"}
    assert {str(day) for _, day, _ in county["county"]} == {"2017-03-31"}
    assert values["county"] == {("2017-03", "I-ORG-01"), ("2017-03", "I-FIN-01")}
    # A department of one work keeps that work's past; persons go with the union, even for it.
    assert county["relief"] == set()
    # Whom it belongs to now sees all of it, and so does who always stood above.
    assert months["assessor"] == months["leader"] == {"2017-03", "2017-05"}
    assert values["finance"] == {("2017-03", "I-FIN-01"), ("2017-05", "I-FIN-01")}
    assert months["industry"] == months["nobody"] == months["signer"] == set()


def test_a_union_below_one_that_moved_is_the_former_top_ones_past_too(engine):
    """A city that leaves the province takes its unions along; the province keeps their past."""
    with engine.connect() as connection, connection.begin() as transaction:
        number = accounts.account_of(connection, "leader")
        connection.execute(
            text(
                "UPDATE affiliation SET valid = daterange(lower(valid), '2017-05-01') "
                "WHERE org_id = (SELECT id FROM organisation WHERE code = 'A') AND line = 1"
            )
        )
        connection.execute(
            text("SELECT enter_sight(:a, :d)"), {"a": number, "d": moment(2017, 6, 10).date()}
        )
        spans = set(connection.execute(text("SELECT sight_texts('portal.former_full')")).scalars())
        codes = dict(connection.execute(text("SELECT id::text, code FROM organisation")).all())
        transaction.rollback()
    assert {codes[s.split("|")[0]] for s in spans} == {"A", "A1", "A2"}
    assert all(s.endswith("2017-05-01)") for s in spans)


# --- the log ---


def test_a_countys_administrator_reads_of_its_own_and_the_provinces_of_all(engine, definitions):
    with engine.connect() as connection, connection.begin() as transaction:
        local = accounts.create_account(connection, "local", "local", at=AT, actor="test")
        accounts.grant(connection, definitions, local, "administrator", "A", at=AT, actor="test")
        numbers = {
            code: connection.execute(
                text(
                    "SELECT s.id FROM submission s JOIN organisation o ON o.id = s.reporter_id "
                    "WHERE o.code = :c"
                ),
                {"c": code},
            ).scalar_one()
            for code in ("A1", "B1")
        }

        def note(action: str, subject: str) -> None:
            audit.note(connection, at=AT, actor="x", action=action, subject=subject)

        for code, number in numbers.items():
            note("submission.send_back", str(number))
            note("personal.view", f"submission:{number}")
            note("original.read", code)  # the hash of its file is its code here
            note("receipt.upload", code)
        note("parameter.approved", "sign_in_failures")
        note("rectification.step", str(numbers["A1"]))  # a number of something else
        own = f"account:{accounts.account_of(connection, 'reporter')}"
        other = f"account:{accounts.account_of(connection, 'finance')}"

        def read(login: str) -> set[tuple[str, str]]:
            with connection.begin_nested() as point:
                enter(connection, accounts.account_of(connection, login), TODAY)
                rows = connection.execute(text("SELECT action, subject FROM audit_log")).all()
                point.rollback()
            return {tuple(r) for r in rows}

        of_county, of_all, of_none = read("local"), read("admin"), read("leader")
        transaction.rollback()
    mine, foreign = str(numbers["A1"]), str(numbers["B1"])
    assert {
        ("submission.send_back", mine), ("personal.view", f"submission:{mine}"),
        ("original.read", "A1"), ("receipt.upload", "A1"), ("account.grant", own),
    } <= of_county  # fmt: skip
    strangers = {
        ("submission.send_back", foreign), ("personal.view", f"submission:{foreign}"),
        ("original.read", "B1"), ("receipt.upload", "B1"), ("account.grant", other),
        ("parameter.approved", "sign_in_failures"), ("rectification.step", mine),
    }  # fmt: skip
    assert strangers & of_county == set()
    assert strangers <= of_all
    assert of_none == set()
