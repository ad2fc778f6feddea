"""What gateways report, taken in: stored first, then read. Who reports may forget it when this returns; in a burst of
SMS it may not have been read by then.
"""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from callbridge.gateways import InboundSms, Report, SmsState, SmsStatus
from dispatch import gateway_health, results
from dispatch.models import EarlyReceipt
from dispatch.replies import Replies
from registry.store import Store, Writing

log = structlog.get_logger()

NEVER_KNOWN = timedelta(minutes=10)  # after this nobody will know what an early receipt was about
AT_ONCE = 200


def take(store: Store, replies: Replies, gateway: str, reports: Iterable[Report]) -> None:
    """Commits them, each by itself; the same report again changes nothing."""
    for report in reports:
        if isinstance(report, SmsStatus):
            _take_status(store, replies.centre_id, gateway, report)
        else:
            _take_sms(store, replies, gateway, report)


def read_early(store: Store) -> int:
    """Reads the receipts that came before we knew their message, and drops those that nobody will ever know."""
    now = store.clock.now()
    with store.reading() as session:
        waiting = session.scalars(select(EarlyReceipt).order_by(col(EarlyReceipt.id)).limit(AT_ONCE)).all()
    for receipt in waiting:
        with store.writing() as session:
            status = SmsStatus(
                event_id="",
                attempt="",
                status=receipt.status,
                at=receipt.received_at,
                reason=receipt.reason,
                reference=receipt.reference,
            )
            known = results.take_status(session, receipt.gateway, status)
            if known or receipt.received_at <= now - NEVER_KNOWN:
                session.execute(delete(EarlyReceipt).where(col(EarlyReceipt.id) == receipt.id))
    return len(waiting)


def _take_status(store: Store, centre_id: int, gateway: str, status: SmsStatus) -> None:
    with store.writing() as session:
        if not results.take_status(session, gateway, status):
            _keep(session, gateway, status)
        if status.status in (SmsState.SENT, SmsState.DELIVERED):
            gateway_health.works(session, centre_id, gateway)


def _keep(session: Writing, gateway: str, status: SmsStatus) -> None:
    """Some vendors report faster than they answer: their name for the message may be known in a moment."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(
        insert(EarlyReceipt)
        .values(
            gateway=gateway,
            reference=status.reference[:128],
            status=status.status,
            reason=status.reason[:200],
            received_at=session.clock.now(),
        )
        .on_conflict_do_nothing()
    )


def _take_sms(store: Store, replies: Replies, gateway: str, sms: InboundSms) -> None:
    with store.writing() as session:
        inbound_id = replies.take_in(session, gateway, sms).id
    assert inbound_id is not None
    replies.backlog.run(partial(_read, store, replies, inbound_id))


def _read(store: Store, replies: Replies, inbound_id: int) -> None:
    try:
        store.write(lambda session: replies.read(session, inbound_id))
    except Exception:  # it is stored, and read again by the clock
        log.exception("inbound.not_read", inbound=inbound_id)
