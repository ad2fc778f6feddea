"""A centre and what is in force there: its clock, its numbers, its services, its rules."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import col, func, select

from registry.days_off import DaysOff
from registry.errors import NotFound
from registry.models import Centre, Rule, RuleKind, Service
from registry.numbers import NumberPlan
from registry.store import Reading, Writing


def centre(session: Reading | Writing, centre_id: int) -> Centre:
    """Raises NotFound."""
    known: Centre | None = session.info.get("centre")
    if known is not None and known.id == centre_id:
        return known
    found = session.get(Centre, centre_id)
    if found is None:
        raise NotFound(subject="centre", id=centre_id)
    session.info["centre"] = found  # a session forgets what nobody holds, and this is asked for all the time
    return found


def zone(session: Reading | Writing, centre_id: int) -> ZoneInfo:
    """The centre's time zone."""
    return ZoneInfo(centre(session, centre_id).time_zone)


def today(session: Reading | Writing, centre_id: int, now: datetime) -> date:
    """The day it is at the centre at the instant `now`."""
    return now.astimezone(zone(session, centre_id)).date()


def plan(session: Reading | Writing, centre_id: int) -> NumberPlan:
    """How people of this centre write numbers; an exchange's prefix is a matter of its own configuration."""
    here = centre(session, centre_id)
    return NumberPlan(here.country, here.area_code)


def current_services(session: Reading | Writing, centre_id: int) -> list[Service]:
    """The services in force, by keypad digit and then by code."""
    newest = (
        select(Service.code, func.max(col(Service.version)).label("version"))
        .where(Service.centre_id == centre_id)
        .group_by(col(Service.code))
        .subquery()
    )
    rows = session.exec(
        select(Service)
        .join(newest, (col(Service.code) == newest.c.code) & (col(Service.version) == newest.c.version))
        .where(Service.centre_id == centre_id, col(Service.active))
    )
    return sorted(rows, key=lambda service: (service.keypad_digit or "~", service.code))


_NEWEST = (
    select(Service)
    .where(col(Service.centre_id) == bindparam("centre_id"), col(Service.code) == bindparam("code"))
    .order_by(col(Service.version).desc())
    .limit(1)
)


def service(session: Reading | Writing, centre_id: int, code: str) -> Service:
    """The version of a service in force. Raises NotFound, for one that is no longer active too."""
    newest = session.scalars(_NEWEST, {"centre_id": centre_id, "code": code}).first()
    if newest is None or not newest.active:
        raise NotFound(subject="service", id=code)
    return newest


def current_rule(session: Reading | Writing, centre_id: int, kind: RuleKind) -> Rule:
    """The version of a rule in force, the same for as long as the session is open. Raises NotFound.

    It is read once in each transaction and kept no longer: a change counts from the next decision on, whichever
    instance made it.
    """
    known: dict[tuple[int, RuleKind], Rule] = session.info.setdefault("rules", {})
    if (centre_id, kind) not in known:
        newest = session.scalars(_NEWEST_RULE, {"centre_id": centre_id, "kind": kind}).first()
        if newest is None:
            raise NotFound(subject="rule", id=kind)
        known[centre_id, kind] = newest
    return known[centre_id, kind]


def days_off(session: Reading | Writing, centre_id: int) -> DaysOff:
    """Its public holidays and the weekends that are worked, as the rules in force have them."""
    week = current_rule(session, centre_id, RuleKind.WORKING_DAYS).body
    quiet = current_rule(session, centre_id, RuleKind.QUIET_HOURS).body
    return DaysOff.of(week["days_off"], quiet["holidays"], week["make_up_days"])


def put_in_force(session: Writing, rule: Rule) -> None:
    """The next version of a rule, from now on and in this transaction already."""
    session.add(rule)
    session.info.setdefault("rules", {})[rule.centre_id, rule.kind] = rule


_NEWEST_RULE = (
    select(Rule)
    .where(col(Rule.centre_id) == bindparam("centre_id"), col(Rule.kind) == bindparam("kind"))
    .order_by(col(Rule.version).desc())
    .limit(1)
)
