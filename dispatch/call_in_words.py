"""What a merchant that has called in is read: its jobs, its record, and the digits that answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from dispatch import codes
from dispatch.models import About, Card, CardState, Case, Offer, OfferState
from dispatch.offers import LIVE
from dispatch.record_words import figures
from dispatch.texts import job_of
from dispatch.wire.catalogue import Catalogue
from registry.models import Centre, Merchant
from registry.store import Writing

NEXT, RECORD, DISPUTE, OPERATOR = "6", "7", "8", "0"
FIGURES = "0123456789"
ANSWERS, STEPS = "12", "345"  # as in the calls that we make ourselves: 3 says an offer once more, 9 everything else
ASKS_US = "4"  # of an offer that is not accepted yet, as when we call about one


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A menu: its text and what each digit does."""

    text: str
    keys: str
    repeat: str = "9"
    out: str = OPERATOR
    digits: int = 1


class Words:
    """The menus of one caller: of the merchants that have her number, in the language of the first."""

    def __init__(self, session: Writing, merchants: Sequence[Merchant]) -> None:
        self._session = session
        self._merchants = merchants
        centre = session.get(Centre, merchants[0].centre_id)
        assert centre is not None
        self._centre = centre
        self.language = "en" if merchants[0].language.startswith("en") else "zh"
        self.say = Catalogue("dispatch", self.language).say

    def open_jobs(self) -> list[Offer]:
        """What waits for an answer, the most urgent first; then what is accepted."""
        rows = self._session.scalars(
            select(Offer).where(
                col(Offer.merchant_id).in_([merchant.id for merchant in self._merchants]),
                col(Offer.state).in_(LIVE | {OfferState.ACCEPTED}),
                col(Offer.offered_at) > self._session.clock.now() - codes.LIFE,
            )
        ).all()
        return sorted(rows, key=lambda offer: (offer.state is OfferState.ACCEPTED, offer.expires_at, offer.id))

    def hello(self, jobs: Sequence[Offer]) -> str:
        key = "menu.hello" if jobs else "menu.hello.none"
        return self.say(key, centre=self._centre.name, count=str(len(jobs)))

    def menu(self, about: About, said: Sequence[str], offer: Offer | None, *, more: bool) -> Read:
        """What is read after these sentences; `more`: there are jobs to hear."""
        next_ = NEXT if more else ""
        match about:
            case About.JOB:
                assert offer is not None
                return self._job(said, offer, next_)
            case About.WORD:
                assert offer is not None
                asks = self.say("menu.word", code=" ".join(offer.code))
                return Read(text=self._join(*said, asks, self.say("menu.operator")), keys=FIGURES, digits=4)
            case About.RECORD:
                return self._record(said, next_)
            case About.END:
                return Read(text=self._join(*said, *self._others(next_, "menu.jobs")), keys=RECORD + next_)

    def _job(self, said: Sequence[str], offer: Offer, next_: str) -> Read:
        case, merchant = self._session.get(Case, offer.case_id), self._session.get(Merchant, offer.merchant_id)
        assert case is not None
        assert merchant is not None
        accepted = offer.state is OfferState.ACCEPTED
        job = job_of(self._session, case, merchant).in_menu(offer.code, accepted=accepted)
        text = self._join(*said, job, *self._others(next_, "menu.next"))
        if accepted:
            return Read(text=text, keys=STEPS + next_ + RECORD)
        return Read(text=text, keys=ANSWERS + next_ + RECORD, repeat="3", out=OPERATOR + ASKS_US)

    def _record(self, said: Sequence[str], next_: str) -> Read:
        parts = [*said, self.say("menu.figures", **figures(self._session, self._merchants[0]))]
        keys = RECORD + next_
        if (card := self._newest_card()) is not None:
            offer = self._session.get(Offer, card.offer_id)
            what = self.say(f"card.{card.colour}.{card.limit}")
            parts.append(self.say("menu.card", code=" ".join(offer.code) if offer is not None else "", what=what))
            keys += DISPUTE
        if next_:
            parts.append(self.say("menu.jobs"))
        return Read(text=self._join(*parts, self.say("menu.operator")), keys=keys)

    def _newest_card(self) -> Card | None:
        ids = [merchant.id for merchant in self._merchants]
        standing = select(Card).where(col(Card.merchant_id).in_(ids), col(Card.state) == CardState.STANDING)
        return self._session.scalar(standing.order_by(col(Card.id).desc()).limit(1))

    def _others(self, next_: str, sentence: str) -> list[str]:
        """The digits that are always there, said last."""
        return [*([self.say(sentence)] if next_ else []), self.say("menu.record"), self.say("menu.operator")]

    def _join(self, *sentences: str) -> str:
        return ("" if self.language == "zh" else " ").join(sentences)

    @property
    def why(self) -> str:
        """The reason that stands for a key, for the supervisor."""
        return Catalogue("dispatch", self._centre.language).say("menu.why")
