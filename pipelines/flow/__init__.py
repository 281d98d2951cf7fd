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
    from pipelines.flow.assessing_year import decide_final, end_notices
    from pipelines.flow.assessment_book import publish_book
    from pipelines.flow.assessment_papers import publish_funding_note, publish_star_list
    from pipelines.flow.audit_papers import publish_audit_reports
    from pipelines.flow.channels import (
        channel_names,
        channel_title,
        note_fetched,
        receive,
        register_contacts,
    )
    from pipelines.flow.chasing import chase
    from pipelines.flow.checking import waiting_findings
    from pipelines.flow.closing import close_period
    from pipelines.flow.collecting import hand_in, process, sweep
    from pipelines.flow.comparing import compare
    from pipelines.flow.consequences import audits_to_follow, decide_consequences, follow_up
    from pipelines.flow.correcting import (
        correction_cells,
        decide_correction,
        end_mend,
        make_mend,
        preview_mend,
        propose_correction,
        try_correction,
        waiting_corrections,
        withdraw_correction,
    )
    from pipelines.flow.delivering import deliver, deliver_to, write_site
    from pipelines.flow.downloading import download
    from pipelines.flow.drafting import (
        draft_of,
        drop_draft,
        explain,
        keep_draft,
        send_draft,
    )
    from pipelines.flow.handing_over import deliver_messages, resend, waiting_messages
    from pipelines.flow.handling import (
        act,
        act_on_many,
        claim_submission,
        open_tasks,
        original,
        possible,
        release_submission,
        submission_case,
    )
    from pipelines.flow.impact import (
        impact_of_correction,
        impact_of_file,
        statement_of,
    )
    from pipelines.flow.monthly_reports import months_to_report, publish_monthly
    from pipelines.flow.notices import publish_due_notices
    from pipelines.flow.notifying import tell
    from pipelines.flow.opening import open_period, register_organisations, template_for
    from pipelines.flow.pdf_editions import edition_pdf
    from pipelines.flow.publishing import prepare_review, publish_review, withdraw_review
    from pipelines.flow.rectification_notices import publish_notices
    from pipelines.flow.reopening import (
        decide_reopening,
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
    from pipelines.flow.reports import publish_report, publish_reports_below
    from pipelines.flow.reproducing import reproduce
    from pipelines.flow.transfers import publish_transfers
    from pipelines.flow.trying import rerun, what_if
    from pipelines.flow.uploading import progress, upload
    from pipelines.flow.walking import find_cell, find_numbers, walk
    from pipelines.flow.withdrawing import withdraw_edition

_PART_OF = {
    "act": "handling",
    "act_on_many": "handling",
    "assess": "assessing",
    "decide_final": "assessing_year",
    "end_notices": "assessing_year",
    "audits_to_follow": "consequences",
    "channel_names": "channels",
    "channel_title": "channels",
    "chase": "chasing",
    "claim_submission": "handling",
    "close_period": "closing",
    "compare": "comparing",
    "confirm_changes": "reorganising",
    "correction_cells": "correcting",
    "decide_consequences": "consequences",
    "decide_correction": "correcting",
    "decide_reopening": "reopening",
    "deliver": "delivering",
    "deliver_to": "delivering",
    "deliver_messages": "handing_over",
    "download": "downloading",
    "draft_of": "drafting",
    "drop_draft": "drafting",
    "edition_pdf": "pdf_editions",
    "end_mend": "correcting",
    "explain": "drafting",
    "find_cell": "walking",
    "find_numbers": "walking",
    "follow_up": "consequences",
    "hand_in": "collecting",
    "impact_of_correction": "impact",
    "impact_of_file": "impact",
    "keep_draft": "drafting",
    "make_mend": "correcting",
    "months_to_close": "reopening",
    "months_to_report": "monthly_reports",
    "note_fetched": "channels",
    "open_period": "opening",
    "open_tasks": "handling",
    "original": "handling",
    "period_states": "reopening",
    "possible": "handling",
    "prepare_review": "publishing",
    "preview_mend": "correcting",
    "process": "collecting",
    "progress": "uploading",
    "propose_correction": "correcting",
    "publish_audit_reports": "audit_papers",
    "publish_book": "assessment_book",
    "publish_due_notices": "notices",
    "publish_funding_note": "assessment_papers",
    "publish_monthly": "monthly_reports",
    "publish_notices": "rectification_notices",
    "publish_report": "reports",
    "publish_reports_below": "reports",
    "publish_review": "publishing",
    "publish_star_list": "assessment_papers",
    "publish_transfers": "transfers",
    "receive": "channels",
    "register_contacts": "channels",
    "register_organisations": "opening",
    "reject_changes": "reorganising",
    "release_submission": "handling",
    "relock_period": "reopening",
    "reopen_period": "reopening",
    "reproduce": "reproducing",
    "rerun": "trying",
    "resend": "handing_over",
    "send_draft": "drafting",
    "statement_of": "impact",
    "submission_case": "handling",
    "sweep": "collecting",
    "tell": "notifying",
    "template_for": "opening",
    "try_correction": "correcting",
    "upload": "uploading",
    "waiting_changes": "reorganising",
    "waiting_corrections": "correcting",
    "waiting_findings": "checking",
    "waiting_messages": "handing_over",
    "walk": "walking",
    "what_if": "trying",
    "withdraw_changes": "reorganising",
    "withdraw_correction": "correcting",
    "withdraw_edition": "withdrawing",
    "withdraw_review": "publishing",
    "write_site": "delivering",
}

__all__ = [
    "act",
    "act_on_many",
    "assess",
    "audits_to_follow",
    "channel_names",
    "channel_title",
    "chase",
    "claim_submission",
    "close_period",
    "compare",
    "confirm_changes",
    "correction_cells",
    "decide_consequences",
    "decide_correction",
    "decide_final",
    "decide_reopening",
    "deliver",
    "deliver_to",
    "deliver_messages",
    "download",
    "draft_of",
    "drop_draft",
    "edition_pdf",
    "end_mend",
    "end_notices",
    "explain",
    "find_cell",
    "find_numbers",
    "follow_up",
    "hand_in",
    "impact_of_correction",
    "impact_of_file",
    "keep_draft",
    "make_mend",
    "months_to_close",
    "months_to_report",
    "note_fetched",
    "open_period",
    "open_tasks",
    "original",
    "period_states",
    "possible",
    "prepare_review",
    "preview_mend",
    "process",
    "progress",
    "propose_correction",
    "publish_audit_reports",
    "publish_book",
    "publish_due_notices",
    "publish_funding_note",
    "publish_monthly",
    "publish_notices",
    "publish_report",
    "publish_reports_below",
    "publish_review",
    "publish_star_list",
    "publish_transfers",
    "receive",
    "register_contacts",
    "register_organisations",
    "reject_changes",
    "release_submission",
    "relock_period",
    "reopen_period",
    "reproduce",
    "rerun",
    "resend",
    "send_draft",
    "statement_of",
    "submission_case",
    "sweep",
    "tell",
    "template_for",
    "try_correction",
    "upload",
    "waiting_changes",
    "waiting_corrections",
    "waiting_findings",
    "waiting_messages",
    "walk",
    "what_if",
    "withdraw_changes",
    "withdraw_correction",
    "withdraw_edition",
    "withdraw_review",
    "write_site",
]


def __getattr__(name: str) -> Any:
    if name not in _PART_OF:
        raise AttributeError(name)
    return getattr(import_module(f"pipelines.flow.{_PART_OF[name]}"), name)


def import_everything() -> None:
    """Import every part now, in a process that others are forked from."""
    for part in sorted(set(_PART_OF.values())):
        import_module(f"pipelines.flow.{part}")
