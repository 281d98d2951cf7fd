"""The kinds of wide checks: for each, where the cells of each of its columns are wrong.

A kind is one Great Expectations expectation over all columns it concerns, because an expectation
costs the same however many columns it looks at. `masks` says which cells are wrong; a row fails
when any of its cells does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from definitions.catalogue import Definitions
from definitions.expression import parse
from expectations import codes
from expectations.evaluate import (
    ABSENT,
    SUBMISSION,
    UNREADABLE,
    Scope,
    broken,
    evaluate,
    flagged,
)
from expectations.kleene import DUST, RELATIVE_DUST, Mask

Masks = dict[str, Mask]
EARLIEST = np.datetime64("1949-10-01")


@dataclass(frozen=True)
class World:
    """What checks know besides the rows: definitions, period, day of receipt, known unions."""

    definitions: Definitions
    scope: Scope
    received: date
    organisations: frozenset[str] | None = None


def masks(
    kind: str, frame: pd.DataFrame, options: Mapping[str, Mapping[str, Any]], world: World
) -> Masks:
    """Wrong cells by column; `options` gives, column by column, what the kind needs to know."""
    return _KINDS[kind](frame, options, world)


def _numbers(frame: pd.DataFrame, code: str) -> NDArray[Any]:
    return frame[code].to_numpy(dtype=float, na_value=np.nan)


def _texts(frame: pd.DataFrame, code: str) -> NDArray[Any]:
    return frame[code].to_numpy(dtype=object, na_value="")


def _required(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    found = {}
    for code, given in options.items():
        blank = frame[code].isna().to_numpy()
        if given.get("when"):
            when = evaluate(parse(given["when"]), frame, world.scope)
            blank = blank & when.values.astype(bool) & ~when.unknown
        if blank.any():
            blank = blank & ~flagged(frame, code, UNREADABLE) & ~flagged(frame, code, ABSENT)
        found[code] = blank
    return found


def _integer(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    found = {}
    for code, given in options.items():
        x = _numbers(frame, code)
        with np.errstate(invalid="ignore"):
            wrong = np.abs(x - np.round(x)) > DUST
            found[code] = wrong if given.get("negative") else wrong | (x < 0)
    return found


def _amount(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    found = {}
    for code, given in options.items():
        x = _numbers(frame, code)
        with np.errstate(invalid="ignore"):
            step = x * 10 ** int(given["decimals"])
            dust = np.maximum(1e-4, np.abs(step) * RELATIVE_DUST)
            wrong = np.abs(step - np.round(step)) > dust
            found[code] = wrong if given.get("negative") else wrong | (x < 0)
    return found


def _limits(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    found = {}
    for code, given in options.items():
        x = _numbers(frame, code)
        wrong = np.zeros(len(x), dtype=bool)
        with np.errstate(invalid="ignore"):
            if given.get("minimum") is not None:
                wrong |= x < given["minimum"] - DUST
            if given.get("maximum") is not None:
                wrong |= x > given["maximum"] + DUST
        found[code] = wrong
    return found


def _by_text(valid: Callable[[str, Mapping[str, Any], World], bool]) -> Callable[..., Masks]:
    def kind(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
        return {
            code: codes.failing(_texts(frame, code), lambda v, g=given: valid(v, g, world))  # type: ignore[misc]
            for code, given in options.items()
        }

    return kind


def _identity(text: str, given: Mapping[str, Any], world: World) -> bool:
    return codes.old_id(text) or codes.valid_id(text)


def _listed(text: str, given: Mapping[str, Any], world: World) -> bool:
    known = world.definitions.code_lists[given["list"]]
    return text in known.values or text in known.aliases


def _all_listed(text: str, given: Mapping[str, Any], world: World) -> bool:
    return _listed(text, given, world) or all(
        _listed(part, given, world) for part in codes.split(text)
    )


def _dates(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    received = np.datetime64(world.received)
    found = {}
    for code, given in options.items():
        day = frame[code].to_numpy().astype("datetime64[D]")
        wrong = day < EARLIEST
        found[code] = wrong if given.get("future") else wrong | (day > received)
    return found


def _organisation(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    known = world.organisations
    if known is None:
        return {code: np.zeros(len(frame), dtype=bool) for code in options}
    return {code: codes.failing(_texts(frame, code), known.__contains__) for code in options}


def _duplicate(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    keys = list(options)
    full = frame[keys].notna().all(axis=1).to_numpy()
    doubled = np.zeros(len(frame), dtype=bool)
    doubled[full] = frame.loc[full, [SUBMISSION, *keys]].duplicated(keep=False).to_numpy()
    return dict.fromkeys(keys, doubled)


def _derived(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    return {
        code: broken(parse(given["check"]), frame, world.scope) for code, given in options.items()
    }


def _cumulative(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    """This cumulative is not the last one plus this period's flow; the first starts from 0."""
    found = {}
    for code, given in options.items():
        expected = cumulative_expected(frame, code, given["flow"], world)
        gap = np.abs(_numbers(frame, code) - expected)
        with np.errstate(invalid="ignore"):
            found[code] = gap > np.maximum(DUST, np.abs(expected) * RELATIVE_DUST)
    return found


def cumulative_expected(frame: pd.DataFrame, code: str, flow: str, world: World) -> NDArray[Any]:
    """Last period's cumulative plus this period's flow; NaN where either is not known."""
    now = _numbers(frame, flow)
    if world.scope.period.number == 1:
        return now
    expected: NDArray[Any] = _numbers(frame, f"previous.{code}") + now
    return expected


def _falling(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    if world.scope.period.number == 1:
        return {code: np.zeros(len(frame), dtype=bool) for code in options}
    with np.errstate(invalid="ignore"):
        return {
            code: _numbers(frame, code) < _numbers(frame, f"previous.{code}") - DUST
            for code in options
        }


def _jump(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    """Change on an earlier value above a share of it and above a floor in units."""
    found = {}
    for code, given in options.items():
        now, then = _numbers(frame, code), _numbers(frame, f"{given['against']}.{code}")
        with np.errstate(invalid="ignore"):
            change = np.abs(now - then)
            share = np.abs(then) * float(given["limit_pct"]) / 100
            found[code] = (change > share + DUST) & (change > float(given["floor"]) + DUST)
    return found


def _same(frame: pd.DataFrame, options: Mapping[str, Any], world: World) -> Masks:
    """As many periods in a row with one and the same value, this one included."""
    found = {}
    for code, given in options.items():
        now = _numbers(frame, code)
        with np.errstate(invalid="ignore"):
            same = now >= float(given["floor"])
        for back in range(1, int(given["periods"])):
            same &= now == _numbers(frame, f"back{back}.{code}")
        found[code] = same
    return found


_KINDS: dict[str, Callable[[pd.DataFrame, Mapping[str, Any], World], Masks]] = {
    "required": _required,
    "integer": _integer,
    "amount": _amount,
    "limits": _limits,
    "percent": _limits,
    "uscc": _by_text(lambda v, g, w: codes.valid_uscc(v)),
    "identity": _by_text(_identity),
    "old_identity": _by_text(lambda v, g, w: not codes.old_id(v)),
    "region": _by_text(lambda v, g, w: w.definitions.region_on(v, w.scope.period.end) is not None),
    "industry": _by_text(lambda v, g, w: codes.valid_industry(v, w.definitions.industries)),
    "enum": _by_text(_listed),
    "multi": _by_text(_all_listed),
    "date": _dates,
    "phone": _by_text(lambda v, g, w: codes.valid_phone(v)),
    "name": _by_text(lambda v, g, w: codes.valid_name(v)),
    "personal_text": _by_text(lambda v, g, w: not codes.personal_data(v)),
    "organisation": _organisation,
    "duplicate": _duplicate,
    "derived": _derived,
    "cumulative": _cumulative,
    "falling": _falling,
    "jump": _jump,
    "same": _same,
}


def derived_value(frame: pd.DataFrame, text: str, world: World) -> pd.Series[Any]:
    """What a derived column should hold, row by row; blank where not known."""
    cells = evaluate(parse(text), frame, world.scope)
    return pd.Series(cells.values, index=frame.index, dtype=object).mask(cells.unknown)
