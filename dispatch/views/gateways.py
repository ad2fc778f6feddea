"""How the SMS gateways do, as the board shows it."""

from sqlmodel import col, func, select

from dispatch import gateway_health
from dispatch.held import UNDER_WAY
from dispatch.models import Attempt, GatewayState, Message
from dispatch.wire.board import GatewayLine
from registry.models import Channel
from registry.store import Reading, Writing


def gateway_lines(session: Reading | Writing, centre_id: int) -> list[GatewayLine]:
    """Every gateway that is configured, by name."""
    under_way = _under_way(session, centre_id)
    return [_line(state, under_way.get(state.name, 0)) for state in gateway_health.states(session, centre_id)]


def _line(state: GatewayState, under_way: int) -> GatewayLine:
    return GatewayLine(
        name=state.name,
        worked_at=state.worked_at,
        failing_since=state.failing_since,
        problem=state.problem,
        under_way=under_way,
    )


def _under_way(session: Reading | Writing, centre_id: int) -> dict[str, int]:
    """How many SMS each has been handed of which nobody knows yet that they were sent."""
    last = (col(Attempt.message_id) == Message.id) & (col(Attempt.try_number) == Message.tries)
    handed = col(Message.state).in_(UNDER_WAY) & (col(Message.channel) == Channel.SMS)
    counted = (
        select(Attempt.via, func.count())
        .join(Message, last)
        .where(handed, col(Message.centre_id) == centre_id)
        .group_by(col(Attempt.via))
    )
    return dict(session.exec(counted).all())
