"""The journal, as a person reads it: who did what to this case and to the calls that belong to it."""

from collections.abc import Iterable, Sequence

from sqlalchemy import or_
from sqlmodel import col, select

from dispatch.models import Case, CaseCall, Operator
from dispatch.views.desk import known
from dispatch.views.legs import legs_named
from dispatch.wire.board import TimelineEntry
from dispatch.wire.ladders import ActorLine
from registry.models import Centre, Merchant, Resident
from registry.store import ActorKind, Reading, Subject, Writing
from registry.store.journal import Journal

Actors = dict[tuple[ActorKind, int | None], ActorLine]


def timeline(session: Reading | Writing, case: Case) -> list[TimelineEntry]:
    """By when it happened: what CEL told later stands where it belongs."""
    calls = select(CaseCall.call_id).where(CaseCall.case_id == case.id)
    rows = session.exec(
        select(Journal)
        .where(or_(col(Journal.case_id) == case.id, col(Journal.call_id).in_(calls)))
        .order_by(col(Journal.at), col(Journal.seq))
    ).all()
    actors = actor_lines(session, rows)
    epoch = epoch_of(session, case.centre_id)
    parties = legs_named(session, (row.data.get("leg") for row in rows if row.subject is Subject.CALL))
    return [
        entry(row, epoch, actors).model_copy(update={"party": parties.get(row.data.get("leg") or 0)}) for row in rows
    ]


def entry(row: Journal, epoch: str, actors: Actors) -> TimelineEntry:
    return TimelineEntry(
        id=f"{epoch}-{row.seq}",
        at=row.at,
        what=row.what,
        subject=row.subject.value,
        subject_id=row.subject_id,
        actor=actors[row.actor, row.actor_id],
        data=row.data,
    )


def epoch_of(session: Reading | Writing, centre_id: int) -> str:
    return session.exec(select(Centre.epoch).where(Centre.id == centre_id)).one()


def actor_lines(session: Reading | Writing, rows: Sequence[Journal]) -> Actors:
    """Everybody who did something in `rows`, with the name they have today."""
    names: dict[tuple[ActorKind, int | None], str] = {}
    for kind, model in (
        (ActorKind.OPERATOR, Operator),
        (ActorKind.MERCHANT, Merchant),
        (ActorKind.RESIDENT, Resident),
    ):
        if ids := known(row.actor_id for row in rows if row.actor is kind):
            found: Iterable[tuple[int | None, str]] = session.exec(
                select(model.id, model.name).where(col(model.id).in_(ids))
            ).all()
            names |= {(kind, id_): name for id_, name in found}
    return {
        key: ActorLine(kind=key[0].value, id=key[1], name=names.get(key, ""))
        for key in {(row.actor, row.actor_id) for row in rows}
    }
