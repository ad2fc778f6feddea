"""How often the survey comes to somebody's door, and when it is due there again."""

from collections.abc import Collection
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict, Field

from registry.models import Group

LEVELS = range(5)  # GB/T 42195-2022


class HomeVisitDays(BaseModel):
    """After so many days by care level: the body of the rule `home_visits`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level_0_days: int = Field(default=365, ge=1, le=3650)
    level_1_days: int = Field(default=180, ge=1, le=3650)
    level_2_days: int = Field(default=90, ge=1, le=3650)
    level_3_days: int = Field(default=60, ge=1, le=3650)
    level_4_days: int = Field(default=30, ge=1, le=3650)
    alone_as_level: int = Field(default=1, ge=LEVELS[0], le=LEVELS[-1])  # who lives alone: at least as often

    def after(self, care_level: int, alone: bool) -> timedelta:
        """From one visit to the next."""
        by_level = (self.level_0_days, self.level_1_days, self.level_2_days, self.level_3_days, self.level_4_days)
        days = by_level[care_level]
        return timedelta(days=min(days, by_level[self.alone_as_level]) if alone else days)


def next_visit(
    care_level: int, groups: Collection[Group], visited: date | None, registered: date, days: HomeVisitDays
) -> date:
    """The day on which the next one is due. Whom nobody has visited yet waits since she was `registered`."""
    return (visited or registered) + days.after(care_level, Group.LIVING_ALONE in groups)
