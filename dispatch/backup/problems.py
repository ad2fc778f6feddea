"""Why a backup cannot be made or restored. Each is one line that says what is in the way and what helps.

BackupProblem
├── NothingThere      there is no database to back up
├── NotWritten        the file could not be written where it was wanted
├── Damaged           it is no backup, or not all of it, or not what was written
├── TooNew            a newer version of this program has made it
├── NotOurs           it is of another kind of database, or of another centre
├── NotEmpty          there is a database already, and nobody said that it may be replaced
├── InUse             somebody works on the database
└── WithoutKey        the master key here is not the one that its health notes and texts are sealed with
"""

from dispatch.obstacles import Obstacle


class BackupProblem(Obstacle):
    """Base of everything that keeps a backup from being made or restored."""


class NothingThere(BackupProblem):
    """There is no database to back up."""


class NotWritten(BackupProblem):
    """The file could not be written where it was wanted."""


class Damaged(BackupProblem):
    """It is no backup, or not all of it, or not what was written."""


class TooNew(BackupProblem):
    """A newer version of this program has made it."""


class NotOurs(BackupProblem):
    """It is of another kind of database, or of another centre."""


class NotEmpty(BackupProblem):
    """There is a database already, and nobody said that it may be replaced."""


class InUse(BackupProblem):
    """Somebody works on the database."""


class WithoutKey(BackupProblem):
    """The master key here is not the one that its health notes and texts are sealed with."""
