"""What the daily proof has found: a row for each trunk and telephone that was tried, kept for ever, counted nowhere.

A failure is put before the operators until one has seen it, or a later proof of the same exchange has been made.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import col, func, select

from callbridge.proof import Proven
from dispatch import hold
from dispatch.desk import Desk
from dispatch.errors import Conflict, NotFound
from dispatch.models import ExchangePosition, Operator, Proof
from dispatch.policy import proof_policy
from dispatch.wire.cases import Acknowledge
from registry.centres import current_rule
from registry.models import RuleKind
from registry.store import Actor, Entry, Reading, Subject, Writing


def keep(session: Writing, centre_id: int, exchange: str, results: Iterable[Proven], began_at: datetime) -> None:
    """Writes down one proof of an exchange, begun then; what an earlier one needed somebody for is over."""
    position = session.lock(ExchangePosition, exchange)
    if position is None:
        position = ExchangePosition(exchange=exchange)
        session.add(position)
    position.proved_at = began_at
    before = {(row.kind, row.name): row for row in newest(session, centre_id, exchange)}
    for row in before.values():
        row.needs_since = None
    for result in results:
        last = before.get((result.kind, result.name))
        row = Proof(
            centre_id=centre_id,
            exchange=exchange,
            kind=result.kind,
            name=result.name,
            way=result.way,
            at=result.at,
            problem=result.problem,
            took_ms=round(result.took.total_seconds() * 1000),
            worked_at=result.at if result.worked else last.worked_at if last is not None else None,
            needs_since=None if result.worked else session.clock.now(),
        )
        session.add(row)
        session.flush()
        _note(session, row, "proved" if row.worked else "proof_failed", Actor.exchange())


def newest(session: Reading | Writing, centre_id: int, exchange: str | None = None) -> Sequence[Proof]:
    """The last try of each trunk and telephone."""
    ids = select(func.max(Proof.id)).where(Proof.centre_id == centre_id)
    if exchange is not None:
        ids = ids.where(Proof.exchange == exchange)
    ids = ids.group_by(col(Proof.exchange), col(Proof.kind), col(Proof.name))
    rows = select(Proof).where(col(Proof.id).in_(ids))
    return session.exec(rows.order_by(col(Proof.exchange), col(Proof.kind).desc(), col(Proof.name))).all()


def failures(session: Reading, centre_id: int, exchange: str) -> list[Proof]:
    """What did not work in the last proof of that exchange."""
    position = session.get(ExchangePosition, exchange)
    since = position.proved_at if position is not None else None
    return [
        row for row in newest(session, centre_id, exchange) if not row.worked and (since is None or row.at >= since)
    ]


def due_at(session: Reading, centre_id: int, exchange: str, now: datetime) -> datetime | None:
    """Since when a daily proof of that exchange is due; None when it was made, is not wanted, or on hold."""
    rule, policy = current_rule(session, centre_id, RuleKind.DAILY_PROOF), proof_policy(session, centre_id)
    if not policy.on or hold.current(session, centre_id) is not None:
        return None
    due = policy.last_due(now)
    position = session.get(ExchangePosition, exchange)
    made_at = position.proved_at if position is not None else None
    if due < rule.valid_from or (made_at is not None and made_at >= due):
        return None
    return due


def acknowledge(session: Writing, desk: Desk, proof_id: int, seen: Acknowledge) -> Proof:
    """This desk has seen that it failed. Raises NotFound, and Conflict when nothing is needed or something newer."""
    proof = session.lock(Proof, proof_id)
    if proof is None or proof.centre_id != desk.centre_id:
        raise NotFound(subject="proof", id=proof_id)
    if proof.needs_since is None or (seen.needs_since is not None and proof.needs_since > seen.needs_since):
        first = session.get(Operator, proof.seen_by_id) if proof.seen_by_id is not None else None
        by = {"by": first.name} if first is not None else {}
        raise Conflict(subject="proof", now="worked" if proof.worked else "failed", **by)
    proof.needs_since, proof.seen_by_id = None, desk.operator_id
    _note(session, proof, "proof_seen", desk.actor)
    return proof


def _note(session: Writing, proof: Proof, what: str, actor: Actor) -> None:
    session.record(
        Entry(
            what=f"{Subject.EXCHANGE}.{what}",
            subject=Subject.EXCHANGE,
            subject_id=0,
            actor=actor,
            centre_id=proof.centre_id,
            data={
                "exchange": proof.exchange,
                "proof": proof.id,
                "kind": str(proof.kind),
                "name": proof.name,
                "way": str(proof.way),
                "problem": proof.problem and str(proof.problem),
                "ms": proof.took_ms,
            },
        )
    )
