"""The secrets in a backup: none in plain text, and all of them under a passphrase where there is one.

The passphrase is the secret BACKUP_PASSPHRASE, which is in no backup: whoever made it keeps it where a fire in this
building does not reach it.
"""

import hashlib
import json
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callbridge.secrets import Secrets

PASSPHRASE = "BACKUP_PASSPHRASE"  # noqa: S105  the secret's name
MEMBER = "secrets.sealed"

_NOT_THE_CENTRES = frozenset({PASSPHRASE, "DATABASE_PASSWORD"})  # facts of a person's memory, and of this machine
_SALT, _NONCE = 16, 12  # bytes


def fingerprint(master_key: str) -> str:
    """Tells one key from another, and helps no more to guess it than what is sealed with it."""
    return HKDF(SHA256(), 16, salt=None, info=b"townline backup: which master key").derive(master_key.encode()).hex()


@dataclass(frozen=True, slots=True)
class Sealed:
    names: list[str]
    content: bytes


def seal(secrets: Secrets) -> Sealed | None:
    """All secrets under the passphrase; None without one."""
    passphrase = secrets.get(PASSPHRASE)
    if passphrase is None:
        return None
    values = {name: secrets.get(name) for name in secrets.names() if name not in _NOT_THE_CENTRES}
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    sealed = AESGCM(_key(passphrase, salt)).encrypt(nonce, json.dumps(values).encode(), MEMBER.encode())
    return Sealed(sorted(values), salt + nonce + sealed)


def unseal(sealed: bytes, passphrase: str) -> dict[str, str] | None:
    """The secrets by name; None when they were sealed with another passphrase."""
    salt, nonce, rest = sealed[:_SALT], sealed[_SALT : _SALT + _NONCE], sealed[_SALT + _NONCE :]
    try:
        opened = AESGCM(_key(passphrase, salt)).decrypt(nonce, rest, MEMBER.encode())
    except InvalidTag:
        return None
    values: dict[str, str] = json.loads(opened)
    return values


def _key(passphrase: str, salt: bytes) -> bytes:
    # 32 MB and 0.1 s for each try at a passphrase
    return hashlib.scrypt(passphrase.encode(), salt=salt, dklen=32, n=2**15, r=8, p=1, maxmem=2**26)
