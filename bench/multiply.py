"""More unions that filed: what one block of them filed, again in SQL for the blocks after it.

Copied are receipts, submissions, filings with their rows, and findings, under codes and ids of the
further unions, which are registered and on the roster already. Codes within texts and keys become
those of the copy; ciphertexts of persons become other persons' (they can no longer be deciphered,
which no close does). Figures, days and originals are those of the first block again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from bench.organisations import BLOCK

COPIED = """
CREATE TEMPORARY TABLE copied AS
SELECT g AS copy, o.id AS old_id, n.id AS new_id, o.code AS old_code, n.code AS new_code
FROM generate_series(1, :blocks - 1) AS g
CROSS JOIN organisation AS o
JOIN organisation AS n
    ON n.code = left(o.code, 7) || lpad((substr(o.code, 8)::int + g * :block)::text, 5, '0')
WHERE o.code ~ '^640105G[0-9]{5}$' AND substr(o.code, 8)::int <= :block
"""
_FURTHER = "t.id + c.copy * :stride"
_TEXT = "replace(replace({0}, c.old_code, c.new_code), '~', '~' || c.copy || '~')"
Step = tuple[str, str, dict[str, str]]
STEPS: tuple[Step, ...] = (
    (
        "receipt",
        "receipt t JOIN submission s ON s.receipt_id = t.id "
        "JOIN copied c ON c.old_id = s.reporter_id",
        {"id": _FURTHER, "source": "t.source || '#' || c.copy"},
    ),
    (
        "submission",
        "submission t JOIN copied c ON c.old_id = t.reporter_id",
        {"id": _FURTHER, "receipt_id": "t.receipt_id + c.copy * :stride",
         "reporter_id": "c.new_id"},
    ),
    (
        "filing",
        "filing t JOIN copied c ON c.old_id = t.reporter_id",
        {"id": _FURTHER, "submission_id": "t.submission_id + c.copy * :stride",
         "reporter_id": "c.new_id",
         "superseded_by": "t.superseded_by + c.copy * :stride"},
    ),
    (
        "filing_row",
        "filing_row t JOIN filing f ON f.id = t.filing_id JOIN copied c "
        "ON c.old_id = f.reporter_id",
        {"filing_id": "t.filing_id + c.copy * :stride",
         "org_id": "CASE WHEN t.org_id = c.old_id THEN c.new_id ELSE t.org_id END",
         "key": _TEXT.format("t.key"),
         "texts": f"CAST({_TEXT.format('CAST(t.texts AS text)')} AS text[])"},
    ),
    (
        "finding",
        "finding t JOIN submission s ON s.id = t.submission_id "
        "JOIN copied c ON c.old_id = s.reporter_id",
        {"id": _FURTHER, "submission_id": "t.submission_id + c.copy * :stride",
         "org_id": "CASE WHEN t.org_id = c.old_id THEN c.new_id ELSE t.org_id END",
         "fingerprint": "t.fingerprint || '#' || c.copy",
         "explained_by": "t.explained_by + c.copy * :stride"},
    ),
)  # fmt: skip
"""Table, where its rows and their copies' unions come from, and what is not as it was."""


def multiply(connection: Connection, unions: int) -> dict[str, int]:
    """Let all of the first `unions` have filed what the first block did; rows added by table.

    ValueError unless they are whole blocks.
    """
    blocks, rest = divmod(unions, BLOCK)
    if rest:
        raise ValueError(f"{unions} unions are not whole blocks of {BLOCK}")
    connection.execute(text(COPIED), {"blocks": blocks, "block": BLOCK})
    connection.execute(text("CREATE INDEX ON copied (old_id)"))
    connection.execute(text("ANALYZE copied"))
    stride = connection.execute(
        text(
            "SELECT 1 + greatest((SELECT max(id) FROM receipt), (SELECT max(id) FROM filing), "
            "(SELECT max(id) FROM submission), (SELECT coalesce(max(id), 0) FROM finding))"
        )
    ).scalar_one()
    with _unchecked(connection), _unindexed(connection, [table for table, _, _ in STEPS]):
        added = {step[0]: _copy(connection, step, stride) for step in STEPS}
    connection.execute(text("DROP TABLE copied"))
    return added


def _copy(connection: Connection, step: Step, stride: int) -> int:
    """The rows of one table for every further union; only those of the first block are read."""
    table, source, changed = step
    names = [c["name"] for c in inspect(connection).get_columns(table)]
    taken = ", ".join(changed.get(n, f"t.{n}") for n in names)
    added = connection.execute(
        text(
            f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE "  # noqa: S608
            f"SELECT {taken} FROM {source}"
        ),
        {"stride": stride},
    ).rowcount
    if "id" in changed:
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")  # noqa: S608
        )
    return added


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """References of copies hold because those of the first block do; looking up takes longest."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    yield
    connection.execute(text("SET LOCAL session_replication_role = origin"))


@contextmanager
def _unindexed(connection: Connection, tables: Sequence[str]) -> Iterator[None]:
    """Indexes are built once at the end; those that keep a key unique stay."""
    found = connection.execute(
        text(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid "
            "WHERE t.relname = ANY(:tables) AND NOT i.indisunique"
        ),
        {"tables": list(tables)},
    ).all()
    for name, _ in found:
        connection.execute(text(f'DROP INDEX "{name}"'))
    yield
    connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
    for _, statement in found:
        # Of a partitioned table it is defined ON ONLY, which would leave out the partitions.
        connection.execute(text(statement.replace(" ON ONLY ", " ON ")))
