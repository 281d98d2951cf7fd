"""PDF of a published edition, made when somebody asks and then kept beside its other files.

The document is made again from the warehouse as it stood. Only where its Word file is the published
one, byte for byte, is it set as PDF: the two can then not say different things.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection

from pipelines.flow.editions import definitions_of
from pipelines.flow.ground import engine
from pipelines.flow.reproducing import make
from pipelines.places import places
from pipelines.publish import Publication
from pipelines.publish.pdf import pdfs
from warehouse.publications import Edition, StoredFile, add_files, edition_of
from warehouse.turns import PDF_LOCK, alone

SETTLED = ("published", "updated")


def edition_pdf(publication: int | str) -> tuple[tuple[str, bytes], ...]:
    """The PDFs of an edition as (name, bytes); one that is not signed yet is marked as a draft.

    Kept for the next reader unless it is a draft. LookupError in Chinese where there is no such
    edition, where its kind has no Word file, or where it cannot be made again as it was.
    """
    with engine().begin() as connection:
        edition = edition_of(connection, publication)
        if not _kept(edition):
            # Half a minute's work: one at a time, and whoever waited takes what was made meanwhile.
            alone(connection, PDF_LOCK)
            edition = edition_of(connection, publication)
        if kept := _kept(edition):
            return kept
        if not any(f.name.endswith(".docx") for f in edition.files):
            raise LookupError(f"“{edition.title}”没有 Word 文件，不出 PDF")
        drawn = _again(connection, edition)
        made = pdfs(drawn, draft=edition.state not in SETTLED)
        if edition.state in SETTLED:
            files = [StoredFile(n, places().originals.put(c), len(c)) for n, c in made]
            add_files(connection, edition.id, files)
    return made


def _kept(edition: Edition) -> tuple[tuple[str, bytes], ...]:
    files = [f for f in edition.files if f.name.endswith(".pdf")]
    return tuple((f.name, places().originals.get(f.sha256)) for f in files)


def _again(connection: Connection, edition: Edition) -> Publication:
    """The edition made again, refused where a Word file is not the one that was kept."""
    known = definitions_of(connection, edition.definitions)
    made = make(connection, known, edition, edition.cutoff)
    now = {name: hashlib.sha256(content).hexdigest() for name, content in made.files}
    then = {f.name: f.sha256 for f in edition.files if f.name.endswith(".docx")}
    if not made.drawn or any(now.get(name) != value for name, value in then.items()):
        raise LookupError(
            f"“{edition.title}”第{edition.edition}版由较早的程序生成，重做的 Word 与当时不一致，"
            "不能另出 PDF；请用已发布的 Word 文件打印"
        )
    return made
