"""催报：每个工作日早上按实际进度提醒，逾期的沿条、块两线逐级上报，并发出汇总通知。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, settings


@dag(
    dag_display_name="催报",
    description="按实际进度提醒未报单位，逾期的沿两线逐级上报",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    **settings("30 8 * * *"),
)
def chase_missing():
    @task(task_display_name="确定提醒和上报的事项", multiple_outputs=False)
    def chase() -> dict:
        from pipelines import flow

        return flow.chase(at(get_current_context()))

    @task(task_display_name="写成通知并发出", multiple_outputs=False)
    def notify() -> dict:
        from pipelines import flow

        now = at(get_current_context())
        return {**flow.tell(now), **flow.deliver_messages(now)}

    chase() >> notify()


chase_missing()
