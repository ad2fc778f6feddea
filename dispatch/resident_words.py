"""What a resident may answer by SMS when she was asked whether it is over for her too: 1 it is, 0 it is not."""

from datetime import timedelta

from sqlalchemy import select
from sqlmodel import col

from dispatch import incident_news
from dispatch.models import Case, Inbound, InboundReading, IncidentNews, Message, MessageKind
from registry.models import Channel
from registry.store import Writing
from registry.text import folded

GOOD_FOR = timedelta(hours=72)
STILL = frozenset({"0", "还没", "还没好", "没好", "没有", "still", "no"})
WELL = frozenset({"1", "好了", "恢复了", "已好", "有了", "ok", "yes"})


def answer(session: Writing, inbound: Inbound) -> InboundReading | None:
    """Does what the SMS says; None when it answers no question of ours, or is not one of the words."""
    said = folded(inbound.body, 20).strip("。.!！ ")
    if said not in STILL | WELL:
        return None
    asked = session.scalar(
        select(Message)
        .where(
            col(Message.kind) == MessageKind.INCIDENT_NEWS,
            col(Message.channel) == Channel.SMS,
            col(Message.number) == inbound.number,
            col(Message.created_at) > session.clock.now() - GOOD_FOR,
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    case = session.lock(Case, asked.case_id) if asked is not None and asked.case_id is not None else None
    if asked is None or case is None or case.news is not IncidentNews.OVER:
        return None
    means = incident_news.STILL if said in STILL else incident_news.WELL
    incident_news.answered(session, case, asked.resident_id, means)
    return InboundReading.STILL if said in STILL else InboundReading.WELL
