"""What the auditor has found, as the board shows it."""

from dispatch import findings
from dispatch.models.audit import Finding
from dispatch.wire.board import FindingLine
from registry.store import Reading, Writing


def finding_lines(session: Reading | Writing, centre_id: int) -> list[FindingLine]:
    return [
        FindingLine(kind=Finding(each.kind).value, count=each.count, since=each.since)
        for each in findings.current(session, centre_id)
    ]
