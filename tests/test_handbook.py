"""The handbook: everything the definitions hold is there, in Chinese, and every link arrives."""

from __future__ import annotations

import html
import re
import shutil
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args
from urllib.parse import unquote, urldefrag

import pytest

from definitions import load_definitions
from definitions.catalogue import Definitions
from definitions.measures import AboutReporting, Achievement, Indicator
from definitions.model import ColumnKind, ColumnType, Rule
from definitions.periods import PeriodKind
from pipelines.flow import handbook as flow_handbook
from pipelines.flow.handbook import pictures_of, write_handbook
from pipelines.handbook import Site, build, wording
from pipelines.handbook.dictionary import family_of, scheme_words
from pipelines.handbook.form_pages import example_row
from pipelines.handbook.speaking import Speaker

YEAR = 2025
VOID = {"meta", "link", "img", "br"}
# What stands in Latin letters on a page: codes, and words of the trade.
CODES = re.compile(
    r"[VI]-[A-Z]+-\d+|[A-Z]+-[A-Z]*-?\d+|[A-Z]{2,}\d[\w-]*|V-[A-Z]+|[PSRTWMDV]\d+\w*|[0-9A-Z]{6,}"
)
WORDS = {
    "Excel", "WPS", "xlsx", "xls", "csv", "zip", "rar", "html", "GBK", "CSV", "GB", "HTML", "SFTP",
    "EAP", "CNC", "DV", "ID", "VIP", "PPT", "QC", "App", "APP", "KTV", "GMP", "xlsm", "OCR", "QQ",
    "RFC",
}  # fmt: skip


@pytest.fixture(scope="module")
def known() -> Definitions:
    return load_definitions()


@pytest.fixture(scope="module")
def files(known: Definitions) -> dict[str, str]:
    """Every page by path."""
    made = build(Site(known, YEAR))
    return {path: content.decode() for path, content in made.items()}


class _Page(HTMLParser):
    """Links, anchors and visible text of a page; tags that are not closed in order are told."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.broken: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.broken += [f"<{tag}> is never closed" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag not in VOID:
            self._open.append(tag)
        self.links += [v for k in ("href", "src") if (v := values.get(k))]
        self.ids += [v for k in ("id",) if (v := values.get(k))]

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.broken.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def pages(files: dict[str, str]) -> dict[str, _Page]:
    return {path: _Page(text) for path, text in files.items() if path.endswith(".html")}


def text_of(page: _Page) -> str:
    return " ".join("".join(page.words).split())


# --- the pages themselves ---


def test_every_page_is_well_formed_and_no_anchor_stands_twice(pages: dict[str, _Page]) -> None:
    assert {p: page.broken for p, page in pages.items() if page.broken} == {}
    doubled = {
        p: sorted({i for i in page.ids if page.ids.count(i) > 1})
        for p, page in pages.items()
        if len(page.ids) != len(set(page.ids))
    }
    assert doubled == {}


def test_every_link_arrives_and_none_leaves_the_folder(
    files: dict[str, str], pages: dict[str, _Page]
) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(link)
            assert "://" not in target
            place = Path(path).parent / unquote(target) if target else Path(path)
            name = re.sub(r"[^/]+/\.\./", "", place.as_posix())
            if name not in files or (anchor and anchor not in pages[name].ids):
                dead.append((path, link))
    assert dead == []


def test_a_link_that_leads_nowhere_would_be_seen() -> None:
    page = _Page('<p id="a"><a href="b.html#c">x</a><b>y</p>')
    assert page.links == ["b.html#c"]
    assert page.broken


def test_equal_definitions_make_equal_bytes(known: Definitions) -> None:
    assert build(Site(known, YEAR)) == build(Site(load_definitions(), YEAR))


def test_pages_load_nothing_from_elsewhere(files: dict[str, str]) -> None:
    for text in files.values():
        assert not re.search(r"https?://|@import|<script|url\(", text)


# --- nothing is left out ---


def test_every_form_has_its_page_with_every_column(
    known: Definitions, pages: dict[str, _Page]
) -> None:
    assert len(known.form_codes) >= 66
    for code in known.form_codes:
        form, text = known.newest(code), text_of(pages[f"forms/{code}.html"])
        assert form.title in text
        assert form.document in text
        assert form.due.basis in text
        for column in form.columns:
            for said in (column.label, column.guidance, column.example, *column.aliases):
                assert " ".join(said.split()) in text, (code, column.code, said)
            if column.list:
                assert f"../lists/{column.list}.html" in pages[f"forms/{code}.html"].links


def test_every_rule_is_told_where_it_holds(known: Definitions, pages: dict[str, _Page]) -> None:
    assert set(known.rules) <= set(pages["rules.html"].ids)
    for code in known.form_codes:
        page = pages[f"forms/{code}.html"]
        text = text_of(page)
        for rule in known.rules_of(known.newest(code)):
            assert rule.code in page.ids
            for said in (rule.title, rule.severity.value, rule.basis):
                assert " ".join(said.split()) in text


def test_every_choice_of_the_model_has_words() -> None:
    """A new kind of figure, column or rule must be named here too."""
    assert set(get_args(AboutReporting)) == set(wording.ABOUT_REPORTING)
    assert set(get_args(Achievement)) == set(wording.ACHIEVED)
    assert set(ColumnType) == set(wording.TYPES)
    assert set(ColumnKind) == set(wording.KINDS)
    assert set(PeriodKind) == set(wording.PERIODS)
    for model, name, words in (
        (Indicator, "aggregate", wording.AGGREGATES),
        (Indicator, "missing", wording.MISSING),
        (Indicator, "better", wording.BETTER),
        (Indicator, "dimension", wording.DIMENSIONS),
        (Rule, "layer", wording.LAYERS),
    ):
        assert set(get_args(model.model_fields[name].annotation)) == set(words), name


def test_every_placeholder_of_a_sentence_is_named(known: Definitions) -> None:
    """Name new ones in wording.SLOTS: a page would only say 具体内容 for them."""
    unnamed = {
        (rule.code, name)
        for code in known.form_codes
        for rule in known.rules_of(known.newest(code))
        for text in (rule.message, rule.advice)
        for _, name, _, _ in string.Formatter().parse(text)
        if name and wording.slot_name(name, rule, known.newest(code), known) == wording.UNNAMED
    }
    unnamed |= {
        (rule.code, name)
        for rule in known.rules.values()
        if not any(rule.code == r.code for f in known.forms for r in known.rules_of(f))
        for text in (rule.message, rule.advice)
        for _, name, _, _ in string.Formatter().parse(text)
        if name and wording.slot_name(name, rule, None, known) == wording.UNNAMED
    }
    assert unnamed == set()


def test_every_condition_and_formula_has_words(known: Definitions) -> None:
    """A function that nobody has put into words raises Unspeakable: give it words."""
    for code in known.form_codes:
        form = known.newest(code)
        speaker = Speaker(known, form)
        checks = [r.check for r in known.rules_of(form)]
        checks += [e for c in form.columns for e in (c.derived, c.required_when)]
        for check in filter(None, checks):
            assert re.search(r"[一-鿿]", speaker.say(check))


def test_every_indicator_is_in_the_dictionary_with_what_it_rests_on(
    known: Definitions, pages: dict[str, _Page]
) -> None:
    assert len(known.indicators) >= 183
    for code, indicator in known.indicators.items():
        page = pages[f"indicators/{family_of(code)}.html"]
        assert code in page.ids
        text = text_of(page)
        assert indicator.name in text
        assert indicator.authority in text
        for form in {m.form for m in indicator.measures}:
            assert f"../forms/{form}.html" in page.links


def test_a_scheme_is_called_by_its_title_without_years(known: Definitions) -> None:
    assert scheme_words("SWH", known) == "“星级职工之家评选办法”"
    assert "20" not in scheme_words("TRA", known)


def test_every_code_list_shows_every_value(known: Definitions, pages: dict[str, _Page]) -> None:
    for code, listed in known.code_lists.items():
        text = text_of(pages[f"lists/{code}.html"])
        for said in (*listed.values, *listed.aliases, listed.source):
            assert " ".join(said.split()) in text, (code, said)


def test_every_parameter_shows_every_dated_value(
    known: Definitions, pages: dict[str, _Page]
) -> None:
    text = text_of(pages["parameters.html"])
    for code, parameter in known.parameters.items():
        assert code in pages["parameters.html"].ids
        assert wording.parameter_name(parameter.name, known) in text
        for dated in parameter.values:
            assert f"{dated.since} 起" in text
            assert " ".join(dated.authority.split()) in text


def test_the_calendar_has_every_form_that_falls_due(
    known: Definitions, pages: dict[str, _Page]
) -> None:
    page = pages["calendar.html"]
    due = {Path(link).stem for link in page.links if link.startswith("forms/")}
    assert due == set(known.form_codes)
    text = text_of(page)
    # Labour Day of 2025: due on Monday 5 May, a holiday, so on Tuesday the 6th.
    assert "5月6日（周二）" in text
    assert "9月28日（周日）" in text  # a worked Sunday


def test_a_year_without_a_calendar_says_so(known: Definitions) -> None:
    text = build(Site(known, 2031))["calendar.html"].decode()
    assert "2031年的节假日安排尚未录入" in text
    half = build(Site(known, 2026))["calendar.html"].decode()
    assert "2027年的节假日安排尚未公布" in half


# --- in Chinese ---


def test_no_label_is_english(pages: dict[str, _Page], known: Definitions) -> None:
    examples = {c.example for f in known.forms for c in f.columns}
    strange: dict[str, str] = {}
    for path, page in pages.items():
        for piece in page.words:
            said = piece.strip()
            if not said or said in examples:
                continue
            rest = CODES.sub("", said.replace(known.digest[:12], ""))
            for word in re.findall(r"[A-Za-z]{2,}", rest):
                if word not in WORDS:
                    strange.setdefault(word, f"{path}: {said[:60]}")
    assert strange == {}


# --- the sentences ---


@pytest.mark.parametrize(
    ("form", "rule", "said"),
    [
        ("FIN-01", "V-R-063", "工资总额"),
        ("ORG-02", "V-R-001", "会员人数 ≤ 职工人数"),
    ],
)
def test_conditions_read_like_sentences(
    known: Definitions, pages: dict[str, _Page], form: str, rule: str, said: str
) -> None:
    assert rule in pages[f"forms/{form}.html"].ids
    assert said in html.unescape(text_of(pages[f"forms/{form}.html"]))


def test_examples_are_of_the_type_of_their_column(known: Definitions) -> None:
    kinds = {ColumnType.INT: int, ColumnType.DEC: float, ColumnType.PCT: float}
    for code in known.form_codes:
        form = known.newest(code)
        for name, value in example_row(form).items():
            kind = kinds.get(form.column(name).type)
            assert kind is None or isinstance(value, kind), (code, name, value)


# --- on disk, and with pictures ---


def test_it_is_written_into_a_folder_and_replaces_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Definitions
) -> None:
    monkeypatch.setattr(flow_handbook, "definitions", lambda: known)
    out = tmp_path / "手册"
    made = write_handbook(str(out), YEAR, pictures=False)
    assert made["pages"] == len(list(out.rglob("*.html")))
    (out / "forms" / "OLD-01.html").write_text("last year's", encoding="utf-8")
    write_handbook(str(out), YEAR, pictures=False)
    assert not (out / "forms" / "OLD-01.html").exists()
    other = tmp_path / "别的"
    other.mkdir()
    (other / "重要.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match="别的文件"):
        write_handbook(str(other), YEAR, pictures=False)
    assert (other / "重要.txt").exists()


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_a_picture_shows_the_filled_sheet(known: Definitions) -> None:
    """The widest form and a common one: a picture wider than high, not blank, small."""
    import io

    from PIL import Image

    widest = max(known.form_codes, key=lambda c: len(known.newest(c).columns))
    found = pictures_of(known, ["ORG-02", widest], YEAR)
    assert set(found) == {"ORG-02", widest}
    for content in found.values():
        picture = Image.open(io.BytesIO(content)).convert("L")
        dark = sum(picture.histogram()[:128])
        assert picture.width > picture.height
        assert 0.001 < dark / (picture.width * picture.height) < 0.5
        assert len(content) < 300_000
    pages = build(Site(known, YEAR, found))
    assert pages["pictures/ORG-02.png"] == found["ORG-02"]
    assert b"../pictures/ORG-02.png" in pages["forms/ORG-02.html"]
    assert b"<img" not in pages["forms/FIN-01.html"]
