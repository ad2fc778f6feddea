"""A centre as the first version of the program left it in its database: revision 0001, written as that version did.

Three calls of one morning: the first answered, with a case whose merchant has accepted; the second hung up and nobody
has dealt with her; the third hung up and an operator has said that he is dealt with.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from alembic import command
from sqlalchemy import MetaData, insert

from dispatch.migrate import settings
from registry.store import Store

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
AFTER = MORNING + timedelta(seconds=40)
TABLES: dict[str, list[dict[str, Any]]] = {
    "centre": [
        {"code": "TL", "name": "邻里热线", "time_zone": "Asia/Shanghai", "country": "CN", "area_code": "023"}
        | {"language": "zh", "epoch": "first", "created_at": MORNING}
    ],
    "area": [{"centre_id": 1, "code": "TL", "name": "邻里热线", "path": "/1/"}],
    "service": [
        {"centre_id": 1, "code": "medicine", "version": 1, "name_zh": "送药", "name_en": "Medicine"}
        | {"keypad_digit": "1", "priority": "routine", "merchant_kinds": ["pharmacy"], "needs_visit": True}
        | {"accept_minutes": 7, "arrive_minutes": 60, "finish_minutes": 30, "questions_zh": ["哪种药？"]}
        | {"questions_en": ["Which?"], "active": True, "valid_from": MORNING}
    ],
    "rule": [
        {"centre_id": 1, "kind": "matching_weights", "version": 1, "body": {"usual": 50}} | {"valid_from": MORNING},
        {"centre_id": 1, "kind": "offer_policy", "version": 1, "valid_from": MORNING}
        | {"body": {"voice_tries": 3, "voice_pause_seconds": 60, "sms_tries": 4, "sms_pause_seconds": 15}},
    ],
    "operator": [
        {"centre_id": 1, "login": "chen", "name": "陈思远", "role": "operator", "extension": "801"}
        | {"language": "zh", "password_hash": "", "presence": "ready", "phone_reachable": True, "created_at": MORNING}
        | {"version": 1}
    ],
    "resident": [
        {"centre_id": 1, "area_id": 1, "name": "王秀英", "community": "青石里", "building": "5", "unit": "2"}
        | {"door": "502", "entrance_note": "", "language": "zh", "hearing": "hard", "care_level": 1, "version": 1}
        | {"created_at": MORNING, "updated_at": MORNING},
    ],
    "merchant": [
        {"centre_id": 1, "kind": "pharmacy", "name": "惠民药房", "address": "", "language": "zh"}
        | {"first_channel": "sms", "version": 1, "created_at": MORNING, "updated_at": MORNING}
    ],
    "call": [
        {"centre_id": 1, "area_id": 1, "exchange": "main", "state": "ended", "end": "answered"}
        | {"hung_up_by": "caller", "priority": "routine", "number_heard": "02367001001", "name_heard": ""}
        | {"number": "+862367001001", "dialled": "967", "resident_id": 1, "speaker": "resident", "operator_id": 1}
        | {"ringing": "", "arrived_at": MORNING, "answered_at": MORNING, "ended_at": AFTER, "recovered": False}
        | {"version": 4},
        {"centre_id": 1, "area_id": 1, "exchange": "main", "state": "ended", "end": "abandoned"}
        | {"hung_up_by": "caller", "priority": "routine", "number_heard": "02367001001", "name_heard": ""}
        | {"number": "+862367001001", "dialled": "967", "resident_id": 1, "speaker": "resident", "ringing": ""}
        | {"arrived_at": MORNING, "queued_at": MORNING, "ended_at": AFTER, "recovered": True, "version": 3},
        {"centre_id": 1, "exchange": "main", "state": "ended", "end": "timed_out", "hung_up_by": "exchange"}
        | {"priority": "routine", "number_heard": "13900001111", "name_heard": "", "number": "+8613900001111"}
        | {"dialled": "967", "speaker": "unknown", "ringing": "", "arrived_at": MORNING, "ended_at": AFTER}
        | {"recovered": False, "settled_at": AFTER, "version": 4},
    ],
    "leg": [
        {"call_id": number, "exchange": "main", "uniqueid": f"tl-{number}", "linkedid": f"tl-{number}"}
        | {"channel": "PJSIP/trunk", "role": "caller", "started_at": MORNING, "ended_at": AFTER, "cause": 16}
        for number in (1, 2, 3)
    ],
    "case": [
        {"number": "TL-20260302-0001", "centre_id": 1, "area_id": 1, "resident_id": 1, "version": 3}
        | {"service_code": "medicine", "service_id": 1, "words": "降压药两盒", "priority": "routine"}
        | {"state": "accepted", "turn": "merchant", "owner_id": 1, "reminders": 0, "outcome_note": ""}
        | {"opened_at": MORNING}
    ],
    "case_sequence": [{"centre_id": 1, "day": "20260302", "last": 1}],
    "case_call": [{"case_id": 1, "call_id": 1, "why": "opened"}],
    "offer": [
        {"centre_id": 1, "area_id": 1, "case_id": 1, "merchant_id": 1, "role": "supplier"}
        | {"state": "accepted", "channel": "sms", "number": "+8613900002222", "code": "A7", "by_hand": False}
        | {"offered_at": MORNING, "answered_at": AFTER, "answered_by": "sms", "expires_at": AFTER, "version": 3}
    ],
    "visit": [
        {"centre_id": 1, "area_id": 1, "case_id": 1, "offer_id": 1, "merchant_id": 1, "state": "promised"}
        | {"promised_at": AFTER, "version": 1}
    ],
    "message": [
        {"centre_id": 1, "area_id": 1, "kind": "offer", "channel": "sms", "number": "+8613900002222"}
        | {"body": "送药到青石里，回1接单", "keys": "", "language": "zh", "merchant_id": 1, "case_id": 1}
        | {"offer_id": 1, "state": "sent", "not_before": MORNING, "tries": 1, "created_at": MORNING, "version": 4}
    ],
    "attempt": [
        {"id": "a1", "message_id": 1, "try_number": 1, "via": "phone", "handed_over_at": MORNING, "result": "sent"}
        | {"detail": ""}
    ],
    "timer": [
        {"centre_id": 1, "kind": "arrival_due", "subject": "visit", "subject_id": 1}
        | {"due_at": AFTER + timedelta(hours=1), "state": "armed", "tries": 0}
    ],
    "journal": [
        {"at": MORNING, "written_at": MORNING, "centre_id": 1, "what": what, "actor": "exchange"}
        | {"subject": what.partition(".")[0], "subject_id": 1, "data": {"exchange": "main"}}
        for what in ["call.queued", "call.talking", "case.opened", "offer.accepted"]
    ],
    "access_log": [{"at": MORNING, "centre_id": 1, "operator_id": 1, "resident_id": 1, "what": "card"}],
    "exchange_position": [
        {"exchange": "main", "generation": "g1", "row": 41, "link_up": True, "link_reason": ""},
    ],
}


def left_behind(store: Store) -> None:
    """Puts that centre into the empty database of `store`, each row under the next id of its table."""
    with store.engine.begin() as connection:
        command.upgrade(settings(connection), "0001")
        metadata = MetaData()
        metadata.reflect(connection)
        for table, rows in TABLES.items():
            for row in rows:
                connection.execute(insert(metadata.tables[table]).values(row))
