"""Merchants: found, read, registered, changed."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from dispatch import suspensions
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.views.desk import merchant_lines
from dispatch.views.merchants import merchant_view
from dispatch.wire.base import Id
from dispatch.wire.cards import Resume, Suspend
from dispatch.wire.merchants import MerchantCard
from dispatch.wire.pages import Merchants
from dispatch.wire.people import MerchantChange, NewMerchant
from dispatch.wire.words import MerchantKind as KindWord
from registry import drafts
from registry import merchants as work
from registry.models import MerchantKind
from registry.store import Reading, Role, Writing

router = APIRouter(prefix="/merchants", tags=["merchants"])


@router.get("", response_model=Merchants)
def find_merchants(
    reader: Reads,
    q: Annotated[str, Query(max_length=200, description="Part of the name or address, or a whole number")] = "",
    kind: Annotated[KindWord | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """By name."""

    def look(session: Reading, desk: Desk) -> Merchants:
        only = MerchantKind(kind) if kind is not None else None
        total, found = work.find_merchants(session, desk.scope, q, kind=only, limit=limit, offset=offset)
        ids = [merchant.id for merchant in found]
        lines = merchant_lines(session, ids)
        return Merchants(total=total, items=[lines[id_] for id_ in ids if id_ is not None])

    return reader.answer(look)


@router.get("/{merchant_id}", response_model=MerchantCard)
def read_merchant(merchant_id: Id, reader: Reads) -> Response:
    return reader.answer(lambda session, desk: _card(session, desk, merchant_id, reader.now))


@router.post("", response_model=MerchantCard, status_code=201)
def register_merchant(new: NewMerchant, commands: Commands) -> Response:
    """Needs a supervisor."""

    def register(session: Writing, desk: Desk) -> MerchantCard:
        desk.needs(Role.SUPERVISOR)
        draft = drafts.read(drafts.MerchantDraft, new.model_dump(exclude_unset=True))
        merchant = work.create_merchant(session, desk.scope, draft, actor=desk.actor)
        return _card(session, desk, merchant.id or 0, session.clock.now())

    return commands.do(register, 201)


@router.patch("/{merchant_id}", response_model=MerchantCard)
def change_merchant(merchant_id: Id, change: MerchantChange, commands: Commands) -> Response:
    """Changes the fields that are sent; what is left out stays. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> MerchantCard:
        desk.needs(Role.SUPERVISOR)
        fields = change.model_dump(exclude_unset=True, exclude={"version"})
        work.change_merchant(
            session,
            desk.scope,
            merchant_id,
            drafts.read(drafts.MerchantChange, fields),
            seen_version=change.version,
            actor=desk.actor,
        )
        session.flush()
        return _card(session, desk, merchant_id, session.clock.now())

    return commands.do(write)


@router.post("/{merchant_id}/suspend", response_model=MerchantCard)
def suspend_merchant(merchant_id: Id, order: Suspend, commands: Commands) -> Response:
    """Nothing new is offered to it, until then or until somebody ends it. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> MerchantCard:
        suspensions.suspend(session, desk, merchant_id, order)
        session.flush()
        return _card(session, desk, merchant_id, session.clock.now())

    return commands.do(write)


@router.post("/{merchant_id}/resume", response_model=MerchantCard)
def resume_merchant(merchant_id: Id, order: Resume, commands: Commands) -> Response:
    """Ends its suspension. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> MerchantCard:
        suspensions.resume(session, desk, merchant_id)
        session.flush()
        return _card(session, desk, merchant_id, session.clock.now())

    return commands.do(write)


def _card(session: Reading | Writing, desk: Desk, merchant_id: Id, now: datetime) -> MerchantCard:
    return merchant_view(session, work.merchant_card(session, desk.scope, merchant_id), now)
