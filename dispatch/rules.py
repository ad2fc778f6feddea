"""The centre's rules, changed without a restart: each change is a new version, and none is ever overwritten."""

from collections.abc import Sequence

from sqlmodel import col, select

from dispatch.desk import Desk
from dispatch.errors import NotFound, StaleVersion
from dispatch.operators import whose
from dispatch.rule_bodies import POLICIES
from dispatch.wire.rules import RuleChange
from registry.centres import current_rule, put_in_force
from registry.drafts import read
from registry.models import Centre, Rule, RuleKind
from registry.store import Entry, Reading, Role, Subject, Writing

MOST_VERSIONS = 50

CHANGED = "operator.changed_rule"


def in_force(session: Reading | Writing, desk: Desk) -> list[Rule]:
    """Every rule's newest version, by kind."""
    return [current_rule(session, desk.centre_id, kind) for kind in sorted(POLICIES)]


def versions(session: Reading | Writing, desk: Desk, kind: str) -> Sequence[Rule]:
    """The last versions of a rule, the newest first. Raises NotFound for a rule that there is not."""
    if kind not in POLICIES:
        raise NotFound(subject="rule", id=kind)
    every = select(Rule).where(Rule.centre_id == desk.centre_id, Rule.kind == kind)
    return session.exec(every.order_by(col(Rule.version).desc()).limit(MOST_VERSIONS)).all()


def change(session: Writing, desk: Desk, kind: str, change: RuleChange) -> Rule:
    """The next version of a rule. Needs a supervisor.

    Raises NotFound for a rule that there is not, StaleVersion, and the registry's Refused with every value that
    cannot be, each with its path in the body (`steps.0.seconds`).
    """
    desk.needs(Role.SUPERVISOR)
    if kind not in POLICIES:
        raise NotFound(subject="rule", id=kind)
    session.lock(Centre, desk.centre_id)  # two changes come one after the other
    before = current_rule(session, desk.centre_id, RuleKind(kind))
    if before.version != change.version:
        raise StaleVersion(
            subject="rule", now=before.version, seen=change.version, **whose(session, before.author_id)
        )
    body = read(POLICIES[before.kind], before.body | change.body).model_dump(mode="json")
    rule = Rule(
        centre_id=desk.centre_id,
        kind=before.kind,
        version=before.version + 1,
        body=body,
        valid_from=session.clock.now(),
        author_id=desk.operator_id,
    )
    put_in_force(session, rule)
    session.record(
        Entry(
            what=CHANGED,
            subject=Subject.OPERATOR,
            subject_id=desk.operator_id,
            actor=desk.actor,
            centre_id=desk.centre_id,
            data={"rule": str(before.kind), "version": rule.version, "keys": sorted(change.body)},
        )
    )
    return rule
