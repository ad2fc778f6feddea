"""`townline check`: what would keep the service from working, before callers notice."""

from contextlib import closing
from dataclasses import dataclass

from dispatch.config import Config
from dispatch.house import open_store
from dispatch.migrate import revision, scripts
from dispatch.obstacles import Obstacle


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    good: bool
    says: str


def examine(config: Config) -> list[Finding]:
    """The configuration has been read already; now the database and the exchange. Changes nothing."""
    return [Finding("configuration", True, "can be used"), _database(config)]


def _database(config: Config) -> Finding:
    with closing(open_store(config)) as store:
        try:
            found = revision(store)
        except Obstacle as obstacle:
            return Finding("database", False, str(obstacle))
    known = [script.revision for script in scripts().walk_revisions()]
    if found is None:
        return Finding("database", True, "is empty; `townline serve` fills it")
    if found not in known:
        return Finding("database", False, f"revision {found} is newer than this program, which knows {known[0]}")
    if found != known[0]:
        return Finding("database", True, f"revision {found}; `townline serve` brings it to {known[0]}")
    return Finding("database", True, f"revision {found}, up to date")
