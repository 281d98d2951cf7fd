"""目标责任考核：按报送数据计算实绩与得分，生成考核册。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, settings, year_assessed, year_param


@dag(
    dag_display_name="目标责任考核",
    description="按报送数据计算实绩、得分、等次与名次，生成考核册",
    doc_md=__doc__,
    tags=[TAG],
    params={
        "year": year_param("留空则取最近结束月份所在年度"),
        "at": at_param(),
    },
    # The day after quarters are locked, once their sums stand.
    **settings("0 8 22 1,4,7,10 *"),
)
def assess_targets():
    @task(task_display_name="计算实绩与得分", multiple_outputs=False)
    def assess() -> dict:
        from pipelines import flow

        context = get_current_context()
        return flow.assess(year_assessed(context), at(context))

    assess()


assess_targets()
