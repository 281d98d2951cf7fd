"""The pages of the handbook and the links between them; the same definitions, the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from definitions.calendars import CalendarUnknown
from definitions.catalogue import Definitions
from definitions.model import Form, Rule
from pipelines.handbook.dictionary import (
    IndicatorEntry,
    family_of,
    indicator_entry,
    scheme_words,
)
from pipelines.handbook.form_pages import FormEntry, RuleEntry, form_entry, rule_entry
from pipelines.handbook.wording import (
    LAYERS,
    PERIODS,
    due_words,
    parameter_name,
    plain_sentence,
    shown_value,
)
from pipelines.handbook.year_calendar import day_words, year_entry

PAGES = Path(__file__).parent / "pages"
FAMILIES = {
    "ORG": "组织与会员", "HOME": "职工之家", "AID": "帮扶救助", "WARM": "送温暖",
    "MUT": "互助保障", "INNO": "技术创新", "SKILL": "竞赛与技能", "SAFE": "劳动保护",
    "DEMO": "民主管理", "CON": "集体协商", "RIGHT": "维权服务", "CADRE": "干部队伍",
    "CULT": "宣传文体", "WOM": "女职工", "RES": "理论与创新", "FIN": "经费", "AUD": "经审",
    "TGT": "目标责任", "EVAL": "评价考核", "HONOR": "荣誉", "VAL": "价值改善", "NARR": "综述",
    "DQ": "数据质量",
}  # fmt: skip


@dataclass(frozen=True)
class Site:
    """The definitions, the year of the calendar, and pictures of filled sheets by form code."""

    known: Definitions
    year: int
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def forms(self) -> dict[str, FormEntry]:
        """Every form by code, in the order of the key works."""
        return {code: form_entry(self.known, code) for code in self.known.form_codes}

    @cached_property
    def works(self) -> list[tuple[str, str, list[FormEntry]]]:
        """(code, name, forms) of every key work that has forms."""
        found = []
        for code, name in self.known.works.items():
            forms = [f for f in self.forms.values() if f.work == code]
            if forms:
                found.append((code, name, forms))
        return found

    @cached_property
    def indicators(self) -> dict[str, list[IndicatorEntry]]:
        """Indicators by family, in the order of the families."""
        entries = [indicator_entry(i, self.known) for i in self.known.indicators.values()]
        order = {family: n for n, family in enumerate(FAMILIES)}
        families = sorted({e.family for e in entries}, key=lambda f: order[f])
        return {
            f: sorted((e for e in entries if e.family == f), key=lambda e: e.code) for f in families
        }

    @cached_property
    def rules(self) -> dict[str, list[tuple[RuleEntry, list[str]]]]:
        """Layer name → (rule, codes of the forms it belongs to), every rule once."""
        owners: dict[str, list[tuple[Form, Rule]]] = {}
        for code in self.known.form_codes:
            form = self.known.newest(code)
            for rule in self.known.rules_of(form):
                owners.setdefault(rule.code, []).append((form, rule))
        found: dict[str, list[tuple[RuleEntry, list[str]]]] = {n: [] for n in LAYERS.values()}
        for code, rule in sorted(self.known.rules.items()):
            own = owners.get(code, [])
            # One rule may hold in several forms, each in its own columns: it is told in the first.
            entry = rule_entry(own[0][1], own[0][0], self.known) if own else None
            entry = entry or rule_entry(rule, None, self.known)
            found[entry.layer].append((entry, [form.code for form, _ in own]))
        return {layer: rules for layer, rules in found.items() if rules}

    @cached_property
    def users_of_lists(self) -> dict[str, list[tuple[FormEntry, str]]]:
        """Code list → (form, column label) of every column that takes its values."""
        found: dict[str, list[tuple[FormEntry, str]]] = {}
        for form in self.forms.values():
            for column in form.columns:
                if column.list:
                    found.setdefault(column.list, []).append((form, column.label))
        return found

    @cached_property
    def list_names(self) -> dict[str, str]:
        """What a code list is called: the label of the columns that use it."""
        names = {}
        for code in self.known.code_lists:
            labels = [label for _, label in self.users_of_lists.get(code, ())]
            names[code] = max(set(labels), key=labels.count) if labels else "备用代码表"
        return names


def build(site: Site) -> dict[str, bytes]:
    """Every file of the handbook by its path, to be written below one folder."""
    pages = _Pages(site)
    pages.page("index.html", "index.html", "填报手册")
    for code, form in site.forms.items():
        pages.page(
            f"forms/{code}.html", "form.html", f"{code} {form.title}", form=form,
            picture=code in site.pictures,
        )  # fmt: skip
        if code in site.pictures:
            pages.files[f"pictures/{code}.png"] = site.pictures[code]
    pages.page("indicators/index.html", "dictionary.html", "指标口径")
    for family, entries in site.indicators.items():
        name = FAMILIES[family]
        pages.page(
            f"indicators/{family}.html", "indicators.html", f"指标口径：{name}", entries=entries
        )
    pages.page("lists/index.html", "lists.html", "代码表")
    for code, listed in site.known.code_lists.items():
        spellings: dict[str, list[str]] = {}
        for other, value in listed.aliases.items():
            spellings.setdefault(value, []).append(other)
        pages.page(
            f"lists/{code}.html", "list.html", f"代码表：{site.list_names[code]}", code=code,
            listed=listed, spellings=spellings,
        )  # fmt: skip
    pages.page("rules.html", "rules.html", "审核规则")
    if site.known.mechanisms:
        pages.page("mechanisms.html", "mechanisms.html", "工作机制对照")
    pages.page("parameters.html", "parameters.html", "参数标准")
    try:
        entry = year_entry(site.known, site.year)
    except CalendarUnknown:
        entry = None
    pages.page("calendar.html", "calendar.html", f"{site.year}年报送日历", entry=entry)
    pages.page("terms.html", "terms.html", "索引", terms=_terms(site))
    pages.files["style.css"] = (PAGES / "style.css").read_bytes()
    return pages.files


class _Pages:
    """Templates with what they all need, and the files made so far."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.files: dict[str, bytes] = {}
        self.environment = Environment(
            loader=FileSystemLoader(PAGES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.globals.update(
            site=site,
            known=site.known,
            families=FAMILIES,
            periods=PERIODS,
            due_words=due_words,
            family_of=family_of,
            day_words=day_words,
            shown_value=shown_value,
            short_digest=site.known.digest[:12],
            scheme_words=scheme_words,
            parameter_name=parameter_name,
            plain_sentence=plain_sentence,
        )

    def page(self, path: str, template: str, title: str, **values: Any) -> None:
        root = "../" * path.count("/")
        text = self.environment.get_template(template).render(
            title=title, root=root, path=path, **values
        )
        self.files[path] = text.encode()


def _terms(site: Site) -> Sequence[tuple[str, str, str]]:
    """(name, kind, link) of everything that has a name, sorted by name."""
    terms = [(f.title, "报表", f"forms/{f.code}.html") for f in site.forms.values()]
    for family, entries in site.indicators.items():
        terms += [(e.name, "指标", f"indicators/{family}.html#{e.code}") for e in entries]
    for code in site.known.code_lists:
        terms.append((site.list_names[code], "代码表", f"lists/{code}.html"))
    terms += [
        (parameter_name(p.name, site.known), "参数", f"parameters.html#{p.code}")
        for p in site.known.parameters.values()
    ]
    columns: dict[str, list[str]] = {}
    for form in site.forms.values():
        for column in form.columns:
            columns.setdefault(column.label, []).append(form.code)
    for label, codes in columns.items():
        terms += [(label, f"列（{code}）", f"forms/{code}.html") for code in dict.fromkeys(codes)]
    return sorted(set(terms), key=lambda t: (t[0].encode("gb18030"), t[1], t[2]))
