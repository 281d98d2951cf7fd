"""Scenes of rules over many organisations, filed straight into a warehouse and asked there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from definitions.catalogue import Definitions
from definitions.model import ColumnType, Form
from definitions.organisations import Organisation, Parent
from definitions.periods import Period
from definitions.scenes import Filed, Scene, Spot
from pipelines.closing_checks.across import Located, across
from pipelines.explanations import Fingerprints
from pipelines.load import filing_of
from pipelines.workbook import FormSheet
from warehouse import receipts
from warehouse.cutoff import prepare_cutoff
from warehouse.editions import register_definitions
from warehouse.engine import ensure_partitions
from warehouse.named_rows import name_units
from warehouse.organisations import ids, register
from warehouse.submissions import NewSubmission, load

AT = datetime(2020, 6, 1, tzinfo=UTC)
KEY = bytes(range(64))
FIRST_ROW = 6


def unions_of(scene: Scene) -> list[Organisation]:
    """The scene's unions with their parents, moved ones with the old and the new."""
    moved: dict[tuple[str, str], tuple[str, date]] = {
        (org, line): (parent, day) for org, line, parent, day in scene.moves
    }
    found = []
    for code, unit in scene.unions.items():
        parents: list[Parent] = []
        for line, above in (("块", unit.block), ("条", unit.industry_parent), ("经费", unit.funds)):
            new = moved.get((code, line))
            if above:
                until = new[1] if new else None
                parents.append(Parent(line=line, parent=above, since=unit.since, until=until))
            if new:
                parents.append(Parent(line=line, parent=new[0], since=new[1]))
        found.append(
            Organisation(
                code=code,
                name=unit.name or code,
                type=unit.type,
                level=unit.level,
                region=unit.region,
                industry=unit.industry,
                reg_type="170私营企业",
                found=unit.since,
                status=unit.status,
                parents=tuple(parents),
            )
        )
    return found


def sheet_of(form: Form, period: Period, filed: Filed) -> FormSheet:
    """One sheet with its header in row 5, columns from A in the form's order."""
    rows = [{"org_code": filed.by, **row} for row in filed.rows]
    numeric = {c.code for c in form.columns if c.type.numeric}
    dates = {c.code for c in form.columns if c.type is ColumnType.DATE}
    typed = [
        {
            k: float(v) if k in numeric else v if k in dates or isinstance(v, bool) else str(v)
            for k, v in row.items()
        }
        for row in rows
    ]
    return FormSheet(
        form=form.code,
        edition=form.edition,
        sheet=form.title,
        header_row=FIRST_ROW - 1,
        columns=list(range(1, len(form.columns) + 1)),
        row_numbers=list(range(FIRST_ROW, FIRST_ROW + len(rows))),
        values=[[row.get(c.code) for row in typed] for c in form.columns],
        period=period.label,
    )


def file_scene(connection: Connection, definitions: Definitions, scene: Scene) -> dict[int, str]:
    """Register the unions and file every workbook; submission id → who filed it."""
    register_definitions(connection, definitions, AT)
    register(connection, unions_of(scene), AT)
    codes = ids(connection)
    closing = Period.parse(scene.period)
    submissions = []
    for number, filed in enumerate(scene.filed):
        newest = definitions.newest(filed.form)
        period = Period.parse(filed.period) if filed.period else closing.within(newest.period)
        ensure_partitions(connection, period.year)
        form = definitions.form(filed.form, period)
        receipt = receipts.record(
            connection,
            sha256=f"{number:064d}",
            size=1,
            file_name=f"{number}.xlsx",
            channel="test",
            source=str(number),
            sender=filed.by,
            received_at=AT,
        )
        assert receipt is not None
        filing = filing_of(sheet_of(form, period, filed), definitions, filed.by, codes, KEY)
        submissions.append(
            NewSubmission(
                receipt_id=receipt.id,
                member="",
                sha256=receipt.sha256,
                format="xlsx",
                reporter_id=codes[filed.by],
                period=period.label,
                state="accepted",
                cover={},
                definitions=definitions.digest,
                received_at=AT,
                filings=[filing],
            )
        )
    load(connection, submissions, AT)
    return {
        row.id: row.code
        for row in connection.exec_driver_sql(
            "SELECT s.id, o.code FROM submission s JOIN organisation o ON o.id = s.reporter_id"
        )
    }


def ask(
    connection: Connection,
    definitions: Definitions,
    period: str,
    taking: Collection[tuple[str, str]] = (),
) -> list[Located]:
    """Every rule over many organisations, asked as when a period closes."""
    closing = Period.parse(period)
    prepare_cutoff(connection, AT)
    name_units(connection, closing.end, AT)
    prints = Fingerprints(definitions, KEY)
    return list(across(connection, definitions, closing, prints, taking))


def place_of(definitions: Definitions, spot: Spot, period: str) -> tuple[str, str, tuple[str, ...]]:
    """Where a spot stands: who filed, form, addresses of its cells."""
    form = definitions.form(
        spot.form, Period.parse(period).within(definitions.newest(spot.form).period)
    )
    row = FIRST_ROW + spot.row - 1
    cells = []
    for code in spot.columns:
        number, letters = form.position[code] + 1, ""
        while number:
            number, rest = divmod(number - 1, 26)
            letters = chr(65 + rest) + letters
        cells.append(f"{letters}{row}")
    return spot.by, spot.form, tuple(cells)


def scenes(definitions: Definitions) -> Iterator[tuple[str, int, Scene]]:
    """Every scene of every rule, numbered within its rule."""
    by_rule: dict[str, int] = defaultdict(int)
    for rule in definitions.rules.values():
        for scene in rule.scenes:
            by_rule[rule.code] += 1
            yield rule.code, by_rule[rule.code], scene
