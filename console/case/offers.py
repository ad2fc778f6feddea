"""Whom a case is offered to: candidates, their word by telephone, their record."""

from collections.abc import Sequence
from functools import partial
from typing import ClassVar, cast, get_args

from textual.binding import BindingType

from console.ask.pick import Choice, Pick
from console.case.candidates import CandidatesScreen
from console.case.visit_keys import VisitKeys
from console.keys import key
from console.match.hindsight import HindsightScreen
from console.merchant.agreed import is_there
from console.merchant.screen import MerchantScreen
from console.plain import plain
from dispatch.wire.cases import CaseChange
from dispatch.wire.offers import OfferAnswer, OfferEnd, OfferResend, OfferView
from dispatch.wire.words import Answer, Channel, Way

ASKED = ("pending", "sent")
DISPATCHED = ("open", "offering", "accepted", "on_the_way")  # in which it may be given to somebody, or to another
_OF_SERVICE = "of_service"
_NOT_SAID = "not_said"


class OfferKeys(VisitKeys):
    """The keys about merchants."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key("d,f5", "candidates", "case.dispatch"),
        key("p", "answer", "case.answer"),
        key("z", "end_offer", "case.end_offer"),
        key("b", "resend", "case.resend"),
        key("k", "way", "case.way"),
        key("r", "merchant", "case.merchant"),
        key("W", "hindsight", "case.hindsight"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        case = self.case
        match action:
            case "candidates":
                return case is not None and case.state in DISPATCHED and not case.call_back
            case "answer":
                return bool(self._offers(*ASKED))
            case "end_offer" | "resend":
                return bool(self._offers(*ASKED, "accepted"))
            case "way":
                offering = self.card.offering if self.card is not None else None
                return offering is not None and case is not None and case.state in ("open", "offering")
            case "hindsight":
                me = self.desk.world.me
                return case is not None and me is not None and me.role != "operator" and not case.call_back
            case "merchant":
                return case is not None and case.merchant is not None
            case _:
                return super().check_action(action, parameters)

    def _offers(self, *states: str) -> list[OfferView]:
        """The offers in one of these states, the newest first."""
        offers = self.card.offers if self.card is not None else []
        return [offer for offer in reversed(offers) if offer.state in states]

    def action_candidates(self) -> None:
        if (case := self.case) is not None:
            self.app.push_screen(CandidatesScreen(self.desk, case))

    def action_answer(self) -> None:
        """The merchant said it on the telephone: 1 and 2 as the merchant itself would press."""
        asked = self._offers(*ASKED)
        choices = [
            Choice(f"{offer.id}:{each}", self.desk.speech.word("answer", each), plain(offer.merchant.name, 80))
            for offer in asked
            for each in get_args(Answer)
        ]

        def answered(picked: str | None) -> None:
            if picked is None:
                return
            offer, answer = _picked(asked, picked)
            if answer == "accept":
                self.ask(self._accepted, offer)
            else:
                self._answered(OfferAnswer(expects=offer.state, answer=cast("Answer", answer)), offer)

        self.app.push_screen(Pick(self.desk, "case.answer_title", choices), answered)

    def _answered(self, told: OfferAnswer, offer: OfferView) -> None:
        self.move(partial(self.desk.client.answer_offer, self.number, offer.id, told))

    async def _accepted(self, offer: OfferView) -> None:
        """Where several can come, the merchant is asked on the telephone who of them does."""
        world, say = self.desk.world, self.desk.speech.say
        merchant = await self.desk.client.merchant(offer.merchant.id)
        wanted = self.case.wanted_at if self.case is not None else None
        day = max(wanted or world.now(), world.now()).astimezone(world.zone).date()
        there = [member for member in merchant.staff if is_there(member, day)]
        comes: str | None = _NOT_SAID
        if len(there) > 1:
            choices = [Choice(str(one.id), plain(one.name, 80)) for one in there]
            choices.insert(0, Choice(_NOT_SAID, say("case.comes_not_said")))
            comes = await self.app.push_screen_wait(Pick(self.desk, "case.comes_title", choices))
        if comes == _NOT_SAID:
            self._answered(OfferAnswer(expects=offer.state, answer="accept"), offer)
        elif comes is not None:
            self._answered(OfferAnswer(expects=offer.state, answer="accept", comes=int(comes)), offer)

    def action_end_offer(self) -> None:
        """An open offer is withdrawn; an accepted one given back (their wish) or revoked (ours)."""
        offers = self._offers("accepted", *ASKED)
        choices = [
            Choice(f"{offer.id}:{way}", self.desk.speech.word("offer_end", way), plain(offer.merchant.name, 80))
            for offer in offers
            for way in (("give_back", "revoke") if offer.state == "accepted" else ("withdraw",))
        ]

        def chosen(picked: str | None) -> None:
            if picked is not None:
                offer, how = _picked(offers, picked)
                end = OfferEnd(expects=offer.state, how=how)
                self.move(partial(self.desk.client.end_offer, self.number, offer.id, end))

        self.app.push_screen(Pick(self.desk, "case.end_offer_title", choices), chosen)

    def action_resend(self) -> None:
        """The merchant is told once more, by SMS or by telephone: the offer, or where to go."""
        offers = self._offers("accepted", *ASKED)
        choices = [
            Choice(f"{offer.id}:{channel}", self.desk.speech.word("channel", channel), plain(offer.merchant.name, 80))
            for offer in offers
            for channel in get_args(Channel)
        ]

        def chosen(picked: str | None) -> None:
            if picked is not None:
                offer, channel = _picked(offers, picked)
                again = OfferResend(expects=offer.state, channel=cast("Channel", channel))
                self.move(partial(self.desk.client.resend_offer, self.number, offer.id, again), "told.resent")

        self.app.push_screen(Pick(self.desk, "case.resend_title", choices), chosen)

    def action_way(self) -> None:
        """How this case is offered: in another way than its service is, or as its service again."""
        case, offering = self.case, self.card.offering if self.card is not None else None
        if case is None or offering is None:
            return
        speech, version = self.desk.speech, case.version
        choices = [Choice(way, speech.word("way", way), speech.say(f"way.{way}.about")) for way in get_args(Way)]
        choices.append(Choice(_OF_SERVICE, speech.say("way.of_service"), speech.service(case)))

        def chosen(picked: str | None) -> None:
            if picked is not None:
                way = None if picked == _OF_SERVICE else cast("Way", picked)
                self.move(partial(self.desk.client.change_case, self.number, CaseChange(version=version, way=way)))

        now = offering.way if offering.chosen else _OF_SERVICE
        self.app.push_screen(Pick(self.desk, "case.way_title", choices, now), chosen)

    def action_hindsight(self) -> None:
        """Why it was decided so, and what if."""
        if (case := self.case) is not None:
            self.app.push_screen(HindsightScreen(self.desk, case))

    def action_merchant(self) -> None:
        if (case := self.case) is not None and case.merchant is not None:
            self.app.push_screen(MerchantScreen(self.desk, case.merchant))


def _picked(offers: Sequence[OfferView], picked: str) -> tuple[OfferView, str]:
    """The offer, and what is to become of it."""
    id_, _, what = picked.partition(":")
    return next(offer for offer in offers if offer.id == int(id_)), what
