"""How a centre works now: the versions of its rules that are in force, read where they are needed."""

from typing import TypeVar

from dispatch.next_steps import NextSteps
from dispatch.rule_bodies import (
    CarePolicy,
    HeartbeatPolicy,
    IncidentPolicy,
    LadderPolicy,
    OfferPolicy,
    OutgoingBrake,
    Policy,
    PresencePolicy,
    ProofPolicy,
    QuietHours,
    RecordingPolicy,
    RecordPolicy,
    ServicePolicy,
    SurveyPolicy,
    TargetPolicy,
    WorkingDaysPolicy,
)
from registry.centres import current_rule
from registry.home_visits import HomeVisitDays
from registry.models import Rule, RuleKind, Service
from registry.seed import policy_of
from registry.store import Reading, Writing

P = TypeVar("P", bound=Policy)


def offer_policy(session: Reading | Writing, centre_id: int) -> OfferPolicy:
    """The centre's policy now. As all of these it raises the registry's NotFound when the centre was never seeded."""
    return _in_force(session, centre_id, RuleKind.OFFER_POLICY, OfferPolicy)


def next_steps(session: Reading | Writing, centre_id: int) -> NextSteps:
    return NextSteps.model_validate(current_rule(session, centre_id, RuleKind.NEXT_STEPS).body)


def service_policy(session: Reading | Writing, service: Service) -> ServicePolicy:
    """How cases of the service are offered now; one that the rule does not know is offered as in a new centre."""
    known = current_rule(session, service.centre_id, RuleKind.POLICIES).body.get(service.code)
    return ServicePolicy.model_validate(policy_of(service) if known is None else known)


def ladder_policy(session: Reading | Writing, centre_id: int) -> LadderPolicy:
    return _in_force(session, centre_id, RuleKind.LADDER, LadderPolicy)


def ladder_by(rule: Rule) -> LadderPolicy:
    """The ladder that a rule of an emergency's, or of a care call's, describes."""
    return (CarePolicy if rule.kind is RuleKind.CARE else LadderPolicy).model_validate(rule.body)


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


def proof_policy(session: Reading | Writing, centre_id: int) -> ProofPolicy:
    return _in_force(session, centre_id, RuleKind.DAILY_PROOF, ProofPolicy)


def heartbeat_policy(session: Reading | Writing, centre_id: int) -> HeartbeatPolicy:
    return _in_force(session, centre_id, RuleKind.HEARTBEAT, HeartbeatPolicy)


def target_policy(session: Reading | Writing, centre_id: int) -> TargetPolicy:
    return _in_force(session, centre_id, RuleKind.TARGETS, TargetPolicy)


def record_policy(session: Reading | Writing, centre_id: int) -> RecordPolicy:
    return _in_force(session, centre_id, RuleKind.RECORDS, RecordPolicy)


def incident_policy(session: Reading | Writing, centre_id: int) -> IncidentPolicy:
    return _in_force(session, centre_id, RuleKind.INCIDENTS, IncidentPolicy)


def working_days_policy(session: Reading | Writing, centre_id: int) -> WorkingDaysPolicy:
    return _in_force(session, centre_id, RuleKind.WORKING_DAYS, WorkingDaysPolicy)


def home_visit_days(session: Reading | Writing, centre_id: int) -> HomeVisitDays:
    return HomeVisitDays.model_validate(current_rule(session, centre_id, RuleKind.HOME_VISITS).body)


def _in_force(session: Reading | Writing, centre_id: int, kind: RuleKind, policy: type[P]) -> P:
    return policy.model_validate(current_rule(session, centre_id, kind).body)
