"""Administrative regions: when their codes held (GB/T 2260), and where pictures put them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import combinations
from typing import Any

from pydantic import PositiveInt

from definitions.documents import Document
from definitions.model import Model


class Region(Model):
    """A region: from `since` until the day before `until`, when `successor` took its place.

    `tile` is its row from the north and column from the west among the regions drawn together.
    """

    name: str
    since: date | None = None
    until: date | None = None
    successor: str = ""
    authority: str = ""
    tile: tuple[PositiveInt, PositiveInt] | None = None

    def holds(self, day: date) -> bool:
        """Whether the code was in force on a day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


def level_of(code: str) -> str:
    """省级, 市级 or 区县级, as a code says by its zeros."""
    if code.endswith("0000"):
        return "省级"
    return "市级" if code.endswith("00") else "区县级"


def short_name(code: str, regions: Mapping[str, str]) -> str:
    """How people of a region call those in it: 大武口 for 石嘴山市大武口区, but 平罗县 is 平罗."""
    wider = regions.get(f"{code[:4]}00", "")
    name = regions[code]
    if name != wider:
        name = name.removeprefix(wider)
    return name[:-1] if len(name) > 2 and name[-1] in "省市区县旗" else name


def regions_in(document: Document) -> dict[str, Region]:
    """Code → region of the file; a plain text is a name without dates. Mistakes go on the page."""
    found: dict[str, Region] = {}
    entries: dict[Any, Any] = document.data if isinstance(document.data, dict) else {}
    for code, data in entries.items():
        model = document.model(Region, data if isinstance(data, dict) else {"name": data}, (code,))
        if model is not None:
            found[str(code)] = model
    for code, region in found.items():
        if region.since and region.until and region.until <= region.since:
            document.say((code,), f"region {code} ends before it begins")
        if region.successor and region.successor not in found:
            document.say((code,), f"unknown successor {region.successor}")
        if region.until and not region.authority:
            document.say((code,), f"region {code} ended by no authority")
    _one_tile_each(document, found)
    return found


def _one_tile_each(document: Document, regions: Mapping[str, Region]) -> None:
    """No two regions of one level and province share a tile at one time."""
    together: dict[tuple[str, str, tuple[int, int]], list[str]] = defaultdict(list)
    for code, region in regions.items():
        if region.tile is not None:
            level = level_of(code)
            together[level, "" if level == "省级" else code[:2], region.tile].append(code)
    for codes in together.values():
        for first, second in combinations(codes, 2):
            if _at_one_time(regions[first], regions[second]):
                document.say((second, "tile"), f"region {second} has the tile of {first}")


def _at_one_time(one: Region, other: Region) -> bool:
    ended = one.until is not None and other.since is not None and one.until <= other.since
    begun = other.until is not None and one.since is not None and other.until <= one.since
    return not (ended or begun)
