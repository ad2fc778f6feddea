"""A merchant's whole card."""

from datetime import date

from dispatch.wire.base import Moment
from dispatch.wire.cards import CardView, RecordView
from dispatch.wire.people import ContractView, HoursView, MerchantLine, NumberView, SaidView, StaffView
from dispatch.wire.words import Channel


class MerchantCard(MerchantLine):
    area_id: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    language: str = "zh"
    licence_number: str | None = None
    licence_expires: date | None = None
    capacity: int | None = None
    capacity_plan: list[str] = []  # by the hour: "08:00-12:00/3"
    first_channel: Channel = "sms"
    special_hours: list[str] = []  # on which days it does not keep its week: "2026-02-16..2026-02-20/closed/春节"
    channel_plan: list[str] = []  # by the hour: "20:00-08:00/voice_first/3"
    suspended_at: Moment | None = None
    suspended_why: str | None = None
    suspended_until: Moment | None = None  # None: until somebody ends it
    numbers: list[NumberView] = []
    staff: list[StaffView] = []  # none: nothing is known of who comes
    hours: list[HoursView] = []
    contracts: list[ContractView] = []
    open_jobs: int = 0
    # What residents said, or an operator wrote down for them, of the cases it served.
    satisfied: int = 0
    fairly: int = 0
    not_satisfied: int = 0
    last_said: list[SaidView] = []  # the newest first
    record: RecordView | None = None
    cards: list[CardView] = []  # the last ones, the newest first
    version: int
