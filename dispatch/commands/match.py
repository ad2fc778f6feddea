"""The verb `match`: who could come to somebody at a time, and why, and why everybody else could not."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from dispatch.commands.desk import desk, resident_meant, told
from dispatch.config import ConfigFile
from dispatch.errors import BadValue
from dispatch.wire.base import Said
from dispatch.wire.catalogue import Catalogue
from dispatch.wire.offers import Matching
from registry import centres
from registry.errors import NotFound
from registry.store import Scope

_WHEN = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]


@click.command()
@click.option("--need", required=True, help="The code of a service, for example medicine.")
@click.option("--resident", required=True, help="Her number in the register, or anything that finds only her.")
@click.option("--at", "wall", type=click.DateTime(_WHEN), help="When, on the centre's clock; otherwise now.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="Otherwise the centre's.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def match(
    file: ConfigFile, need: str, resident: str, wall: datetime | None, language: str | None, as_json: bool
) -> None:
    """Who could come, in the order in which they would be asked, and who could not, each with its reasons.

    Nothing is kept and nobody is asked. Exit status 1 when nobody could come.
    """
    from dispatch.what_if import who_could

    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    with told(), desk(config) as (store, centre_id), store.reading() as session:
        scope, now = Scope(centre_id), store.clock.now()
        resident_id = resident_meant(store, scope, resident, words)
        at = now if wall is None else wall.replace(tzinfo=centres.zone(session, centre_id))
        try:
            found = who_could(session, scope, need, resident_id, at, now)
        except NotFound as error:
            if error.values["subject"] != "service":
                raise click.ClickException(words.say("person.not_found")) from error
            offered = centres.current_services(session, centre_id)
            named = (f"{one.code} {one.name_en if words.language == 'en' else one.name_zh}" for one in offered)
            raise click.ClickException(words.say("match.no_service", code=need, offered=", ".join(named))) from error
        except BadValue as error:
            raise click.BadParameter("a year from 2000 to 2099", param_hint="--at") from error
    if as_json:
        click.echo(found.model_dump_json())
    else:
        for line in _lines(found, Catalogue("dispatch.wire", language or config.centre.language)):
            click.echo(line)
    if not found.candidates:
        raise click.exceptions.Exit(1)


def _lines(found: Matching, words: Catalogue) -> Iterator[str]:
    yield words.say(
        "match.able", count=len(found.candidates) + found.more_candidates, at=f"{found.at:%Y-%m-%d %H:%M}"
    )
    for place, one in enumerate(found.candidates, 1):
        yield f"{place:>3}. {one.merchant.name}  {one.score:g}  {_said(one.reasons, words)}"
    if found.more_candidates:
        yield words.say("match.more", count=found.more_candidates)
    yield words.say("match.unable", count=len(found.excluded) + found.more_excluded)
    for out in found.excluded:
        yield f"  -  {out.merchant.name}  {_said(out.reasons, words)}"
    if found.more_excluded:
        counted = (f"{words.say(f'out.{key}')} {count}" for key, count in found.more_excluded_by.items())
        yield words.say("match.more_by", count=found.more_excluded, reasons=", ".join(counted))


def _said(reasons: list[Said], words: Catalogue) -> str:
    return "; ".join(_reason(reason, words) for reason in reasons)


def _reason(reason: Said, words: Catalogue) -> str:
    """Where a value is missing, the sentence without it."""
    values = {name: _value(name, value) for name, value in reason.values.items() if value not in (None, "")}
    bare = f"{reason.key}.bare"
    if len(values) < len(reason.values) and words.knows(bare):
        return words.say(bare)
    return words.say(reason.key, **values)


def _value(name: str, value: Any) -> Any:
    """Moments are in the centre's own time already."""
    return f"{datetime.fromisoformat(value):%m-%d %H:%M}" if name in ("at", "opens_at", "until") else value
