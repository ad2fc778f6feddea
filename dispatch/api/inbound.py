"""SMS that an operator should see."""

from fastapi import APIRouter, Response
from sqlmodel import select

from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.models import Inbound, Offer
from dispatch.views.inbound import inbound_lines, seen_by, waiting
from dispatch.wire.base import Id
from dispatch.wire.board import InboundLine
from registry.store import Entry, Subject, Writing

router = APIRouter(prefix="/inbound", tags=["inbound"])


@router.get("", response_model=list[InboundLine])
def list_inbound(reader: Reads) -> Response:
    """Those nobody has seen yet, the oldest first."""
    return reader.answer(waiting)


@router.post("/{inbound_id}/seen", response_model=InboundLine)
def seen(inbound_id: Id, commands: Commands) -> Response:
    """This operator has read it; it leaves everybody's board. The first one to read it is kept."""

    def mark(session: Writing, desk: Desk) -> InboundLine:
        visible = session.scalar(select(Inbound.id).where(Inbound.id == inbound_id, seen_by(desk)))
        inbound = session.lock(Inbound, visible) if visible is not None else None
        if inbound is None:
            raise NotFound(subject="inbound", id=inbound_id)
        if inbound.seen_by_id is None:
            inbound.seen_by_id = desk.operator_id
            session.record(
                Entry(
                    what=f"{Subject.MESSAGE}.seen",
                    subject=Subject.MESSAGE,
                    subject_id=inbound_id,
                    actor=desk.actor,
                    centre_id=desk.centre_id,
                    case_id=session.scalar(select(Offer.case_id).where(Offer.id == inbound.offer_id)),
                    data={"inbound": inbound_id},
                )
            )
        session.flush()
        return inbound_lines(session, [inbound])[0]

    return commands.do(mark)
