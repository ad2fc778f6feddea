"""When it is wanted, as an operator types it."""

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = {"今天": 0, "today": 0, "明天": 1, "tomorrow": 1, "后天": 2}
_CLOCK = re.compile(r"(\d{1,2})[:.点](\d{2})?分?$")
_DATE = re.compile(r"(?:(\d{4})[-/])?(\d{1,2})[-/](\d{1,2})$")
_IN = re.compile(r"\+(\d{1,4})$")
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
    of_day = _clock(words[-1])
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


def _clock(text: str) -> time:
    found = _CLOCK.match(text)
    if found is None:
        raise ValueError(text)
    return time(int(found[1]), int(found[2] or 0))
