"""A town in memory behind the real HTTP API's addresses and wire models: a real server on a real port.

It stands in for the service where a test wants to say exactly what happens: refuse a command, lose an answer, go away
and come back. What it was told is kept in `told`; a command's key is honoured as the service honours it.
"""

from tests.console.stand_in.server import Server
from tests.console.stand_in.town import Command, Town

__all__ = ["Command", "Server", "Town"]
