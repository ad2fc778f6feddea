"""What the auditor has found, kept in sight until it is put right: on the board, in `/readyz` and in `/metrics`.

Written only when it changes, so that an audit of a house in order writes nothing.
"""

from collections.abc import Mapping, Sequence

from sqlmodel import col, select

from dispatch.models.audit import AuditFinding, Finding
from registry.models import Centre
from registry.store import Actor, Entry, Reading, Store, Subject, Writing

IN_WORDS = {  # for whoever runs the machine
    Finding.TIMER_OVERDUE: "clocks that were due and that nobody looked at",
    Finding.MESSAGE_OVERDUE: "messages or calls that should have left, or whose fate nobody asks about",
    Finding.OFFER_WITHOUT_CLOCK: "open offers without a clock",
    Finding.LADDER_WITHOUT_CLOCK: "emergencies that no clock moves",
    Finding.CASE_STUCK: "cases that nothing moves",
    Finding.CASE_UNATTENDED: "cases that wait for an operator for longer than the rule allows",
    Finding.CALL_WITHOUT_END: "calls without an end",
    Finding.SMS_NOT_READ: "SMS that came in and were not read",
    Finding.CARE_WITHOUT_CLOCK: "care plans without a clock",
    Finding.CARE_CHECK_OPEN: "care calls that came to no end",
}


def current(session: Reading | Writing, centre_id: int) -> Sequence[AuditFinding]:
    """What stands now, by kind."""
    found = select(AuditFinding).where(col(AuditFinding.centre_id) == centre_id)
    return session.exec(found.order_by(col(AuditFinding.kind))).all()


def keep(store: Store, centre_id: int, found: Mapping[Finding, int]) -> None:
    """This is what an audit has found; what it found before and finds no more has been put right."""
    wanted = {str(kind): count for kind, count in found.items()}
    with store.reading() as session:
        if {each.kind: each.count for each in current(session, centre_id)} == wanted:
            return
    with store.writing() as session:
        session.lock(Centre, centre_id)  # of several instances one is the first to say it
        before = {each.kind: each for each in current(session, centre_id)}
        for kind in sorted(before.keys() | wanted.keys()):
            row, count = before.get(kind), wanted.get(kind, 0)
            if row is not None and row.count == count:
                continue
            if row is None:
                session.add(AuditFinding(centre_id=centre_id, kind=kind, count=count, since=session.clock.now()))
            elif count:
                row.count = count
            else:
                session.delete(row)
            _record(session, centre_id, kind, count)


def _record(session: Writing, centre_id: int, kind: str, count: int) -> None:
    session.record(
        Entry(
            what=f"{Subject.CENTRE}.{'audit_found' if count else 'audit_clear'}",
            subject=Subject.CENTRE,
            subject_id=centre_id,
            actor=Actor.system(),
            centre_id=centre_id,
            data={"finding": kind, "count": count},
        )
    )
