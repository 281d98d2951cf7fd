"""Queue and coverage pages over 10,000 organisations and 120,000 submissions, as server time.

Rows are made by SQL: a province, ten cities, a hundred counties, grassroots unions below them; a
year of months with one workbook per union and month. Past months are done but for a few that were
never mended; the last month has every state. Each page is asked for as three different people, and
its time stated as a multiple of one trivial page's (a signed-in page that lists nothing).
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from starlette.testclient import TestClient

from definitions import load_definitions

PASSWORD = "春风又绿江南岸2017"  # noqa: S105
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


def measure(units: int = 10_000, rounds: int = 40) -> tuple[dict[str, int], list[Measured]]:
    """Make the rows in an installation of their own and time every page."""
    from warehouse import server

    with tempfile.TemporaryDirectory(prefix="bench-portal-") as home:
        os.environ[server.HOME_VARIABLE] = home
        server.start()
        try:
            return _measured(Path(home), units, rounds)
        finally:
            server.stop()


def _measured(home: Path, units: int, rounds: int) -> tuple[dict[str, int], list[Measured]]:
    from pipelines.flow.ground import CHINA, engine
    from portal.app import create_app
    from warehouse import accounts

    known = load_definitions()
    at = datetime(2017, 4, 8, 9, 0, tzinfo=CHINA)
    counts = make(engine(), units)
    app = create_app(definitions=known, clock=lambda: at, changes_per_minute=100_000)
    with engine().begin() as connection:
        for login, org in PEOPLE.items():
            number = accounts.create_account(
                connection, login, login, at=at, actor="bench", password=PASSWORD, must_change=False
            )
            accounts.grant(connection, known, number, "steward", org, at=at, actor="bench")
    found = []
    for login in PEOPLE:
        client = _signed_in(app, login)
        trivial = _times(client, TRIVIAL, rounds)
        base = _p95(trivial)
        found.append(Measured("trivial page", login, statistics.median(trivial), base, 1.0))
        for name, path in PAGES.items():
            times = _times(client, path, rounds)
            p95 = _p95(times)
            found.append(Measured(name, login, statistics.median(times), p95, p95 / base))
    return counts, found


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


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def table(counts: dict[str, int], found: list[Measured]) -> str:
    """The figures as a table."""
    head = "、".join(f"{n:,} {t}" for t, n in counts.items())
    lines = [head, "", "| page | person | median ms | p95 ms | of the trivial page |",
             "|---|---|---:|---:|---:|"]  # fmt: skip
    lines += [
        f"| {m.page} | {m.person} | {m.median:.1f} | {m.p95:.1f} | {m.multiple:.1f} |"
        for m in found
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(*measure()))
