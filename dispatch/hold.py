"""The hold after a restore: the database is older than what really went out, so nothing goes until a person says so.

What is kept back is whatever the outbox holds, also what is put there meanwhile (a clock that fires, an operator who
dispatches): of each, somebody may have heard already. Ladders that were climbing when the backup was made stand
still, each with its case loudly before the operators. Not kept back: calls that come in, the queue, the telephone in
an operator's own hand, and the ladder of every emergency that this database hears of after the restore. That is one
whose button is pressed now, also when it joins an old case, and one that CEL brings back from between the backup and
the restore unless somebody had answered it: whether anybody went there is not known, and twice is better than never.

On release everything is judged by the rules that it has anyway: a care call or a survey that is not worth it any more
is not made. An offer whose time runs out during the hold is not passed on to the next merchant, who could not be
asked either; its case goes before the operators (`dispatch.offers.expire`).
"""

from sqlalchemy import ColumnElement, and_, bindparam, exists, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import col

from dispatch.models import Hold, Ladder, LadderState, Message, MessageKind, MessageState
from registry.store import Reading, Writing

_NOT_GONE = (MessageState.WANTED, MessageState.CLAIMED)
_CURRENT = select(Hold).where(col(Hold.centre_id) == bindparam("centre_id"), col(Hold.released_at).is_(None))


def current(session: Reading | Writing, centre_id: int) -> Hold | None:
    """The centre's hold, None while it works as usual."""
    return session.scalar(_CURRENT, {"centre_id": centre_id})


def on(centre_id: ColumnElement[int] | Mapped[int]) -> ColumnElement[bool]:
    """Whether that centre is on hold, within a statement."""
    return exists().where(col(Hold.centre_id) == centre_id, col(Hold.released_at).is_(None))


def keeps_back() -> ColumnElement[bool]:
    """Messages that do not go now. Those of ladders are let through: one that is held does not want them."""
    return and_(
        col(Message.kind) != MessageKind.LADDER,
        col(Message.state).in_(_NOT_GONE),
        on(col(Message.centre_id)),
    )


def count(session: Reading | Writing, centre_id: int) -> tuple[int, int]:
    """How many messages and how many ladders are held."""
    messages = select(func.count()).select_from(Message).where(col(Message.centre_id) == centre_id, keeps_back())
    ladders = (
        select(func.count())
        .select_from(Ladder)
        .where(col(Ladder.centre_id) == centre_id, col(Ladder.state) == LadderState.HELD)
    )
    return session.scalar(messages) or 0, session.scalar(ladders) or 0
