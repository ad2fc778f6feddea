"""What a key means that somebody presses whom we have called."""

import structlog

from dispatch import cards, care, incident_news, ladders, messages, offers, surveys, visit_reports, visits
from dispatch.attention import Need, need
from dispatch.errors import Conflict, ForbiddenMove
from dispatch.held import Held
from dispatch.messages import CARD_KEYS, CARE_KEYS
from dispatch.models import MessageKind, OfferState
from dispatch.visit_reports import Told
from registry.models import Channel
from registry.store import Writing

log = structlog.get_logger()


def pressed(session: Writing, held: Held, key: str) -> None:
    """A merchant's key: an answer to the offer, or a step of its visit. One that comes too late changes nothing, and
    who believes that it has the job is told that it has not.
    """
    if held.case is not None and held.message.kind is MessageKind.LADDER:
        ladders.pressed(session, held.case, held.message, key)
    if held.case is not None and held.message.kind is MessageKind.SURVEY:
        surveys.answered(session, held.case, held.message, key)
    if held.case is not None and held.message.kind is MessageKind.INCIDENT_NEWS and held.message.keys == CARE_KEYS:
        incident_news.answered(session, held.case, held.message.resident_id, key)
    if held.check is not None:
        care.answered(session, held.check, key)
    if held.case is None or held.offer is None:
        return
    try:
        if held.message.kind is MessageKind.OFFER and key == "1":
            offers.accept(session, held.case, held.offer, held.actor, by=Channel.VOICE)
        elif held.message.kind is MessageKind.OFFER and key == "2":
            offers.decline(session, held.case, held.offer, held.actor, by=Channel.VOICE)
        elif held.message.keys == CARD_KEYS and key == "8":
            cards.disputed_by_key(session, held.case, held.offer, held.actor)
        elif held.message.kind is MessageKind.OFFER and key == "4":
            need(session, held.case, Need.CALL_ME, held.actor)
        elif key in visits.STEP_OF_KEY and held.offer.state is OfferState.ACCEPTED:
            visit = visits.of_offer(session, held.offer)
            if visit is not None:
                to = visits.STEP_OF_KEY[key]
                told = visit_reports.report(session, held.case, visit, to, held.actor, way="voice")
                if told is Told.PROOF_WANTED and visit_reports.wants_word(session, held.case, visit):
                    need(session, held.case, Need.PROOF_MISSING, held.actor)  # a key cannot say the word
    except (Conflict, ForbiddenMove):
        log.info("message.key_too_late", message=held.message.id, offer=held.offer.id, key=key)
        if held.message.kind is MessageKind.OFFER and key == "2" and held.offer.state is OfferState.ACCEPTED:
            need(session, held.case, Need.CALL_ME, held.actor)  # accepted by one channel, declined by the other
        if held.message.kind is MessageKind.OFFER and key == "1" and held.offer.state is not OfferState.ACCEPTED:
            messages.tell_off(session, held.case, held.offer)
