"""Working days as a centre counts them: its week, its days off, and the weekends that are worked in exchange."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dispatch.policy import quiet_hours, working_days_policy
from dispatch.rule_bodies import QuietHours, WorkingDaysPolicy
from registry.centres import zone
from registry.store import Reading, Writing

SATURDAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The holidays of the quiet hours are no working days either: they stand for years not arranged yet."""

    zone: ZoneInfo
    week: WorkingDaysPolicy
    quiet: QuietHours

    def works(self, day: date) -> bool:
        if self.week.made_up(day):
            return True
        return day.weekday() < SATURDAY and not self.week.off(day) and not self.quiet.holiday(day)

    def end_of(self, at: datetime, days: int) -> datetime:
        """When the working day is over that comes `days` after the day of `at`, which itself is not counted."""
        day, left = at.astimezone(self.zone).date(), days
        while left:
            day += timedelta(days=1)
            left -= self.works(day)
        return datetime.combine(day, self.week.day_ends, tzinfo=self.zone).astimezone(UTC)


def calendar(session: Reading | Writing, centre_id: int) -> Calendar:
    return Calendar(
        zone=zone(session, centre_id),
        week=working_days_policy(session, centre_id),
        quiet=quiet_hours(session, centre_id),
    )
