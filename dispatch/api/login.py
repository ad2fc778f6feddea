"""Logging in and out, and who one is."""

import threading

from fastapi import APIRouter, Response

from dispatch import login as logins
from dispatch.api.access import Commands, Reads, Served, written
from dispatch.desk import Desk
from dispatch.errors import NotLoggedIn, WrongLogin
from dispatch.models import Operator
from dispatch.passwords import fits
from dispatch.views.desk import operator_line
from dispatch.wire.operators import Login, OperatorLine, Session
from registry.store import Reading

router = APIRouter(tags=["login"])
_hashing = threading.Semaphore(2)  # a look at a password takes 19 MiB and a core


@router.post("/login", response_model=Session)
def log_in(login: Login, house: Served) -> Response:
    """A token for this operator, good for 12 hours. After failures the next try has to wait, whoever makes it."""
    with house.store.writing() as session:
        logins.admit(session, login.login)
    with house.store.reading() as session:
        known = logins.operator_named(session, house.centre_id, login.login)
    with _hashing:
        right = fits(login.password, known.password_hash if known is not None else None)
    if not right or known is None or known.id is None:
        raise WrongLogin
    with house.store.writing() as session:
        operator, token, until = logins.sit_down(session, known.id)
    return written(
        Session(token=token, expires_at=until, operator=operator_line(operator), language=operator.language)
    )


@router.post("/logout", response_model=OperatorLine)
def log_out(commands: Commands) -> Response:
    """Ends this token. Without another one the operator is no longer present."""
    return commands.do(lambda session, desk: operator_line(logins.stand_up(session, commands.token, desk)))


@router.get("/me", response_model=OperatorLine)
def me(reader: Reads) -> Response:
    """The operator whose token this is."""

    def look(session: Reading, desk: Desk) -> OperatorLine:
        operator = session.get(Operator, desk.operator_id)
        if operator is None:
            raise NotLoggedIn
        return operator_line(operator)

    return reader.answer(look)
