"""Who is asking and what time it is: the dependencies that every route takes."""

from __future__ import annotations

from asyncio import Semaphore
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine

from definitions import Definitions
from portal.rate import Rate
from portal.single_sign_on import Provider
from warehouse import audit
from warehouse.accounts import Limits, actor_of, limits_on
from warehouse.life_cycle import Actor
from warehouse.rights import Grant, grants_for, needs_second_factor, verbs_of
from warehouse.sessions import Sitting, sitting
from warehouse.sight import as_person, may_upon

COOKIE = "portal_session"
# A person who must choose a password first may go nowhere else.
PASSWORD_PAGE = "/password"  # noqa: S105
SECOND_FACTOR_PAGE = "/second-factor"
ALWAYS_OPEN = (PASSWORD_PAGE, "/sign-out", "/language")


class NotSignedIn(Exception):
    """Nobody is signed in, or not any more."""


class MustChangePassword(Exception):
    """The password was given by somebody else and has to be replaced first."""


class MustPassSecondFactor(Exception):
    """The password was right, but the role asks for a code from the telephone as well."""


class Forbidden(Exception):
    """The person may not do this; the text, if any, says why in Chinese."""


class NotFound(Exception):
    """There is no such thing, or not for this person: the two look the same."""


@dataclass(frozen=True)
class Site:
    """What the whole app stands on; in `request.app.state.site`.

    `known` gives the definitions as they stand: a parameter may be decided while the app runs.
    `places` bounds the readers at once, `attempts` how often one address may try to sign in.
    """

    engine: Engine
    known: Callable[[], Definitions]
    clock: Callable[[], datetime]
    secure: bool
    places: Semaphore
    attempts: Rate
    airflow_url: str = ""
    single_sign_on: Provider | None = None

    @property
    def definitions(self) -> Definitions:
        """The definitions as they stand."""
        return self.known()

    def limits(self, day: date) -> Limits:
        """The parameters of signing in on a day."""
        return limits_on(self.definitions, day)


@dataclass(frozen=True)
class SignedIn:
    """A signed-in person with the grants of the day."""

    sitting: Sitting
    site: Site
    at: datetime

    @property
    def id(self) -> int:
        """Number of the account."""
        return self.sitting.id

    @property
    def name(self) -> str:
        """The person's own name."""
        return self.sitting.name

    @property
    def login(self) -> str:
        """What they sign in with."""
        return self.sitting.login

    @property
    def language(self) -> str:
        """zh or en."""
        return self.sitting.language

    @property
    def csrf(self) -> str:
        """The token every change must carry."""
        return self.sitting.csrf

    @property
    def actor(self) -> str:
        """How this person is named in logs and to the flow."""
        return actor_of(self.id)

    @property
    def as_actor(self) -> Actor:
        """This person as the flow takes whoever acts: by name, and by account for four eyes."""
        return Actor(self.name, account=self.id)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant that stands today."""
        return self.sitting.grants

    @cached_property
    def verbs(self) -> frozenset[str]:
        """Everything some grant allows; see definitions/roles.yaml."""
        return verbs_of(self.grants, self.site.definitions.roles)

    @cached_property
    def lacks_second_factor(self) -> bool:
        """Whether a second factor is in use, or a role asks for one, and it was not given."""
        asked = needs_second_factor(self.grants, self.site.definitions.roles)
        return (asked or self.sitting.has_second_factor) and not self.sitting.passed_second_factor

    def may(self, *verbs: str) -> bool:
        """Whether any of the verbs is allowed for some organisation."""
        return not self.verbs.isdisjoint(verbs)

    def grants_for(self, verb: str) -> tuple[Grant, ...]:
        """The grants that allow a verb."""
        return grants_for(self.grants, self.site.definitions.roles, verb)

    def require(self, *verbs: str) -> None:
        """Forbidden unless one of the verbs is allowed somewhere."""
        if not self.may(*verbs):
            raise Forbidden

    def may_at_top(self, *verbs: str) -> bool:
        """Whether one grant allows one of the verbs for the whole federation.

        A verb held for a county and sight of the whole by another grant are not that.
        """
        return any(g.top for verb in verbs for g in self.grants_for(verb))

    def require_at_top(self, *verbs: str) -> None:
        """Forbidden unless one of the verbs is allowed for the whole federation."""
        if not self.may_at_top(*verbs):
            raise Forbidden

    def require_upon(self, verb: str, org_id: int, form: str | None = None) -> None:
        """Forbidden unless the verb is allowed for this organisation (and form)."""
        with self.site.engine.connect() as connection:
            if not may_upon(connection, self.id, verb, org_id, self.at.date(), form):
                raise Forbidden


def note_personal_view(person: SignedIn, subject: str, forms: Iterable[str]) -> None:
    """Put into the log that somebody looks at rows about persons; nothing when no form has any.

    Called before anything is shown. The entry says who, what and which forms, never of whom.
    """
    named = {
        f.code
        for f in person.site.definitions.forms
        if any(column.personal == "identity" for column in f.columns)
    }
    seen = sorted(named & set(forms))
    if seen:
        with person.site.engine.begin() as connection:
            audit.note(
                connection, at=person.at, actor=person.actor, action="personal.view",
                subject=subject, detail={"forms": seen},
            )  # fmt: skip


def site_of(request: Request) -> Site:
    """The app's ground."""
    site: Site = request.app.state.site
    return site


def now(request: Request) -> datetime:
    """The moment of the request, in China's time; the same throughout one request."""
    if not hasattr(request.state, "at"):
        request.state.at = site_of(request).clock()
    at: datetime = request.state.at
    return at


def visitor(request: Request) -> SignedIn | None:
    """The signed-in person, or None; the session is looked up once per request."""
    if not hasattr(request.state, "person"):
        request.state.person = _look_up(request)
    person: SignedIn | None = request.state.person
    return person


def _look_up(request: Request) -> SignedIn | None:
    token = request.cookies.get(COOKIE)
    if not token:
        return None
    site, at = site_of(request), now(request)
    with site.engine.begin() as connection:
        found = sitting(connection, token, site.limits(at.date()), at)
    return SignedIn(found, site, at) if found else None


def signed_in(request: Request) -> SignedIn:
    """The signed-in person; NotSignedIn otherwise."""
    person = visitor(request)
    if person is None:
        raise NotSignedIn
    if person.sitting.must_change_password and request.url.path not in ALWAYS_OPEN:
        raise MustChangePassword
    if person.lacks_second_factor and request.url.path not in (*ALWAYS_OPEN, SECOND_FACTOR_PAGE):
        raise MustPassSecondFactor
    return person


async def place(request: Request) -> AsyncIterator[None]:
    """A place among the readers; who finds none waits for one and holds nothing meanwhile.

    A page may ask with a second connection beside its reader's own. If as many readers as there
    are connections held one each, none would ever get its second.
    """
    async with site_of(request).places:
        yield


def reading(
    person: Annotated[SignedIn, Depends(signed_in)], _place: Annotated[None, Depends(place)]
) -> Iterator[Connection]:
    """A read-only connection on which the database shows what the person may see."""
    with as_person(person.site.engine, person.id, person.at.date()) as connection:
        yield connection


def may(*verbs: str) -> Callable[[SignedIn], SignedIn]:
    """A dependency: the signed-in person, who must be allowed one of the verbs somewhere."""

    def allowed(person: Annotated[SignedIn, Depends(signed_in)]) -> SignedIn:
        person.require(*verbs)
        return person

    return allowed


def known(request: Request) -> Definitions:
    """The federation's definitions."""
    return site_of(request).definitions


Ground = Annotated[Site, Depends(site_of)]
Now = Annotated[datetime, Depends(now)]
Known = Annotated[Definitions, Depends(known)]
Person = Annotated[SignedIn, Depends(signed_in)]
Reading = Annotated[Connection, Depends(reading)]
