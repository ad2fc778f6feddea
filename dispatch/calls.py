"""What an operator says about a call: whom it is about, who is on the line, that its caller has been called back."""

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from dispatch import call_backs, offers
from dispatch.casebook import hold_all
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, NotFound, StaleVersion
from dispatch.models import Call, CallMatch, Case, CaseCall, LinkWhy, Reason, Speaker
from dispatch.models.transitions import note
from dispatch.wire.calls import CallChange, SettleCall
from registry.models import Contact, Resident
from registry.people import remember_line
from registry.store import Scope, Subject, Writing


def seen_by(desk: Desk) -> ColumnElement[bool]:
    """The calls a desk may see: those of its area, of nobody known, those it has answered, those that ring there."""
    hers = [col(Call.operator_id) == desk.operator_id]
    if desk.extension:
        listed = "," + col(Call.ringing) + ","
        hers.append(listed.contains(f",{desk.extension},", autoescape=True))
    return or_(desk.scope.covers(Call), *hers)


def held(session: Writing, desk: Desk, call_id: int) -> Call:
    """The call, held until the transaction ends. Raises NotFound when the desk may not see it."""
    visible = session.scalar(select(col(Call.id)).where(col(Call.id) == call_id, seen_by(desk)))
    call = session.lock(Call, visible) if visible is not None else None
    if call is None or call.centre_id != desk.centre_id:
        raise NotFound(subject=Subject.CALL, id=call_id)
    return call


def change_call(session: Writing, desk: Desk, call_id: int, change: CallChange) -> Call:
    """Writes down what the operator heard. Fields that were not sent stay; a null takes the value away.

    Raises NotFound, StaleVersion, and BadValue for a resident or contact that does not exist here.
    """
    call = held(session, desk, call_id)
    if call.version != change.version:
        raise StaleVersion(subject=Subject.CALL, now=call.version, seen=change.version)
    sent = change.model_fields_set
    if "resident_id" in sent:
        is_about(session, call, change.resident_id, desk)
    if "speaker" in sent:
        call.speaker = Speaker(change.speaker or Speaker.UNKNOWN)
    if "speaker_name" in sent:
        call.speaker_name = change.speaker_name
    if "speaker_contact_id" in sent:
        _speaks(session, call, change.speaker_contact_id)
    if change.remember_line:
        if call.resident_id is None or call.number is None:
            raise BadValue(field="remember_line", found=True, right="call.resident_and_number")
        remember_line(session, Scope(desk.centre_id), call.resident_id, call.number, actor=desk.actor)
    call.version += 1
    note(session, call, "changed", desk.actor, fields=sorted(sent - {"version"}))
    return call


def is_about(session: Writing, call: Call, resident_id: int | None, desk: Desk) -> None:
    """The call, which the caller holds, is about this resident, and so are the cases it opened about nobody yet.

    Raises BadValue when there is no such resident in the desk's scope or among those on that line.
    """
    before = call_backs.whose(call)
    if resident_id is None:
        call.resident_id, call.area_id = None, None
        _hold_cases(session, call, before)
        call_backs.is_of(session, call, before, desk.actor)
        return
    offered = select(col(CallMatch.resident_id)).where(col(CallMatch.call_id) == call.id)
    resident = session.scalar(
        select(Resident).where(
            col(Resident.id) == resident_id,
            col(Resident.centre_id) == desk.centre_id,
            or_(desk.scope.covers(Resident), col(Resident.id).in_(offered)),
        )
    )
    if resident is None:
        raise BadValue(field="resident_id", found=resident_id, right="resident.known")
    call.resident_id, call.area_id = resident.id, resident.area_id
    if call.speaker is Speaker.UNKNOWN:
        call.speaker = Speaker.RESIDENT
    opened = select(col(CaseCall.case_id)).where(
        col(CaseCall.call_id) == call.id, col(CaseCall.why) == LinkWhy.OPENED
    )
    about_nobody = select(col(Case.id)).where(col(Case.id).in_(opened), col(Case.resident_id).is_(None))
    nobodys = session.scalars(about_nobody.order_by(col(Case.id))).all()
    _hold_cases(session, call, before, *nobodys)
    call_backs.is_of(session, call, before, desk.actor)
    for case_id in nobodys:
        case = session.lock(Case, case_id or 0)
        if case is not None and case.resident_id is None:
            case.resident_id, case.area_id = resident.id, resident.area_id
            case.version += 1
            note(session, case, "changed", desk.actor, fields=["resident_id"], resident=resident.id)
            offers.tell_anew(session, case)


def _hold_cases(session: Writing, call: Call, before: str, *others: int | None) -> None:
    """The call-backs of whom the call was of `before` and of whom it is of now, and `others`."""
    whose = (before, call_backs.whose(call))
    hold_all(session, (*others, *(call_backs.open_of(session, call.centre_id, who) for who in whose)))


def _speaks(session: Writing, call: Call, contact_id: int | None) -> None:
    if contact_id is not None:
        contact = session.get(Contact, contact_id)
        about = {call.resident_id} if call.resident_id is not None else _on_this_line(session, call)
        if contact is None or contact.resident_id not in about:
            raise BadValue(field="speaker_contact_id", found=contact_id, right="contact.of_this_resident")
        call.speaker = Speaker.CONTACT
    call.speaker_contact_id = contact_id


def _on_this_line(session: Writing, call: Call) -> set[int | None]:
    return set(session.scalars(select(col(CallMatch.resident_id)).where(col(CallMatch.call_id) == call.id)))


def settle_call(session: Writing, desk: Desk, call_id: int, word: SettleCall) -> Call:
    """The operator's word: whoever this call is of has been called back, or needs nothing any more.

    Raises NotFound for a call that the desk may not see, Conflict when nobody has to be called back.
    """
    call = held(session, desk, call_id)
    case = call_backs.held_open(session, call.centre_id, call_backs.whose(call))
    if case is None:
        raise Conflict(subject=Subject.CALL, now=call.state, reached="settled")
    call_backs.settle(session, case, desk.actor, Reason(word.outcome), word.note)
    note(session, call, "settled", desk.actor, case=case.id)
    return call
