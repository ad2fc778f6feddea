"""What stands in the database of a town, as it is now."""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlmodel import SQLModel, col, select

from dispatch.models import Attempt, Call, Case, Leg, Message, MessageState, Offer, OfferState, Visit
from registry.store import Store
from registry.store.journal import Journal

M = TypeVar("M", bound=SQLModel)


@dataclass
class Rows:
    store: Store

    def get(self, model: type[M], key: Any) -> M:
        with self.store.reading() as session:
            found = session.get(model, key)
            assert found is not None
            return found

    def all(self, model: type[M]) -> list[M]:
        """Every row, in the order they were made."""
        with self.store.reading() as session:
            return list(session.exec(select(model).order_by(*inspect(model).primary_key)))

    def messages(self, state: MessageState) -> list[Message]:
        return [message for message in self.all(Message) if message.state is state]

    def attempts(self) -> list[Attempt]:
        return sorted(self.all(Attempt), key=lambda attempt: (attempt.message_id, attempt.try_number))

    def journal(self, *subjects: str) -> list[str]:
        """What happened, in order, only of `subjects` when some are named."""
        with self.store.reading() as session:
            rows = session.exec(select(Journal).order_by(col(Journal.seq)))
            return [row.what for row in rows if not subjects or row.what.split(".")[0] in subjects]

    def call(self, uniqueid: str) -> Call:
        with self.store.reading() as session:
            leg = session.exec(select(Leg).where(Leg.uniqueid == uniqueid)).one()
            found = session.get(Call, leg.call_id)
            assert found is not None
            return found

    def case(self, number: str) -> Case:
        with self.store.reading() as session:
            return session.exec(select(Case).where(Case.number == number)).one()

    def offers(self, number: str) -> list[Offer]:
        with self.store.reading() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            return list(session.exec(select(Offer).where(Offer.case_id == case.id).order_by(col(Offer.id))))

    def newest_offer(self, number: str) -> Offer:
        return self.offers(number)[-1]

    def visit(self, number: str) -> Visit:
        with self.store.reading() as session:
            case = session.exec(select(Case).where(Case.number == number)).one()
            return session.exec(select(Visit).where(Visit.case_id == case.id).order_by(col(Visit.id).desc())).first()  # type: ignore[return-value]

    def states(self, number: str) -> list[OfferState]:
        return [offer.state for offer in self.offers(number)]
