"""整改跟踪：到期前提醒，逾期督办，各发一次；督办通知书印发后由经办人确认送达。

同时印发到期应发的其他通知书：审计通知书、诉求超期督办、代表资格取消告知、脱岗教育通知、
撤并工会核查、重大情况快报，同一事项只发一次。
"""

from __future__ import annotations

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, settings

DELIVERED = "已送达"


@dag(
    dag_display_name="整改跟踪",
    description="整改到期前提醒，逾期印发督办通知书，送达由人确认；印发到期的其他通知书",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    # One day's warnings that wait to be delivered do not hold up the next day's.
    **settings("0 8 * * *", max_active_runs=16),
)
def follow_up_rectification():
    @task(task_display_name="提醒与督办", multiple_outputs=False)
    def remind() -> dict:
        from pipelines import flow

        return flow.follow_up(at(get_current_context()))

    @task.short_circuit(task_display_name="有无督办")
    def any_overdue(found: dict) -> bool:
        return bool(found["督办"])

    @task(task_display_name="印发督办通知书", multiple_outputs=False)
    def print_warnings(found: dict) -> list:
        from pipelines import flow

        return flow.publish_notices(by="系统", at=at(get_current_context()), numbers=found["督办"])

    @task(task_display_name="印发到期的其他通知书", multiple_outputs=False)
    def print_due() -> list:
        from pipelines import flow

        return flow.publish_due_notices(by="系统", at=at(get_current_context()))

    deliver = HITLOperator(
        task_id="deliver",
        task_display_name="确认送达",
        subject="请送达整改督办通知书，并确认",
        body="共 {{ ti.xcom_pull(task_ids='remind')['督办'] | length }} 份，在“R-07 通知书”中。",
        options=[DELIVERED],
    )

    print_due()
    found = remind()
    printed = print_warnings(found)
    any_overdue(found) >> printed >> deliver


follow_up_rectification()
