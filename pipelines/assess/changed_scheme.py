"""A scheme with some settings changed, for asking what would have been; the original stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from definitions.schemes import Scheme

_NAMES = ("code", "name", "indicator")


class ChangeRefused(LookupError):
    """A change that leads to no scheme; the message is a Chinese sentence."""


def changed(scheme: Scheme, overrides: Mapping[str, Any]) -> Scheme:
    """The scheme with settings replaced by path; ChangeRefused says which cannot be.

    A path goes by field, and in lists by code, name or indicator: `blocks.targets.weight`,
    `blocks.targets.items.T07.parts.I-SKILL-10.marks`, `bands.优秀.at_least`, `quota.优秀`.
    """
    data = scheme.model_dump(mode="json")
    for block in data["blocks"]:
        block["by_quarter"] = []  # its parts were wrapped when the scheme was read
    wrong = [said for path, value in overrides.items() if (said := _set(data, path, value))]
    if wrong:
        raise ChangeRefused("；".join(wrong) + "。")
    return _valid(data)


def changed_by_document(scheme: Scheme, document: Mapping[str, Any]) -> Scheme:
    """The scheme with top-level fields of a file over its own; a whole scheme file replaces all."""
    return _valid({**scheme.model_dump(mode="json"), **document})


def _valid(data: Mapping[str, Any]) -> Scheme:
    try:
        return Scheme.model_validate(data)
    except ValidationError as error:
        told = "；".join(str(e["msg"]).removeprefix("Value error, ") for e in error.errors())
        raise ChangeRefused(f"改动后的方案不成立：{told}。") from error


def _set(data: Any, path: str, value: Any) -> str:
    """Set one value; a sentence where the path leads nowhere, empty where it was set."""
    *way, last = path.split(".")
    place = data
    for name in way:
        place = _at(place, name)
        if place is None:
            return f"方案中没有“{path}”（到“{name}”为止）"
    if isinstance(place, dict) and last in place:
        place[last] = value
        return ""
    # Tables such as a quota may gain an entry; fields of a shape may not.
    if isinstance(place, dict) and way and way[-1] in ("quota", "bonus", "deductions", "raters"):
        place[last] = value
        return ""
    return f"方案中没有“{path}”"


def _at(place: Any, name: str) -> Any:
    if isinstance(place, dict):
        return place.get(name)
    if isinstance(place, list):
        for one in place:
            if isinstance(one, dict) and name in [one.get(n) for n in _NAMES]:
                return one
    return None
