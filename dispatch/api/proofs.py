"""What the daily proof has found."""

from fastapi import APIRouter, Response

from dispatch import proofs
from dispatch.api.access import Commands
from dispatch.views.proofs import proof_line
from dispatch.wire.base import Id
from dispatch.wire.board import ProofLine
from dispatch.wire.cases import Acknowledge

router = APIRouter(prefix="/proofs", tags=["board"])


@router.post("/{proof_id}/acknowledge", response_model=ProofLine)
def acknowledge_proof(proof_id: Id, seen: Acknowledge, commands: Commands) -> Response:
    """This operator has seen that a trunk or a telephone did not work; `/readyz` goes on saying so."""
    return commands.do(lambda session, desk: proof_line(proofs.acknowledge(session, desk, proof_id, seen)))
