"""SMS that come in, and keys pressed in a call: stored first, read afterwards, answered at most once, acted upon only
where it is certain.

`take_in` and `read` are two transactions: what a gateway was told is stored is never lost, and a text that could not
be read for any reason is read again by `dispatch.unread`. The table of answers is docs/replies.md.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from callbridge.gateways.door import InboundSms
from dispatch import call_ins, codes, messages, offers, record_words, resident_words, visit_reports, visits
from dispatch.attention import Need, need
from dispatch.backlog import Backlog
from dispatch.casebook import hold_all
from dispatch.correspondence import WRONG_CODES, answers_since, meant, wrong_codes_before
from dispatch.errors import Conflict, ForbiddenMove
from dispatch.models import (
    Case,
    Inbound,
    InboundReading,
    Offer,
    OfferState,
    Visit,
    VisitState,
)
from dispatch.offers import LIVE
from dispatch.readings import Said, read
from dispatch.texts import day_or_hour, reply
from dispatch.visit_reports import Told
from registry.merchants import merchants_by_number
from registry.models import Centre, Channel, Merchant
from registry.numbers import NumberPlan
from registry.sealed import settle
from registry.store import Actor, Entry, Subject, Writing
from registry.text import plain

LONGEST = 2000
NOT_UNDERSTOOD_AN_HOUR = 3  # answers to what is not understood: two machines must not talk for ever
STEPS = {
    InboundReading.ON_THE_WAY: VisitState.ON_THE_WAY,
    InboundReading.AT_THE_DOOR: VisitState.AT_THE_DOOR,
    InboundReading.DONE: VisitState.DONE,
}
LATE = {
    OfferState.DECLINED: "reply.declined_before",
    OfferState.EXPIRED: "reply.expired",
    OfferState.FULFILLED: "reply.finished",
}  # any other end: reply.not_wanted


class Replies:
    """Reads what comes in for one centre."""

    def __init__(self, centre_id: int, plan: NumberPlan) -> None:
        self.centre_id = centre_id
        self._plan = plan
        self.backlog = Backlog()

    def take_in(self, session: Writing, gateway: str, sms: InboundSms) -> Inbound:
        """Stores an SMS; the same event of the same gateway is stored once. `read` it in another transaction."""
        event_id = plain(sms.event_id, 128)
        number = self._plan.read(sms.from_number).number or plain(sms.from_number, 40)
        row = {
            "centre_id": self.centre_id,
            "gateway": gateway,
            "event_id": event_id,
            "number": number[:40],
            "body": plain(sms.text, LONGEST),
            "sent_at": sms.received_at,
            "received_at": session.clock.now(),
            "reading": InboundReading.UNREAD,
            "needs_operator": False,
        }
        new = session.scalars(_TAKE_IN[session.get_bind().dialect.name], row).one_or_none()
        if new is not None:
            settle(session, new)  # before it has ever been committed
            return new
        return session.scalars(
            select(Inbound).where(col(Inbound.gateway) == gateway, col(Inbound.event_id) == event_id)
        ).one()

    def read(self, session: Writing, inbound_id: int) -> Inbound | None:
        """Reads a stored SMS and does what it says; one that was read before is left as it is."""
        seen = session.get(Inbound, inbound_id)
        if seen is None or seen.reading is not InboundReading.UNREAD:
            return None
        call = call_ins.call_of(session, seen)  # before any case, as everywhere
        merchants = merchants_by_number(session, self.centre_id, seen.number)
        said = read(seen.body)
        about = meant(session, [merchant.id for merchant in merchants if merchant.id is not None], said.code)
        hold_all(session, (offer.case_id for offer in about))  # before the offers and the SMS, as everywhere
        about = session.lock_all(Offer, (offer.id or 0 for offer in about))[::-1]
        inbound = session.lock(Inbound, inbound_id)
        assert inbound is not None
        if inbound.reading is not InboundReading.UNREAD:
            return None
        reader = _Reader(session, inbound, said, merchants, about, Channel.VOICE if call is not None else Channel.SMS)
        reader.read()
        if call is not None:
            call_ins.go_on(session, call, inbound, *reader.spoken)
        session.record(
            Entry(
                what="message.received" if call is None else "message.keyed",
                subject=Subject.MESSAGE,
                subject_id=inbound_id,
                actor=Actor.merchant(inbound.merchant_id) if inbound.merchant_id is not None else Actor.system(),
                centre_id=inbound.centre_id,
                case_id=reader.case_id,
                data={"inbound": inbound_id, "reading": str(inbound.reading), "offer": inbound.offer_id},
            )
        )
        return inbound


class _Reader:
    """One SMS, or one key, being read: every row it may touch is held."""

    def __init__(
        self,
        session: Writing,
        inbound: Inbound,
        said: Said,
        merchants: Sequence[Merchant],
        about: Sequence[Offer],
        channel: Channel,
    ) -> None:
        self.session, self.inbound, self.said, self.channel = session, inbound, said, channel
        self.spoken = ("", "")  # the answer's key and sentence, to somebody who is on the line
        self.merchants, self.about = merchants, about  # the undecided ones and the newest, the newest first
        self.case_id: int | None = None

    def read(self) -> None:
        if not self.merchants:
            self._stranger()
            return
        self.inbound.merchant_id = self.merchants[0].id
        reading = self.said.reading
        if (told := record_words.answer(self.session, self.merchants, self.inbound.body, self._actor)) is not None:
            self.case_id, self.inbound.offer_id = told.case_id, told.offer_id  # it may tell of the resident
            self._ends(told.reading, told.key, None, **told.values)
        elif reading is None:
            self._not_understood()
        elif self.said.code is not None and not self.about:
            self._unknown_code(self.said.code)
        elif reading is InboundReading.CALL_ME:
            self._call_me()
        elif reading in STEPS:
            self._step(STEPS[reading])
        else:
            self._answer(accepting=reading is InboundReading.ACCEPT)

    def _unknown_code(self, written: str) -> None:
        """There is no such job. Who has guessed often enough is called by an operator, and guesses on unanswered."""
        before = wrong_codes_before(self.session, self.inbound)
        self.inbound.needs_operator = before + 1 >= WRONG_CODES
        if before + 1 < WRONG_CODES:
            self._ends(InboundReading.UNKNOWN_CODE, "reply.unknown_code", written=written)
        elif before + 1 == WRONG_CODES:
            self._ends(InboundReading.UNKNOWN_CODE, "reply.wrong_codes", count=str(WRONG_CODES))
        else:
            self.inbound.reading = InboundReading.UNKNOWN_CODE

    def _answer(self, *, accepting: bool) -> None:
        """1 or 2: an answer to the one offer that is open."""
        open_ = [offer for offer in self.about if offer.state in LIVE]
        if len(open_) > 1:
            self._which(open_)
        elif open_:
            self._about(open_[0])
            self._decide(open_[0], accepting=accepting)
        elif self.about:
            self._too_late(self.about[0], accepting=accepting)
        else:
            self._ends(InboundReading.TOO_LATE, "reply.nothing_open")

    def _decide(self, offer: Offer, *, accepting: bool) -> None:
        case = self._case(offer)
        try:
            if accepting:
                offers.accept(self.session, case, offer, self._actor, by=self.channel)
                self.inbound.reading = InboundReading.ACCEPT  # the details are the answer
            else:
                offers.decline(self.session, case, offer, self._actor, by=self.channel)
                self._ends(InboundReading.DECLINE, "reply.declined", offer)
        except (Conflict, ForbiddenMove):
            self._too_late(offer, accepting=accepting)

    def _too_late(self, offer: Offer, *, accepting: bool) -> None:
        """The newest offer has been decided: one true sentence, and nothing changes."""
        self._about(offer)
        if offer.state is OfferState.ACCEPTED and accepting:
            self._ends(InboundReading.REPEATED, "reply.accepted_before", offer)
        elif offer.state is OfferState.ACCEPTED:  # cannot come after all? an operator has to ask, the job is hers
            self.inbound.needs_operator = True
            need(self.session, self._case(offer), Need.CALL_ME, self._actor)
            self._ends(InboundReading.TOO_LATE, "reply.cannot_come", offer)
        elif offer.state is OfferState.DECLINED and not accepting:
            self._ends(InboundReading.REPEATED, "reply.declined", offer)
        else:
            # "I can" after the end, and nobody else has said so yet: somebody may want to know.
            self.inbound.needs_operator = accepting and self._case(offer).needs_why == Need.NOBODY_LEFT
            self._over(offer)

    def _over(self, offer: Offer) -> None:
        """The truth about an offer that has ended: who else has the job since when, if somebody has."""
        taken_at = self.session.scalar(
            select(col(Offer.answered_at))
            .where(
                col(Offer.case_id) == offer.case_id,
                col(Offer.id) != offer.id,
                col(Offer.state).in_([OfferState.ACCEPTED, OfferState.FULFILLED]),
                col(Offer.answered_at) > offer.offered_at,
            )
            .order_by(col(Offer.answered_at).desc())
            .limit(1)
        )
        if taken_at is None or offer.state is OfferState.FULFILLED:
            self._ends(InboundReading.TOO_LATE, LATE.get(offer.state, "reply.not_wanted"), offer)
        else:
            time = day_or_hour(taken_at, self.session.clock.now(), self._centre, self._language)
            self._ends(InboundReading.TOO_LATE, "reply.went_to_another", offer, time=time)

    def _step(self, to: VisitState) -> None:
        """3, 4 or 5: how far it is with the one job that is accepted."""
        jobs = self._jobs()
        if len(jobs) > 1:
            self._which(jobs)
        elif jobs:
            self._step_of(jobs[0], to)
        elif self.said.alone and not self._has_told_it_before():
            self._not_understood()
        else:
            self._step_of_nothing()

    def _jobs(self) -> Sequence[Offer]:
        """The accepted jobs that a step may mean. A right word names its job; one that is alone means only jobs that
        wait for a word.
        """
        jobs = [offer for offer in self.about if offer.state is OfferState.ACCEPTED]
        if self.said.word is None:
            return jobs
        found = [(offer, visits.of_offer(self.session, offer)) for offer in jobs]
        having = [(offer, visit) for offer, visit in found if visit is not None and visit.word is not None]
        named = [offer for offer, visit in having if visit.word == self.said.word]
        if len(named) == 1:
            return named
        if not self.said.alone:
            return jobs
        return [offer for offer, visit in having if visit_reports.wants_word(self.session, self._case(offer), visit)]

    def _has_told_it_before(self) -> bool:
        """Whether four digits without anything else are the word of the job that is over."""
        visit = visits.of_offer(self.session, self.about[0]) if self.about else None
        return visit is not None and visit.word == self.said.word

    def _step_of(self, offer: Offer, to: VisitState) -> None:
        self._about(offer)
        case, visit = self._case(offer), visits.of_offer(self.session, offer)
        assert visit is not None
        assert self.said.reading is not None
        try:
            told = visit_reports.report(
                self.session, case, visit, to, self._actor, way=str(self.channel), word=self.said.word
            )
        except ForbiddenMove:
            self._ends(InboundReading.REPEATED, "reply.step_before", offer)
            return
        match told:
            case Told.NOTED:
                self._ends(self.said.reading, f"reply.{to}", offer)
            case Told.PROOF_WANTED:
                asked = visit_reports.proof_of(self.session, case)
                self._ends(InboundReading.PROOF_WANTED, f"reply.proof_wanted.{asked}", offer)
            case Told.WRONG_WORD:
                self._ends(InboundReading.WRONG_WORD, "reply.wrong_word", offer)
            case Told.WRONG_TOO_OFTEN:
                self.inbound.needs_operator = True
                self._ends(InboundReading.WRONG_WORD, "reply.wrong_word_too_often", offer)

    def _step_of_nothing(self) -> None:
        if not self.about:
            self._ends(InboundReading.TOO_LATE, "reply.nothing_open")
            return
        newest = self.about[0]
        self._about(newest)
        if newest.state in LIVE:
            self._ends(InboundReading.NOT_UNDERSTOOD, "reply.not_accepted_yet", newest)
        elif newest.state is OfferState.FULFILLED and self._is_done(newest):
            self._ends(InboundReading.REPEATED, "reply.finished", newest)
        else:
            self._over(newest)

    def _is_done(self, offer: Offer) -> bool:
        return self.session.scalar(select(col(Visit.done_at)).where(col(Visit.offer_id) == offer.id)) is not None

    def _call_me(self) -> None:
        self.inbound.needs_operator = True
        jobs = [offer for offer in self.about if offer.state in LIVE or offer.state is OfferState.ACCEPTED]
        if len(jobs) == 1:
            self._about(jobs[0])
            need(self.session, self._case(jobs[0]), Need.CALL_ME, self._actor)
        self._ends(InboundReading.CALL_ME, "reply.call_me")

    def _which(self, jobs: Sequence[Offer]) -> None:
        codes = "、".join(offer.code for offer in jobs) if self._language == "zh" else ", ".join(o.code for o in jobs)
        figure = self.inbound.body.strip()[:1] if self.inbound.body.strip()[:1].isdigit() else "1"
        self._ends(InboundReading.WHICH, "reply.which", codes=codes, example=f"{jobs[0].code} {figure}")

    def _not_understood(self) -> None:
        self.inbound.needs_operator = True
        jobs = [offer for offer in self.about if offer.state is OfferState.ACCEPTED]
        if len(jobs) == 1:
            self._about(jobs[0])
            need(self.session, self._case(jobs[0]), Need.UNREAD_SMS, self._actor)
        hour = self.session.clock.now() - timedelta(hours=1)
        lately = answers_since(self.session, self.inbound.number, hour, InboundReading.NOT_UNDERSTOOD)
        if self.said.silent or lately >= NOT_UNDERSTOOD_AN_HOUR:
            self.inbound.reading = InboundReading.NOT_UNDERSTOOD
        else:
            self._ends(InboundReading.NOT_UNDERSTOOD, "reply.not_understood")

    def _stranger(self) -> None:
        """A resident who was asked something; else kept, shown to the operator, and answered once, if it is a number
        that a person answers.
        """
        if (reading := resident_words.answer(self.session, self.inbound)) is not None:
            self._ends(reading, f"reply.{reading}")
            return
        self.inbound.needs_operator = True
        self.inbound.reading = InboundReading.STRANGER
        since = self.session.clock.now() - codes.LIFE
        before = answers_since(self.session, self.inbound.number, since)
        if self.inbound.number.startswith("+") and not before and not self.said.silent:
            self._ends(InboundReading.STRANGER, "reply.stranger")

    def _ends(self, reading: InboundReading, key: str, offer: Offer | None = None, **values: str) -> None:
        """Puts down how it was read, and its one answer into the outbox."""
        self.inbound.reading = reading
        merchant = self.merchants[0] if self.merchants else None
        if self.channel is Channel.VOICE:
            spelt = " ".join(offer.code) if offer is not None else ""
            self.spoken = (key, reply(key, merchant, self._centre, offer, code=spelt, **values).body)
        else:
            messages.answer(self.session, self.inbound, reply(key, merchant, self._centre, offer, **values))

    def _about(self, offer: Offer) -> None:
        self.inbound.offer_id, self.inbound.merchant_id = offer.id, offer.merchant_id
        self.case_id = offer.case_id

    def _case(self, offer: Offer) -> Case:
        case = self.session.get(Case, offer.case_id)
        assert case is not None
        return case

    @property
    def _centre(self) -> Centre:
        centre = self.session.get(Centre, self.inbound.centre_id)
        assert centre is not None
        return centre

    @property
    def _actor(self) -> Actor:
        return Actor.merchant(self.inbound.merchant_id) if self.inbound.merchant_id is not None else Actor.system()

    @property
    def _language(self) -> str:
        language = self.merchants[0].language if self.merchants else "zh"
        return "en" if language.startswith("en") else "zh"


_TAKE_IN = {
    dialect: insert(Inbound).on_conflict_do_nothing().returning(Inbound)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
