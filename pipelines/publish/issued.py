"""One way from the content of a report to what goes out: Word, web page and annex alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from definitions.catalogue import Definitions
from pipelines.figures import Figures
from pipelines.publish import page, word
from pipelines.publish.annex import sources
from pipelines.publish.content import Document, Section
from pipelines.publish.publication import Publication, clock, file_title, signature
from pipelines.publish.quoting import quoted
from pipelines.publish.sheets import Book


@dataclass(frozen=True)
class Report:
    """A report before it is drawn; `sheets` lays the lists behind it into the annex."""

    kind: str
    title: str
    sections: tuple[Section, ...]
    sheets: Callable[[Book], None]
    recipe: Mapping[str, str] = field(default_factory=dict)


def issued(report: Report, figures: Figures, definitions: Definitions) -> Publication:
    """The report as .docx, .html and .xlsx; equal input gives equal bytes."""
    document = quoted(
        Document(
            title=report.title,
            issuer=figures.unit.name,
            head=(figures.unit.name, f"数据截止：{clock(figures.cutoff)}"),
            sections=report.sections,
            signature=signature(figures.unit.name, figures.cutoff),
        ),
        report.kind,
        figures,
    )
    book = Book(f"{document.title}附表", document.issuer, figures.cutoff)
    report.sheets(book)
    sources(book, document, figures, definitions)
    name = file_title(document.title)
    return Publication(
        kind=report.kind,
        title=document.title,
        unit=figures.unit.code,
        period=figures.period,
        cutoff=figures.cutoff,
        digest=figures.definitions_digest,
        files=(
            (f"{name}.docx", word.word(document, figures.cutoff)),
            (f"{name}.html", page.page(document, figures, definitions).encode()),
            (f"{name}附表.xlsx", book.bytes()),
        ),
        numbers=tuple(document.numbers()),
        recipe=report.recipe,
        drawn={f"{name}.docx": document},
    )
