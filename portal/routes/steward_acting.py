"""For which union a person acts upon a submission, and what that union may do with it."""

from __future__ import annotations

from dataclasses import dataclass

from definitions.life_cycle import Transition
from pipelines.flow import handling
from pipelines.flow.handling import Actor, Case
from portal.asking import SignedIn
from portal.reading.steward import Opened


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that may be done in the state; `hindrance` says why this person may not."""

    transition: Transition
    actor: Actor
    hindrance: str | None

    @property
    def verb(self) -> str:
        """Its code."""
        return self.transition.verb


def actors(person: SignedIn, case: Case) -> list[Actor]:
    """The person as each of the unions they act for, the nearest to the reporter first."""
    rights: dict[str, frozenset[str]] = {}
    for grant in person.grants:
        verbs = frozenset(person.site.definitions.roles.role(grant.role).verbs)
        rights[grant.org] = rights.get(grant.org, frozenset()) | verbs
    order = [case.reporter, *case.leading, *case.other]
    chosen = sorted(rights, key=lambda c: order.index(c) if c in order else len(order))
    return [Actor(person.actor, code, rights[code], person.id) for code in chosen]


def ways(person: SignedIn, case: Case) -> dict[str, Way]:
    """Verb → whether and as whom this person may do it now."""
    found: dict[str, Way] = {}
    for actor in actors(person, case):
        for transition, why in handling.possible(case, actor, person.at.isoformat()):
            known = found.get(transition.verb)
            if known is None or (known.hindrance is not None and why is None):
                found[transition.verb] = Way(transition, actor, why)
    return found


def actor_for(person: SignedIn, case: Case, right: str) -> Actor:
    """The person as the nearest union on a line above the unit for which they hold a right."""
    person.require(right)
    line = {case.reporter, *case.leading, *case.other}
    able = [a for a in actors(person, case) if a.rights is not None and right in a.rights]
    return next((a for a in able if a.organisation in line), able[0])


def allow(person: SignedIn, right: str, found: Opened) -> None:
    """Forbidden unless the person holds a right upon the unit of a submission."""
    if found.owner_id is None:
        person.require(right)
        return
    person.require_upon(right, found.owner_id)
