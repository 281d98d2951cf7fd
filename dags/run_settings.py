"""What all DAGs share: when they run, which moment and periods they mean, what is tried again."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pendulum
from airflow.sdk import Param, RetryDecision, RetryPolicy

if TYPE_CHECKING:
    from airflow.sdk import Context

TIME_ZONE = "Asia/Shanghai"
TAG = "工会统计报送"
MONTH_PATTERN = r"^\d{4}-(0[1-9]|1[0-2])$"
# A task is mapped at most this often (core.max_map_length); what is left waits for the next run.
MAX_CHUNKS = 1024


class RetryInfrastructure(RetryPolicy):
    """Try again when a server or the network failed; anything else is broken software: stop.

    Bad data never comes here: it is a finding, and its task succeeds. Classes are known by name,
    because naming them by import would load the database drivers into every parse of a DAG file.
    A worker that was killed raises nothing and is repeated by `retries` alone.
    """

    INFRASTRUCTURE = frozenset(
        {
            "builtins.ConnectionError",
            "builtins.TimeoutError",
            "psycopg.OperationalError",
            "psycopg.InterfaceError",
            "sqlalchemy.exc.OperationalError",
            "sqlalchemy.exc.InterfaceError",
            "airflow.sdk.exceptions.AirflowTaskTimeout",
        }
    )

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Retry exactly the infrastructure errors and their subclasses."""
        if self.is_infrastructure(exception):
            return RetryDecision.retry(reason=f"infrastructure: {type(exception).__name__}")
        return RetryDecision.fail(reason=f"not infrastructure: {type(exception).__name__}")

    def is_infrastructure(self, exception: BaseException) -> bool:
        """Whether trying again may help; of a group, whether it may help one of its members."""
        if isinstance(exception, BaseExceptionGroup):
            return any(self.is_infrastructure(member) for member in exception.exceptions)
        names = {f"{cls.__module__}.{cls.__qualname__}" for cls in type(exception).__mro__}
        return not names.isdisjoint(self.INFRASTRUCTURE)

    def serialize(self) -> dict[str, Any]:
        """Nothing to keep: the policy has no settings."""
        return {"__type": type(self).__name__}


def settings(cron: str, max_active_runs: int = 1) -> dict[str, Any]:
    """DAG arguments that are the same for all; `cron` is in Chinese time.

    With UNION_REPORTS_SCHEDULES=off (the demo, tests) a DAG runs only when it is triggered.
    """
    scheduled = os.environ.get("UNION_REPORTS_SCHEDULES", "on") != "off"
    return {
        "schedule": cron if scheduled else None,
        "start_date": pendulum.datetime(2016, 1, 1, tz=TIME_ZONE),
        "catchup": False,
        "max_active_runs": max_active_runs,
        "default_args": {
            "owner": "总工会",
            "retries": 3,
            "retry_delay": timedelta(seconds=20),
            "retry_policy": RetryInfrastructure(),
        },
    }


def at_param() -> Param:
    """Form field for the moment that a run takes as its present."""
    return Param(
        None,
        type=["null", "string"],
        format="date-time",
        title="处理时点",
        description="以该时点为准；留空则取本次运行的时间",
    )


def periods_param(description: str) -> Param:
    """Form field for the months of a run, one per line."""
    return Param(
        None,
        type=["null", "array"],
        items={"type": "string", "pattern": MONTH_PATTERN},
        title="所属月份",
        description=f"每行一个，如 2017-11；{description}",
    )


def year_param(description: str) -> Param:
    """Form field for the year of a run."""
    return Param(
        None,
        type=["null", "integer"],
        minimum=2000,
        maximum=2100,
        title="年度",
        description=description,
    )


def moment(context: Context) -> datetime:
    """The run's present, in Chinese time: the form's, else the logical date, else when it began.

    It is the same for every task and every repetition of a run.
    """
    given = context["params"].get("at")
    if given:
        found = pendulum.parse(given, tz=TIME_ZONE)
        if not isinstance(found, datetime):
            raise TypeError(f"not a moment: {given!r}")
        return found.astimezone(pendulum.timezone(TIME_ZONE))
    run = context["dag_run"]
    return (run.logical_date or run.run_after).astimezone(pendulum.timezone(TIME_ZONE))


def at(context: Context) -> str:
    """The run's present as the pipeline's functions take it, ISO 8601 with offset."""
    return moment(context).isoformat()


def months_opening(context: Context) -> list[str]:
    """Months to open: the form's, else the one the run falls in; longer periods open with them."""
    given = context["params"].get("periods")
    return list(given) if given else [f"{moment(context):%Y-%m}"]


def months_closing(context: Context) -> list[str]:
    """Months to close: the form's, else those of which something is locked and not yet frozen.

    Each form locks on a day of its own, moved by holidays, so a month may be closed several times:
    most forms in the middle of the next month, funds and quarters a week later.
    """
    from pipelines import flow

    given = context["params"].get("periods")
    return list(given) if given else flow.months_to_close(at(context))


def year_assessed(context: Context) -> int:
    """The year to assess: the form's, else that of the last month that has ended."""
    now = moment(context)
    return context["params"].get("year") or (now.year if now.month > 1 else now.year - 1)


def year_reviewed(context: Context) -> int:
    """The year to review: the form's, else the last year that has ended."""
    return context["params"].get("year") or moment(context).year - 1
