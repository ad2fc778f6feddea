"""What is told of a visit, and what proves it: the resident's word, a call from her own line, or the report alone.

Every way leads through here: the merchant's SMS and keys, an operator's ear, a call that comes in. Nothing is filled
in for the past: each step has the clock of the moment at which it was told, and what is entered later says so.
"""

from collections.abc import Collection
from datetime import datetime
from enum import Enum, auto
from hmac import compare_digest

from sqlalchemy import or_, select
from sqlmodel import col

from dispatch import visits
from dispatch.attention import Need, need
from dispatch.casebook import expect, held, service_of
from dispatch.desk import Desk
from dispatch.errors import BadValue, ForbiddenMove
from dispatch.models import Call, Case, Offer, OfferState, ProvedBy, Visit, VisitState
from dispatch.models.transitions import key, note
from dispatch.wire.offers import VisitReport
from registry.models import VisitProof
from registry.store import Actor, Subject, Writing

WRONG_WORDS = 3  # so many bring in the operator, and no further one is looked at
ENDED = frozenset({VisitState.DONE, VisitState.CALLED_OFF})


class Told(Enum):
    """What became of a report."""

    NOTED = auto()
    PROOF_WANTED = auto()  # done, but not without what the service asks for
    WRONG_WORD = auto()
    WRONG_TOO_OFTEN = auto()


def report(
    session: Writing, case: Case, visit: Visit, to: VisitState, actor: Actor, *, way: str, word: str | None = None
) -> Told:
    """A merchant says how far it is, and may say the resident's word. The caller holds case and visit.

    Raises ForbiddenMove for a step back or a repeated one.
    """
    if word is not None and wants_word(session, case, visit):
        if visit.wrong_words >= WRONG_WORDS:
            return Told.WRONG_TOO_OFTEN
        assert visit.word is not None
        if not compare_digest(word, visit.word):
            return _wrong_word(session, case, visit, actor)
        _proved(session, visit, ProvedBy.WORD, actor, session.clock.now())
        if visit.state is to:
            return Told.NOTED
    if to is VisitState.DONE and visit.state not in ENDED and _wants_proof(session, case, visit):
        visits.done_without_proof(session, case, visit, actor, proof=way)
        return Told.PROOF_WANTED
    visits.step(session, case, visit, to, actor, proof=way)
    return Told.NOTED


def report_visit(session: Writing, desk: Desk, number: str, told: VisitReport) -> Visit:
    """Writes down what the merchant told the operator, who also takes it without proof: her word stands for it.

    Raises NotFound, Conflict, ForbiddenMove, BadValue for a word that is not hers or a moment outside of the visit.
    """
    case = held(session, desk, number)
    expect(session, case, told.expects)
    visit = visits.of_case(session, case)
    if visit is None:
        raise ForbiddenMove(subject=Subject.VISIT, now=case.state, wanted=told.step)
    now = session.clock.now()
    if told.word is not None:
        if visit.word is None or not compare_digest(told.word, visit.word):
            raise BadValue(field="word", found=told.word, right="word.of_this_visit")
        if visit.proved_by is None:
            _proved(session, visit, ProvedBy.WORD, desk.actor, now)
    later: dict[str, object] = {}
    if told.happened_at is not None:
        if not visit.promised_at <= told.happened_at <= now:
            raise BadValue(field="happened_at", found=told.happened_at.isoformat(), right="moment.of_this_visit")
        later = {"happened_at": told.happened_at.isoformat(), "entered_later": True}
    visits.step(session, case, visit, VisitState(told.step), desk.actor, proof="operator", **later)
    return visit


def called_from_home(session: Writing, call: Call, resident_ids: Collection[int], at: datetime, by: ProvedBy) -> None:
    """A call has come from a line of these residents: it proves the visits to them that ask for one, and whose
    merchant has said before that somebody is at the door.
    """
    waiting = session.execute(
        select(col(Visit.case_id), col(Visit.id))
        .join(Case, col(Case.id) == col(Visit.case_id))
        .join(Offer, col(Offer.id) == col(Visit.offer_id))
        .where(
            col(Case.resident_id).in_(resident_ids),
            col(Offer.state) == OfferState.ACCEPTED,
            col(Visit.proved_by).is_(None),
            or_(col(Visit.state) == VisitState.AT_THE_DOOR, col(Visit.done_reported_at).is_not(None)),
        )
        .order_by(col(Visit.case_id))
    ).all()
    for case_id, visit_id in waiting:
        case, visit = session.lock(Case, case_id), session.lock(Visit, visit_id)
        if case is None or visit is None or service_of(session, case).proof is not VisitProof.CALL:
            continue
        if visit.proved_by is not None or visit.state in ENDED:
            continue
        _proved(session, visit, by, Actor.exchange(), at, call=key(call))
        if visit.done_reported_at is not None:
            visits.step(session, case, visit, VisitState.DONE, Actor.merchant(visit.merchant_id), proof="call")


def wants_word(session: Writing, case: Case, visit: Visit) -> bool:
    """Whether the visit still waits for the resident's word."""
    return visit.word is not None and _wants_proof(session, case, visit)


def proof_of(session: Writing, case: Case) -> VisitProof:
    """What the service asks for, in the version that was in force when the case was opened."""
    return service_of(session, case).proof


def _wants_proof(session: Writing, case: Case, visit: Visit) -> bool:
    """A visit to nobody who is known can prove nothing, nor one whose resident has no word."""
    if visit.proved_by is not None or case.resident_id is None:
        return False
    asked = proof_of(session, case)
    return asked is VisitProof.CALL or (asked is VisitProof.WORD and visit.word is not None)


def _wrong_word(session: Writing, case: Case, visit: Visit, actor: Actor) -> Told:
    visit.wrong_words += 1
    visit.version += 1
    note(session, visit, "wrong_word", actor, count=visit.wrong_words)
    if visit.wrong_words < WRONG_WORDS:
        return Told.WRONG_WORD
    need(session, case, Need.WRONG_WORD, actor)
    return Told.WRONG_TOO_OFTEN


def _proved(session: Writing, visit: Visit, by: ProvedBy, actor: Actor, at: datetime, **facts: int) -> None:
    visit.proved_by, visit.proved_at = by, at
    visit.version += 1
    note(session, visit, "proved", actor, at=at, proved_by=str(by), **facts)
