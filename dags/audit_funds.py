"""经费绩效审计跟踪：审计意见指出问题的，登记整改，三十日内报送结果。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, settings


@dag(
    dag_display_name="经费审计跟踪",
    description="由审计通知与整改跟踪表登记需要整改的审计，印发整改通知书",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    # After audit trackings are locked (the 12th, moved by holidays) and the month is closed.
    **settings("0 8 20 * *"),
)
def audit_funds():
    @task(task_display_name="登记审计整改", multiple_outputs=False)
    def register_audits() -> int:
        from pipelines import flow

        return flow.audits_to_follow(at(get_current_context()))

    @task(task_display_name="印发整改通知书", multiple_outputs=False)
    def print_notices(_opened: int) -> list:
        from pipelines import flow

        return flow.publish_notices(by="系统", at=at(get_current_context()))

    print_notices(register_audits())


audit_funds()
