"""发布年终总结：起草，由签发人同意或退回，然后发布或撤回。未经签发不发布。"""

from __future__ import annotations

from airflow.providers.standard.operators.hitl import HITLBranchOperator
from airflow.sdk import dag, get_current_context, task
from run_settings import TAG, at, at_param, settings, year_param, year_reviewed

APPROVE = "同意发布"
REJECT = "退回修改"


class SignOff(HITLBranchOperator):
    """The signer's decision; keeps the account that took it for the tasks that follow."""

    def execute_complete(self, context, event):
        # Before the call, which ends in an exception that skips the branch not taken.
        context["ti"].xcom_push(key="signer", value=event["responded_by_user"]["name"])
        return super().execute_complete(context, event)


@dag(
    dag_display_name="发布年终总结",
    description="起草年终总结，经签发后发布",
    doc_md=__doc__,
    tags=[TAG],
    params={
        "year": year_param("留空则取上一年度"),
        "at": at_param(),
    },
    # After the year's self-assessments are locked on 5 February (field catalogue 7.1).
    # One review that waits for its signer does not hold up another.
    **settings("0 8 6 2 *", max_active_runs=8),
)
def publish_year_end_review():
    @task(task_display_name="起草年终总结", multiple_outputs=False)
    def prepare() -> dict:
        from pipelines import flow

        context = get_current_context()
        return flow.prepare_review(year_reviewed(context), at(context))

    draft = prepare()

    sign_off = SignOff(
        task_id="sign_off",
        task_display_name="签发",
        subject="请签发：{{ ti.xcom_pull(task_ids='prepare')['title'] }}",
        body="{{ ti.xcom_pull(task_ids='prepare')['summary'] }}",
        options=[APPROVE, REJECT],
        options_mapping={APPROVE: "publish", REJECT: "withdraw"},
    )

    def signer(context) -> str:
        return context["ti"].xcom_pull(task_ids="sign_off", key="signer")

    @task(task_display_name="发布", multiple_outputs=False)
    def publish(review: dict) -> dict:
        from pipelines import flow

        context = get_current_context()
        return flow.publish_review(review["publication"], signer(context), at(context))

    @task(task_display_name="撤回草稿", multiple_outputs=False)
    def withdraw(review: dict) -> dict:
        from pipelines import flow

        context = get_current_context()
        return flow.withdraw_review(review["publication"], signer(context), at(context))

    draft >> sign_off >> [publish(draft), withdraw(draft)]


publish_year_end_review()
