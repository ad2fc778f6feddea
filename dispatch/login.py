"""Logging in: tries that are slowed down, tokens that are kept as their digest only, and whose desk a token opens."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update

from dispatch.desk import Desk
from dispatch.errors import NotLoggedIn, TooManyTries
from dispatch.models import LoginThrottle, LoginToken, Operator, Presence
from dispatch.presence import become, leave
from registry.models import Area
from registry.store import Actor, Reading, Scope, Writing

SHIFT = timedelta(hours=12)  # how long a token is good: the longest shift
FREE_TRIES = 3  # failures before the next try has to wait
LONGEST_WAIT = timedelta(seconds=60)  # longer would let a stranger lock an operator out
FORGOTTEN_AFTER = timedelta(days=1)


def digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def admit(session: Writing, login: str) -> None:
    """Counts a try at `login` before the password is looked at, so that tries side by side are counted too.

    Raises TooManyTries while the last failures still have to be waited for. Names that nobody has are treated alike.
    """
    now = session.clock.now()
    if session.get(LoginThrottle, login) is None:
        with suppress(IntegrityError), session.begin_nested():  # another try may be the first at the same time
            session.add(LoginThrottle(login=login, not_before=now))
    throttle = session.lock(LoginThrottle, login)
    assert throttle is not None
    if now < throttle.not_before:
        raise TooManyTries(seconds=max(1, round((throttle.not_before - now).total_seconds())))
    throttle.failures += 1
    if (over := throttle.failures - FREE_TRIES) >= 0:
        throttle.not_before = now + min(timedelta(seconds=2 ** min(over, 10)), LONGEST_WAIT)


def operator_named(session: Reading | Writing, centre_id: int, login: str) -> Operator | None:
    """The operator who logs in by that name and still works here."""
    return session.exec(
        select(Operator).where(
            Operator.centre_id == centre_id, Operator.login == login, col(Operator.ended_at).is_(None)
        )
    ).first()


def sit_down(session: Writing, operator_id: int) -> tuple[Operator, str, datetime]:
    """A new token for an operator whose password was right, and until when it is good; her presence is ready."""
    now = session.clock.now()
    token = secrets.token_urlsafe(32)
    operator = session.lock(Operator, operator_id)
    assert operator is not None
    become(session, operator, Presence.READY, Actor.operator(operator_id), what="logged_in")
    session.exec(delete(LoginThrottle).where(col(LoginThrottle.login) == operator.login))
    session.add(LoginToken(digest=digest(token), operator_id=operator_id, created_at=now, expires_at=now + SHIFT))
    return operator, token, now + SHIFT


def stand_up(session: Writing, token: str, desk: Desk) -> Operator:
    """Ends the token; without another good one the operator is no longer present, and calls do not ring at hers.

    Her open turns are any colleague's then. Raises Conflict with the cases when nobody else is there to take them.
    """
    now = session.clock.now()
    session.exec(update(LoginToken).where(col(LoginToken.digest) == digest(token)).values(ended_at=now))
    others = session.exec(
        select(LoginToken).where(
            LoginToken.operator_id == desk.operator_id,
            col(LoginToken.ended_at).is_(None),
            LoginToken.expires_at > now,
        )
    ).first()
    operator = session.lock(Operator, desk.operator_id)
    assert operator is not None
    if others is None:
        leave(session, operator, desk.actor, may_refuse=True)
        become(session, operator, Presence.OFF, desk.actor, what="logged_out")
    return operator


def desk_of(session: Reading | Writing, token: str, now: datetime) -> Desk:
    """Whose desk `token` opens. Raises NotLoggedIn."""
    row = session.exec(
        select(Operator, Area.path)
        .join(LoginToken, col(LoginToken.operator_id) == Operator.id)
        .join(Area, col(Area.id) == Operator.area_id, isouter=True)
        .where(
            LoginToken.digest == digest(token),
            LoginToken.expires_at > now,
            col(LoginToken.ended_at).is_(None),
            col(Operator.ended_at).is_(None),
        )
    ).first()
    if row is None:
        raise NotLoggedIn
    operator, path = row
    assert operator.id is not None
    return Desk(
        scope=Scope(operator.centre_id, path or "/", operator.role),
        operator_id=operator.id,
        extension=operator.extension,
    )


def forget(session: Writing) -> None:
    """Removes tokens and tries that mean nothing any more."""
    past = session.clock.now() - FORGOTTEN_AFTER
    session.exec(delete(LoginToken).where(col(LoginToken.expires_at) < past))
    session.exec(delete(LoginThrottle).where(col(LoginThrottle.not_before) < past))
