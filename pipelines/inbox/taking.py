"""Taking in: originals first, then receipts, then the channel is told that they are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from pipelines.inbox.arriving import Channel, Delivery, Letter, Taken
from warehouse import contacts, letters, receipts
from warehouse.letters import NewLetter
from warehouse.originals import Originals
from warehouse.receipts import NewReceipt, Receipt
from warehouse.windows import china_day

# What is kept with one flush and one transaction.
BATCH = 256
BATCH_BYTES = 64 << 20
KINDS = {channel: kind for kind, channel in contacts.CHANNELS.items()}


def take(engine: Engine, originals: Originals, channel: Channel, at: datetime) -> Taken:
    """Keep every delivery of a channel: original first, then its receipt, then done.

    Deliveries are kept in batches, each with one flush to disk and one transaction. Killed
    between two of these steps, the next sweep finds the same deliveries by their source. A file
    from an address that no organisation has registered is kept and held: it is nobody's.
    """
    received = duplicates = known = held = 0
    for batch in _batches(channel.deliveries()):
        hashes = iter(originals.put_many([data for item in batch for data in _contents(item)]))
        with engine.begin() as connection:
            entries = _record(connection, channel.name, batch, hashes, at)
        for entry in entries:
            if entry is None:
                known += 1
            elif entry.state == "duplicate":
                duplicates += 1
            elif entry.state == "held":
                held += 1
            else:
                received += 1
        for item in batch:
            channel.done(item)
    return Taken(received, duplicates, known, held)


def _contents(item: Delivery | Letter) -> list[bytes]:
    return [item.raw, *(f.data for f in item.files)] if isinstance(item, Letter) else [item.data]


def _record(
    connection: Connection,
    channel: str,
    batch: Sequence[Delivery | Letter],
    hashes: Iterator[str],
    at: datetime,
) -> list[Receipt | None]:
    """Letters one by one, then all receipts together; an answer for each file in its order."""
    whose = _Senders(connection, channel, at)
    new: list[NewReceipt] = []
    known = 0
    for item in batch:
        sha256 = next(hashes)
        if isinstance(item, Delivery):
            new.append(_receipt(item, sha256, channel, whose.of(item), at))
            continue
        own = [next(hashes) for _ in item.files]
        sender = whose.writing(item)
        letter = _letter(connection, channel, item, sha256, sender, at)
        if letter is None or letters.nature_of(connection, letter) == "again":
            known += len(own)
            continue
        new += [
            _receipt(f, h, channel, sender, min(item.received_at, at), letter)
            for f, h in zip(item.files, own, strict=True)
        ]
    return [*receipts.record_many(connection, new), *([None] * known)]


def _receipt(
    item: Delivery,
    sha256: str,
    channel: str,
    sender: str,
    at: datetime,
    letter: int | None = None,
) -> NewReceipt:
    return NewReceipt(
        sha256=sha256,
        size=len(item.data),
        file_name=item.file_name,
        channel=channel,
        source=item.source,
        sender=sender,
        # No clock but ours makes a file arrive later than it was seen.
        received_at=min(item.received_at or at, at),
        expected_period=item.expected_period,
        address=item.address,
        letter_id=letter,
        held=bool(item.address) and not sender,
    )


def _letter(
    connection: Connection, channel: str, item: Letter, sha256: str, sender: str, at: datetime
) -> int | None:
    return letters.record(
        connection,
        NewLetter(
            channel=channel,
            source=item.source,
            digest=item.digest,
            message_id=item.message_id,
            thread=item.thread,
            address=item.address,
            sender=sender,
            nature=item.nature,
            sha256=sha256,
            size=item.size,
            received_at=min(item.received_at, at),
            confirmed=item.confirmed,
        ),
    )


class _Senders:
    """Whose an address is on the day something came from it; each asked once."""

    def __init__(self, connection: Connection, channel: str, at: datetime) -> None:
        self._connection = connection
        self._kind = KINDS.get(channel, "")
        self._at = at
        self._known: dict[tuple[str, object], str] = {}

    def of(self, item: Delivery) -> str:
        """The organisation of a file; what the channel says where it knows."""
        return self._code(item.address, item.received_at) if item.address else item.sender

    def writing(self, item: Letter) -> str:
        """The organisation of a mail; nobody's when its sender is not confirmed."""
        return self._code(item.address, item.received_at) if item.confirmed else ""

    def _code(self, address: str, received_at: datetime | None) -> str:
        day = china_day(min(received_at or self._at, self._at))
        if (address, day) not in self._known:
            found = contacts.senders(self._connection, self._kind, [address], day)
            self._known[address, day] = next(iter(found.values()), "")
        return self._known[address, day]


def _batches(deliveries: Iterable[Delivery | Letter]) -> Iterator[list[Delivery | Letter]]:
    """Runs of deliveries, bounded by number and by bytes in memory."""
    batch: list[Delivery | Letter] = []
    size = 0
    for delivery in deliveries:
        batch.append(delivery)
        size += sum(map(len, _contents(delivery)))
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
