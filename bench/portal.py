"""Queue and coverage pages over 10,000 organisations and 120,000 submissions, as server time.

Rows are made by SQL: a province, ten cities, a hundred counties, grassroots unions below them; a
year of months with one workbook per union and month. Past months are done but for a few that were
never mended; the last month has every state. Each page is asked for as three different people, and
its time stated as a multiple of one trivial page's (a signed-in page that lists nothing). Then
fifty people come at once, and ten-sheet workbooks go through a portal over a federation of their
own (`portal_served`).
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from starlette.testclient import TestClient

from bench import ours, workbooks
from bench.apart import installation, process
from bench.figures import union_code
from bench.portal_served import (
    PASSWORD,
    Crowd,
    Person,
    Uploads,
    browser,
    crowd,
    crowd_table,
    p95,
    served,
    through_portal,
    upload_table,
)
from definitions import load_definitions
from definitions.periods import Period

AT = "2017-04-08T09:00:00"
MONTHS = 12
TRIVIAL = "/password"
PAGES = {
    "queue": "/queue",
    "queue, one state": "/queue?state=validated",
    "queue, one form": "/queue?form=ORG-02&state=returned",
    "queue, one rule": "/queue?rule=V-R-003",
    "queue, by name": "/queue?search=00777",
    "queue, leading line": "/queue?lead=条为主",
    "coverage board": "/coverage?period=2017-03",
    "coverage, by industry": "/coverage?period=2017-03&line=2",
    "coverage, units": "/coverage/units?period=2017-03&state=never",
}
PEOPLE = {"province": "P", "city": "C01", "county": "D001"}
START = {"start page": "/"}
FIFTY = {"province": 2, "city": 8, "county": 20, "unit": 20}
"""Who comes at once: stewards of the three levels, and units that report."""
STEWARDS = ("/", "/queue", "/queue?state=returned", "/coverage?period=2017-03",
            "/coverage/units?period=2017-03&state=never")  # fmt: skip
REPORTERS = ("/", "/my", "/my/history", "/my/uploads")
BEFORE, MONTH, WARM = "2017-02", "2017-03", 3

MAKE = """
INSERT INTO definitions_edition VALUES ('bench', '{}', now())
    ON CONFLICT DO NOTHING;
INSERT INTO organisation (code, type, level, region, industry, reg_type, is_joint, found_date,
    recorded_at)
SELECT code, '基层工会委员会', level, '640000', '', '', false, '2000-01-01', '2010-01-01'
FROM (
    SELECT 'P' AS code, '省级' AS level
    UNION ALL SELECT 'C' || lpad(n::text, 2, '0'), '市级' FROM generate_series(1, 10) n
    UNION ALL SELECT 'I' || lpad(n::text, 2, '0'), '市级' FROM generate_series(1, 10) n
    UNION ALL SELECT 'D' || lpad(n::text, 3, '0'), '区县级' FROM generate_series(1, 100) n
    UNION ALL SELECT 'G' || lpad(n::text, 5, '0'), '基层' FROM generate_series(1, {units}) n
) AS o;
INSERT INTO organisation_name (org_id, name, kind, valid, recorded_at)
SELECT id, code || '工会委员会', 'official', '[2000-01-01,)', '2010-01-01' FROM organisation;
INSERT INTO organisation_state (org_id, status, lead, type, level, valid, recorded_at)
SELECT id, '正常', CASE WHEN id % 5 = 0 THEN '条为主' ELSE '块为主' END, type, level,
    '[2000-01-01,)', '2010-01-01' FROM organisation;
INSERT INTO affiliation (org_id, line, parent_id, valid, approval, recorded_at)
SELECT o.id, l.line, p.id, '[2000-01-01,)', '', '2010-01-01'
FROM organisation o CROSS JOIN (VALUES (1), (2)) AS l (line)
JOIN organisation p ON p.code = CASE
    WHEN o.code ~ '^[CI]' THEN CASE WHEN l.line = 1 OR o.code ~ '^I' THEN 'P' END
    WHEN o.code ~ '^D' AND l.line = 1 THEN
        'C' || lpad((1 + substr(o.code, 2)::int % 10)::text, 2, '0')
    WHEN o.code ~ '^G' AND l.line = 1 THEN
        'D' || lpad((1 + substr(o.code, 2)::int % 100)::text, 3, '0')
    WHEN o.code ~ '^G' AND l.line = 2 THEN
        'I' || lpad((1 + substr(o.code, 2)::int % 10)::text, 2, '0') END;
INSERT INTO period (label, kind, starts, ends, definitions, opened_at)
SELECT to_char(d, 'YYYY-MM'), 'month', d::date, (d + interval '1 month - 1 day')::date, 'bench', d
FROM generate_series(timestamp '2016-04-01', timestamp '2017-03-01', interval '1 month') d;
INSERT INTO form_window (period, form, edition, opened_with, due_on, check_on, lock_on, opened_at)
SELECT label, f, 'bench', label, ends + 5, ends + 8, ends + 12, starts
FROM period CROSS JOIN unnest(ARRAY['ORG-02', 'FIN-01', 'RIGHT-01']) f;
INSERT INTO expected_filing (period, form, org_id, due_on, check_on, lock_on)
SELECT w.period, w.form, o.id, w.due_on, w.check_on, w.lock_on
FROM form_window w CROSS JOIN organisation o WHERE o.level = '基层';
INSERT INTO receipt (sha256, size, file_name, channel, source, sender, received_at, state)
SELECT p.label || o.code, 9, o.code || '月报.xlsx', 'bench', p.label || o.code, o.code,
    p.ends + interval '3 days' + o.id * interval '7 seconds', 'processed'
FROM period p CROSS JOIN organisation o WHERE o.level = '基层'
    AND (p.label < '2017-03' OR o.id % 10 < 8);
INSERT INTO submission (receipt_id, member, sha256, format, reporter_id, period, version, state,
    cover, definitions, received_at, processed_at, forms, life, locks_on)
SELECT r.id, '', r.sha256, 'xlsx', o.id, left(r.sha256, 7), 1,
    CASE s.life WHEN 'returned' THEN 'returned' WHEN 'explaining' THEN 'explain'
        ELSE 'accepted' END,
    '{}', 'bench', r.received_at, r.received_at, ARRAY['ORG-02', 'FIN-01', 'RIGHT-01'], s.life,
    CASE WHEN s.life IN ('returned', 'explaining') THEN NULL ELSE w.lock_on END
FROM receipt r JOIN organisation o ON o.code = r.sender
JOIN form_window w ON w.period = left(r.sha256, 7) AND w.form = 'ORG-02'
CROSS JOIN LATERAL (SELECT CASE
    WHEN left(r.sha256, 7) < '2017-03' THEN
        CASE WHEN r.id % 500 = 0 THEN 'returned' ELSE 'validated' END
    WHEN r.id % 20 = 0 THEN 'returned' WHEN r.id % 20 = 1 THEN 'explaining'
    WHEN r.id % 20 = 2 THEN 'explained' WHEN r.id % 20 < 8 THEN 'checked'
    ELSE 'validated' END AS life) s;
INSERT INTO filing (submission_id, form, edition, period, reporter_id, part, sheet, sheet_columns,
    row_count, received_at, accepted_at)
SELECT s.id, f, 'bench', s.period, s.reporter_id, 1, f, '{1}', 1, s.received_at, s.received_at
FROM submission s CROSS JOIN unnest(s.forms) f WHERE s.state = 'accepted';
INSERT INTO filing_row (filing_id, period_end, form, row_no, org_id, key, numbers, texts)
SELECT f.id, p.ends, f.form, 3, f.reporter_id, '', '{1}', '{}'
FROM filing f JOIN period p ON p.label = f.period;
INSERT INTO finding (submission_id, rule, severity, message, advice, form, sheet, row_no, columns,
    field, value, expected, cell, opened_at)
SELECT s.id, 'V-R-00' || (n + s.id) % 5, CASE WHEN s.life = 'returned' THEN '退回'
    WHEN s.life IN ('explaining', 'explained') THEN '须说明' ELSE '提示' END,
    '会员数大于职工数', '请核对', 'ORG-02', '会员', 3, '{3}', '会员', '9', '', 'C3', s.received_at
FROM submission s CROSS JOIN generate_series(1, 3) n
WHERE s.life <> 'validated' OR s.id % 5 = 0;
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One page as one person: milliseconds of the server, and its p95 over the trivial page's."""

    page: str
    person: str
    median: float
    p95: float
    multiple: float


def make(engine: Engine, units: int) -> dict[str, int]:
    """Fill an empty warehouse; counts."""
    from warehouse.engine import ensure_partitions

    with engine.begin() as connection:
        for year in (2016, 2017):
            ensure_partitions(connection, year)
        for part in MAKE.replace("{units}", str(units)).split(";\n"):
            if part.strip():
                connection.exec_driver_sql(part.replace("%", "%%"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        return {t: _count(connection, t) for t in ("organisation", "submission", "finding")}


def _count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


@dataclass(frozen=True, slots=True)
class Portal:
    """Everything that was measured."""

    counts: dict[str, int]
    pages: list[Measured]
    crowds: list[Crowd]
    uploads: Uploads


def measure(
    units: int = 10_000, rounds: int = 40, seconds: float = 20, uploads: int = 30
) -> Portal:
    """Make the rows in an installation of their own; time every page, a crowd, some uploads."""
    with installation() as scratch:
        counts, pages = _measured(units, rounds)
        with served({}, AT, worker=False) as url:
            people = _fifty()
            clients = [browser(url, p.login) for p in people]
            crowds = [crowd(people, clients, seconds, pause) for pause in (0.0, 4.0)]
            for client in clients:
                client.close()
        return Portal(counts, pages, crowds, _uploads(scratch / "uploads", uploads))


def _measured(units: int, rounds: int) -> tuple[dict[str, int], list[Measured]]:
    from pipelines.flow.ground import engine, moment
    from portal.app import create_app

    known = load_definitions()
    at = moment(AT)
    counts = make(engine(), units)
    app = create_app(definitions=known, clock=lambda: at, changes_per_minute=100_000)
    _accounts([(login, "steward", org) for login, org in PEOPLE.items()], AT)
    found = []
    for login in PEOPLE:
        client = _signed_in(app, login)
        trivial = _times(client, TRIVIAL, rounds)
        base = p95(trivial)
        found.append(Measured("trivial page", login, statistics.median(trivial), base, 1.0))
        for name, path in (START | PAGES).items():
            times = _times(client, path, rounds)
            high = p95(times)
            found.append(Measured(name, login, statistics.median(times), high, high / base))
    return counts, found


def _accounts(wanted: Iterable[tuple[str, str, str]], at: str) -> None:
    """Accounts for (login, role, organisation), all with one password."""
    from pipelines.flow.ground import engine, moment
    from warehouse import accounts

    known, when = load_definitions(), moment(at)
    with engine().begin() as connection:
        accounts.keep_roles(connection, known)
        for login, role, org in wanted:
            number = accounts.create_account(
                connection, login, login, at=when, actor="bench", password=PASSWORD,
                must_change=False,
            )  # fmt: skip
            accounts.grant(connection, known, number, role, org, at=when, actor="bench")


def _fifty() -> list[Person]:
    """People of all levels, each with an account and the pages that they go to."""
    codes = {"province": "P", "city": "C{:02d}", "county": "D{:03d}", "unit": "G{:05d}"}
    people, wanted = [], []
    for level, count in FIFTY.items():
        for n in range(1, count + 1):
            login, role = f"{level}-{n}", "reporter" if level == "unit" else "steward"
            wanted.append((login, role, codes[level].format(n)))
            people.append(Person(login, REPORTERS if level == "unit" else STEWARDS))
    _accounts(wanted, AT)
    return people


def _uploads(home: Path, count: int) -> Uploads:
    """Workbooks of ten sheets, half through the pipeline alone, half through a portal."""
    from warehouse import server

    at, half = ours.MOMENTS[MONTH], count + WARM
    url = server.ensure_database("uploads")
    place = {server.HOME_VARIABLE: str(home), server.URL_VARIABLE: url}
    with process(home, url) as there:
        there(ours.open_month, 2 * half, [BEFORE, MONTH])
        before = workbooks.make(home / BEFORE, 2 * half, Period.parse(BEFORE))
        there(ours.load_month, before, BEFORE, 2 * half)
        there(ours.settle)
        month = workbooks.make(home / MONTH, 2 * half, Period.parse(MONTH), shape="template")
        alone = [there(_alone, path) for path in month[:half]]
        reporters = range(half + 1, 2 * half + 1)
        there(_accounts, [(f"li-{n}", "reporter", union_code(n)) for n in reporters], at)
        with served(place, at, worker=True) as portal:
            through = through_portal(
                portal,
                [
                    (f"li-{n}", union_code(n), partial(Path.read_bytes, month[n - 1]))
                    for n in reporters
                ],
                WARM,
            )
    return Uploads(through, tuple(alone[WARM:]))


def _alone(path: Path) -> float:
    """Seconds from a file to its verdict, in this process."""
    before = time.perf_counter()
    ours.take_in([path], MONTH)
    for chunk in ours.chunks(1):
        ours.work(chunk, MONTH)
    return time.perf_counter() - before


def _signed_in(app: object, login: str) -> TestClient:
    client = TestClient(app, base_url="http://portal", follow_redirects=False)  # type: ignore[arg-type]
    page = client.get("/sign-in").text
    token = page.split('name="csrf" value="', 1)[1].split('"', 1)[0]
    entered = client.post("/sign-in", data={"csrf": token, "login": login, "password": PASSWORD})
    if entered.status_code != 303:
        raise RuntimeError(f"{login} could not sign in")
    return client


def _times(client: TestClient, path: str, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds + 3):
        before = time.perf_counter()
        answer = client.get(path)
        taken.append(1000 * (time.perf_counter() - before))
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return taken[3:]


def table(found: Portal) -> str:
    """The figures as tables."""
    lines = ["、".join(f"{n:,} {t}" for t, n in found.counts.items()), "",
             "| page | person | median ms | p95 ms | of the trivial page |",
             "|---|---|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {m.page} | {m.person} | {m.median:.1f} | {m.p95:.1f} | {m.multiple:.1f} |"
        for m in found.pages
    ]
    return "\n".join([*lines, "", crowd_table(found.crowds), "", upload_table(found.uploads)])


if __name__ == "__main__":
    print(table(measure()))
