"""Everything the federation decided, in one object, looked up by code and date."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from definitions.calendars import WorkingDays
from definitions.measures import Indicator, Measure
from definitions.mechanisms import Mechanism
from definitions.model import CodeList, Form, Parameter, Rule
from definitions.periods import CALENDAR_KINDS, Period, PeriodKind
from definitions.regions import Region
from definitions.roles import Roles
from definitions.schemes import Scheme
from definitions.small_schemes import SmallScheme


@dataclass(frozen=True)
class Definitions:
    """Everything the federation decided, cross-checked; look things up by code and date."""

    forms: tuple[Form, ...]
    code_lists: dict[str, CodeList]
    indicators: dict[str, Indicator]
    rules: dict[str, Rule]
    cross_rules: dict[str, tuple[Rule, ...]]
    parameters: dict[str, Parameter]
    schemes: tuple[Scheme, ...]
    works: dict[str, str]
    regions: dict[str, str]
    industries: dict[str, str]
    calendar: WorkingDays
    mechanisms: dict[str, Mechanism]
    sources: dict[str, str] = field(repr=False)
    small_schemes: tuple[SmallScheme, ...] = ()
    dated_regions: dict[str, Region] = field(default_factory=dict, repr=False)
    roles: Roles = Roles(verbs={}, roles=())
    _editions: dict[tuple[str, str], Form] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the text of every file; equal digests mean equal definitions."""
        text = json.dumps(self.sources, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def form(self, code: str, period: Period) -> Form:
        """The edition of a form for a period; KeyError when none covers it."""
        slot = (code, period.label)
        if slot not in self._editions:
            for form in self.forms:
                if form.code == code and form.covers(period):
                    self._editions[slot] = form
                    break
            else:
                raise KeyError(f"no edition of {code} covers {period}")
        return self._editions[slot]

    def edition(self, code: str, edition: str) -> Form:
        """A form by the edition that a filing names; KeyError when there is none."""
        return self._by_edition[code, edition]

    @cached_property
    def _by_edition(self) -> dict[tuple[str, str], Form]:
        return {(f.code, f.edition): f for f in self.forms}

    def newest(self, code: str) -> Form:
        """The latest edition of a form."""
        return self._newest[code]

    @cached_property
    def _newest(self) -> dict[str, Form]:
        return {f.code: f for f in sorted(self.forms, key=lambda f: f.valid_from)}

    def region_on(self, code: str, day: date) -> str | None:
        """Name of the region whose code was in force on a day; None when there was none."""
        region = self.dated_regions.get(code)
        return region.name if region is not None and region.holds(day) else None

    @cached_property
    def form_codes(self) -> tuple[str, ...]:
        """Codes of all forms, sorted by key work and code."""
        codes = {f.code: f.work for f in self.forms}
        return tuple(sorted(codes, key=lambda c: (codes[c] == "ALL", codes[c], c)))

    @cached_property
    def period_kinds(self) -> frozenset[PeriodKind]:
        """The calendar's kinds of period, and the statistical year where a form declares it."""
        return frozenset({*CALENDAR_KINDS, *(f.period.label_kind for f in self.forms)})

    def rules_of(self, form: Form) -> tuple[Rule, ...]:
        """The rules with a condition that rows of the form must meet; a tally has no such rows."""
        if form.tally:
            return ()
        return (*form.rules, *self.cross_rules.get(form.code, ()))

    def rule(self, code: str) -> Rule:
        """Any rule by its code."""
        return self.rules[code]

    def measures(self) -> dict[str, Measure]:
        """Every measure that some indicator needs, by its stable code."""
        return {m.code: m for i in self.indicators.values() for m in i.measures}

    def scheme(self, family: str, year: int) -> Scheme:
        """The version of a scheme (`TRA-FED`, `SWH`) for a year; KeyError when there is none."""
        for scheme in self.schemes:
            if scheme.family == family and scheme.covers(year):
                return scheme
        raise KeyError(f"scheme {family} has no version for {year}")

    def small_scheme(self, family: str, year: int) -> SmallScheme:
        """The version of a scheme of its own shape (`SKL`, `REP`) for a year; KeyError if none."""
        for scheme in self.small_schemes:
            if scheme.family == family and scheme.covers(year):
                return scheme
        raise KeyError(f"scheme {family} has no version for {year}")
