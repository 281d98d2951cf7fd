"""Gates over the whole warehouse: what must be true before anything is published."""

from __future__ import annotations

from sqlalchemy import Connection, text

GATES = {
    "同一单位同一期同一表有两份现行报表": """
        SELECT count(*) FROM (
            SELECT 1 FROM filing WHERE superseded_at IS NULL
            GROUP BY reporter_id, form, period HAVING count(DISTINCT submission_id) > 1) d""",
    "现行报表的行数与登记的行数不符": """
        SELECT count(*) FROM filing f
        WHERE f.superseded_at IS NULL AND f.row_count <> (
            SELECT count(*) FROM filing_row r WHERE r.filing_id = f.id)""",
    "同一行数据被两个单位同时报送": """
        SELECT count(*) FROM (
            SELECT 1 FROM filing f JOIN filing_row r ON r.filing_id = f.id
            WHERE f.superseded_at IS NULL
            GROUP BY f.form, f.period, r.key HAVING count(DISTINCT f.reporter_id) > 1) d""",
    "组织在同一条线上有循环隶属": """
        WITH RECURSIVE up AS (
            SELECT line, org_id AS start, parent_id, valid, 1 AS depth
            FROM affiliation WHERE retired_at IS NULL
            UNION ALL
            SELECT a.line, up.start, a.parent_id, up.valid * a.valid, up.depth + 1
            FROM up JOIN affiliation a ON a.org_id = up.parent_id AND a.line = up.line
                AND a.retired_at IS NULL AND a.valid && up.valid
            WHERE up.depth < 15 AND up.parent_id <> up.start)
        SELECT count(*) FROM up WHERE parent_id = start AND NOT isempty(valid)""",
    "已接收的报送没有原件回执": """
        SELECT count(*) FROM submission s LEFT JOIN receipt r ON r.id = s.receipt_id
        WHERE r.id IS NULL""",
    "报送的状态与事实不符": """
        SELECT count(*) FROM submission s JOIN submission_life() l ON l.submission_id = s.id
        WHERE s.life IS DISTINCT FROM l.life""",
}


def broken_gates(connection: Connection) -> list[str]:
    """Sentences about every gate that does not hold, with the number of cases."""
    broken = []
    for sentence, query in GATES.items():
        cases = connection.execute(text(query)).scalar_one()
        if cases:
            broken.append(f"{sentence}（{cases} 处）")
    return broken
