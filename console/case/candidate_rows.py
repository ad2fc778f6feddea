"""Who could come and who not, as rows with their reasons."""

from console.keys import digit_of
from console.ledger import Column, Row
from console.plain import plain
from console.speech import Speech
from dispatch.wire.offers import Candidate, Excluded

ABLE = (Column(1), Column(16, share=1), Column(6), Column(14), Column(5), Column(24, share=2))
UNABLE = (Column(1), Column(16, share=1), Column(6), Column(14), Column(30, share=2))


def able_row(index: int, candidate: Candidate, speech: Speech) -> Row:
    merchant = candidate.merchant
    reasons = " ".join(speech.said(reason) for reason in candidate.reasons if reason.key != "reason.distance")
    cells = (
        (digit_of(index), "strong"),
        (plain(merchant.name, 80), "strong"),
        speech.word("merchant", merchant.kind),
        metres(candidate.distance, speech),
        speech.word("channel", candidate.channel),
        (reasons, "good" if candidate.usual else ""),
    )
    return Row(str(merchant.id), cells)


def unable_row(excluded: Excluded, speech: Speech) -> Row:
    merchant = excluded.merchant
    reasons = "; ".join(speech.said(reason) for reason in excluded.reasons)
    kind = speech.word("merchant", merchant.kind)
    cells = ("", plain(merchant.name, 80), kind, metres(excluded.distance, speech), (reasons, "warn"))
    return Row(str(merchant.id), cells, "quiet")


def metres(distance: int | None, speech: Speech) -> str:
    """Straight-line metres, and named so."""
    return speech.say("distance.unknown") if distance is None else speech.say("distance.straight", metres=distance)
