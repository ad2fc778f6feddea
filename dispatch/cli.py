"""The one command, `townline`. Every package brings its own verbs through the entry points `townline.commands`."""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import click

from callbridge.errors import BridgeError
from dispatch.config import VARIABLE, ConfigFile, ConfigProblem


class Verbs(click.Group):
    """Loads a verb only when it is called or described: `townline pbx` must not wait for the console's imports."""

    @staticmethod
    def entries() -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group="townline.commands")}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.entries()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self.entries().get(cmd_name)
        return super().get_command(ctx, cmd_name) if entry is None else entry.load()

    def invoke(self, ctx: click.Context) -> Any:
        """What goes wrong on purpose is one clear message and exit status 1, never a traceback."""
        try:
            return super().invoke(ctx)
        except (ConfigProblem, BridgeError) as problem:
            raise click.ClickException(str(problem)) from problem


@click.group(cls=Verbs)
@click.version_option(package_name="townline", prog_name="townline")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"The configuration file; otherwise the one {VARIABLE} names, otherwise ./config.toml.",
)
@click.pass_context
def cli(ctx: click.Context, config: Path | None) -> None:
    """Townline, the telephone line of a community for its elderly residents."""
    ctx.obj = ConfigFile.named(config)


def main() -> None:
    cli(prog_name="townline")
