"""What merchants read and hear, in their language, from `locale/{zh,en}.po`.

Before it accepts a merchant is told what, in which community and for when; the door, how the resident is addressed
and her telephone come only afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlmodel import col

from callbridge.speech import digits_aloud
from dispatch.casebook import service_of
from dispatch.models import Call, Case, CaseCall, Offer
from dispatch.wire.catalogue import Catalogue
from registry.cards import summary
from registry.models import Area, Centre, Line, LineKind, Merchant, Resident
from registry.numbers import NumberPlan
from registry.store import Scope, Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A case as it is told to a merchant, in the merchant's language."""

    language: str
    centre: str
    service: str
    where: str  # the community
    when: str
    words: str
    door: str
    door_aloud: str
    entrance: str
    addressed: str
    telephone: str

    def say(self, key: str, **more: str) -> str:
        """The sentence of `key` about this job."""
        return Catalogue("dispatch", self.language).say(
            key, centre=self.centre, service=self.service, where=self.where, when=self.when, **more
        )

    def offer(self, code: str, until: str) -> str:
        return self.say("sms.offer", code=code, until=until)

    def offer_aloud(self) -> str:
        return self.say("call.offer")

    def details(self, code: str) -> str:
        """The door and everything else that the one who goes there has to know; the only text that has it."""
        lines = [
            self.say("sms.details", code=code),
            self.door,
            self.entrance,
            self._person(self.telephone),
            self.words,
        ]
        return "\n".join([*(line for line in lines if line), self.say("sms.details_answers")])

    def details_aloud(self) -> str:
        person = self._person(digits_aloud(self.telephone, "en" if self.language == "en" else "zh"))
        lines = [self.say("call.details"), self.door_aloud, self.entrance, person, self.words]
        stop = "。" if self.language == "zh" else ". "
        return stop.join([*(line.rstrip("。. ") for line in lines if line), self.say("call.details_answers")])

    def _person(self, telephone: str) -> str:
        return " ".join(part for part in (self.addressed, telephone) if part)


def job_of(session: Writing, case: Case, merchant: Merchant) -> Job:
    """The case as this merchant is told of it."""
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    language = "en" if merchant.language.startswith("en") else "zh"
    catalogue = Catalogue("dispatch", language)
    service = service_of(session, case)
    resident = session.get(Resident, case.resident_id) if case.resident_id is not None else None
    person = (
        summary(session, Scope(case.centre_id), case.resident_id, session.clock.now())
        if case.resident_id is not None
        else None
    )
    home = person.address if person is not None and not case.place else None
    area = session.get(Area, case.area_id) if case.area_id is not None else None
    community = home.community if home is not None else area.name if area is not None else ""
    return Job(
        language=language,
        centre=centre.name,
        service=service.name_en if language == "en" else service.name_zh,
        where=community or catalogue.say("where.later"),
        when=moment(case.wanted_at, centre, language) if case.wanted_at else catalogue.say("when.soon"),
        words=_shortened(case.words, 120),
        door=case.place or (home.written(language) if home else ""),
        door_aloud=case.place or (home.aloud(language) if home else ""),
        entrance=_shortened(resident.entrance_note, 120) if resident is not None and home is not None else "",
        addressed=person.addressed(language) if person is not None else "",
        telephone=NumberPlan(centre.country, centre.area_code).dialled(_telephone(session, case, resident)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An emergency as it is told to those who are asked to help: who, and where to go."""

    language: str
    centre: str
    who: str
    where: str

    def aloud(self) -> str:
        key = "call.ladder" if self.where else "call.ladder.nowhere"
        return Catalogue("dispatch", self.language).say(key, centre=self.centre, who=self.who, where=self.where)


def alarm_of(session: Writing, case: Case, language: str) -> Alarm:
    """The emergency in `language`; of a caller whom nobody knows the number is said."""
    centre = session.get(Centre, case.centre_id)
    assert centre is not None
    person = (
        summary(session, Scope(case.centre_id), case.resident_id, session.clock.now())
        if case.resident_id is not None
        else None
    )
    where = case.place or (person.address.aloud(language) if person is not None else "")
    who = person.addressed(language) if person is not None else ""
    if not who:
        number = NumberPlan(centre.country, centre.area_code).dialled(_telephone(session, case, None))
        who = (
            digits_aloud(number, "en" if language == "en" else "zh")
            if number
            else Catalogue("dispatch", language).say("call.ladder.somebody")
        )
    return Alarm(language=language, centre=centre.name, who=who, where=where)


def moment(at: datetime, centre: Centre, language: str) -> str:
    """A date and time on the centre's wall clock: 3月2日 14:30."""
    local = at.astimezone(ZoneInfo(centre.time_zone))
    if language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%d %b %H:%M}"


def wall_time(at: datetime, centre: Centre) -> str:
    return f"{at.astimezone(ZoneInfo(centre.time_zone)):%H:%M}"


def _shortened(text: str, longest: int) -> str:
    """An SMS is paid by the part: who needs more is called."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _telephone(session: Writing, case: Case, resident: Resident | None) -> str:
    """Where she can be reached: her mobile, else her landline, else the number that called about the case."""
    if resident is not None:
        lines = session.scalars(
            select(Line)
            .where(col(Line.resident_id) == resident.id, col(Line.ended_at).is_(None))
            .order_by(col(Line.id))
        ).all()
        for kind in (LineKind.MOBILE, LineKind.LANDLINE):
            if found := next((line.number for line in lines if line.kind is kind), None):
                return found
    called_from = session.scalar(
        select(col(Call.number))
        .join(CaseCall, col(CaseCall.call_id) == col(Call.id))
        .where(col(CaseCall.case_id) == case.id, col(Call.number).is_not(None))
        .order_by(col(CaseCall.call_id))
        .limit(1)
    )
    return called_from or ""


def reply(key: str, merchant: Merchant | None, centre: Centre, offer: Offer | None = None, **more: str) -> str:
    """One sentence in answer to an SMS; `key` is one of the table in docs/replies.md."""
    language = merchant.language if merchant is not None else centre.language
    language = "en" if language.startswith("en") else "zh"
    return Catalogue("dispatch", language).say(key, centre=centre.name, code=offer.code if offer else "", **more)


def order_menu(services: list[tuple[str, str]], language: str) -> str:
    """What a waiting caller hears who wants to order by key: the services with their digits, and how to wait on."""
    say = Catalogue("dispatch", language).say
    items = [say("menu.order", digit=digit, service=service) for digit, service in services]
    return " ".join([*items, say("menu.order.back")])
