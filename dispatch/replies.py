"""SMS that come in: stored first, read afterwards, answered at most once, acted upon only where it is certain.

`take_in` and `read` are two transactions: what a gateway was told is stored is never lost, and a text that could not
be read for any reason is read again by `read_left_over`. The table of answers is docs/replies.md.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from callbridge.gateways.door import InboundSms
from dispatch import messages, offers, visits
from dispatch.attention import Need, need
from dispatch.errors import Conflict, ForbiddenMove
from dispatch.models import (
    Case,
    Inbound,
    InboundReading,
    Message,
    MessageKind,
    Offer,
    OfferState,
    Visit,
    VisitState,
)
from dispatch.offers import CODE_LIFE, LIVE
from dispatch.readings import Said, read
from dispatch.texts import reply
from registry.merchants import merchants_by_number
from registry.models import Centre, Channel, Merchant
from registry.numbers import NumberPlan
from registry.store import Actor, Entry, Store, Subject, Writing
from registry.text import plain

log = structlog.get_logger()

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
        self._centre_id = centre_id
        self._plan = plan

    def take_in(self, session: Writing, gateway: str, sms: InboundSms) -> Inbound:
        """Stores an SMS; the same event of the same gateway is stored once. `read` it in another transaction."""
        event_id = plain(sms.event_id, 128)
        number = self._plan.read(sms.from_number).number or plain(sms.from_number, 40)
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        session.execute(
            insert(Inbound)
            .values(
                centre_id=self._centre_id,
                gateway=gateway,
                event_id=event_id,
                number=number[:40],
                body=plain(sms.text, LONGEST),
                sent_at=sms.received_at,
                received_at=session.clock.now(),
                reading=InboundReading.UNREAD,
                needs_operator=False,
            )
            .on_conflict_do_nothing()
        )
        return session.scalars(
            select(Inbound).where(col(Inbound.gateway) == gateway, col(Inbound.event_id) == event_id)
        ).one()

    def read(self, session: Writing, inbound_id: int) -> Inbound | None:
        """Reads a stored SMS and does what it says; one that was read before is left as it is."""
        seen = session.get(Inbound, inbound_id)
        if seen is None or seen.reading is not InboundReading.UNREAD:
            return None
        merchants = merchants_by_number(session, self._centre_id, seen.number)
        said = read(seen.body)
        asked = _asked(session, [merchant.id for merchant in merchants if merchant.id is not None])
        about = [offer for offer in asked if said.code is None or offer.code == said.code]
        undecided = LIVE | {OfferState.ACCEPTED}
        about = [offer for place, offer in enumerate(about) if place == 0 or offer.state in undecided]
        for case_id in sorted({offer.case_id for offer in about}):
            session.lock(Case, case_id)  # before the offers and the SMS, as everywhere
        about = [held for offer in about if (held := session.lock(Offer, offer.id or 0)) is not None]
        inbound = session.lock(Inbound, inbound_id)
        assert inbound is not None
        if inbound.reading is not InboundReading.UNREAD:
            return None
        reader = _Reader(session, inbound, said, merchants, about)
        reader.read()
        session.record(
            Entry(
                what="message.received",
                subject=Subject.MESSAGE,
                subject_id=inbound_id,
                actor=Actor.merchant(inbound.merchant_id) if inbound.merchant_id is not None else Actor.system(),
                centre_id=inbound.centre_id,
                case_id=reader.case_id,
                data={"inbound": inbound_id, "reading": str(inbound.reading), "offer": inbound.offer_id},
            )
        )
        return inbound


def read_left_over(store: Store, replies: Replies, older_than: timedelta = timedelta(seconds=5)) -> int:
    """Reads what was stored and not read: the service went away in between, or something failed."""
    with store.reading() as session:
        left = session.scalars(
            select(col(Inbound.id))
            .where(
                col(Inbound.reading) == InboundReading.UNREAD,
                col(Inbound.received_at) <= store.clock.now() - older_than,
            )
            .order_by(col(Inbound.id))
            .limit(50)
        ).all()
    for inbound_id in left:
        try:
            with store.writing() as session:
                replies.read(session, inbound_id or 0)
        except Exception:
            log.exception("inbound.not_read", inbound=inbound_id)
    return len(left)


class _Reader:
    """One SMS being read: every row it may touch is held."""

    def __init__(
        self,
        session: Writing,
        inbound: Inbound,
        said: Said,
        merchants: Sequence[Merchant],
        about: Sequence[Offer],
    ) -> None:
        self.session, self.inbound, self.said = session, inbound, said
        self.merchants, self.about = merchants, about  # the undecided ones and the newest, the newest first
        self.case_id: int | None = None

    def read(self) -> None:
        if not self.merchants:
            self._stranger()
            return
        self.inbound.merchant_id = self.merchants[0].id
        reading = self.said.reading
        if reading is None:
            self._not_understood()
        elif self.said.code is not None and not self.about:
            self._ends(InboundReading.UNKNOWN_CODE, "reply.unknown_code", written=self.said.code)
        elif reading is InboundReading.CALL_ME:
            self._call_me()
        elif reading in STEPS:
            self._step(STEPS[reading])
        else:
            self._answer(accepting=reading is InboundReading.ACCEPT)

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
                offers.accept(self.session, case, offer, self._actor, by=Channel.SMS)
                self.inbound.reading = InboundReading.ACCEPT  # the details are the answer
            else:
                offers.decline(self.session, case, offer, self._actor, by=Channel.SMS)
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
            self._ends(InboundReading.TOO_LATE, LATE.get(offer.state, "reply.not_wanted"), offer)

    def _step(self, to: VisitState) -> None:
        """3, 4 or 5: how far it is with the one job that is accepted."""
        jobs = [offer for offer in self.about if offer.state is OfferState.ACCEPTED]
        if len(jobs) > 1:
            self._which(jobs)
            return
        if not jobs:
            self._step_of_nothing()
            return
        offer = jobs[0]
        self._about(offer)
        case, visit = self._case(offer), visits.of_offer(self.session, offer)
        assert visit is not None
        try:
            visits.step(self.session, case, visit, to, self._actor, proof="sms")
        except ForbiddenMove:
            self._ends(InboundReading.REPEATED, "reply.step_before", offer)
        else:
            assert self.said.reading is not None
            self._ends(self.said.reading, f"reply.{to}", offer)

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
            self._ends(InboundReading.TOO_LATE, LATE.get(newest.state, "reply.not_wanted"), newest)

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
        if self.said.silent or self._answered_lately() >= NOT_UNDERSTOOD_AN_HOUR:
            self.inbound.reading = InboundReading.NOT_UNDERSTOOD
        else:
            self._ends(InboundReading.NOT_UNDERSTOOD, "reply.not_understood")

    def _stranger(self) -> None:
        """Kept, shown to the operator, and answered once, if it is a number that a person answers."""
        self.inbound.needs_operator = True
        self.inbound.reading = InboundReading.STRANGER
        since = self.session.clock.now() - CODE_LIFE
        before = self._replies_since(since)
        if self.inbound.number.startswith("+") and not before and not self.said.silent:
            self._ends(InboundReading.STRANGER, "reply.stranger")

    def _answered_lately(self) -> int:
        since = self.session.clock.now() - timedelta(hours=1)
        return self._replies_since(since, InboundReading.NOT_UNDERSTOOD)

    def _replies_since(self, since: object, reading: InboundReading | None = None) -> int:
        counted = (
            select(func.count())
            .select_from(Message)
            .join(Inbound, col(Inbound.id) == col(Message.inbound_id))
            .where(
                col(Message.kind) == MessageKind.REPLY,
                col(Message.number) == self.inbound.number,
                col(Message.created_at) > since,
            )
        )
        if reading is not None:
            counted = counted.where(col(Inbound.reading) == reading)
        return self.session.scalar(counted) or 0

    def _ends(self, reading: InboundReading, key: str, offer: Offer | None = None, **values: str) -> None:
        """Puts down how it was read, and its one answer into the outbox."""
        self.inbound.reading = reading
        centre = self.session.get(Centre, self.inbound.centre_id)
        assert centre is not None
        merchant = self.merchants[0] if self.merchants else None
        body = reply(key, merchant, centre, offer, **values)
        messages.answer(self.session, self.inbound, body, self._language)

    def _about(self, offer: Offer) -> None:
        self.inbound.offer_id, self.inbound.merchant_id = offer.id, offer.merchant_id
        self.case_id = offer.case_id

    def _case(self, offer: Offer) -> Case:
        case = self.session.get(Case, offer.case_id)
        assert case is not None
        return case

    @property
    def _actor(self) -> Actor:
        return Actor.merchant(self.inbound.merchant_id) if self.inbound.merchant_id is not None else Actor.system()

    @property
    def _language(self) -> str:
        language = self.merchants[0].language if self.merchants else "zh"
        return "en" if language.startswith("en") else "zh"


def _asked(session: Writing, merchant_ids: list[int]) -> Sequence[Offer]:
    """The offers that an answer of these merchants may mean, the newest first."""
    since = session.clock.now() - CODE_LIFE
    return session.scalars(
        select(Offer)
        .where(col(Offer.merchant_id).in_(merchant_ids), col(Offer.offered_at) > since)
        .order_by(col(Offer.id).desc())
        .limit(200)
    ).all()
