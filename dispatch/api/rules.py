"""The rules a centre works by: read by everybody, changed by an administrator, in force at once."""

from fastapi import APIRouter, Response

from dispatch import rules as work
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.wire.rules import RuleChange, RuleView
from registry.models import Rule
from registry.store import Writing

router = APIRouter(prefix="/rules", tags=["rules"])


@router.get("", response_model=list[RuleView])
def read_rules(reader: Reads) -> Response:
    """Of each the version in force."""
    return reader.answer(lambda session, desk: [_view(rule) for rule in work.in_force(session, desk)])


@router.patch("/{kind}", response_model=RuleView)
def change_rule(kind: str, change: RuleChange, commands: Commands) -> Response:
    """Changes the keys that are sent. Needs an administrator."""

    def write(session: Writing, desk: Desk) -> RuleView:
        return _view(work.change(session, desk, kind, change))

    return commands.do(write)


def _view(rule: Rule) -> RuleView:
    return RuleView(kind=rule.kind.value, version=rule.version, body=rule.body, valid_from=rule.valid_from)
