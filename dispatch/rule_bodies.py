"""What the rules of a centre may say: the body of each kind, checked when it is written and when it is read."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from callbridge.emergency import is_emergency_service
from dispatch.models import Rung
from dispatch.next_steps import NextSteps
from registry import days_off
from registry.channel_plan import PlanLines
from registry.home_visits import HomeVisitDays
from registry.matching import Weights
from registry.models import RuleKind, Way
from registry.models.centre import Priority

DAYS = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])(/\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]))?$"
HOLIDAY = r"^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


def _no_robot_calls_there(number: str) -> str:
    if is_emergency_service(number):
        raise PydanticCustomError("emergency_service", "only people call an emergency service")
    return number


Called = Annotated[
    str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$"), AfterValidator(_no_robot_calls_there)
]  # by an automatic call


class Policy(BaseModel):
    """The keys are those that `registry.seed` explains."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfferPolicy(Policy):
    voice_tries: int = Field(ge=1, le=10)
    voice_pause_seconds: int = Field(ge=0)
    sms_tries: int = Field(ge=1, le=20)
    sms_pause_seconds: int = Field(ge=0)
    menu_when_calling: bool = True  # rules older than these two keys do it
    unattended_minutes: int = Field(default=10, ge=1, le=24 * 60)

    @model_validator(mode="before")
    @classmethod
    def _without_what_it_no_longer_says(cls, body: Any) -> Any:
        """Whether those are called who are silent is a matter of `next_steps`."""
        return {name: value for name, value in body.items() if name != "call_when_silent"}

    @property
    def unattended(self) -> timedelta:
        return timedelta(minutes=self.unattended_minutes)

    @property
    def voice_pause(self) -> timedelta:
        return timedelta(seconds=self.voice_pause_seconds)

    @property
    def sms_pause(self) -> timedelta:
        return timedelta(seconds=self.sms_pause_seconds)


class ServicePolicy(Policy):
    """How the cases of one service are offered."""

    way: Way
    at_once: int = Field(ge=1, le=10)
    within_metres: int = Field(default=0, ge=0, le=100_000)
    emergency_minutes: int = Field(ge=1, le=24 * 60)
    urgent_minutes: int = Field(ge=1, le=24 * 60)
    routine_minutes: int = Field(ge=1, le=24 * 60)

    def minutes(self, priority: Priority) -> timedelta:
        """How long a merchant has to answer."""
        by_priority = {
            Priority.EMERGENCY: self.emergency_minutes,
            Priority.URGENT: self.urgent_minutes,
            Priority.ROUTINE: self.routine_minutes,
        }
        return timedelta(minutes=by_priority[priority])

    def places(self, way: Way) -> int:
        """How many are asked at the same time."""
        return self.at_once if way is Way.RACE else 1


class ServicePolicies(RootModel[dict[str, ServicePolicy]]):
    """By the service's code."""

    model_config = ConfigDict(frozen=True)


class LadderStep(Policy):
    who: Rung
    seconds: int = Field(ge=1, le=3600)
    numbers: list[Called] = Field(default=[], max_length=20)


class LadderPolicy(Policy):
    steps: list[LadderStep] = Field(min_length=1, max_length=20)
    pause_seconds: int = Field(ge=1, le=3600)
    arrival_seconds: int = Field(ge=10, le=24 * 3600)

    @property
    def supervisors(self) -> list[str]:
        """Their numbers, in the order in which they are asked."""
        return self._numbers(Rung.SUPERVISOR)

    @property
    def on_duty(self) -> list[str]:
        """The numbers of supervisors and of those on call, in the order in which they are asked."""
        return self._numbers(Rung.SUPERVISOR, Rung.ON_CALL)

    def _numbers(self, *rungs: Rung) -> list[str]:
        return list(dict.fromkeys(number for step in self.steps if step.who in rungs for number in step.numbers))


CARE_STEPS = [
    LadderStep(who=Rung.OPERATORS, seconds=600),
    LadderStep(who=Rung.CONTACTS, seconds=180),
    LadderStep(who=Rung.SUPERVISOR, seconds=120),
]


class PresencePolicy(Policy):
    after_call_seconds: int = Field(ge=0, le=3600)
    phone_again_seconds: int = Field(default=60, ge=10, le=3600)  # rules older than this key do without it

    @property
    def after_call(self) -> timedelta:
        return timedelta(seconds=self.after_call_seconds)

    @property
    def phone_again(self) -> timedelta:
        return timedelta(seconds=self.phone_again_seconds)


class QuietHours(Policy):
    """`quiet_from` equal to `quiet_until`: there are none."""

    quiet_from: time
    quiet_until: time
    holidays: list[Annotated[str, StringConstraints(pattern=HOLIDAY)]] = Field(max_length=400)

    def quiet_at(self, local: time) -> bool:
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= local < self.quiet_until
        return local >= self.quiet_from or local < self.quiet_until

    def holiday(self, day: date) -> bool:
        return f"{day:%m-%d}" in self.holidays or day.isoformat() in self.holidays


class SurveyPolicy(Policy):
    """`calls_from` equal to `calls_until`: at any hour that is not quiet."""

    after_minutes: int = Field(ge=0, le=7 * 24 * 60)
    calls_from: time
    calls_until: time
    tries: int = Field(ge=1, le=10)
    pause_minutes: int = Field(ge=1, le=24 * 60)
    worth_hours: int = Field(ge=1, le=30 * 24)

    @model_validator(mode="after")
    def _day_goes_forward(self) -> Self:
        if self.calls_from > self.calls_until:
            raise PydanticCustomError("ends_before_it_begins", "ends before it begins")
        return self


class CarePolicy(LadderPolicy):
    """Its ladder is that of whoever could not be reached; rules older than those keys do without them."""

    steps: list[LadderStep] = Field(default=CARE_STEPS, min_length=1, max_length=20)
    pause_seconds: int = Field(default=60, ge=1, le=3600)
    arrival_seconds: int = Field(default=3600, ge=10, le=24 * 3600)
    tries: int = Field(ge=1, le=10)
    pause_minutes: int = Field(ge=1, le=24 * 60)
    worth_minutes: int = Field(ge=1, le=24 * 60)


class RecordingPolicy(Policy):
    kept_days: int = Field(ge=1, le=3650)

    @property
    def kept(self) -> timedelta:
        return timedelta(days=self.kept_days)


class OutgoingBrake(Policy):
    reserved_channels: int = Field(ge=0, le=1000)
    calls_per_number: int = Field(ge=1, le=1000)


class ProofPolicy(Policy):
    """The zone is kept beside the time: it stays that hour of that clock, whatever becomes of the centre's."""

    on: bool
    at: time
    zone: str

    @field_validator("zone")
    @classmethod
    def _is_known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("must be an IANA time zone, for example Asia/Shanghai")
        return zone

    def last_due(self, now: datetime) -> datetime:
        """The last moment at or before `now` at which a proof was due."""
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date() + timedelta(days=1)
        while True:
            moment = datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)
            if moment <= now:
                return moment
            day -= timedelta(days=1)


class HeartbeatPolicy(Policy):
    on: bool
    silent_seconds: int = Field(ge=5, le=3600)
    stopped_seconds: int = Field(ge=0, le=24 * 3600)
    pause_seconds: int = Field(ge=1, le=3600)

    @property
    def silent(self) -> timedelta:
        return timedelta(seconds=self.silent_seconds)

    @property
    def stopped(self) -> timedelta:
        return timedelta(seconds=self.stopped_seconds)


class TargetPolicy(Policy):
    warning_percent: int = Field(ge=1, le=99)
    red_percent: int = Field(ge=1, le=1000)
    red_minutes: int = Field(ge=1, le=24 * 60)

    def warning(self, limit: timedelta) -> timedelta:
        """How long after its beginning something that may take `limit` is warned of."""
        return limit * self.warning_percent / 100

    def red(self, limit: timedelta) -> timedelta:
        """How long after `limit` its second one is."""
        return max(limit * self.red_percent / 100, timedelta(minutes=self.red_minutes))


class WorkingDaysPolicy(Policy):
    """Monday to Friday without `days_off`, and the `make_up_days`, which are worked whatever day of the week."""

    day_ends: time
    days_off: list[Annotated[str, StringConstraints(pattern=DAYS)]] = Field(max_length=400)
    make_up_days: list[Annotated[str, StringConstraints(pattern=DAYS)]] = Field(max_length=400)

    @field_validator("days_off", "make_up_days")
    @classmethod
    def _are_days(cls, spans: list[str]) -> list[str]:
        for each in spans:
            try:
                first, last = days_off.span(each)
            except ValueError as wrong:
                raise PydanticCustomError("no_such_day", "there is no such day") from wrong
            if first > last:
                raise PydanticCustomError("ends_before_it_begins", "ends before it begins")
        return spans


class RecordPolicy(Policy):
    window_days: int = Field(ge=1, le=365)
    suspend_at_red: int = Field(ge=0, le=100)
    suspended_days: int = Field(ge=1, le=365)

    @property
    def window(self) -> timedelta:
        return timedelta(days=self.window_days)


class IncidentPolicy(Policy):
    services: list[Annotated[str, StringConstraints(max_length=32)]] = Field(max_length=100)
    alike: int = Field(ge=2, le=1000)
    window_minutes: int = Field(ge=5, le=24 * 60)

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)


class ChannelPlan(Policy):
    hours: PlanLines


POLICIES: Mapping[RuleKind, type[BaseModel]] = {
    RuleKind.MATCHING_WEIGHTS: Weights,
    RuleKind.OFFER_POLICY: OfferPolicy,
    RuleKind.POLICIES: ServicePolicies,
    RuleKind.LADDER: LadderPolicy,
    RuleKind.PRESENCE_POLICY: PresencePolicy,
    RuleKind.QUIET_HOURS: QuietHours,
    RuleKind.SURVEY: SurveyPolicy,
    RuleKind.CARE: CarePolicy,
    RuleKind.OUTGOING_BRAKE: OutgoingBrake,
    RuleKind.RECORDING: RecordingPolicy,
    RuleKind.DAILY_PROOF: ProofPolicy,
    RuleKind.HEARTBEAT: HeartbeatPolicy,
    RuleKind.TARGETS: TargetPolicy,
    RuleKind.WORKING_DAYS: WorkingDaysPolicy,
    RuleKind.RECORDS: RecordPolicy,
    RuleKind.INCIDENTS: IncidentPolicy,
    RuleKind.NEXT_STEPS: NextSteps,
    RuleKind.CHANNEL_PLAN: ChannelPlan,
    RuleKind.HOME_VISITS: HomeVisitDays,
}
