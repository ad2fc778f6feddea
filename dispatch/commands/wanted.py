"""The options that residents and merchants are chosen by for an export."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from registry.home_visits import HomeVisitDays
from registry.models import Hearing, MerchantKind, Sight
from registry.sheets import columns
from registry.sheets.wanted import Lack, MerchantsWanted, ResidentsWanted

Command = TypeVar("Command", bound=Callable[..., Any])

_GROUPS = columns.understood(columns.GROUPS)
_DAY = click.DateTime(["%Y-%m-%d"])
_AGE = click.IntRange(0, 150)


def _one_of(words: type[Any]) -> click.Choice[str]:
    return click.Choice([word.value for word in words])


_RESIDENTS = (
    click.option(
        "--group",
        "groups",
        type=click.Choice(columns.choices(columns.GROUPS)),
        multiple=True,
        help="Only those of any of these groups.",
    ),
    click.option("--care-level", type=click.IntRange(0, 4), default=0, help="Only those of it or higher."),
    click.option("--consented", is_flag=True, help="Only those whose consent is recorded."),
    click.option("--without", type=_one_of(Lack), multiple=True, help="Only those who lack each of these."),
    click.option(
        "--without-usual",
        type=_one_of(MerchantKind),
        multiple=True,
        help="Only those without a usual one of it.",
    ),
    click.option("--not-visited-since", type=_DAY, help="Only those not visited that day or later."),
    click.option("--visit-due", is_flag=True, help="Only those at whose door the survey is due today."),
    click.option("--age-from", type=_AGE, help="Only those who are that old today, or older."),
    click.option("--age-to", type=_AGE, help="Only those who are that old today, or younger."),
    click.option("--hearing", type=_one_of(Hearing), help="Only those who hear so."),
    click.option("--sight", type=_one_of(Sight), help="Only those who see so."),
    click.option("--speaks", metavar="CODE", help="Only those of this language, such as zh."),
    click.option("--dialect", help="Only those of this dialect, as it is written in the register."),
    click.option("--community", help="Only those who live in it, as it is written in the register."),
    click.option("--building", help="Only those of this building, as it is written in the register."),
    click.option("--changed-since", type=_DAY, help="Only those entered or changed on that day or later."),
)

_MERCHANTS = (
    click.option("--kind", "kinds", type=_one_of(MerchantKind), multiple=True, help="Only those of any of these."),
    click.option("--licence-before", type=_DAY, help="Only those whose licence expires before that day."),
    click.option("--contract-before", type=_DAY, help="Only those whose last contract ends before that day."),
)


def options_of(kind: str) -> Callable[[Command], Command]:
    options = {"residents": _RESIDENTS, "merchants": _MERCHANTS}.get(kind, ())

    def with_them(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return with_them


def merchants_wanted(said: dict[str, Any]) -> MerchantsWanted:
    return MerchantsWanted(
        tuple(MerchantKind(kind) for kind in said["kinds"]),
        *(day.date() if day else None for day in (said["licence_before"], said["contract_before"])),
    )


def residents_wanted(said: dict[str, Any], zone: ZoneInfo, visits: HomeVisitDays) -> ResidentsWanted:
    """From what click made of the options; a day begins at the centre's midnight, visits are due by that rule."""
    if said["age_from"] is not None and said["age_to"] is not None and said["age_from"] > said["age_to"]:
        raise click.BadParameter("below the age of --age-from", param_hint="--age-to")
    since: datetime | None = said["changed_since"]
    not_visited: datetime | None = said["not_visited_since"]
    visited: date | None = not_visited.date() if not_visited else None
    return ResidentsWanted(
        **said
        | {
            "groups": tuple(_GROUPS[group] for group in said["groups"]),
            "without": tuple(Lack(lack) for lack in said["without"]),
            "without_usual": tuple(MerchantKind(kind) for kind in said["without_usual"]),
            "not_visited_since": visited,
            "visit_due": visits if said["visit_due"] else None,
            "hearing": Hearing(said["hearing"]) if said["hearing"] else None,
            "sight": Sight(said["sight"]) if said["sight"] else None,
            "changed_since": since.replace(tzinfo=zone) if since else None,
        }
    )
