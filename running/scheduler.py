"""Airflow's scheduler with the pipeline loaded once, before it forks its workers.

A task runs in a process forked from the scheduler's. Great Expectations, pandas and matplotlib take
seconds to import, the pipeline's own modules and its definitions more than another; loaded here,
every task has them at once and shares their memory. A task reads definition files again when they
have changed; a new release of the code wants a restart, as it does of the portal.
"""

from __future__ import annotations

import importlib
import sys

# What the pipeline imports only where it is needed, or through many modules.
LIBRARIES = (
    "alembic.command",
    "great_expectations",
    "matplotlib.pyplot",
    "openpyxl",
    "pandas",
    "pyarrow",
    "sqlalchemy.dialects.postgresql",
    "typst",
    "xlsxwriter",
)


def main() -> None:
    """Load everything, then become `airflow scheduler`."""
    from airflow.__main__ import main as airflow

    for library in LIBRARIES:
        importlib.import_module(library)

    from pipelines import flow
    from pipelines.flow.ground import read_ahead

    flow.import_everything()
    read_ahead()
    sys.argv[1:] = ["scheduler"]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
