"""The labels of the forms: which texts are heads of a column, which name a form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from definitions.model import Form
from pipelines.read.cells import names_organisation
from pipelines.read.words import header_parts, label_key

LONGEST = 60
"""Characters of a text that may be a label or a title."""
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class FormIndex:
    """The labels and aliases of a set of form editions: key -> [(form, column)]."""

    forms: tuple[Form, ...]
    names: dict[str, list[tuple[int, int]]]
    labels: frozenset[tuple[str, int]]
    required: tuple[frozenset[int], ...]
    titles: dict[str, int]
    codes: dict[str, int]
    organisation: tuple[int | None, ...]
    # Templates repeat their headers from workbook to workbook: what a band of texts turned out
    # to be is remembered.
    judged: dict[Any, Any] = field(default_factory=dict)
    # The same for single texts: whether a label, and which forms it speaks of.
    seen_labels: dict[str, bool] = field(default_factory=dict)
    seen_forms: dict[str, list[int]] = field(default_factory=dict)

    def words_in(self, text: str) -> int:
        """How many labels occur in a text; tells one encoding from another."""
        sample = label_key(text[:20_000])
        return sum(name in sample for name in self.names if len(name) > 1)


def _spellings(label: str) -> Iterator[str]:
    whole, bare, _ = header_parts(label)
    yield whole
    yield bare


@lru_cache(maxsize=64)
def _index_of(forms: tuple[int, ...], held: _Held) -> FormIndex:
    names: dict[str, list[tuple[int, int]]] = {}
    labels = {
        (spelling, f)
        for f, form in enumerate(held.forms)
        for column in form.columns
        for spelling in _spellings(column.label)
    }
    for f, form in enumerate(held.forms):
        own: dict[str, int] = {}
        for p, column in enumerate(form.columns):
            for label in (column.label, *column.aliases):
                for spelling in _spellings(label):
                    own.setdefault(spelling, p)
        for spelling, p in own.items():
            names.setdefault(spelling, []).append((f, p))
    return FormIndex(
        forms=held.forms,
        names=names,
        labels=frozenset(labels),
        required=tuple(
            frozenset(p for p, c in enumerate(form.columns) if c.required) for form in held.forms
        ),
        titles={
            label_key(name): f
            for f, form in enumerate(held.forms)
            for name in (form.title, *form.sheet_names)
        },
        codes={form.code.lower(): f for f, form in enumerate(held.forms)},
        organisation=tuple(
            next((p for p, c in enumerate(form.columns) if names_organisation(c)), None)
            for form in held.forms
        ),
    )


class _Held:
    """Forms behind a key that hashes by identity: hashing a whole form costs milliseconds."""

    def __init__(self, forms: tuple[Form, ...]) -> None:
        self.forms = forms

    def __hash__(self) -> int:
        return 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and all(
            a is b for a, b in zip(self.forms, other.forms, strict=True)
        )


def index_of(forms: tuple[Form, ...]) -> FormIndex:
    """The alias index of a set of editions, built once."""
    return _index_of(tuple(map(id, forms)), _Held(forms))


def is_label(value: Any, index: FormIndex) -> bool:
    """Whether a cell is a header of some form."""
    if value.__class__ is not str or not value or len(value) > LONGEST:
        return False
    known = index.seen_labels.get(value)
    if known is None:
        whole, bare, _ = header_parts(value)
        known = whole in index.names or bare in index.names
        _remember(index.seen_labels, value, known)
    return known


def _remember(memory: dict[Any, Any], what: Any, found: Any) -> None:
    """Keep what something turned out to be; all is forgotten where it has become too much."""
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[what] = found


def forms_in_text(text: str, index: FormIndex) -> list[int]:
    """Forms whose title or code stands in a text."""
    known = index.seen_forms.get(text)
    if known is not None:
        return known
    word = label_key(text)
    found = [f for title, f in index.titles.items() if title in word]
    if "-" in word or any(c.isdigit() for c in word):
        found += [f for code, f in index.codes.items() if code in word]
    found = list(dict.fromkeys(found))
    if len(text) <= LONGEST:
        _remember(index.seen_forms, text, found)
    return found
