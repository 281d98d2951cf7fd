"""Answers to files that were handed in before: ignored, and told so where the sender collects."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from definitions import Definitions, Period
from expectations.findings import sentence
from pipelines.flow.ground import CHINA, engine
from pipelines.flow.returned import lay_down
from pipelines.places import places
from warehouse import receipts

RULE = "V-F-006"
OUTCOMES = {
    "accepted": "已接收，计入汇总",
    "explain": "请补充说明；带标注的“须说明”件已放在本文件夹（编号 {number}）",
    "returned": "退回修改；带标注的“退回”件已放在本文件夹（编号 {number}）",
}


def answer_repeats(known: Definitions, when: datetime) -> int:
    """Tell the senders of bytes that came before what became of them then; how many were told.

    A file whose first delivery still waits is answered once that has been processed. Killed in
    between, the same answer is written again.
    """
    with engine().begin() as connection:
        repeats = connection.execute(
            text(
                """
                SELECT r.id, f.id AS first, f.received_at, f.file_name, s.member, s.state,
                    s.period, o.code
                FROM receipt r
                JOIN receipt f ON f.id = r.duplicate_of AND f.state = 'processed'
                JOIN submission s ON s.receipt_id = f.id
                LEFT JOIN organisation o ON o.id = s.reporter_id
                WHERE r.state = 'duplicate' AND r.answered_at IS NULL
                ORDER BY r.id, s.member
                FOR UPDATE OF r SKIP LOCKED
                """
            )
        ).all()
        documents: dict[int, list[Any]] = {}
        for row in repeats:
            documents.setdefault(row.id, []).append(row)
        for receipt in receipts.fetch(connection, documents):
            first = documents[receipt.id]
            lay_down(
                places(), receipt, 0, Path(receipt.file_name).stem, "重复上传",
                _answer(known, receipt.file_name, receipt.received_at, first).encode("utf-8-sig"),
                first[0].code or "", suffix=".txt",
            )  # fmt: skip
        connection.execute(
            text("UPDATE receipt SET answered_at = :at WHERE id = ANY(:ids)"),
            {"at": when, "ids": sorted(documents)},
        )
    return len(documents)


def _answer(known: Definitions, name: str, received: datetime, first: list[Any]) -> str:
    """What the sender reads: what came before, what became of it, and what to do."""
    rule = known.rule(RULE)
    head = first[0]
    lines = [
        sentence(rule.message, {}),
        "",
        f"您 {_clock(received)} 交来的《{name}》，与 {_clock(head.received_at)} 收到的"
        f"《{head.file_name}》内容完全相同，没有重复处理。",
        "上次的处理结果：",
    ]
    for row in first:
        period = f"{Period.parse(row.period).chinese}，" if row.period else ""
        member = f"{row.member}：" if row.member else ""
        outcome = OUTCOMES[row.state].format(number=f"{row.first:06d}")
        lines.append(f"  {member}{period}{outcome}")
    if all(row.state == "accepted" for row in first):
        lines.append(sentence(rule.advice, {}))
    else:
        lines.append("请在带标注的文件上改正或写明原因后重新报送；原样再报，结果不变。")
        lines.append("原因已在别处解决的（如单位已补登记），请更新封面的填报日期后再报。")
    lines.append(f"（{rule.code} {rule.title}）")
    return "\r\n".join(lines) + "\r\n"


def _clock(moment: datetime) -> str:
    local = moment.astimezone(CHINA)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
