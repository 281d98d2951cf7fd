"""The indicators that reports make for themselves, among those of the catalogue."""

from __future__ import annotations

from dataclasses import replace

from definitions.catalogue import Definitions
from pipelines.publish import appeal_counts, kinds


def with_counts(known: Definitions) -> Definitions:
    """The definitions with the reports' own indicators among the others; the digest stays."""
    own = {
        **appeal_counts.counts(known), **appeal_counts.peer_counts(known), **kinds.counts(known)
    }  # fmt: skip
    return replace(known, indicators={**known.indicators, **own})
