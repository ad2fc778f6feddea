"""The verbs of whoever runs the service: `serve`, `operator`, `check`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from callbridge.exchange import phone_account
from dispatch.commands.desk import desk, told
from dispatch.config import Config, ConfigFile
from dispatch.errors import BadValue, Conflict, DispatchError, NotFound
from dispatch.models import Operator
from registry.models import Area
from registry.store import Role, Scope, Store


@click.command()
@click.option(
    "--config",
    "own",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file, when it is not named before the verb.",
)
@click.option("--migrate-only", is_flag=True, help="Bring the database up to date and end.")
@click.pass_obj
def serve(file: ConfigFile, own: Path | None, migrate_only: bool) -> None:
    """Run the service until it is stopped: calls, cases, offers, the HTTP API."""
    from dispatch import logs
    from dispatch.serve import PartFailed, opened
    from dispatch.serve import serve as run

    config = _config(file, own)
    logs.configure(config.service.log_level)
    with _told():
        try:
            if migrate_only:
                with opened(config) as (house, _):
                    click.echo(f"the database is up to date: {house.store.url.render_as_string(hide_password=True)}")
            else:
                run(config)
        except PartFailed as failure:
            raise click.ClickException(str(failure)) from failure


@click.group()
def operator() -> None:
    """Who sits at the desks."""


@operator.command()
@click.argument("name")
@click.option("--login", required=True, help="The name to log in with.")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value)
@click.option("--extension", help="Her telephone, one of exchange.extensions.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="Of her console; otherwise the centre's.")
@click.option(
    "--area", help="She sees this area and what lies below, by its code or name; otherwise the whole centre."
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making one up."
)
@click.pass_obj
def add(
    file: ConfigFile,
    name: str,
    login: str,
    role: str,
    extension: str | None,
    language: str | None,
    area: str | None,
    password_stdin: bool,
) -> None:
    """Let NAME log in."""
    from dispatch.operators import add_operator
    from dispatch.passwords import hashed, made_up

    config = file.load()
    if extension is not None and extension not in config.exchange.extensions:
        raise click.ClickException(
            f"exchange.extensions has no {extension} (it has {', '.join(config.exchange.extensions)})"
        )
    with _told(), desk(config) as (store, centre_id):
        password = sys.stdin.readline().rstrip("\n") if password_stdin else made_up()
        password_hash = hashed(password)
        area_id = _area(store, centre_id, area)
        with store.writing() as session:
            added = add_operator(
                session,
                centre_id,
                name=name,
                login=login,
                role=Role(role),
                password_hash=password_hash,
                extension=extension,
                language=language or config.centre.language,
                area_id=area_id,
            )
        click.echo(f"{added.name} logs in as {added.login}")
        if not password_stdin:
            click.echo(f"password, shown only now: {password}")


@operator.command()
@click.argument("name")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of making one up."
)
@click.pass_obj
def password(file: ConfigFile, name: str, password_stdin: bool) -> None:
    """Give NAME (her log-in or her name) a new password; every console she is logged in at is logged out."""
    from dispatch.operators import called, change_password
    from dispatch.passwords import hashed, made_up

    with _told(), desk(file.load()) as (store, centre_id):
        new = sys.stdin.readline().rstrip("\n") if password_stdin else made_up()
        password_hash = hashed(new)
        with store.writing() as session:
            changed = called(session, centre_id, name)
            change_password(session, changed, password_hash)
        click.echo(f"{changed.login} has a new password")
        if not password_stdin:
            click.echo(f"password, shown only now: {new}")


@operator.command()
@click.argument("name")
@click.argument("area", required=False)
@click.pass_obj
def area(file: ConfigFile, name: str, area: str | None) -> None:
    """Let NAME (her log-in or her name) see AREA (its code or name) and what lies below; without it, everything."""
    from dispatch.operators import called, place

    with _told(), desk(file.load()) as (store, centre_id):
        area_id = _area(store, centre_id, area)
        with store.writing() as session:
            placed = called(session, centre_id, name)
            place(session, placed, area_id)
        click.echo(f"{placed.login} sees {area or 'the whole centre'}")


@operator.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(file: ConfigFile, as_json: bool) -> None:
    """Who may log in."""
    import json

    from dispatch.operators import working

    with _told(), desk(file.load()) as (store, centre_id), store.reading() as session:
        rows = [_facts(each, session.get(Area, each.area_id or 0)) for each in working(session, centre_id)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        where = row["area"] or "-"
        click.echo(f"{row['login']:<16} {row['extension'] or '-':<6} {row['role']:<14} {where:<14} {row['name']}")


@operator.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def phone(file: ConfigFile, name: str, as_json: bool) -> None:
    """Print the account of NAME's telephone, as it is typed into a softphone."""
    import json

    from dispatch.operators import called

    config = file.load()
    with _told(), desk(config) as (store, centre_id), store.reading() as session:
        extension = called(session, centre_id, name).extension
    if extension is None:
        raise click.ClickException(f"{name} has no extension")
    account = phone_account(config.exchange, config.secret_store(), extension)
    facts = {
        "server": account.server,
        "port": account.port,
        "user": account.user,
        "password": account.password,
        "transport": account.transport,
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    for key, value in facts.items():
        click.echo(f"{key:<10} {value}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Look at configuration, database, exchange and gateways; exit status 1 when something is wrong."""
    import json
    from dataclasses import asdict

    from dispatch import logs
    from dispatch.examination import examine

    file: ConfigFile = ctx.obj
    config = file.load()
    logs.configure("error")
    findings = []
    for finding in examine(config):
        findings.append(finding)
        if not as_json:
            click.echo(f"{'ok ' if finding.good else 'BAD'} {finding.what}: {finding.says}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=2))
    ctx.exit(0 if all(finding.good for finding in findings) else 1)


def _config(file: ConfigFile, own: Path | None) -> Config:
    return (ConfigFile.named(own) if own is not None else file).load()


@contextmanager
def _told() -> Iterator[None]:
    """What is in the way, and what is wrong with an operator's name or password, as one line."""
    try:
        with told():
            yield
    except DispatchError as error:
        raise click.ClickException(_sentence(error)) from error


def _sentence(error: DispatchError) -> str:
    match error:
        case NotFound():
            return f"no operator is called {error.values['id']}; `townline operator list` shows who there is"
        case Conflict() if "by" in error.values:
            return f"the log-in or the extension belongs to {error.values['by']} ({error.values['now']})"
        case Conflict():
            return f"several are called so ({error.values['now']}): name the log-in"
        case BadValue():
            return "a password has 8 to 200 characters"
        case _:
            return error.key


def _area(store: Store, centre_id: int, text: str | None) -> int | None:
    """The area of that code or name."""
    from registry.sheets.cells import Wrong
    from registry.sheets.names import Names

    if text is None:
        return None
    try:
        return Names.known(store, Scope(centre_id)).area(text)
    except Wrong as wrong:
        choices = ", ".join(wrong.values["choices"])
        what = "several areas are called" if wrong.key == "area_ambiguous" else "there is no area"
        raise click.ClickException(f"{what} {text}: write its code, for example {choices}") from wrong


def _facts(operator: Operator, area: Area | None) -> dict[str, str | None]:
    return {
        "login": operator.login,
        "name": operator.name,
        "role": operator.role.value,
        "extension": operator.extension,
        "area": area.code if area is not None else None,
    }
