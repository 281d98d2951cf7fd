"""Drafts of forms filled in in the browser: encrypted, one open per unit, period and form."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from warehouse.codes import id_of
from warehouse.life_cycle import Actor, Overtaken, StepRefused
from warehouse.personal import data_key, file_cipher
from warehouse.tables import form_draft, organisation

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Draft:
    """What has been typed so far: rows of texts by column code, and names for the cover.

    `version` counts savings; who saves names the one they saw.
    """

    id: int
    organisation: str
    period: str
    form: str
    rows: tuple[Mapping[str, str], ...]
    cover: Mapping[str, str]
    version: int
    updated_by: str
    updated_at: datetime


def find(connection: Connection, code: str, period: str, form: str) -> Draft | None:
    """The open draft of a unit's form, if there is one."""
    row = connection.execute(
        select(form_draft)
        .join(organisation, organisation.c.id == form_draft.c.org_id)
        .where(
            organisation.c.code == code,
            form_draft.c.period == period,
            form_draft.c.form == form,
            form_draft.c.receipt_id.is_(None),
            form_draft.c.dropped_at.is_(None),
        )
    ).first()
    return None if row is None else _draft(row, code)


def keep(
    connection: Connection,
    code: str,
    period: str,
    form: str,
    rows: Sequence[Mapping[str, str]],
    cover: Mapping[str, str],
    seen: int,
    actor: Actor,
    at: datetime,
) -> Draft:
    """Save a draft over the version that was seen (0: none yet); Overtaken says who was faster."""
    org = id_of(connection, code)
    if org is None:
        raise StepRefused(f"工会组织编码 {code} 未登记")
    sealed = _seal(code, period, form, {"rows": list(map(dict, rows)), "cover": dict(cover)})
    there = find(connection, code, period, form)
    values: dict[str, Any] = {
        "content": sealed, "version": seen + 1, "updated_by": actor.name, "updated_at": at,
    }  # fmt: skip
    if there is None and seen == 0:
        made = connection.execute(
            upsert(form_draft)
            .values(org_id=org, period=period, form=form, **values)
            .on_conflict_do_nothing()
            .returning(form_draft.c.id)
        ).first()
    else:
        made = connection.execute(
            update(form_draft)
            .where(form_draft.c.id == (there.id if there else 0), form_draft.c.version == seen)
            .values(**values)
            .returning(form_draft.c.id)
        ).first()
    kept = find(connection, code, period, form)
    if made is None or kept is None:
        who = kept.updated_by if kept else "另一个窗口"
        raise Overtaken(f"{who} 刚刚保存过这份草稿，请先看一看那一份，再决定以哪份为准")
    return kept


def close(
    connection: Connection, draft: Draft, at: datetime, *, receipt_id: int | None = None
) -> None:
    """A draft that was sent (with its receipt) or dropped is open no more; Overtaken if changed."""
    done = connection.execute(
        update(form_draft)
        .where(
            form_draft.c.id == draft.id,
            form_draft.c.version == draft.version,
            form_draft.c.receipt_id.is_(None),
            form_draft.c.dropped_at.is_(None),
        )
        .values(
            receipt_id=receipt_id,
            dropped_at=None if receipt_id is not None else at,
            # What was sent is kept as an original; a draft is not kept twice.
            content=_seal(draft.organisation, draft.period, draft.form, {"rows": [], "cover": {}}),
        )
        .returning(form_draft.c.id)
    ).first()
    if done is None:
        raise Overtaken("这份草稿刚刚有了变化，请刷新后再办")


def _draft(row: Any, code: str) -> Draft:
    content = _open(code, row.period, row.form, row.content)
    return Draft(
        id=row.id,
        organisation=code,
        period=row.period,
        form=row.form,
        rows=tuple(content["rows"]),
        cover=content["cover"],
        version=row.version,
        updated_by=row.updated_by,
        updated_at=row.updated_at,
    )


def _seal(code: str, period: str, form: str, content: Mapping[str, Any]) -> bytes:
    nonce = os.urandom(_NONCE)
    plain = json.dumps(content, ensure_ascii=False).encode()
    return nonce + file_cipher(data_key()).encrypt(nonce, plain, _about(code, period, form))


def _open(code: str, period: str, form: str, sealed: bytes) -> dict[str, Any]:
    cipher = file_cipher(data_key())
    plain = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(code, period, form))
    return dict(json.loads(plain))


def _about(code: str, period: str, form: str) -> bytes:
    return f"{code}/{period}/{form}".encode()


__all__ = ["Draft", "close", "find", "keep"]
