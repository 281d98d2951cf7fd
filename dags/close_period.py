"""关闭所属期：沿条、块两线汇总，核对覆盖率与数据质量，发布月报快报和汇总表。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, months_closing, periods_param, settings


@dag(
    dag_display_name="关闭所属期",
    description="沿条、块两线汇总，核对覆盖率，发布快报与汇总表",
    doc_md=__doc__,
    tags=[TAG],
    params={
        "periods": periods_param("留空则关闭锁定日刚过的月份；随该月结束的季、半年、年一并汇总"),
        "at": at_param(),
    },
    # Every morning: what was locked the day before, on a day that holidays may have moved.
    **settings("0 6 * * *"),
)
def close_period():
    @task(task_display_name="确定所属期")
    def choose() -> list[str]:
        return months_closing(get_current_context())

    # One after the other: a quarter compares with, and is made of, its months.
    @task(
        task_display_name="汇总、核对并发布",
        map_index_template="{{ label }}",
        multiple_outputs=False,
        max_active_tis_per_dagrun=1,
    )
    def close_one(period: str) -> dict:
        from pipelines import flow

        context = get_current_context()
        context["label"] = period
        result = flow.close_period(period, at(context))
        context["label"] = f"{period}：已报 {result['reported']} / 应报 {result['expected']}"
        return result

    close_one.expand(period=choose())


close_period()
