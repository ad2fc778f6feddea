"""Why the service cannot begin. Each is one line that says what is in the way and what helps.

Obstacle
├── DatabaseUnreachable   nobody answers at the database's address, or it refuses us
├── DatabaseLocked        somebody else holds the database and does not let go
├── DatabaseNewer         it was made by a newer version of this program
├── AlreadyServed         another `serve` works on the same SQLite file
└── AddressTaken          the port is in use, or the address is not this machine's
"""


class Obstacle(Exception):
    """Base of everything that keeps the service from beginning; the message is for whoever started it."""


class DatabaseUnreachable(Obstacle):
    """Nobody answers at the database's address, or it refuses us."""


class DatabaseLocked(Obstacle):
    """Somebody else holds the database and does not let go."""


class DatabaseNewer(Obstacle):
    """The database was made by a newer version of this program."""


class AlreadyServed(Obstacle):
    """Another `serve` works on the same SQLite file."""


class AddressTaken(Obstacle):
    """The port is in use, or the address is not this machine's."""
