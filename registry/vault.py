"""What is sealed at rest: whatever is sensitive about a resident, under her own data key.

The data key stands in the database wrapped by the master key, which does not; whoever deletes a resident's data key
has deleted what it sealed.

A master key has a version. While one takes the place of another (`registry.rotation`) both are valid: each data key
says under which it is wrapped, and the hash of an identity number is always of the same version as her data key.
"""

import hmac
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from registry.among import among, ids
from registry.errors import WrongMasterKey
from registry.models import DataKey, MasterKey
from registry.store import Reading, Writing
from registry.text import folded

_FORM = b"\x01"  # AES-256-GCM with a 96-bit nonce in front
_NONCE = 12  # bytes
_BOX = b"box"
SHORTEST = 16  # bytes of a master key
_KEYS = select(DataKey).where(among(col(DataKey.resident_id), "ids"))
_FIRST = {
    dialect: insert(DataKey).on_conflict_do_nothing()
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


class Vault:
    """Seals and opens with keys derived from master keys (each at least 16 random bytes).

    `keys` is the one there is, or what reads all that are at hand by their versions: it is asked again when a version
    is met that was not there before, so that a service learns of a new key without a restart.
    """

    def __init__(self, keys: bytes | Callable[[], Mapping[int, bytes]]) -> None:
        self._read = keys if callable(keys) else lambda: {1: keys}
        self._masters: dict[int, _Master] = {}
        self._in_use: tuple[int, ...] = ()
        self._fetch()

    def seal(self, session: Writing, resident_id: int, field: str, text: str) -> bytes:
        """`text` for that field of that resident, sealed under her data key, which is made when there is none."""
        row = session.get(DataKey, resident_id)
        if row is None:
            version = self._current(session)
            key = AESGCM.generate_key(256)
            wrapped = _locked(self._master(version).wrapping, key, _place(resident_id, "key"))
            new = {"resident_id": resident_id, "wrapped": wrapped, "master_version": version}
            with session.no_autoflush:
                session.execute(_FIRST[session.get_bind().dialect.name], new)
                row = session.get_one(DataKey, resident_id)  # another one's, where two made it at the same time
        return _locked(AESGCM(self._unwrapped(row)), text.encode(), _place(resident_id, field))

    def first_seals(self, version: int, resident_id: int, texts: Mapping[str, str]) -> tuple[bytes, dict[str, bytes]]:
        """A new data key for somebody who has none yet, wrapped by that version of the master key; each field's text
        sealed under it.
        """
        key = AESGCM.generate_key(256)
        wrapped = _locked(self._master(version).wrapping, key, _place(resident_id, "key"))
        hers = AESGCM(key)
        sealed = {field: _locked(hers, text.encode(), _place(resident_id, field)) for field, text in texts.items()}
        return wrapped, sealed

    def first_hash(self, version: int, number: str) -> bytes:
        """`identity_hash` of somebody whose first data key is wrapped by that version."""
        return _hash(self._master(version), number)

    def version(self, session: Reading | Writing) -> int:
        """The version that new keys are wrapped by: until a write transaction ends it stays so."""
        if isinstance(session, Writing):
            return self._current(session)
        row = session.get(MasterKey, 1)
        return row.version if row is not None else 1

    @contextmanager
    def at_hand(self, session: Reading | Writing, resident_ids: Collection[int]) -> Iterator[None]:
        """The data keys of many are read together: within the block `open` asks for none of them again."""
        held = self.keys_of(session, resident_ids)  # the session itself holds no row
        yield
        del held

    def keys_of(self, session: Reading | Writing, resident_ids: Collection[int]) -> Sequence[DataKey]:
        """As long as these are held, `open` asks for none of them."""
        return session.scalars(_KEYS, {"ids": ids(resident_ids)}).all() if resident_ids else ()

    def open(self, session: Reading | Writing, resident_id: int, field: str, sealed: bytes | None) -> str | None:
        """What was sealed; None when there is nothing, or when the resident's data key is gone.

        Raises WrongMasterKey when the key was wrapped under a master key that is not at hand.
        """
        if sealed is None or (row := session.get(DataKey, resident_id)) is None:
            return None
        try:
            return _unlocked(AESGCM(self._unwrapped(row)), sealed, _place(resident_id, field)).decode()
        except InvalidTag:  # sealed under an earlier data key of hers: gone with it
            return None

    def forget(self, session: Writing, resident_id: int) -> None:
        """Deletes the resident's data key: nothing sealed for her can ever be opened again."""
        row = session.get(DataKey, resident_id)
        if row is not None:
            session.delete(row)

    def new_box(self, session: Writing) -> tuple[bytes, "Box"]:
        """A key for what belongs to no resident yet: wrapped for keeping, and ready to be used."""
        key = AESGCM.generate_key(256)
        return _locked(self._master(self._current(session)).wrapping, key, _BOX), Box(key)

    def box(self, wrapped: bytes) -> "Box":
        """Raises WrongMasterKey when it was wrapped under a master key that is not at hand."""
        return Box(self._box_key(wrapped))

    def identity_hash(self, session: Writing, resident_id: int, number: str) -> bytes:
        """Finds that resident by exactly that number without telling it; she has a data key by then."""
        row = session.get(DataKey, resident_id)
        return _hash(self._master(row.master_version if row else self._current(session)), number)

    def identity_hashes(self, number: str) -> tuple[bytes, ...]:
        """Every hash that an exact identity number may stand under; spaces, width and case do not matter.

        Those of the versions that were in use at the last `look`.
        """
        return tuple(_hash(self._masters[version], number) for version in self._in_use)

    def look(self, session: Reading | Writing) -> None:
        """Learns which versions of the master key are in use."""
        row = session.get(MasterKey, 1)
        in_use = range(row.oldest, row.version + 1) if row is not None else range(1, 2)
        if not set(in_use) <= self._masters.keys():
            self._fetch()
        self._in_use = tuple(version for version in reversed(in_use) if version in self._masters)

    def rewrap(self, row: DataKey, version: int) -> None:
        """Wraps a data key by another version of the master key; what it has sealed stays as it is."""
        key = self._unwrapped(row)
        row.wrapped = _locked(self._master(version).wrapping, key, _place(row.resident_id, "key"))
        row.master_version = version

    def rewrapped_box(self, wrapped: bytes, version: int) -> bytes:
        return _locked(self._master(version).wrapping, self._box_key(wrapped), _BOX)

    def is_under(self, wrapped_box: bytes, version: int) -> bool:
        try:
            _unlocked(self._master(version).wrapping, wrapped_box, _BOX)
        except InvalidTag:
            return False
        return True

    def _current(self, session: Writing) -> int:
        """The version that new keys are wrapped by, which stays so until this transaction ends."""
        if (known := session.info.get("master_version")) is None:
            row = session.get(MasterKey, 1, with_for_update={"read": True}, populate_existing=True)
            known = session.info["master_version"] = row.version if row is not None else 1
        return int(known)

    def _unwrapped(self, row: DataKey) -> bytes:
        try:
            return _unlocked(self._master(row.master_version).wrapping, row.wrapped, _place(row.resident_id, "key"))
        except InvalidTag as error:
            raise WrongMasterKey(version=row.master_version, now=max(self._masters)) from error

    def _box_key(self, wrapped: bytes) -> bytes:
        for again in (False, True):
            if again:
                self._fetch()
            for master in self._masters.values():
                try:
                    return _unlocked(master.wrapping, wrapped, _BOX)
                except InvalidTag:
                    continue
        newest = max(self._masters, default=0)
        raise WrongMasterKey(version=newest, now=newest)

    def _master(self, version: int) -> "_Master":
        if version not in self._masters:
            self._fetch()
        try:
            return self._masters[version]
        except KeyError:
            raise WrongMasterKey(version=version, now=max(self._masters, default=0)) from None

    def _fetch(self) -> None:
        found = self._read()
        if any(len(key) < SHORTEST for key in found.values()):
            raise ValueError(f"a master key has at least {SHORTEST} bytes")
        self._masters = {version: _Master.of(key) for version, key in found.items()}
        if not self._in_use:
            self._in_use = tuple(sorted(self._masters, reverse=True))


@dataclass(frozen=True, slots=True)
class _Master:
    wrapping: AESGCM
    hashing: bytes

    @classmethod
    def of(cls, key: bytes) -> "_Master":
        return cls(AESGCM(_derived(key, b"townline data keys")), _derived(key, b"townline identity numbers"))


class Box:
    """Seals texts, each for its place."""

    def __init__(self, key: bytes) -> None:
        self._key = AESGCM(key)

    def seal(self, text: str, place: str) -> bytes:
        return _locked(self._key, text.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        return _unlocked(self._key, sealed, place.encode()).decode()


def _hash(master: _Master, number: str) -> bytes:
    return hmac.digest(master.hashing, folded(number, 64).replace(" ", "").encode(), sha256)


def _derived(master_key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(master_key)


def _place(resident_id: int, field: str) -> bytes:
    """Bound into each seal: what was sealed for one field or person cannot be moved to another."""
    return f"{resident_id}:{field}".encode()


def _locked(key: AESGCM, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return _FORM + nonce + key.encrypt(nonce, plain, place)


def _unlocked(key: AESGCM, sealed: bytes, place: bytes) -> bytes:
    if sealed[:1] != _FORM or len(sealed) <= 1 + _NONCE:
        raise InvalidTag
    return key.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], place)
