"""Cases and everything under one: candidates, offers, visits, the timeline, the way to its end."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import col, func, or_, select

from dispatch import casebook, choosing, incidents, offers, own_words, resending, turns, visit_reports
from dispatch import cases as work
from dispatch.api.access import Commander, Commands, Reads
from dispatch.desk import Desk
from dispatch.errors import NotFound
from dispatch.models import Case
from dispatch.sayings import saying
from dispatch.views.cases import case_card, case_lines
from dispatch.views.offers import offers_of
from dispatch.views.timeline import timeline as timeline_view
from dispatch.wire.base import Id
from dispatch.wire.board import TimelineEntry
from dispatch.wire.cases import (
    Acknowledge,
    Cancel,
    CaseCard,
    CaseChange,
    Close,
    Gather,
    HandTurn,
    KeepApart,
    NewCase,
    Remind,
    Reopen,
)
from dispatch.wire.offers import Candidates, Dispatch, OfferAnswer, OfferEnd, OfferResend, OfferView, VisitReport
from dispatch.wire.pages import Cases
from dispatch.wire.sms import OwnWords
from dispatch.wire.words import CaseState
from registry.models import Resident
from registry.store import Reading, Subject, Writing
from registry.text import plain

Number = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,32}$", description="As in TL-20260302-0001")]

router = APIRouter(prefix="/cases", tags=["cases"])


@router.get("", response_model=Cases)
def list_cases(
    reader: Reads,
    state: Annotated[list[CaseState] | None, Query(description="Any of these; all without it")] = None,
    resident: Annotated[Id | None, Query(description="Only this resident's")] = None,
    q: Annotated[str, Query(max_length=64, description="Part of a number, a word or the resident's name")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """The cases this desk may see, the last one first."""

    def look(session: Reading, desk: Desk) -> Cases:
        wanted = [col(Case.centre_id) == desk.centre_id, casebook.seen_by(desk)]
        if state:
            wanted.append(col(Case.state).in_(state))
        if resident is not None:
            wanted.append(col(Case.resident_id) == resident)
        if words := plain(q):
            called = select(Resident.id).where(
                Resident.centre_id == desk.centre_id, col(Resident.name).contains(words, autoescape=True)
            )
            wanted.append(
                or_(
                    col(Case.number).icontains(words, autoescape=True),
                    col(Case.words).icontains(words, autoescape=True),  # of nobody known
                    col(Case.id).in_(saying(session, wanted, words)),
                    col(Case.resident_id).in_(called),
                )
            )
        total = session.exec(select(func.count()).select_from(Case).where(*wanted)).one()
        rows = session.exec(select(Case).where(*wanted).order_by(col(Case.id).desc()).limit(limit).offset(offset))
        return Cases(total=total, items=case_lines(session, rows.all(), reader.now))

    return reader.answer(look)


@router.post("", response_model=CaseCard, status_code=201)
def open_case(new: NewCase, commands: Commands) -> Response:
    """Opens a case for a new need."""
    return _do(commands, lambda session, desk: work.open_case(session, desk, new), 201)


@router.get("/{number}", response_model=CaseCard)
def read_case(number: Number, reader: Reads) -> Response:
    return reader.answer(lambda session, desk: case_card(session, _seen(session, desk, number), reader.now))


@router.patch("/{number}", response_model=CaseCard)
def change_case(number: Number, change: CaseChange, commands: Commands) -> Response:
    """Changes the fields that are sent; what is left out stays, a null takes the value away."""
    return _do(commands, lambda session, desk: work.change_case(session, desk, number, change))


@router.get("/{number}/candidates", response_model=Candidates)
def candidates(number: Number, reader: Reads) -> Response:
    """Who could serve the case now, best first, and who could not, with the reasons. Kept as a decision sheet."""
    return reader.look_up(lambda session, desk: choosing.told(offers.candidates(session, desk, number)))


@router.post("/{number}/dispatch", response_model=CaseCard)
def dispatch_case(number: Number, order: Dispatch, commands: Commands) -> Response:
    """Offers the case to the first candidate, or to the merchant picked."""

    def offer(session: Writing, desk: Desk) -> Case:
        offers.dispatch_case(session, desk, number, order)
        return _seen(session, desk, number)

    return _do(commands, offer)


@router.get("/{number}/offers", response_model=list[OfferView])
def list_offers(number: Number, reader: Reads) -> Response:
    return reader.answer(lambda session, desk: offers_of(session, _seen(session, desk, number)))


@router.post("/{number}/offers/{offer_id}/answer", response_model=CaseCard)
def answer_offer(number: Number, offer_id: Id, told: OfferAnswer, commands: Commands) -> Response:
    """What the merchant told the operator by word of mouth."""

    def answer(session: Writing, desk: Desk) -> Case:
        offers.answer_offer(session, desk, number, offer_id, told)
        return _seen(session, desk, number)

    return _do(commands, answer)


@router.post("/{number}/offers/{offer_id}/end", response_model=CaseCard)
def end_offer(number: Number, offer_id: Id, how: OfferEnd, commands: Commands) -> Response:
    """Withdraws an open offer, gives an accepted one back, or revokes it."""

    def end(session: Writing, desk: Desk) -> Case:
        offers.end_offer(session, desk, number, offer_id, how)
        return _seen(session, desk, number)

    return _do(commands, end)


@router.post("/{number}/offers/{offer_id}/resend", response_model=CaseCard)
def resend_offer(number: Number, offer_id: Id, again: OfferResend, commands: Commands) -> Response:
    """Tells the merchant once more: the offer while it is open, the job's details once it has accepted."""

    def resend(session: Writing, desk: Desk) -> Case:
        resending.resend_offer(session, desk, number, offer_id, again)
        return _seen(session, desk, number)

    return _do(commands, resend)


@router.get("/{number}/timeline", response_model=list[TimelineEntry])
def timeline(number: Number, reader: Reads) -> Response:
    """Every step of the case and of the calls that belong to it, by when it happened."""
    return reader.answer(lambda session, desk: timeline_view(session, _seen(session, desk, number)))


@router.post("/{number}/visit", response_model=CaseCard)
def report_visit(number: Number, report: VisitReport, commands: Commands) -> Response:
    """What the merchant told the operator by word of mouth: on the way, at the door, done."""

    def step(session: Writing, desk: Desk) -> Case:
        visit_reports.report_visit(session, desk, number, report)
        return _seen(session, desk, number)

    return _do(commands, step)


@router.post("/{number}/close", response_model=CaseCard)
def close_case(number: Number, end: Close, commands: Commands) -> Response:
    return _do(commands, lambda session, desk: work.close(session, desk, number, end))


@router.post("/{number}/cancel", response_model=CaseCard)
def cancel_case(number: Number, end: Cancel, commands: Commands) -> Response:
    """Calls the case off; who was asked or has accepted is told."""
    return _do(commands, lambda session, desk: work.cancel(session, desk, number, end))


@router.post("/{number}/reopen", response_model=CaseCard)
def reopen_case(number: Number, again: Reopen, commands: Commands) -> Response:
    return _do(commands, lambda session, desk: work.reopen(session, desk, number, again))


@router.post("/{number}/remind", response_model=CaseCard)
def remind(number: Number, asked: Remind, commands: Commands) -> Response:
    """催单: the resident asks again about what is still open."""
    return _do(commands, lambda session, desk: work.remind(session, desk, number, asked))


@router.post("/{number}/acknowledge", response_model=CaseCard)
def acknowledge(number: Number, seen: Acknowledge, commands: Commands) -> Response:
    """An operator has seen what the case needs, and takes its turn."""
    return _do(commands, lambda session, desk: work.acknowledge(session, desk, number, seen))


@router.post("/{number}/gather", response_model=CaseCard)
def gather(number: Number, order: Gather, commands: Commands) -> Response:
    """Many have the same: this case and those alike are gathered under one incident, which is the answer."""
    return _do(commands, lambda session, desk: incidents.gather(session, desk, number, order))


@router.post("/{number}/keep-apart", response_model=CaseCard)
def keep_apart(number: Number, order: KeepApart, commands: Commands) -> Response:
    """Many have the same by chance: nobody is asked to gather this case and those alike, until another one comes."""
    return _do(commands, lambda session, desk: incidents.keep_apart(session, desk, number, order))


@router.post("/{number}/sms", response_model=CaseCard)
def write_sms(number: Number, words: OwnWords, commands: Commands) -> Response:
    """An SMS in the operator's own words to the resident of the case or to a merchant."""
    return _do(commands, lambda session, desk: own_words.write(session, desk, number, words))


@router.post("/{number}/hand-turn", response_model=CaseCard)
def hand_turn(number: Number, to: HandTurn, commands: Commands) -> Response:
    """Whose move the case is: a colleague's who is there, one's own, or anybody's. Its owner stays."""
    return _do(commands, lambda session, desk: turns.hand_turn(session, desk, number, to))


def _do(commands: Commander, command: Callable[[Writing, Desk], Case], status: int = 200) -> Response:
    def work_and_show(session: Writing, desk: Desk) -> CaseCard:
        case = command(session, desk)
        session.flush()
        return case_card(session, case, session.clock.now())

    return commands.do(work_and_show, status)


def _seen(session: Reading | Writing, desk: Desk, number: str) -> Case:
    case = session.exec(
        select(Case).where(Case.number == number, Case.centre_id == desk.centre_id, casebook.seen_by(desk))
    ).first()
    if case is None:
        raise NotFound(subject=Subject.CASE, id=number)
    return case
