"""Personal columns at rest: encrypted so that equal values stay equal, and nobody reads them.

AES-SIV is deterministic: the same person has the same ciphertext, so keys, duplicates and distinct
counts work without decrypting. The key comes from UNION_REPORTS_DATA_KEY (64 bytes, base64) or
from a file in the home directory that only its owner may read.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from warehouse.server import home

KEY_VARIABLE = "UNION_REPORTS_DATA_KEY"
PREFIX = "~"  # no reported text begins with it: the reader normalises it away


@lru_cache(maxsize=4)
def _cipher(key: bytes) -> AESSIV:
    return AESSIV(key)


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
