"""Score sheets as a result keeps them: their blocks and lines, and how a line's mark is named."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from definitions.schemes import Scheme
from pipelines.publish.quoting import MARK_OF, basis_of

KINDS = ("基础", "效益", "奖励")
"""Kinds of an audit's marks, by how their items are called."""


def kept(value: Any) -> Decimal:
    """A number as it was kept."""
    return Decimal(str(value))


def given(value: Any) -> Decimal | None:
    """A number as it was kept; None where there was none."""
    return None if value is None else kept(value)


def block_of(scheme: Scheme, detail: Mapping[str, Any], code: str) -> Mapping[str, Any]:
    """A block of a sheet; LookupError where it has none of that code."""
    for block in detail.get("blocks", ()):
        if block["block"]["code"] == code:
            found: Mapping[str, Any] = block
            return found
    raise LookupError(f"{scheme.label}没有“{code}”这一部分")


def mark_of(line: Mapping[str, Any]) -> str:
    """The name of the mark of a line: 得分:W07:I-SKILL-15."""
    code = (line["indicator"] or {}).get("code") or ""
    return basis_of(f"{MARK_OF}{line['item']['code']}:{code}".rstrip(":"))


def kind_of(line: Mapping[str, Any]) -> str:
    """The kind of a line of an audit; what is neither 基础 nor 效益 is 奖励."""
    kind = str(line["item"]["name"])[:2]
    return kind if kind in KINDS[:2] else KINDS[2]
