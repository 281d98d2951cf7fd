"""What all parts of the command line share: the screen, and the clock, which is read only here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer
from rich.console import Console

from pipelines.flow.ground import CHINA

console = Console()


def now() -> str:
    """The time in China, to the second."""
    return datetime.now(CHINA).isoformat(timespec="seconds")


def a_moment(written: str) -> str:
    """A time as it was written, refused in Chinese where it is none; blank stays blank."""
    try:
        if written:
            datetime.fromisoformat(written)
    except ValueError as error:
        raise typer.BadParameter(
            f"“{written}”不是时刻，应写成 2017-04-05 或 2017-04-05T10:00"
        ) from error
    return written


def a_day(written: str | None) -> str | None:
    """A day as it was written, refused in Chinese where it is none; blank stays blank."""
    try:
        if written:
            date.fromisoformat(written)
    except ValueError as error:
        raise typer.BadParameter(f"“{written}”不是日期，应写成 2017-04-05") from error
    return written


At = Annotated[
    str,
    typer.Option(
        help="以此时刻为准（ISO 格式），缺省为现在",
        default_factory=lambda: now(),
        callback=a_moment,
    ),
]
