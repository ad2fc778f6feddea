"""An operator has a merchant told once more: the offer while it is open, the job's details once it has accepted."""

from dispatch import messages, offers, timers
from dispatch.casebook import service_of
from dispatch.desk import Desk
from dispatch.errors import BadValue, Conflict, ForbiddenMove
from dispatch.models import Case, MessageKind, Offer, OfferState, TimerKind
from dispatch.models.transitions import key, note
from dispatch.policy import service_policy
from dispatch.wire.offers import OfferResend
from registry.models import Channel
from registry.store import Subject, Writing


def resend_offer(session: Writing, desk: Desk, number: str, offer_id: int, again: OfferResend) -> Offer:
    """By the channel that is wanted, or by the one it went out by; an open offer gets its whole time anew.

    Raises NotFound, Conflict while it is still on its way by that channel, ForbiddenMove for an offer that is over,
    BadValue for a channel that the merchant does not have.
    """
    case, offer = offers.held_offer(session, desk, number, offer_id)
    offers.expect_offer(session, case, offer, again.expects)
    channel = Channel(again.channel) if again.channel is not None else offer.channel
    if offer.state in offers.LIVE:
        _ask_again(session, case, offer, channel)
    elif offer.state is OfferState.ACCEPTED:
        _expect_not_under_way(session, offer, MessageKind.JOB_DETAILS, channel)
        if messages.tell_details(session, case, offer, channel) is None:
            raise BadValue(field="channel", found=str(channel), right="merchant.with_that_channel")
    else:
        raise ForbiddenMove(subject=Subject.OFFER, now=offer.state, wanted=OfferState.SENT)
    offer.version += 1
    note(session, offer, "resent", desk.actor, channel=str(channel), merchant=offer.merchant_id)
    return offer


def _ask_again(session: Writing, case: Case, offer: Offer, channel: Channel) -> None:
    _expect_not_under_way(session, offer, MessageKind.OFFER, channel)
    if channel is not offer.channel:
        other = messages.number_for(session, offer.merchant_id, channel)
        if other is None:
            raise BadValue(field="channel", found=str(channel), right="merchant.with_that_channel")
        offer.channel, offer.number = channel, other
    offer.expires_at = session.clock.now() + service_policy(session, service_of(session, case)).minutes(case.priority)
    timers.stop(session, Subject.OFFER, key(offer), TimerKind.OFFER_EXPIRES)
    timers.arm(session, TimerKind.OFFER_EXPIRES, offer, offer.expires_at)
    messages.ask(session, case, offer)


def _expect_not_under_way(session: Writing, offer: Offer, kind: MessageKind, channel: Channel) -> None:
    if messages.is_under_way(session, offer, kind, channel):
        raise Conflict(subject=Subject.OFFER, now="being_sent")
