"""Seals the texts of before: those of a database from an earlier version, and whatever was written while the master
key was not at hand.

A pass goes through each table once, by the rows' numbers, a few at a time; each row says itself whether it is done,
so a service that starts again just looks once more. Until a row is sealed its plain text is read.
"""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from sqlalchemy import or_, select
from sqlmodel import col

from dispatch.models import Card, Case, Inbound, Message
from registry.sealed import settle
from registry.store import Store, Writing

log = structlog.get_logger()

AT_ONCE = 20  # rows in one transaction: 10 ms on a slow machine
FOUND_AT_ONCE = 1000
LONGEST = 2.0  # seconds of one run: a service that ends waits for it

_UNSEALED: dict[type[Case | Card | Inbound | Message], tuple[Any, ...]] = {
    Case: (
        col(Case.resident_id).is_not(None),
        or_(
            col(Case.words) != "",
            col(Case.outcome_note) != "",
            col(Case.place) != "",
            col(Case.latitude).is_not(None),
        ),
    ),
    Card: (or_(col(Card.dispute) != "", col(Card.decision) != ""),),
    Inbound: (
        col(Inbound.body) != "",
        or_(col(Inbound.offer_id).is_not(None), col(Inbound.merchant_id).is_(None)),
    ),
    Message: (
        col(Message.body) != "",
        or_(*(col(told).is_not(None) for told in (Message.resident_id, Message.case_id, Message.inbound_id))),
    ),
}


class Sealer:
    """`run` now and then, beside whatever else goes on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._passed = dict.fromkeys(_UNSEALED, 0)  # up to which row each table has been looked through
        self.done = False

    def run(self, longest: float = LONGEST) -> int:
        """Goes on for some seconds, and returns how many rows were looked at; 0 once every table is done."""
        if self.done:
            return 0
        give_up, looked = time.monotonic() + longest, 0
        for table in _UNSEALED:
            while found := self._next(table):
                for place in range(0, len(found), AT_ONCE):
                    some = found[place : place + AT_ONCE]
                    held = self._seal(table, some)
                    looked, self._passed[table] = looked + len(some), some[-1]
                    time.sleep(held)  # the database is left alone for as long as it was held
                    if time.monotonic() > give_up:
                        return looked
        self.done = True
        log.info("texts.looked_through", rows=looked)
        return looked

    def _next(self, table: type[Case | Card | Inbound | Message]) -> Sequence[int]:
        which = (col(table.id) > self._passed[table], col(table.sealed).is_(None), *_UNSEALED[table])
        with self._store.reading() as session:
            found = session.scalars(select(col(table.id)).where(*which).order_by(col(table.id)).limit(FOUND_AT_ONCE))
            return [id_ for id_ in found if id_ is not None]

    def _seal(self, table: type[Case | Card | Inbound | Message], ids: Sequence[int]) -> float:
        began = time.monotonic()
        self._store.write(partial(_seal, table=table, ids=ids))
        return time.monotonic() - began


def _seal(session: Writing, table: type[Case | Card | Inbound | Message], ids: Sequence[int]) -> None:
    for row in session.lock_all(table, ids):
        settle(session, row)
