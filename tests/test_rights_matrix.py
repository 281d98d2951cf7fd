"""Rights: every role asks every endpoint for its own, a sibling's, a stranger's things, and forged
ones; strings planted in every union's data never reach who must not see them, and nothing breaks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from fastapi.dependencies.utils import get_flat_dependant
from fastapi.routing import APIRoute
from portal_site import AT, Browser, Site
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Connection,
    Table,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlalchemy.exc import IntegrityError

from pipelines import flow
from pipelines.flow.uploading import Upload, upload, work_once
from pipelines.places import places
from samples.registry import organisations, registry
from tests.acceptance import SPRING, book_bytes, member_row, write_registry
from warehouse import accounts
from warehouse.engine import warehouse
from warehouse.life_cycle import Actor
from warehouse.sight import as_person
from warehouse.tables import metadata

COUNTY = "640121Z00001"
OWN, SIBLING = (u.code for u in registry().family("yongning")[:2])
NOW = AT.isoformat()
MONTH = "2017-03"
SCHEME = "TRA-GRASS-2017"


def parents() -> dict[tuple[str, str], str]:
    return {(o.code, p.line): p.parent for o in organisations() for p in o.parents}


ABOVE = parents()
TOP = next(o.code for o in organisations() if (o.code, "块") not in ABOVE)
# A unit of an industry's line in another county, and one in yet another that has neither.
OTHER_LINE = next(
    o.code for o in organisations()
    if o.level == "基层" and ABOVE[o.code, "块"] != COUNTY
    and ABOVE.get((o.code, "条")) not in (None, *(ABOVE.get((u, "条")) for u in (OWN, SIBLING)))
)  # fmt: skip
INDUSTRY = ABOVE[OTHER_LINE, "条"]
STRANGER = next(
    o.code for o in organisations()
    if o.level == "基层" and ABOVE.get((o.code, "块")) not in (COUNTY, ABOVE[OTHER_LINE, "块"])
    and ABOVE.get((o.code, "条")) != INDUSTRY
)  # fmt: skip
UNITS = (OWN, SIBLING, OTHER_LINE, STRANGER)
GRANTS: dict[str, tuple[Any, ...] | None] = {
    "reporter": ("reporter", OWN),
    "signer": ("signer", OWN),
    "county_reviewer": ("county_reviewer", COUNTY),
    "industry_reviewer": ("industry_reviewer", INDUSTRY, {"line": "条"}),
    "steward": ("steward", COUNTY),
    "department": ("department", COUNTY, {"works": ["W01"]}),
    "finance": ("finance", COUNTY),
    "assessor": ("assessor", COUNTY),
    "leader": ("leader", COUNTY),
    "administrator": ("administrator", COUNTY),
    "nobody": None,
}
BELOW_COUNTY = {OWN, SIBLING}
SEEN = {
    "reporter": {OWN},
    "signer": {OWN},
    "industry_reviewer": {OTHER_LINE},
    "administrator": set(),
    "nobody": set(),
} | {
    who: BELOW_COUNTY
    for who in ("county_reviewer", "steward", "department", "finance", "assessor", "leader")
}
# What is about every form of a union is not for those who answer for one key work of it.
SEEN_WHOLE = SEEN | {"finance": set(), "department": set()}
# Each request asks for things of one of these, or for what does not exist.
POSITIONS = {"own": OWN, "sibling": SIBLING, "other line": OTHER_LINE, "stranger": STRANGER}
FORGED = ("0", "999999999", "-1", "9" * 30, "1' OR '1'='1", "../../etc/passwd", "中文%00", "x")


def canary(code: str, what: str = "") -> str:
    """What only those who may see a union read; `what` tells where it came from."""
    return f"鹊{UNITS.index(code)}桥{what}"


# A canary, 人 behind it where it is the name of an account, and the table that it stands in.
CANARY = re.compile(r"鹊(\d)桥(人?)(?:〈(\w+)〉)?")


def tagged(value: Any, word: str, table: str) -> Any:
    """A value with the table's name behind the canary in it."""
    if isinstance(value, dict):
        return {k: tagged(v, word, table) for k, v in value.items()}
    if isinstance(value, str):
        return value.replace(word, f"{word}〈{table}〉")
    return value


@dataclass
class World:
    """The portal, and what there is of each union to ask for."""

    site: Site
    browsers: dict[str, Browser] = field(default_factory=dict)
    things: dict[str, dict[str, str]] = field(default_factory=dict)

    def browser(self, login: str) -> Browser:
        if login not in self.browsers:
            self.browsers[login] = self.site.signed_in(login)
        return self.browsers[login]


def workbook(definitions, code: str, members: int) -> bytes:
    """A month whose cover bears the unit's canary as the person who filled it in."""
    data = book_bytes(definitions, code, {"ORG-02": [member_row(code, members)]}, MONTH)
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            if cell.value == "填报人":
                book.worksheets[0].cell(cell.row, cell.column + 1).value = canary(code)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def plant(connection: Connection, code: str, definitions) -> dict[str, str]:
    """A row with the canary in each table that speaks of a union; ids by parameter name."""
    tables, word = metadata.tables, canary(code)
    org = accounts_id(connection, code)
    number = connection.execute(
        text("SELECT max(id) FROM submission WHERE reporter_id = :o"), {"o": org}
    ).scalar_one()
    kept = connection.execute(
        text("SELECT sha256 FROM submission WHERE id = :n"), {"n": number}
    ).scalar_one()
    receipt = connection.execute(
        text("SELECT receipt_id FROM submission WHERE id = :n"), {"n": number}
    ).scalar_one()

    def put(table: str, **values: Any) -> int:
        chosen = tables[table]
        statement = insert(chosen).values(**{k: tagged(v, word, table) for k, v in values.items()})
        if "id" in chosen.c:
            return int(connection.execute(statement.returning(chosen.c.id)).scalar_one())
        connection.execute(statement)
        return 0

    connection.execute(
        text(
            "UPDATE submission SET cover = cover || jsonb_build_object('x', CAST(:w AS text)) "
            "WHERE id = :n"
        ),
        {"w": tagged(word, word, "submission"), "n": number},
    )
    put(
        "submission_step", submission_id=number, seq=90, verb="send_back", from_state="validated",
        to_state="returned", actor="test", reason=word, assignee=word, at=AT,
    )  # fmt: skip
    put("submission_claim", submission_id=number, actor=word, since=AT, until=AT)
    finding = put(
        "finding", submission_id=number, rule="V-R-003", severity="须说明", message=word,
        advice=word, form="ORG-02", sheet="ORG-02", columns=[], field=word, value=word,
        expected=word, cell="D4", opened_at=AT,
    )  # fmt: skip
    correction = put(
        "correction", submission_id=number, sha256=kept, cells=[], reason=word,
        policy="confirm", proposed_by="test", proposed_at=AT,
    )  # fmt: skip
    put("contact", org_id=org, kind="mail", address=f"{word}@union.invalid", sends=True, told=True,
        valid=text("'[2017-01-01,)'"), recorded_at=AT)  # fmt: skip
    put("notice", key=word, org_id=org, kind="late", facts={"x": word}, files=[], noted_at=AT)
    put("outbox", key=word, way="mail", address=word, org_id=org, kind="answer", subject=word,
        body=word, files=[], answers="", thread="", message_id=word, notices=[], written_at=AT,
        next_try_at=AT)  # fmt: skip
    put("letter", channel="mail", source=word, digest=word, message_id=word, thread="",
        address=word, sender=code, nature="delivery", sha256=word, size=1,
        received_at=AT)  # fmt: skip
    put("workbook_fetched", period=MONTH, org_id=org, how=word, fetched_at=AT)
    put("form_draft", org_id=org, period=MONTH, form="FIN-01", content=b"x", version=1,
        updated_by=word, updated_at=AT)  # fmt: skip
    if (
        connection.execute(text("SELECT state FROM receipt WHERE id = :r"), {"r": receipt}).scalar()
        and not connection.execute(
            text("SELECT 1 FROM receipt_progress WHERE receipt_id = :r"), {"r": receipt}
        ).first()
    ):
        put("receipt_progress", receipt_id=receipt, stage="done", attempts=0, at=AT)
    publication = put(
        "publication", kind="report", title=word, org_id=org, period=MONTH, edition=1, cutoff=AT,
        definitions=definitions.digest, reference=word, recipe={}, state="draft", signer=word,
        created_at=AT,
    )  # fmt: skip
    page = places().originals.put(word.encode())
    put("publication_file", publication_id=publication, name="report.html", sha256=page, size=1)
    put("publication_number", publication_id=publication, anchor=word, ordinal=1,
        source="indicator", line=1, unit=code, period=MONTH, indicator="I-ORG-01", basis="本期",
        units=[], printed=word)  # fmt: skip
    put("publication_decision", publication_id=publication, state="draft", actor=word, reason=word,
        at=AT)  # fmt: skip
    put("delivery", publication_id=publication, channel="folder", target=word, at=AT)
    found = connection.execute(text("SELECT id FROM assessment_round")).scalar()
    if found is None:
        found = put("assessment_round", scheme=SCHEME, year=2017, opened_by="test", opened_at=AT)
        put("assessment_stage", round_id=found, step="open", stage_to="自评", actor="test",
            reason="x", at=AT)  # fmt: skip
    evidence = put(
        "assessment_evidence", round_id=found, org_id=org, about="自评", file_name=f"{word}.pdf",
        sha256=page, size=1, added_by="test", added_at=AT,
    )  # fmt: skip
    put("self_assessment", round_id=found, org_id=org, item="T01", indicator="", remark=word,
        evidence_id=evidence, entered_by="test", entered_at=AT)  # fmt: skip
    put("assessor_mark", round_id=found, org_id=org, item="D5", assessor=word, raw=90, reason=word,
        evidence=word, entered_by="test", entered_at=AT)  # fmt: skip
    put("assessment_ruling", round_id=found, org_id=org, kind="核定实绩", key=word, value=1,
        source="联合会审", reason=word, document=word, ruled_by="test", ruled_at=AT)  # fmt: skip
    put_right = put(
        "rectification", org_id=org, source="年度考核", reference=word, matter=word, document=word,
        issued_on=AT.date(), due_on=AT.date(), entered_by="test", entered_at=AT,
    )  # fmt: skip
    account = accounts.create_account(
        connection, f"at-{UNITS.index(code)}", canary(code, "人〈account〉"), at=AT, actor="test"
    )
    grant = accounts.grant(connection, definitions, account, "reporter", code, at=AT, actor="test")
    return {
        "number": str(number), "submission": str(number), "other": str(number),
        "receipt": str(receipt), "r": str(receipt), "finding": str(finding),
        "correction": str(correction), "proposal": str(correction),
        "publication": str(publication), "org": code, "unit": code, "code": code,
        "form": "ORG-02", "period": MONTH, "month": MONTH, "first": MONTH, "last": MONTH,
        "year": "2017", "scheme": SCHEME, "evidence": str(evidence),
        "rectification": str(put_right), "appeal": "1", "name": "report.html",
        "account": str(account),
        "grant": str(grant), "line": "块", "reason": "x", "wanted": "x" * 12, "login": "new",
        "role": "reporter", "seen": "0", "step": "open", "order": "1", "token": "x",
    }  # fmt: skip


def accounts_id(connection: Connection, code: str) -> int:
    return int(
        connection.execute(
            text("SELECT id FROM organisation WHERE code = :c"), {"c": code}
        ).scalar_one()
    )


@pytest.fixture(scope="module")
def world(module_home, definitions) -> Iterator[World]:
    path = module_home / "organisations.yaml"
    flow.register_organisations(str(write_registry(path, [*UNITS])), SPRING)
    flow.open_period(MONTH, "2017-03-26T09:00:00")
    for n, code in enumerate(UNITS):
        data = workbook(definitions, code, 101 + n)
        upload([Upload(f"{canary(code)}〈receipt〉.xlsx", data)], code, Actor("test", code), NOW)
    while work_once(NOW):
        pass
    made = World(Site(definitions))
    with warehouse().begin() as connection:
        made.things = {code: plant(connection, code, definitions) for code in UNITS}
    for login, grant in GRANTS.items():
        made.site.account(login, *([grant] if grant else []))
    yield made


def routes(world: World) -> list[tuple[str, APIRoute]]:
    """Every endpoint there is, whichever part brought it."""
    return [
        (method, route)
        for route in world.site.app.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods - {"HEAD", "OPTIONS"})
    ]


def request(
    browser: Browser, csrf: str, method: str, route: APIRoute, things: dict[str, str], forged: str
) -> Any:
    """One request with every parameter the endpoint takes, of one union or forged."""
    flat = get_flat_dependant(route.dependant)

    def value(name: str) -> str:
        return forged or things.get(name, "1")

    path = route.path
    for name in route.param_convertors:
        path = re.sub(r"\{" + name + r"(:\w+)?\}", value(name).replace("/", "%2F"), path)
    query = {p.alias: value(p.alias) for p in flat.query_params if forged or p.alias in things}
    if method == "GET":
        return browser.client.get(path, params=query)
    body = {p.alias: value(p.alias) for p in flat.body_params} | {"csrf": csrf}
    return browser.client.request(method, path, params=query, data=body)


def leaks(login: str, answer: Any) -> set[str]:
    """Canaries in an answer (its body and headers) of unions the role must not see."""
    allowed = {(str(UNITS.index(code)), "") for code in SEEN[login]}
    if login == "administrator":  # who works at the unions it governs, and nothing else of them
        allowed = {(str(UNITS.index(code)), "人") for code in BELOW_COUNTY}
    body = answer.text
    if answer.content[:2] == b"PK":
        import zipfile

        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            body = "".join(packed.read(n).decode("utf-8", "replace") for n in packed.namelist())
    said = body + " ".join(answer.headers.values())
    return {m[0] for m in CANARY.finditer(said) if (m[1], m[2]) not in allowed}


# --- the policies themselves, before any request changes something ---


def readable(connection: Connection, table: str) -> str:
    """All of a table that the reader may read, as one text."""
    columns = connection.execute(
        text(
            "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute "
            "WHERE attrelid = CAST(:t AS regclass) AND attnum > 0 AND NOT attisdropped "
            "AND has_column_privilege('portal_reader', attrelid, attnum, 'SELECT')"
        ),
        {"t": table},
    ).scalar_one()
    rows = connection.execute(text(f"SELECT {columns} FROM {table}"))  # noqa: S608
    return "\n".join(str(tuple(row)) for row in rows)


PLANTED = (
    "receipt", "submission", "finding", "submission_step", "submission_claim", "correction",
    "contact", "notice", "outbox", "letter", "workbook_fetched", "form_draft", "publication",
    "publication_number", "publication_decision", "delivery", "rectification", "account",
    "self_assessment", "assessment_evidence", "assessor_mark", "assessment_ruling",
)  # fmt: skip


def whoms(connection: Connection, table: str) -> set[str]:
    return {m[1] for m in CANARY.finditer(readable(connection, table))}


def table_leaks(connection: Connection, numbers: dict[str, int], table: str) -> list[str]:
    """Roles that read in a table what is of a union they must not see; each within a savepoint."""
    found = []
    for login, number in numbers.items():
        with connection.begin_nested() as point:
            enter_reader(connection, number)
            allowed = {str(UNITS.index(c)) for c in SEEN[login]}
            if table in ("account", "contact") and login == "administrator":
                allowed = {str(UNITS.index(c)) for c in BELOW_COUNTY}
            if whoms(connection, table) - allowed:
                found.append(login)
            point.rollback()
    return found


def enter_reader(connection: Connection, number: int) -> None:
    connection.execute(text("SELECT enter_sight(:a, :d)"), {"a": number, "d": AT.date()})
    connection.execute(text("SET LOCAL ROLE portal_reader"))


@pytest.fixture(scope="module")
def numbers(world) -> dict[str, int]:
    with warehouse().connect() as connection:
        return {login: accounts.account_of(connection, login) for login in GRANTS}


@pytest.mark.parametrize("table", PLANTED)
def test_a_policy_holds_and_its_absence_is_noticed(world, numbers, table):
    with warehouse().connect() as connection, connection.begin() as transaction:
        assert table_leaks(connection, numbers, table) == []
        connection.execute(text(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
        assert "industry_reviewer" in table_leaks(connection, numbers, table)
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        # Dropped, it shows nothing, so that those who should see see less than they should.
        enter_point = connection.begin_nested()
        connection.execute(text(f"DROP POLICY sight ON {table}"))
        enter_reader(connection, numbers["leader"])
        assert whoms(connection, table) == set()
        enter_point.rollback()
        enter_reader(connection, numbers["leader" if table != "account" else "administrator"])
        shown = whoms(connection, table)
        transaction.rollback()
    if table != "contact":  # a leader chases nobody
        assert shown == {str(UNITS.index(c)) for c in BELOW_COUNTY}


def test_the_readers_connection_is_the_one_pages_use(world, numbers):
    with as_person(warehouse(), numbers["reporter"], AT.date()) as reading:
        assert whoms(reading, "outbox") == {"0"}


# --- every policy, listed by the database itself ---


def policies(connection: Connection) -> dict[str, str]:
    """Table → what its policy says."""
    rows = connection.execute(text("SELECT tablename, qual FROM pg_policies ORDER BY 1"))
    return {r.tablename: r.qual for r in rows}


def some_row(connection: Connection, name: str, made: dict[str, Any]) -> Any:
    """The key of a row of a table: one that is there, else a plausible one made for it."""
    table = metadata.tables[name]
    key = next(iter(table.primary_key.columns), next(iter(table.columns)))
    if name not in made:
        made[name] = connection.execute(select(key).limit(1)).scalar()
    if made[name] is None:
        for everything in (False, True):  # some checks want more than what may not be empty
            values = {
                column.name: some_row(connection, target.column.table.name, made)
                if (target := next(iter(column.foreign_keys), None)) is not None
                else some_value(table, column)
                for column in table.columns
                if not column.identity and column.server_default is None
                if not column.nullable or (everything and not column.foreign_keys)
            }
            try:
                with connection.begin_nested():
                    made[name] = connection.execute(
                        insert(table).values(**values).returning(key)
                    ).scalar()
                break
            except IntegrityError:
                if everything:
                    raise
    return made[name]


def some_value(table: Table, column: Column[Any]) -> Any:
    """Anything that the column and its checks take."""
    for check in table.constraints:
        if isinstance(check, CheckConstraint):
            found = re.search(rf"\b{column.name} IN \('([^']+)'", str(check.sqltext))
            if found:
                return found[1]
    kind = column.type.python_type if not isinstance(column.type, (ARRAY, JSONB)) else None
    if isinstance(column.type, DATERANGE):
        return Range(AT.date(), None)
    plain = {str: "x", int: 0, Decimal: 0, bool: False, date: AT.date(), datetime: AT, bytes: b"x"}
    return {} if isinstance(column.type, JSONB) else [] if kind is None else plain[kind]


def rows_seen(connection: Connection, table: str, number: int) -> int:
    with connection.begin_nested() as point:
        enter_reader(connection, number)
        count = connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
        point.rollback()
    return int(count)


def test_whoever_has_no_grant_sees_no_row_of_any_table_with_a_policy(world, numbers):
    """Each policy opened alone is noticed: the tables are listed by the database, none by hand."""
    unnoticed, leaking = [], []
    with warehouse().connect() as connection, connection.begin() as transaction:
        listed = policies(connection)
        for table in listed:
            some_row(connection, table, {})
        for table in listed:
            own = 1 if table == "account" else 0
            if rows_seen(connection, table, numbers["nobody"]) != own:
                leaking.append(table)
            with connection.begin_nested() as point:
                connection.execute(text(f"ALTER POLICY sight ON {table} USING (true)"))
                if rows_seen(connection, table, numbers["nobody"]) <= own:
                    unnoticed.append(table)
                point.rollback()
        transaction.rollback()
    assert (leaking, unnoticed) == ([], [])
    assert len(listed) > 40


def test_every_table_that_pages_read_has_a_policy_or_is_known_to_everyone_inside(world):
    """What the reader may read without a policy holds no canary of any union."""
    with warehouse().connect() as connection:
        open_ones = connection.execute(
            text(
                "SELECT c.relname FROM pg_class AS c WHERE c.relkind IN ('r', 'p') "
                "AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity "
                "AND has_any_column_privilege('portal_reader', c.oid, 'SELECT')"
            )
        )
        found = {t: whoms(connection, t) for t in open_ones.scalars().all()}
    assert len(found) > 10
    assert {t for t, seen in found.items() if seen} == set()


def set_policies(said: dict[str, str]) -> None:
    with warehouse().begin() as connection:
        for table, rows in said.items():
            connection.execute(text(f"ALTER POLICY sight ON {table} USING ({rows})"))


def tables_shown(answer: Any) -> set[str]:
    """Tables whose canaries of the county, a stranger's, stand in an answer."""
    county = {str(UNITS.index(code)) for code in BELOW_COUNTY}
    return {m[3] for m in CANARY.finditer(answer.text) if m[3] and m[1] in county}


def rests_on(table: str, said: dict[str, str]) -> set[str]:
    """A table and those that its policy asks, and theirs."""
    found, new = set(), {table}
    while new:
        found |= new
        new = {t for t in said for f in new if re.search(rf"\b{t}\b", said[f])} - found
    return found


def test_over_http_each_policy_alone_holds_back_its_table(world):
    """With every policy opened a stranger of all roles is shown what pages read of the county; with
    one put back (and those it asks), nothing of its table, whatever else is open."""
    county = ABOVE[STRANGER, "块"]
    roles = [r.code for r in world.site.definitions.roles.roles]
    world.site.account(
        "everything",
        *((r, STRANGER) for r in roles if r in ("reporter", "signer")),
        *((r, county) for r in roles if r not in ("reporter", "signer", "industry_reviewer")),
    )
    browser = world.browser("everything")
    browser.client._transport.raise_server_exceptions = False
    with warehouse().connect() as connection:
        said = policies(connection)
    pages = [r for m, r in routes(world) if m == "GET"]

    def ask(route: APIRoute) -> set[str]:
        return tables_shown(request(browser, "", "GET", route, world.things[OWN], ""))

    wrong, read = [], {}
    try:
        assert {route.path for route in pages if ask(route)} == set()
        set_policies(dict.fromkeys(said, "true"))
        for route in pages:
            for table in ask(route):
                read.setdefault(table, []).append(route)
        for table, where in read.items():
            closed = rests_on(table, said)
            set_policies({t: said[t] for t in closed})
            wrong += [f"{table}: {r.path}" for r in where[:3] if table in ask(r)]
            set_policies(dict.fromkeys(closed, "true"))
    finally:
        set_policies(said)
    assert not wrong, "\n".join(wrong)
    # What no page shows even then is held back by more than its policy: proven at the database.
    assert {"account", "correction", "publication", "publication_number"} <= set(read)


# --- every endpoint ---

# These end the session or change the password: the visitor's test asks them.
ENDING = {"/sign-out", "/password", "/sign-in"}


@pytest.mark.parametrize("login", GRANTS)
def test_no_endpoint_shows_or_breaks_for_a_role_what_is_not_its_own(world, login):
    browser = world.browser(login)
    browser.client._transport.raise_server_exceptions = False
    csrf = browser.token()
    assert csrf
    wrong = []
    asked = seen = 0
    for n, (method, route) in enumerate(routes(world)):
        if route.path in ENDING and method == "POST":
            continue
        takes = get_flat_dependant(route.dependant)
        named = route.param_convertors or takes.query_params or takes.body_params
        cases = [(p, world.things[code], "") for p, code in POSITIONS.items()]
        cases += [("forged", {}, FORGED[n % len(FORGED)])]
        for position, things, forged in cases if named else cases[:1]:
            answer = request(browser, csrf, method, route, things, forged)
            asked += 1
            where = f"{method} {route.path} {position} {forged}"
            if answer.status_code >= 500:
                wrong.append(f"{where}: {answer.status_code}")
            wrong += [f"{where}: {c}" for c in leaks(login, answer)]
            seen += bool(CANARY.search(answer.text)) and answer.status_code == 200
    assert not wrong, "\n".join(wrong)
    assert asked > len(routes(world))
    # The test would not notice anything if nothing were shown at all.
    assert bool(seen) is (SEEN[login] != set() or login == "administrator") or login == "finance"


def test_a_visitor_gets_nowhere_but_to_signing_in(world):
    browser = world.site.visitor()
    for method, route in routes(world):
        answer = request(browser, "x", method, route, world.things[OWN], "")
        assert answer.status_code in (200, 303, 403), f"{method} {route.path}"
        assert answer.status_code != 200 or route.path in ("/sign-in", "/health"), route.path
        assert not CANARY.search(answer.text), route.path
