"""Where files live below the home directory of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.originals import Originals
from warehouse.server import home


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one installation; all below one directory that backups must cover."""

    root: Path

    @property
    def drop(self) -> Path:
        """收件: one sub-folder per sender; files are taken away once they are kept."""
        return self.root / "drop"

    @property
    def templates(self) -> Path:
        """Empty workbooks by period, one per organisation that hands in."""
        return self.root / "templates"

    @property
    def returned(self) -> Path:
        """Marked workbooks by sender, for collection."""
        return self.root / "returned"

    @property
    def published(self) -> Path:
        """Publications by period and kind."""
        return self.root / "published"

    @property
    def originals(self) -> Originals:
        """Everything received, returned and published, by content hash."""
        return Originals(self.root / "originals")


def places() -> Places:
    """The places of the installation that the environment names."""
    return Places(home())
