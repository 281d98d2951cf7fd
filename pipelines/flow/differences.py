"""What a difference is: a number or file of an edition beside what it would be now, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pipelines.flow.storing import printed
from pipelines.publish import Publication
from warehouse.publications import PrintedNumber
from warehouse.revisions import ChangedLine

LATE, CORRECTED, MOVED = "迟报", "更正", "组织变动"
DEFINED, PARAMETER, RULED = "定义修改", "参数修改", "考核或审核变化"
PROTECTED, SHOWN = "人数保护", "列示变化"
PAPER, STEP, NOT_NOW = "文件", "考核进程", "现在不能编印"

Key = tuple[str, int, str, str, str, str, tuple[str, ...]]
"""What a number is: source, line, unit, period, code, basis, units."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a difference: what came, of whom, for when; `submission` and `form` where it
    was a filing."""

    kind: str
    what: str
    org: str = ""
    period: str = ""
    submission: int = 0
    form: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """One number that is not what it was; None where it is not printed on one of the sides.

    Of source `PAPER` it is a file: `indicator` is its name, and instead of the number the first
    twelve signs of its hash are printed.
    """

    source: str
    line: int
    unit: str
    period: str
    indicator: str
    basis: str
    then: Decimal | None
    now: Decimal | None
    printed_then: str
    printed_now: str
    reasons: tuple[Reason, ...]


def value_of(number: PrintedNumber | None) -> Decimal | None:
    return None if number is None else number.value


def keyed(numbers: Iterable[PrintedNumber]) -> dict[Key, PrintedNumber]:
    return {(n.source, n.line, n.unit, n.period, n.indicator, n.basis, n.units): n for n in numbers}


def numbers_made(publication: Publication) -> dict[Key, PrintedNumber]:
    return keyed(printed(publication))


def came(line: ChangedLine) -> Reason:
    """What came of a form after the cut-off: late, or sent again."""
    kind, told = (LATE, "未报后补报") if line.late else (CORRECTED, "重报更正")
    what = f"{line.org} {line.period} {line.form} {told}"
    return Reason(kind, what, line.org, line.period, line.submission, line.form)


def difference(
    key: Key, then: PrintedNumber | None, now: PrintedNumber | None, reasons: tuple[Reason, ...]
) -> Difference:
    source, line, unit, period, indicator, basis, _ = key
    return Difference(
        source=source,
        line=line,
        unit=unit,
        period=period,
        indicator=indicator,
        basis=basis,
        then=value_of(then),
        now=value_of(now),
        printed_then=then.printed if then else "",
        printed_now=now.printed if now else "",
        reasons=reasons,
    )
