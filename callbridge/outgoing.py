"""Calls of ours under way, as AMI tells of them: a hint that comes at once; CEL has the last word.

Their channels carry an id that we chose, `<exchange>-<attempt>`. An answered call tells its result itself (a tokened
UserEvent with the key); for an unanswered one the Hangup's cause says why.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from callbridge.calls import Token, number_of
from callbridge.events import CallOut, Outcome
from callbridge.outcomes import Causes
from callbridge.wire import Fields

UP = "6"  # ChannelState: answered


class CallsOut:
    """Takes normalised AMI events, gives the outcomes of our own calls."""

    def __init__(
        self, exchange: str, token: Token, causes: Causes | None = None, *, ended: Callable[[str], None] | None = None
    ) -> None:
        """`ended` is told of each attempt that is over, perhaps more than once."""
        self._exchange = exchange
        self._ended = ended or (lambda attempt: None)
        self._causes = causes or Causes()
        self._token = token
        self._under_way: dict[str, str] = {}  # attempt by uniqueid
        self._orders: dict[str, str] = {}  # attempt by the ActionID of its Originate

    def uniqueid_of(self, attempt: str) -> str:
        """Deterministic, so that the exchange can be asked about an attempt after any crash."""
        return f"{self._exchange}-{attempt}"

    def __contains__(self, attempt: str) -> bool:
        return self.uniqueid_of(attempt) in self._under_way

    def place(self, attempt: str, action_id: str) -> None:
        """The attempt is about to be ordered with that action."""
        self._under_way[self.uniqueid_of(attempt)] = attempt
        self._orders[action_id] = attempt

    def forget(self, attempt: str) -> None:
        """The attempt has not begun, or CEL has reported its end."""
        self._under_way.pop(self.uniqueid_of(attempt), None)
        self._orders = {action_id: each for action_id, each in self._orders.items() if each != attempt}
        self._ended(attempt)

    def hear(self, fields: Fields, at: datetime) -> list[CallOut]:
        """What one event of Asterisk, stamped `at`, means for a call of ours."""
        match fields.get("event"):
            case "UserEvent" if fields.get("userevent") == "TownlineKey" and self._token.vouches_for(fields):
                return self._result(fields, at)
            case "Hangup" if fields.get("uniqueid") in self._under_way:
                return self._hung_up(fields, at)
        return []

    def failed_to_begin(self, fields: Fields) -> str | None:
        """The attempt, when this says that its Originate failed and no outcome is known yet.

        The Hangup with its cause may come a moment later, or never, when no channel was made.
        """
        if fields.get("event") != "OriginateResponse":
            return None
        attempt = self._orders.pop(fields.get("actionid", ""), None)
        failed = fields.get("response") == "Failure"
        return attempt if failed and attempt is not None and attempt in self else None

    def _result(self, fields: Fields, at: datetime) -> list[CallOut]:
        attempt = fields.get("attempt", "")
        self.forget(attempt)
        outcome = Outcome.KEY if fields.get("result") == Outcome.KEY else Outcome.NO_KEY
        return [
            CallOut(
                exchange=self._exchange,
                at=at,
                attempt=attempt,
                outcome=outcome,
                key=fields.get("key", "") if outcome is Outcome.KEY else "",
                answered_at=moment(fields.get("answered")),
                cause=0,
            )
        ]

    def _hung_up(self, fields: Fields, at: datetime) -> list[CallOut]:
        attempt = self._under_way[fields["uniqueid"]]
        if fields.get("channelstate") == UP:
            return []  # answered, and its result did not come: CEL tells
        self.forget(attempt)
        cause = number_of(fields.get("cause"))
        return [
            CallOut(
                exchange=self._exchange,
                at=at,
                attempt=attempt,
                outcome=self._causes.outcome(cause),
                key="",
                answered_at=None,
                cause=cause,
            )
        ]


def moment(text: str | None) -> datetime | None:
    """Seconds since the epoch as a time, None when there are none."""
    seconds = number_of(text)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
