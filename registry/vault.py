"""What is sealed at rest: a resident's health notes and identity number, each under her own data key.

The data key stands in the database wrapped by the master key, which does not; whoever deletes a resident's data key
has deleted what it sealed, in every backup too.
"""

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from registry.errors import WrongMasterKey
from registry.models import DataKey
from registry.store import Reading, Writing
from registry.text import folded

_FORM = b"\x01"  # AES-256-GCM with a 96-bit nonce in front
_NONCE = 12  # bytes
SHORTEST = 16  # bytes of a master key


class Vault:
    """Seals and opens with keys derived from `master_key` (at least 16 random bytes), which is `version` of it."""

    def __init__(self, master_key: bytes, *, version: int = 1) -> None:
        if len(master_key) < SHORTEST:
            raise ValueError(f"a master key has at least {SHORTEST} bytes")
        self._version = version
        self._wrapping = AESGCM(_derived(master_key, b"townline data keys"))
        self._hashing = _derived(master_key, b"townline identity numbers")

    def seal(self, session: Writing, resident_id: int, field: str, text: str) -> bytes:
        """`text` for that field of that resident, sealed under her data key, which is made when there is none."""
        row = session.get(DataKey, resident_id)
        if row is None:
            key = AESGCM.generate_key(256)
            wrapped = _locked(self._wrapping, key, _place(resident_id, "key"))
            session.add(DataKey(resident_id=resident_id, wrapped=wrapped, master_version=self._version))
        else:
            key = self._unwrapped(row)
        return _locked(AESGCM(key), text.encode(), _place(resident_id, field))

    def open(self, session: Reading | Writing, resident_id: int, field: str, sealed: bytes | None) -> str | None:
        """What was sealed; None when there is nothing, or when the resident's data key is gone.

        Raises WrongMasterKey when the key was wrapped under another master key.
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

    def identity_hash(self, number: str) -> bytes:
        """Finds an exact identity number without telling it; spaces, width and case do not matter."""
        return hmac.digest(self._hashing, folded(number, 64).replace(" ", "").encode(), sha256)

    def _unwrapped(self, row: DataKey) -> bytes:
        try:
            return _unlocked(self._wrapping, row.wrapped, _place(row.resident_id, "key"))
        except InvalidTag as error:
            raise WrongMasterKey(version=row.master_version, now=self._version) from error


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
