"""The order of the steps: what a scheduled run, the command line and the portal may ask for.

Every function takes plain arguments (labels, ids, ISO times), may be repeated at any time with the
same end state, and returns counts and ids only: no reported value and no personal data leave it.
"""

from pipelines.flow.assessing import assess
from pipelines.flow.closing import close_period
from pipelines.flow.collecting import hand_in, process, sweep
from pipelines.flow.opening import open_period, register_organisations, template_for
from pipelines.flow.publishing import prepare_review, publish_review, withdraw_review

__all__ = [
    "assess",
    "close_period",
    "hand_in",
    "open_period",
    "prepare_review",
    "process",
    "publish_review",
    "register_organisations",
    "sweep",
    "template_for",
    "withdraw_review",
]
