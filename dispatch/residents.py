"""Residents as an operator writes them down, also in the middle of a call."""

from dispatch.calls import held as held_call
from dispatch.calls import is_about
from dispatch.desk import Desk
from dispatch.models.transitions import note
from dispatch.wire.people import NewResident, ResidentChange
from registry import drafts, people
from registry.areas import lineage
from registry.models import Resident
from registry.store import Writing
from registry.vault import Vault


def register(session: Writing, desk: Desk, new: NewResident, vault: Vault) -> Resident:
    """A new resident, of the desk's own area where none is named. With `call_id` that call is about her, and its
    number leads to her from now on.

    Raises the registry's Refused with every field that cannot be accepted, NotFound for a call this desk may not see.
    """
    draft = drafts.read(drafts.ResidentDraft, new.model_dump(exclude_unset=True, exclude={"call_id"}))
    if draft.area_id is None and (own := lineage(desk.scope.area_path)):
        draft = draft.model_copy(update={"area_id": own[-1]})
    call = held_call(session, desk, new.call_id) if new.call_id is not None else None
    resident = people.create_resident(session, desk.scope, draft, actor=desk.actor, vault=vault)
    assert resident.id is not None
    if call is not None:
        is_about(session, call, resident.id, desk)
        call.version += 1
        note(session, call, "changed", desk.actor, fields=["resident_id"])
        if call.number is not None:
            people.remember_line(session, desk.scope, resident.id, call.number, actor=desk.actor)
    return resident


def change(session: Writing, desk: Desk, resident_id: int, change: ResidentChange, vault: Vault) -> Resident:
    """Changes the fields that were sent. Raises the registry's NotFound, StaleVersion and Refused."""
    return people.change_resident(
        session,
        desk.scope,
        resident_id,
        drafts.read(drafts.ResidentChange, change.model_dump(exclude_unset=True, exclude={"version"})),
        seen_version=change.version,
        actor=desk.actor,
        vault=vault,
    )
