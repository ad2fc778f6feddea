"""Numbers in a workbook's cells as people see them: whole ones without a point, days as 1944-03-12."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

_DATE_FORMATS = frozenset([*range(14, 18), 22, *range(27, 37), *range(50, 59)])  # ECMA-376 part 1, 18.8.30
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_EXACT = 10**15  # Excel keeps 15 digits
_BEFORE_1900 = date(1899, 12, 31)
_BEFORE_1904 = date(1904, 1, 1)
_LAST_DAY = 2_958_465  # 9999-12-31
_LEAP_BUG = 60  # Excel thinks that 1900 had a 29 February


@dataclass(frozen=True, slots=True)
class DateFormats:
    """Which cell styles show a number as a day."""

    styles: tuple[str, ...] = ()  # the number format of each style
    codes: dict[str, str] | None = None  # formats of the workbook's own
    from_1904: bool = False

    def of(self, style: str) -> bool:
        if not style.isdigit() or int(style) >= len(self.styles):
            return False
        number_format = self.styles[int(style)]
        if (code := (self.codes or {}).get(number_format)) is not None:
            return bool(re.search(r"[yd年日]", _QUOTED.sub("", code), re.IGNORECASE))
        return number_format.isdigit() and int(number_format) in _DATE_FORMATS


def shown(raw: str, is_date: bool, from_1904: bool = False) -> str:
    """A number of a cell: a day where its style says so; one of more digits than Excel keeps as `5.001E+17`."""
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return raw
    if is_date and (day := day_of(value, from_1904)) is not None:
        return day.isoformat()
    if not value.is_finite():
        return raw
    if abs(value) >= _EXACT:
        return f"{value:.14E}"
    return str(int(value)) if value == value.to_integral_value() else repr(float(value))


def day_of(serial: Decimal, from_1904: bool = False) -> date | None:
    """The day that Excel counts as `serial`, None when it counts none so."""
    if not serial.is_finite() or not 1 <= serial <= _LAST_DAY:
        return None
    days = int(serial)
    if from_1904:
        return _BEFORE_1904 + timedelta(days=min(days, _LAST_DAY - 1462))
    return _BEFORE_1900 + timedelta(days=days if days < _LEAP_BUG else days - 1)
