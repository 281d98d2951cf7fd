"""What a signed-in person may do: grants over roles, as data; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from definitions.roles import Role, Roles


@dataclass(frozen=True, slots=True)
class Grant:
    """One role held for one organisation on one line; `top`: for the whole federation."""

    id: int
    role: str
    org_id: int
    org: str
    org_name: str
    level: str
    line: int
    works: tuple[str, ...] = ()
    personal: bool = False
    top: bool = False

    @property
    def line_name(self) -> str:
        """块 or 条."""
        return "块" if self.line == 1 else "条"


def verbs_of(grants: Iterable[Grant], roles: Roles) -> frozenset[str]:
    """Everything that some grant allows, wherever."""
    return frozenset(v for g in grants for v in roles.role(g.role).verbs)


def grants_for(grants: Iterable[Grant], roles: Roles, verb: str) -> tuple[Grant, ...]:
    """The grants that allow a verb."""
    return tuple(g for g in grants if verb in roles.role(g.role).verbs)


def needs_second_factor(grants: Iterable[Grant], roles: Roles) -> bool:
    """Whether a role is held that must not be used with a password alone."""
    return any(roles.role(g.role).second_factor for g in grants)


def objection(role: Role, line: str, works: Iterable[str], personal: bool) -> str | None:
    """Why a role cannot be granted so, in Chinese; None when it can."""
    if role.line and line != role.line:
        return f"{role.name}只能按“{role.line}”授权"
    if role.works and not set(works) <= set(role.works):
        return f"{role.name}的分管工作只能在 {'、'.join(role.works)} 之内"
    if personal and role.personal != "named":
        return f"{role.name}不能授权查看人员明细"
    return None
