"""The rules a centre works by: read by everybody, changed by a supervisor, in force at once."""

from collections.abc import Sequence

from fastapi import APIRouter, Response

from dispatch import rules as work
from dispatch.api.access import Commands, Reads
from dispatch.desk import Desk
from dispatch.views.desk import operator_lines
from dispatch.wire.rules import RuleChange, RuleView
from registry.models import Rule
from registry.store import Reading, Writing

router = APIRouter(prefix="/rules", tags=["rules"])


@router.get("", response_model=list[RuleView])
def read_rules(reader: Reads) -> Response:
    """Of each the version in force."""
    return reader.answer(lambda session, desk: _views(session, work.in_force(session, desk)))


@router.get("/{kind}", response_model=list[RuleView])
def read_versions(kind: str, reader: Reads) -> Response:
    """How a rule became what it is: its last versions, the newest first."""
    return reader.answer(lambda session, desk: _views(session, work.versions(session, desk, kind)))


@router.patch("/{kind}", response_model=RuleView)
def change_rule(kind: str, change: RuleChange, commands: Commands) -> Response:
    """Changes the keys that are sent; the next version is in force at once. Needs a supervisor."""

    def write(session: Writing, desk: Desk) -> RuleView:
        rule = work.change(session, desk, kind, change)
        return _views(session, [rule])[0]

    return commands.do(write)


def _views(session: Reading | Writing, rules: Sequence[Rule]) -> list[RuleView]:
    authors = operator_lines(session, (rule.author_id for rule in rules))
    return [
        RuleView(
            kind=rule.kind.value,
            version=rule.version,
            body=rule.body,
            valid_from=rule.valid_from,
            author=authors[rule.author_id].name if rule.author_id in authors else "",
        )
        for rule in rules
    ]
