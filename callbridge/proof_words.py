"""What a failed proof means and what helps, for whoever runs the machine."""

from callbridge.events import ProofKind, ProofProblem
from callbridge.exchange.examination import Problem

_TRUNK = {
    ProofProblem.BUSY: ("the test number is busy", "look at the provider whether it leads back to this trunk"),
    ProofProblem.NO_ANSWER: (
        "nobody answered the test number",
        "look at the provider whether it leads back to this trunk",
    ),
    ProofProblem.UNREACHABLE: (
        "the provider cannot be reached",
        "look at the network and at exchange.trunk.provider",
    ),
    ProofProblem.REJECTED: ("the provider rejects our calls", "ask the provider; look at exchange.trunk.caller_id"),
    ProofProblem.INVALID: ("the provider knows no such number", "correct exchange.trunk.test_number"),
    ProofProblem.CONGESTED: ("the provider has no line for us", "ask the provider; calls may not arrive either"),
    ProofProblem.FAILED: ("the call failed", "look at the exchange's log for the time of the call"),
    ProofProblem.NOT_BACK: (
        "somebody answered the test number, and the call did not come in by this trunk",
        "look at the provider where the number leads; keys (RFC 4733) have to pass",
    ),
    ProofProblem.NOT_QUEUED: (
        "the call came in, and the exchange's queue did not answer it",
        "townline pbx configure, then stop and start the exchange",
    ),
    ProofProblem.NOT_HEARD: (
        "the call was answered, and no sound came back",
        "look at the firewall for exchange.rtp_ports and at the provider: callers may hear nothing",
    ),
    ProofProblem.NO_RESULT: ("the exchange did not say how the call ended", "townline pbx check"),
}
_TELEPHONE = {
    ProofProblem.NOT_REGISTERED: (
        "it is not registered, and calls are meant to ring there",
        "look whether it is switched on; townline operator phone NAME prints its account",
    ),
    ProofProblem.UNREACHABLE: (
        "it does not answer the exchange",
        "look whether it is switched on and in the network",
    ),
    ProofProblem.BUSY: ("it is busy for our call", "look at it: forwarding or do not disturb may be set"),
    ProofProblem.REJECTED: ("it rejects our call", "look at it: do not disturb may be set"),
    ProofProblem.NO_ANSWER: (
        "it does not answer by itself",
        "allow it to (Call-Info: answer-after), or take it out of exchange.auto_answer",
    ),
}
_OTHERWISE = ("the call failed", "look at the exchange's log for the time of the call")


def in_words(kind: ProofKind, name: str, problem: ProofProblem) -> Problem:
    """`proof_trunk` or `proof_telephone`, what is wrong, and what would help."""
    if kind is ProofKind.TRUNK:
        what, remedy = _TRUNK.get(problem, _OTHERWISE)
        return Problem("proof_trunk", f"the test call by the {name}: {what}", remedy)
    what, remedy = _TELEPHONE.get(problem, _OTHERWISE)
    return Problem("proof_telephone", f"telephone {name}: {what}", remedy)
