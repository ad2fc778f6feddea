"""A centre's rules on the wire: what they decide is explained where they are seeded (`registry.seed`)."""

from typing import Any

from dispatch.wire.base import Command, Moment, Version, Wire


class RuleView(Wire):
    """One version of a rule; the one with the highest number is in force."""

    kind: str
    version: int
    body: dict[str, Any]
    valid_from: Moment
    author: str = ""  # whose change it was; empty for what a centre begins with


class RuleChange(Command):
    """The keys in `body` take the place of those of `version`, the one that was seen; the others stay."""

    version: Version
    body: dict[str, Any]
