"""The file through which gammu-smsd 1.42 is spoken to: its SQLite tables, version 17 (gammu-smsd-tables(7)).

Rows in `outbox` are sent and moved to `sentitems`, what comes in lies in `inbox`, `phones` says how the modem is. The
daemon reads and writes all its times on the machine's own clock. Everything here blocks: for threads only.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callbridge.gateways.door import InboundSms, SmsFate, SmsState
from callbridge.gateways.untrusted import storable
from callbridge.sms import Encoding, segments, split

VERSION = 17
PATIENCE = 5.0  # seconds for a file that the daemon holds
CODING = {Encoding.GSM_7: "Default_No_Compression", Encoding.UCS_2: "Unicode_No_Compression"}
MISSING_PART = timedelta(minutes=10)  # after this a chained message is read without its missing parts
KEPT = timedelta(days=30)  # sent and read rows

# TP-Status reports and the daemon's own words, as states of the door.
STATES = {
    "SendingOK": SmsState.SENT,
    "SendingOKNoReport": SmsState.SENT,
    "DeliveryPending": SmsState.SENT,
    "DeliveryUnknown": SmsState.SENT,
    "DeliveryOK": SmsState.DELIVERED,
    "SendingError": SmsState.FAILED,
    "DeliveryFailed": SmsState.FAILED,
    "Error": SmsState.FAILED,
}

_TABLES = """
CREATE TABLE IF NOT EXISTS gammu (Version INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS inbox (
  ID INTEGER PRIMARY KEY AUTOINCREMENT, SenderNumber TEXT NOT NULL DEFAULT '', SMSCNumber TEXT NOT NULL DEFAULT '',
  ReceivingDateTime TEXT NOT NULL, UpdatedInDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  Text TEXT, Coding TEXT, UDH TEXT, Class INTEGER DEFAULT -1, TextDecoded TEXT NOT NULL DEFAULT '',
  RecipientID TEXT NOT NULL, Processed TEXT NOT NULL DEFAULT 'false', Status INTEGER NOT NULL DEFAULT -1);
CREATE INDEX IF NOT EXISTS inbox_new ON inbox (Processed);
CREATE TABLE IF NOT EXISTS outbox (
  ID INTEGER PRIMARY KEY AUTOINCREMENT, DestinationNumber TEXT NOT NULL DEFAULT '', CreatorID TEXT NOT NULL,
  Text TEXT, Coding TEXT NOT NULL, UDH TEXT, Class INTEGER DEFAULT -1, TextDecoded TEXT NOT NULL DEFAULT '',
  MultiPart TEXT NOT NULL DEFAULT 'false', RelativeValidity INTEGER DEFAULT -1, SenderID TEXT,
  InsertIntoDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  UpdatedInDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  SendingDateTime TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  SendingTimeOut TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  SendBefore TEXT NOT NULL DEFAULT '23:59:59', SendAfter TEXT NOT NULL DEFAULT '00:00:00',
  DeliveryReport TEXT DEFAULT 'default', Retries INTEGER DEFAULT 0, Priority INTEGER DEFAULT 0,
  Status TEXT NOT NULL DEFAULT 'Reserved', StatusCode INTEGER NOT NULL DEFAULT -1);
CREATE TABLE IF NOT EXISTS outbox_multipart (
  ID INTEGER, SequencePosition INTEGER NOT NULL, Text TEXT, Coding TEXT NOT NULL, UDH TEXT,
  Class INTEGER DEFAULT -1, TextDecoded TEXT, Status TEXT NOT NULL DEFAULT 'Reserved',
  StatusCode INTEGER NOT NULL DEFAULT -1, PRIMARY KEY (ID, SequencePosition));
CREATE TABLE IF NOT EXISTS sentitems (
  ID INTEGER, SequencePosition INTEGER NOT NULL DEFAULT 1, DestinationNumber TEXT NOT NULL DEFAULT '',
  CreatorID TEXT NOT NULL, SenderID TEXT NOT NULL, SMSCNumber TEXT NOT NULL DEFAULT '',
  Text TEXT, Coding TEXT, UDH TEXT, Class INTEGER DEFAULT -1, TextDecoded TEXT NOT NULL DEFAULT '',
  InsertIntoDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  UpdatedInDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  SendingDateTime TEXT NOT NULL DEFAULT (datetime('now', 'localtime')), DeliveryDateTime TEXT,
  Status TEXT NOT NULL, StatusError INTEGER NOT NULL DEFAULT -1, StatusCode INTEGER NOT NULL DEFAULT -1,
  TPMR INTEGER NOT NULL DEFAULT -1, RelativeValidity INTEGER NOT NULL DEFAULT -1,
  PRIMARY KEY (ID, SequencePosition));
CREATE INDEX IF NOT EXISTS sentitems_creator ON sentitems (CreatorID);
CREATE INDEX IF NOT EXISTS sentitems_updated_at ON sentitems (UpdatedInDB);
CREATE INDEX IF NOT EXISTS sentitems_receipt ON sentitems (DestinationNumber, TPMR);
CREATE TABLE IF NOT EXISTS phones (
  IMEI TEXT PRIMARY KEY NOT NULL, IMSI TEXT NOT NULL, ID TEXT NOT NULL, Client TEXT NOT NULL,
  InsertIntoDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')),
  UpdatedInDB TEXT NOT NULL DEFAULT (datetime('now', 'localtime')), TimeOut TEXT NOT NULL,
  Send TEXT NOT NULL DEFAULT 'no', Receive TEXT NOT NULL DEFAULT 'no', NetCode TEXT, NetName TEXT,
  Battery INTEGER NOT NULL DEFAULT -1, Signal INTEGER NOT NULL DEFAULT -1,
  Sent INTEGER NOT NULL DEFAULT 0, Received INTEGER NOT NULL DEFAULT 0);
CREATE TRIGGER IF NOT EXISTS sentitems_updated UPDATE OF Status ON sentitems
  BEGIN UPDATE sentitems SET UpdatedInDB = datetime('now', 'localtime') WHERE rowid = new.rowid; END;
CREATE TRIGGER IF NOT EXISTS phones_updated UPDATE OF TimeOut ON phones
  BEGIN UPDATE phones SET UpdatedInDB = datetime('now', 'localtime') WHERE rowid = new.rowid; END;
CREATE TABLE IF NOT EXISTS townline_worth (CreatorID TEXT PRIMARY KEY, until REAL NOT NULL);
"""

_Row = tuple[int, str, str, str, str, str]  # of the inbox: id, sender, text, when it was sent, header, when it came


@dataclass(frozen=True, slots=True)
class Modem:
    """`signal` in percent, -1 unknown; `alive`: the daemon has asked it within the time it promised."""

    alive: bool
    signal: int
    network: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that came in, whole, with the rows that it lies in."""

    rows: tuple[int, ...]
    sms: InboundSms


class SmsdFile:
    """The tables in `path`, made when they are not there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            database.executescript(f"PRAGMA journal_mode = WAL; {_TABLES}")
            database.execute("INSERT OR IGNORE INTO gammu VALUES (?)", (VERSION,))

    def put(self, attempt: str, to: str, text: str, *, until: datetime | None, urgent: bool) -> SmsState:
        """Queues a message unless that attempt is known already; returns where it is."""
        encoding = segments(text).encoding
        parts = split(text)
        mark = secrets.randbelow(256)  # tells the chains to one number apart
        headers = [f"050003{mark:02X}{len(parts):02X}{place:02X}" for place in range(1, len(parts) + 1)]
        chained = len(parts) > 1
        with self._open() as database, self._writing(database):
            known = self._fate(database, attempt)
            if known.status is not SmsState.NEVER_SEEN:
                return known.status
            row = database.execute(
                """INSERT INTO outbox (DestinationNumber, TextDecoded, Coding, UDH, MultiPart, CreatorID, Priority,
                   DeliveryReport) VALUES (?, ?, ?, ?, ?, ?, ?, 'yes')""",
                (
                    to,
                    parts[0],
                    CODING[encoding],
                    headers[0] if chained else None,
                    str(chained).lower(),
                    attempt,
                    1 if urgent else 0,
                ),
            ).lastrowid
            database.executemany(
                """INSERT INTO outbox_multipart (ID, SequencePosition, TextDecoded, Coding, UDH)
                   VALUES (?, ?, ?, ?, ?)""",
                [(row, place + 1, parts[place], CODING[encoding], headers[place]) for place in range(1, len(parts))],
            )
            if until is not None:
                database.execute("INSERT INTO townline_worth VALUES (?, ?)", (attempt, until.timestamp()))
        return SmsState.UNDER_WAY

    def fate(self, attempt: str) -> SmsFate:
        with self._open() as database:
            return self._fate(database, attempt)

    def changed(self, since: timedelta) -> dict[str, SmsFate]:
        """What became of the attempts about which the daemon has written something in that time."""
        with self._open() as database:
            attempts = database.execute(
                "SELECT DISTINCT CreatorID FROM sentitems WHERE UpdatedInDB >= datetime('now', 'localtime', ?)",
                (f"-{int(since.total_seconds())} seconds",),
            ).fetchall()
            return {attempt: self._fate(database, attempt) for (attempt,) in attempts}

    def drop_worthless(self, now: datetime) -> list[str]:
        """Takes out of the queue what is not worth sending any more and is not being sent; their attempts."""
        with self._open() as database, self._writing(database):
            rows = database.execute(
                """SELECT outbox.ID, outbox.CreatorID FROM outbox JOIN townline_worth USING (CreatorID)
                   WHERE until < ? AND SendingTimeOut <= datetime('now', 'localtime')""",
                (now.timestamp(),),
            ).fetchall()
            for row, _ in rows:
                database.execute("DELETE FROM outbox WHERE ID = ?", (row,))
                database.execute("DELETE FROM outbox_multipart WHERE ID = ?", (row,))
            database.execute("DELETE FROM townline_worth WHERE until < ?", ((now - KEPT).timestamp(),))
        return [attempt for _, attempt in rows]

    def arrived(self, now: datetime) -> list[Arrived]:
        """What has come in and was not `keep`t yet; parts of a chain are joined when the last has come."""
        with self._open() as database:
            rows = database.execute(
                """SELECT ID, SenderNumber, TextDecoded, ReceivingDateTime, coalesce(UDH, ''), UpdatedInDB
                   FROM inbox WHERE Processed = 'false' ORDER BY ID"""
            ).fetchall()
        alone: list[Arrived] = []
        chains: dict[tuple[str, str, int], dict[int, _Row]] = {}
        for row in rows:
            chain = _chain(row[4])
            if chain is None:
                alone.append(_arrived([row]))
            else:
                chains.setdefault((row[1], chain[0], chain[1]), {})[chain[2]] = row
        for (_, _, total), parts in chains.items():
            first = min(_moment(row[5]) for row in parts.values())
            if len(parts) == total or now - first > MISSING_PART:
                alone.append(_arrived([parts[place] for place in sorted(parts)], missing=total - len(parts)))
        return sorted(alone, key=lambda each: each.rows)

    def keep(self, rows: Iterable[int]) -> None:
        """These have been taken in."""
        with self._open() as database, self._writing(database):
            database.executemany("UPDATE inbox SET Processed = 'true' WHERE ID = ?", [(row,) for row in rows])

    def purge(self) -> None:
        """Removes what was sent or taken in long ago: it holds numbers and texts."""
        age = f"-{KEPT.days} days"
        with self._open() as database, self._writing(database):
            database.execute(
                "DELETE FROM inbox WHERE Processed = 'true' AND UpdatedInDB < datetime('now', 'localtime', ?)", (age,)
            )
            database.execute("DELETE FROM sentitems WHERE InsertIntoDB < datetime('now', 'localtime', ?)", (age,))

    def modem(self) -> Modem | None:
        """None when the daemon has never reached one."""
        with self._open() as database:
            row = database.execute(
                """SELECT TimeOut >= datetime('now', 'localtime'), Signal, coalesce(NetName, NetCode, '')
                   FROM phones ORDER BY UpdatedInDB DESC LIMIT 1"""
            ).fetchone()
        return None if row is None else Modem(bool(row[0]), row[1], storable(row[2]))

    def _fate(self, database: sqlite3.Connection, attempt: str) -> SmsFate:
        """`sentitems` is written before the row leaves `outbox`: in neither means that it was not sent."""
        sent = database.execute(
            "SELECT Status, StatusError, StatusCode FROM sentitems WHERE CreatorID = ? ORDER BY SequencePosition",
            (attempt,),
        ).fetchall()
        waiting = database.execute("SELECT ID FROM outbox WHERE CreatorID = ?", (attempt,)).fetchone()
        if not sent:
            return SmsFate(SmsState.UNDER_WAY if waiting else SmsState.NEVER_SEEN)
        states = {STATES.get(status, SmsState.SENT) for status, _, _ in sent}
        if SmsState.FAILED in states:
            bad = next(row for row in sent if STATES.get(row[0]) is SmsState.FAILED)
            return SmsFate(SmsState.FAILED, f"{bad[0]} {max(bad[1], bad[2])}")
        if waiting:
            return SmsFate(SmsState.UNDER_WAY)
        return SmsFate(SmsState.DELIVERED if states == {SmsState.DELIVERED} else SmsState.SENT)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
        try:
            yield database
        finally:
            database.close()

    @contextmanager
    def _writing(self, database: sqlite3.Connection) -> Iterator[None]:
        database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            database.execute("ROLLBACK")
            raise
        database.execute("COMMIT")


def _arrived(rows: list[_Row], missing: int = 0) -> Arrived:
    """The daemon may store one message twice: what is the same in every word and second has the same event id."""
    text = "".join(row[2] for row in rows) + "…" * bool(missing)
    sender, stamp = rows[0][1], rows[0][3]
    event = hashlib.sha256("\0".join([sender, stamp, text]).encode(errors="replace")).hexdigest()[:40]
    sms = InboundSms(
        event_id=event,
        from_number=storable(sender),
        to_number=None,
        text=storable(text),
        received_at=_moment(stamp),
    )
    return Arrived(tuple(row[0] for row in rows), sms)


def _chain(header: str) -> tuple[str, int, int] | None:
    """Reference, total and place from a User Data Header (3GPP TS 23.040 section 9.2.3.24): IEI 00 or 08."""
    try:
        octets = bytes.fromhex(header)
    except ValueError:
        return None
    place = 1
    while place + 2 <= len(octets):
        kind, length = octets[place], octets[place + 1]
        value = octets[place + 2 : place + 2 + length]
        if (kind, len(value)) in ((0x00, 3), (0x08, 4)) and 0 < value[-1] <= value[-2]:
            return value[:-2].hex(), value[-2], value[-1]
        place += 2 + length
    return None


def _moment(local: str) -> datetime:
    """A time of the daemon, which writes the machine's own wall clock."""
    return datetime.fromisoformat(local).astimezone(UTC)
