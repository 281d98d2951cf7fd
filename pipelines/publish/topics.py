"""What a section of the review consists of: topics, each with its words, pictures and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Topic:
    """A part of a section with everything that is told in it, in this order.

    `tables` are the tables of domain section 9.1 that it holds. Text: `clauses` pairs an indicator
    with its words: {v} is the value with its unit, {n} and {d} are numerator and denominator; an
    indicator of `breaks` begins a new sentence; `named` are told for the leading units, by the
    first of them. Pictures: `chart` draws the first of `named`, or for funnel and chain the
    indicators of `stages`; `tiles` is an indicator drawn by region.

    Tables: one titled `caption` has a row for each indicator of the clauses and of `more`;
    `by_unit` are the columns of the table by unit; `kinds` are tables by kind, by their codes in
    `kinds`; `part` is what does not come from indicators, `apart` are those that it tells.
    """

    title: str
    clauses: tuple[tuple[str, str], ...]
    tables: tuple[str, ...] = ()
    caption: str = ""
    more: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    by_unit: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    breaks: tuple[str, ...] = ()
    chart: Literal["", "months", "units", "funnel", "chain"] = ""
    stages: tuple[tuple[str, str, str], ...] = ()
    tiles: str = ""
    apart: tuple[str, ...] = ()
    part: Literal["", "lines", "transfers", "stars", "bands", "works", "results", "projects"] = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Its indicators in the order of its table."""
        return (*(code for code, _ in self.clauses), *self.more)


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the review: code of domain section 9.1, title, indicator families, topics."""

    code: str
    title: str
    families: tuple[str, ...]
    topics: tuple[Topic, ...] = ()
