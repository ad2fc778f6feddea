"""Sheets of merchants."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from sqlmodel import col, select

from registry import drafts, merchants
from registry.errors import Refused
from registry.models import Channel, Merchant, MerchantNumber, OpeningHours, StaffMember
from registry.sheets import capacities, cells, columns, hours, plans, special, staff
from registry.sheets.doing import OneByOne
from registry.sheets.headings import Column, Line
from registry.sheets.names import Names
from registry.sheets.record import CellReader, Facts, Finding, Outcome, Record, Verdict, number_in_the_register
from registry.staff import absence, staff_of
from registry.store import Actor, Reading, Scope, Writing
from registry.text import folded
from registry.vault import Vault

_KINDS = columns.understood(columns.KINDS)
_CHANNELS = columns.understood(columns.CHANNELS)
_PLAIN = (
    *("name", "area_id", "address", "latitude", "longitude", "language"),
    *("licence_number", "capacity", "suspended_why", "channel_plan", "special_hours", "capacity_plan"),
)
_TOLD_BY = ("id", "name", "licence_number")


@dataclass(slots=True)
class Merchants(OneByOne):
    scope: Scope
    vault: Vault
    names: Names
    name: ClassVar[str] = "merchants"
    columns: ClassVar[tuple[Column, ...]] = columns.MERCHANTS
    needed: ClassVar[str] = "name"

    def read(self, line: Line) -> Record:
        reader = CellReader(line)
        facts = reader.record.facts
        reader.take("id", "id", number_in_the_register)
        which = facts.pop("id", None)
        reader.take("name", "name", cells.words)
        reader.take("kind", "kind", partial(cells.one_of, known=_KINDS))
        reader.take("area", "area_id", self.names.area, None)
        reader.take("address", "address", str, "")
        for key, most in (("latitude", 90), ("longitude", 180)):
            reader.take(key, key, partial(cells.degrees, most=most), None)
        reader.take("language", "language", cells.language)
        reader.take("licence_number", "licence_number", str, None)
        if cells.without_end(reader.text("licence_expires")):
            facts["licence_expires"] = None
        else:
            reader.take("licence_expires", "licence_expires", lambda text: cells.day(text).isoformat(), None)
        reader.take("capacity", "capacity", partial(cells.whole, least=0, most=10_000), None)
        reader.take("capacity_plan", "capacity_plan", capacities.read, [])
        reader.take("first_channel", "first_channel", partial(cells.one_of, known=_CHANNELS))
        reader.take("channel_plan", "channel_plan", plans.read, [])
        reader.take("special_hours", "special_hours", special.read, [])
        reader.take("suspended_why", "suspended_why", str, None)
        reader.take("hours", "hours", hours.read, [])
        reader.take("staff", "staff", partial(staff.read, plan=self.names.plan), [])
        self._numbers(reader)
        if not facts.get("name") and not reader.has("name"):
            reader.problem("name", "required")
        reader.check(drafts.MerchantChange, column_of)
        if which is not None:
            reader.record.facts["id"] = which
        return reader.record

    def told_by(self, record: Record) -> Iterator[str]:
        which, licence = record.facts.get("id"), record.facts.get("licence_number")
        if which != "new":
            yield f"number {which}" if which else folded(record.facts["name"], 80)
        if licence and not which:
            yield f"licence {licence}"

    def keys(self, record: Record) -> Iterator[Hashable]:
        yield from ((name, record.facts[name]) for name in _TOLD_BY if record.facts.get(name))

    def alike(self, one: Record, other: Record) -> bool:
        return True

    def judge(self, session: Reading | Writing, records: Sequence[Record], now: datetime) -> list[Verdict]:
        return [self._judged(session, record) for record in records]

    def apply_one(self, session: Writing, verdict: Verdict, actor: Actor, import_id: int) -> tuple[int, int]:
        if verdict.subject_id is None:
            draft = drafts.read(drafts.MerchantDraft, verdict.change)
            row = merchants.create_merchant(session, self.scope, draft, actor=actor, import_id=import_id)
        else:
            row = merchants.change_merchant(
                session,
                self.scope,
                verdict.subject_id,
                drafts.read(drafts.MerchantChange, verdict.change),
                seen_version=verdict.version,
                actor=actor,
                import_id=import_id,
            )
        assert row.id is not None
        return row.id, row.version

    def withdraw(self, session: Writing, subject_id: int, version: int, actor: Actor, import_id: int) -> None:
        merchants.withdraw_merchant(
            session, self.scope, subject_id, seen_version=version, actor=actor, import_id=import_id
        )

    def _numbers(self, reader: CellReader) -> None:
        found: list[Facts] = []
        for key, channel in (("sms", Channel.SMS), ("voice", Channel.VOICE)):
            text = reader.text(key)
            heard = reader.value(key, partial(cells.numbers, text, self.names.plan)) if text else None
            found += [{"channel": channel.value, "number": one} for one in (heard.candidates if heard else ())]
        if found:
            reader.record.facts["numbers"] = found

    def _judged(self, session: Reading | Writing, record: Record) -> Verdict:
        row, doubt = self._meant(session, record.facts)
        if doubt is not None:
            return Verdict(
                Outcome.DOUBTFUL, findings=(Finding(record.row, "", f"doubt.{doubt[0]}", {"ids": doubt[1]}),)
            )
        given = {name: value for name, value in record.facts.items() if name != "id"}
        before = facts_of(session, row) if row is not None else {}
        change = given if row is None else _changes(given, before)
        if row is not None and not change:
            return Verdict(Outcome.SAME, row.id, row.version)
        try:
            draft = drafts.read(drafts.MerchantDraft if row is None else drafts.MerchantChange, change)
            merchants.check(session, self.scope, draft)
        except Refused as refused:
            findings = [Finding(record.row, column_of(one.field), one.key, one.values) for one in refused.problems]
            return Verdict(Outcome.REFUSED, findings=tuple(findings))
        if row is None:
            return Verdict(Outcome.NEW, change=change, fields=tuple(change))
        return Verdict(
            Outcome.CHANGED, row.id, row.version, tuple(change), change, {name: before[name] for name in change}
        )

    def _meant(
        self, session: Reading | Writing, facts: Facts
    ) -> tuple[Merchant | None, tuple[str, list[int]] | None]:
        """The merchant, nobody yet, or a doubt and whom it may be."""
        living = select(Merchant).where(self.scope.covers(Merchant), col(Merchant.ended_at).is_(None))
        which = facts.get("id")
        if which == "new":
            return None, None
        if isinstance(which, int):
            row = session.exec(living.where(Merchant.id == which)).one_or_none()
            return row, ("not_in_register", [which]) if row is None else None
        same = list(session.exec(living.where(Merchant.name == facts["name"]).order_by(col(Merchant.id))))
        if len(same) == 1:
            return same[0], None
        if same:
            return None, ("several_alike", [one.id or 0 for one in same][:5])
        if licence := facts.get("licence_number"):
            other = session.exec(living.where(Merchant.licence_number == licence)).first()
            if other is not None:
                return None, ("same_licence", [other.id or 0])
        return None, None


def facts_of(session: Reading | Writing, row: Merchant) -> Facts:
    """A merchant as the register knows it, as facts of a `MerchantChange`; its contracts are a sheet of their own."""
    mine = col(MerchantNumber.merchant_id) == row.id
    numbers = session.exec(select(MerchantNumber).where(mine).order_by(col(MerchantNumber.rank)))
    open_at = session.exec(select(OpeningHours).where(OpeningHours.merchant_id == row.id))
    return {name: getattr(row, name) for name in _PLAIN} | {
        "kind": row.kind.value,
        "first_channel": row.first_channel.value,
        "licence_expires": row.licence_expires.isoformat() if row.licence_expires else None,
        "numbers": [{"channel": one.channel.value, "number": one.number} for one in numbers],
        "staff": staff.in_order(map(_member, staff_of(session, row.id or 0))),
        "hours": hours.in_order(
            {"weekday": one.weekday, "opens": one.opens.isoformat(), "closes": one.closes.isoformat()}
            for one in open_at
        ),
    }


def _member(member: StaffMember) -> Facts:
    away = absence(member)
    days = {name: day.isoformat() if day else None for name, day in away._asdict().items()} if away else None
    return {"name": staff.called(member.name), "number": member.number, "away": days}


def column_of(field: str) -> str:
    """The column that a draft's field was read from."""
    first = field.partition(".")[0]
    return {"numbers": "sms", "area_id": "area"}.get(first, first)


def _changes(given: Facts, before: Facts) -> Facts:
    """What of `given` is not so yet; numbers that the sheet does not name stay."""
    wanted = dict(given)
    if "name" in given and cells.words(before["name"]) == given["name"]:
        wanted["name"] = before["name"]
    if "numbers" in given:
        wanted["numbers"] = [one for channel in Channel for one in _numbers(channel, given, before)]
        before = before | {"numbers": [one for channel in Channel for one in _of(channel, before)]}
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    if not changed.keys().isdisjoint({"latitude", "longitude"}):
        changed |= {name: wanted.get(name, before[name]) for name in ("latitude", "longitude")}
    return changed


def _numbers(channel: Channel, given: Facts, before: Facts) -> list[Facts]:
    """The sheet's order when it names them all."""
    known, told = _of(channel, before), _of(channel, given)
    if all(one in told for one in known):
        return told
    return known + [one for one in told if one not in known]


def _of(channel: Channel, facts: Facts) -> list[Facts]:
    return [one for one in facts["numbers"] if one["channel"] == channel.value]
