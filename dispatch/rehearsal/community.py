"""The sample community: invented residents and merchants, read from `community.toml` beside this module."""

import tomllib
from datetime import date, timedelta
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dispatch.wire.people import (
    ContactEntry,
    ContractEntry,
    HoursEntry,
    LineEntry,
    NewMerchant,
    NewResident,
    NumberEntry,
)
from dispatch.wire.words import Channel, Gender, Group, Hearing, LineKind, MerchantKind

SmsHabit = Literal["accept", "decline", "silent"]
VoiceHabit = Literal[
    "accept", "decline", "repeat", "silent", "busy", "ring", "hangup", "press0", "press1", "press2", "press3"
]
E164 = Annotated[str, StringConstraints(pattern=r"^\+[0-9]{8,15}$")]
ALWAYS = "00:00"  # opening hours from midnight to midnight: a `closes` not after `opens` is on the next day


def subscriber(number: str) -> str:
    """A Chinese number as the town's exchange keeps it: without +86, 0086 or the trunk's 0. One key for every way
    in which one number is written; other numbers stay as they are."""
    for prefix in ("+86", "0086"):
        if number.startswith(prefix):
            return number.removeprefix(prefix).lstrip("0")
    if len(number) > 11 and number.startswith("86"):
        number = number.removeprefix("86")
    return number.lstrip("0")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SampleLine(Part):
    number: E164
    kind: LineKind
    shown: str  # the caller id as the network presents it


class SampleContact(Part):
    name: str
    relation: str
    number: E164
    has_key: bool = False


class SampleResident(Part):
    name: str
    called: str | None = None
    gender: Gender
    born: date
    community: str
    building: str
    unit: str
    door: str
    entrance_note: str = ""
    lift: bool | None = None
    lock: str = ""
    dog: str = ""
    position: tuple[float, float]
    hearing: Hearing = "good"
    care_level: int = 0
    groups: tuple[Group, ...] = ()
    health_note: str = ""
    medicines: str = ""
    allergies: str = ""
    dialect: str | None = None
    lines: Annotated[tuple[SampleLine, ...], Field(min_length=1)]
    contacts: tuple[SampleContact, ...] = ()
    usual_pharmacy: str | None = None  # a merchant's key
    asks: str  # which sentence she says

    def entry(self, merchants: dict[str, int], today: date) -> NewResident:
        """What registers her on the day `today`, on which she consents; `merchants` are the ids by key."""
        usual: dict[MerchantKind, int] = {}
        if self.usual_pharmacy is not None:
            usual["pharmacy"] = merchants[self.usual_pharmacy]
        return NewResident(
            name=self.name,
            called=self.called,
            gender=self.gender,
            born=self.born,
            community=self.community,
            building=self.building,
            unit=self.unit,
            door=self.door,
            entrance_note=self.entrance_note,
            lift=self.lift,
            lock=self.lock,
            dog=self.dog,
            latitude=self.position[0],
            longitude=self.position[1],
            dialect=self.dialect,
            hearing=self.hearing,
            care_level=self.care_level,
            groups=list(self.groups),
            health_note=self.health_note,
            medicines=self.medicines,
            allergies=self.allergies,
            consented_on=today,
            consented_by="本人",
            lines=[LineEntry(number=line.number, kind=line.kind) for line in self.lines],
            contacts=[ContactEntry(**contact.model_dump()) for contact in self.contacts],
            usual_merchants=usual,
        )


class SampleLicence(Part):
    number: str
    days: int  # left until it expires


class SampleContract(Part):
    from_days: int  # relative to the day of seeding
    until_days: int
    radius: int | None = None  # metres
    services: tuple[str, ...]


class SampleHours(Part):
    days: Annotated[str, StringConstraints(pattern=r"^[0-6]-[0-6]$")]  # first and last weekday, 0 is Monday
    opens: str
    closes: str


class Habits(Part):
    """What the merchant's robot does when nobody has told it otherwise, and after how many seconds."""

    sms: SmsHabit
    voice: VoiceHabit
    seconds: float


class SampleNumbers(Part):
    sms: E164
    voice: E164


class SampleMerchant(Part):
    key: str
    name: str
    kind: MerchantKind
    address: str
    position: tuple[float, float]
    licence: SampleLicence
    contract: SampleContract
    capacity: int | None = None
    suspended_why: str | None = None
    first_channel: Channel = "sms"
    numbers: SampleNumbers
    hours: tuple[SampleHours, ...] = (SampleHours(days="0-6", opens=ALWAYS, closes=ALWAYS),)
    robot: Habits

    def entry(self, today: date) -> NewMerchant:
        """What registers it on the day `today`."""
        return NewMerchant(
            name=self.name,
            kind=self.kind,
            address=self.address,
            latitude=self.position[0],
            longitude=self.position[1],
            licence_number=self.licence.number,
            licence_expires=today + timedelta(days=self.licence.days),
            capacity=self.capacity,
            first_channel=self.first_channel,
            suspended_why=self.suspended_why,
            numbers=[
                NumberEntry(channel="sms", number=self.numbers.sms),
                NumberEntry(channel="voice", number=self.numbers.voice),
            ],
            hours=[
                HoursEntry.model_validate({"weekday": weekday, "opens": hours.opens, "closes": hours.closes})
                for hours in self.hours
                for weekday in range(int(hours.days[0]), int(hours.days[2]) + 1)
            ],
            contracts=[
                ContractEntry(
                    valid_from=today + timedelta(days=self.contract.from_days),
                    valid_until=today + timedelta(days=self.contract.until_days),
                    radius=self.contract.radius,
                    services=list(self.contract.services),
                )
            ],
        )


class Community(Part):
    sentences: dict[str, str]
    residents: tuple[SampleResident, ...]
    merchants: tuple[SampleMerchant, ...]

    @model_validator(mode="after")
    def _everything_named_is_there(self) -> "Community":
        keys = {merchant.key for merchant in self.merchants}
        for resident in self.residents:
            if resident.asks not in self.sentences:
                raise ValueError(f"{resident.name} asks for {resident.asks}, which has no sentence")
            if resident.usual_pharmacy is not None and resident.usual_pharmacy not in keys:
                raise ValueError(f"{resident.name} usually goes to {resident.usual_pharmacy}, which is no merchant")
        numbers = [number for merchant in self.merchants for number in {merchant.numbers.sms, merchant.numbers.voice}]
        if len(set(numbers)) != len(numbers):
            raise ValueError("two merchants share a number")
        return self

    def resident(self, name: str) -> SampleResident:
        return next(resident for resident in self.residents if resident.name == name)

    def merchant(self, key: str) -> SampleMerchant:
        return next(merchant for merchant in self.merchants if merchant.key == key)


def read_community() -> Community:
    text = resources.files("dispatch.rehearsal").joinpath("community.toml").read_text(encoding="utf-8")
    return Community.model_validate(tomllib.loads(text))
