"""The order of the steps: what a scheduled run, the command line and the portal may ask for.

Every function takes plain arguments (labels, ids, ISO times), may be repeated at any time with the
same end state, and returns counts and ids only: no reported value and no personal data leave it.
Each part is imported when it is first asked for: a task that sweeps a folder loads no charts.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.flow.assessing import assess
    from pipelines.flow.checking import waiting_findings
    from pipelines.flow.closing import close_period
    from pipelines.flow.collecting import hand_in, process, sweep
    from pipelines.flow.opening import open_period, register_organisations, template_for
    from pipelines.flow.publishing import prepare_review, publish_review, withdraw_review
    from pipelines.flow.reopening import (
        months_to_close,
        period_states,
        relock_period,
        reopen_period,
    )
    from pipelines.flow.reorganising import (
        confirm_changes,
        reject_changes,
        waiting_changes,
        withdraw_changes,
    )
    from pipelines.flow.transfers import publish_transfers

_PART_OF = {
    "assess": "assessing",
    "close_period": "closing",
    "confirm_changes": "reorganising",
    "hand_in": "collecting",
    "months_to_close": "reopening",
    "open_period": "opening",
    "period_states": "reopening",
    "prepare_review": "publishing",
    "process": "collecting",
    "publish_review": "publishing",
    "publish_transfers": "transfers",
    "register_organisations": "opening",
    "reject_changes": "reorganising",
    "relock_period": "reopening",
    "reopen_period": "reopening",
    "sweep": "collecting",
    "template_for": "opening",
    "waiting_changes": "reorganising",
    "waiting_findings": "checking",
    "withdraw_changes": "reorganising",
    "withdraw_review": "publishing",
}

__all__ = [
    "assess",
    "close_period",
    "confirm_changes",
    "hand_in",
    "months_to_close",
    "open_period",
    "period_states",
    "prepare_review",
    "process",
    "publish_review",
    "publish_transfers",
    "register_organisations",
    "reject_changes",
    "relock_period",
    "reopen_period",
    "sweep",
    "template_for",
    "waiting_changes",
    "waiting_findings",
    "withdraw_changes",
    "withdraw_review",
]


def __getattr__(name: str) -> Any:
    if name not in _PART_OF:
        raise AttributeError(name)
    return getattr(import_module(f"pipelines.flow.{_PART_OF[name]}"), name)
