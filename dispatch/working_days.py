"""Working days as a centre counts them: its week, its days off, and the weekends that are worked in exchange."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.policy import working_days_policy
from registry.centres import days_off, zone
from registry.days_off import DaysOff, Kind
from registry.store import Reading, Writing

SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    zone: ZoneInfo
    day_ends: time
    days_off: DaysOff

    def works(self, day: date) -> bool:
        kind = self.days_off.kind(day)
        return day.weekday() < SATURDAY if kind is None else kind is Kind.MAKE_UP_DAYS

    def end_of(self, at: datetime, days: int) -> datetime:
        """When the working day is over that comes `days` after the day of `at`, which itself is not counted."""
        day, left = at.astimezone(self.zone).date(), days
        while left:
            day += timedelta(days=1)
            left -= self.works(day)
        return datetime.combine(day, self.day_ends, tzinfo=self.zone).astimezone(UTC)


def calendar(session: Reading | Writing, centre_id: int) -> Calendar:
    return Calendar(
        zone=zone(session, centre_id),
        day_ends=working_days_policy(session, centre_id).day_ends,
        days_off=days_off(session, centre_id),
    )
