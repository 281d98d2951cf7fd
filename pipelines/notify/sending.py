"""Handing messages over: each once, whatever dies in between; again later when it did not go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pipelines.notify.ways import NotNow, Refused, Unreachable, Unsure, Way
from warehouse import outbox
from warehouse.originals import Originals
from warehouse.outbox import Message

TOGETHER = 200
WentOut = Callable[[Collection[str]], set[str]]


def deliver(
    engine: Engine,
    originals: Originals,
    ways: Mapping[str, Way],
    at: datetime,
    *,
    waits: Sequence[int],
    went_out: WentOut | None = None,
    unsure_for: timedelta = timedelta(minutes=30),
) -> dict[str, int]:
    """Hand over what is due by the ways there are; counts by what became of it.

    One process does this at a time. A message is marked before it leaves our hands and after: one
    that stands between was left by a process that died, and is sent again only where that leaves
    one, or where `went_out` (the message ids of which the own mailbox has a copy) shows that it
    never left. Otherwise a person decides. `waits` are minutes between one try and the next.
    """
    done: Counter[str] = Counter()
    with outbox.only_deliverer(engine) as alone:
        if not alone:
            return {"busy": 1}
        _settle_left_over(engine, ways, at, went_out, unsure_for)
        with engine.connect() as connection:
            due = outbox.to_send(connection, at)
            kept = {m.id: m for m in outbox.in_state(connection, outbox.WAITING)}
        closed: set[str] = set()
        for group in _groups(due, kept, ways):
            way = ways[group[0].way]
            if group[0].way in closed:
                continue
            files = {m.id: [(f.name, originals.get(f.sha256)) for f in m.files] for m in group}
            with engine.begin() as connection:
                handed = [h for m in group if (h := outbox.hand(connection, m.id, at))]
            outcomes = []
            for message in handed:
                state, error = _attempt(way, message, files[message.id])
                if state == "unreachable":
                    closed.add(message.way)
                outcomes.append((message, *_next(state, message, at, waits), error))
            with engine.begin() as connection:
                for message, state, next_try, error in outcomes:
                    outbox.settle(connection, message.id, state, at, error=error, next_try=next_try)
                    done[state] += 1
    return dict(done)


def _groups(
    due: Sequence[int], kept: Mapping[int, Message], ways: Mapping[str, Way]
) -> Iterator[list[Message]]:
    """Messages alone; those that may be handed over twice in runs that share two transactions."""
    together: list[Message] = []
    for number in due:
        message = kept.get(number)
        if message is None or message.way not in ways:
            continue
        if not ways[message.way].again:
            yield [message]
            continue
        if together and (together[0].way != message.way or len(together) >= TOGETHER):
            yield together
            together = []
        together.append(message)
    if together:
        yield together


def _attempt(way: Way, message: Message, files: Sequence[tuple[str, bytes]]) -> tuple[str, str]:
    try:
        way.hand_over(message, files)
    except Unreachable as error:
        return "unreachable", str(error)
    except NotNow as error:
        return outbox.WAITING, str(error)
    except Refused as error:
        return outbox.REFUSED, str(error)
    except Unsure as error:
        return outbox.UNSURE, str(error)
    return outbox.SENT, ""


def _next(
    state: str, message: Message, at: datetime, waits: Sequence[int]
) -> tuple[str, datetime | None]:
    """The state to keep, and when to try again; after the last wait it is given up."""
    if state not in (outbox.WAITING, "unreachable"):
        return state, None
    if message.tries > len(waits):
        return outbox.GIVEN_UP, None
    return outbox.WAITING, at + timedelta(minutes=waits[message.tries - 1])


def _settle_left_over(
    engine: Engine,
    ways: Mapping[str, Way],
    at: datetime,
    went_out: WentOut | None,
    unsure_for: timedelta,
) -> None:
    with engine.begin() as connection:
        for message in outbox.in_state(connection, outbox.HANDING):
            way = ways.get(message.way)
            state = outbox.WAITING if way is not None and way.again else outbox.UNSURE
            outbox.settle(connection, message.id, state, at, error="发送中断", next_try=at)
        doubtful = [m for m in outbox.in_state(connection, outbox.UNSURE) if m.way == "mail"]
        if not doubtful or went_out is None:
            return
        arrived = went_out([m.message_id for m in doubtful])
        for message in doubtful:
            if message.message_id in arrived:
                outbox.settle(connection, message.id, outbox.SENT, at)
            elif message.handed is None or at - message.handed >= unsure_for:
                outbox.settle(connection, message.id, outbox.WAITING, at, next_try=at)
