"""A small federation and what it filed: how a rule over many organisations shows an example."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Unit(_Part):
    """One union of the scene; `block`, `industry_parent` and `funds` name its parents by line."""

    name: str = ""
    type: str = "基层工会委员会"
    level: str = "基层"
    region: str = "640100"
    industry: str = "C34"
    since: date = date(2010, 1, 1)
    status: str = "正常"
    block: str = ""
    industry_parent: str = ""
    funds: str = ""


class Filed(_Part):
    """One workbook of one form; a cell that is not told is blank, `org_code` says who files."""

    by: str
    form: str
    rows: tuple[dict[str, Any], ...]
    period: str = Field(default="", description="default: the scene's, for the form's kind")


class Spot(_Part):
    """A row on which the rule is found, and the columns marked there, the first one linked to."""

    by: str
    form: str
    columns: tuple[str, ...]
    row: int = Field(default=1, description="counted from 1 within the workbook's rows")
    says: tuple[str, ...] = Field(default=(), description="words of the message")


class Scene(_Part):
    """Unions, what they filed, and where the rule is found when `period` closes; none: it holds.

    `moves` are rows of the registry that a later event changed: union, line, new parent, day.
    """

    tells: str
    period: str = "2017-03"
    unions: dict[str, Unit]
    filed: tuple[Filed, ...]
    moves: tuple[tuple[str, str, str, date], ...] = ()
    found: tuple[Spot, ...] = ()


def unknown_in_scene(scene: Scene, columns_of: Mapping[str, Collection[str]]) -> Iterator[str]:
    """A complaint per form, column or union that the scene names and nobody knows."""
    for code, unit in scene.unions.items():
        for parent in (unit.block, unit.industry_parent, unit.funds):
            if parent and parent not in scene.unions:
                yield f"unknown union {parent} above {code}"
    for filed in scene.filed:
        if filed.by not in scene.unions:
            yield f"unknown union {filed.by}"
        if filed.form not in columns_of:
            yield f"unknown form {filed.form}"
            continue
        for row in filed.rows:
            for name in row:
                if name not in columns_of[filed.form]:
                    yield f"unknown column {name} of {filed.form}"
    for spot in scene.found:
        if not any(f.by == spot.by and f.form == spot.form for f in scene.filed):
            yield f"{spot.by} files no {spot.form}"
        for name in spot.columns:
            if name not in columns_of.get(spot.form, ()):
                yield f"unknown column {name} of {spot.form}"
