"""What is asked to be written about residents and merchants, checked at the edge before it touches a table.

A `…Draft` makes a row, a `…Change` changes what is set in it and leaves the rest. `read` turns a mapping into one of
them or says everything that is wrong with it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from registry import identity
from registry.capacity_plan import CapacityLines
from registry.channel_plan import PlanLines
from registry.errors import Problem, Refused
from registry.models import Channel, Gender, Group, Hearing, LineKind, MerchantKind, Sight
from registry.numbers import NumberPlan
from registry.special_hours import SpecialLines
from registry.text import folded, plain

M = TypeVar("M", bound=BaseModel)

LONGEST_RADIUS = 100_000  # metres
_NO_DOG = frozenset(
    {"无", "没有", "没", "否", "不", "不养", "没养", "无狗", "没狗", "没有狗", "no", "n", "none", "no dog", "×"}
)
_A_DOG = frozenset({"有", "是", "对", "养", "有狗", "养狗", "√", "✓", "1", "y"})
_NO_NAME = re.compile(r"[\d;；,，、]")


def _line(limit: int, least: int = 0) -> Callable[[str], str]:
    """One line of harmless text of `least` to `limit` characters."""

    def check(raw: str) -> str:
        text = plain(raw)
        if len(text) < least:
            raise PydanticCustomError("required", "must not be empty")
        if len(text) > limit:
            raise PydanticCustomError("text_too_long", "at most {limit} characters", {"limit": limit})
        return text

    return check


def _note(raw: str) -> str:
    """Text of several lines, 4,000 characters at most."""
    text = "\n".join(plain(line) for line in raw.splitlines()).strip()
    if len(text) > 4000:
        raise PydanticCustomError("text_too_long", "at most {limit} characters", {"limit": 4000})
    return text


def _dog(text: str) -> str:
    """A yes or no of a form: that there is none is nothing to tell whoever comes."""
    said = folded(text, 8)
    if said in _NO_DOG:
        return ""
    return "有" if said in _A_DOG else text


def _somebody(name: str) -> str:
    """A name that a list of names and numbers in one cell can hold."""
    if _NO_NAME.search(name):
        raise PydanticCustomError("staff_name", "a name without digits, commas and semicolons")
    return name


def _identity(raw: str) -> str:
    """Nothing, or an identity number as it is kept."""
    if not plain(raw):
        return ""
    try:
        return identity.number(raw)
    except identity.NotAnIdentity as problem:
        raise PydanticCustomError(problem.key, "no identity number", dict(problem.values)) from None


def _wall_time(at: time) -> time:
    """A time on the wall of the centre: it has no offset of its own."""
    if at.tzinfo is not None:
        raise PydanticCustomError("not_a_time", "a time without an offset")
    return at.replace(microsecond=0)


Name = Annotated[str, AfterValidator(_line(80, least=1))]
Text20 = Annotated[str, AfterValidator(_line(20))]
Text40 = Annotated[str, AfterValidator(_line(40))]
Text64 = Annotated[str, AfterValidator(_line(64))]
Text80 = Annotated[str, AfterValidator(_line(80))]
Text200 = Annotated[str, AfterValidator(_line(200))]
Text500 = Annotated[str, AfterValidator(_line(500))]
Note = Annotated[str, AfterValidator(_note)]
Tag = Annotated[str, AfterValidator(_line(16, least=1))]  # of a language
Number = Annotated[str, AfterValidator(_line(64, least=1))]  # as it was written; read by the centre's number plan
Id = Annotated[int, Field(gt=0, lt=2**31)]
WallTime = Annotated[time, AfterValidator(_wall_time)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Placed(Draft):
    """Something that stands on the map or not: both degrees or neither."""

    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _both_degrees(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise PydanticCustomError("position_incomplete", "latitude and longitude come together")
        return self


class LineDraft(Draft):
    number: Number
    kind: LineKind | None = None  # None: told from the number
    device_id: Text64 | None = None


class ContactDraft(Draft):
    name: Name
    relation: Text40 = ""
    number: Number
    has_key: bool = False
    note: Text200 = ""


class ResidentChange(_Placed):
    """What is not set stays; a list that is set replaces the whole list, contacts in their order."""

    name: Name = ""
    called: Text40 | None = None
    gender: Gender | None = None
    born: date | None = None
    area_id: Id | None = None
    community: Text80 = ""
    building: Text20 = ""
    unit: Text20 = ""
    door: Text20 = ""
    entrance_note: Text500 = ""
    lift: bool | None = None
    lock: Text80 = ""
    dog: Annotated[Text80, AfterValidator(_dog)] = ""
    language: Tag = "zh"
    dialect: Text40 | None = None
    hearing: Hearing = Hearing.GOOD
    sight: Sight = Sight.GOOD
    care_level: int = Field(default=0, ge=0, le=4)
    groups: frozenset[Group] = frozenset()
    health_note: Note = ""
    medicines: Note = ""
    allergies: Note = ""
    identity_number: Annotated[str, AfterValidator(_identity)] | None = None
    consented_on: date | None = None
    consented_by: Text40 = ""
    visited_on: date | None = None
    visited_by: Text40 = ""
    lines: list[LineDraft] = Field(default=[], max_length=20)
    contacts: list[ContactDraft] = Field(default=[], max_length=20)
    usual_merchants: dict[MerchantKind, Id] = {}


class ResidentDraft(ResidentChange):
    name: Name


class NumberDraft(Draft):
    channel: Channel
    number: Number


class HoursDraft(Draft):
    """`closes` not after `opens` is on the next day; the same time is day and night."""

    weekday: int = Field(ge=0, le=6)
    opens: WallTime
    closes: WallTime


class ContractDraft(Draft):
    valid_from: date
    valid_until: date
    radius: int | None = Field(default=None, gt=0, le=LONGEST_RADIUS)
    services: frozenset[Annotated[str, AfterValidator(_line(32, least=1))]] = Field(min_length=1)
    areas: frozenset[Id] = frozenset()
    fee: Text80 = ""
    conditions: Text200 = ""

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_until < self.valid_from:
            raise PydanticCustomError("ends_before_it_begins", "ends before it begins")
        return self


class AwayDraft(Draft):
    """Both days included. Without a `first` she is away already, without a `last` until somebody says otherwise."""

    first: date | None = None
    last: date | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.first is not None and self.last is not None and self.last < self.first:
            raise PydanticCustomError("ends_before_it_begins", "ends before it begins")
        return self


class StaffDraft(Draft):
    name: Annotated[Name, AfterValidator(_somebody)]
    number: Number | None = None
    away: AwayDraft | None = None


def _each_once(staff: list[StaffDraft]) -> list[StaffDraft]:
    """They are told apart by their names."""
    if len({one.name for one in staff}) < len(staff):
        raise PydanticCustomError("named_twice", "two have the same name")
    return staff


class MerchantChange(_Placed):
    """What is not set stays; a list that is set replaces the whole list, numbers of a channel in their order."""

    name: Name = ""
    kind: MerchantKind = MerchantKind.SHOP
    area_id: Id | None = None
    address: Text200 = ""
    language: Tag = "zh"
    licence_number: Text64 | None = None
    licence_expires: date | None = None
    capacity: int | None = Field(default=None, ge=0, le=10_000)
    capacity_plan: CapacityLines = []
    first_channel: Channel = Channel.SMS
    channel_plan: PlanLines = []
    special_hours: SpecialLines = []
    suspended_why: Text200 | None = None  # None: not suspended
    numbers: list[NumberDraft] = Field(default=[], max_length=20)
    staff: Annotated[list[StaffDraft], Field(max_length=50), AfterValidator(_each_once)] = []
    hours: list[HoursDraft] = Field(default=[], max_length=50)
    contracts: list[ContractDraft] = Field(default=[], max_length=50)


class MerchantDraft(MerchantChange):
    name: Name
    kind: MerchantKind


def read(kind: type[M], fields: Mapping[str, Any]) -> M:
    """`fields` as a draft of that kind. Raises Refused with every problem, each with its field's path."""
    try:
        return kind.model_validate(dict(fields))
    except ValidationError as error:
        raise Refused(_problem(detail) for detail in error.errors(include_url=False)) from error


def number_problem(plan: NumberPlan, field: str, raw: str) -> Problem | None:
    """What keeps `raw` from being one telephone number, None when nothing does."""
    candidates = plan.read(raw).candidates
    if len(candidates) == 1:
        return None
    return Problem(field, "several_numbers" if candidates else "no_number")


_KEYS = (
    ("missing", "required"),
    ("too_short", "required"),
    ("extra_forbidden", "unknown_field"),
    ("enum", "not_one_of"),
    ("date", "not_a_date"),
    ("time", "not_a_time"),
    ("int", "not_a_whole_number"),
    ("float", "not_a_number"),
    ("bool", "not_one_of"),
    ("finite", "not_a_number"),
    ("greater", "out_of_range"),
    ("less", "out_of_range"),
    ("text_too_long", "too_long"),
    ("too_long", "too_many"),  # pydantic's own, of a list
)
_OWN = {"required", "not_a_time", "position_incomplete", "ends_before_it_begins", "emergency_service"} | {
    "channel_hours",
    "capacity_plan",
    "hours_overlap",
    "identity_birthday",
    "identity_check",
    "identity_length",
    "named_twice",
    "special_hours",
    "staff_name",
}


def _problem(detail: Any) -> Problem:
    """pydantic's many error types as the few keys that screens know."""
    field = ".".join(str(part) for part in detail["loc"])
    kind, values = (
        detail["type"],
        {k: v for k, v in detail.get("ctx", {}).items() if isinstance(v, str | int | float)},
    )
    if kind in _OWN:
        return Problem(field, kind, values)
    return Problem(field, next((key for start, key in _KEYS if kind.startswith(start)), "not_valid"), values)
