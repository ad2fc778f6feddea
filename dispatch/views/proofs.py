"""The last proof of each trunk and telephone, as the board shows it."""

from dispatch.models import Proof
from dispatch.proofs import newest
from dispatch.wire.board import ProofLine
from registry.store import Reading, Writing


def proof_lines(session: Reading | Writing, centre_id: int) -> list[ProofLine]:
    return [proof_line(row) for row in newest(session, centre_id)]


def proof_line(proof: Proof) -> ProofLine:
    assert proof.id is not None
    return ProofLine(
        id=proof.id,
        exchange=proof.exchange,
        kind=proof.kind.value,
        name=proof.name,
        way=proof.way.value,
        at=proof.at,
        worked=proof.worked,
        problem=proof.problem.value if proof.problem is not None else None,
        took_ms=proof.took_ms,
        worked_at=proof.worked_at,
        needs_since=proof.needs_since,
    )
