"""Residents, and everything that finds or protects one."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from registry.models.columns import choice


class Gender(StrEnum):
    FEMALE = "female"
    MALE = "male"


class Hearing(StrEnum):
    GOOD = "good"
    HARD = "hard"
    DEAF = "deaf"


class Sight(StrEnum):
    GOOD = "good"
    POOR = "poor"  # cannot read what is sent to her
    BLIND = "blind"


class Left(StrEnum):
    """Words of a resident's `ended_why` that a person said."""

    DIED = "died"
    MOVED = "moved"


class Group(StrEnum):
    LIVING_ALONE = "living_alone"
    EMPTY_NEST = "empty_nest"
    CHILDLESS = "childless"
    DISABLED = "disabled"
    BEDRIDDEN = "bedridden"
    DEMENTIA = "dementia"
    LOW_INCOME = "low_income"


_STILL_HERE = text("ended_at IS NULL")


class Resident(SQLModel, table=True):
    """A person the line is for. What is noted of her health and the identity number are sealed under the person's own
    `DataKey`.

    `care_level` is 0 (fully able) to 4 (completely dependent) after GB/T 42195-2022. The address is kept in the parts
    a courier reads: community, building, unit, door.
    """

    __tablename__ = "resident"
    __table_args__ = (
        Index("ix_resident_place", "centre_id", "area_id"),
        Index("ix_resident_building", "centre_id", "community", "building"),  # a neighbour's position
        Index(  # to whose door the survey is due
            "ix_resident_visit",
            *("centre_id", "care_level", "visited_on", "created_at", "area_id"),
            sqlite_where=_STILL_HERE,
            postgresql_where=_STILL_HERE,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    centre_id: int = Field(foreign_key="centre.id")
    area_id: int | None = Field(default=None, foreign_key="area.id")
    name: str = Field(max_length=80)
    called: str | None = Field(default=None, max_length=40)  # how she wants to be addressed, if not 姓名+奶奶/爷爷
    gender: Gender | None = choice(Gender, nullable=True)
    born: date | None = None
    community: str = Field(default="", max_length=80)
    building: str = Field(default="", max_length=20)
    unit: str = Field(default="", max_length=20)
    door: str = Field(default="", max_length=20)
    entrance_note: str = Field(default="", max_length=500)
    lift: bool | None = None  # whether her house has one; None: nobody has said
    lock: str = Field(default="", max_length=80)  # how the house is opened: a code, an intercom
    dog: str = Field(default="", max_length=80)
    latitude: float | None = None  # WGS-84 degrees
    longitude: float | None = None
    position_source: str | None = Field(default=None, max_length=32)
    position_at: datetime | None = None
    language: str = Field(default="zh", max_length=16)
    dialect: str | None = Field(default=None, max_length=40)
    hearing: Hearing = choice(Hearing, default=Hearing.GOOD)
    sight: Sight = choice(Sight, default=Sight.GOOD)
    care_level: int = Field(default=0, ge=0, le=4)
    health_note: bytes | None = Field(default=None, sa_type=LargeBinary)
    medicines: bytes | None = Field(default=None, sa_type=LargeBinary)
    allergies: bytes | None = Field(default=None, sa_type=LargeBinary)
    identity_number: bytes | None = Field(default=None, sa_type=LargeBinary)
    identity_hash: bytes | None = Field(default=None, sa_type=LargeBinary, index=True)  # finds an exact number
    consented_on: date | None = None  # to what is kept about her; None: not, or no longer
    consented_by: str = Field(default="", max_length=40)  # herself, or who may say so for her
    visited_on: date | None = None  # the last time that the survey came to her door
    visited_by: str = Field(default="", max_length=40)
    ended_at: datetime | None = None
    ended_why: str | None = Field(default=None, max_length=32)
    merged_into: int | None = Field(default=None, foreign_key="resident.id", index=True)  # the record it went into
    version: int = 1
    created_at: datetime
    updated_at: datetime


class ResidentsApart(SQLModel, table=True):
    """Two people who look like one, and are two: somebody has said so. `one_id` is the smaller."""

    __tablename__ = "residents_apart"

    one_id: int = Field(primary_key=True, foreign_key="resident.id")
    other_id: int = Field(primary_key=True, foreign_key="resident.id")
    at: datetime


class DataKey(SQLModel, table=True):
    """A resident's own data key, wrapped by the master key: deleting it deletes what it sealed."""

    __tablename__ = "data_key"

    resident_id: int = Field(primary_key=True, foreign_key="resident.id")
    wrapped: bytes = Field(sa_type=LargeBinary)
    master_version: int = 1


class ResidentBefore(SQLModel, table=True):
    """What the fields of a record held before a change and after it, sealed under her data key, by the version that
    was left. `sensitive` are those that are sealed in her record as well.
    """

    __tablename__ = "resident_before"

    resident_id: int = Field(primary_key=True, foreign_key="resident.id")
    version: int = Field(primary_key=True)
    facts: bytes | None = Field(default=None, sa_type=LargeBinary)
    sensitive: bytes | None = Field(default=None, sa_type=LargeBinary)


class MasterKey(SQLModel, table=True):
    """Which versions of the master key are in use; the keys themselves are in no database. There is one row.

    New keys are wrapped by `version`. While something may still be wrapped by an earlier one, `oldest` is that one.
    """

    __tablename__ = "master_key"

    id: int = Field(primary_key=True)
    version: int = 1
    oldest: int = 1
    since: datetime | None = None  # the version is in use


class ResidentGroup(SQLModel, table=True):
    __tablename__ = "resident_group"

    resident_id: int = Field(primary_key=True, foreign_key="resident.id")
    group: Group = choice(Group, primary_key=True)


class LineKind(StrEnum):
    LANDLINE = "landline"
    MOBILE = "mobile"
    BUTTON = "button"


class Line(SQLModel, table=True):
    """A telephone number (E.164, or as it is when no plan knows it) or a button's device id that leads to a resident.

    Two residents may share one number; a number that was given up keeps its row with `ended_at`.
    """

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("resident_id", "number"), Index("ix_line_number", "number"))

    id: int | None = Field(default=None, primary_key=True)
    resident_id: int = Field(foreign_key="resident.id")
    number: str = Field(max_length=40)
    kind: LineKind = choice(LineKind)
    device_id: str | None = Field(default=None, max_length=64, index=True)
    created_at: datetime
    ended_at: datetime | None = None


class Contact(SQLModel, table=True):
    """Somebody to turn to, in order of `rank` from 1; may call in herself.

    One who is no longer turned to keeps her row without a rank, because calls name her.
    """

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("resident_id", "rank"), Index("ix_contact_number", "number"))

    id: int | None = Field(default=None, primary_key=True)
    resident_id: int = Field(foreign_key="resident.id")
    rank: int | None
    name: str = Field(max_length=80)
    relation: str = Field(default="", max_length=40)
    number: str = Field(max_length=40)
    has_key: bool = False
    note: str = Field(default="", max_length=200)


class UsualMerchant(SQLModel, table=True):
    """Where this resident usually has a kind of need served."""

    __tablename__ = "usual_merchant"

    resident_id: int = Field(primary_key=True, foreign_key="resident.id")
    kind: str = Field(primary_key=True, max_length=32)  # a MerchantKind value
    merchant_id: int = Field(foreign_key="merchant.id")


_TOKEN = String(40).with_variant(String(40, collation="C"), "postgresql")


class SearchToken(SQLModel, table=True):
    """What a resident can be found by: character bigrams, pinyin, initials, last four digits, door.

    Ordered by code point on both databases, whatever the locale, so that a prefix is a range of the index.

    No foreign key: it would take PostgreSQL as long again as the row itself, eighteen times for everybody. Who is
    found is looked up among the residents in any case.
    """

    __tablename__ = "search_token"
    __table_args__ = (Index("ix_search_token_resident", "resident_id"), {"sqlite_with_rowid": False})

    token: str = Field(primary_key=True, sa_type=_TOKEN)
    resident_id: int = Field(primary_key=True)
    weight: int = 1


class SearchUnfiled(SQLModel, table=True):
    """What somebody whom an import has just brought can be found by, until it stands in `search_token`: `tokens` are
    JSON, each with its weight.
    """

    __tablename__ = "search_unfiled"

    resident_id: int = Field(primary_key=True, foreign_key="resident.id")
    tokens: str = Field(sa_type=Text)


class AccessLog(SQLModel, table=True):
    """Who read whose record, and why. Never part of the journal."""

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_resident", "resident_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime
    centre_id: int
    operator_id: int | None
    resident_id: int | None  # None: a recording of somebody unknown was heard
    what: str = Field(max_length=32)  # card, health_note, search, export, …
    call_id: int | None = None
    case_id: int | None = None
