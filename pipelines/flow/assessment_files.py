"""Files that show what was entered in an assessment; their content lies with the originals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipelines.assessment_year.stages import Refused
from pipelines.places import places
from warehouse import self_assessments as told
from warehouse.life_cycle import Actor

MOST_EVIDENCE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """A file that shows what is entered, as it was uploaded."""

    name: str
    content: bytes


def keep_file(
    connection: Connection,
    round_id: int,
    unit: str,
    about: str,
    file: File | None,
    by: Actor,
    when: datetime,
) -> int | None:
    """Keep a file of evidence among the originals; its number, None where none was given."""
    if file is None:
        return None
    if not file.content:
        raise Refused(f"“{file.name}”是空文件，请重新上传。")
    if len(file.content) > MOST_EVIDENCE_BYTES:
        most = MOST_EVIDENCE_BYTES // 1024 // 1024
        raise Refused(f"“{file.name}”超过 {most} MB，请压缩或分开后再传。")
    sha256 = places().originals.put(file.content)
    return told.add_evidence(
        connection, round_id, unit, about, file.name, sha256, len(file.content), by, when
    )
