"""What happens in the copy before its pages are looked at: a month as any county has it.

Workbooks are those that the demonstration's units sent before, with the month on the cover changed,
as people do. One comes back broken, is mended and has to be explained; one waits for its steward
and one for its level above; a steward proposes a figure and a unit is to answer.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import text

from pipelines import flow
from pipelines.flow import correcting, delivering, ground, reopening
from pipelines.flow.correcting import NewCell
from pipelines.flow.reading import read_mended
from pipelines.flow.uploading import Upload, progress, upload, work_once
from pipelines.places import places
from running.pictures_assessment import assessment_year
from warehouse import distribution
from warehouse.life_cycle import Actor

MONTH = "2018-02"
FORM = "ORG-02"
Change = Callable[[Worksheet, dict[str, int]], None]


def story(at: datetime) -> dict[str, str]:
    """Let it happen; the addresses of the pages that show it."""
    known = ground.definitions()
    ground.register(known, at)
    flow.open_period(MONTH, (at - timedelta(days=6)).isoformat())
    unit = _unit_of("reporter")
    others = [code for code in _counties() if code != unit]
    early = (at - timedelta(hours=3)).isoformat()
    broken = _send(unit, early, _spoil)
    mended = _send(unit, (at - timedelta(hours=1)).isoformat(), _understaff)
    waiting = _send(others[0], early, _spoil)
    for other in others[1:6]:
        whole = _send(other, early, None)
        if whole[2] == "accepted":
            break
    _propose(mended[1], at)
    assessment_year(at, unit, _person)
    _ask_to_reopen(at - timedelta(hours=1))
    return {
        "broken": f"/my/submissions/{broken[1]}",
        "explain": f"/my/submissions/{mended[1]}",
        "sent": f"/my/submissions/{_sent(unit)}",
        "upload": f"/my/uploads?r={mended[0]}&r={broken[0]}",
        "steward": f"/queue/{waiting[1]}",
        "whole": f"/queue/{whole[1]}",
        "original": f"/figures/originals/{whole[1]}",
        **_publications(),
        **_hand_on(at),
    }


def _unit_of(login: str) -> str:
    with ground.engine().connect() as connection:
        return str(
            connection.execute(
                text(
                    "SELECT o.code FROM account AS a JOIN account_grant AS g ON g.account_id = a.id"
                    " JOIN organisation AS o ON o.id = g.org_id WHERE a.login = :login"
                ),
                {"login": login},
            ).scalar_one()
        )


def _counties() -> list[str]:
    """Who handed in most workbooks of a month."""
    with ground.engine().connect() as connection:
        rows = connection.execute(
            text(
                "SELECT o.code FROM submission AS s JOIN organisation AS o ON o.id = s.reporter_id"
                " WHERE s.forms @> ARRAY['ORG-02'] AND s.state = 'accepted'"
                " GROUP BY o.code ORDER BY count(*) DESC, o.code"
            )
        )
        return [str(code) for code in rows.scalars()]


def _sent(unit: str) -> int:
    """The submission with most forms that was taken from a unit."""
    with ground.engine().connect() as connection:
        return int(
            connection.execute(
                text(
                    "SELECT s.id FROM submission AS s JOIN organisation AS o"
                    " ON o.id = s.reporter_id WHERE o.code = :unit AND s.life = 'validated'"
                    " ORDER BY cardinality(s.forms) DESC, s.id DESC LIMIT 1"
                ),
                {"unit": unit},
            ).scalar_one()
        )


def _send(unit: str, at: str, change: Change | None) -> tuple[int, int, str]:
    """Upload a workbook as the unit does, and have it judged; receipt, submission and verdict."""
    (one,) = upload(
        [Upload("2018年2月报表.xlsx", _workbook(unit, MONTH, change))], unit,
        Actor("样例填报员", unit), at,
    )  # fmt: skip
    while work_once(at):
        pass
    ((outcome,),) = [p.outcomes for p in progress([one.receipt])]
    return one.receipt, outcome.submission, outcome.verdict


def _workbook(unit: str, month: str, change: Change | None) -> bytes:
    """The newest workbook with members that a unit sent, with another month on its cover."""
    with ground.engine().connect() as connection:
        sha256 = connection.execute(
            text(
                "SELECT s.sha256 FROM submission AS s JOIN organisation AS o"
                " ON o.id = s.reporter_id JOIN period AS p ON p.label = s.period"
                " WHERE o.code = :unit AND s.state = 'accepted' AND s.format = 'xlsx'"
                " AND p.kind = 'month' AND s.forms @> ARRAY['ORG-02', 'FIN-01']"
                " AND p.starts < '2017-12-01' ORDER BY p.ends DESC, s.version DESC LIMIT 1"
            ),
            {"unit": unit},
        ).scalar_one()
    book = openpyxl.load_workbook(io.BytesIO(places().originals.get(sha256)))
    year, number = month.split("-")
    cover = book["封面"]
    for row in cover.iter_rows(min_col=1, max_col=2):
        if row[0].value == "所属期":
            row[1].value = f"{year}年{int(number)}月"
        elif row[0].value == "填报日期":
            row[1].value = f"{year}-{int(number) + 1:02d}-02"
    if change is not None:
        sheet = next(s for s in book.worksheets if s.title.startswith(FORM))
        change(sheet, _columns(sheet))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _columns(sheet: Worksheet) -> dict[str, int]:
    """Label → column of the row of heads."""
    for row in sheet.iter_rows(max_row=8):
        labels = {str(c.value).split("（")[0]: c.column for c in row if c.value}
        if "会员人数" in labels:
            return labels
    raise LookupError(sheet.title)


def _first(sheet: Worksheet, columns: dict[str, int]) -> int:
    return next(
        r for r in range(1, sheet.max_row)
        if isinstance(sheet.cell(r, columns["会员人数"]).value, int)
    )  # fmt: skip


def _spoil(sheet: Worksheet, columns: dict[str, int]) -> None:
    """A word for a number, more women than members, a required cell left empty."""
    row = _first(sheet, columns)
    sheet.cell(row, columns["女会员人数"]).value = 9_000
    sheet.cell(row + 1, columns["女职工人数"]).value = "约五十"
    sheet.cell(row + 2, columns["会员人数"]).value = None


def _understaff(sheet: Worksheet, columns: dict[str, int]) -> None:
    """Nobody full-time where there are many workers: possible, but somebody has to say why."""
    for row in range(_first(sheet, columns), sheet.max_row + 1):
        workers = sheet.cell(row, columns["职工人数"]).value
        if isinstance(workers, int) and workers > 2000:
            sheet.cell(row, columns["专职工会干部数"]).value = 0


def _propose(submission: int, at: datetime) -> None:
    """The federation's steward proposes another figure, and the unit is asked."""
    with ground.engine().connect() as connection:
        account = connection.execute(
            text("SELECT id FROM account WHERE login = 'steward'")
        ).scalar_one()
        arrived, _ = correcting.arrived_of(connection, submission)
    (read,) = read_mended([arrived], ground.definitions(), {})
    sheet = next(s for s in read.sheets if s.form == FORM)
    place = ground.definitions().newest(FORM).position["members_f"]
    column, value = sheet.columns[place], sheet.values[place][0]
    if column is None or value is None:
        raise LookupError(FORM)
    from expectations.findings import column_letters

    cell = NewCell(sheet.sheet, f"{column_letters(column)}{sheet.row_numbers[0]}", f"{value - 2:g}")
    correcting.propose_correction(
        submission, [cell], "电话核对：两名女会员已于上月转出",
        Actor("样例数据管理员", _unit_of("steward"), None, account), at.isoformat(),
    )  # fmt: skip


def _person(login: str) -> Actor:
    """A sample account as who acts."""
    with ground.engine().connect() as connection:
        account = connection.execute(
            text("SELECT id, name FROM account WHERE login = :login"), {"login": login}
        ).one()
    return Actor(account.name, _unit_of(login), None, account.id)


def _ask_to_reopen(at: datetime) -> None:
    """A steward asks for a month again; a second person is to decide."""
    reopening.ask_reopening(
        "2017-12", until=(at + timedelta(days=6)).date(), reason="一家企业漏报新发展会员",
        document="示总工统〔2018〕3号", account_id=_person("steward").account or 0,
        at=at.isoformat(), forms=["ORG-02"], organisations=[_unit_of("reporter")],
    )  # fmt: skip


def _hand_on(at: datetime) -> dict[str, str]:
    """A list of offices, and a publication of the federation sent to it."""
    own, by = _unit_of("leader"), _person("leader").logged
    with ground.engine().begin() as connection:
        number = distribution.make(connection, "各县（市）区总工会办公室", own, at, by)
        people = [
            ("永宁县总工会办公室", "yongning@union.example"),
            ("贺兰县总工会办公室", "helan@union.example"),
            ("灵武市总工会办公室", "lingwu@union.example"),
        ]
        distribution.add(connection, number, people, at, by)
        edition = connection.execute(
            text(
                "SELECT p.id FROM publication AS p JOIN organisation AS o ON o.id = p.org_id"
                " WHERE p.state = 'published' AND p.kind LIKE 'R-03%' AND o.code = :org"
                " ORDER BY p.id DESC LIMIT 1"
            ),
            {"org": own},
        ).scalar()
    if edition is None:
        return {}
    delivering.deliver(edition, at.isoformat(), to_list=number, by=by)
    return {"deliver": f"/publications/{edition}/deliver"}


def _publications() -> dict[str, str]:
    """An edition that replaced another, and the search for a number in one."""
    with ground.engine().connect() as connection:
        pair = connection.execute(
            text(
                "SELECT n.id AS new, o.id AS old FROM publication AS n JOIN publication AS o"
                " ON o.title = n.title AND o.org_id = n.org_id AND o.edition = n.edition - 1"
                " WHERE n.state = 'published' ORDER BY n.id DESC LIMIT 1"
            )
        ).first()
        number = connection.execute(
            text(
                "SELECT publication_id AS id, printed FROM publication_number"
                " WHERE printed ~ '^[0-9],[0-9]{3}$' ORDER BY publication_id DESC LIMIT 1"
            )
        ).first()
    found = {}
    if pair is not None:
        found["editions"] = f"/publications/{pair.old}/compare/{pair.new}"
    if number is not None:
        found["publication-number"] = f"/numbers/{number.id}?printed={number.printed}"
    return found
