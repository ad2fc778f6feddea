"""Whom a sheet out of the register is about. Everything that is said has to hold."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from dispatch.wire.base import Command
from dispatch.wire.words import Group, Hearing, MerchantKind, Sight

Age = Annotated[int, Field(ge=0, le=150)]
Language = Literal["zh", "en"]


class ResidentsWanted(Command):
    """Days are the centre's. Of whom no birthday is known has no age."""

    language: Language | None = Field(default=None, description="Of headings and words; otherwise the centre's")
    group: list[Group] = Field(default=[], description="Any of these")
    care_level: int = Field(default=0, ge=0, le=4, description="Or higher")
    consented: bool = False
    without: list[Literal["consent", "number", "contact", "key"]] = Field(default=[], description="Each of these")
    without_usual: list[MerchantKind] = Field(default=[], description="Without a usual one of each")
    not_visited_since: date | None = None
    visit_due: bool = Field(default=False, description="By the rule `home_visits`, today")
    age_from: Age | None = None
    age_to: Age | None = Field(default=None, description="Included")
    hearing: Hearing | None = None
    sight: Sight | None = None
    speaks: str | None = Field(default=None, max_length=16, description="A language, such as zh")
    dialect: str | None = Field(default=None, max_length=40)
    community: str | None = Field(default=None, max_length=80, description="As it is written in the register")
    building: str | None = Field(default=None, max_length=20, description="As it is written in the register")
    changed_since: AwareDatetime | None = Field(default=None, description="Entered or changed")

    @model_validator(mode="after")
    def _somebody_can_be_so_old(self) -> Self:
        if self.age_from is not None and self.age_to is not None and self.age_from > self.age_to:
            raise ValueError("age_to must not be below age_from")
        return self


class MerchantsWanted(Command):
    language: Language | None = Field(default=None, description="Of headings and words; otherwise the centre's")
    kind: list[MerchantKind] = Field(default=[], description="Any of these")
    licence_before: date | None = Field(default=None, description="Its licence ends before that day")
    contract_before: date | None = Field(default=None, description="Its last contract ends before that day")
