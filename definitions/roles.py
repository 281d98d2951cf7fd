"""Roles: what each may do and how far it sees, read from roles.yaml."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from pydantic import Field, model_validator

from definitions.documents import Document
from definitions.model import Model


class Role(Model):
    """One role; an account holds it for an organisation, on a line."""

    code: str = Field(pattern=r"^[a-z][a-z_]*$")
    name: str
    duty: str
    sees: Literal["own", "below", "none"]
    personal: Literal["none", "own", "named"] = "none"
    line: Literal["", "块", "条"] = Field(default="", description="the only line it may be held on")
    works: tuple[str, ...] = Field(default=(), description="key works it is limited to; () is all")
    second_factor: bool = Field(default=False, description="must sign in with a second factor")
    verbs: tuple[str, ...]


class Roles(Model):
    """All roles and all verbs with their Chinese names."""

    verbs: dict[str, str]
    roles: tuple[Role, ...]

    def role(self, code: str) -> Role:
        """The role of that code; KeyError when there is none."""
        for role in self.roles:
            if role.code == code:
                return role
        raise KeyError(code)

    @model_validator(mode="after")
    def _sound(self) -> Roles:
        codes = [r.code for r in self.roles]
        doubled = sorted({c for c in codes if codes.count(c) > 1})
        if doubled:
            raise ValueError(f"roles named twice: {', '.join(doubled)}")
        used = {verb for role in self.roles for verb in role.verbs}
        if used - self.verbs.keys():
            raise ValueError(f"unknown verbs: {', '.join(sorted(used - self.verbs.keys()))}")
        if self.verbs.keys() - used:
            raise ValueError(f"nobody may: {', '.join(sorted(self.verbs.keys() - used))}")
        return self


def read_roles(documents: Iterable[Document], works: Collection[str]) -> Roles:
    """The roles of the one file there may be; works they name must exist."""
    for document in documents:
        found = document.model(Roles, document.data)
        if found is None:
            continue
        for i, role in enumerate(found.roles):
            for work in role.works:
                if work not in works:
                    document.say(("roles", i, "works"), f"unknown key work {work}")
        return found
    return Roles(verbs={}, roles=())
