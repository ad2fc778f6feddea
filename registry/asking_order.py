"""In which order those who can come are asked: a match, put into the order of a service's policy.

Pure, like `registry.matching`: the same match, facts and seed give the same order, and each candidate carries the
reason for its place, so that a decision sheet can be reckoned again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from registry.matching import Candidate, Match, Reason, draw
from registry.models import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingOrder:
    """How a service's candidates are asked.

    Those within `within` straight-line metres come before all others whom a contract reaches; 0: everybody alike.
    `last_asked` is a number for each merchant that grows with each time it is asked; who is not in it never was.
    """

    way: Way = Way.BEST_FIRST
    within: int = 0
    last_asked: Mapping[int, int] = field(default_factory=dict)

    def basis(self) -> dict[str, Any]:
        """What it was ordered from, as JSON, beside what `Match.basis` tells."""
        last = {str(merchant): when for merchant, when in sorted(self.last_asked.items())}
        return {"way": str(self.way), "within": self.within, "last_asked": last}

    def reaches_beyond(self, distance: int | None) -> bool:
        """Whether somebody at that distance is only asked when nobody nearer is left."""
        return self.within > 0 and (distance is None or distance > self.within)


def in_order(found: Match, order: AskingOrder) -> Match:
    """The match with its candidates in the order of asking; the best first where nothing else decides."""

    def place(one: Candidate) -> tuple[bool, Any]:
        return order.reaches_beyond(one.distance), _PLACES[order.way](found, order, one)

    told = (_told(order, one) for one in sorted(found.candidates, key=place))
    return replace(found, candidates=tuple(told))


def _told(order: AskingOrder, one: Candidate) -> Candidate:
    reasons = list(one.reasons)
    if order.way is Way.RANDOM:
        reasons.append(Reason("drawn"))
    elif order.way is Way.ROUND_ROBIN:
        reasons.append(Reason("its_turn" if one.merchant_id in order.last_asked else "never_asked"))
    if order.reaches_beyond(one.distance):
        reasons.append(Reason("beyond", {"metres": order.within}))
    return one._replace(reasons=tuple(reasons))


_PLACES: Mapping[Way, Callable[[Match, AskingOrder, Candidate], Any]] = {
    Way.BEST_FIRST: lambda found, order, one: 0,
    Way.RACE: lambda found, order, one: 0,
    Way.USUAL_FIRST: lambda found, order, one: not one.usual,
    Way.RANDOM: lambda found, order, one: draw(found.seed, one.merchant_id),
    Way.ROUND_ROBIN: lambda found, order, one: order.last_asked.get(one.merchant_id, -1),
}
