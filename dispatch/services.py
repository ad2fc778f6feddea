"""The centre's services, changed without a restart: each change is a new version, and none is ever overwritten."""

from dispatch.desk import Desk
from dispatch.errors import StaleVersion
from dispatch.operators import whose
from dispatch.wire.services import ServiceChange
from registry import centres
from registry.models import Centre, Service, VisitProof
from registry.store import Entry, Role, Subject, Writing


def change(session: Writing, desk: Desk, code: str, wish: ServiceChange) -> Service:
    """The next version of a service, in force for every case opened from now on. Needs a supervisor.

    Raises StaleVersion, and the registry's NotFound for a service that there is not.
    """
    desk.needs(Role.SUPERVISOR)
    session.lock(Centre, desk.centre_id)  # two changes come one after the other
    before = centres.service(session, desk.centre_id, code)
    if before.version != wish.version:
        raise StaleVersion(
            subject="service", now=before.version, seen=wish.version, **whose(session, before.author_id)
        )
    changed = wish.model_dump(exclude={"version"}, exclude_none=True)
    kept = before.model_dump(exclude={"id"})
    kept |= {"version": before.version + 1, "valid_from": session.clock.now(), "author_id": desk.operator_id}
    service = Service(**kept | changed)
    service.proof = VisitProof(service.proof)
    session.add(service)
    session.record(
        Entry(
            what="operator.changed_service",
            subject=Subject.OPERATOR,
            subject_id=desk.operator_id,
            actor=desk.actor,
            centre_id=desk.centre_id,
            data={"service": code, "version": service.version, "keys": sorted(changed)},
        )
    )
    session.flush()
    return service
