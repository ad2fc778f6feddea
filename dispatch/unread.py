"""What is stored and not read yet: keys as soon as they are pressed, whatever is left over a little later."""

from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement, select
from sqlmodel import col

from dispatch import call_ins
from dispatch.models import Inbound, InboundReading
from dispatch.replies import Replies
from registry.store import Store

log = structlog.get_logger()

LEFT_OVER = 200  # read in one go: some seconds


def read_left_over(store: Store, replies: Replies, older_than: timedelta = timedelta(seconds=5)) -> int:
    """Reads what was stored and not read: the service went away in between, or something failed."""
    return _read(store, replies, col(Inbound.received_at) <= store.clock.now() - older_than)


def read_keys(store: Store, replies: Replies) -> int:
    """Reads what has just been pressed: a merchant waits for the answer."""
    return _read(store, replies, col(Inbound.gateway) == call_ins.KEYS)


def _read(store: Store, replies: Replies, which: ColumnElement[bool]) -> int:
    with store.reading() as session:
        left = session.scalars(
            select(col(Inbound.id))
            .where(col(Inbound.reading) == InboundReading.UNREAD, which)
            .order_by(col(Inbound.id))
            .limit(LEFT_OVER)
        ).all()
    for inbound_id in left:
        try:
            store.write(partial(replies.read, inbound_id=inbound_id or 0))
        except Exception:
            log.exception("inbound.not_read", inbound=inbound_id)
    return len(left)
