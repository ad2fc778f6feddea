"""`townline check`: what would keep the service from working, before callers notice.

It makes the secrets that are missing, as every verb does that looks at the exchange, and changes nothing else.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy.engine import make_url
from sqlmodel import select

from callbridge.exchange import Exchange
from callbridge.gateways import open_gateways
from callbridge.settings import CloudSettings
from dispatch.config import Config
from dispatch.database import database_file, open_store
from dispatch.migrate import known_revisions, revision
from dispatch.obstacles import Obstacle
from dispatch.policy import heartbeat_policy, ladder_policy
from dispatch.wordings import values_by_text
from registry.models import Centre
from registry.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """`says` is for people: what is so, and where it is not `good` what would help."""

    what: str
    good: bool
    says: str


def examine(config: Config) -> Iterator[Finding]:
    """The database, the exchange, the gateways, one after the other; the configuration has been read already."""
    yield from _database(config)
    problems = Exchange(
        config.exchange, config.speech, config.secret_store(), language=config.centre.language
    ).check()
    for problem in problems:
        yield Finding("exchange", False, f"{problem.what}: {problem.remedy}")
    if not problems:
        yield Finding("exchange", True, "a call would arrive")
    yield from asyncio.run(_gateways(config))


def _database(config: Config) -> Iterator[Finding]:
    file = database_file(make_url(config.database.url))
    if file is not None and not file.exists():
        yield Finding("database", True, f"{file} is not there yet; `townline serve` makes it")
        return
    try:
        with closing(open_store(config)) as store:
            found, known = revision(store), known_revisions()
            yield _revision(found, known)
            if found == known[0]:
                yield from _supervisor(store, config.centre.code)
    except Obstacle as obstacle:
        yield Finding("database", False, str(obstacle))


def _revision(found: str | None, known: Sequence[str]) -> Finding:
    if found is None:
        return Finding("database", True, "is empty; `townline serve` fills it")
    if found not in known:
        return Finding("database", False, f"revision {found} is newer than this program, which knows {known[0]}")
    if found != known[0]:
        return Finding("database", True, f"revision {found}; `townline serve` brings it to {known[0]}")
    return Finding("database", True, f"revision {found}, up to date")


def _supervisor(store: Store, code: str) -> Iterator[Finding]:
    """Whether somebody would be told that the service has died."""
    with store.reading() as session:
        centre_id = session.exec(select(Centre.id).where(Centre.code == code)).first()
        if centre_id is None:
            return
        wanted = heartbeat_policy(session, centre_id).on
        numbers = ladder_policy(session, centre_id).supervisors if wanted else []
    says = (
        f"{len(numbers)} numbers are called" if numbers else "nobody is called: the ladder's supervisor has no number"
    )
    yield Finding("supervisor", True, f"when the service dies, {says if wanted else 'nobody is called (heartbeat)'}")


async def _gateways(config: Config) -> list[Finding]:
    found = []
    gateways = open_gateways(config.gateways, config.secret_store())
    for settings, (name, gateway) in zip(config.gateways, gateways.items(), strict=True):
        health = await gateway.check()
        await gateway.close()
        says = "; ".join(health.problems) or "would send"
        if isinstance(settings, CloudSettings):
            says += _without_template(settings, config.centre.language)
        found.append(Finding(f"gateway {name}", health.usable, says))
    return found


def _without_template(settings: CloudSettings, language: str) -> str:
    """Which of our texts a cloud vendor cannot send: those about a job by name, the others counted."""
    there = {template.text for template in settings.templates if template.language == language}
    lacking = [text for text in values_by_text() if text not in there]
    named = [text for text in lacking if text.startswith("sms.")]
    if len(lacking) > len(named):
        named.append(f"{len(lacking) - len(named)} others (docs/cloud-sms.md)")
    return f"; in {language} it has no template for {', '.join(named)}" if lacking else ""
