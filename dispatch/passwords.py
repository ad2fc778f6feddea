"""Passwords, kept as argon2id hashes.

19 MiB, two passes, one lane: OWASP's Password Storage Cheat Sheet, for a service that must stay small.
"""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dispatch.errors import BadValue

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(password: str) -> str:
    """The hash to keep. Raises BadValue for a password of fewer than 8 or more than 200 characters.

    Length counts, rules of composition do not (NIST SP 800-63B-4, 3.1.1.2).
    """
    if not 8 <= len(password) <= 200:
        raise BadValue(field="password", found="…", right="right.password_length")
    return _hasher.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether `password` is the one of that hash; takes as long where there is no hash (nobody of that name)."""
    try:
        _hasher.verify(password_hash or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def made_up() -> str:
    """A new password that can be read out on the telephone: four groups of four, without 0 O 1 I l."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))


@cache
def _nobodys() -> str:
    return hashed(secrets.token_urlsafe(16))
