"""Yellow and red cards: what a merchant says against one, and the supervisor's word."""

from fastapi import APIRouter, Response

from dispatch import cards as work
from dispatch.api.access import Commands
from dispatch.desk import Desk
from dispatch.models import Card
from dispatch.views.cards import card_views
from dispatch.wire.base import Id
from dispatch.wire.cards import CardView, DecideCard, DisputeCard
from registry.store import Writing

router = APIRouter(prefix="/cards", tags=["merchants"])


@router.post("/{card_id}/dispute", response_model=CardView)
def dispute_card(card_id: Id, told: DisputeCard, commands: Commands) -> Response:
    """What the merchant told the operator by word of mouth: a supervisor has to decide."""
    return commands.do(lambda session, desk: _view(session, work.dispute_card(session, desk, card_id, told)))


@router.post("/{card_id}/decide", response_model=CardView)
def decide_card(card_id: Id, decision: DecideCard, commands: Commands) -> Response:
    """The card is upheld or withdrawn, and the merchant told why. Needs a supervisor."""

    def decide(session: Writing, desk: Desk) -> CardView:
        return _view(session, work.decide_card(session, desk, card_id, decision))

    return commands.do(decide)


def _view(session: Writing, card: Card) -> CardView:
    session.flush()
    return card_views(session, [card])[0]
