"""The data dictionary: what each published figure is, and what it is made of, in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from definitions.catalogue import Definitions
from definitions.measures import Indicator, Measure
from definitions.model import Form
from pipelines.handbook.speaking import Speaker
from pipelines.handbook.wording import (
    ABOUT_REPORTING,
    ACHIEVED,
    AGGREGATES,
    BETTER,
    DIMENSIONS,
    MISSING,
)

_YEARS = re.compile(r"[（(][^（）()]*\d{4}[^（）()]*[）)]")


@dataclass(frozen=True)
class IndicatorEntry:
    """One indicator; numerator and the like are lists of measures in words."""

    code: str
    family: str
    name: str
    unit: str
    definition: str
    numerator: Sequence[str]
    minus: Sequence[str]
    denominator: Sequence[str]
    multiply: str
    other: str
    aggregate: str
    missing: str
    dimension: str
    better: str
    decimals: int
    authority: str
    forms: Sequence[Form]


def family_of(code: str) -> str:
    """The middle of an indicator's code: ORG of I-ORG-01."""
    return code.split("-")[1]


def indicator_entry(indicator: Indicator, known: Definitions) -> IndicatorEntry:
    """An indicator in words, with the newest editions of the forms it rests on."""
    other = ""
    if indicator.coverage:
        other = " ÷ ".join(ABOUT_REPORTING[c] for c in indicator.coverage)
    elif indicator.achieved:
        other = ACHIEVED[indicator.achieved]
    elif indicator.scheme:
        other = f"{scheme_words(indicator.scheme, known)}的总分"
    multiply = ""
    if indicator.multiply != 1:
        multiply = f" × {indicator.multiply:f}"
    return IndicatorEntry(
        code=indicator.code,
        family=family_of(indicator.code),
        name=indicator.name,
        unit=indicator.unit,
        definition=indicator.definition,
        numerator=[measure_words(m, known) for m in indicator.numerator],
        minus=[measure_words(m, known) for m in indicator.minus],
        denominator=[measure_words(m, known) for m in indicator.denominator],
        multiply=multiply,
        other=other,
        aggregate=AGGREGATES[indicator.aggregate],
        missing=MISSING[indicator.missing],
        dimension=DIMENSIONS[indicator.dimension],
        better=BETTER[indicator.better],
        decimals=indicator.decimals,
        authority=indicator.authority,
        forms=[known.newest(code) for code in sorted({m.form for m in indicator.measures})],
    )


def scheme_words(family: str, known: Definitions) -> str:
    """The titles of a family of assessment schemes, without the years of their versions."""
    every = (*known.schemes, *known.small_schemes)
    own = [s for s in every if s.family == family or s.code.startswith(f"{family}-")]
    titles = dict.fromkeys(_YEARS.sub("", s.title) for s in own)
    return "、".join(f"“{title}”" for title in titles) or "考核办法"


def measure_words(measure: Measure, known: Definitions) -> str:
    """One measure: what of which form is added up, over which rows and which time."""
    form = known.newest(measure.form)
    speaker = Speaker(known, form)
    if measure.sum is not None:
        what = f"“{speaker.say(measure.sum)}”之和"
    elif measure.largest is not None:
        what = f"“{speaker.say(measure.largest)}”的最大值"
    elif measure.distinct:
        labels = "、".join(form.column(c).label for c in measure.distinct)
        what = f"不重复的{labels}个数"
    else:
        what = "行数"
    notes = []
    if measure.where is not None:
        notes.append(f"限{speaker.say(measure.where)}")
    if measure.each is not None:
        of = (
            f"{speaker.say(measure.each.sum)}合计"
            if measure.each.sum is not None
            else f"不重复的{form.column(measure.each.distinct or '').label}个数"
        )
        notes.append(f"每组当月{of}达到 {speaker.say(measure.each.at_least)} 的才计")
    if measure.dated:
        notes.append(f"按{form.column(measure.dated).label}归入本期")
    if measure.without is not None:
        other = Speaker(known, known.newest(measure.without.form))
        notes.append(
            f"本年在{measure.without.form}中没有“{other.say(measure.without.where)}”的单位才计"
        )
    notes.append(
        {
            "flow": "本期各月相加",
            "latest": "取最近一期",
            "standing": "取期末在册的最新一行",
            "months": "按所含月份逐月计",
        }[measure.take]
    )
    if measure.own:
        notes.append("只计本单位")
    return f"{form.code}《{form.title}》{what}（{'；'.join(notes)}）"
