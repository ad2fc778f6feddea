"""Texts of rows that lie sealed under the data key of the resident whom they are about, and go with it.

A model that is `Sealed` names its texts with `keeps_sealed`; they are written and read like any other column. Before
they reach the database those of somebody known are sealed together, and their own columns are left empty; those of
nobody known stay plain until it is known whose they are, and are sealed anew when they become somebody else's. A text
whose key is gone is empty everywhere, without an error.

What is heard is kept first: while the master key that is needed is not at hand, a text lies plain, and `settle` seals
it later (`dispatch.sealing`).
"""

import json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, TypeVar

import structlog
from sqlalchemy import LargeBinary, event, inspect
from sqlalchemy.orm import Session, object_session
from sqlalchemy.orm.attributes import get_history, set_attribute
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE
from sqlmodel import Field, SQLModel

from registry.errors import WrongMasterKey
from registry.store import Reading, Store, Writing
from registry.vault import Vault

log = structlog.get_logger()

_SEALS, _KEYS, _OPENED = "seals", "data_keys", "opened"  # in a session's `info`, and in that of a row's state


class NoVault(RuntimeError):
    """A sealed text was asked for in a store that has been given no vault: an error of this program."""


class Sealed(SQLModel):
    """`sealed` holds every text of the row, under the data key of the resident `sealed_for`."""

    texts: ClassVar[tuple[str, ...]] = ()
    told_by: ClassVar[tuple[str, ...]] = ()  # the columns that say whom the row is about

    sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    sealed_for: int | None = None

    def whose(self, session: Writing) -> int | None:
        """The resident under whose key the texts belong; None while nobody is known."""
        raise NotImplementedError

    def followers(self, session: Writing) -> Iterable["Sealed"]:
        """Rows that are about whomever this one is about."""
        return ()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.texts and self.sealed is not None:
            _lay_open(self)
        super().__setattr__(name, value)


Row = TypeVar("Row", bound=type[Sealed])


def keeps_sealed(*texts: str) -> Callable[[Row], Row]:
    """Makes those columns of a table its sealed texts; an empty string, a number that is not there and an empty
    mapping are nothing to seal.
    """

    def kept(model: Row) -> Row:
        model.texts = texts
        for name in texts:
            type.__setattr__(model, name, _Text(getattr(model, name), name))
        event.listen(model, "load", _came_from)
        return model

    return kept


def give_vault(store: Store, vault: Vault | Callable[[], Vault]) -> None:
    """What this store's sessions read and write is opened and sealed by that vault; a function is asked for it when
    it is needed for the first time.
    """
    store.info[_SEALS] = _Seals(store, vault)


def settle(session: Writing, row: Sealed, owner: int | None = None) -> None:
    """Seals a row, which the caller holds, under the key of whom it is about now, or of the `owner` that is given."""
    seals = session.info.get(_SEALS)
    if seals is None:
        return
    try:
        _settle(session, row, seals.vault, owner)
    except WrongMasterKey:
        log.exception("text.not_sealed", table=row.__tablename__)


class _Text:
    """A column of a table whose text may lie sealed: read and written like the column itself."""

    def __init__(self, column: Any, name: str) -> None:
        self._column = column
        self._name = name

    def __get__(self, row: Sealed | None, kind: type[Sealed] | None = None) -> Any:
        if row is not None and row.sealed is not None and self._name in (texts := _opened(row)):
            return texts[self._name]
        return self._column.__get__(row, kind)

    def __set__(self, row: Sealed, value: Any) -> None:
        setattr(row, self._name, value)


class _Seals:
    """What opens and seals in one store."""

    def __init__(self, store: Store, vault: Vault | Callable[[], Vault]) -> None:
        self._store = store
        self._vault = vault

    @property
    def vault(self) -> Vault:
        if not isinstance(self._vault, Vault):
            self._vault = self._vault()
        return self._vault

    def open(self, session: Session | None, row: Sealed) -> dict[str, Any]:
        if not isinstance(session, Reading | Writing):  # its own session is over
            with self._store.reading() as session:
                return self._open(session, row)
        held = session.info.setdefault(_KEYS, {})
        if row.sealed_for not in held:  # those of every row that is there are read together
            wanted = _residents_of(session) - held.keys()
            held.update(dict.fromkeys(wanted) if isinstance(session, Reading) else {})
            held.update((key.resident_id, key) for key in self.vault.keys_of(session, wanted))
        if isinstance(session, Reading) and held.get(row.sealed_for, row) is None:
            return {}
        return self._open(session, row)

    def _open(self, session: Reading | Writing, row: Sealed) -> dict[str, Any]:
        try:
            texts = self.vault.open(session, row.sealed_for or 0, str(row.__tablename__), row.sealed)
        except WrongMasterKey:
            if isinstance(session, Writing):  # nothing is decided by a text that only cannot be read here
                raise
            log.exception("text.not_opened", table=row.__tablename__)
            return {}
        found: dict[str, Any] = json.loads(texts) if texts is not None else {}
        return found


def _opened(row: Sealed) -> dict[str, Any]:
    state = inspect(row)
    known = state.info.get(_OPENED)
    if known is not None and known[0] == row.sealed:
        texts: dict[str, Any] = known[1]
        return texts
    session = object_session(row)
    seals = state.info.get(_SEALS) or (session.info.get(_SEALS) if session is not None else None)
    if seals is None:
        raise NoVault(f"a sealed text of {row.__tablename__} was asked for in a store without a vault")
    texts = seals.open(session, row)
    state.info[_OPENED] = (row.sealed, texts)
    return texts


def _residents_of(session: Reading | Writing) -> set[int]:
    """Whose keys are needed for the rows that the session has read."""
    loaded = (inspect(row).dict for row in session.identity_map.values() if isinstance(row, Sealed))
    return {row["sealed_for"] for row in loaded if row.get("sealed_for") is not None}


def _lay_open(row: Sealed) -> None:
    """Its texts are in their columns again, until they are sealed anew."""
    texts = _opened(row)
    set_attribute(row, "sealed", None)
    set_attribute(row, "sealed_for", None)
    for name, text in texts.items():
        set_attribute(row, name, text)


def _settle(session: Writing, row: Sealed, vault: Vault, owner: int | None) -> None:
    texts = _in_columns(row)
    if owner is None and (texts or row.sealed is not None):
        owner = row.whose(session)
    if row.sealed is not None:
        if owner == row.sealed_for:
            return
        _lay_open(row)
        texts = _in_columns(row)
    if owner is None or not texts:
        return
    sealed = vault.seal(session, owner, str(row.__tablename__), json.dumps(texts, ensure_ascii=False))
    for name, text in texts.items():  # that there is a place is still asked of the database
        set_attribute(row, name, type(text)() if isinstance(text, str | dict) else None)
    set_attribute(row, "sealed", sealed)
    set_attribute(row, "sealed_for", owner)
    inspect(row).info[_OPENED] = (sealed, texts)


def _in_columns(row: Sealed) -> dict[str, Any]:
    """The texts that are not sealed."""
    columns = inspect(row).manager
    texts = ((name, columns[name].__get__(row, type(row))) for name in row.texts)
    return {name: text for name, text in texts if text not in (None, "", {})}


def _came_from(row: Sealed, context: Any) -> None:
    """Where a row was read says what opens it, also when its session is over."""
    inspect(row).info[_SEALS] = context.session.info.get(_SEALS)


def _before_flush(session: Writing, *_: object) -> None:
    for row in [*session.new, *session.dirty]:
        if not isinstance(row, Sealed):
            continue
        moved = inspect(row).persistent and any(_has_changed(row, name) for name in row.told_by)
        if row.sealed is None or moved:
            settle(session, row)
        for other in row.followers(session) if moved else ():
            settle(session, other)


def _has_changed(row: Sealed, column: str) -> bool:
    return get_history(row, column, PASSIVE_NO_INITIALIZE).has_changes()


event.listen(Writing, "before_flush", _before_flush)
