"""Every limit of the reader in one place, with the reason for its size."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds; a monthly workbook is some 30 KB and takes 8 ms."""

    file_bytes: int = 64 << 20
    entries: int = 4000
    unpacked_bytes: int = 512 << 20
    # Deflate cannot do better than 1:1032; honest sheets stay below 1:60.
    ratio: int = 200
    ratio_from_bytes: int = 8 << 20
    sheets: int = 200
    rows: int = 200_000
    columns: int = 600
    cells: int = 4_000_000
    # The limit of the template itself (V-F-008); more rows are read, and asked about.
    template_rows: int = 20_000
    archive_depth: int = 2
    archive_members: int = 2000
    memory_bytes: int = 1536 << 20
    cpu_seconds: int = 30
    wall_seconds: float = 90.0
    findings: int = 2000
    # Filled rows among which a header is looked for: fifteen of titles, and a cover above them.
    header_rows: int = 40
