"""Administrative regions with the days on which their codes were in force (GB/T 2260)."""

from __future__ import annotations

from datetime import date
from typing import Any

from definitions.documents import Document
from definitions.model import Model


class Region(Model):
    """A region: from `since` until the day before `until`, when `successor` took its place."""

    name: str
    since: date | None = None
    until: date | None = None
    successor: str = ""
    authority: str = ""

    def holds(self, day: date) -> bool:
        """Whether the code was in force on a day."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


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
    return found
