"""A new centre: its row, the root of its areas, its first services and rules."""

import secrets
import tomllib
from importlib.resources import files
from typing import Any

from sqlmodel import select

from registry.areas import add_area
from registry.centres import current_rule, current_services
from registry.home_visits import HomeVisitDays
from registry.matching import Weights
from registry.models import Centre, Rule, RuleKind, Service
from registry.models.centre import Priority, VisitProof
from registry.store import Writing

# How patiently a merchant is tried before the next one is asked.
OFFER_POLICY: dict[str, Any] = {
    "voice_tries": 2,  # calls of one offer before its merchant counts as not reached
    "voice_pause_seconds": 60,
    "sms_tries": 4,  # hand-overs to a gateway that is away
    "sms_pause_seconds": 15,  # after the first of them; longer after each
    "menu_when_calling": True,  # a merchant that calls in hears its jobs and reports by key
    "unattended_minutes": 10,  # for the operators, when a case needs somebody; then it is the supervisor's turn
}

# What follows when an offer did not reach its merchant (docs/channels.md): of each list the first step that is
# possible, and when none is left the next merchant. `again`: the same number, until its tries are used up.
NEXT_STEPS: dict[str, Any] = {
    "busy": ["again", "next_number", "other_channel"],
    "busy_seconds": 30,  # before that
    "no_answer": ["next_number", "again", "other_channel"],
    "no_answer_seconds": 60,
    "unreachable": ["other_channel", "next_number"],
    "rejected": ["other_channel"],
    "invalid": ["next_number", "other_channel"],  # the number itself is not used again until it is corrected
    "congested": ["again", "other_channel"],  # our own trunk had no room: no try of the merchant's
    "congested_seconds": 5,
    "congested_tries": 12,
    "failed": ["again", "next_number", "other_channel"],
    "no_key": ["other_channel", "again"],  # answered, and no key
    "undeliverable": ["other_channel", "next_number"],  # an SMS
    "silent": ["other_channel"],  # an SMS that was sent
    "silent_percent": 50,  # of the time to answer
}

# How merchants are asked that have no plan of their own for the hour (registry.channel_plan): lines such as
# "20:00-08:00/voice_first/3". Without a line each is asked as it wants to be, and then by the other channel.
CHANNEL_PLAN: dict[str, Any] = {"hours": []}

# How the cases of a service are offered, unless an operator has chosen another way for one of them: `way` is one of
# registry.models.Way, `at_once` how many a race asks at the same time; so many minutes each has to answer, by the
# case's priority. With `within_metres` those farther away are asked only when nobody nearer is left.
AT_ONCE = 3
SOONEST = {Priority.EMERGENCY: 2, Priority.URGENT: 3}  # minutes; a service that is quicker by itself stays so


def policy_of(service: Service) -> dict[str, Any]:
    """What a new centre does with the cases of this service."""
    usual = max(service.accept_minutes, 1)  # one that nobody goes for has no time of its own
    return {"way": "best_first", "at_once": AT_ONCE, "within_metres": 0} | {
        f"{priority}_minutes": usual if priority is service.priority else min(usual, SOONEST.get(priority, usual))
        for priority in Priority
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
    "phone_again_seconds": 60,  # until a telephone that rejected every ring is rung again
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
    "steps": [  # of the ladder of whoever could not be reached, as those of an emergency
        {"who": "operators", "seconds": 600},
        {"who": "contacts", "seconds": 180},
        {"who": "supervisor", "seconds": 120, "numbers": []},
    ],
    "pause_seconds": 60,
    "arrival_seconds": 3600,
}
RECORDING: dict[str, Any] = {"kept_days": 90}  # then the files are removed; the rows stay
OUTGOING_BRAKE: dict[str, Any] = {
    "reserved_channels": 10,  # of the trunk, half of it at most: only emergencies go out on the last ones
    "calls_per_number": 12,  # within the hour
}

# Once a day trunks and telephones are tried by calls of our own that count nowhere; at that time of the zone's clock.
DAILY_PROOF: dict[str, Any] = {"on": True, "at": "04:40"}
# The exchange itself calls the numbers of the ladder's step `supervisor` when it no longer hears from the service.
HEARTBEAT: dict[str, Any] = {
    "on": True,
    "silent_seconds": 90,  # without a sign of life
    "stopped_seconds": 900,  # after the service was stopped as it should be: long enough to bring a new version
    "pause_seconds": 60,  # between two of these calls, until somebody has acknowledged or the service is back
}

# Every limit of a service has a warning before it, a yellow card at it, and a red one later (docs/targets.md).
TARGETS: dict[str, Any] = {
    "warning_percent": 75,  # of the minutes that a way or a job may take, the warning comes then
    "red_percent": 50,  # of the minutes again, after the limit
    "red_minutes": 10,  # after the limit at least
}
# A merchant's record: how far back it reaches, and when it suspends by itself (docs/records.md).
RECORDS: dict[str, Any] = {
    "window_days": 30,
    "suspend_at_red": 3,  # red cards within the window; 0: never by itself
    "suspended_days": 7,
}
# When the operator is told that many cases may have one cause.
INCIDENTS: dict[str, Any] = {
    "services": ["water", "power", "gas"],
    "alike": 5,  # open cases of one of them in one community
    "window_minutes": 60,
}
# The days that a case may take are counted in these, beside the holidays of QUIET_HOURS. Each is one day, or a first
# and a last one with `/` between. Added to once a year, when the next year's arrangement is announced.
WORKING_DAYS: dict[str, Any] = {"day_ends": "17:30", "days_off": [], "make_up_days": []}
ARRANGEMENT: dict[str, dict[str, list[str]]] = {  # notice of the State Council's General Office, 4 November 2025
    "CN": {
        "days_off": [
            *("2026-01-01/2026-01-03", "2026-02-15/2026-02-23", "2026-04-04/2026-04-06", "2026-05-01/2026-05-05"),
            *("2026-06-19/2026-06-21", "2026-09-25/2026-09-27", "2026-10-01/2026-10-07"),
        ],
        "make_up_days": [
            *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
        ],
    }
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

    Name, time zone, country, area code and language follow the call, which speaks for `config.toml`. Each service and
    each rule is written once, also into a centre of an older version, which lacks those that came later: one that has
    a row already, whatever its version says, is not touched.
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
    _seed_rule(session, centre.id, RuleKind.NEXT_STEPS, NEXT_STEPS | _as_before(session, centre.id))
    _seed_rule(session, centre.id, RuleKind.CHANNEL_PLAN, CHANNEL_PLAN)
    policies = {each.code: policy_of(each) for each in current_services(session, centre.id) if each.needs_visit}
    _seed_rule(session, centre.id, RuleKind.POLICIES, policies)
    _seed_rule(session, centre.id, RuleKind.LADDER, LADDER)
    holidays = {"holidays": HOLIDAYS.get(country, [])}
    _seed_rule(session, centre.id, RuleKind.QUIET_HOURS, QUIET_HOURS | holidays)
    _seed_rule(session, centre.id, RuleKind.SURVEY, SURVEY)
    _seed_rule(session, centre.id, RuleKind.CARE, CARE)
    _seed_rule(session, centre.id, RuleKind.OUTGOING_BRAKE, OUTGOING_BRAKE)
    _seed_rule(session, centre.id, RuleKind.RECORDING, RECORDING)
    _seed_rule(session, centre.id, RuleKind.PRESENCE_POLICY, PRESENCE_POLICY)
    _seed_rule(session, centre.id, RuleKind.DAILY_PROOF, DAILY_PROOF | {"zone": time_zone})
    _seed_rule(session, centre.id, RuleKind.HEARTBEAT, HEARTBEAT)
    _seed_rule(session, centre.id, RuleKind.TARGETS, TARGETS)
    _seed_rule(session, centre.id, RuleKind.RECORDS, RECORDS)
    _seed_rule(session, centre.id, RuleKind.INCIDENTS, INCIDENTS)
    _seed_rule(session, centre.id, RuleKind.WORKING_DAYS, WORKING_DAYS | ARRANGEMENT.get(country, {}))
    _seed_rule(session, centre.id, RuleKind.HOME_VISITS, HomeVisitDays().model_dump())
    session.flush()
    return centre


def _seed_services(session: Writing, centre_id: int) -> None:
    known = set(session.exec(select(Service.code).where(Service.centre_id == centre_id)))
    table = tomllib.loads((files("registry") / "services.toml").read_text(encoding="utf-8"))
    for code, entry in table.items():
        if code in known:
            continue
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
                working_days=entry.get("working_days", {}).get("ordinary"),
                working_days_complex=entry.get("working_days", {}).get("complex"),
                proof=VisitProof(entry.get("proof", VisitProof.REPORT)),
                questions_zh=entry["questions"]["zh"],
                questions_en=entry["questions"]["en"],
                valid_from=session.clock.now(),
            )
        )


def _as_before(session: Writing, centre_id: int) -> dict[str, Any]:
    """A centre of an older version may have chosen to leave those alone who are silent."""
    calls = current_rule(session, centre_id, RuleKind.OFFER_POLICY).body.get("call_when_silent", True)
    return {} if calls else {"silent": []}


def _seed_rule(session: Writing, centre_id: int, kind: RuleKind, body: dict[str, Any]) -> None:
    known = session.exec(select(Rule.id).where(Rule.centre_id == centre_id, Rule.kind == kind)).first()
    if known is None:
        session.add(
            Rule(centre_id=centre_id, kind=kind, version=1, body=body, valid_from=session.clock.now(), author_id=None)
        )
