"""Merchants and what they are contracted for."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class MerchantKind(StrEnum):
    PHARMACY = "pharmacy"
    SHOP = "shop"
    SUPERMARKET = "supermarket"
    CLINIC = "clinic"
    HOSPITAL = "hospital"
    WATER = "water"
    POWER = "power"
    GAS = "gas"
    REPAIR = "repair"
    HOME_CARE = "home_care"
    VOLUNTEERS = "volunteers"


class Channel(StrEnum):
    SMS = "sms"
    VOICE = "voice"


class Merchant(SQLModel, table=True):
    """Who serves. `capacity` is how many accepted jobs it can carry at once; None is no limit."""

    __tablename__ = "merchant"
    __table_args__ = (Index("ix_merchant_kind", "centre_id", "kind", "latitude"),)

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    kind: MerchantKind = choice(MerchantKind)
    name: str = Field(max_length=80)
    address: str = Field(default="", max_length=200)
    latitude: float | None = None
    longitude: float | None = None
    language: str = Field(default="zh", max_length=16)
    licence_number: str | None = Field(default=None, max_length=64)
    licence_expires: date | None = None
    capacity: int | None = None
    capacity_plan: list[str] = Field(default_factory=list, sa_type=JSON)  # by the hour (`registry.capacity_plan`)
    first_channel: Channel = choice(Channel, default=Channel.SMS)  # how it is asked first, where no plan says so
    channel_plan: list[str] = Field(default_factory=list, sa_type=JSON)  # by the hour (`registry.channel_plan`)
    special_hours: list[str] = Field(default_factory=list, sa_type=JSON)  # not its week's (`registry.special_hours`)
    suspended_at: datetime | None = None
    suspended_why: str | None = Field(default=None, max_length=200)
    suspended_until: datetime | None = None  # None: until somebody ends it
    suspended_by_rule: bool = False
    ended_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


class MerchantPast(SQLModel, table=True):
    """What was known of a merchant, as one version that is over: kept when it is changed, never afterwards."""

    __tablename__ = "merchant_past"

    merchant_id: int = Field(primary_key=True, foreign_key="merchant.id")
    version: int = Field(primary_key=True)
    until: datetime
    facts: dict[str, Any] = Field(sa_type=JSON)  # registry.matching.CandidateFacts by name, without its jobs


class MerchantNumber(SQLModel, table=True):
    """Where a merchant is reached, by channel, in order of `rank` from 1."""

    __tablename__ = "merchant_number"
    __table_args__ = (
        UniqueConstraint("merchant_id", "channel", "rank"),
        Index("ix_merchant_number_number", "number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    merchant_id: int = Field(foreign_key="merchant.id")
    channel: Channel = choice(Channel)
    number: str = Field(max_length=40)
    rank: int = 1
    wrong_since: datetime | None = None  # the network does not know it: not used until the numbers are written anew


class StaffMember(SQLModel, table=True):
    """Somebody who goes to the door for a merchant, told from the others there by the name.

    Who is `away` is so from `away_first` to `away_last`, both days included: None is for some time already, and until
    somebody says otherwise. A merchant without rows says nothing about who comes.
    """

    __tablename__ = "staff_member"
    __table_args__ = (
        UniqueConstraint("merchant_id", "name"),
        CheckConstraint("away OR (away_first IS NULL AND away_last IS NULL)", name="away"),
    )

    id: int | None = Field(default=None, primary_key=True)
    merchant_id: int = Field(foreign_key="merchant.id")
    name: str = Field(max_length=80)
    number: str | None = Field(default=None, max_length=40)  # hers, and none of the merchant's
    away: bool = False
    away_first: date | None = None
    away_last: date | None = None


class OpeningHours(SQLModel, table=True):
    """Open from `opens` until `closes` in the centre's time zone; a `closes` not after `opens` is on the next day.

    `weekday` is 0 (Monday) to 6. A merchant without rows is never open.
    """

    __tablename__ = "opening_hours"

    id: int | None = Field(default=None, primary_key=True)
    merchant_id: int = Field(foreign_key="merchant.id", index=True)
    weekday: int = Field(ge=0, le=6)
    opens: time
    closes: time


class Contract(SQLModel, table=True):
    """What a merchant has promised, first and last day included; `radius` in metres, None where areas decide.

    `fee` and `conditions` are words for whoever asks for it and is asked to pay: nothing is decided by them.
    """

    __tablename__ = "contract"
    __table_args__ = (
        Index("ix_contract_merchant", "merchant_id", "radius"),
        Index("ix_contract_radius", "radius"),  # the largest of a kind, and those without one
    )

    id: int | None = Field(default=None, primary_key=True)
    merchant_id: int = Field(foreign_key="merchant.id")
    valid_from: date
    valid_until: date
    radius: int | None = None
    fee: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})
    conditions: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})


class ContractService(SQLModel, table=True):
    __tablename__ = "contract_service"

    contract_id: int = Field(primary_key=True, foreign_key="contract.id")
    service_code: str = Field(primary_key=True, max_length=32)


class ContractArea(SQLModel, table=True):
    __tablename__ = "contract_area"

    contract_id: int = Field(primary_key=True, foreign_key="contract.id")
    area_id: int = Field(primary_key=True, foreign_key="area.id", index=True)
