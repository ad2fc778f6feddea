"""When it is wanted, or has happened, as an operator types it."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = {"今天": 0, "today": 0, "明天": 1, "tomorrow": 1, "后天": 2}
_CLOCK = re.compile(r"(\d{1,2})[:.点](\d{2})?分?$")
_DATE = re.compile(r"(?:(\d{4})[-/])?(\d{1,2})[-/](\d{1,2})$")
_IN = re.compile(r"\+(\d{1,4})$")
_AGO = re.compile(r"-(\d{1,4})$")
_NARROW = str.maketrans("０１２３４５６７８９：．＋－／", "0123456789:.+-/")


def moment(text: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """`14:30` (tomorrow if that is past), `明天 9:00`, `tomorrow 9:00`, `3-5 14:00`, `+30` (minutes from now).

    None for an empty text: as soon as possible. Raises ValueError for what cannot be read or lies in the past.
    """
    words = text.translate(_NARROW).strip().lower().split()
    if not words:
        return None
    if len(words) == 1 and (minutes := _IN.match(words[0])):
        return (now + timedelta(minutes=int(minutes[1]))).replace(second=0, microsecond=0)
    local = now.astimezone(zone)
    of_day = clock(words[-1])
    if len(words) == 1:
        wanted = datetime.combine(local.date(), of_day, zone)
        return wanted if wanted > now else wanted + timedelta(days=1)
    if len(words) > 2:
        raise ValueError(text)
    if words[0] in _DAYS:
        day = local.date() + timedelta(days=_DAYS[words[0]])
    elif date := _DATE.match(words[0]):
        day = local.date().replace(int(date[1] or local.year), int(date[2]), int(date[3]))
    else:
        raise ValueError(text)
    wanted = datetime.combine(day, of_day, zone)
    if wanted <= now:
        raise ValueError(text)
    return wanted


def earlier(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """`14:30` (yesterday's if that is still to come), `-20` (minutes ago). Raises ValueError."""
    plain = text.translate(_NARROW).strip()
    if minutes := _AGO.match(plain):
        return now - timedelta(minutes=int(minutes[1]))
    happened = datetime.combine(now.astimezone(zone).date(), clock(plain), zone)
    return happened if happened <= now else happened - timedelta(days=1)


def some_moment(text: str, near: datetime, zone: ZoneInfo) -> datetime | None:
    """Any time, past or to come: `21:30` on the day of `near`, `2-17 21:30` in its year, `2026-02-17 21:30`, also
    with a T between them. None for an empty text. Raises ValueError.
    """
    words = text.translate(_NARROW).strip().upper().replace("T", " ").split()
    if not words:
        return None
    day = near.astimezone(zone).date()
    if len(words) == 2 and (date := _DATE.match(words[0])):
        day = day.replace(int(date[1] or day.year), int(date[2]), int(date[3]))
    elif len(words) > 1:
        raise ValueError(text)
    return datetime.combine(day, clock(words[-1]), zone)


def day(text: str, today: date) -> date | None:
    """`2026-03-20`, `3-20` (nearest to `today`), `今天`, `tomorrow`; None for an empty text. Raises ValueError."""
    words = text.translate(_NARROW).strip().lower()
    if not words:
        return None
    if words in _DAYS:
        return today + timedelta(days=_DAYS[words])
    found = _DATE.match(words)
    if found is None:
        raise ValueError(text)
    month, of_month = int(found[2]), int(found[3])
    if found[1]:
        return date(int(found[1]), month, of_month)
    if (month, of_month) == (2, 29):
        return date(today.year, month, of_month)
    years = (today.year, today.year - 1, today.year + 1)
    return min((date(year, month, of_month) for year in years), key=lambda one: abs(one - today))


def clock(text: str) -> time:
    """`9:00`, `14.30`, `9点`, `９：００`. Raises ValueError."""
    found = _CLOCK.match(text.translate(_NARROW).strip())
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2] or 0))
