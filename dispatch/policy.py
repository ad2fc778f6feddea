"""How a centre offers and how its operators rest: the bodies of its rules, the versions in force."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from registry.centres import current_rule
from registry.models import RuleKind
from registry.store import Reading, Writing


class OfferPolicy(BaseModel):
    """The keys that `registry.seed.OFFER_POLICY` explains."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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


def offer_policy(session: Reading | Writing, centre_id: int) -> OfferPolicy:
    """The centre's policy now. Raises the registry's NotFound when the centre was never seeded."""
    return OfferPolicy.model_validate(current_rule(session, centre_id, RuleKind.OFFER_POLICY).body)


class PresencePolicy(BaseModel):
    """The keys that `registry.seed.PRESENCE_POLICY` explains."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_call_seconds: int = Field(ge=0, le=3600)

    @property
    def after_call(self) -> timedelta:
        return timedelta(seconds=self.after_call_seconds)


def presence_policy(session: Reading | Writing, centre_id: int) -> PresencePolicy:
    """The centre's policy now. Raises the registry's NotFound when the centre was never seeded."""
    return PresencePolicy.model_validate(current_rule(session, centre_id, RuleKind.PRESENCE_POLICY).body)
