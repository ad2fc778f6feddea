"""By which gateway an SMS goes: who can carry it, who is first for that number, who works, who has sent enough."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlmodel import col

from callbridge.gateways.door import Gateway, Wording
from dispatch import gateway_health
from dispatch.models import Attempt, Message
from registry.store import Writing

log = structlog.get_logger()

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What `config.toml` says of a gateway: for which numbers it comes first, and how many SMS it sends a minute."""

    first_for: tuple[str, ...] = ()
    per_minute: int = 0  # no limit


class Ways:
    """The gateways in the order of preference."""

    def __init__(self, gateways: Mapping[str, Gateway], routes: Mapping[str, Route] | None = None) -> None:
        self._gateways = dict(gateways)
        self._routes = routes or {}

    def able(self, message: Message) -> list[str]:
        """Those that can carry this message at all."""
        able = []
        for name, gateway in self._gateways.items():
            if obstacle := gateway.obstacle(message.number, wording_of(message)):
                log.info("message.not_by_this_gateway", message=message.id, gateway=name, why=obstacle)
            else:
                able.append(name)
        return able

    def choose(self, session: Writing, message: Message, able: Sequence[str], *, urgent: bool) -> str | datetime:
        """One of the `able`; or, when each has sent enough for now, when the first may send again.

        First comes who has tried this message least, then who works, then who is first for the number, the longest
        beginning before the shorter, then the order of the configuration. What is urgent waits for no pace.
        """
        tried = self._tried(session, message)
        failing = gateway_health.failing(session, message.centre_id)
        ranked = sorted(
            able, key=lambda name: (tried.get(name, 0), name in failing, -self._fit(name, message.number))
        )
        if not urgent:  # one after the other, and in one order, or two would take the last place in this minute
            for name in sorted(each for each in able if self._route(each).per_minute):
                gateway_health.held(session, message.centre_id, name)
        free_at = {}
        for name in ranked:
            free_at[name] = None if urgent else self._free_at(session, name)
            if free_at[name] is None:
                return name
        return min(at for at in free_at.values() if at is not None)

    def _fit(self, name: str, number: str) -> int:
        beginnings = self._route(name).first_for
        return max((len(each) for each in beginnings if number.startswith(each)), default=0)

    def _route(self, name: str) -> Route:
        return self._routes.get(name, Route())

    def _tried(self, session: Writing, message: Message) -> dict[str, int]:
        if not message.tries:
            return {}
        tried = session.scalars(select(col(Attempt.via)).where(col(Attempt.message_id) == message.id))
        return Counter(tried)

    def _free_at(self, session: Writing, name: str) -> datetime | None:
        """When it may send again; None: now."""
        limit = self._route(name).per_minute
        if not limit:
            return None
        now = session.clock.now()
        lately = session.scalars(
            select(col(Attempt.handed_over_at))
            .where(col(Attempt.via) == name, col(Attempt.handed_over_at) > now - MINUTE)
            .order_by(col(Attempt.handed_over_at).desc())
            .limit(limit)
        ).all()
        return lately[-1] + MINUTE if len(lately) == limit else None


def wording_of(message: Message) -> Wording | None:
    """What an SMS was worded from; None for one of the time before that was kept."""
    return Wording(message.text_key, message.language, message.text_values) if message.text_key else None
