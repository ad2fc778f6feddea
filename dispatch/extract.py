"""A person's own copy: everything that is held about her, to read and for programs, with her recordings.

Whoever has read her record is named in it, and taking the copy is in the access log as well.
"""

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from dispatch.errors import NotFound
from dispatch.holdings import holdings
from dispatch.models import (
    Call,
    CareCheck,
    CarePlan,
    Case,
    Inbound,
    Message,
    Offer,
    Operator,
    Recording,
    Visit,
)
from dispatch.wire.catalogue import Catalogue
from registry import centres
from registry.among import among, ids
from registry.before import Changed, in_one, left_behind
from registry.joining import merged_into_her
from registry.models import AccessLog, Contact, Line, Merchant, Resident, Service
from registry.sheets.columns import RESIDENTS
from registry.sheets.names import Names
from registry.sheets.resident_facts import facts_of
from registry.sheets.texts import Words
from registry.store import Reading, Scope, Store, Subject
from registry.store.journal import Journal
from registry.vault import Vault

Facts = dict[str, Any]


@dataclass(slots=True)
class Extract:
    """`person` is as the register's sheets write it; the sections are lists of things that were or happened."""

    resident: int
    taken_at: datetime
    person: dict[str, str]
    sections: dict[str, list[Facts]]
    files: list[str] = field(default_factory=list)  # recordings that may still be there

    def for_programs(self) -> str:
        facts = {"resident": self.resident, "taken_at": self.taken_at.isoformat(), "person": self.person}
        return json.dumps(facts | self.sections, ensure_ascii=False, indent=1)

    def to_read(self, words: Catalogue) -> str:
        return "\n".join(self._lines(words)) + "\n"

    def _lines(self, words: Catalogue) -> Iterator[str]:
        yield words.say("extract.title", id=self.resident, at=f"{self.taken_at:%Y-%m-%d %H:%M}")
        for name, value in self.person.items():
            yield f"  {name}: {value}"
        for section, rows in self.sections.items():
            yield ""
            yield words.say(f"extract.{section}", count=len(rows))
            for row in rows:
                said = (f"{words.say(f'extract.field.{name}')} {_said(value)}" for name, value in row.items())
                yield "  - " + " | ".join(part for part, value in zip(said, row.values(), strict=True) if value)


def extract(store: Store, centre_id: int, resident_id: int, vault: Vault, language: str) -> Extract:
    """Everything about her, noted in the access log first. Raises NotFound."""
    with store.writing() as session:
        row = session.get(Resident, resident_id)
        if row is None or row.centre_id != centre_id:
            raise NotFound(subject=Subject.RESIDENT, id=resident_id)
        now = session.clock.now()
        note = AccessLog(at=now, centre_id=centre_id, operator_id=None, resident_id=resident_id, what="extract")
        session.add(note)
    words = Words(Names.known(store, Scope(centre_id)), language)
    with store.reading() as session:
        return _Reader(session, centre_id, resident_id, words).read(vault, now)


def write(path: Path, taken: Extract, words: Catalogue, recordings: Path) -> int:
    """One zip for its owner's eyes only; how many recordings are in it. Raises FileExistsError."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    included = 0
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extract.txt", taken.to_read(words))
        archive.writestr("extract.json", taken.for_programs())
        for name in taken.files:
            if (recordings / name).is_file():
                archive.write(recordings / name, f"recordings/{name}")
                included += 1
    return included


class _Reader:
    """Moments are told on the centre's own clock."""

    def __init__(self, session: Reading, centre_id: int, resident_id: int, words: Words) -> None:
        self._session = session
        self._resident_id = resident_id
        self._whose = [resident_id, *merged_into_her(session, resident_id)]
        self._words = words
        self._headings = {column.key: column.heading(words.language) for column in RESIDENTS}
        facts = self._facts(None, resident_id).items()
        self._unsaid = {name: type(held)() if isinstance(held, list | dict) else None for name, held in facts}
        self._zone = centres.zone(session, centre_id)
        self._held = holdings(session, resident_id)
        named = select(col(Merchant.id), col(Merchant.name)).where(col(Merchant.centre_id) == centre_id)
        self._merchants: dict[int | None, str] = dict(session.execute(named).all())

    def read(self, vault: Vault, now: datetime) -> Extract:
        recordings = self._rows(Recording, self._held.recordings)
        return Extract(
            resident=self._resident_id,
            taken_at=now.astimezone(self._zone),
            person=self._person(vault, self._resident_id),
            sections={
                "merged": [
                    {"number": one, "words": [f"{name}: {text}" for name, text in self._person(vault, one).items()]}
                    for one in self._whose[1:]
                ],
                "lines": [
                    {"number": one.number, "kind": one.kind, "from": self._at(one.created_at)}
                    | {"until": self._at(one.ended_at)}
                    for one in self._of(Line)
                ],
                "contacts": [
                    {"name": one.name, "relation": one.relation, "number": one.number, "note": one.note}
                    for one in self._of(Contact)
                ],
                "calls": [self._call(one) for one in self._rows(Call, self._held.calls)],
                "cases": [self._case(one) for one in self._rows(Case, self._held.cases)],
                "messages": [self._message(one) for one in self._rows(Message, self._held.messages)],
                "received": [
                    {"at": self._at(one.received_at), "number": one.number, "words": one.body}
                    for one in self._rows(Inbound, self._held.received)
                ],
                "care": list(self._care()),
                "recordings": [
                    {"at": self._at(one.began_at), "kind": one.kind, "file": one.file}
                    | {"removed": self._at(one.removed_at)}
                    for one in recordings
                ],
                "changes": list(self._changes(vault)),
                "opened": list(self._opened()),
            },
            files=[one.file for one in recordings if one.removed_at is None],
        )

    def _person(self, vault: Vault, resident_id: int) -> dict[str, str]:
        texts = self._words.resident(self._facts(vault, resident_id))
        return {self._headings[key]: text for key, text in texts.items() if text and key in self._headings}

    def _facts(self, vault: Vault | None, resident_id: int) -> Facts:
        row = self._session.get(Resident, resident_id)
        assert row is not None
        return facts_of(self._session, [row], vault)[resident_id]

    def _call(self, call: Call) -> Facts:
        return {
            "at": self._at(call.arrived_at),
            "direction": call.direction,
            "number": call.number or call.number_heard,
            "name": call.speaker_name,
            "shown": call.name_heard,
            "speaker": call.speaker,
            "ended": call.end or call.state,
            "until": self._at(call.ended_at),
        }

    def _case(self, case: Case) -> Facts:
        service = self._session.get(Service, case.service_id)
        name = service and (service.name_en if self._words.language == "en" else service.name_zh)
        visits = select(Visit).where(col(Visit.case_id) == case.id).order_by(col(Visit.id))
        offers = select(Offer).where(col(Offer.case_id) == case.id).order_by(col(Offer.id))
        return {
            "number": case.number,
            "at": self._at(case.opened_at),
            "service": name or case.service_code,
            "words": case.words,
            "place": case.place,
            "state": case.state,
            "outcome": case.outcome,
            "note": case.outcome_note,
            "satisfaction": case.satisfaction,
            "asked": [f"{self._merchants[one.merchant_id]} ({one.state})" for one in self._session.scalars(offers)],
            "visits": [
                f"{self._merchants[one.merchant_id]} ({one.state}) {self._at(one.done_at or one.promised_at)}"
                for one in self._session.scalars(visits)
            ],
            "until": self._at(case.closed_at),
        }

    def _message(self, message: Message) -> Facts:
        return {
            "at": self._at(message.created_at),
            "kind": message.kind,
            "channel": message.channel,
            "to": self._merchants.get(message.merchant_id) or message.number,
            "words": message.body,
            "state": message.state,
        }

    def _care(self) -> Iterator[Facts]:
        for plan in self._of(CarePlan):
            yield {"at": self._at(plan.created_at), "care_at": f"{plan.local_time:%H:%M}", "state": plan.state}
        for check in self._of(CareCheck):
            yield {"at": self._at(check.due_at), "state": check.state}

    def _changes(self, vault: Vault) -> Iterator[Facts]:
        mine = (col(Journal.subject) == Subject.RESIDENT, col(Journal.subject_id).in_(self._whose))
        entries = self._session.scalars(select(Journal).where(*mine).order_by(col(Journal.seq))).all()
        steps = {(entry.subject_id, entry.data["version"]): entry.seq for entry in entries if "version" in entry.data}
        left = left_behind(self._session, steps.keys(), vault, sensitive=True)
        before = {steps[step]: self._before(changed) for step, changed in left.items()}
        for entry in entries:
            told = {"fields": entry.data.get("fields"), "before": before.get(entry.seq)}
            yield {"at": self._at(entry.at), "what": entry.what} | told

    def _before(self, changed: Changed) -> list[str]:
        """As the register's sheets write it; a field that was not changed says nothing."""
        was, became = (self._words.resident(self._unsaid | in_one(changed, when)) for when in (0, 1))
        cells = ((heading, was.get(key), became.get(key)) for key, heading in self._headings.items())
        return [f"{heading}: {old or '—'} → {new or '—'}" for heading, old, new in cells if old != new]

    def _opened(self) -> Iterator[Facts]:
        names = dict(self._session.execute(select(col(Operator.id), col(Operator.name))).all())
        mine = select(AccessLog).where(col(AccessLog.resident_id).in_(self._whose))
        for one in self._session.scalars(mine.order_by(col(AccessLog.id))):
            yield {"at": self._at(one.at), "what": one.what, "by": names.get(one.operator_id)}

    def _rows(self, table: Any, wanted: list[int]) -> list[Any]:
        rows = select(table).where(among(table.id, "ids")).order_by(table.id)
        return list(self._session.scalars(rows, {"ids": ids(wanted)}))

    def _of(self, table: Any) -> list[Any]:
        rows = select(table).where(table.resident_id.in_(self._whose)).order_by(table.id)
        return list(self._session.scalars(rows))

    def _at(self, moment: datetime | None) -> str | None:
        return None if moment is None else f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M:%S}"


def _said(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
