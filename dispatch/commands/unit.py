"""`townline unit`: what starts the line with the machine, and starts it again."""

import grp
import pwd
import shlex
from pathlib import Path

import click

from dispatch.config import ConfigFile
from dispatch.units import Account, render, writable


@click.command()
@click.option("--user", help="The account that both run as; otherwise the owner of the configuration's folder.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Write them into this folder, /etc/systemd/system for example, instead of printing them.",
)
@click.option(
    "--system", is_flag=True, help="The exchange is the machine's own Asterisk, which has its unit already."
)
@click.pass_obj
def unit(file: ConfigFile, user: str | None, into: Path | None, system: bool) -> None:
    """Make the systemd units of this installation: for the service, with a watchdog, and for its exchange."""
    config = file.load()
    account = _account(user or file.path.parent.owner())
    units = render(config, file.path, account, system=system)
    if into is None:
        click.echo("\n".join(f"# {name}\n{text}" for name, text in units.items()), nl=False)
        return
    for name, text in units.items():
        (into / name).write_text(text)
        click.echo(f"written: {into / name}")
    if strange := [path for path in writable(config) if path.exists() and path.owner() != account.user]:
        click.echo(f"then: chown -R {account.user}:{account.group} {shlex.join(map(str, strange))}")
    click.echo(f"then: systemctl daemon-reload && systemctl enable --now {' '.join(units)}")


def _account(user: str) -> Account:
    try:
        known = pwd.getpwnam(user)
    except KeyError:
        raise click.ClickException(
            f"there is no account {user}: as root, useradd --system --user-group --home-dir /nonexistent {user}"
        ) from None
    if known.pw_uid == 0:
        raise click.ClickException(
            "neither needs root: name an ordinary account with --user, and give it this folder"
        )
    return Account(user, grp.getgrgid(known.pw_gid).gr_name)
