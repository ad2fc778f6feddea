"""Sheets of contracts: one line is one contract of a merchant."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from registry import drafts, merchants
from registry.drafts import LONGEST_RADIUS
from registry.errors import NotFound, Refused
from registry.sheets import cells
from registry.sheets.columns import CONTRACTS
from registry.sheets.doing import OneByOne
from registry.sheets.headings import Column, Line
from registry.sheets.names import Names
from registry.sheets.record import CellReader, Facts, Finding, Outcome, Record, Verdict
from registry.store import Actor, Reading, Scope, Writing
from registry.terms import ContractCard
from registry.text import plain
from registry.vault import Vault

_SAME = ("valid_from", "services")  # what tells one contract of a merchant from another


@dataclass(slots=True)
class Contracts(OneByOne):
    scope: Scope
    vault: Vault
    names: Names
    name: ClassVar[str] = "contracts"
    columns: ClassVar[tuple[Column, ...]] = CONTRACTS
    needed: ClassVar[str] = "services"

    def read(self, line: Line) -> Record:
        reader = CellReader(line)
        reader.take("valid_from", "valid_from", lambda text: cells.day(text).isoformat())
        reader.take("valid_until", "valid_until", lambda text: cells.day(text).isoformat())
        reader.take("radius", "radius", partial(cells.metres, most=LONGEST_RADIUS), None)
        reader.take("services", "services", lambda text: [self.names.service(one) for one in cells.parts(text)])
        reader.take("areas", "areas", lambda text: [self.names.area(one) for one in cells.parts(text)], [])
        for key in ("fee", "conditions"):
            reader.take(key, key, plain, "")
        for key in ("valid_from", "valid_until", "services"):
            if not reader.has(key):
                reader.problem(key, "required")
        if not reader.record.problems:
            reader.check(drafts.ContractDraft, lambda field: field.partition(".")[0] or "valid_until")
        self._merchant(reader)
        return reader.record

    def told_by(self, record: Record) -> Iterator[str]:
        facts = record.facts
        yield f"{facts['merchant_id']} {facts['valid_from']} {facts['services']}"

    def keys(self, record: Record) -> Iterator[Hashable]:
        yield record.facts["merchant_id"]

    def alike(self, one: Record, other: Record) -> bool:
        return True

    def judge(self, session: Reading | Writing, records: Sequence[Record], now: datetime) -> list[Verdict]:
        return [self._judged(session, record) for record in records]

    def apply_one(self, session: Writing, verdict: Verdict, actor: Actor, import_id: int) -> tuple[int, int]:
        assert verdict.subject_id is not None
        row = merchants.change_merchant(
            session,
            self.scope,
            verdict.subject_id,
            drafts.read(drafts.MerchantChange, verdict.change),
            seen_version=verdict.version,
            actor=actor,
            import_id=import_id,
        )
        return verdict.subject_id, row.version

    def _merchant(self, reader: CellReader) -> None:
        """By its number in the register, else by its name."""
        reader.take("merchant_id", "merchant_id", partial(cells.whole, least=1, most=2**31 - 1))
        if reader.has("merchant_id"):
            return
        if not reader.has("merchant"):
            reader.problem("merchant", "required")
        reader.take("merchant", "merchant_id", lambda text: self.names.merchant(cells.words(text))[0])

    def _judged(self, session: Reading | Writing, record: Record) -> Verdict:
        merchant_id = record.facts["merchant_id"]
        given = {name: value for name, value in record.facts.items() if name != "merchant_id"}
        try:
            card = merchants.merchant_card(session, self.scope, merchant_id)
        except NotFound:
            finding = Finding(record.row, "merchant", "doubt.not_in_register", {"ids": [merchant_id]})
            return Verdict(Outcome.DOUBTFUL, findings=(finding,))
        before = [facts_of(one) for one in card.contracts]
        known = next((one for one in before if all(one[name] == given[name] for name in _SAME)), None)
        wanted = {"radius": None, "areas": [], "fee": "", "conditions": ""} | (known or {}) | given
        if wanted == known:
            return Verdict(Outcome.SAME, merchant_id, card.merchant.version)
        change = {"contracts": [one for one in before if one is not known] + [wanted]}
        try:
            merchants.check(session, self.scope, drafts.read(drafts.MerchantChange, change))
        except Refused as refused:
            findings = [Finding(record.row, "services", one.key, one.values) for one in refused.problems]
            return Verdict(Outcome.REFUSED, findings=tuple(findings))
        return Verdict(
            Outcome.NEW if known is None else Outcome.CHANGED,
            merchant_id,
            card.merchant.version,
            tuple(name for name in wanted if known is None or wanted[name] != known[name]),
            change,
            {"contracts": before},
        )


def facts_of(card: ContractCard) -> Facts:
    """A contract as facts of a `ContractDraft`."""
    return {
        "valid_from": card.valid_from.isoformat(),
        "valid_until": card.valid_until.isoformat(),
        "radius": card.radius,
        "services": list(card.services),
        "areas": list(card.areas),
        "fee": card.fee,
        "conditions": card.conditions,
    }
