"""收集报送：扫描各渠道，分批读取、校验，入库或退回。退回也是正常结果，不算任务失败。"""

from __future__ import annotations

from airflow.sdk import dag, get_current_context, task
from run_settings import MAX_CHUNKS, TAG, at, at_param, settings


@dag(
    dag_display_name="收集报送",
    description="扫描投递目录，分批读取、校验，入库或退回",
    doc_md=__doc__,
    tags=[TAG],
    params={"at": at_param()},
    **settings("*/15 * * * *"),
)
def collect_submissions():
    @task(task_display_name="扫描投递目录")
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

    summarise(process.expand(receipt_ids=sweep()))


collect_submissions()
