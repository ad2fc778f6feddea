"""What matters at the door is asked again when nobody has asked for long, and the answer counts from that day."""

from datetime import timedelta
from typing import get_args

import pytest

from dispatch.login import sit_down
from dispatch.wire.words import OldField
from registry.freshness import ASKED_AGAIN
from tests.dispatch.api.desks import Console
from tests.dispatch.town import Town

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def later(town: Town, console: Console, days: int) -> None:
    """A log-in does not last that long: she comes in again."""
    town.clock.move(timedelta(days=days))
    with town.store.writing() as session:
        _, console.token, _ = sit_down(session, town.desk.operator_id)


def test_what_has_grown_old_is_on_the_card_until_it_is_confirmed_or_changed(town: Town, console: Console) -> None:
    her = town.resident(contacts=["+8617700232001"])
    assert console.get(f"residents/{her}")["old"] == []
    later(town, console, 200)
    card = console.get(f"residents/{her}")
    assert [fact["field"] for fact in card["old"]] == ["entrance_note"]
    assert card["old"][0]["since"].startswith("2026-03-02")
    assert console.post(f"residents/{her}/confirm", fields=["entrance_note"])["old"] == []
    later(town, console, 170)
    card = console.get(f"residents/{her}")
    assert [fact["field"] for fact in card["old"]] == ["address", "contacts", "sight"]
    later(town, console, 20)
    card = console.get(f"residents/{her}")
    assert {fact["field"] for fact in card["old"]} == {"address", "contacts", "sight", "entrance_note"}
    changed = console.patch(f"residents/{her}", version=card["version"], entrance_note="从第三个单元口进")
    assert [fact["field"] for fact in changed["old"]] == ["address", "contacts", "sight"]
    assert "resident.confirmed" in town.journal("resident")


def test_what_is_not_known_is_not_asked_and_what_cannot_be_confirmed_is_refused(town: Town, console: Console) -> None:
    her = town.resident(community="", building="", unit="", door="", entrance_note="")
    later(town, console, 500)
    assert [fact["field"] for fact in console.get(f"residents/{her}")["old"]] == ["sight"]
    assert console.post(f"residents/{her}/confirm", 422, fields=["name"])
    assert console.post("residents/99/confirm", 404, fields=["contacts"])


def test_everything_that_matters_at_the_door_is_asked_the_most_important_first(town: Town, console: Console) -> None:
    shop = town.merchant("康宁药房", sms="+8613900000001")
    known = {"hearing": "hard", "care_level": 2, "latitude": 29.5, "longitude": 106.5, "contacts": ["+8617700232001"]}
    her = town.resident(health_note="高血压", usual_merchants={"pharmacy": shop}, **known)
    later(town, console, 400)
    yearly = ["address", "entrance_note", "contacts", "health_note", "sight", "hearing", "care_level"]
    assert [fact["field"] for fact in console.get(f"residents/{her}")["old"]] == yearly
    later(town, console, 340)
    card = console.get(f"residents/{her}")
    assert [fact["field"] for fact in card["old"]] == [*yearly, "position", "usual_merchants"]
    assert {*ASKED_AGAIN} == {*get_args(OldField)}
    now = {"door": "503", "sight": "poor", "hearing": "deaf", "care_level": 3, "longitude": 106.6, "latitude": 29.5}
    changed = console.patch(f"residents/{her}", version=card["version"], usual_merchants={}, **now)
    assert [fact["field"] for fact in changed["old"]] == ["entrance_note", "contacts", "health_note"]
