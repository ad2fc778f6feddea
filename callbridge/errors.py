"""What can go wrong on the telephone side.

BridgeError
├── AmiRefused        the exchange refused the AMI user or its secret; never retried
├── AmiUnreachable    nobody listens at the AMI address
├── LinkLost          the link broke while an action was under way: whether it happened is unknown
├── ActionRefused     the exchange answered an action with an error: it did not happen
│   └── NotLinked         there is no link: nothing was sent, it did not happen
├── SomebodyWaits     callers wait: nothing was tried that would be in their way
├── UnsafeValue       a value with CR, LF or NUL, or a line over 1022 bytes, was about to be sent
├── CelUnreadable     the exchange's event log is missing, locked or not what we configured; tried again
├── ExchangeProblem   installing, configuring or starting the exchange failed
├── SpeechFailed      the speech engine gave no sound
└── GatewayError
    ├── GatewayRefused    the gateway said no: it was not sent
    │   ├── GatewayAway       nobody answered there: it was not sent, a later try may succeed
    │   │   └── GatewayBusy       it answers and has a limit that is reached: later
    │   └── GatewayClosed     it takes nothing of ours: credentials, money, an approval; somebody has to mend that
    ├── GatewayUnsure     a time-out or a crash after the hand-over: whether it was sent is unknown
    └── CallbackRefused   an inbound callback that is not believed
        ├── CallbackForged    a wrong signature or token, or an old stamp
        └── CallbackMalformed it is signed, or too long to look, and cannot be read
"""


class BridgeError(Exception):
    """Base of everything this package raises on purpose."""


class AmiRefused(BridgeError):
    """The exchange refused the AMI user or its secret."""


class AmiUnreachable(BridgeError):
    """Nobody listens at the AMI address."""


class LinkLost(BridgeError):
    """The link broke while an action was under way: whether it happened is unknown."""


class ActionRefused(BridgeError):
    """The exchange answered an action with an error: it did not happen."""


class NotLinked(ActionRefused):
    """There is no link to the exchange: nothing was sent, it did not happen."""


class SomebodyWaits(BridgeError):
    """Callers wait: nothing was tried that would be in their way."""


class UnsafeValue(BridgeError):
    """A value that would break AMI's line protocol was about to be sent."""


class CelUnreadable(BridgeError):
    """The exchange's event log is missing, locked or not what we configured."""


class ExchangeProblem(BridgeError):
    """Installing, configuring or starting the exchange failed; the message says what would help."""


class SpeechFailed(BridgeError):
    """The speech engine gave no sound."""


class GatewayError(BridgeError):
    """Base of what an SMS gateway can answer."""


class GatewayRefused(GatewayError):
    """The gateway said no: the message was not sent."""


class GatewayAway(GatewayRefused):
    """Nobody answered at the gateway's address: the message was not sent, and a later try may succeed."""


class GatewayBusy(GatewayAway):
    """The gateway works and a limit of its own is reached: the message was not sent, and a later try may succeed."""


class GatewayClosed(GatewayRefused):
    """The gateway takes no message of ours at all: credentials, money or an approval is missing."""


class GatewayUnsure(GatewayError):
    """Whether the message was sent is unknown."""


class CallbackRefused(GatewayError):
    """A callback that is not from the gateway, too old, or malformed."""


class CallbackForged(CallbackRefused):
    """The callback's signature or token is wrong, or its stamp too far from now."""


class CallbackMalformed(CallbackRefused):
    """The callback is too long, or its body is not what the gateway's protocol says."""
