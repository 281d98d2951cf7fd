"""What was found in a submission, as the unit and its stewards read it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from definitions import Definitions
from warehouse.engine import sql


@dataclass(frozen=True, slots=True)
class Found:
    """One finding; `field` is the column's label, `title` what its rule asks."""

    id: int
    rule: str
    severity: str
    message: str
    advice: str
    form: str
    sheet: str
    row_no: int | None
    columns: tuple[int, ...]
    field: str
    value: str
    expected: str
    cell: str
    stage: str
    explanation: str = ""
    title: str = ""

    @property
    def wordless(self) -> bool:
        """Whether it waits for the unit's words."""
        return self.severity == "须说明" and not self.explanation


def findings(reading: Connection, submission: int, known: Definitions) -> list[Found]:
    """What was found in a submission and still stands, as far as the reader sees it."""
    labels = {(f.code, c.code): c.label for f in known.forms for c in f.columns}
    rows = reading.execute(text(sql("portal_findings")), {"id": submission}).mappings()
    found = []
    for row in rows:
        values = dict(row)
        code = values.pop("field_code")
        rule = known.rules.get(values["rule"])
        values["columns"] = tuple(values["columns"])
        label = labels.get((values["form"], code), "")
        found.append(Found(field=label, title=rule.title if rule else "", **values))
    return found
