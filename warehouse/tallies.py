"""Tally rows among the rows `r` of a form, as SQL: which they are, and for how many each stands."""

from __future__ import annotations

from collections.abc import Sequence

from definitions.measures import Measure
from definitions.model import Form
from definitions.tally import why_not


def is_tally(editions: Sequence[Form]) -> str:
    """Whether a row is a tally; ``false`` where no edition is one."""
    return _among([f for f in editions if f.tally])


def told(measure: Measure, editions: Sequence[Form]) -> str:
    """Whether a row can tell a measure at all; ``true`` where every edition can."""
    mute = [f for f in editions if why_not(measure, f)]
    return f"NOT {_among(mute)}" if mute else "true"


def heads(editions: Sequence[Form]) -> str:
    """How many rows of the person-level form a row stands for; ``1`` without a tally."""
    cases = " ".join(
        f"WHEN '{f.edition}' THEN r.numbers[{f.position[f.tally.heads] + 1}]"
        for f in editions
        if f.tally
    )
    return f"(CASE r.edition {cases} ELSE 1 END)" if cases else "1"


def _among(editions: Sequence[Form]) -> str:
    listed = ", ".join(f"'{f.edition}'" for f in editions)
    return f"(r.edition IN ({listed}))" if listed else "false"
