"""When people may be called who do not wait for us: decent hours on the centre's wall clock, holidays left out."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.policy import quiet_hours, survey_policy
from dispatch.rule_bodies import QuietHours
from registry.centres import zone
from registry.store import Reading, Writing

FURTHEST = 60  # days: no row of holidays is longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Calls may go out between `opens` and `closes` (the same: all day), outside the quiet hours."""

    zone: ZoneInfo
    quiet: QuietHours
    opens: time
    closes: time
    holidays: bool  # whether also on holidays

    def allow(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        clock = local.time()
        return (
            (self.opens == self.closes or self.opens <= clock < self.closes)
            and not self.quiet.quiet_at(clock)
            and (self.holidays or not self.quiet.holiday(local.date()))
        )

    def next(self, at: datetime) -> datetime | None:
        """`at` when it is a decent moment, else the first one after it; None when there is none for a long time."""
        if self.allow(at):
            return at
        first = at.astimezone(self.zone).date()
        for days in range(FURTHEST):
            day = first + timedelta(days=days)
            begins = sorted({time(0), self.opens, self.quiet.quiet_until})
            for begin in begins:
                moment = datetime.combine(day, begin, tzinfo=self.zone).astimezone(UTC)
                if moment > at and self.allow(moment):
                    return moment
        return None


def survey_hours(session: Reading | Writing, centre_id: int) -> Hours:
    """When residents are asked whether it was good: never on a holiday."""
    policy = survey_policy(session, centre_id)
    return Hours(
        zone=zone(session, centre_id),
        quiet=quiet_hours(session, centre_id),
        opens=policy.calls_from,
        closes=policy.calls_until,
        holidays=False,
    )


def care_hours(session: Reading | Writing, centre_id: int, *, on_holidays: bool) -> Hours:
    """When care calls go out: the plan says at what time, and whether on holidays too."""
    return Hours(
        zone=zone(session, centre_id),
        quiet=quiet_hours(session, centre_id),
        opens=time(0),
        closes=time(0),
        holidays=on_holidays,
    )


def notice_hours(session: Reading | Writing, centre_id: int) -> Hours:
    """When merchants are called about what can wait: outside the quiet hours."""
    return Hours(
        zone=zone(session, centre_id),
        quiet=quiet_hours(session, centre_id),
        opens=time(0),
        closes=time(0),
        holidays=True,
    )
