"""What is wrong with what is said of a resident is said of all its fields at once, and nothing is written."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from registry.drafts import ResidentDraft, read
from registry.errors import Refused
from registry.models import Resident
from registry.store import Scope, Store
from registry.vault import Vault
from tests.registry.town import resident


def refused(fields: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Refused) as raised:
        read(ResidentDraft, fields)
    return {problem.field: problem.key for problem in raised.value.problems}


def test_everything_wrong_with_a_draft_is_said_at_once() -> None:
    assert refused(
        {
            "name": " \u200b ",
            "born": "1939-02-30",
            "care_level": 5,
            "gender": "f",
            "latitude": 91,
            "longitude": 0,
            "groups": ["alone"],
            "lines": [{"number": ""}],
            "door": "9" * 21,
            "nickname": "x",
            "entrance_note": 5,
        }
    ) == {
        "name": "required",
        "born": "not_a_date",
        "care_level": "out_of_range",
        "gender": "not_one_of",
        "latitude": "out_of_range",
        "groups.0": "not_one_of",
        "lines.0.number": "required",
        "door": "too_long",
        "nickname": "unknown_field",
        "entrance_note": "not_valid",
    }
    assert refused({}) == {"name": "required"}
    assert refused({"name": "王", "latitude": 29.5}) == {"": "position_incomplete"}
    assert refused({"name": "王", "latitude": "nan", "longitude": 1}) == {"latitude": "not_a_number"}
    assert refused({"name": "\udcff"}) == {"name": "required"}
    assert refused({"name": "王", "lines": [{"number": "1"}] * 21}) == {"lines": "too_many"}


def test_what_only_the_registry_knows_to_be_wrong_is_said_at_once_too(
    store: Store, scope: Scope, vault: Vault
) -> None:
    with pytest.raises(Refused) as raised:
        resident(
            store,
            scope,
            vault,
            name="王",
            **dict.fromkeys(
                ("born", "visited_on", "consented_on"), (store.clock.now() + timedelta(days=2)).date().isoformat()
            ),
            lines=[{"number": "secret"}, {"number": "13912345678/13712345678"}],
            contacts=[{"name": "林", "number": "?"}],
            area_id=2**31 - 1,
        )
    assert {one.field: one.key for one in raised.value.problems} == {
        **dict.fromkeys(("born", "visited_on", "consented_on"), "out_of_range"),
        "lines.0.number": "no_number",
        "lines.1.number": "several_numbers",
        "contacts.0.number": "no_number",
        "area_id": "unknown",
    }
    with store.reading() as session:
        assert session.exec(select(Resident)).all() == []
