"""The figures as printed, with article and sentence; the builder takes its numbers from here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from definitions.model import Model

HERE = Path(__file__).parent / "facts"


class Fact(Model):
    """One figure of one article; README.md in the folder says what each field means."""

    id: str
    article: str
    sentence: str
    qualifier: str = ""
    value: int | float | list[int | float]
    unit: str
    form: str = ""
    column: str = ""
    where: str = ""
    organisation: str
    period: str
    spread: Literal["ours", "none"] = "none"
    submitted: bool = True
    note: str = ""


@cache
def facts() -> dict[str, Fact]:
    """Every fact by its id, in the order of the files; ValueError when an id is used twice."""
    found: dict[str, Fact] = {}
    for path in sorted(HERE.glob("*.yaml")):
        for data in yaml.safe_load(path.read_text(encoding="utf-8")):
            fact = Fact.model_validate(data)
            if fact.id in found:
                raise ValueError(f"fact {fact.id} stands twice")
            found[fact.id] = fact
    return found


def printed(name: str) -> int:
    """The whole number that a fact prints."""
    value: Any = facts()[name].value
    if not isinstance(value, int):
        raise TypeError(f"{name} prints {value!r}, not one whole number")
    return value
