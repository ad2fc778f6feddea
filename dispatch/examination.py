"""`townline check`: what would keep the service from working, before callers notice.

It makes the secrets that are missing, as every verb does that looks at the exchange, and changes nothing else.
"""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from callbridge.exchange import Exchange
from callbridge.gateways import open_gateways
from dispatch.config import Config
from dispatch.database import database_file, open_store
from dispatch.migrate import revision, scripts
from dispatch.obstacles import Obstacle


@dataclass(frozen=True, slots=True)
class Finding:
    """`says` is for people: what is so, and where it is not `good` what would help."""

    what: str
    good: bool
    says: str


def examine(config: Config) -> Iterator[Finding]:
    """The database, the exchange, the gateways, one after the other; the configuration has been read already."""
    yield _database(config)
    problems = Exchange(
        config.exchange, config.speech, config.secret_store(), language=config.centre.language
    ).check()
    for problem in problems:
        yield Finding("exchange", False, f"{problem.what}: {problem.remedy}")
    if not problems:
        yield Finding("exchange", True, "a call would arrive")
    yield from asyncio.run(_gateways(config))


def _database(config: Config) -> Finding:
    file = database_file(make_url(config.database.url))
    if file is not None and not file.exists():
        return Finding("database", True, f"{file} is not there yet; `townline serve` makes it")
    try:
        with closing(open_store(config)) as store:
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


async def _gateways(config: Config) -> list[Finding]:
    found = []
    for name, gateway in open_gateways(config.gateways, config.secret_store()).items():
        health = await gateway.check()
        await gateway.close()
        says = "; ".join(health.problems) or "would send"
        found.append(Finding(f"gateway {name}", health.usable, says))
    return found
