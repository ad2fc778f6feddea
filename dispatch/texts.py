"""What merchants read and hear, in their language, from `locale/{zh,en}.po`.

Before it accepts a merchant is told what, in which community and for when; the door, how the resident is addressed
and her telephone come only afterwards.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlmodel import col

from callbridge.gateways.door import Wording
from callbridge.speech import digits_aloud
from dispatch.casebook import service_of
from dispatch.models import Call, Case, CaseCall, Offer
from dispatch.wire.catalogue import Catalogue
from registry.cards import summary
from registry.models import Area, Centre, Hearing, Line, LineKind, Merchant, Resident, Sight, VisitProof
from registry.numbers import NumberPlan
from registry.store import Scope, Writing


@dataclass(frozen=True, slots=True)
class Written:
    """An SMS: its text, and what that was worded from."""

    body: str
    wording: Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A case as it is told to a merchant, in the merchant's language."""

    language: str
    centre: str
    service: str
    where: str  # the community
    when: str
    words: str
    proof: VisitProof
    door: str
    door_aloud: str
    entrance: str
    addressed: str
    telephone: str

    def say(self, key: str, **more: str) -> str:
        """The sentence of `key` about this job."""
        return Catalogue("dispatch", self.language).say(key, **self._values, **more)

    def write(self, key: str, **more: str) -> Written:
        """The same, as an SMS."""
        return Written(self.say(key, **more), Wording(key, self.language, self._values | more))

    def offer(self, code: str, until: str) -> Written:
        return self.write("sms.offer", code=code, until=until)

    def offer_aloud(self) -> str:
        return self.say("call.offer")

    def details(self, code: str) -> Written:
        """The door and everything else that the one who goes there has to know; the only text that has it."""
        more = {
            "door": self.door,
            "entrance": self.entrance,
            "person": self._person(self.telephone),
            "words": self.words,
        }
        key = self._with_proof("sms.details")
        lines = [self.say(key, code=code), *(line for line in more.values() if line)]
        body = "\n".join([*lines, self.say(self._with_proof("sms.details_answers"))])
        return Written(body, Wording(key, self.language, self._values | more | {"code": code}))

    def details_aloud(self) -> str:
        answers = self.say(self._with_proof("call.details_answers"))
        return self._said_on([self.say("call.details"), *self._directions]) + answers

    def in_menu(self, code: str, *, accepted: bool) -> str:
        """The job as a merchant hears it that has called in: with the door only when it has accepted."""
        spelt = " ".join(code)
        if not accepted:
            return self.say("menu.offered", code=spelt)
        return self._said_on([self.say("menu.accepted", code=spelt), *self._directions]) + self.say("menu.steps")

    @property
    def _directions(self) -> list[str]:
        person, entrance = (
            digits_aloud(text, "en" if self.language == "en" else "zh")
            for text in (self._person(self.telephone), self.entrance)
        )
        return [self.door_aloud, entrance, person, self.words]

    def _said_on(self, lines: list[str]) -> str:
        """One after the other, so that something can follow."""
        stop = "。" if self.language == "zh" else ". "
        return "".join(line.rstrip("。. ") + stop for line in lines if line)

    def _with_proof(self, key: str) -> str:
        """The text that tells the merchant what it has to bring back as proof."""
        return key if self.proof is VisitProof.REPORT else f"{key}.{self.proof}"

    @property
    def _values(self) -> dict[str, str]:
        return {"centre": self.centre, "service": self.service, "where": self.where, "when": self.when}

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
        proof=service.proof,
        door=case.place or (home.written(language) if home else ""),
        door_aloud=case.place or (home.aloud(language) if home else ""),
        entrance=_at_the_door(resident, catalogue, at_home=home is not None) if resident is not None else "",
        addressed=person.addressed(language) if person is not None else "",
        telephone=NumberPlan(centre.country, centre.area_code).dialled(_telephone(session, case, resident)),
    )


def _at_the_door(resident: Resident, catalogue: Catalogue, *, at_home: bool) -> str:
    """What whoever comes has to know of her house, and that she will not hear the bell or not see who it is."""
    facts = [
        catalogue.say("door.blind") if resident.sight is Sight.BLIND else "",
        catalogue.say(f"door.hears.{resident.hearing}") if resident.hearing is not Hearing.GOOD else "",
    ]
    if at_home:
        facts += [
            catalogue.say("door.lock", lock=resident.lock) if resident.lock else "",
            catalogue.say("door.dog", dog=resident.dog) if resident.dog else "",
            catalogue.say(f"door.lift.{'yes' if resident.lift else 'no'}") if resident.lift is not None else "",
            _shortened(resident.entrance_note, 120),
        ]
    return " ".join(filter(None, facts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An emergency as it is told to those who are asked to help: who, and where to go."""

    language: str
    centre: str
    who: str
    where: str
    said: str  # the key of the sentence

    def aloud(self) -> str:
        key = self.said if self.where else f"{self.said}.nowhere"
        return Catalogue("dispatch", self.language).say(key, centre=self.centre, who=self.who, where=self.where)


def alarm_of(session: Writing, case: Case, language: str, said: str) -> Alarm:
    """The emergency in `language`, in the sentence `said`; of a caller whom nobody knows the number is said."""
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
    return Alarm(language=language, centre=centre.name, who=who, where=where, said=said)


def moment(at: datetime, centre: Centre, language: str) -> str:
    """A date and time on the centre's wall clock: 3月2日 14:30."""
    local = at.astimezone(ZoneInfo(centre.time_zone))
    if language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    return f"{local:%d %b %H:%M}"


def wall_time(at: datetime, centre: Centre) -> str:
    return f"{at.astimezone(ZoneInfo(centre.time_zone)):%H:%M}"


def day_or_hour(at: datetime, now: datetime, centre: Centre, language: str) -> str:
    """The hour of something that was today, else the day too."""
    zone = ZoneInfo(centre.time_zone)
    today = at.astimezone(zone).date() == now.astimezone(zone).date()
    return wall_time(at, centre) if today else moment(at, centre, language)


def _shortened(text: str, longest: int) -> str:
    """An SMS is paid by the part: who needs more is called."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _telephone(session: Writing, case: Case, resident: Resident | None) -> str:
    """Where she can be reached: her mobile, else her landline, else the number that called about the case."""
    if resident is not None:
        lines = session.rows(_LINES, resident_id=resident.id).all()
        for wanted in (LineKind.MOBILE, LineKind.LANDLINE):
            if found := next((number for kind, number in lines if kind is wanted), None):
                return str(found)
    return session.rows(_CALLED_FROM, case_id=case.id).scalar() or ""


_LINES = (
    select(col(Line.kind), col(Line.number))
    .where(col(Line.resident_id) == bindparam("resident_id"), col(Line.ended_at).is_(None))
    .order_by(col(Line.id))
)
_CALLED_FROM = (
    select(col(Call.number))
    .join(CaseCall, col(CaseCall.call_id) == col(Call.id))
    .where(col(CaseCall.case_id) == bindparam("case_id"), col(Call.number).is_not(None))
    .order_by(col(CaseCall.call_id))
    .limit(1)
)


def reply(key: str, merchant: Merchant | None, centre: Centre, offer: Offer | None = None, **more: str) -> Written:
    """One sentence in answer to an SMS; `key` is one of the table in docs/replies.md."""
    language = merchant.language if merchant is not None else centre.language
    language = "en" if language.startswith("en") else "zh"
    values = {"centre": centre.name, "code": offer.code if offer else "", **more}
    return Written(Catalogue("dispatch", language).say(key, **values), Wording(key, language, values))


def order_menu(services: list[tuple[str, str]], language: str) -> str:
    """What a waiting caller hears who wants to order by key: the services with their digits, and how to wait on."""
    say = Catalogue("dispatch", language).say
    items = [say("menu.order", digit=digit, service=service) for digit, service in services]
    return " ".join([*items, say("menu.order.back")])
