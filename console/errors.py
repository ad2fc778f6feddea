"""What can go wrong between the console and its service.

ConsoleError
├── Refused            the service said no, and why
│   └── SignedOut      the token is unknown or has run out: log in again
└── Unreachable        no answer; whether it was carried out is not known
"""

from dispatch.wire.base import Problem


class ConsoleError(Exception):
    """Base of everything this package raises on purpose."""


class Refused(ConsoleError):
    """The service answered with a problem document."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.type)
        self.problem = problem


class SignedOut(Refused):
    """401: the token is unknown or has run out."""


class Unreachable(ConsoleError):
    """No answer within the client's patience. The same command sent again carries the same key."""
