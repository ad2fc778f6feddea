"""Invented people and merchants, registered the way a program does it."""

from typing import Any

from registry.consent import HEALTH
from registry.drafts import MerchantDraft, ResidentDraft, read
from registry.merchants import create_merchant
from registry.people import create_resident
from registry.store import Actor, Scope, Store
from registry.vault import Vault

OPERATOR = Actor.operator(7)
EVERY_DAY = [{"weekday": day, "opens": "08:00", "closes": "20:00"} for day in range(7)]


def resident(store: Store, scope: Scope, vault: Vault, *, import_id: int | None = None, **fields: Any) -> int:
    """Of whose health something is noted has consented to it, unless `fields` say otherwise."""
    if any(map(fields.get, HEALTH)):
        fields = {"consented_on": "2026-01-15"} | fields
    with store.writing() as session:
        draft = read(ResidentDraft, fields)
        row = create_resident(session, scope, draft, actor=OPERATOR, vault=vault, import_id=import_id)
        assert row.id is not None
        return row.id


def merchant(store: Store, scope: Scope, **fields: Any) -> int:
    """A pharmacy that is contracted for medicine, unless `fields` say otherwise."""
    usual = {
        "kind": "pharmacy",
        "latitude": 29.5340,
        "longitude": 106.5050,
        "numbers": [{"channel": "sms", "number": "19300234001"}, {"channel": "voice", "number": "67008001"}],
        "hours": EVERY_DAY,
        "contracts": [contract()],
    }
    with store.writing() as session:
        row = create_merchant(session, scope, read(MerchantDraft, usual | fields), actor=OPERATOR)
        assert row.id is not None
        return row.id


def contract(**fields: Any) -> dict[str, Any]:
    return {
        "valid_from": "2026-01-01",
        "valid_until": "2026-12-31",
        "radius": 3000,
        "services": ["medicine"],
    } | fields
