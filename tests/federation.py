"""A federation in tests: unions with parents on both lines, ORG-02 handed in, changes, figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from definitions import Definitions, Period
from definitions.organisations import Organisation
from warehouse import receipts
from warehouse.organisations import ids, register
from warehouse.reorganisations import apply_changes, living
from warehouse.rollup import compute
from warehouse.submissions import NewFiling, NewRow, NewSubmission, load
from warehouse.timeline import After, Change

START = datetime(2016, 1, 1, tzinfo=UTC)
TYPES = {
    "省级": "省总工会",
    "市级": "市总工会",
    "区县级": "区县总工会",
    "基层": "基层工会委员会",
}


def union(
    code: str, level: str, parents: Mapping[str, str] | None = None, **more: Any
) -> Organisation:
    """A union founded in 2010 with a parent per line."""
    return Organisation.model_validate(
        {
            "code": code,
            "name": f"{code}工会",
            "type": TYPES[level],
            "level": level,
            "region": "640200",
            "found": "2010-01-01",
            "parents": [
                {"line": line, "parent": p, "since": more.get("found", "2010-01-01")}
                for line, p in (parents or {}).items()
            ],
            **more,
        }
    )


def moment(year: int, month: int, day: int) -> datetime:
    """Noon of a day."""
    return datetime(year, month, day, 12, tzinfo=UTC)


@dataclass
class Federation:
    """A registered federation in one transaction, its top first."""

    connection: Connection
    definitions: Definitions
    unions: list[Organisation]
    filings: int = 0
    computed: dict[tuple[str, datetime], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        register(self.connection, self.unions, START)

    def report(self, period: str, members: Mapping[str, int], new: int = 1) -> None:
        """ORG-02 of the top for a month: members by union, and new members of each."""
        known = ids(self.connection)
        form = self.definitions.form("ORG-02", Period.parse(period))
        place = form.position
        rows = []
        for n, (code, count) in enumerate(members.items()):
            numbers: list[float | None] = [None] * len(form.columns)
            texts: list[str | None] = [None] * len(form.columns)
            texts[place["org_code"]] = code
            numbers[place["members_total"]] = float(count)
            numbers[place["workers_total"]] = float(count + 10)
            numbers[place["new_members"]] = float(new)
            rows.append(NewRow(6 + n, known[code], code, numbers, texts))
        columns = list(range(1, len(form.columns) + 1))
        filing = NewFiling(
            "ORG-02", form.edition, period, Period.parse(period).end, "月报", columns, rows
        )
        self._load(period, filing, self.unions[0].code)

    def declare(self, period: str, reporter: str, rows: int) -> int:
        """An accepted ORG-03 of a reporter; its rows are empty, only the filing matters."""
        form = self.definitions.form("ORG-03", Period.parse(period))
        known = ids(self.connection)
        blank: list[None] = [None] * len(form.columns)
        filing = NewFiling(
            "ORG-03", form.edition, period, Period.parse(period).end, "变动",
            list(range(1, len(form.columns) + 1)),
            [NewRow(3 + n, known[reporter], str(n), blank, blank) for n in range(rows)],
        )  # fmt: skip
        return self._load(period, filing, reporter)

    def _load(self, period: str, filing: NewFiling, reporter: str) -> int:
        self.filings += 1
        end = Period.parse(period).end
        received = datetime(end.year, end.month, end.day, 1, 0, self.filings % 60, tzinfo=UTC)
        source = f"{period} {self.filings}"
        receipt = receipts.record(
            self.connection, sha256=source, size=1, file_name="表.xlsx", channel="test",
            source=source, sender=reporter, received_at=received,
        )  # fmt: skip
        assert receipt is not None
        submission = NewSubmission(
            receipt_id=receipt.id, member="", sha256=source, format="xlsx",
            reporter_id=ids(self.connection)[reporter], period=period, state="accepted", cover={},
            definitions=self.definitions.digest, received_at=received, filings=[filing],
        )  # fmt: skip
        return load(self.connection, [submission], received)[id(filing)]

    def change(self, changes: Iterable[Change], at: datetime, **how: Any) -> int:
        """Apply changes as known from a moment on."""
        return apply_changes(self.connection, changes, at, **how)

    def numbers(self) -> list[int]:
        """Ids of the living changes."""
        return [k.id for k in living(self.connection)]

    def figure(
        self,
        code: str,
        unit: str,
        period: str,
        *,
        line: int = 1,
        basis: str = "reported",
        of: str | None = None,
        known: datetime = datetime(2019, 1, 1, tzinfo=UTC),
        definitions: Definitions | None = None,
    ) -> Decimal | None:
        """A figure; `of` names the computation's period where it is another one."""
        by = definitions or self.definitions
        slot = (of or period, known)
        if slot not in self.computed or definitions is not None:
            self.computed[slot] = compute(
                self.connection, by, Period.parse(of or period), known, known
            )
        row = self.connection.execute(
            text(
                "SELECT v.value FROM indicator_value v "
                "LEFT JOIN organisation o ON o.id = v.org_id "
                "WHERE v.computation_id = :c AND coalesce(o.code, '0') = :o "
                "AND v.indicator = :i AND v.period = :p AND v.line = :l AND v.basis = :b"
            ),
            {"c": self.computed[slot], "o": unit, "i": code, "p": period, "l": line, "b": basis},
        ).first()
        return None if row is None else row.value


def moved(org: str, old: str | None, new: str, day: date, line: str = "块") -> Change:
    """A transfer from one parent to another."""
    return Change(org, "划转", line, old, new, day, "示总工组〔2017〕6号", 0, 3)


def event(org: str, change: str, day: date, *, line: str = "块", **more: Any) -> Change:
    """Any other change."""
    after = After(**more.pop("after", {}))
    return Change(
        org, change, line, more.pop("from_parent", None), more.pop("to_parent", None), day,
        more.pop("approval", "示总工组〔2017〕7号"), 0, 3, after=after, **more,
    )  # fmt: skip
