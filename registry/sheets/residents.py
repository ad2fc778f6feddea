"""Sheets of residents."""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import ClassVar

from sqlmodel import col, select

from registry import consent, drafts, newcomers, people
from registry.errors import Refused
from registry.models import Resident
from registry.sheets import filing, likeness, resident_lines
from registry.sheets.columns import RESIDENTS
from registry.sheets.company import Company
from registry.sheets.doing import Undoable
from registry.sheets.growth import Growth
from registry.sheets.headings import Column, Line
from registry.sheets.names import Names
from registry.sheets.record import Applied, Facts, Finding, Outcome, Record, Verdict, applied
from registry.sheets.resident_facts import changes, facts_of
from registry.store import Actor, Reading, Scope, Store, Writing
from registry.store.bulk import next_ids
from registry.vault import Vault

_CONSENT = "consented_on"
_KEPT = "import"  # the field that what was before is sealed for


@dataclass(slots=True)
class Residents(Undoable):
    scope: Scope
    vault: Vault
    names: Names
    name: ClassVar[str] = "residents"
    columns: ClassVar[tuple[Column, ...]] = RESIDENTS
    needed: ClassVar[str] = "name"
    _drawn: int = 0  # the last id that was drawn ahead
    _places: newcomers.Places = field(default_factory=dict)  # nobody else has written of people since they were found
    _unfiled: int = 0  # people whom this import has brought since it filed the last ones
    _growth: Growth = field(default_factory=Growth)

    def read(self, line: Line) -> Record:
        return resident_lines.read(line, self.names)

    def told_by(self, record: Record) -> Iterator[str]:
        """What no two lines of one file may have alike: keys, each of which means this one person."""
        which = record.facts.get("id")
        if which is not None:
            if which != "new":
                yield f"number {which}"
            return
        person = self._person(record)
        if number := record.facts.get("identity_number"):
            yield f"identity {number}"
        if person.born:
            yield f"{person.name} born {person.born}"
        if person.door:
            yield f"{person.name} at {person.door}"
        yield from (f"{person.name} on {number}" for number in sorted(person.numbers))

    def stands_alone(self) -> Callable[[Record], bool]:
        company = Company()
        return lambda record: company.joins(self._person(record))

    def keys(self, record: Record) -> Iterator[Hashable]:
        yield from likeness.keys(self._person(record))
        if isinstance(which := record.facts.get("id"), int):
            yield which

    def alike(self, one: Record, other: Record) -> bool:
        if one.facts.get("id") is not None and one.facts.get("id") == other.facts.get("id"):
            return True
        return likeness.meant(self._person(one), [self._person(other)]) != likeness.Meant()

    def judge(self, session: Reading | Writing, records: Sequence[Record], now: datetime) -> list[Verdict]:
        """What applying each record would do."""
        self.vault.look(session)
        found = likeness.candidates(session, self.scope, [self._person(record) for record in records])
        named = [which for record in records if isinstance(which := record.facts.get("id"), int)]
        known = likeness.Acquaintance((found | likeness.persons(session, self.scope, named)).values())
        meant = [self._meant(record, known) for record in records]
        rows = _rows(session, [one.id for one in meant if one.id is not None])
        before = facts_of(session, rows.values(), self.vault)
        return [
            self._verdict(session, record, one, rows.get(one.id or 0), before.get(one.id or 0, {}), now)
            for record, one in zip(records, meant, strict=True)
        ]

    def prepare(self, verdict: Verdict) -> Verdict:
        if verdict.outcome is not Outcome.NEW:
            return verdict
        return replace(verdict, ready=newcomers.newcomer(verdict.ready, self.names.plan))

    def make_ready(
        self, session: Reading, records: Sequence[Record | None], now: datetime
    ) -> list[newcomers.Ready | None]:
        ids = next_ids(session, Resident, len(records))  # one for each: who is looked for again takes the next one
        if ids[0] <= self._drawn:  # those of the rows before are not written yet
            ids = list(range(self._drawn + 1, self._drawn + 1 + len(records)))
        self._drawn = ids[-1]
        new = {
            hers: newcomers.newcomer(
                drafts.read(drafts.ResidentDraft, resident_lines.with_identity(_given(record, {}))), self.names.plan
            )
            for hers, record in zip(ids, records, strict=True)
            if record is not None
        }
        ready = {
            one.resident_id: one
            for one in newcomers.make_ready(session, self.scope, new, self.vault, now, self._places)
        }
        return [ready.get(hers) for hers in ids]

    def is_ready(self, session: Writing, verdicts: Iterable[Verdict]) -> bool:
        now = self.vault.version(session)
        return all(one.ready.version == now for one in verdicts if isinstance(one.ready, newcomers.Ready))

    def apply(self, session: Writing, verdicts: Sequence[Verdict], actor: Actor, import_id: int) -> list[Applied]:
        """Those that are new and follow each other are registered together."""
        done: list[Applied] = []
        for (outcome, form), some in groupby(verdicts, lambda one: (one.outcome, type(one.ready))):
            these = list(some)
            ready = [one.ready for one in these]
            if form is newcomers.Ready:
                newcomers.write(session, self.scope, ready, actor=actor, import_id=import_id)
                done += (Applied(one.resident_id, 1) for one in ready)
            elif outcome is Outcome.NEW:
                ids = newcomers.register(
                    session, self.scope, ready, actor=actor, vault=self.vault, import_id=import_id
                )
                done += (Applied(resident_id, 1) for resident_id in ids)
            else:
                done += (applied(self.apply_one, session, one, actor, import_id) for one in these)
                continue
            self._unfiled += len(these)
            self._growth.brought(len(these))
        return done

    def settle(self, store: Store, *, at_end: bool) -> None:
        if at_end or self._unfiled >= filing.ENOUGH:
            filing.file(store)
            self._unfiled = 0
        self._growth.settle(store)

    def apply_one(self, session: Writing, verdict: Verdict, actor: Actor, import_id: int) -> tuple[int, int]:
        assert verdict.subject_id is not None
        return verdict.subject_id, self._change(session, verdict, actor, import_id)

    def put_back(self, session: Writing, before: Verdict, actor: Actor, import_id: int) -> int:
        return self._change(session, before, actor, import_id, putting_back=True)

    def _change(
        self, session: Writing, verdict: Verdict, actor: Actor, import_id: int, *, putting_back: bool = False
    ) -> int:
        row = people.change_resident(
            session,
            self.scope,
            verdict.subject_id or 0,
            drafts.read(drafts.ResidentChange, verdict.change),
            seen_version=verdict.version,
            actor=actor,
            vault=self.vault,
            import_id=import_id,
            putting_back=putting_back,
        )
        return row.version

    def withdraw(self, session: Writing, subject_id: int, version: int, actor: Actor, import_id: int) -> None:
        people.withdraw_resident(
            session, self.scope, subject_id, seen_version=version, actor=actor, import_id=import_id
        )

    def keep(self, session: Writing, subject_id: int, before: Facts) -> bytes:
        return self.vault.seal(session, subject_id, _KEPT, json.dumps(before, ensure_ascii=False))

    def kept(self, session: Writing, subject_id: int, sealed: bytes) -> Facts | None:
        text = self.vault.open(session, subject_id, _KEPT, sealed)
        return None if text is None else dict(json.loads(text))

    def _person(self, record: Record) -> likeness.Person:
        if record.about is None:
            record.about = likeness.Person.of(record.facts, self.vault)
        person: likeness.Person = record.about
        return person

    def _meant(self, record: Record, known: likeness.Acquaintance) -> likeness.Meant:
        person = self._person(record)
        match record.facts.get("id"):
            case "new":
                return likeness.Meant()
            case int() as which:
                return likeness.named(person, which, known)
            case _:
                return likeness.meant(person, known.like(person))

    def _verdict(
        self,
        session: Reading | Writing,
        record: Record,
        meant: likeness.Meant,
        row: Resident | None,
        before: Facts,
        now: datetime,
    ) -> Verdict:
        if meant.doubt:
            finding = Finding(record.row, "", f"doubt.{meant.doubt}", {"ids": list(meant.among[:5])})
            return Verdict(Outcome.DOUBTFUL, findings=(finding,))
        try:
            if row is None:
                new = resident_lines.with_identity(_given(record, {}))
                draft = drafts.read(drafts.ResidentDraft, new)
                people.check(session, self.scope, draft, now)
                return Verdict(Outcome.NEW, change=new, fields=tuple(new), ready=draft)
            change = changes(_given(record, before), before)
            if not change:
                return Verdict(Outcome.SAME, row.id, row.version)
            people.check(session, self.scope, drafts.read(drafts.ResidentChange, change), now)
        except Refused as refused:
            findings = [
                Finding(record.row, resident_lines.column_of(each.field), each.key, each.values)
                for each in refused.problems
            ]
            return Verdict(Outcome.REFUSED, findings=tuple(findings))
        return Verdict(
            Outcome.CHANGED,
            row.id,
            row.version,
            tuple(change),
            change,
            {name: before[name] for name in change if not (name in consent.HEALTH and _withdraws(change, before))},
        )


def _given(record: Record, before: Facts) -> Facts:
    """What the line says of her, without the number in the register that says who she is, and without what of her
    health no consent is recorded for: the line goes in, that does not. A line that withdraws takes all of it away.
    """
    given = {name: value for name, value in record.facts.items() if name != "id"}
    withdraws = _withdraws(given, before)
    consented_on = given.get(_CONSENT, before.get(_CONSENT))
    for lacking in consent.lacking(given, consented_on, {} if withdraws else before):
        record.remarks.append(Finding(record.row, lacking.field, lacking.key))
        del given[lacking.field]
    return given | (dict.fromkeys(consent.HEALTH, "") if withdraws else {})


def _withdraws(given: Facts, before: Facts) -> bool:
    return _CONSENT in given and not given[_CONSENT] and bool(before.get(_CONSENT))


def _rows(session: Reading | Writing, resident_ids: list[int]) -> dict[int, Resident]:
    if not resident_ids:
        return {}
    found = session.exec(select(Resident).where(col(Resident.id).in_(resident_ids)))
    return {row.id: row for row in found if row.id is not None}
