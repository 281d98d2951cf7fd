"""The table of mechanisms: one row each, with what carries it and what proves it."""

from __future__ import annotations

from definitions.catalogue import Definitions

HEADERS = ("编号", "来源", "机制", "报表", "指标", "规则和办法", "报告", "证明的测试")


def mechanism_rows(known: Definitions) -> list[tuple[str, ...]]:
    """A row per mechanism in the order of HEADERS; several entries in a cell stand on lines."""
    return [
        (
            m.id,
            m.seed,
            f"{m.name}\n“{m.sentence}”",
            "\n".join(m.forms),
            "\n".join(m.indicators),
            "\n".join(filter(None, (*m.rules, m.scheme))),
            "\n".join(m.report_names()),
            "\n".join(m.tests),
        )
        for m in sorted(known.mechanisms.values(), key=lambda m: m.id)
    ]
