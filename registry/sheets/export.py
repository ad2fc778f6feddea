"""The register as sheets that an import takes: what comes in again from them is the same.

What is sealed goes out only when it is asked for, and every resident who goes out is in the access log first.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from registry.areas import path_of
from registry.models import AccessLog, Area, Merchant, Resident
from registry.newcomers import SEALED
from registry.sheets import areas, contracts, merchants, resident_facts
from registry.sheets.headings import Column
from registry.sheets.kinds import KINDS
from registry.sheets.names import Names
from registry.sheets.record import Facts
from registry.sheets.texts import Texts, Words
from registry.store import Reading, Scope, Store
from registry.terms import contract_cards
from registry.vault import Vault

_TOGETHER = 100  # rows that are read, and noted in the access log, at once


def columns_of(kind: str, *, sealed: bool) -> list[Column]:
    return [column for column in KINDS[kind].columns if sealed or column.key not in SEALED]


def within(store: Store, scope: Scope, area: str) -> Scope:
    """The scope narrowed to an area by its code or name. Raises Wrong."""
    area_id = Names.known(store, scope).area(area)
    with store.reading() as session:
        return Scope(scope.centre_id, path_of(session, scope, area_id) or "/", scope.role)


def rows(
    store: Store,
    scope: Scope,
    kind: str,
    language: str,
    vault: Vault | None,
    who: ColumnElement[bool] | None = None,
    operator_id: int | None = None,
) -> Iterator[Texts]:
    """Every living one in scope, in the order of the register; with a `vault` what is sealed too. Of residents and
    merchants only those `who` are wanted. The access log says which operator had them.
    """
    words = Words(Names.known(store, scope), language)
    match kind:
        case "areas":
            yield from _areas(store, scope)
        case "residents":
            yield from _residents(store, scope, words, vault, who, operator_id)
        case "merchants":
            for row, facts in _pages(store, scope, Merchant, _merchants, who=who):
                yield {"id": str(row.id)} | words.merchant(facts)
        case "contracts":
            for row, each in _pages(store, scope, Merchant, _contracts):
                yield from (words.contract(row.id or 0, row.name, facts) for facts in each)


def _areas(store: Store, scope: Scope) -> Iterator[Texts]:
    """Those above come first; the centre's own area is there without an import."""
    with store.reading() as session:
        below = select(Area).where(Area.centre_id == scope.centre_id, col(Area.parent_id).is_not(None))
        found = [areas.facts_of(session, area) for area in session.exec(below) if scope.sees(area.path)]
    yield from sorted(found, key=lambda facts: str(facts["code"]))


def _residents(
    store: Store,
    scope: Scope,
    words: Words,
    vault: Vault | None,
    who: ColumnElement[bool] | None,
    operator_id: int | None,
) -> Iterator[Texts]:
    def read(session: Reading, found: list[Resident]) -> list[Facts]:
        return list(resident_facts.facts_of(session, found, vault).values())

    def note(found: list[Resident]) -> None:
        with store.writing() as session:
            at = session.clock.now()
            centre_id = scope.centre_id
            session.add_all(
                AccessLog(at=at, centre_id=centre_id, operator_id=operator_id, resident_id=one.id, what="export")
                for one in found
            )

    for row, facts in _pages(store, scope, Resident, read, note, who):
        yield {"id": str(row.id)} | words.resident(facts)


def _merchants(session: Reading, found: list[Merchant]) -> list[Facts]:
    return [merchants.facts_of(session, row) for row in found]


def _contracts(session: Reading, found: list[Merchant]) -> list[list[Facts]]:
    return [[contracts.facts_of(card) for card in contract_cards(session, row.id or 0)] for row in found]


def _pages(
    store: Store,
    scope: Scope,
    table: Any,
    read: Callable[[Reading, list[Any]], list[Any]],
    note: Callable[[list[Any]], None] = lambda _: None,
    who: ColumnElement[bool] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """The living rows of a table with what `read` makes of them; nothing is held from one page to the next."""
    after = 0
    while True:
        living = select(table).where(scope.covers(table), table.ended_at.is_(None), table.id > after)
        if who is not None:
            living = living.where(who)
        with store.reading() as session:
            found = list(session.exec(living.order_by(table.id).limit(_TOGETHER)))
            made = read(session, found)
        if not found:
            return
        note(found)
        yield from zip(found, made, strict=True)
        after = found[-1].id
