"""开启所属期：冻结应报名单，登记口径版本，生成填报模板。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, months_opening, periods_param, settings


@dag(
    dag_display_name="开启所属期",
    description="冻结应报名单、登记口径版本、为每个单位生成填报模板",
    doc_md=__doc__,
    tags=[TAG],
    params={
        "periods": periods_param("留空则开启本月；随该月结束的季、半年、年一并开启"),
        "at": at_param(),
    },
    # The window of a month opens on its 25th (field catalogue 7.1).
    **settings("0 6 25 * *"),
)
def open_period():
    @task(task_display_name="确定所属期")
    def choose() -> list[str]:
        return months_opening(get_current_context())

    @task(
        task_display_name="冻结名单并生成模板",
        map_index_template="{{ label }}",
        multiple_outputs=False,
        max_active_tis_per_dagrun=1,
    )
    def open_one(period: str) -> dict:
        from pipelines import flow

        context = get_current_context()
        context["label"] = period
        return flow.open_period(period, at(context))

    open_one.expand(period=choose())


open_period()
