"""The verb `report`: what happened in a month, or from one day to another, area by area and merchant by merchant."""

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from dispatch.commands.desk import desk, told
from dispatch.config import ConfigFile
from dispatch.wire.catalogue import Catalogue
from registry import centres
from registry.errors import NotFound
from registry.store import Scope

if TYPE_CHECKING:
    from dispatch.report import Figures, Report, Standing

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--month", type=click.DateTime(["%Y-%m"]), help="For example 2026-11; otherwise the one that runs.")
@click.option("--from", "first", type=_DAY, help="The first day, on the centre's clock.")
@click.option("--to", "last", type=_DAY, help="The last day, itself included.")
@click.option("--area", "code", help="The code of an area; otherwise the whole centre.")
@click.option("--language", type=click.Choice(["zh", "en"]), help="Otherwise the centre's.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every figure as it was counted.")
@click.pass_obj
def report(
    file: ConfigFile,
    month: datetime | None,
    first: datetime | None,
    last: datetime | None,
    code: str | None,
    language: str | None,
    as_json: bool,
) -> None:
    """What happened, for each area right below one, and how the merchants that were asked have worked.

    Nothing in it depends on who is registered: a resident's deletion changes no figure.
    """
    from dispatch.report import month_of
    from dispatch.report import report as counted
    from dispatch.views.report import report_view

    if (first is None) != (last is None) or (month is not None and first is not None):
        raise click.UsageError("either --month, or --from and --to")
    config = file.load()
    words = Catalogue("dispatch", language or config.centre.language)
    with told(), desk(config) as (store, centre_id), store.reading() as session:
        today = centres.today(session, centre_id, store.clock.now())
        days = (first.date(), last.date()) if first and last else month_of(month.date() if month else today)
        if days[0] > days[1]:
            raise click.BadParameter("before the first day", param_hint="--to")
        try:
            found = counted(session, Scope(centre_id), *days, code)
        except NotFound as error:
            raise click.ClickException(words.say("report.no_area", code=str(code))) from error
        view = report_view(session, found)
    if as_json:
        click.echo(view.model_dump_json())
        return
    for line in _lines(found, words):
        click.echo(line)


def _lines(found: "Report", words: Catalogue) -> Iterator[str]:
    yield words.say("report.title", name=found.top.name, first=found.first.isoformat(), last=found.last.isoformat())
    yield ""
    rows = [(line.area.name if line.area else words.say("report.elsewhere"), line.figures) for line in found.lines]
    yield from _table(
        [words.say(f"report.area.{name}") for name in ("area", *_AREA)],
        [[name, *_of_area(figures)] for name, figures in (*rows, (words.say("report.total"), found.total))],
    )
    yield ""
    if not found.merchants:
        yield words.say("report.no_merchants")
        return
    yield from _table(
        [words.say(f"report.merchant.{name}") for name in ("merchant", *_MERCHANT)],
        [[f"{place}. {each.merchant.name}", *_of_merchant(each)] for place, each in enumerate(found.merchants, 1)],
    )


_AREA = (
    *("calls", "within_15", "within_60", "within_180", "answered", "emergencies", "cases", "served", "late"),
    *("asked", "accepted", "accept_minutes", "visits", "visits_late", "satisfied"),
)
_MERCHANT = (
    *("asked", "declined", "silent", "visits", "late", "satisfied", "fairly", "not_satisfied", "yellow", "red"),
    "points",
)


def _of_area(figures: "Figures") -> list[str]:
    minutes = figures.accept_seconds / 60 / figures.accepted if figures.accepted else None
    return [
        str(figures.calls),
        *(_share(each, figures.calls) for each in (figures.within_15, figures.within_60, figures.within_180)),
        _share(figures.answered, figures.calls),
        str(figures.emergencies),
        str(figures.cases),
        _share(figures.served, figures.cases),
        str(figures.late),
        str(figures.asked),
        _share(figures.accepted, figures.asked),
        "-" if minutes is None else f"{minutes:.1f}",
        str(figures.visits),
        _share(figures.visits_late, figures.visits),
        _share(figures.satisfied + figures.fairly, figures.said),
    ]


def _of_merchant(each: "Standing") -> list[str]:
    figures = each.record._asdict()
    return [*(str(figures[name]) for name in _MERCHANT[:-1]), f"{each.points:g}"]


def _share(part: int, of: int) -> str:
    return f"{100 * part / of:.1f}%" if of else "-"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, the others to the right; a Chinese character takes two cells of a terminal."""
    widths = [max(map(_cells, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        first, *others = (" " * (width - _cells(text)) for text, width in zip(row, widths, strict=True))
        yield "  ".join(
            [row[0] + first, *(space + text for space, text in zip(others, row[1:], strict=True))]
        ).rstrip()


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
