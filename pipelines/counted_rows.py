"""What reports count on rows of a form beside indicators: how it is named, measured and called.

A count is named by its form and column, CADRE-05:committee, and where it is about one thing or kind
also by the column that tells which: HOME-01:served:site_id=640105-H003. `rows` counts the rows.
"""

from __future__ import annotations

from definitions import Definitions
from definitions.expression import parse
from definitions.measures import Measure
from definitions.model import Form

SOURCE = "rows"
ALL, OWN = "报表合计", "本单位报表"
"""Bases: with everyone below the unit, or what the unit itself reported."""
ROWS, VISITS = "rows", "visits"
_DISTINCT = {
    # the same officer in the same place on the same day has been there once (V-R-083)
    ("CADRE-02", VISITS): ("org_code", "cadre", "visit_on", "place"),
}
_NAMES = {("CADRE-02", VISITS): "下基层次数", ("CON-01", ROWS): "有效合同份数"}
_IN_FORCE = {"CON-01": "signed_on <= period.end and valid_to >= period.end"}
"""Registers of which only what is in force on the last day counts."""


def code_of(form: str, what: str, column: str = "", value: str = "") -> str:
    """The name of a count; `column` and `value` tell which rows it is about."""
    return f"{form}:{what}:{column}={value}" if column else f"{form}:{what}"


def is_count(code: str) -> bool:
    """Whether a code names a count of rows."""
    return ":" in code


def form_of(code: str) -> str:
    """The form whose rows are counted."""
    return code.partition(":")[0]


def columns_of(code: str) -> frozenset[str]:
    """What a count reads: the column that it adds up, or `rows`; the one that tells which rows."""
    _, what, column, _ = _parts(code)
    return frozenset({what, column} - {""})


def measure_of(code: str, basis: str, definitions: Definitions) -> Measure:
    """How the warehouse measures a count; KeyError for a form or column that is not known."""
    form_code, what, column, value = _parts(code)
    form = definitions.newest(form_code)
    conditions = [_IN_FORCE.get(form_code, "")]
    if column:
        conditions.append(f"{column} == {value!r}")
    where = " and ".join(c for c in conditions if c)
    distinct = _DISTINCT.get((form_code, what), ())
    counted = what == ROWS
    return Measure(
        form=form_code,
        sum=None if distinct or counted else parse(what),
        count="rows" if counted else None,
        distinct=distinct,
        where=parse(where) if where else None,
        own=basis == OWN,
        take=_take(form, what),
    )


def told(code: str, definitions: Definitions) -> str:
    """What a count is of, in words: 产业工会班子与委员构成表·委员数."""
    form_code, what, _, value = _parts(code)
    form = definitions.newest(form_code)
    name = _NAMES.get((form_code, what), "行数")
    if what in form.position:
        name = form.columns[form.position[what]].label
    return f"{form.title}·{name}" + (f"（{value}）" if value else "")


def _take(form: Form, what: str) -> str:
    """A stock or attribute is what was said last, a flow is added up."""
    if form.code in _IN_FORCE:
        return "standing"
    if what not in form.position:
        return "flow"
    kind = form.columns[form.position[what]].kind.value
    if kind in ("stock", "attribute"):
        return "standing" if form.ledger else "latest"
    return "flow"


def _parts(code: str) -> tuple[str, str, str, str]:
    form, what, *rest = code.split(":", 2)
    column, _, value = rest[0].partition("=") if rest else ("", "", "")
    return form, what, column, value
