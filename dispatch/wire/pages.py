"""Lists of which only a part is shown."""

from dispatch.wire.areas import AreaView
from dispatch.wire.base import Wire
from dispatch.wire.calls import CallLine
from dispatch.wire.cases import CaseLine
from dispatch.wire.people import DoubleView, DueVisit, MerchantLine, ResidentLine


class Page(Wire):
    """How many there are in all, beside what was asked for."""

    total: int


class Areas(Page):
    items: list[AreaView]


class Residents(Page):
    items: list[ResidentLine]


class Doubles(Page):
    items: list[DoubleView]


class DueVisits(Page):
    items: list[DueVisit]


class Merchants(Page):
    items: list[MerchantLine]


class Calls(Page):
    items: list[CallLine]


class Cases(Page):
    items: list[CaseLine]
