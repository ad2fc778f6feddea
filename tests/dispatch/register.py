"""Who is in a town: residents and merchants, each with what most tests want of one."""

from dataclasses import dataclass
from datetime import date, time
from typing import Any

from registry.consent import HEALTH
from registry.drafts import (
    ContactDraft,
    ContractDraft,
    HoursDraft,
    LineDraft,
    MerchantDraft,
    NumberDraft,
    ResidentDraft,
)
from registry.merchants import create_merchant
from registry.models import Channel, Gender, LineKind, MerchantKind
from registry.people import create_resident
from registry.store import Actor, Scope, Store
from registry.vault import Vault

HER_LINE = "+862367001001"
NEAR, FAR = (29.5335, 106.5050), (29.5400, 106.5120)
HOME = (29.5332, 106.5049)


@dataclass
class Register:
    store: Store
    centre_id: int
    vault: Vault

    def resident(self, name: str = "王秀英", number: str = HER_LINE, **more: Any) -> int:
        kind = more.pop("kind", LineKind.LANDLINE)
        contacts = [ContactDraft(name="王珂", relation="女儿", number=each) for each in more.pop("contacts", ())]
        fields: dict[str, Any] = {
            "gender": Gender.FEMALE,
            "born": date(1940, 5, 1),
            "community": "青石里",
            "building": "5",
            "unit": "2",
            "door": "502",
            "entrance_note": "门铃坏了，请敲门",
            "latitude": HOME[0],
            "longitude": HOME[1],
            "lines": [LineDraft(number=number, kind=kind)],
            "contacts": contacts,
        } | more
        if any(map(fields.get, HEALTH)):
            fields.setdefault("consented_on", date(2026, 1, 15))
        with self.store.writing() as session:
            draft = ResidentDraft(name=name, **fields)
            made = create_resident(session, Scope(self.centre_id), draft, actor=Actor.system(), vault=self.vault)
            assert made.id is not None
            return made.id

    def merchant(
        self,
        name: str,
        sms: str | None = None,
        voice: str | None = None,
        *,
        position: tuple[float, float] = NEAR,
        services: tuple[str, ...] = ("medicine",),
        kind: MerchantKind = MerchantKind.PHARMACY,
        **more: Any,
    ) -> int:
        numbers = [
            NumberDraft(channel=channel, number=number)
            for channel, number in ((Channel.SMS, sms), (Channel.VOICE, voice))
            if number is not None
        ]
        draft = MerchantDraft(
            name=name,
            kind=kind,
            latitude=position[0],
            longitude=position[1],
            first_channel=more.pop("first_channel", Channel.SMS if sms is not None else Channel.VOICE),
            numbers=numbers,
            hours=[HoursDraft(weekday=day, opens=time(0), closes=time(0)) for day in range(7)],
            contracts=[
                ContractDraft(
                    valid_from=date(2026, 1, 1),
                    valid_until=date(2026, 12, 31),
                    radius=5000,
                    services=frozenset(services),
                )
            ],
            **more,
        )
        with self.store.writing() as session:
            made = create_merchant(session, Scope(self.centre_id), draft, actor=Actor.system())
            assert made.id is not None
            return made.id
