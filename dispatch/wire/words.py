"""The words on the wire.

They are the values of the enumerations in the tables, proved equal by a test, and stand here once more because a
client must not need the database to speak them.
"""

from typing import Literal

CallState = Literal["ringing", "queued", "talking", "ended"]
CallEnd = Literal["answered", "abandoned", "timed_out", "cut_off", "not_reached", "call_back", "message", "ordered"]
Choice = Literal["call_back", "message", "order"]
RecordingKind = Literal["conversation", "message"]
Party = Literal["caller", "operator", "exchange"]
Speaker = Literal["resident", "contact", "merchant", "other", "unknown"]
Priority = Literal["emergency", "urgent", "routine"]
CaseState = Literal["open", "offering", "accepted", "on_the_way", "on_site", "served", "closed", "cancelled"]
Turn = Literal["operator", "supervisor", "merchant", "nobody"]
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
VisitState = Literal["promised", "on_the_way", "at_the_door", "done", "called_off"]
Channel = Literal["sms", "voice"]
TimerKind = Literal[
    "offer_expires",
    "arrival_due",
    "finish_due",
    "wanted_soon",
    "progress_call",
    "ladder_step",
    "responder_due",
    "after_call",
    "survey_due",
    "care_due",
]
Role = Literal["operator", "supervisor", "administrator"]
Presence = Literal["off", "ready", "break", "after_call"]
BreakReason = Literal["meal", "rest", "meeting", "training", "errand"]
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
]
PlanState = Literal["active", "ended"]
CheckState = Literal["calling", "well", "talk", "not_reached", "missed", "skipped", "called_off"]
Gender = Literal["female", "male"]
Hearing = Literal["good", "hard", "deaf"]
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
    "call_me",
    "not_understood",
    "which",
    "unknown_code",
    "too_late",
    "stranger",
    "repeated",
]
LadderState = Literal["climbing", "acknowledged", "over"]
LadderAnswer = Literal["going", "cannot"]
Rung = Literal["operators", "supervisor", "on_call", "contacts"]
MessageState = Literal["wanted", "claimed", "handed_over", "sent", "failed", "unknown", "dropped"]
