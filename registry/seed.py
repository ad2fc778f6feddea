"""A new centre: its row, the root of its areas, its first services and rules."""

import secrets
import tomllib
from importlib.resources import files
from typing import Any

from sqlmodel import select

from registry.areas import add_area
from registry.matching import Weights
from registry.models import Centre, Rule, RuleKind, Service
from registry.models.centre import Priority
from registry.store import Writing

# Best first: the candidates one after the other. How long each has to answer is a matter of the service.
OFFER_POLICY: dict[str, Any] = {
    "voice_tries": 2,  # calls of one offer before its merchant counts as not reached
    "voice_pause_seconds": 60,
    "sms_tries": 4,  # hand-overs to a gateway that is away
    "sms_pause_seconds": 15,  # after the first of them; longer after each
}

# Who is asked about an emergency, one step after the other, each for so many seconds, until somebody has
# acknowledged; after the last step the first comes again. `numbers` are E.164: the supervisor's, the on-call list's.
LADDER: dict[str, Any] = {
    "steps": [
        {"who": "operators", "seconds": 30},
        {"who": "supervisor", "seconds": 45, "numbers": []},
        {"who": "on_call", "seconds": 60, "numbers": []},
        {"who": "contacts", "seconds": 90},
    ],
    "pause_seconds": 20,  # between two calls of the same person within a step
    "arrival_seconds": 1800,  # for whoever said "I am going"; then the ladder starts again
}

PRESENCE_POLICY: dict[str, Any] = {
    "after_call_seconds": 20,  # to write down what was said, before her telephone rings again; 0: none
}

# Nobody who does not wait for us is called in these hours of the centre's clock, nor on the holidays (MM-DD every
# year, YYYY-MM-DD once), which the centre adds to when the next year's are announced.
QUIET_HOURS: dict[str, Any] = {"quiet_from": "21:00", "quiet_until": "08:00", "holidays": []}
HOLIDAYS = {  # statutory ones, not the days off moved around them
    "CN": [
        *("01-01", "05-01", "05-02", "10-01", "10-02", "10-03"),
        *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-04-05", "2026-06-19", "2026-09-25"),
        *("2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-04-05", "2027-06-09", "2027-09-15"),
    ]
}
SURVEY: dict[str, Any] = {
    "after_minutes": 30,  # after the visit was done
    "calls_from": "09:30",
    "calls_until": "19:30",
    "tries": 3,
    "pause_minutes": 120,
    "worth_hours": 72,  # after the visit; later nobody remembers, and an operator decides
}
CARE: dict[str, Any] = {
    "tries": 3,
    "pause_minutes": 10,
    "worth_minutes": 180,  # after the time agreed; a call that is later than that is not made any more
}
RECORDING: dict[str, Any] = {"kept_days": 90}  # then the files are removed; the rows stay
OUTGOING_BRAKE: dict[str, Any] = {
    "reserved_channels": 10,  # of the trunk, half of it at most: only emergencies go out on the last ones
    "calls_per_number": 12,  # within the hour
}


def seed_centre(
    session: Writing,
    *,
    code: str,
    name: str,
    time_zone: str,
    country: str,
    area_code: str,
    language: str,
) -> Centre:
    """The centre of that code, complete; to be called at every start.

    Name, time zone, country, area code and language follow the call, which speaks for `config.toml`. Services and
    rules are written once: where there are rows already, none is touched or added.
    """
    centre = session.exec(select(Centre).where(Centre.code == code)).one_or_none()
    if centre is None:
        centre = Centre(
            code=code,
            name=name,
            time_zone=time_zone,
            country=country,
            area_code=area_code,
            language=language,
            epoch=secrets.token_hex(8),
            created_at=session.clock.now(),
        )
        session.add(centre)
    else:
        centre.name, centre.time_zone, centre.language = name, time_zone, language
        centre.country, centre.area_code = country, area_code
    session.flush()
    assert centre.id is not None
    add_area(session, centre.id, code, name)
    _seed_services(session, centre.id)
    _seed_rule(session, centre.id, RuleKind.MATCHING_WEIGHTS, Weights().model_dump())
    _seed_rule(session, centre.id, RuleKind.OFFER_POLICY, OFFER_POLICY)
    _seed_rule(session, centre.id, RuleKind.LADDER, LADDER)
    holidays = {"holidays": HOLIDAYS.get(country, [])}
    _seed_rule(session, centre.id, RuleKind.QUIET_HOURS, QUIET_HOURS | holidays)
    _seed_rule(session, centre.id, RuleKind.SURVEY, SURVEY)
    _seed_rule(session, centre.id, RuleKind.CARE, CARE)
    _seed_rule(session, centre.id, RuleKind.OUTGOING_BRAKE, OUTGOING_BRAKE)
    _seed_rule(session, centre.id, RuleKind.RECORDING, RECORDING)
    _seed_rule(session, centre.id, RuleKind.PRESENCE_POLICY, PRESENCE_POLICY)
    session.flush()
    return centre


def _seed_services(session: Writing, centre_id: int) -> None:
    if session.exec(select(Service.id).where(Service.centre_id == centre_id)).first() is not None:
        return
    table = tomllib.loads((files("registry") / "services.toml").read_text(encoding="utf-8"))
    for code, entry in table.items():
        session.add(
            Service(
                centre_id=centre_id,
                code=code,
                name_zh=entry["name"]["zh"],
                name_en=entry["name"]["en"],
                keypad_digit=entry.get("digit"),
                priority=Priority(entry["priority"]),
                merchant_kinds=entry["kinds"],
                needs_visit=entry.get("needs_visit", True),
                accept_minutes=entry["minutes"]["accept"],
                arrive_minutes=entry["minutes"]["arrive"],
                finish_minutes=entry["minutes"]["finish"],
                questions_zh=entry["questions"]["zh"],
                questions_en=entry["questions"]["en"],
                valid_from=session.clock.now(),
            )
        )


def _seed_rule(session: Writing, centre_id: int, kind: RuleKind, body: dict[str, Any]) -> None:
    known = session.exec(select(Rule.id).where(Rule.centre_id == centre_id, Rule.kind == kind)).first()
    if known is None:
        session.add(
            Rule(centre_id=centre_id, kind=kind, version=1, body=body, valid_from=session.clock.now(), author_id=None)
        )
