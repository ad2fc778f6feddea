"""An operator calls somebody: any number on the card, or one whose call is called back. It is a call of its own."""

import uuid

from sqlmodel import col, select

from dispatch import cases
from dispatch.calls import held
from dispatch.casebook import held as held_case
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict
from dispatch.models import Call, CaseCall, Direction, Leg, LegRole, LinkWhy, Operator, OrderKind, Speaker
from dispatch.models.transitions import key, note
from dispatch.phone_orders import order
from dispatch.wire.telephone import Dial
from registry.models import Channel, Contact, Line, Merchant, MerchantNumber, Resident
from registry.numbers import NumberPlan
from registry.store import Subject, Writing


def dial(session: Writing, desk: Desk, plan: NumberPlan, exchange: str, wish: Dial) -> Call:
    """The operator calls somebody: a call of its own, belonging to the case it is about."""
    extension = telephone_of(session, desk.operator_id)
    before = held(session, desk, wish.call_id) if wish.call_id is not None else None
    number = wish.number or (before.number if before is not None else None)
    resident_id = wish.resident_id or (before.resident_id if before is not None else None)
    if number is None and wish.contact_id is None and wish.merchant_id is None:
        number = _first_line(session, desk, resident_id)
    number = number or number_of(session, desk, wish.contact_id, wish.merchant_id)
    uniqueid = f"{exchange}-dial-{uuid.uuid4().hex}"
    call = Call(
        centre_id=desk.centre_id,
        exchange=exchange,
        direction=Direction.OUT,
        number_heard=number,
        number=plan.read(number).number,
        dialled=number[:40],
        operator_id=desk.operator_id,
        arrived_at=session.clock.now(),
        speaker_merchant_id=wish.merchant_id,
        speaker=Speaker.MERCHANT if wish.merchant_id else Speaker.CONTACT if wish.contact_id else Speaker.UNKNOWN,
        speaker_contact_id=wish.contact_id,
    )
    if resident_id is not None:
        resident = _resident(session, desk, resident_id)
        call.resident_id, call.area_id = resident.id, resident.area_id
        call.speaker = Speaker.RESIDENT if call.speaker is Speaker.UNKNOWN else call.speaker
    session.add(call)
    session.flush()
    session.add(
        Leg(
            call_id=key(call),
            exchange=exchange,
            uniqueid=uniqueid,
            role=LegRole.OPERATOR,
            extension=extension,
            operator_id=desk.operator_id,
            started_at=call.arrived_at,
        )
    )
    called = [held_case(session, desk, wish.case_number)] if wish.case_number is not None else []
    for case in called:
        cases.link(session, case, call, LinkWhy.ABOUT)
    if before is not None:
        for case_id in session.exec(select(CaseCall.case_id).where(CaseCall.call_id == key(before))).all():
            if all(case.id != case_id for case in called):
                session.add(CaseCall(case_id=case_id, call_id=key(call), why=LinkWhy.ABOUT))
    case_ids = [case.id for case in called]
    note(session, call, "dialled", desk.actor, extension=extension, called_back=wish.call_id, cases=case_ids)
    order(
        session,
        OrderKind.DIAL,
        centre_id=desk.centre_id,
        exchange=exchange,
        call=call,
        operator_id=desk.operator_id,
        call_uniqueid=uniqueid,
        extension=extension,
        number=number,
    )
    return call


def telephone_of(session: Writing, operator_id: int) -> str:
    """Raises Conflict for an operator without a telephone, or whose telephone cannot be reached."""
    operator = session.get(Operator, operator_id)
    assert operator is not None
    if operator.extension is None or not operator.phone_reachable:
        now = "phone_unreachable" if operator.extension is not None else "no_phone"
        raise Conflict(subject=Subject.OPERATOR, now=now, extension=operator.extension)
    return operator.extension


def number_of(
    session: Writing, desk: Desk, contact_id: int | None, merchant_id: int | None, call: Call | None = None
) -> str:
    """A contact's number, or the one at which a merchant is called. Raises BadValue when there is none."""
    if contact_id is not None:
        contact = session.get(Contact, contact_id)
        if contact is None or (call is not None and contact.resident_id != call.resident_id):
            raise BadValue(field="contact_id", found=contact_id, right="contact.of_this_resident")
        _resident(session, desk, contact.resident_id, known_from=call)
        return contact.number
    numbers = (
        select(MerchantNumber.number)
        .join(Merchant, col(Merchant.id) == MerchantNumber.merchant_id)
        .where(
            Merchant.centre_id == desk.centre_id,
            Merchant.id == merchant_id,
            MerchantNumber.channel == Channel.VOICE,
        )
    )
    number = session.exec(numbers.order_by(col(MerchantNumber.rank)).limit(1)).first()
    if number is None:
        raise BadValue(field="merchant_id", found=merchant_id, right="merchant.with_a_telephone")
    return number


def _first_line(session: Writing, desk: Desk, resident_id: int | None) -> str:
    line = None
    if resident_id is not None:
        _resident(session, desk, resident_id)
        lines = select(Line.number).where(Line.resident_id == resident_id, col(Line.ended_at).is_(None))
        line = session.exec(lines.order_by(col(Line.id)).limit(1)).first()
    if line is None:
        raise BadValue(field="number", found=None, right="number.known")
    return line


def _resident(session: Writing, desk: Desk, resident_id: int, *, known_from: Call | None = None) -> Resident:
    """Raises BadValue for one whom this desk may not see, unless its own call is about her."""
    here = select(Resident).where(Resident.id == resident_id, Resident.centre_id == desk.centre_id)
    if known_from is None or known_from.resident_id != resident_id:
        here = here.where(desk.scope.covers(Resident))
    resident = session.exec(here).first()
    if resident is None:
        raise BadValue(field="resident_id", found=resident_id, right="resident.known")
    return resident
