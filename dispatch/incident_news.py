"""What the residents of an incident are told: that it is known, that somebody comes, that it is over, and whether it
is for them too. By SMS, or by telephone to whoever has no mobile or sees badly; never in the quiet hours, and only
the newest news.

Each is a clock on her own case and then a message of the outbox, in a transaction of its own: an incident may have
hundreds of cases.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select
from sqlmodel import col

from callbridge.gateways.door import Wording
from dispatch import asking
from dispatch.asking import Verdict
from dispatch.attention import Need, need
from dispatch.casebook import OPEN_STATES, service_of
from dispatch.decency import care_hours
from dispatch.messages import CARE_KEYS, HEARD_KEY
from dispatch.models import Case, CaseState, IncidentNews, Message, MessageKind, Timer, TimerKind, TimerState, Turn
from dispatch.models.transitions import key, move, note
from dispatch.texts import Written
from dispatch.wire.catalogue import Catalogue
from registry.models import Area, Centre, Channel, Resident, Sight
from registry.store import Actor, ActorKind, Subject, Writing

WORTH = timedelta(hours=24)  # a later one only puzzles
STILL, WELL = "0", "1"  # the answers to "is it for you too?"
OVER = frozenset({CaseState.SERVED, CaseState.CLOSED})
COMING = frozenset({CaseState.ACCEPTED, CaseState.ON_THE_WAY, CaseState.ON_SITE})


def moved(session: Writing, incident: Case) -> None:
    """The incident, which the caller holds, has moved: its residents hear what is new, those of closed cases too."""
    if incident.incident:
        set_clocks(session, incident, TimerKind.INCIDENT_NEWS)


def set_clocks(session: Writing, incident: Case, kind: TimerKind) -> None:
    """One clock for each of its cases, due at once; one that is armed already is enough."""
    session.flush()
    armed = select(col(Timer.subject_id)).where(
        col(Timer.kind) == kind, col(Timer.subject) == Subject.CASE, col(Timer.state) == TimerState.ARMED
    )
    ids = session.scalars(
        select(col(Case.id)).where(
            col(Case.parent_id) == incident.id, col(Case.state).in_(OPEN_STATES), col(Case.id).not_in(armed)
        )
    ).all()
    arm_each(session, incident.centre_id, kind, (id_ for id_ in ids if id_ is not None), session.clock.now())


def arm_each(session: Writing, centre_id: int, kind: TimerKind, case_ids: Iterable[int], due: datetime) -> None:
    """In one statement however many they are."""
    rows = [
        {"centre_id": centre_id, "kind": kind, "subject": Subject.CASE, "subject_id": id_, "due_at": due}
        | {"state": TimerState.ARMED, "tries": 0}
        for id_ in case_ids
    ]
    if rows:
        session.execute(insert(Timer), rows)


def due(session: Writing, case: Case, timer: Timer) -> None:
    """The clock of one of its cases: what there is to tell now goes into the outbox, unless she knows it."""
    incident = session.get(Case, case.parent_id) if case.parent_id is not None else None
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    if incident is None or resident is None or resident.ended_at is not None or case.state not in OPEN_STATES:
        return
    news = of(incident)
    if news is case.news:
        return
    mobile, telephone = asking.mobile_of(session, resident), asking.number_of(session, resident)
    case.news = news
    if mobile is not None and (resident.sight is Sight.GOOD or telephone is None):
        _put(session, case, incident, resident, news, Channel.SMS, mobile)
    elif telephone is not None:
        _put(session, case, incident, resident, news, Channel.VOICE, telephone)
    elif news is IncidentNews.OVER:
        still(session, case, Actor.system(), Need.ASK_RESIDENT)


def of(incident: Case) -> IncidentNews:
    """How far the incident is, as a resident is told of it."""
    if incident.state in OVER:
        return IncidentNews.OVER
    return IncidentNews.COMING if incident.state in COMING else IncidentNews.KNOWN


def verdict(session: Writing, case: Case | None, message: Message) -> Verdict | datetime:
    """Whether to tell her now, later, or not any more."""
    now = session.clock.now()
    if not is_wanted(case, message, now):
        return Verdict.NEVER
    decent = care_hours(session, message.centre_id, on_holidays=True).next(now)
    if decent is None:
        return Verdict.NEVER
    return decent if decent > now else Verdict.NOW


def is_wanted(case: Case | None, message: Message, now: datetime) -> bool:
    """The newest news of a case that is still the incident's; what it closed with is asked of closed ones too."""
    asks = message.keys == CARE_KEYS or message.text_key.endswith(f".{IncidentNews.OVER}")
    newest = case is not None and case.parent_id is not None and (case.news is IncidentNews.OVER) == asks
    return newest and now - message.created_at < WORTH


def answered(session: Writing, case: Case, resident_id: int | None, answer: str) -> None:
    """She has said whether it is over for her too: who still needs help keeps her case, or gets it back."""
    actor = Actor(ActorKind.RESIDENT, resident_id)
    note(session, case, "asked_whether_over", actor, answer="still" if answer == STILL else "well")
    if answer == STILL:
        still(session, case, actor, Need.STILL_NEEDED)


def still(session: Writing, case: Case, actor: Actor, why: Need) -> None:
    """The incident does not settle this case, which the caller holds: an operator has to."""
    case.parent_id = None
    if case.state is CaseState.CLOSED:
        case.outcome, case.closed_at = None, None
        move(session, case, CaseState.OPEN, actor)
    case.turn, case.turn_operator_id = Turn.OPERATOR, None
    need(session, case, why, actor)


def failed(session: Writing, case: Case, message: Message) -> None:
    """It did not reach her: by telephone instead, or an operator asks whether it is over for her too."""
    resident = session.get(Resident, message.resident_id) if message.resident_id is not None else None
    incident = session.get(Case, case.parent_id) if case.parent_id is not None else None
    if resident is None or incident is None or case.news is None:
        return
    telephone = asking.number_of(session, resident)
    if message.channel is Channel.SMS and telephone is not None:
        _put(session, case, incident, resident, case.news, Channel.VOICE, telephone)
    elif case.news is IncidentNews.OVER and case.state in OPEN_STATES:
        still(session, case, Actor.system(), Need.ASK_RESIDENT)


def _put(
    session: Writing,
    case: Case,
    incident: Case,
    resident: Resident,
    news: IncidentNews,
    channel: Channel,
    number: str,
) -> None:
    by_sms = channel is Channel.SMS
    text = _text(session, case, incident, resident, f"{'resident' if by_sms else 'call'}.incident.{news}")
    keys = "" if by_sms else CARE_KEYS if news is IncidentNews.OVER else HEARD_KEY
    message = asking.put(session, MessageKind.INCIDENT_NEWS, resident, number, text.body, keys, channel=channel)
    if by_sms:
        message.text_key, message.text_values = text.wording.text, dict(text.wording.values)
    message.case_id = key(case)
    asking.wanted(session, message)


def _text(session: Writing, case: Case, incident: Case, resident: Resident, text: str) -> Written:
    centre = session.get(Centre, case.centre_id)
    area = session.get(Area, incident.area_id) if incident.area_id is not None else None
    assert centre is not None
    language, service = asking.language_of(resident), service_of(session, incident)
    count = session.scalar(select(func.count()).where(col(Case.parent_id) == incident.id)) or 1
    values = {
        "centre": centre.name,
        "who": asking.addressed(session, resident),
        "service": service.name_en if language == "en" else service.name_zh,
        "where": incident.place or (area.name if area is not None else ""),
        "count": str(count),
    }
    return Written(Catalogue("dispatch", language).say(text, **values), Wording(text, language, values))
