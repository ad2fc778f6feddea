"""Who has been deleted, kept beside the secrets and in no backup: a restore of an older backup deletes them again.

Only numbers and times stand there. A resident's number may be given anew after a restore; the moment at which she
was registered tells her from whoever has it then.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from callbridge.secrets import Secrets
from registry.models import Resident

FILE = "forgotten.jsonl"


@dataclass(frozen=True, slots=True)
class Forgotten:
    resident: int
    registered: datetime

    def is_(self, row: Resident) -> bool:
        return row.created_at == self.registered


def note(secrets: Secrets, code: str, row: Resident) -> None:
    """Written, and safe on the disk, before anything is emptied; noted twice it is the same."""
    secrets.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(_place(secrets), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    facts = {
        "centre": code,
        "resident": row.id,
        "registered": row.created_at.astimezone(UTC).isoformat(),
        "deleted": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(facts) + "\n")
        file.flush()
        os.fsync(file.fileno())


def known(secrets: Secrets, code: str) -> list[Forgotten]:
    """Everybody of that centre; a line that was cut off by a power cut is left out."""
    try:
        lines = _place(secrets).read_text().splitlines()
    except FileNotFoundError:
        return []
    found: dict[Forgotten, None] = {}
    for line in lines:
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if facts["centre"] == code:
            found[Forgotten(int(facts["resident"]), datetime.fromisoformat(facts["registered"]))] = None
    return list(found)


def _place(secrets: Secrets) -> Path:
    return secrets.directory / FILE
