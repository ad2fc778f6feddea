"""What can go wrong in the work.

DispatchError          carries a message key and its values, so that both languages can say it
├── NotFound           nothing of that id in the reader's scope
├── ForbiddenMove      the state machine has no arrow from here to there
├── Conflict           what was expected is not what is; says what is now and who was first
├── StaleVersion       an edit of something that has changed since it was read
├── NotAllowed         the role does not include this
├── BadValue           a field that cannot be accepted; names the field and what would be right
├── NotLoggedIn        no token, or one that is not or no longer good
├── WrongLogin         name and password do not belong together
├── TooManyTries       the next try at a log-in has to wait
├── KeyMissing         a command came without its Idempotency-Key
└── KeyReused          that Idempotency-Key belongs to another command
"""

from typing import Any, ClassVar


class DispatchError(Exception):
    """Base of everything this package raises on purpose."""

    key: ClassVar[str] = "error"

    def __init__(self, **values: Any) -> None:
        super().__init__(self.key)
        self.values = values


class NotFound(DispatchError):
    """Nothing of that id in the reader's scope: `subject`, `id`."""

    key = "not_found"


class ForbiddenMove(DispatchError):
    """No arrow leads there: `subject`, `now`, `wanted`."""

    key = "forbidden_move"


class Conflict(DispatchError):
    """Somebody was first, or it is not as expected: `subject`, `now`, and `by` where a person was first."""

    key = "conflict"


class StaleVersion(DispatchError):
    """Changed since it was read: `subject`, `now` (the version), `seen`."""

    key = "stale_version"


class NotAllowed(DispatchError):
    """The operator's role does not include this: `role`, `needed`."""

    key = "not_allowed"


class BadValue(DispatchError):
    """`field` has `found`, which cannot be; `right` is a message key for what would be."""

    key = "bad_value"


class NotLoggedIn(DispatchError):
    """No token, or one that is not or no longer good."""

    key = "not_logged_in"


class WrongLogin(DispatchError):
    """Name and password do not belong together; nobody is told which of the two is wrong."""

    key = "wrong_login"


class TooManyTries(DispatchError):
    """The next try at this log-in is looked at in `seconds`."""

    key = "too_many_tries"


class KeyMissing(DispatchError):
    """A command needs an Idempotency-Key of 1 to 128 characters, so that its repetition is done once."""

    key = "key_missing"


class KeyReused(DispatchError):
    """That Idempotency-Key belongs to another command of this operator."""

    key = "key_reused"
