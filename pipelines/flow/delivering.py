"""Handing published editions on: a folder, object storage, a distribution list, a stick."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from sqlalchemy import Connection, text

from definitions import Period
from pipelines.flow.ground import engine, moment
from pipelines.flow.notice_ground import KIND as NOTICE
from pipelines.places import places
from pipelines.publish.page import offline
from pipelines.publish.publication import chinese_day
from warehouse import audit, outbox
from warehouse.deliveries import delivered, mail_key, mailed
from warehouse.distribution import DistributionList, named
from warehouse.publications import Edition, edition_of, held

STORAGE_ENDPOINT = "UNION_REPORTS_STORAGE_ENDPOINT"
MAIL_DOMAIN = "UNION_REPORTS_MAIL_DOMAIN"
DELIVERY_PLACES = "UNION_REPORTS_DELIVERY_PLACES"
BUCKET = "s3://"
FOLDER, STORAGE, MAIL = "folder", "storage", "mail"
ADDRESSED = (NOTICE,)
"""Kinds that are addressed to one union and may name people: for its own lists alone."""
_READY = ("published",)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was handed over: file names, or addresses that were written to."""

    reference: str
    channel: str
    target: str
    handed: tuple[str, ...]


def deliver(
    publication: int | str,
    at: str,
    *,
    folder: str | None = None,
    bucket: str | None = None,
    to_list: int | str | None = None,
    notices: bool = False,
    by: str = "system",
) -> list[Delivered]:
    """Hand a published edition to a folder, a bucket and a distribution list (number or name).

    A folder and a bucket take it once. A list is mailed to through the outbox, each address once
    for an edition, however many lists it is on and whatever they are called; who was put on a list
    since gets it when it is sent again. Where nothing is left to hand over, nothing is noted.
    What is addressed to one union (R-07) is laid into a folder or bucket only with `notices`.
    LookupError in Chinese for an edition that nobody has signed, or that was withdrawn or replaced,
    and for what is addressed to one union and a list that is not its own.
    """
    when = moment(at)
    with engine().begin() as connection:
        edition = held(connection, publication)
        if edition.state not in _READY:
            raise LookupError(f"{edition.title}第{edition.edition}版没有发布或已被替换，不能分发")
        if (folder or bucket) and not notices and not for_everyone(edition):
            raise LookupError(f"{edition.title}只发被通知单位，不放入共用的文件夹和存储桶")
        # Who it may not go to is known before anything is laid anywhere.
        chosen = None if to_list is None else named(connection, to_list)
        if chosen and (objection := not_for(edition, chosen)):
            raise LookupError(objection)
        done = []
        if folder is not None and delivered(connection, edition.id, FOLDER, folder, when, by):
            done.append(Delivered(edition.reference, FOLDER, folder, _lay(edition, Path(folder))))
        if bucket is not None and delivered(connection, edition.id, STORAGE, bucket, when, by):
            done.append(Delivered(edition.reference, STORAGE, bucket, _store(edition, bucket)))
        if chosen is not None:
            written = _write(connection, edition, chosen, when)
            if written:
                mailed(connection, edition.id, chosen.id, chosen.name, written.values(), when, by)
                done.append(Delivered(edition.reference, MAIL, chosen.name, tuple(written)))
        for one in done:
            audit.note(
                connection, at=when, actor=by, action=f"deliver.{one.channel}",
                subject=edition.reference,
                detail={"target": one.target, "handed": len(one.handed)},
            )  # fmt: skip
    return done


def for_everyone(edition: Edition) -> bool:
    """Whether an edition may lie where others than the union that it is about can read it."""
    return edition.kind not in ADDRESSED


def not_for(edition: Edition, chosen: DistributionList) -> str:
    """Why an edition may not go to a list; empty where it may."""
    if not for_everyone(edition) and chosen.org != edition.unit:
        return f"{edition.title}只发被通知单位，“{chosen.name}”不是{edition.unit_name}的名单"
    return ""


def delivery_places() -> dict[str, str]:
    """Folders and buckets that may be chosen by name, as the installation sets them.

    UNION_REPORTS_DELIVERY_PLACES: one to a line, 共享盘=/srv/share or 归档桶=s3://archive. Nobody
    types a path into a page.
    """
    lines = os.environ.get(DELIVERY_PLACES, "").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): place.strip() for name, _, place in pairs if name.strip()}


def deliver_to(publication: int, place: str, at: str, by: str) -> list[Delivered]:
    """Hand an edition to a folder or bucket by the name that the installation gave it."""
    known = delivery_places()
    if place not in known:
        raise LookupError(f"没有设置名为“{place}”的分发位置")
    try:
        if known[place].startswith(BUCKET):
            return deliver(publication, at, bucket=known[place].removeprefix(BUCKET), by=by)
        return deliver(publication, at, folder=known[place], by=by)
    except (OSError, BotoCoreError, ClientError) as error:
        raise LookupError(f"“{place}”现在写不进去，没有分发，请系统管理员检查设置") from error


def _lay(edition: Edition, folder: Path) -> tuple[str, ...]:
    target = folder / edition.period / edition.kind
    target.mkdir(parents=True, exist_ok=True)
    for file in edition.files:
        part = target / f".{file.name}.part"
        part.write_bytes(places().originals.get(file.sha256))
        part.replace(target / file.name)
    return tuple(f.name for f in edition.files)


def _store(edition: Edition, bucket: str) -> tuple[str, ...]:
    """Objects named by period, kind and file; credentials come from the environment, as S3's do."""
    client = boto3.client("s3", endpoint_url=os.environ.get(STORAGE_ENDPOINT) or None)
    names = []
    for file in edition.files:
        key = f"{edition.period}/{edition.kind}/{file.name}"
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=places().originals.get(file.sha256),
            Metadata={"sha256": file.sha256, "reference": edition.reference},
        )
        names.append(key)
    return tuple(names)


def _write(
    connection: Connection, edition: Edition, chosen: DistributionList, when: datetime
) -> dict[str, int]:
    """Address → number in the outbox, for those who have not had this edition."""
    files = [outbox.File(f.name, f.sha256) for f in edition.files]
    body = (
        f"{edition.title}（第{edition.edition}版）已发布，见附件。\n"
        f"本件编号 {edition.reference}；文中各数可在系统“查数”中按编号逐级查到报表。"
    )
    domain = os.environ.get(MAIL_DOMAIN, "localhost")
    written = {}
    for member in chosen.members:
        message = outbox.NewMessage(
            key=mail_key(edition.id, member.address),
            way="mail",
            address=member.address,
            org=chosen.org,
            kind="publication",
            subject=edition.title,
            body=body,
            files=files,
        )
        number = outbox.write(connection, message, domain, when)
        if number is not None:
            written[member.address] = number
    return written


# --- a year on a stick ---

_PAGE = """<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title><style>
body{{font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#22303c;margin:0;
background:#eef1f4}}main{{max-width:58rem;margin:0 auto;padding:2.5rem 1.5rem}}
h1{{font-size:1.6rem}}h2{{font-size:1.1rem;border-bottom:2px solid #2f5d8c;margin-top:2rem}}
table{{width:100%;border-collapse:collapse;background:#fff}}th,td{{padding:.45rem .6rem;
border-bottom:1px solid #d5dce2;text-align:left;vertical-align:top}}th{{background:#e8edf2;
font-size:.9rem}}td.q{{color:#6b7b88;font-size:.9rem;white-space:nowrap}}a{{color:#2f5d8c}}
</style></head><body><main><h1>{title}</h1><p>共{count}件，均为已发布的版本；{at}汇集。</p>
{body}</main></body></html>
"""


def write_site(year: int, folder: str, at: str, *, notices: bool = False) -> dict[str, Any]:
    """Write a year's published editions as a site that works from a stick, without any network.

    Links are relative and numbers lead to the list at the end of their page. What is addressed to
    one union (R-07) stays out unless it is asked for. Returns the index and the number of
    publications and files.
    """
    when, root = moment(at), Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    with engine().connect() as connection:
        found = connection.execute(
            text("SELECT id FROM publication WHERE state = 'published' ORDER BY id")
        ).scalars()
        editions = [edition_of(connection, n) for n in found]
    editions = [
        e for e in editions if Period.parse(e.period).year == year and (notices or for_everyone(e))
    ]
    editions.sort(key=lambda e: (Period.parse(e.period).end, e.kind, e.title))
    parts, files = [], 0
    for kind in dict.fromkeys(sorted(e.kind for e in editions)):
        rows = []
        for edition in (e for e in editions if e.kind == kind):
            links = _place(edition, root)
            files += len(links)
            told = "　".join(f'<a href="{escape(p)}">{escape(label)}</a>' for p, label in links)
            rows.append(
                f"<tr><td>{escape(edition.title)}</td><td class=q>"
                f"{escape(Period.parse(edition.period).chinese)}</td>"
                f"<td class=q>第{edition.edition}版</td><td>{told}</td></tr>"
            )
        head = "<tr><th>名称</th><th>所属期</th><th>版次</th><th>文件</th></tr>"
        parts.append(f"<h2>{escape(kind)}</h2><table>{head}{''.join(rows)}</table>")
    index = root / "index.html"
    index.write_text(
        _PAGE.format(
            title=f"{year}年发布资料",
            count=len(editions),
            at=chinese_day(when),
            body="".join(parts),
        ),
        encoding="utf-8",
    )
    return {"index": str(index), "publications": len(editions), "files": files}


_LABELS = {".html": "网页", ".docx": "Word", ".xlsx": "工作簿", ".pdf": "PDF", ".csv": "CSV"}


def _place(edition: Edition, root: Path) -> list[tuple[str, str]]:
    """Write an edition's files below its reference; names may be longer than a stick allows."""
    target = root / "files" / f"{edition.reference}-{edition.edition}"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    links = []
    order = list(_LABELS)
    listed = sorted(edition.files, key=lambda f: (Path(f.name).suffix not in order, f.name))
    for number, file in enumerate(listed, 1):
        suffix = Path(file.name).suffix
        content = places().originals.get(file.sha256)
        if suffix == ".html":
            content = offline(content.decode()).encode()
        name = f"{edition.reference}-{number}{suffix}"
        (target / name).write_bytes(content)
        links.append((f"files/{target.name}/{name}", _LABELS.get(suffix, suffix.lstrip("."))))
    return links
