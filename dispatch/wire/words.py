"""The words on the wire.

They are the values of the enumerations in the tables, proved equal by a test, and stand here once more because a
client must not need the database to speak them.
"""

from typing import Literal

CallState = Literal["ringing", "queued", "talking", "ended"]
CallEnd = Literal[
    "answered",
    "too_short",
    "abandoned",
    "timed_out",
    "cut_off",
    "forwarded",
    "not_reached",
    "call_back",
    "message",
    "ordered",
    "reported",
]
Choice = Literal["call_back", "message", "order"]
RecordingKind = Literal["conversation", "message"]
Party = Literal["caller", "operator", "exchange"]
Speaker = Literal["resident", "contact", "merchant", "other", "unknown"]
Priority = Literal["emergency", "urgent", "routine"]
CaseState = Literal["open", "offering", "accepted", "on_the_way", "on_site", "served", "closed", "cancelled"]
Turn = Literal["operator", "supervisor", "merchant", "incident", "nobody"]
Reason = Literal[
    "served",
    "partly",
    "not_served",
    "information",
    "referred",
    "false_alarm",
    "test",
    "cancelled_by_resident",
]
Satisfaction = Literal["satisfied", "fairly", "not_satisfied"]
Way = Literal["best_first", "race", "random", "round_robin", "usual_first"]
OfferRole = Literal["supplier", "clinic", "responder"]
OfferState = Literal[
    "pending",
    "sent",
    "accepted",
    "declined",
    "expired",
    "failed",
    "withdrawn",
    "fulfilled",
    "given_back",
    "revoked",
]
Answer = Literal["accept", "decline"]
VisitStep = Literal["on_the_way", "at_the_door", "done"]
VisitProof = Literal["report", "word", "call"]
ProvedBy = Literal["word", "call", "button"]
VisitState = Literal["promised", "on_the_way", "at_the_door", "done", "called_off"]
Channel = Literal["sms", "voice"]
PositionSource = Literal["operator", "neighbour"]
OldField = Literal[
    "address",
    "lock",
    "entrance_note",
    "contacts",
    "allergies",
    "medicines",
    "health_note",
    "sight",
    "hearing",
    "care_level",
    "dog",
    "lift",
    "position",
    "usual_merchants",
]
Alike = Literal["identity", "name", "born", "door", "numbers"]
Doubt = Literal["other_identity", "other_birthday", "another_place", "another_spelling"]
TimerKind = Literal[
    "offer_expires",
    "offer_silent",
    "arrival_due",
    "finish_due",
    "wanted_soon",
    "unattended",
    "progress_call",
    "ladder_step",
    "responder_due",
    "after_call",
    "survey_due",
    "care_due",
    "phone_again",
    "case_due",
    "join_incident",
    "incident_news",
    "settle_incident",
]
CardColour = Literal["yellow", "red"]
CardState = Literal["standing", "disputed", "upheld", "withdrawn"]
Limit = Literal["arrival", "finish", "case"]
Lateness = Literal["near", "yellow", "red"]
Role = Literal["operator", "supervisor", "administrator"]
Presence = Literal["off", "ready", "break", "after_call"]
BreakReason = Literal["meal", "rest", "meeting", "training", "errand"]
PhoneTrouble = Literal["unreachable", "refuses"]
Direction = Literal["in", "out"]
LegRole = Literal["caller", "operator", "called", "third", "supervisor"]
ActorKind = Literal["operator", "merchant", "resident", "exchange", "system"]
Subject = Literal[
    "call",
    "case",
    "offer",
    "visit",
    "message",
    "resident",
    "merchant",
    "operator",
    "exchange",
    "ladder",
    "care_plan",
    "care_check",
    "centre",
    "card",
]
PlanState = Literal["active", "ended"]
CheckState = Literal["calling", "well", "talk", "not_reached", "missed", "skipped", "called_off"]
Gender = Literal["female", "male"]
Hearing = Literal["good", "hard", "deaf"]
Sight = Literal["good", "poor", "blind"]
Group = Literal["living_alone", "empty_nest", "childless", "disabled", "bedridden", "dementia", "low_income"]
LineKind = Literal["landline", "mobile", "button"]
MerchantKind = Literal[
    "pharmacy",
    "shop",
    "supermarket",
    "clinic",
    "hospital",
    "water",
    "power",
    "gas",
    "repair",
    "home_care",
    "volunteers",
]
InboundReading = Literal[
    "unread",
    "accept",
    "decline",
    "on_the_way",
    "at_the_door",
    "done",
    "proof_wanted",
    "wrong_word",
    "call_me",
    "not_understood",
    "which",
    "unknown_code",
    "too_late",
    "stranger",
    "repeated",
    "record",
    "dispute",
    "still",
    "well",
]
LadderState = Literal["climbing", "acknowledged", "held", "over"]
LadderAnswer = Literal["going", "cannot"]
Rung = Literal["operators", "supervisor", "on_call", "contacts", "responders"]
MessageState = Literal["wanted", "claimed", "handed_over", "sent", "failed", "unknown", "dropped"]
ProofKind = Literal["trunk", "telephone"]
ProofWay = Literal["call", "auto_answer", "qualify"]
Finding = Literal[
    "timer_overdue",
    "message_overdue",
    "offer_without_clock",
    "ladder_without_clock",
    "case_stuck",
    "case_unattended",
    "call_without_end",
    "sms_not_read",
    "care_without_clock",
    "care_check_open",
]
ProofProblem = Literal[
    "busy",
    "no_answer",
    "unreachable",
    "rejected",
    "invalid",
    "congested",
    "failed",
    "not_back",
    "not_queued",
    "not_heard",
    "not_registered",
    "no_result",
]
Left = Literal["died", "moved"]
Term = Literal["licence", "contract"]
