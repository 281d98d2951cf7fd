"""命令行: the same steps by hand. The clock is read here, at the edge, and nowhere below."""

from __future__ import annotations

import sys

import typer

from definitions import DefinitionsInvalid
from pipelines.commands import (
    assessment,
    changes,
    collecting,
    corrections,
    distributing,
    keeping,
    periods,
    publishing,
    submissions,
)
from pipelines.commands.edge import console

app = typer.Typer(help="工会报表：收件、校验、汇总、考核与发布", no_args_is_help=True)
USER_ERROR = 2

for part in (
    collecting.app, submissions.app, corrections.app, changes.app, periods.app,
    publishing.app, distributing.app, keeping.app,
):  # fmt: skip
    app.add_typer(part)
app.add_typer(assessment.app, name="assessment")


def main() -> None:
    """A user error is one Chinese sentence and exit code 2; anything else keeps its traceback."""
    try:
        app()
    except DefinitionsInvalid as error:
        console.print(f"[red]定义文件有 {len(error.mistakes)} 处错误，未做任何处理：[/red]")
        console.print(str(error))
        sys.exit(USER_ERROR)
    except (LookupError, FileNotFoundError) as error:
        console.print(f"[red]{error}[/red]")
        sys.exit(USER_ERROR)


if __name__ == "__main__":
    main()
