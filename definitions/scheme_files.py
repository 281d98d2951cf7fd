"""Schemes from their files: one version built on another, and what the rest of the house knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

import yaml

from definitions.documents import Document
from definitions.model import Form, Parameter
from definitions.schemes import Scheme, Version
from definitions.small_schemes import SMALL_KINDS, SmallScheme, Stages, columns_of, parameters_of

Place = tuple[str | int, ...]
V = TypeVar("V", bound=Version)


def inherited(data: dict[str, Any], known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The file's data over those of the version it is based on; blocks, items matched by code.

    Raises KeyError when that version does not exist or is itself based on another.
    """
    base_code = data.get("based_on")
    if not base_code:
        return data
    base = known.get(str(base_code), {})
    if not base or base.get("based_on"):
        raise KeyError(base_code)
    return {**base, **data, "blocks": _merged(base.get("blocks", ()), data.get("blocks", ()))}


def _merged(base: Iterable[dict[str, Any]], own: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks (or items) of the base with what the variant says of them; its new ones at the end."""
    mine = {b.get("code"): b for b in own}
    found = []
    for block in base:
        said = mine.pop(block.get("code"), {})
        merged = {**block, **said}
        if "items" in block and "items" in said:
            merged["items"] = _merged(block["items"], said["items"])
        found.append(merged)
    return [*found, *mine.values()]


def read_schemes(
    documents: Iterable[Document],
) -> tuple[list[tuple[Scheme, Document]], list[tuple[SmallScheme, Document]]]:
    """Schemes of blocks and schemes of their own shape; mistakes stay with the documents."""
    listed = [d for d in documents if isinstance(d.data, dict)]
    known = {str(d.data.get("code")): d.data for d in listed}
    whole: list[tuple[Scheme, Document]] = []
    small: list[tuple[SmallScheme, Document]] = []
    for document in listed:
        kind = SMALL_KINDS.get(str(document.data.get("kind")))
        if kind is not None:
            found = document.model(kind, document.data)
            if found is not None:
                small.append((cast(SmallScheme, found), document))
            continue
        try:
            data = inherited(document.data, known)
        except KeyError as error:
            document.say(("based_on",), f"no scheme {error.args[0]} to be based on")
            continue
        scheme = document.model(Scheme, data)
        if scheme is not None:
            whole.append((scheme, document))
    return whole, small


def succeeded(versions: Sequence[V]) -> tuple[V, ...]:
    """Versions without an end get one: the year before the next of their family begins."""
    ended = []
    for version in versions:
        later = [
            v.first_year
            for v in versions
            if v.family == version.family and v.first_year > version.first_year
        ]
        if version.last_year is None and later:
            version = version.model_copy(update={"last_year": min(later) - 1})
        ended.append(version)
    return tuple(ended)


def overlaps(versions: Sequence[tuple[Version, Document]]) -> None:
    """Complain of two versions of a family that hold for one year."""
    for version, document in versions:
        for other, _ in versions:
            if other is version or other.family != version.family:
                continue
            begun = other.first_year <= version.first_year
            if begun and (
                other.first_year == version.first_year
                or (other.last_year is not None and version.first_year <= other.last_year)
            ):
                document.say(("first_year",), f"{other.code} and {version.code} overlap")


def unknown_in_scheme(scheme: Scheme, indicators: Collection[str]) -> Iterator[tuple[Place, str]]:
    """Where, and a complaint, per indicator that no dictionary has."""
    for b, block in enumerate(scheme.blocks):
        for i, item in enumerate(block.items):
            for part in item.parts:
                for code in part.codes:
                    if code not in indicators:
                        yield ("blocks", b, "items", i), f"{item.code}: unknown indicator {code}"


def unknown_in_small(
    scheme: SmallScheme,
    forms: Mapping[str, Form],
    parameters: Mapping[str, Parameter],
    indicators: Collection[str],
) -> Iterator[tuple[Place, str]]:
    """Where, and a complaint, per parameter, form, column or indicator that does not exist."""
    for field, code in parameters_of(scheme).items():
        if code not in parameters:
            yield (field,), f"{scheme.code}: unknown parameter {code}"
    if isinstance(scheme, Stages) and scheme.indicator not in indicators:
        yield ("indicator",), f"{scheme.code}: unknown indicator {scheme.indicator}"
    code = getattr(scheme, "form", "")
    if not code:
        return
    if code not in forms:
        yield ("form",), f"{scheme.code}: unknown form {code}"
        return
    for field, column in columns_of(scheme).items():
        if column not in forms[code].position:
            yield tuple(field.split(".")[:1]), f"{scheme.code}: {code} has no column {column}"


def scheme_digest(sources: Mapping[str, str], code: str) -> str | None:
    """A digest of one scheme as it stands in the sources of an edition; None where it has none.

    Over what the scheme says once it is built on its base, and over the dated parameters that it
    names; comments, order and layout of the files change nothing.
    """
    read = {p: yaml.load(t, yaml.CSafeLoader) for p, t in sources.items() if _tells(p)}
    schemes = {
        str(data["code"]): data
        for path, data in read.items()
        if "schemes/" in path and isinstance(data, dict) and "code" in data
    }
    if code not in schemes:
        return None
    whole = inherited(schemes[code], schemes)
    parameters = {
        str(entry["code"]): entry
        for path, data in read.items()
        if "parameters/" in path and isinstance(data, list)
        for entry in data
    }
    named = {v: parameters[v] for v in whole.values() if isinstance(v, str) and v in parameters}
    told = json.dumps([whole, named], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def _tells(path: str) -> bool:
    return "schemes/" in path or "parameters/" in path
