"""`make soak`: breaks what it measures, prints the counts and keeps them in `benchmarks/results/`."""

import click

from benchmarks.soak.runs import RUNS, made


@click.command()
@click.option("--run", "chosen", type=click.Choice([*RUNS]), multiple=True, help="All of them without it.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option(
    "--minutes",
    default=5.0,
    show_default=True,
    help="How long a thing breaks again and again, or is away.",
)
def main(chosen: tuple[str, ...], database: str, minutes: float) -> None:
    """Lose nothing, on this machine; nothing else should be running on it.

    Exits 1 when anything was lost or doubled. Times have no verdict: they may be the machine's.
    """
    lost = {name: losses for name in chosen or RUNS if (losses := made(name, database, minutes))}
    if lost:
        raise click.ClickException(f"what had to be 0 is not: {lost}")


if __name__ == "__main__":
    main()
