"""How a centre works: the bodies of its rules, the versions in force, read where they are needed."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Annotated, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from dispatch.models import Rung
from registry.centres import current_rule
from registry.matching import Weights
from registry.models import RuleKind
from registry.store import Reading, Writing

HOLIDAY = r"^(\d{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


class Policy(BaseModel):
    """The keys are those that `registry.seed` explains."""

    model_config = ConfigDict(extra="forbid", frozen=True)


P = TypeVar("P", bound=Policy)


class OfferPolicy(Policy):
    voice_tries: int = Field(ge=1, le=10)
    voice_pause_seconds: int = Field(ge=0)
    sms_tries: int = Field(ge=1, le=20)
    sms_pause_seconds: int = Field(ge=0)

    @property
    def voice_pause(self) -> timedelta:
        return timedelta(seconds=self.voice_pause_seconds)

    @property
    def sms_pause(self) -> timedelta:
        return timedelta(seconds=self.sms_pause_seconds)


class LadderStep(Policy):
    who: Rung
    seconds: int = Field(ge=1, le=3600)
    numbers: list[Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]] = Field(default=[], max_length=20)


class LadderPolicy(Policy):
    steps: list[LadderStep] = Field(min_length=1, max_length=20)
    pause_seconds: int = Field(ge=1, le=3600)
    arrival_seconds: int = Field(ge=10, le=24 * 3600)


class PresencePolicy(Policy):
    after_call_seconds: int = Field(ge=0, le=3600)

    @property
    def after_call(self) -> timedelta:
        return timedelta(seconds=self.after_call_seconds)


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
            raise ValueError("calls_until must not be before calls_from")
        return self


class CarePolicy(Policy):
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


POLICIES: Mapping[RuleKind, type[BaseModel]] = {
    RuleKind.MATCHING_WEIGHTS: Weights,
    RuleKind.OFFER_POLICY: OfferPolicy,
    RuleKind.LADDER: LadderPolicy,
    RuleKind.PRESENCE_POLICY: PresencePolicy,
    RuleKind.QUIET_HOURS: QuietHours,
    RuleKind.SURVEY: SurveyPolicy,
    RuleKind.CARE: CarePolicy,
    RuleKind.OUTGOING_BRAKE: OutgoingBrake,
    RuleKind.RECORDING: RecordingPolicy,
}


def offer_policy(session: Reading | Writing, centre_id: int) -> OfferPolicy:
    """The centre's policy now. As all of these it raises the registry's NotFound when the centre was never seeded."""
    return _in_force(session, centre_id, RuleKind.OFFER_POLICY, OfferPolicy)


def ladder_policy(session: Reading | Writing, centre_id: int) -> LadderPolicy:
    return _in_force(session, centre_id, RuleKind.LADDER, LadderPolicy)


def presence_policy(session: Reading | Writing, centre_id: int) -> PresencePolicy:
    return _in_force(session, centre_id, RuleKind.PRESENCE_POLICY, PresencePolicy)


def quiet_hours(session: Reading | Writing, centre_id: int) -> QuietHours:
    return _in_force(session, centre_id, RuleKind.QUIET_HOURS, QuietHours)


def survey_policy(session: Reading | Writing, centre_id: int) -> SurveyPolicy:
    return _in_force(session, centre_id, RuleKind.SURVEY, SurveyPolicy)


def care_policy(session: Reading | Writing, centre_id: int) -> CarePolicy:
    return _in_force(session, centre_id, RuleKind.CARE, CarePolicy)


def outgoing_brake(session: Reading | Writing, centre_id: int) -> OutgoingBrake:
    return _in_force(session, centre_id, RuleKind.OUTGOING_BRAKE, OutgoingBrake)


def recording_policy(session: Reading | Writing, centre_id: int) -> RecordingPolicy:
    return _in_force(session, centre_id, RuleKind.RECORDING, RecordingPolicy)


def _in_force(session: Reading | Writing, centre_id: int, kind: RuleKind, policy: type[P]) -> P:
    return policy.model_validate(current_rule(session, centre_id, kind).body)
