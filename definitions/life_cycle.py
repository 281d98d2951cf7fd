"""The life of a submission as data: its states, what may be done in each, by whom."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FILE = Path(__file__).parent / "life_cycle.yaml"

ActorKind = Literal["unit", "leading", "other", "system"]
Need = Literal["reason", "due"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LifeState(_Model):
    """One state, with the sentence that tells a reporter what it means."""

    code: str
    chinese: str
    english: str
    tells: str


class Transition(_Model):
    """One thing that may happen; without `to` it is noted and the state stays.

    `right` is the verb that a role must hold; what `needs` names must be given.
    """

    verb: str
    chinese: str
    sources: tuple[str, ...] = Field(alias="from", min_length=1)
    to: str | None = None
    actor: ActorKind
    right: str | None = None
    needs: tuple[Need, ...] = ()

    def target(self, state: str) -> str:
        """The state afterwards."""
        return self.to or state


class LifeCycle(_Model):
    """Every state and every transition, checked against each other."""

    states: tuple[LifeState, ...]
    transitions: tuple[Transition, ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        codes = [s.code for s in self.states]
        verbs = [t.verb for t in self.transitions]
        if len(set(codes)) != len(codes) or len(set(verbs)) != len(verbs):
            raise ValueError("a state or a verb stands twice")
        for transition in self.transitions:
            strange = {*transition.sources, transition.to or codes[0]} - set(codes)
            if strange:
                raise ValueError(f"{transition.verb}: unknown states {sorted(strange)}")
            if (transition.right is None) != (transition.actor == "system"):
                raise ValueError(f"{transition.verb}: a person needs a right, the system none")
        reached = {codes[0]}
        while (
            more := {t.to for t in self.transitions if t.to and not reached.isdisjoint(t.sources)}
            - reached
        ):
            reached |= more
        if unreached := set(codes) - reached:
            raise ValueError(f"no way leads to {sorted(unreached)}")
        return self

    def state(self, code: str) -> LifeState:
        """A state by its code; KeyError when there is none."""
        return {s.code: s for s in self.states}[code]

    def transition(self, verb: str) -> Transition:
        """A transition by its verb; KeyError when there is none."""
        return {t.verb: t for t in self.transitions}[verb]

    def by_people(self, state: str) -> tuple[Transition, ...]:
        """What people may do in a state."""
        return tuple(t for t in self.transitions if t.actor != "system" and state in t.sources)

    @property
    def rights(self) -> frozenset[str]:
        """Every verb that a role may hold because of the life of submissions."""
        return frozenset(t.right for t in self.transitions if t.right)


@lru_cache(maxsize=1)
def life_cycle() -> LifeCycle:
    """The life cycle of this checkout; ValidationError when it contradicts itself."""
    return LifeCycle.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))
