"""Cards of a case and of a merchant, and the merchant's record."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from dispatch.models import Card, Case
from dispatch.policy import record_policy
from dispatch.records import record_of
from dispatch.views.desk import merchant_lines, operator_lines
from dispatch.wire.cards import CardView, RecordView
from registry.centres import current_rule
from registry.matching import Weights
from registry.models import RuleKind
from registry.records import facts, points
from registry.store import Reading, Writing

LAST = 20


def cards_of(session: Reading | Writing, case: Case) -> list[CardView]:
    """The first one first."""
    return card_views(session, session.exec(select(Card).where(Card.case_id == case.id).order_by(col(Card.id))).all())


def last_cards(session: Reading | Writing, merchant_id: int) -> list[CardView]:
    """A merchant's last cards, the newest first."""
    mine = select(Card).where(Card.merchant_id == merchant_id).order_by(col(Card.id).desc()).limit(LAST)
    return card_views(session, session.exec(mine).all())


def record_view(session: Reading | Writing, centre_id: int, merchant_id: int, now: datetime) -> RecordView:
    record = record_of(session, centre_id, merchant_id, now)
    weights = Weights.model_validate(current_rule(session, centre_id, RuleKind.MATCHING_WEIGHTS).body)
    days = record_policy(session, centre_id).window_days
    return RecordView(days=days, points=points(record, weights), **facts(record))


def card_views(session: Reading | Writing, cards: Sequence[Card]) -> list[CardView]:
    merchants = merchant_lines(session, (card.merchant_id for card in cards))
    deciders = operator_lines(session, (card.decided_by_id for card in cards))
    of = select(Case.id, Case.number).where(col(Case.id).in_({card.case_id for card in cards}))
    numbers = dict(session.exec(of).all()) if cards else {}
    return [
        CardView(
            id=card.id,
            case_number=numbers[card.case_id],
            merchant=merchants.get(card.merchant_id or 0),
            colour=card.colour.value,
            limit=card.limit.value,
            due_at=card.due_at,
            given_at=card.given_at,
            state=card.state.value,
            dispute=card.dispute,
            disputed_at=card.disputed_at,
            decision=card.decision,
            decided_at=card.decided_at,
            decided_by=deciders[card.decided_by_id].name if card.decided_by_id in deciders else "",
            version=card.version,
        )
        for card in cards
        if card.id is not None
    ]
