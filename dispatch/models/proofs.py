"""The daily proof: whether trunks and operators' telephones work, tried with calls of ours that count nowhere."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from callbridge.events import ProofKind, ProofProblem, ProofWay
from registry.models.columns import choice


class Proof(SQLModel, table=True):
    """One try of a trunk or a telephone. The newest row of each says how it is; an operator is needed from
    `needs_since` on until one has seen a failure, or a later try worked.
    """

    __tablename__ = "proof"
    __table_args__ = (Index("ix_proof_newest", "centre_id", "exchange", "kind", "name", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    exchange: str = Field(max_length=32)
    kind: ProofKind = choice(ProofKind)
    name: str = Field(max_length=20)  # of the trunk; a telephone's extension
    way: ProofWay = choice(ProofWay)
    at: datetime  # when it was begun
    problem: ProofProblem | None = choice(ProofProblem, nullable=True)  # None: it worked
    took_ms: int
    worked_at: datetime | None = None  # when it last worked, this time or before
    needs_since: datetime | None = None
    seen_by_id: int | None = Field(default=None, foreign_key="operator.id")

    @property
    def worked(self) -> bool:
        return self.problem is None
