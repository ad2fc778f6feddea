"""Whether the service lives, whether it can do its work, and figures for Prometheus."""

from contextlib import suppress
from datetime import timedelta

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from callbridge.events import ProofKind
from callbridge.proof_words import in_words
from dispatch import findings, proofs
from dispatch.api.access import Served, written
from dispatch.house import House
from dispatch.models import Finding, Proof
from dispatch.pulse import late_by
from dispatch.views.desk import hold_line
from dispatch.views.gateways import gateway_lines

router = APIRouter(tags=["health"])

NOT_PROVEN = timedelta(hours=2)  # somebody may have waited for long
NOT_AUDITED = timedelta(minutes=5)  # it looks every minute


class Health(BaseModel):
    """`problems` says what is not as it should be, in English, for whoever runs the machine."""

    ready: bool
    problems: list[str] = []


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """The process answers."""
    return written(Health(ready=True))


@router.get("/readyz", response_model=Health, responses={503: {"model": Health}})
def readyz(house: Served) -> Response:
    """Calls come in (here or at another instance), clocks run, what is written is kept: 200; or 503 and what not.

    Named without making it 503: a hold after a restore (who is sent elsewhere by that could not release it), what the
    daily proof has found, except of the trunk (then calls may not come in), SMS gateways that do not work, and what
    the auditor has found overdue or unattended.
    """
    looks = (_database, _exchange, _clocks)
    trunk, others = _proofs(house)
    problems = [*(problem for look in looks if (problem := look(house))), *trunk]
    degraded = [*others, *_gateways(house), *_audit(house), *_hold(house)]
    health = Health(ready=not problems, problems=[*problems, *degraded])
    return written(health, 503 if problems else 200)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def metrics(house: Served) -> Response:
    """Prometheus' text format."""
    return Response(generate_latest(house.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _database(house: House) -> str:
    try:
        with house.store.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return f"the database does not answer ({type(error).__name__})"
    return ""


def _exchange(house: House) -> str:
    with suppress(SQLAlchemyError):  # what is told of the database is enough
        if house.switchboard.held_elsewhere():
            return ""
    return house.switchboard.trouble


def _hold(house: House) -> list[str]:
    with suppress(SQLAlchemyError), house.store.reading() as session:
        if (held := hold_line(session, house.centre_id)) is not None:
            return [
                f"on hold since the restore at {held.since:%Y-%m-%d %H:%M:%SZ}: {held.messages} messages and "
                f"{held.ladders} ladders of emergencies wait; `townline release`, or a supervisor at the board"
            ]
    return []


def _gateways(house: House) -> list[str]:
    with suppress(SQLAlchemyError), house.store.reading() as session:
        return [
            f"the SMS gateway {line.name} does not work since {line.failing_since:%Y-%m-%d %H:%M:%SZ}: {line.problem}"
            for line in gateway_lines(session, house.centre_id)
            if line.failing_since is not None
        ]
    return []


def _audit(house: House) -> list[str]:
    """What should have moved and did not, without saying whose it is; and an auditor who looks no more."""
    since = house.store.clock.now() - house.audited_at
    problems = [f"the auditor last looked {since.total_seconds():.0f} s ago"] if since > NOT_AUDITED else []
    with suppress(SQLAlchemyError), house.store.reading() as session:
        problems += [
            f"the auditor has found {each.count} {findings.IN_WORDS[Finding(each.kind)]} since "
            f"{each.since:%Y-%m-%d %H:%M:%SZ} ({each.kind}): the log names them"
            for each in findings.current(session, house.centre_id)
        ]
    return problems


def _clocks(house: House) -> str:
    if house.ticked_at is None:
        return "the clocks have not been looked at yet"
    late = late_by(house.ticked_at, house.store.clock.now())
    return f"the clocks were last looked at {late.total_seconds():.0f} s ago" if late is not None else ""


def _proofs(house: House) -> tuple[list[str], list[str]]:
    """What the last daily proof has found not to work: of the trunk, and all else, a proof that was not made too."""
    now, exchange = house.store.clock.now(), house.config.exchange.name
    try:
        with house.store.reading() as session:
            failed = proofs.failures(session, house.centre_id, exchange)
            due = proofs.due_at(session, house.centre_id, exchange, now)
    except SQLAlchemyError:  # what is told of the database is enough
        return [], []
    trunk = [_failed(proof) for proof in failed if proof.kind is ProofKind.TRUNK]
    others = [_failed(proof) for proof in failed if proof.kind is not ProofKind.TRUNK]
    if due is not None and now - due > NOT_PROVEN:
        others.append(f"the daily proof of {due:%Y-%m-%d %H:%M} UTC has not been made: townline pbx check --call")
    return trunk, others


def _failed(proof: Proof) -> str:
    assert proof.problem is not None
    problem = in_words(proof.kind, proof.name, proof.problem)
    return f"{problem.what} (tried at {proof.at:%Y-%m-%d %H:%M} UTC): {problem.remedy}"
