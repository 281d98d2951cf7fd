"""What the months and quarters of a target say that its quarter and year should be."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from expectations.kleene import Cells, Mask


def said_by_parts(table: pd.DataFrame, keys: list[str], flows: Mask, unsure: Mask) -> Cells:
    """What the parts of each period say the whole is; unknown where no part was given.

    `table` has the keys, `label` (2017, 2017Q1, 2017-03) and `target`. A quarter's parts are its
    months; a year's parts its quarters, or its months when no quarter was given. A flow is the sum
    of its parts, a stock the value of its last part.
    """
    wholes = table[~unsure]
    parts = wholes[[*keys, "label", "target"]].dropna()
    parts = parts.drop_duplicates([*keys, "label"], keep="last")
    result: NDArray[np.float64] = np.full(len(table), np.nan)
    for part_of in (_months_of_year, _quarters_of_year, _months_of_quarter):
        labels = [(whole, part) for whole in wholes["label"].unique() for part in part_of(whole)]
        wanted = wholes[[*keys, "label"]].reset_index(names="row")
        wanted = wanted.merge(pd.DataFrame(labels, columns=["label", "part"]), on="label")
        found = wanted.merge(
            parts.rename(columns={"label": "part"}), on=[*keys, "part"], how="left"
        ).sort_values(["row", "part"])
        by_row = found.groupby("row")["target"]
        sums = by_row.sum(min_count=1)
        last = found.drop_duplicates("row", keep="last").set_index("row")["target"]
        rows = sums.index[sums.notna()].to_numpy()
        result[rows] = np.where(flows[rows], sums.loc[rows], last.loc[rows])
    return Cells(result, np.isnan(result))


def _months_of_year(label: str) -> list[str]:
    return [f"{label}-{m:02d}" for m in range(1, 13)] if len(label) == 4 else []


def _quarters_of_year(label: str) -> list[str]:
    return [f"{label}Q{q}" for q in range(1, 5)] if len(label) == 4 else []


def _months_of_quarter(label: str) -> list[str]:
    if len(label) != 6 or label[4] != "Q" or label[5] not in "1234":
        return []
    first = 3 * int(label[5]) - 2
    return [f"{label[:4]}-{m:02d}" for m in range(first, first + 3)]
