"""关账之后：编发当月数据质量通报和职工诉求通报，季末、年末另编发产业专题，季末编发分析简报，口径与关账通报一致。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, periods_param, settings


@dag(
    dag_display_name="编发月度专题通报",
    description="关账后编发数据质量通报、职工诉求通报，季末编发产业专题和分析简报",
    doc_md=__doc__,
    tags=[TAG],
    params={
        "periods": periods_param("留空则编发关账后还没有编发的月份"),
        "at": at_param(),
    },
    # An hour after the close of the morning; a month that was closed again is reported again.
    **settings("0 7 * * *"),
)
def publish_monthly_reports():
    @task(task_display_name="确定月份")
    def choose() -> list[str]:
        from pipelines import flow

        context = get_current_context()
        given = context["params"].get("periods")
        return list(given) if given else flow.months_to_report(at(context))

    @task(
        task_display_name="编发通报",
        map_index_template="{{ label }}",
        multiple_outputs=False,
        max_active_tis_per_dagrun=1,
    )
    def publish_one(period: str) -> dict:
        from pipelines import flow

        context = get_current_context()
        context["label"] = period
        result = flow.publish_monthly(period, at(context))
        context["label"] = f"{period}：{result['publications']} 件"
        return result

    publish_one.expand(period=choose())


publish_monthly_reports()
