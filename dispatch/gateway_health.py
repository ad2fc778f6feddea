"""Whether each SMS gateway works: learnt from what it does with messages, and by looking at it once a minute.

An outage begins with the first failure and ends when the gateway itself says that it would send, or a network reports
one of its messages. Both are in the journal.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog
from sqlalchemy import bindparam, delete, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from callbridge.errors import GatewayAway, GatewayBusy, GatewayClosed, GatewayRefused
from callbridge.gateways.door import Gateway
from dispatch.models import GatewayState
from registry.store import Actor, Entry, Reading, Store, Subject, Writing

log = structlog.get_logger()

LOOK_EVERY = 60.0  # seconds
LOOK_AGAIN = 15.0  # while it does not work
NOTE_EVERY = timedelta(seconds=10)  # that it goes on working


def states(session: Reading | Writing, centre_id: int) -> Sequence[GatewayState]:
    """Of every gateway that is configured, by name."""
    return session.scalars(_STATES, {"centre_id": centre_id}).all()


def failing(session: Reading | Writing, centre_id: int) -> frozenset[str]:
    return frozenset(session.rows(_FAILING, centre_id=centre_id).scalars())


_STATES = (
    select(GatewayState).where(col(GatewayState.centre_id) == bindparam("centre_id")).order_by(col(GatewayState.name))
)
_FAILING = select(col(GatewayState.name)).where(
    col(GatewayState.centre_id) == bindparam("centre_id"), col(GatewayState.failing_since).is_not(None)
)


def settle(store: Store, centre_id: int, names: Sequence[str]) -> None:
    """These are the gateways now: one that is no longer configured is not failing any more."""
    with store.writing() as session:
        here = col(GatewayState.centre_id) == centre_id
        session.execute(delete(GatewayState).where(here, col(GatewayState.name).not_in(names)))
        for name in names:
            _insert(session, centre_id, name)


def took(session: Writing, centre_id: int, name: str) -> None:
    """It has taken a message. Some only put it into a queue of their own: that ends no outage."""
    lately = session.clock.now() - NOTE_EVERY
    if session.rows(_NO_NEWS, centre_id=centre_id, name=name, lately=lately).first() is None:
        _note_work(session, held(session, centre_id, name))


def works(session: Writing, centre_id: int, name: str) -> None:
    """It would send now, or has sent."""
    state = held(session, centre_id, name)
    if state.failing_since is not None:
        log.info("gateway.works", gateway=name)
        state.failing_since, state.problem = None, ""
        _record(session, state, "gateway_works")
    _note_work(session, state)


def fails(session: Writing, centre_id: int, name: str, problem: str) -> None:
    """It did not answer, or takes nothing."""
    state = held(session, centre_id, name)
    state.problem = problem[:200]
    if state.failing_since is None:
        log.warning("gateway.fails", gateway=name)
        state.failing_since = session.clock.now()
        _record(session, state, "gateway_fails")


def is_its_fault(refusal: GatewayRefused) -> bool:
    """Whether it is the gateway that does not work, and not this message or its pace."""
    away = isinstance(refusal, GatewayAway) and not isinstance(refusal, GatewayBusy)
    return away or isinstance(refusal, GatewayClosed)


async def watch(store: Store, centre_id: int, gateway: Gateway) -> None:
    """Looks at it for ever."""
    while True:
        usable = await look(store, centre_id, gateway)
        await asyncio.sleep(LOOK_EVERY if usable else LOOK_AGAIN)


async def look(store: Store, centre_id: int, gateway: Gateway) -> bool:
    """Once."""
    health = await gateway.check()

    def note() -> None:
        with store.writing() as session:
            if health.usable:
                works(session, centre_id, gateway.name)
            else:
                fails(session, centre_id, gateway.name, "; ".join(health.problems))

    await asyncio.to_thread(note)
    return health.usable


def held(session: Writing, centre_id: int, name: str) -> GatewayState:
    """Its row, which this transaction holds until its end."""
    here = {"centre_id": centre_id, "name": name}
    if (state := session.scalars(_HELD, here).first()) is None:
        _insert(session, centre_id, name)
        state = session.scalars(_HELD, here).one()
    return state


_HERE = (col(GatewayState.centre_id) == bindparam("centre_id"), col(GatewayState.name) == bindparam("name"))
_HELD = select(GatewayState).where(*_HERE).with_for_update().execution_options(populate_existing=True)
# It was noted as working a moment ago, or fails: most of the time one of the two.
_NO_NEWS = select(col(GatewayState.id)).where(
    *_HERE,
    or_(
        col(GatewayState.failing_since).is_not(None),
        col(GatewayState.worked_at) > bindparam("lately", type_=UTCDateTime()),
    ),
)


def _insert(session: Writing, centre_id: int, name: str) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(GatewayState).values(centre_id=centre_id, name=name, problem="").on_conflict_do_nothing())


def _note_work(session: Writing, state: GatewayState) -> None:
    now = session.clock.now()
    if state.worked_at is None or now - state.worked_at >= NOTE_EVERY:
        state.worked_at = now


def _record(session: Writing, state: GatewayState, what: str) -> None:
    session.record(
        Entry(
            what=f"{Subject.MESSAGE}.{what}",
            subject=Subject.MESSAGE,
            subject_id=0,
            actor=Actor.system(),
            centre_id=state.centre_id,
            data={"gateway": state.name},
        )
    )
