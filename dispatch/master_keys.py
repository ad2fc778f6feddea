"""The master keys as secrets: MASTER_KEY is the first, MASTER_KEY_2 the one that took its place, and so on."""

import re
from functools import partial

from callbridge.secrets import Secrets
from registry.vault import Vault

FIRST = "MASTER_KEY"
_NAME = re.compile(rf"{FIRST}(?:_([2-9]|[1-9][0-9]+))?")


def name_of(version: int) -> str:
    return FIRST if version == 1 else f"{FIRST}_{version}"


def at_hand(secrets: Secrets) -> dict[int, str]:
    """Every master key that is in the environment or in a file, by its version."""
    named = ((_NAME.fullmatch(name), secrets.get(name)) for name in secrets.names())
    return {int(match[1] or 1): value for match, value in named if match and value}


def open_vault(secrets: Secrets) -> Vault:
    """The vault of this installation; its first master key is made when there is none at all."""
    if not at_hand(secrets):
        secrets.get_or_make(FIRST)
    return Vault(partial(_read, secrets))


def _read(secrets: Secrets) -> dict[int, bytes]:
    return {version: value.encode() for version, value in at_hand(secrets).items()}
