"""Which query or function finds each rule over many organisations, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from definitions import Definitions
from definitions.periods import PeriodKind
from pipelines.closing_checks.asking import Asked, Hit
from pipelines.closing_checks.seats import crowded_committees

Span = Literal["period", "last", "year", "standing"]
"""All rows of the period, those of its last part, of the year so far, or of all time so far."""

Find = Callable[[Connection, Asked], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Implementation:
    """How one rule is found: by a file below sql/ or by a function, when periods of `kind` close.

    `reads` gives the forms whose rows it needs, as tables of `warehouse.named_rows`; the first one
    is the form on which it is found. It is asked as soon as all of them are defined.
    """

    rule: str
    kind: PeriodKind
    reads: Mapping[str, Span]
    find: str | Find


MONTH, QUARTER, YEAR = PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR

IMPLEMENTATIONS = (
    Implementation("V-O-001", MONTH, {"ORG-02": "period"}, "across_summaries"),
    Implementation("V-O-002", YEAR, {"ORG-01": "standing"}, "across_doubled_unions"),
    Implementation("V-O-005", YEAR, {"ORG-01": "period"}, "across_industry_parents"),
    Implementation("V-O-008", MONTH, {"ORG-03": "period"}, "across_moves"),
    Implementation(
        "V-O-009", QUARTER, {"ORG-02": "last", "ORG-04": "standing"}, "across_dispatched"
    ),
    Implementation("V-O-010", QUARTER, {"SKILL-02": "period"}, "across_contests"),
    Implementation("V-O-010", MONTH, {"CULT-01": "period"}, "across_activities"),
    Implementation("V-O-011", YEAR, {"SKILL-03": "period"}, "across_rewards"),
    Implementation("V-O-011", MONTH, {"AID-01": "year"}, "across_relief_files"),
    Implementation("V-O-012", YEAR, {"ORG-01": "period"}, "across_zone_unions"),
    Implementation("V-O-012", MONTH, {"ORG-02": "period"}, "across_zone_members"),
    Implementation("V-O-013", QUARTER, {"CON-01": "standing"}, "across_contracts"),
    Implementation("V-O-014", QUARTER, {"FIN-01": "period"}, "across_remittances"),
    Implementation("V-O-015", MONTH, {"ORG-02": "period"}, "across_peers_members"),
    Implementation(
        "V-O-015", MONTH, {"FIN-01": "period", "ORG-02": "period"}, "across_peers_funds"
    ),
    Implementation("V-O-016", YEAR, {"CADRE-05": "period", "ORG-02": "last"}, crowded_committees),
)


class RuleUnimplemented(Exception):
    """A rule over many organisations that nothing finds, or something that finds no rule."""


def refuse_unimplemented(definitions: Definitions) -> None:
    """Rules with scenes and the registry must name the same codes; RuleUnimplemented otherwise."""
    told = {rule.code for rule in definitions.rules.values() if rule.scenes}
    found = {implementation.rule for implementation in IMPLEMENTATIONS}
    lacking = [f"规则 {code} 没有实现" for code in sorted(told - found)]
    idle = [f"实现 {code} 没有对应的规则" for code in sorted(found - told)]
    if lacking or idle:
        raise RuleUnimplemented("；".join([*lacking, *idle]))
