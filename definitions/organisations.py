"""Organisations and their dated relations as data: the registry a federation starts from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from definitions.catalogue import Definitions
from definitions.documents import DefinitionsInvalid, Document
from definitions.model import Model

DISSOLVED = ("已合并", "已撤销")
"""States in which a union has no members and no unions below it any more."""


class Parent(Model):
    """A relation to a parent on one line, from `since` until the day before `until`."""

    line: Literal["块", "条", "经费"]
    parent: str
    since: date
    until: date | None = None
    approval: str = ""


class Alias(Model):
    """Another name (or a former code) of the organisation, with the days it was in use."""

    name: str
    since: date | None = None
    until: date | None = None


class Employer(Model):
    """An employer whose staff a union covers; a joint union lists several."""

    name: str
    uscc: str = ""
    since: date | None = None
    until: date | None = None


class Group(Model):
    """With whom an organisation is ranked under a family of schemes, and on whose decision."""

    scheme: str
    name: str
    since: date
    until: date | None = None
    approval: str = ""


class Organisation(Model):
    """One union organisation as registered at the start."""

    code: str
    name: str
    type: str
    level: str
    region: str
    industry: str = ""
    reg_type: str = ""
    found: date
    is_joint: bool = False
    lead: str = "块为主"
    status: str = "正常"
    resident: str = ""
    host: str = ""
    union_uscc: str = ""
    parents: tuple[Parent, ...] = ()
    aliases: tuple[Alias | str, ...] = ()
    former_codes: tuple[Alias, ...] = ()
    employers: tuple[Employer, ...] = ()
    groups: tuple[Group, ...] = ()

    def parent_on(self, line: str, day: date) -> str | None:
        """Code of the parent on a line and day."""
        for relation in self.parents:
            open_then = relation.until is None or day < relation.until
            if relation.line == line and relation.since <= day and open_then:
                return relation.parent
        return None


def load_organisations(path: Path, definitions: Definitions) -> tuple[Organisation, ...]:
    """Load a registry file; DefinitionsInvalid lists every mistake with its line."""
    document = Document(path, path.parent)
    found: list[tuple[int, Organisation]] = []
    for i, data in enumerate(document.data or ()):
        organisation = document.model(Organisation, data, (i,))
        if organisation:
            found.append((i, organisation))
    codes: dict[str, Organisation] = {}
    for i, organisation in found:
        if organisation.code in codes:
            document.say((i,), f"organisation {organisation.code} is registered twice")
        codes[organisation.code] = organisation
    lists = {
        "type": "ORG_TYPE", "level": "ORG_LEVEL", "lead": "LINE", "status": "ORG_STATUS",
        "resident": "RESIDENT",
    }  # fmt: skip
    families = {s.family for s in definitions.schemes}
    bearers: dict[str, str] = {o.code: o.code for _, o in found}
    for i, organisation in found:
        for name, code_list in lists.items():
            value = getattr(organisation, name)
            listed = definitions.code_lists.get(code_list)
            if value == "" and name == "resident":
                continue  # industry unions only
            if listed and value not in listed.values:
                document.say((i, name), f"{value} is not in {code_list}")
        if organisation.region not in definitions.regions:
            document.say((i, "region"), f"unknown region {organisation.region}")
        if not organisation.is_joint and len(organisation.employers) > 1:
            document.say((i, "employers"), "only a joint union covers several employers")
        for j, former in enumerate(organisation.former_codes):
            bearer = bearers.setdefault(former.name, organisation.code)
            if bearer != organisation.code:
                document.say((i, "former_codes", j), f"{former.name} is also a code of {bearer}")
        for j, group in enumerate(organisation.groups):
            if group.scheme not in families:
                document.say((i, "groups", j), f"unknown family of schemes {group.scheme}")
            for earlier in organisation.groups[:j]:
                if earlier.scheme == group.scheme and _overlap(earlier, group):
                    document.say((i, "groups", j), f"two groups of {group.scheme} at one time")
        for j, relation in enumerate(organisation.parents):
            place = (i, "parents", j)
            if relation.parent not in codes:
                document.say(place, f"unknown parent {relation.parent}")
            if relation.until is not None and relation.until <= relation.since:
                document.say(place, "a relation must end after it begins")
            above = codes.get(relation.parent)
            lives_on = relation.until is None and organisation.status not in DISSOLVED
            if above is not None and above.status in DISSOLVED and lives_on:
                document.say(place, f"{relation.parent} is {above.status} and takes nobody in")
            for other in organisation.parents[:j]:
                if other.line == relation.line and _overlap(other, relation):
                    document.say(place, f"two parents on line {relation.line} at one time")
        for line in ("块", "条", "经费"):
            for relation in organisation.parents:
                if relation.line == line and _loops(codes, organisation, line, relation.since):
                    document.say((i,), f"{organisation.code} is its own ancestor on line {line}")
    if document.mistakes:
        raise DefinitionsInvalid(document.mistakes)
    return tuple(o for _, o in found)


def _overlap(one: Parent | Group, two: Parent | Group) -> bool:
    return (two.until is None or one.since < two.until) and (
        one.until is None or two.since < one.until
    )


def _loops(codes: dict[str, Organisation], start: Organisation, line: str, day: date) -> bool:
    seen = {start.code}
    current: str | None = start.parent_on(line, day)
    while current is not None and current in codes:
        if current in seen:
            return current == start.code
        seen.add(current)
        current = codes[current].parent_on(line, day)
    return False
