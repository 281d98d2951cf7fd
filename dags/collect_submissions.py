"""收集报送：收取各渠道，分批读取、校验，入库或退回，并答复报送人。退回也是正常结果，不算失败。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import MAX_CHUNKS, TAG, at, at_param, settings


@dag(
    dag_display_name="收集报送",
    description="收取邮箱、SFTP、对象存储和投递目录，分批读取、校验，入库或退回，并答复",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    **settings("*/15 * * * *"),
)
def collect_submissions():
    @task(task_display_name="列出已设置的渠道")
    def channels() -> list[str]:
        from pipelines import flow

        return flow.channel_names()

    @task(task_display_name="收取渠道", map_index_template="{{ label }}", multiple_outputs=False)
    def receive(channel: str) -> dict:
        from pipelines import flow

        context = get_current_context()
        context["label"] = flow.channel_title(channel)
        return flow.receive(channel, at(context))

    # A mail server that is away does not keep what lies in the folder from being processed.
    @task(task_display_name="扫描投递目录", trigger_rule="all_done")
    def sweep() -> list[list[int]]:
        from pipelines import flow

        chunks = flow.sweep(at(get_current_context()))
        if len(chunks) > MAX_CHUNKS:
            print(f"本次处理 {MAX_CHUNKS} 批，其余 {len(chunks) - MAX_CHUNKS} 批留待下次运行")
        return chunks[:MAX_CHUNKS]

    @task(
        task_display_name="读取、校验、入库或退回",
        map_index_template="{{ label }}",
        multiple_outputs=False,
    )
    def process(receipt_ids: list[int]) -> dict:
        from pipelines import flow

        context = get_current_context()
        context["label"] = f"第{context['ti'].map_index + 1}批，{len(receipt_ids)}份"
        return flow.process(receipt_ids, at(context))

    # No chunk at all is an ordinary run: say "nothing", do not skip.
    @task(task_display_name="汇总结果", trigger_rule="none_failed", multiple_outputs=False)
    def summarise(results) -> dict:
        totals: dict[str, int] = {"chunks": 0}
        for counts in results or []:
            totals["chunks"] += 1
            for name, count in counts.items():
                totals[name] = totals.get(name, 0) + count
        return totals

    # Whoever was decided on is answered, also when another batch failed.
    @task(task_display_name="答复和通知", trigger_rule="all_done", multiple_outputs=False)
    def notify() -> dict:
        from pipelines import flow

        now = at(get_current_context())
        return {**flow.tell(now), **flow.deliver_messages(now)}

    received = receive.expand(channel=channels())
    chunks = sweep()
    processed = process.expand(receipt_ids=chunks)
    received >> chunks
    processed >> notify()
    # The run fails with any of its parts, a channel as well.
    received >> summarise(processed)


collect_submissions()
