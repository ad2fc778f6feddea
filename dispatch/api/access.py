"""How a request gets to the database: one session, the desk its token opens, and for commands done only once.

Routes are plain functions, run in the thread pool; what they do with a session they hand to `Reader` or `Commander`.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated

import structlog
from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from dispatch.api.precedence import TOO_LATE, name_the_first
from dispatch.desk import Desk
from dispatch.errors import KeyMissing, KeyReused, NotFound, NotLoggedIn
from dispatch.house import House
from dispatch.login import desk_of
from dispatch.models import IdempotentReply, Inbound
from dispatch.wire.board import InboundLine
from dispatch.wire.calls import CallCard, CallLine
from dispatch.wire.cases import CaseCard
from dispatch.wire.people import ResidentCard, ResidentLine
from registry.errors import WrongMasterKey
from registry.store import Reading, Subject, Writing

log = structlog.get_logger()

Answer = BaseModel | Sequence[BaseModel]
LONGEST_KEY = 128

_bearer = HTTPBearer(auto_error=False, description="The token of POST /api/v1/login")


def house_of(request: Request) -> House:
    house = request.app.state.house
    assert isinstance(house, House)
    return house


async def token_of(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    """The bearer token of the request. Raises NotLoggedIn when there is none."""
    if credentials is None or not credentials.credentials:
        raise NotLoggedIn
    return credentials.credentials


async def digest_of(request: Request) -> bytes:
    """What is asked, in 32 bytes: two requests with one key must agree in it."""
    asked = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    asked.update(await request.body())
    return asked.digest()


async def key_of(
    idempotency_key: Annotated[
        str | None,
        Header(description="Chosen by the sender, 1 to 128 characters; a repetition is answered alike and done once"),
    ] = None,
) -> str:
    """Raises KeyMissing."""
    if not idempotency_key or len(idempotency_key) > LONGEST_KEY:
        raise KeyMissing
    return idempotency_key


class Reader:
    """Answers from one consistent view of the database."""

    def __init__(self, house: Annotated[House, Depends(house_of)], token: Annotated[str, Depends(token_of)]) -> None:
        self.house = house
        self.token = token

    @property
    def now(self) -> datetime:
        return self.house.store.clock.now()

    def answer(self, look: Callable[[Reading, Desk], Answer]) -> Response:
        with self.house.store.reading() as session:
            answer = look(session, desk_of(session, self.token, self.now))
        return written(answer)

    def look_up(self, look: Callable[[Writing, Desk], Answer]) -> Response:
        """Like `answer`, for looking that leaves a trace: an opened record, a decision sheet."""

        def seen(session: Writing) -> Answer:
            return look(session, desk_of(session, self.token, session.clock.now()))

        return written(self.house.store.write(seen))


class Commander:
    """Does a command and remembers its answer in one transaction, so that its repetition is answered and not done."""

    def __init__(
        self,
        house: Annotated[House, Depends(house_of)],
        token: Annotated[str, Depends(token_of)],
        key: Annotated[str, Depends(key_of)],
        digest: Annotated[bytes, Depends(digest_of)],
        request: Request,
    ) -> None:
        self.house = house
        self.token = token
        self._key = key
        self._digest = digest
        self._address = request.path_params

    def do(self, work: Callable[[Writing, Desk], Answer], status: int = 200) -> Response:
        """Raises KeyReused when the key came with another request before, and whatever `work` raises; what came too
        late tells who was first.
        """
        try:
            body, status = self.house.store.write(lambda session: self._do(session, work, status))
        except TOO_LATE as late:
            with self.house.store.reading() as session:
                name_the_first(session, late, self._address)
            raise
        return Response(body, status, media_type="application/json")

    def _do(self, session: Writing, work: Callable[[Writing, Desk], Answer], status: int) -> tuple[bytes | str, int]:
        desk = desk_of(session, self.token, session.clock.now())
        reply = self._begun(session, desk)
        if reply.status:
            return self._read(session, reply), reply.status
        answer = work(session, desk)
        session.flush()
        body = _json(answer)
        reply.status = status
        self._keep(session, reply, body, _whose(session, answer))
        return body, status

    def _begun(self, session: Writing, desk: Desk) -> IdempotentReply:
        """The reply to this key, without a status while it is ours to do.

        The row is written first: the same command arriving at the same time waits here until it is committed.
        """
        reply = IdempotentReply(
            operator_id=desk.operator_id,
            key=self._key,
            request_digest=self._digest,
            status=0,
            body="",
            at=session.clock.now(),
        )
        try:
            with session.begin_nested():
                session.add(reply)
        except IntegrityError:
            before = session.get(IdempotentReply, (desk.operator_id, self._key))
            assert before is not None
            if before.request_digest != self._digest:
                raise KeyReused from None
            return before
        return reply

    def _keep(self, session: Writing, reply: IdempotentReply, body: bytes, resident_id: int | None) -> None:
        if resident_id is None:
            reply.body = body.decode()
            return
        try:
            sealed = self.house.vault.seal(session, resident_id, self._field(reply), body.decode())
        except WrongMasterKey:  # what was said has been done, and is not done again
            log.exception("answer.not_sealed")
            reply.body = body.decode()
            return
        reply.body, reply.sealed_for = b64encode(sealed).decode(), resident_id

    def _read(self, session: Writing, reply: IdempotentReply) -> str:
        """Raises NotFound for a record whose key has been deleted since."""
        if reply.sealed_for is None:
            return reply.body
        body = self.house.vault.open(session, reply.sealed_for, self._field(reply), b64decode(reply.body))
        if body is None:
            raise NotFound(subject=Subject.RESIDENT, id=reply.sealed_for)
        return body

    @staticmethod
    def _field(reply: IdempotentReply) -> str:
        return f"reply:{reply.operator_id}:{reply.key}"


def _whose(session: Writing, answer: Answer) -> int | None:
    """The resident of whom the answer tells."""
    match answer:
        case ResidentCard():
            return answer.id
        case CallCard(card=ResidentCard() as card):
            return card.id
        case CallLine(resident=ResidentLine() as line) | CaseCard(resident=ResidentLine() as line):
            return line.id
        case InboundLine():
            row = session.get(Inbound, answer.id)
            return row.sealed_for if row is not None else None
        case _:
            return None


def written(answer: Answer, status: int = 200) -> Response:
    return Response(_json(answer), status, media_type="application/json")


def _json(answer: Answer) -> bytes:
    if isinstance(answer, BaseModel):
        return answer.model_dump_json().encode()
    return b"[" + b",".join(each.model_dump_json().encode() for each in answer) + b"]"


Reads = Annotated[Reader, Depends()]
Commands = Annotated[Commander, Depends()]
Served = Annotated[House, Depends(house_of)]
