"""The centre's rules, changed without a restart: each change is a new version, and none is ever overwritten."""

from pydantic import ValidationError

from dispatch.desk import Desk
from dispatch.errors import BadValue, StaleVersion
from dispatch.policy import POLICIES
from dispatch.wire.rules import RuleChange
from registry.centres import current_rule
from registry.models import Centre, Rule, RuleKind
from registry.store import Entry, Reading, Role, Subject, Writing


def in_force(session: Reading | Writing, desk: Desk) -> list[Rule]:
    """Every rule's newest version, by kind."""
    return [current_rule(session, desk.centre_id, kind) for kind in sorted(POLICIES)]


def change(session: Writing, desk: Desk, kind: str, change: RuleChange) -> Rule:
    """The next version of a rule. Needs an administrator.

    Raises BadValue for a rule that there is not, a key it does not have or a value that cannot be; StaleVersion.
    """
    desk.needs(Role.ADMINISTRATOR)
    if kind not in POLICIES:
        raise BadValue(field="kind", found=kind, right="rule.known")
    session.lock(Centre, desk.centre_id)  # two changes come one after the other
    before = current_rule(session, desk.centre_id, RuleKind(kind))
    if before.version != change.version:
        raise StaleVersion(subject="rule", now=before.version, seen=change.version)
    try:
        body = POLICIES[RuleKind(kind)].model_validate(before.body | change.body).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(["body", *(str(part) for part in first["loc"])])
        raise BadValue(field=field, found=str(first["input"])[:80], right="rule.known") from error
    rule = Rule(
        centre_id=desk.centre_id,
        kind=before.kind,
        version=before.version + 1,
        body=body,
        valid_from=session.clock.now(),
        author_id=desk.operator_id,
    )
    session.add(rule)
    session.record(
        Entry(
            what="operator.changed_rule",
            subject=Subject.OPERATOR,
            subject_id=desk.operator_id,
            actor=desk.actor,
            centre_id=desk.centre_id,
            data={"rule": str(before.kind), "version": rule.version, "keys": sorted(change.body)},
        )
    )
    return rule
