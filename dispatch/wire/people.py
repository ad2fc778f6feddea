"""Residents, merchants and services, as clients see them."""

from datetime import date, time

from pydantic import Field

from dispatch.wire.base import Command, Id, Moment, Version, Wire
from dispatch.wire.care import CarePlanView
from dispatch.wire.words import (
    Alike,
    Channel,
    Doubt,
    Gender,
    Group,
    Hearing,
    Left,
    LineKind,
    MerchantKind,
    OldField,
    PositionSource,
    Priority,
    Satisfaction,
    Sight,
    VisitProof,
)


class ResidentLine(Wire):
    """One line on a board: who, and what to know before saying hello."""

    id: int
    name: str
    addressed: str  # 王秀英奶奶
    gender: Gender | None = None
    age: int | None = None
    address: str = ""  # as a courier reads it, without the entrance note
    groups: list[Group] = []
    hearing: Hearing = "good"
    sight: Sight = "good"
    care_level: int = 0
    left: Left | None = None  # she has died or moved away, and is in the register no more


class LineView(Wire):
    id: int
    number: str  # E.164 or as it is
    kind: LineKind
    device_id: str | None = None
    ended_at: Moment | None = None  # it was hers until then


class ContactView(Wire):
    id: int
    rank: int
    name: str
    relation: str = ""
    number: str
    has_key: bool = False
    note: str = ""


class UsualMerchantView(Wire):
    kind: MerchantKind
    merchant_id: int
    name: str


class LastCase(Wire):
    number: str
    state: str
    service_code: str
    service_zh: str
    service_en: str
    words: str = ""
    opened_at: Moment
    outcome: str | None = None


class OldFact(Wire):
    """What is known for so long that it has to be asked again: is it still so?"""

    field: OldField
    since: Moment


class ResidentCard(ResidentLine):
    """All of a resident. Getting one is an opening of her record: it is in the access log."""

    area_id: int | None = None
    area: str = ""  # its name; empty for the centre's own, in which everybody lives
    called: str | None = None
    born: date | None = None
    community: str = ""
    building: str = ""
    unit: str = ""
    door: str = ""
    entrance_note: str = ""
    lift: bool | None = None  # whether her house has one; None: nobody has said
    lock: str = ""  # how the house is opened
    dog: str = ""
    latitude: float | None = None  # WGS-84 degrees
    longitude: float | None = None
    position_source: PositionSource | None = None  # who said so, or that it is a neighbour's in the same building
    position_at: Moment | None = None  # when
    language: str = "zh"
    dialect: str | None = None
    health_note: str = ""
    medicines: str = ""
    allergies: str = ""
    consented_on: date | None = None
    consented_by: str = ""
    visited_on: date | None = None
    visited_by: str = ""
    visit_due_on: date | None = None  # the next time; None: she has left
    lines: list[LineView] = []
    past_lines: list[LineView] = []  # given up, the last one first
    contacts: list[ContactView] = []
    usual_merchants: list[UsualMerchantView] = []
    care_plans: list[CarePlanView] = []  # those that go on
    last_cases: list[LastCase] = []
    old: list[OldFact] = []  # the oldest first, of equal age the most important
    left_at: Moment | None = None  # when that was noted
    version: int


class Confirm(Command):
    """Somebody has asked her, and these are still so."""

    fields: list[OldField] = Field(min_length=1, max_length=16)


class LineEntry(Command):
    number: str = Field(min_length=1, max_length=64)
    kind: LineKind | None = None  # None: told from the number
    device_id: str | None = Field(default=None, max_length=64)


class ContactEntry(Command):
    name: str = Field(min_length=1, max_length=80)
    relation: str = Field(default="", max_length=40)
    number: str = Field(min_length=1, max_length=64)
    has_key: bool = False
    note: str = Field(default="", max_length=200)


class ResidentFields(Command):
    """What can be set of a resident; what is left out stays as it is."""

    called: str | None = Field(default=None, max_length=40)
    gender: Gender | None = None
    born: date | None = None
    area_id: Id | None = None
    community: str = Field(default="", max_length=80)
    building: str = Field(default="", max_length=20)
    unit: str = Field(default="", max_length=20)
    door: str = Field(default="", max_length=20)
    entrance_note: str = Field(default="", max_length=500)
    lift: bool | None = Field(default=None, description="Whether her house has one; null: nobody has said")
    lock: str = Field(default="", max_length=80, description="How the house is opened: a code, an intercom")
    dog: str = Field(default="", max_length=80, description="What whoever comes has to know of it")
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    language: str = Field(default="zh", max_length=16)
    dialect: str | None = Field(default=None, max_length=40)
    hearing: Hearing = "good"
    sight: Sight = "good"
    care_level: int = Field(default=0, ge=0, le=4)
    groups: list[Group] = []
    health_note: str = Field(default="", max_length=4000, description="Sealed; needs her consent")
    medicines: str = Field(default="", max_length=4000, description="What she takes. Sealed; needs her consent")
    allergies: str = Field(default="", max_length=4000, description="Sealed; needs her consent")
    identity_number: str | None = Field(default=None, max_length=18)
    consented_on: date | None = None  # to what is kept about her; None: not, or no longer
    consented_by: str = Field(default="", max_length=40)
    visited_on: date | None = None  # the last time that the survey came to her door
    visited_by: str = Field(default="", max_length=40)
    lines: list[LineEntry] = []
    contacts: list[ContactEntry] = []
    usual_merchants: dict[MerchantKind, Id] = {}


class NewResident(ResidentFields):
    name: str = Field(min_length=1, max_length=80)
    call_id: Id | None = None  # registered on the spot: this call is about her, its line is remembered


class ResidentChange(ResidentFields):
    version: Version
    name: str | None = Field(default=None, min_length=1, max_length=80)


class MerchantLine(Wire):
    id: int
    kind: MerchantKind
    name: str
    address: str = ""
    number: str | None = None  # the first one to call


class NumberView(Wire):
    channel: Channel
    number: str
    rank: int = 1
    wrong_since: Moment | None = None  # there is no such number


class AwayView(Wire):
    """Both days included; without a `first` already, without a `last` until somebody says otherwise."""

    first: date | None = None
    last: date | None = None


class StaffView(Wire):
    """Somebody who goes to the door."""

    id: int
    name: str
    number: str | None = None
    away: AwayView | None = None


class HoursView(Wire):
    weekday: int = Field(ge=0, le=6)  # 0 is Monday
    opens: time
    closes: time


class ContractView(Wire):
    id: int
    valid_from: date
    valid_until: date
    radius: int | None = None  # metres
    services: list[str] = []
    areas: list[int] = []
    fee: str = ""
    conditions: str = ""


class SaidView(Wire):
    """What a resident thought of one case that a merchant had served."""

    case_number: str
    service_zh: str
    service_en: str
    satisfaction: Satisfaction
    served_at: Moment | None = None


class Leave(Command):
    """She has died or moved away."""

    version: Version
    why: Left


class ComeBack(Command):
    """She is in the register again."""

    version: Version


class MergePeople(Command):
    """The record `other_id` is the same person: everything of it is hers from now on."""

    other_id: Id


class Apart(Command):
    """The record `other_id` is another person, however alike the two look."""

    other_id: Id


class DoubleView(Wire):
    """Two records that may be of one person, the older one first: what both say alike, and what speaks against it."""

    one: ResidentLine
    other: ResidentLine
    alike: list[Alike]
    doubt: Doubt | None = None


class DueVisit(Wire):
    """The survey is due at her door: since `due_on`, today for the first time where that is no day ago."""

    resident: ResidentLine
    area: str = ""  # its name; empty for the centre's own, in which everybody lives
    visited_on: date | None = None  # None: nobody has been there since she was registered
    visited_by: str = ""
    due_on: date
    overdue_days: int


class NumberEntry(Command):
    channel: Channel
    number: str = Field(min_length=1, max_length=64)


class AwayEntry(Command):
    """Both days included; without a `first` already, without a `last` until somebody says otherwise."""

    first: date | None = None
    last: date | None = None


class StaffEntry(Command):
    """Somebody who goes to the door; `away` left out: she is there."""

    name: str = Field(min_length=1, max_length=80)
    number: str | None = Field(default=None, min_length=1, max_length=64)
    away: AwayEntry | None = None


class HoursEntry(Command):
    weekday: int = Field(ge=0, le=6)
    opens: time
    closes: time


class ContractEntry(Command):
    valid_from: date
    valid_until: date
    radius: int | None = Field(default=None, gt=0, le=100_000)
    services: list[str] = Field(min_length=1)
    areas: list[Id] = []
    fee: str = Field(default="", max_length=80)
    conditions: str = Field(default="", max_length=200)


class MerchantFields(Command):
    """What can be set of a merchant; what is left out stays as it is."""

    address: str = Field(default="", max_length=200)
    area_id: Id | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    language: str = Field(default="zh", max_length=16)
    licence_number: str | None = Field(default=None, max_length=64)
    licence_expires: date | None = None
    capacity: int | None = Field(default=None, ge=0, le=10_000)
    capacity_plan: list[str] = []  # how many at those hours: lines such as "08:00-12:00/3"
    first_channel: Channel = "sms"
    channel_plan: list[str] = []  # lines such as "20:00-08:00/voice_first/3"; ways: sms_first, voice_first, both
    special_hours: list[str] = []  # lines such as "2026-02-16..2026-02-20/closed/春节", "holidays/10:00-16:00"
    suspended_why: str | None = Field(default=None, max_length=200)  # None: not suspended
    numbers: list[NumberEntry] = []
    staff: list[StaffEntry] = []  # the whole list; while all of them are away the merchant is not asked
    hours: list[HoursEntry] = []
    contracts: list[ContractEntry] = []


class NewMerchant(MerchantFields):
    name: str = Field(min_length=1, max_length=80)
    kind: MerchantKind


class MerchantChange(MerchantFields):
    version: Version
    name: str | None = Field(default=None, min_length=1, max_length=80)
    kind: MerchantKind | None = None


class ServiceView(Wire):
    code: str
    name_zh: str
    name_en: str
    keypad_digit: str | None = None
    priority: Priority
    merchant_kinds: list[MerchantKind]
    needs_visit: bool
    accept_minutes: int
    arrive_minutes: int
    finish_minutes: int
    proof: VisitProof = "report"  # what a visit has to be proved by
    version: int = 1
    valid_from: Moment | None = None
    author: str = ""  # whose change that version was; empty for what a centre begins with
    questions_zh: list[str] = []
    questions_en: list[str] = []
