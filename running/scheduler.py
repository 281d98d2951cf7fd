"""Airflow's scheduler with the pipeline's libraries loaded once, before it forks its workers.

A task runs in a process forked from the scheduler's. Great Expectations, pandas and matplotlib take
seconds to import, the rest half a second together; loaded here, every task has them at once and
shares their memory.
"""

from __future__ import annotations

import importlib
import sys

# Libraries only: the pipeline's own modules are read by each task, so that they may change.
LIBRARIES = (
    "argon2",
    "asyncssh",
    "chinese_calendar",
    "docx",
    "great_expectations",
    "imap_tools",
    "matplotlib.pyplot",
    "numpy",
    "opencc",
    "openpyxl",
    "pandas",
    "psycopg",
    "pyarrow",
    "pydantic",
    "python_calamine",
    "sqlalchemy.dialects.postgresql",
    "stdnum",
    "typst",
    "xlsxwriter",
)


def main() -> None:
    """Load the libraries, then become `airflow scheduler`."""
    from airflow.__main__ import main as airflow

    for library in LIBRARIES:
        importlib.import_module(library)
    sys.argv[1:] = ["scheduler"]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
