"""How a centre offers: the body of its rule `offer_policy`, the version in force."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from registry.centres import current_rule
from registry.models import RuleKind
from registry.store import Reading, Writing


class OfferPolicy(BaseModel):
    """What is left out of the rule's body is as here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    voice_tries: int = Field(default=2, ge=1, le=10)  # calls of one offer before its merchant counts as not reached
    voice_pause_seconds: int = Field(default=60, ge=0)  # between two of them
    sms_tries: int = Field(default=4, ge=1, le=20)  # hand-overs to a gateway that is away
    sms_pause_seconds: int = Field(default=15, ge=0)  # after the first of them; longer after each

    @property
    def voice_pause(self) -> timedelta:
        return timedelta(seconds=self.voice_pause_seconds)

    @property
    def sms_pause(self) -> timedelta:
        return timedelta(seconds=self.sms_pause_seconds)


def offer_policy(session: Reading | Writing, centre_id: int) -> OfferPolicy:
    """The centre's policy now. Raises the registry's NotFound when the centre was never seeded."""
    return OfferPolicy.model_validate(current_rule(session, centre_id, RuleKind.OFFER_POLICY).body)
