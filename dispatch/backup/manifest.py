"""What a backup says of itself. It stands last in the file, so that one that was cut off has none."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

FORMAT = 2  # of the file as a whole; a program restores every format up to its own
NAME, SUM = "manifest.json", "manifest.sha256"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(Part):
    """One file of the backup."""

    bytes: int
    sha256: str


class Table(Part):
    """One table of the database: its columns in the order of the alphabet, as they stand in a copy, and its rows."""

    columns: list[str]
    rows: int


class CentreFacts(Part):
    code: str
    name: str
    epoch: str


class RecordingFacts(Part):
    """Of the files that the database names: how many are `kept` here, and how many were not on the disk any more."""

    kept: int = 0
    missing: int = 0
    left_out: bool = False


class Facts(Part):
    """The database at the moment of the backup. `tables` stand so that none refers to one after it; `journal` is its
    last sequence.
    """

    revision: str
    centres: list[CentreFacts]
    journal: int
    tables: dict[str, Table]


class Manifest(Part):
    """`master_keys` tells the master keys that are needed, by version, from others, and gives none away;
    `sealed` names the secrets that are in the backup under a passphrase.
    """

    format: int = FORMAT
    program: str
    made_at: AwareDatetime
    kind: Literal["sqlite", "postgresql"]
    database: Facts
    exchange: str
    recordings: RecordingFacts
    master_keys: dict[int, str] = {}
    master_key: str | None = None  # of format 1: that of version 1
    sealed: list[str] = []
    members: dict[str, Member] = {}

    @property
    def needed_keys(self) -> dict[int, str]:
        return self.master_keys or ({1: self.master_key} if self.master_key is not None else {})
