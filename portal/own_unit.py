"""The units for which a person reports or signs, and in whose name they act."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from portal.asking import NotFound, SignedIn, may
from portal.reading.reporter import Sent
from warehouse.life_cycle import Actor
from warehouse.rights import Grant, verbs_of

VERBS = ("submit", "sign", "confirm", "explain")


def own_units(person: SignedIn, *verbs: str) -> dict[str, Grant]:
    """Code → a grant of each unit for which the person may do one of the verbs, or any of ours."""
    return {g.org: g for verb in verbs or VERBS for g in person.grants_for(verb)}


def own_ids(person: SignedIn) -> dict[str, int]:
    """Code → id of the person's own units."""
    return {code: grant.org_id for code, grant in own_units(person).items()}


def unit(person: SignedIn, code: str, *verbs: str) -> Grant:
    """One of the person's units; NotFound when it is not theirs (for one of the verbs)."""
    found = own_units(person, *verbs).get(code)
    if found is None:
        raise NotFound
    return found


def acting(person: SignedIn, code: str) -> Actor:
    """The person in the name of a unit, with what they may do there and nothing else."""
    grants = [g for g in person.grants if g.org == code]
    return Actor(person.name, code, verbs_of(grants, person.site.definitions.roles), person.id)


def belongs(found: Sent, person: SignedIn) -> str:
    """The unit of something that was sent; NotFound when it is none of the person's."""
    return unit(person, found.org).org


Reporter = Annotated[SignedIn, Depends(may(*VERBS))]
