"""What all parts of the command line share: the screen, and the clock, which is read only here."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console

from pipelines.flow.ground import CHINA

console = Console()


def now() -> str:
    """The time in China, to the second."""
    return datetime.now(CHINA).isoformat(timespec="seconds")


At = Annotated[
    str, typer.Option(help="以此时刻为准（ISO 格式），缺省为现在", default_factory=lambda: now())
]
