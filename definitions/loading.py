"""Load every definition file, cross-check all of them, and report all mistakes at once."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from definitions.calendars import WorkingDays
from definitions.catalogue import Definitions
from definitions.decided import DOCUMENT, Decision, with_decisions
from definitions.documents import DefinitionsInvalid, Document, M
from definitions.examples import example_mistakes
from definitions.expression import Expression
from definitions.measures import Indicator, Measure
from definitions.mechanisms import Mechanism, unknown_in_mechanism
from definitions.model import CalendarYear, CodeList, ColumnType, Form, Parameter, Rule
from definitions.names import unknown_names, unknown_placeholders
from definitions.regions import Region, regions_in
from definitions.roles import read_roles
from definitions.scenes import unknown_in_scene
from definitions.scheme_files import (
    overlaps,
    read_schemes,
    succeeded,
    unknown_in_scheme,
    unknown_in_small,
)
from definitions.schemes import Scheme
from definitions.small_schemes import SmallScheme
from definitions.tally import SWITCH, tallied
from definitions.units import mixed_units
from definitions.values import unlisted

HERE = Path(__file__).parent


Stamp = frozenset[tuple[str, int, int]]


def stamp(root: Path = HERE) -> Stamp:
    """Path, size and time of change (ns) of every definition file: other files, another stamp."""
    return frozenset(
        (str(path), state.st_size, state.st_mtime_ns)
        for path in root.rglob("*.yaml")
        for state in [path.stat()]
    )


def load_definitions(
    root: Path = HERE, extra: Iterable[Path] = (), decided: str = ""
) -> Definitions:
    """Load the folder `root` and extra form files; DefinitionsInvalid lists all mistakes.

    `decided` is the text of the document of definitions/decided.py, where it is no file of `root`.
    """
    return _Loader(root, tuple(extra), decided).load()


class _Loader:
    """Collects documents, builds models, then checks every reference between them."""

    def __init__(self, root: Path, extra: tuple[Path, ...], decided: str = "") -> None:
        self.root = root
        self.decided = decided
        self.documents: list[Document] = []
        self.extra = extra
        self.forms: list[tuple[Form, Document, tuple[str | int, ...]]] = []
        self.rules: list[tuple[Rule, str | None, Document, tuple[str | int, ...]]] = []
        self.indicators: list[tuple[Indicator, Document, tuple[str | int, ...]]] = []
        self.schemes: list[tuple[Scheme, Document]] = []
        self.mechanisms: list[tuple[Mechanism, Document, tuple[str | int, ...]]] = []
        self.small: list[tuple[SmallScheme, Document]] = []
        self.parameters: dict[str, Parameter] = {}
        self.code_lists: dict[str, CodeList] = {}

    def _open(self, pattern: str) -> Iterator[Document]:
        for path in sorted(self.root.glob(pattern)):
            document = Document(path, self.root)
            self.documents.append(document)
            if document.data is not None:
                yield document

    def _items(self, document: Document, kind: type[M]) -> Iterator[tuple[int, M]]:
        if not isinstance(document.data, list):
            document.say((), "a list is expected here")
            return
        for i, data in enumerate(document.data):
            model = document.model(kind, data, (i,))
            if model is not None:
                yield i, model

    def _entries(self, document: Document) -> list[tuple[str, Any]]:
        if not isinstance(document.data, dict):
            document.say((), "a mapping is expected here")
            return []
        return list(document.data.items())

    def load(self) -> Definitions:
        documents = list(self._open("forms/*.yaml"))
        for path in self.extra:
            document = Document(path, path.parent)
            self.documents.append(document)
            if document.data is not None:
                documents.append(document)
        for document in documents:
            form = document.model(Form, document.data)
            if form:
                self.forms.append((form, document, ()))
                for i, rule in enumerate(form.rules):
                    self.rules.append((rule, form.code, document, ("rules", i)))
        for document in self._open("rules/*.yaml"):
            for form_code, listed in self._entries(document):
                if not isinstance(listed, list):
                    document.say((form_code,), "a list of rules is expected here")
                    continue
                owner = None if form_code == "all" else form_code
                for i, data in enumerate(listed):
                    found = document.model(Rule, data, (form_code, i))
                    if found:
                        self.rules.append((found, owner, document, (form_code, i)))
        for document in self._open("code_lists.yaml"):
            for code, data in self._entries(document):
                code_list = document.model(CodeList, data, (code,))
                if code_list:
                    self.code_lists[code] = code_list
        for document in self._open("indicators/*.yaml"):
            self.indicators += [(m, document, (i,)) for i, m in self._items(document, Indicator)]
        for document in self._open("parameters/*.yaml"):
            for i, parameter in self._items(document, Parameter):
                if parameter.code in self.parameters:
                    document.say((i,), f"parameter {parameter.code} is defined twice")
                self.parameters[parameter.code] = parameter
                if parameter.code == SWITCH:
                    self._check_switch(document, i, parameter)
        self._decide()
        self.schemes, self.small = read_schemes(self._open("schemes/*.yaml"))
        for document in self._open("mechanisms.yaml"):
            self.mechanisms += [(m, document, (i,)) for i, m in self._items(document, Mechanism)]
        years = []
        for document in self._open("calendars/*.yaml"):
            year = document.model(CalendarYear, document.data)
            if year:
                years.append(year)
        tables = {n: self._table(n) for n in ("works", "industries")}
        roles = read_roles(self._open("roles.yaml"), tables["works"])
        regions: dict[str, Region] = {}
        for document in self._open("regions.yaml"):
            regions |= regions_in(document)
        self._cross_check(tables)
        mistakes = [m for d in self.documents for m in d.mistakes]
        if mistakes:
            raise DefinitionsInvalid(mistakes)
        definitions = Definitions(
            forms=tuple(f for f, _, _ in self.forms),
            code_lists=self.code_lists,
            indicators={i.code: i for i, _, _ in self.indicators},
            rules={r.code: r for r, _, _, _ in self.rules},
            cross_rules=self._cross_rules(),
            parameters=self.parameters,
            schemes=succeeded([s for s, _ in self.schemes]),
            small_schemes=succeeded([s for s, _ in self.small]),
            works=tables["works"],
            regions={code: region.name for code, region in regions.items()},
            dated_regions=regions,
            industries=tables["industries"],
            calendar=WorkingDays(years),
            mechanisms={m.id: m for m, _, _ in self.mechanisms},
            roles=roles,
            # What describes the system or who uses it decides no figure: no part of an edition.
            sources={
                d.name: json.dumps(d.data, ensure_ascii=False, default=str)
                for d in self.documents
                if d.name not in ("mechanisms.yaml", "roles.yaml")
            },
        )
        return tallied(definitions)

    def _decide(self) -> None:
        """Let the values that were decided since the files hold from their days on."""
        documents = list(self._open(DOCUMENT))
        if self.decided:
            with TemporaryDirectory() as folder:
                path = Path(folder, DOCUMENT)
                path.parent.mkdir()
                path.write_text(self.decided, encoding="utf-8")
                documents.append(Document(path, Path(folder)))
            self.documents += documents[-1:]
        found: dict[str, list[Decision]] = {}
        for document in documents:
            for i, decision in self._items(document, Decision):
                if decision.code in self.parameters:
                    found.setdefault(decision.code, []).append(decision)
                else:
                    document.say((i,), f"unknown parameter {decision.code}")
        for code, decisions in found.items():
            self.parameters[code] = with_decisions(self.parameters[code], decisions)
            if code == SWITCH:
                self._check_switch(documents[-1], 0, self.parameters[code])

    def _table(self, name: str) -> dict[str, str]:
        for document in self._open(f"{name}.yaml"):
            return {str(k): str(v) for k, v in self._entries(document)}
        return {}

    def _cross_rules(self) -> dict[str, tuple[Rule, ...]]:
        found: dict[str, list[Rule]] = {}
        forms = {f.code: f for f, _, _ in self.forms}
        for rule, owner, _, path in self.rules:
            if owner is not None and path[0] != "rules":
                found.setdefault(owner, []).append(rule)
            for code, check in rule.elsewhere.items():
                found.setdefault(code, []).append(_in_columns_of(rule, check, forms.get(code)))
        return {k: tuple(v) for k, v in found.items()}

    def _cross_check(self, tables: dict[str, dict[str, str]]) -> None:
        forms = {f.code: f for f, _, _ in self.forms}
        indicators = {i.code for i, _, _ in self.indicators}
        self._check_unique()
        for form, document, path in self.forms:
            if form.work not in tables["works"]:
                document.say((*path, "work"), f"unknown key work {form.work}")
            for i, column in enumerate(form.columns):
                place = (*path, "columns", i)
                listed = column.type in (ColumnType.ENUM, ColumnType.MULTI)
                if listed and column.list not in self.code_lists:
                    document.say((*place, "list"), f"unknown code list {column.list}")
                if column.list and not listed:
                    document.say((*place, "list"), "only enum and multi take a list")
                for name in ("required_when", "derived"):
                    expression = getattr(column, name)
                    if expression:
                        self._check_names(document, (*place, name), expression, form, forms)
            if not form.keys:
                document.say((*path, "columns"), "a form needs at least one key column")
            self._check_aliases(form, document, path)
            if form.nesting and form.nesting.by not in form.position:
                document.say((*path, "nesting"), f"unknown column {form.nesting.by}")
            for i, column in enumerate(form.columns):
                if column.accumulates and column.accumulates not in form.position:
                    document.say(
                        (*path, "columns", i, "accumulates"),
                        f"unknown column {column.accumulates}",
                    )
            if form.ledger:
                for code in (form.ledger.date, *form.ledger.keys):
                    if code not in form.position:
                        document.say((*path, "ledger"), f"unknown column {code}")
        for rule, owner, document, place in self.rules:
            if owner is not None and owner not in forms:
                document.say(place, f"{rule.code}: unknown form {owner}")
            elif rule.check and owner is not None:
                self._check_names(document, (*place, "check"), rule.check, forms[owner], forms)
                for where, complaint in unknown_placeholders(rule, forms[owner], self.parameters):
                    document.say((*place, where), complaint)
                for code in rule.columns:
                    if code not in forms[owner].position:
                        document.say((*place, "columns"), f"{rule.code}: unknown column {code}")
            for code, check in rule.elsewhere.items():
                if code not in forms:
                    document.say((*place, "elsewhere"), f"{rule.code}: unknown form {code}")
                else:
                    self._check_names(document, (*place, "elsewhere"), check, forms[code], forms)
                    there = _in_columns_of(rule, check, forms[code])
                    for where, complaint in unknown_placeholders(
                        there, forms[code], self.parameters
                    ):
                        document.say((*place, where), f"{complaint} ({code})")
        for rule, owner, document, place in self.rules:
            self._check_closing(document, place, rule, forms)
            for below, complaint in example_mistakes(rule, owner, forms, self.code_lists):
                document.say((*place, *below), complaint)
        for indicator, document, place in self.indicators:
            for side in ("numerator", "minus", "denominator"):
                for i, measure in enumerate(getattr(indicator, side)):
                    self._check_measure(document, (*place, side, i), measure, forms)
            for complaint in mixed_units(indicator, forms):
                document.say(place, complaint)
            base = indicator.denominator or indicator.coverage[1:] or indicator.achieved
            if indicator.aggregate in ("ratio", "wmean") and not base:
                document.say(place, f"{indicator.code}: a ratio needs a denominator")
        overlaps([*self.schemes, *self.small])
        self._check_mechanisms(forms, indicators)
        for scheme, document in self.schemes:
            for spot, complaint in unknown_in_scheme(scheme, indicators):
                document.say(spot, complaint)
        for small, document in self.small:
            for spot, complaint in unknown_in_small(small, forms, self.parameters, indicators):
                document.say(spot, complaint)

    def _check_closing(
        self,
        document: Document,
        place: tuple[str | int, ...],
        rule: Rule,
        forms: dict[str, Form],
    ) -> None:
        """The parameters that a closing check reads exist, and so does what its scenes name."""
        for name in rule.parameters:
            if name not in self.parameters:
                document.say((*place, "parameters"), f"{rule.code}: unknown parameter {name}")
        columns = {code: form.position for code, form in forms.items()}
        for number, scene in enumerate(rule.scenes):
            for complaint in unknown_in_scene(scene, columns):
                document.say((*place, "scenes", number), f"{rule.code}: {complaint}")

    def _check_mechanisms(self, forms: Collection[str], indicators: Collection[str]) -> None:
        """Every mechanism names parts that exist, and no mechanism stands twice."""
        rules = {r.code for r, _, _, _ in self.rules}
        families = {s.family for s, _ in self.schemes} | {s.family for s, _ in self.small}
        seen: set[str] = set()
        for mechanism, document, place in self.mechanisms:
            if mechanism.id in seen:
                document.say(place, f"{mechanism.id} is defined twice")
            seen.add(mechanism.id)
            for complaint in unknown_in_mechanism(mechanism, forms, indicators, rules, families):
                document.say(place, complaint)

    def _check_measure(
        self,
        document: Document,
        place: tuple[str | int, ...],
        measure: Measure,
        forms: dict[str, Form],
    ) -> None:
        source = forms.get(measure.form)
        if source is None:
            document.say((*place, "form"), f"unknown form {measure.form}")
            return
        for part in ("sum", "largest", "where"):
            expression = getattr(measure, part)
            if expression:
                self._check_names(document, (*place, part), expression, source, forms)
        if measure.each:
            for part in ("sum", "at_least"):
                expression = getattr(measure.each, part)
                if expression:
                    self._check_names(document, (*place, "each"), expression, source, forms)
        named = (measure.dated, measure.each.distinct if measure.each else None)
        for name in (*measure.distinct, *filter(None, named)):
            if name not in source.position:
                document.say(place, f"unknown column {name}")
        if measure.without:
            other = forms.get(measure.without.form)
            if other is None:
                document.say((*place, "without"), f"unknown form {measure.without.form}")
            else:
                condition = measure.without.where
                self._check_names(document, (*place, "without"), condition, other, forms)
        if measure.take == "standing" and source.ledger is None:
            document.say(place, f"{source.code} is no register that could stand at a day")

    def _check_switch(self, document: Document, place: int, switch: Parameter) -> None:
        """Only forms about persons or things of a union that they name can be told as tallies."""
        named = {f.code for f, _, _ in self.forms if "org_code" in f.position}
        unions = {f.code for f, _, _ in self.forms if f.keys == ("org_code",)}
        for code in sorted({str(c) for dated in switch.values for c in dated.value}):
            if code not in named - unions:
                document.say((place,), f"{code} is no form about persons: it has no tally")

    def _check_unique(self) -> None:
        seen: set[object] = set()
        for rule, _, document, place in self.rules:
            if rule.code in seen:
                document.say(place, f"rule {rule.code} is defined twice")
            seen.add(rule.code)
        for indicator, document, place in self.indicators:
            if indicator.code in seen:
                document.say(place, f"indicator {indicator.code} is defined twice")
            seen.add(indicator.code)
        for form, document, place in self.forms:
            for other, _, _ in self.forms:
                if other is form or other.code != form.code:
                    continue
                if other.valid_from <= form.valid_from and (
                    other.valid_to is None or other.valid_to >= form.valid_from
                ):
                    document.say(place, f"editions {other.edition} and {form.edition} overlap")

    def _check_aliases(self, form: Form, document: Document, path: tuple[str | int, ...]) -> None:
        names: dict[str, str] = {}
        for i, column in enumerate(form.columns):
            for name in (column.label, *column.aliases):
                if names.get(name, column.code) != column.code:
                    document.say(
                        (*path, "columns", i),
                        f"{name!r} names both {names[name]} and {column.code}",
                    )
                names[name] = column.code

    def _check_names(
        self,
        document: Document,
        place: tuple[str | int, ...],
        expression: Expression,
        form: Form,
        forms: dict[str, Form],
    ) -> None:
        for complaint in (
            *unknown_names(expression, form, forms, self.parameters),
            *unlisted(expression, form, forms, self.code_lists),
        ):
            document.say(place, complaint)


def _in_columns_of(rule: Rule, check: Expression, form: Form | None) -> Rule:
    """The rule as it stands on another form; it marks the same columns where they exist there."""
    same = form is not None and all(c in form.position for c in rule.columns)
    columns = rule.columns if same else ()
    return rule.model_copy(update={"check": check, "elsewhere": {}, "columns": columns})
