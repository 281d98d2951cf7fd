"""考核公示期满：每天检查；期满且申诉都已答复的，转入待审定，请主席办公会审定或退回会审。

当天没有办理、或者办不成的（没写文号、由公示经办人审定），第二天早上再问，直到办结。
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, get_current_context, task, task_group
from run_settings import TAG, at, at_param, settings

APPROVE = "同意审定"
REJECT = "退回会审"
LATER = "暂不办理"
# Without an answer by then it is 暂不办理, and the next morning's run asks anew. Where a late or a
# manual run asks beside another, what was answered first holds: the second finds nothing to decide.
ANSWERED_WITHIN = timedelta(hours=23)


@dag(
    dag_display_name="考核公示期满",
    description="公示期满、申诉答复完毕的考核结果送请审定",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    # One result that waits for its signature does not hold up another's.
    **settings("30 7 * * *", max_active_runs=16),
)
def end_notices():
    @task(task_display_name="公示期满转待审定", multiple_outputs=False)
    def end() -> list:
        from pipelines import flow

        return flow.end_notices(at(get_current_context()))

    @task_group(group_id="final")
    def each(scheme, year, edition, title, summary):
        sign_off = HITLOperator(
            task_id="sign_off",
            task_display_name="审定",
            subject=title,
            body=summary,
            options=[APPROVE, REJECT, LATER],
            defaults=LATER,
            response_timeout=ANSWERED_WITHIN,
            params={
                "document": Param(
                    "", type="string", title="文号", description="会议纪要或批准文件的文号，必填"
                )
            },
        )

        @task(task_display_name="按签字办理", multiple_outputs=False)
        def decide(scheme: str, year: int, edition: int, answer: dict) -> str:
            from pipelines import flow
            from warehouse.life_cycle import Actor

            chosen = answer["chosen_options"]
            if chosen not in ([APPROVE], [REJECT]):
                return "待审定"
            context = get_current_context()
            # It counts from the moment of the signature, not of the question.
            given = context["params"].get("at")
            return flow.decide_final(
                scheme,
                year,
                edition,
                approve=chosen == [APPROVE],
                by=Actor(answer["responded_by_user"]["name"]),
                document=str(answer["params_input"].get("document") or ""),
                at=at(context) if given else answer["responded_at"].isoformat(),
            )

        decide(scheme, year, edition, sign_off.output)

    each.expand_kwargs(end())


end_notices()
