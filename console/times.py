"""Times as an operator reads them: running clocks and hours of the day in the centre's zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    return datetime.now(UTC)


def running(span: timedelta) -> str:
    """`02:10`, `1:02:10`; a negative span counts as zero."""
    seconds = max(int(span.total_seconds()), 0)
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"


def hour(moment: datetime, zone: ZoneInfo) -> str:
    """`10:02:11`."""
    return moment.astimezone(zone).strftime("%H:%M:%S")


def day_and_hour(moment: datetime, zone: ZoneInfo, today: datetime) -> str:
    """`10:02` today, `03-01 10:02` on another day."""
    local = moment.astimezone(zone)
    same = local.date() == today.astimezone(zone).date()
    return local.strftime("%H:%M" if same else "%m-%d %H:%M")


def full(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-03-01 10:02`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def day(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-03-01`."""
    return moment.astimezone(zone).strftime("%Y-%m-%d")
