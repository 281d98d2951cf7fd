"""Who connects as `reports_reader` reads every view, changes nothing, learns nothing withheld."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from definitions.catalogue import Definitions
from pipelines.flow.bi_views import renew_views, untold
from tests.acceptance import query
from tests.published import COUNTIES, publish
from warehouse import server
from warehouse.bi import ROWS
from warehouse.engine import warehouse


@pytest.fixture(scope="module")
def reader(module_home: Path, definitions: Definitions) -> Iterator[Engine]:
    """A connection of a login of its own that was granted the role, as an operator makes it."""
    publish(definitions, module_home.parent / "bi-files")
    renew_views()
    with warehouse().begin() as owner:
        owner.execute(text("DROP ROLE IF EXISTS bi_tool"))
        owner.execute(text("CREATE ROLE bi_tool LOGIN PASSWORD 'only-here' IN ROLE reports_reader"))
    url = make_url(server.database_url()).set(username="bi_tool", password="only-here")
    engine = create_engine(url)
    yield engine
    engine.dispose()
    with warehouse().begin() as owner:
        owner.execute(text("DROP ROLE bi_tool"))


def views(connection: Connection) -> list[str]:
    found = connection.execute(
        text("SELECT viewname FROM pg_views WHERE schemaname = 'reports' ORDER BY 1")
    )
    return list(found.scalars())


def refused(engine: Engine, statement: str) -> bool:
    """Whether the server refuses a statement: for want of a right, or because a view takes none."""
    with engine.connect() as connection, connection.begin() as transaction:
        try:
            connection.execute(text(statement))
        except DBAPIError as error:
            return getattr(error.orig, "sqlstate", "") in ("42501", "55000")
        finally:
            transaction.rollback()
    return False


def test_every_view_can_be_read(reader: Engine) -> None:
    with reader.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == "bi_tool"
        names = views(connection)
        counts = {
            name: connection.execute(text(f'SELECT count(*) FROM reports."{name}"')).scalar_one()  # noqa: S608
            for name in names
        }
    assert len(names) > 30
    for name in ("organisations", "figures", "coverage", "publications", "form_org_02"):
        assert counts[name] > 0, name


def test_nothing_can_be_changed_or_made(reader: Engine) -> None:
    for statement in (
        "UPDATE reports.organisations SET unit_name = 'x'",
        "DELETE FROM reports.publications",
        "INSERT INTO reports.publications (reference) VALUES ('x')",
        "DROP VIEW reports.figures",
        "CREATE TABLE reports.x (n int)",
        "CREATE TABLE public.x (n int)",
        "UPDATE public.publication SET title = 'x'",
        "TRUNCATE public.filing",
    ):
        assert refused(reader, statement), statement


def test_nothing_else_can_be_read(reader: Engine) -> None:
    with reader.connect() as connection:
        open_ones = connection.execute(
            text(
                "SELECT n.nspname || '.' || c.relname FROM pg_class c "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') "
                "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'reports') "
                "AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') "
                "ELSE has_any_column_privilege(c.oid, 'SELECT') END"
            )
        ).scalars()
        assert open_ones.all() == []
        # A function that runs as its owner would be another way in.
        ways_in = connection.execute(
            text(
                "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
                "WHERE p.prosecdef AND n.nspname = 'public' "
                "AND has_function_privilege(p.oid, 'EXECUTE')"
            )
        ).scalars()
        assert ways_in.all() == []
    for table in ("filing_row", "indicator_value", "account", "audit_log", "withheld_figure"):
        assert refused(reader, f"SELECT 1 FROM public.{table}"), table  # noqa: S608
    assert refused(reader, "SET ROLE portal_reader")


def test_what_is_withheld_is_empty_and_said_to_be(reader: Engine, definitions: Definitions) -> None:
    owner = query(
        "SELECT c.period AS computed_for, w.line, w.unit, w.period, w.indicator "
        "FROM withheld_figure w JOIN computation c ON c.id = w.computation_id "
        "JOIN indicator_value v ON v.computation_id = w.computation_id AND v.line = w.line "
        "AND v.period = w.period AND v.indicator = w.indicator AND v.value IS NOT NULL "
        "JOIN organisation o ON o.id = v.org_id AND o.code = w.unit "
        "WHERE c.id IN (SELECT DISTINCT ON (period) id FROM computation "
        "ORDER BY period, cutoff DESC, id DESC)"
    )
    assert len(owner) > 10
    with reader.connect() as connection:
        told = {
            (r.computed_for, {"块": 1, "条": 2}[r.line], r.unit_code, r.period, r.indicator): r
            for r in connection.execute(text("SELECT * FROM reports.figures"))
        }
    for w in owner:
        shown = told[w.computed_for, w.line, w.unit, w.period, w.indicator]
        assert shown.withheld
        assert (shown.value, shown.numerator, shown.denominator) == (None, None, None)
    few = untold(definitions).indicators
    assert {r.indicator for r in told.values() if r.withheld} <= few
    assert any(r.value is not None for r in told.values() if r.indicator in few)


def test_a_withheld_month_cannot_be_subtracted_out_of_the_year_so_far(reader: Engine) -> None:
    """January 2, withheld, and February 10: their sum 12, or last year's 2, would tell it."""
    months = {
        "2019-01": {"reported": 2, "to_date": 2},
        "2019-02": {"reported": 10, "to_date": 2 + 10, "comparable": 2},
    }
    with warehouse().begin() as owner:
        for month, values in months.items():
            asked = {"p": month, "i": "I-AID-04", "unit": COUNTIES["yongning"]}
            asked["c"] = owner.execute(
                text(
                    "INSERT INTO computation (period, cutoff, definitions, computed_at) "
                    "SELECT :p, cutoff, definitions, computed_at FROM computation LIMIT 1 "
                    "RETURNING id"
                ),
                asked,
            ).scalar_one()
            owner.execute(text("INSERT INTO withholding VALUES (:c, 1)"), asked)
            if month == "2019-01":
                owner.execute(
                    text("INSERT INTO withheld_figure VALUES (:c, 1, :unit, :p, :i)"), asked
                )
            for basis, value in values.items():
                owner.execute(
                    text(
                        "INSERT INTO indicator_value (computation_id, line, org_id, period, basis, "
                        "indicator, value, numerator, reported) SELECT :c, 1, id, :p, :b, :i, :v, "
                        ":v, 1 FROM organisation WHERE code = :unit"
                    ),
                    {**asked, "b": basis, "v": value},
                )
    with reader.connect() as connection:
        rows = connection.execute(
            text("SELECT * FROM reports.figures WHERE computed_for IN ('2019-01', '2019-02')")
        ).all()
    assert len(rows) == 5
    shown = {x for r in rows for x in (r.value, r.numerator, r.denominator) if x is not None}
    assert not {2} & (shown | {a - b for a in shown for b in shown})
    assert [(r.period, r.basis) for r in rows if not r.withheld] == [("2019-02", "reported")]


def test_what_nobody_has_decided_about_is_withheld(
    reader: Engine, definitions: Definitions
) -> None:
    few = untold(definitions).indicators
    with reader.connect() as connection:
        rows = connection.execute(text("SELECT * FROM reports.figures")).all()
    decided = {
        r.period
        for r in query(
            "SELECT period FROM (SELECT DISTINCT ON (period) * FROM computation "
            "ORDER BY period, cutoff DESC, id DESC) c JOIN withholding w ON w.computation_id = c.id"
        )
    }
    assert all(r.withheld for r in rows if r.indicator in few and r.computed_for not in decided)


def test_columns_of_few_people_are_in_no_view(reader: Engine, definitions: Definitions) -> None:
    columns = untold(definitions).columns
    assert any(ROWS in few for few in columns.values())
    with reader.connect() as connection:
        names = set(views(connection))
        shown = {
            (r.table_name, r.column_name)
            for r in connection.execute(
                text(
                    "SELECT table_name, column_name FROM information_schema.columns "
                    "WHERE table_schema = 'reports'"
                )
            )
        }
    for form, few in columns.items():
        view = f"form_{form.lower().replace('-', '_')}"
        assert (view in names) is (ROWS not in few)
        assert not {(view, c) for c in few} & shown
