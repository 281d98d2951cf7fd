"""Values of parameters that were decided after the files were written: four eyes, from a day on.

They stand beside the files as one more document, so that an edition holds them and can be loaded
again with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from definitions.model import Dated, Model, Parameter

DOCUMENT = "decided/parameters.yaml"


class Decision(Model):
    """A value that holds from a day on, decided by a document."""

    code: str
    since: date
    value: Any
    authority: str


def as_document(decisions: Iterable[Decision]) -> str:
    """Decisions as the text of their document, in one order; empty where there are none."""
    told = [d.model_dump(mode="json") for d in sorted(decisions, key=lambda d: (d.code, d.since))]
    return json.dumps(told, ensure_ascii=False, sort_keys=True) if told else ""


def with_decisions(parameter: Parameter, decisions: Sequence[Decision]) -> Parameter:
    """A parameter whose values of the files end where a decided one begins.

    A value of either kind that begins later holds from its own day; of the same day the decided one
    holds.
    """
    values = sorted(parameter.values, key=lambda v: v.since)
    for decision in sorted(decisions, key=lambda d: d.since):
        eve = decision.since - timedelta(days=1)
        before = [
            v.model_copy(update={"until": eve if v.until is None else min(v.until, eve)})
            for v in values
            if v.since < decision.since
        ]
        later = [v for v in values if v.since > decision.since]
        until = later[0].since - timedelta(days=1) if later else None
        made = Dated(
            since=decision.since,
            until=until,
            value=like(decision.value, parameter.values[0].value),
            authority=decision.authority,
        )
        values = [*before, made, *later]
    return parameter.model_copy(update={"values": tuple(values)})


def like(value: Any, current: Any) -> Any:
    """A value as JSON gives it, its keys of the kind that those of the current one are of."""
    if not isinstance(value, dict) or not isinstance(current, dict):
        return value
    keys = {str(k): k for k in current}
    return {keys.get(str(k), k): v for k, v in value.items()}
