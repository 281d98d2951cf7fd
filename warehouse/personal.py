"""Personal data at rest: columns encrypted so that equal values stay equal, and files.

AES-SIV is deterministic: the same person has the same ciphertext, so keys, duplicates, distinct
counts and a search for one person work without decrypting. The key comes from
UNION_REPORTS_DATA_KEY (64 bytes, base64) or from a file in the home directory that only its owner
may read; the key of stored files is derived from it.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, text

from warehouse.server import home

KEY_VARIABLE = "UNION_REPORTS_DATA_KEY"
PREFIX = "~"  # no reported text begins with it: the reader normalises it away


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)


@lru_cache(maxsize=4)
def file_cipher(key: bytes) -> AESGCM:
    """The cipher of stored files, under a key of its own made from the installation's."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"union-reports originals")
    return AESGCM(derived.derive(key))


def data_key() -> bytes:
    """The key of this installation; made and kept on first use when none is given."""
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return base64.b64decode(given)
    path = home() / "data.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".data.key-{os.getpid()}")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(base64.b64encode(AESSIV.generate_key(512)))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)  # the first process wins; all read the same key
        temporary.unlink()
    return base64.b64decode(path.read_bytes())


def conceal(value: str, key: bytes) -> str:
    """Ciphertext of a personal value, the same for the same value."""
    return PREFIX + base64.b85encode(_cipher(key).encrypt(value.encode(), None)).decode()


def reveal(value: str, key: bytes) -> str:
    """The value again; values that were never concealed pass through."""
    if not value.startswith(PREFIX):
        return value
    return _cipher(key).decrypt(base64.b85decode(value[len(PREFIX) :]), None).decode()


def mask_name(name: str) -> str:
    """A name as those outside the unit may see it: 王小明 → 王＊＊; the length stays."""
    return name[:1] + "＊" * (len(name) - 1)


def mask_number(number: str) -> str:
    """An identity number, a card or a telephone number with all but its last four hidden."""
    return "＊" * (len(number) - 4) + number[-4:] if len(number) > 8 else "＊" * len(number)


@dataclass(frozen=True, slots=True)
class Trace:
    """One current row in which a person stands, without anything that the row says."""

    form: str
    period: str
    org: str
    filing_id: int
    row_no: int


def find_person(connection: Connection, value: str, key: bytes) -> list[Trace]:
    """Where a name, number or card stands in rows that are current, by its ciphertext alone.

    For a person who asks what is kept about them. Nothing is decrypted, and what is searched for
    reaches the database encrypted.
    """
    rows = connection.execute(
        text(
            """
            SELECT f.form, f.period, o.code AS org, f.id AS filing_id, r.row_no
            FROM filing_row r
            JOIN filing f ON f.id = r.filing_id AND f.superseded_at IS NULL
            JOIN organisation o ON o.id = r.org_id
            WHERE r.texts @> ARRAY[:sealed]
            ORDER BY f.form, f.period, o.code, r.row_no
            """
        ),
        {"sealed": conceal(value, key)},
    )
    return [Trace(r.form, r.period, r.org, r.filing_id, r.row_no) for r in rows]
